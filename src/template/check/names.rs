//! Names that are bound where a node stands (`page`, `loop`, entries of repeats, arguments of parts), and what each of them has.
//!
//! What an entry has is known where its list is taken from `items`, `totals.taxes` or `page.rows` and nothing else; any other
//! list may hold anything.

use std::collections::BTreeSet;

use crate::ground::problem::nearest;
use crate::template::context::{KNOWN_PATHS, Picture};
use crate::template::filters::FUNCTIONS;

const ITEM: &[&str] = &[
    "number",
    "name",
    "description",
    "quantity",
    "unit",
    "unitPrice",
    "discount",
    "total",
    "image",
    "image.aspect",
    "image.isCutOut",
    "image.isOnWhite",
    "photo",
    "photo.aspect",
    "photo.isCutOut",
    "photo.isOnWhite",
];
const TAX: &[&str] = &["name", "rate", "amount"];
const PAGE: &[&str] = &["rows", "index", "number", "count", "first", "last", "more", "subtotal"];
const LOOP: &[&str] = &["index", "index0", "first", "last", "length"];

/// Filters that give some of the entries of a list, or all of them in another order.
const KEEPING: [&str; 9] =
    ["list", "sort", "largest_last", "reverse", "unique", "select", "reject", "selectattr", "rejectattr"];
/// Words that expressions are made of.
const KEYWORDS: [&str; 11] = ["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "self"];

/// What a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// Lines of a quote.
    Item,
    /// Its taxes.
    Tax,
    /// Anything.
    Any,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// One entry of a list.
    Entry(Entry),
    /// The page of a scene that pages such a list.
    Page(Entry),
    /// A list of them.
    List(Entry),
    /// The turn of a repeat.
    Loop,
    /// Anything.
    Any,
}

impl Bound {
    /// Paths below the name; `None` where they are not known.
    fn fields(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Entry(Entry::Item) => Some(ITEM),
            Self::Entry(Entry::Tax) => Some(TAX),
            Self::Page(_) => Some(PAGE),
            Self::Loop => Some(LOOP),
            Self::Entry(Entry::Any) | Self::List(_) | Self::Any => None,
        }
    }
}

/// The names bound at one place; of equal ones the last.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(Vec<(String, Bound)>);

impl Names {
    pub(super) fn push(&mut self, name: impl Into<String>, bound: Bound) {
        self.0.push((name.into(), bound));
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    fn get(&self, name: &str) -> Option<Bound> {
        self.0.iter().rev().find(|(other, _)| other == name).map(|(_, bound)| *bound)
    }

    /// Whether a dotted path begins with one of the names; what is wrong with the rest of it, if anything is.
    pub(super) fn local(&self, path: &str) -> Option<Result<(), String>> {
        let (root, rest) = path.split_once('.').unwrap_or((path, ""));
        let bound = self.get(root)?;
        let Some(fields) = bound.fields().filter(|_| !rest.is_empty()) else { return Some(Ok(())) };
        if fields.iter().any(|field| *field == rest || field.starts_with(&format!("{rest}."))) {
            return Some(Ok(()));
        }
        Some(Err(match nearest(rest, fields.iter().copied()) {
            Some(near) => format!("; did you mean `{root}.{near}`?"),
            None => format!("; `{root}` has: {}", fields.join(", ")),
        }))
    }

    /// The pictures that a dotted path from one of the names may give.
    pub(super) fn pictures(&self, path: &str) -> Vec<Picture> {
        let fields = path.split('.').skip(1).flat_map(Picture::with_field);
        let is_item = path.split('.').next().and_then(|root| self.get(root)) == Some(Bound::Entry(Entry::Item));
        fields.filter(|picture| !is_item || *picture == Picture::Item).collect()
    }

    /// What the list that an expression gives holds.
    pub(super) fn entries(&self, expression: &str) -> Entry {
        let tokens = tokens(expression);
        let mut reading = Reading { names: self, tokens: &tokens, at: 0 };
        let entry = reading.choice().flatten();
        entry.filter(|_| reading.at == tokens.len()).unwrap_or(Entry::Any)
    }

    fn list(&self, path: &str) -> Option<Entry> {
        let root = path.split('.').next().unwrap_or_default();
        match (self.get(root), path) {
            (Some(Bound::Page(entry)), "page.rows") => Some(entry),
            (Some(Bound::List(entry)), path) if path == root => Some(entry),
            (None, "items") => Some(Entry::Item),
            (None, "totals.taxes") => Some(Entry::Tax),
            _ => None,
        }
    }
}

/// Why a repeat cannot give this name to its entries.
pub(super) fn unfit(name: &str) -> Option<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(word) || name.len() > 40 {
        return Some("a name is a letter, then letters, digits and `_`; at most 40 in all".to_owned());
    }
    let root = |path: &&str| path.split('.').next() == Some(name);
    let taken = KNOWN_PATHS.iter().any(root)
        || FUNCTIONS.contains(&name)
        || KEYWORDS.contains(&name)
        || ["page", "loop", "count", "params"].contains(&name);
    taken.then(|| format!("`{name}` has a meaning of its own in expressions; choose another name, such as `entry`"))
}

/// The pictures that an expression or text takes from something without a name: `items[0].image`, `items[0]['image']`, and
/// the entries of a list that are chosen or mapped by it, as `selectattr('image')` does.
pub(super) fn pictures_in(source: &str) -> BTreeSet<Picture> {
    let tokens = tokens(source);
    let mut pictures = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at)).copied().unwrap_or_default();
        if token.starts_with('.') {
            pictures.extend(token.split('.').flat_map(Picture::with_field));
        } else if token.starts_with(['"', '\'']) {
            let by_attribute = before(1) == "(" && matches!(before(2), "selectattr" | "rejectattr");
            let mapped = before(1) == "=" && before(2) == "attribute";
            if before(1) == "[" || by_attribute || mapped {
                let name = token.trim_matches(['"', '\'']);
                pictures.extend(name.split('.').flat_map(Picture::with_field));
            }
        }
    }
    pictures
}

/// The names of the keyword arguments in what follows the first argument of a call, up to its closing bracket.
pub(super) fn keywords(call: &str) -> Vec<String> {
    let tokens = tokens(call);
    let mut open = 0usize;
    let mut names = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "(" | "[" | "{" => open += 1,
            ")" | "]" | "}" if open == 0 => break,
            ")" | "]" | "}" => open -= 1,
            "=" if open == 0 && tokens.get(at + 1) != Some(&"=") && at > 0 => names.push(tokens[at - 1].to_owned()),
            _ => {}
        }
    }
    names
}

/// Dotted paths and numbers as one token each, quoted texts without what is in them, signs one by one.
fn tokens(expression: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if matches!(first, '"' | '\'') {
            rest[1..].find(first).map_or(rest.len(), |end| end + 2)
        } else {
            let word = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(rest.len());
            word.max(first.len_utf8())
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// A reader of those expressions that take entries from known lists; it gives up at everything else.
struct Reading<'a> {
    names: &'a Names,
    tokens: &'a [&'a str],
    at: usize,
}

/// What a part of an expression holds, `Some(None)` where it is empty; `None` where that is not known.
type Holds = Option<Option<Entry>>;

impl Reading<'_> {
    fn next_is(&mut self, token: &str) -> bool {
        let is = self.tokens.get(self.at) == Some(&token);
        self.at += usize::from(is);
        is
    }

    /// `A if … else B`, where nothing is asked of the condition.
    fn choice(&mut self) -> Holds {
        let mut holds = self.sum()?;
        if self.next_is("if") {
            self.skip_to(&["else", ")"])?;
            if self.next_is("else") {
                holds = both(holds, self.choice()?)?;
            }
        }
        Some(holds)
    }

    fn sum(&mut self) -> Holds {
        let mut holds = self.list()?;
        while self.next_is("+") || self.next_is("or") {
            holds = both(holds, self.list()?)?;
        }
        Some(holds)
    }

    fn list(&mut self) -> Holds {
        let holds = if self.next_is("(") {
            let inner = self.choice()?;
            self.next_is(")").then_some(inner)?
        } else if self.next_is("[") {
            self.next_is("]").then_some(None)?
        } else {
            let path = self.tokens.get(self.at)?;
            self.at += 1;
            Some(self.names.list(path)?)
        };
        loop {
            if self.next_is("|") {
                let filter = self.tokens.get(self.at)?;
                self.at += 1;
                if !KEEPING.contains(filter) {
                    return None;
                }
                if self.next_is("(") {
                    self.skip_to(&[")"])?;
                    self.at += 1;
                }
            } else if self.next_is("[") {
                let start = self.at;
                self.skip_to(&["]"])?;
                // Without a colon it is one entry, not a list of them.
                self.tokens[start..self.at].contains(&":").then_some(())?;
                self.at += 1;
            } else {
                return Some(holds);
            }
        }
    }

    /// Goes to the first of these tokens outside of brackets that open on the way, or to the end.
    fn skip_to(&mut self, ends: &[&str]) -> Option<()> {
        let mut open = 0usize;
        while let Some(token) = self.tokens.get(self.at) {
            if open == 0 && ends.contains(token) {
                return Some(());
            }
            match *token {
                "(" | "[" | "{" => open += 1,
                ")" | "]" | "}" => open = open.checked_sub(1)?,
                _ => {}
            }
            self.at += 1;
        }
        Some(())
    }
}

fn both(a: Option<Entry>, b: Option<Entry>) -> Holds {
    match (a, b) {
        (Some(a), Some(b)) => (a == b).then_some(Some(a)),
        (a, b) => Some(a.or(b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_holds_is_known_where_it_comes_from_one_source() {
        let mut names = Names::default();
        for (expression, entry) in [
            ("items", Entry::Item),
            ("totals.taxes[:most - 1] if totals.taxes | length > most else totals.taxes", Entry::Tax),
            ("(items | selectattr('image') | list)[3:] + (items | rejectattr('image') | list)", Entry::Item),
            ("(items if canvas.portrait else [])[: 4 if (1) else 2] or []", Entry::Item),
            ("items[0]", Entry::Any),
            ("items[:3", Entry::Any),
            ("items | map(attribute='name')", Entry::Any),
            ("items + totals.taxes", Entry::Any),
            ("[customer.name] + items", Entry::Any),
            ("page.rows", Entry::Any),
            ("range(3)", Entry::Any),
            ("", Entry::Any),
        ] {
            assert_eq!(names.entries(expression), entry, "{expression}");
        }
        names.push("page", Bound::Page(Entry::Tax));
        assert_eq!(names.entries("page.rows | reverse"), Entry::Tax);
        // An argument of a part that is called so may be anything.
        names.push("items", Bound::Any);
        assert_eq!(names.entries("items"), Entry::Any);
    }

    #[test]
    fn fields_that_a_name_does_not_have_are_told() {
        let mut names = Names::default();
        names.push("it", Bound::Entry(Entry::Item));
        names.push("page", Bound::Page(Entry::Item));
        names.push("loop", Bound::Loop);
        names.push("given", Bound::Any);
        let said = |path: &str| names.local(path).expect("a local name").err().unwrap_or_default();
        for path in ["it", "it.name", "it.image", "it.image.aspect", "page.rows", "loop.index0", "given.what.ever"] {
            assert_eq!(said(path), "", "{path}");
        }
        assert_eq!(said("it.nmae"), "; did you mean `it.name`?");
        assert_eq!(said("page.numbr"), "; did you mean `page.number`?");
        assert_eq!(said("loop.colour"), "; `loop` has: index, index0, first, last, length");
        assert!(names.local("items.nmae").is_none());
    }

    #[test]
    fn pictures_are_known_by_the_names_that_give_them() {
        let mut names = Names::default();
        names.push("it", Bound::Entry(Entry::Item));
        names.push("who", Bound::Any);
        assert_eq!(names.pictures("it.image.aspect"), [Picture::Item]);
        assert_eq!(names.pictures("it.photo"), [Picture::Item]);
        assert_eq!(names.pictures("who.photo"), [Picture::Seller, Picture::Item]);
        assert_eq!(names.pictures("who.logo"), [Picture::Logo]);
        assert!(names.pictures("it.name").is_empty() && names.pictures("photo").is_empty());
        let found = |source: &str| pictures_in(source).into_iter().collect::<Vec<_>>();
        for source in [
            "items[0].image",
            "(items | last).photo.aspect",
            "items[0]['image']",
            "items | selectattr('image') | list",
            "items | map(attribute='image') | first",
        ] {
            assert!(found(source).contains(&Picture::Item), "{source}");
        }
        for source in ["'an image'", "items[0].imagery", "t('image')", "items | join('image')"] {
            assert!(found(source).is_empty(), "{source}");
        }
    }

    #[test]
    fn a_named_list_holds_what_its_expression_gave() {
        let mut names = Names::default();
        names.push("shown", Bound::List(Entry::Item));
        assert_eq!(names.entries("shown[:3]"), Entry::Item);
        assert_eq!(names.entries("shown + items"), Entry::Item);
        assert_eq!(names.entries("shown.rows"), Entry::Any);
    }

    #[test]
    fn entries_get_names_that_mean_nothing_else() {
        for name in ["it", "item", "row_2", "Tax"] {
            assert_eq!(unfit(name), None, "{name}");
        }
        for name in ["loop", "page", "count", "quote", "totals", "params", "mix", "not", "it em", "it-em", "2nd", ""] {
            assert!(unfit(name).is_some(), "{name}");
        }
    }

    /// The lists above are those that binding gives.
    #[test]
    fn no_field_is_forgotten() {
        let source = include_str!("../context.rs");
        let items = source.split("fn item_value").nth(1).expect("a function").split("\n}").next().unwrap_or_default();
        for field in ITEM.iter().filter(|field| !field.contains('.')) {
            assert!(items.contains(&format!("(\"{field}\", ")), "{field}");
        }
        let plain = ITEM.iter().filter(|field| !field.contains('.')).count();
        assert_eq!(items.matches("\n        (\"").count(), plain);
        let binding = include_str!("../bind.rs");
        for field in PAGE.iter().chain(LOOP) {
            assert!(binding.contains(&format!("(\"{field}\", ")), "{field}");
        }
    }
}
