//! A reader of tokens, not a compiler: which paths a source file names.
//!
//! It knows `crate::…`, `self::…` and `super::…` wherever they stand, also inside macros; comments, strings and
//! characters count for nothing.

use std::collections::BTreeSet;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    PathSeparator,
    Open,
    Close,
    Comma,
    Star,
    Other,
}

/// Tokens of Rust source without comments, strings and characters.
fn tokens(source: &str) -> Vec<Token> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &source[at..];
        let byte = bytes[at];
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at += block_comment_length(rest);
        } else if let Some(length) = string_length(rest) {
            at += length;
            found.push(Token::Other);
        } else if byte == b'_' || byte.is_ascii_alphabetic() {
            let length = rest.bytes().take_while(|&b| b == b'_' || b.is_ascii_alphanumeric()).count();
            found.push(Token::Word(rest[..length].to_owned()));
            at += length;
        } else if rest.starts_with("::") {
            found.push(Token::PathSeparator);
            at += 2;
        } else {
            match byte {
                b'{' => found.push(Token::Open),
                b'}' => found.push(Token::Close),
                b',' => found.push(Token::Comma),
                b'*' => found.push(Token::Star),
                _ if byte.is_ascii_whitespace() => {}
                _ => found.push(Token::Other),
            }
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

fn block_comment_length(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] if depth == 1 => return at + 2,
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    rest.len()
}

/// Length of the string, byte string, raw string or character literal that `rest` begins with.
fn string_length(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        let after = rest.strip_prefix(prefix);
        after.is_some_and(|after| after.starts_with('"') || (prefix.ends_with('r') && raw_hashes(after).is_some()))
    });
    if let Some(prefix) = prefix {
        let body = &rest[prefix.len()..];
        if prefix.ends_with('r') {
            let hashes = raw_hashes(body)?;
            let end = format!("\"{}", "#".repeat(hashes));
            let start = prefix.len() + hashes + 1;
            return Some(rest[start..].find(&end).map_or(rest.len(), |length| start + length + end.len()));
        }
        return Some(prefix.len() + quoted_length(body, b'"'));
    }
    let after = rest.strip_prefix('\'')?;
    let mut characters = after.chars();
    match (characters.next()?, characters.next()) {
        ('\\', _) => Some(quoted_length(rest, b'\'')),
        (one, Some('\'')) => Some(2 + one.len_utf8()),
        _ => None, // a lifetime
    }
}

fn raw_hashes(body: &str) -> Option<usize> {
    let hashes = body.bytes().take_while(|&b| b == b'#').count();
    (body.as_bytes().get(hashes) == Some(&b'"')).then_some(hashes)
}

fn quoted_length(rest: &str, quote: u8) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b if b == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// A path that a source names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named {
    /// Its words, groups in braces spelt out, `crate` and `super` resolved to what they mean in the file. A path from
    /// the crate's root begins with the word `crate`.
    pub(super) path: Vec<String>,
    /// The name that a `pub use` gives it in this module, `*` for all that the path holds.
    pub(super) exported_as: Option<String>,
}

/// Every path that a source names, in a file whose module is `file_module`.
pub(super) fn paths(source: &str, file_module: &[String]) -> BTreeSet<Named> {
    let tokens = tokens(source);
    let mut found = BTreeSet::new();
    // Modules opened inside the file, with the brace depth of their bodies.
    let mut inline_modules: Vec<(String, usize)> = Vec::new();
    let (mut depth, mut at) = (0, 0);
    while at < tokens.len() {
        match &tokens[at..] {
            [Token::Word(word), Token::Word(name), Token::Open, ..] if word == "mod" => {
                depth += 1;
                inline_modules.push((name.clone(), depth));
                at += 3;
            }
            [Token::Word(_), Token::PathSeparator, ..] => {
                let module: Vec<String> =
                    file_module.iter().cloned().chain(inline_modules.iter().map(|(name, _)| name.clone())).collect();
                let is_exported = inline_modules.is_empty() && is_export(&tokens[..at]);
                let mut spelt = Vec::new();
                at = spell(&tokens, at, &mut Vec::new(), &mut spelt);
                for (path, alias) in spelt {
                    let exported_as = is_exported.then(|| alias.or_else(|| path.last().cloned())).flatten();
                    found.insert(Named { path: absolute(path, &module), exported_as });
                }
            }
            [Token::Open, ..] => (depth, at) = (depth + 1, at + 1),
            [Token::Close, ..] => {
                if inline_modules.last().is_some_and(|(_, body)| *body == depth) {
                    inline_modules.pop();
                }
                depth = depth.saturating_sub(1);
                at += 1;
            }
            _ => at += 1,
        }
    }
    found
}

/// Whether what follows these tokens is what a `pub use` or `pub(crate) use` names.
fn is_export(before: &[Token]) -> bool {
    let is = |token: &Token, wanted: &str| matches!(token, Token::Word(word) if word == wanted);
    match before {
        [.., visibility, last] if is(visibility, "pub") => is(last, "use"),
        [.., visibility, Token::Other, Token::Word(_), Token::Other, last] if is(visibility, "pub") => is(last, "use"),
        _ => false,
    }
}

/// A path and the name after `as`, if it has one.
type Spelt = (Vec<String>, Option<String>);

/// Reads one path at `at` into `spelt`, each leaf of its groups once; returns where it ends.
fn spell(tokens: &[Token], mut at: usize, prefix: &mut Vec<String>, spelt: &mut Vec<Spelt>) -> usize {
    let outer = prefix.len();
    while let Some(Token::Word(word)) = tokens.get(at) {
        prefix.push(word.clone());
        at += 1;
        if tokens.get(at) != Some(&Token::PathSeparator) {
            break;
        }
        at += 1;
        if tokens.get(at) == Some(&Token::Star) {
            prefix.push("*".to_owned());
            at += 1;
            break;
        }
        if tokens.get(at) == Some(&Token::Open) {
            at += 1;
            while at < tokens.len() && tokens[at] != Token::Close {
                let before = at;
                at = spell(tokens, at, prefix, spelt);
                at += usize::from(at == before || tokens.get(at) == Some(&Token::Comma));
            }
            prefix.truncate(outer);
            return at + 1;
        }
    }
    let mut alias = None;
    if let Some([Token::Word(word), Token::Word(name)]) = tokens.get(at..at + 2)
        && word == "as"
    {
        alias = Some(name.clone());
        at += 2;
    }
    if prefix.len() > outer {
        spelt.push((prefix.clone(), alias));
    }
    prefix.truncate(outer);
    at
}

fn absolute(path: Vec<String>, module: &[String]) -> Vec<String> {
    let ups = path.iter().take_while(|word| *word == "super").count();
    let start = match path[0].as_str() {
        "self" => ["crate".to_owned()].into_iter().chain(module.iter().cloned()).collect(),
        _ if ups > 0 => {
            let stay = module.len().saturating_sub(ups);
            ["crate".to_owned()].into_iter().chain(module[..stay].iter().cloned()).collect()
        }
        _ => vec![path[0].clone()],
    };
    start.into_iter().chain(path.into_iter().skip(ups.max(1))).collect()
}

/// How often a source names this one word, outside comments and strings.
pub(super) fn count_of(word: &str, source: &str) -> usize {
    tokens(source).iter().filter(|token| matches!(token, Token::Word(named) if named == word)).count()
}

#[test]
fn groups_parents_and_macros_are_read_and_comments_are_not() {
    let source = r##"
        //! crate::not_this
        use crate::{a::{self, B}, c};
        /* crate::nor_this /* nested */ */
        const TEXT: &str = "crate::neither"; const RAW: &str = r#"crate::"still" not"#;
        const QUOTE: char = '"'; fn f<'a>(x: &'a crate::d::E) { println!("{}", quotereel::g::H * 2); }
        mod tests { use super::super::i; use super::own; }
        use super::j::K;
    "##;
    let module = ["top".to_owned(), "file".to_owned()];
    let found: Vec<String> = paths(source, &module).into_iter().map(|named| named.path.join("::")).collect();
    let expected = [
        "crate::a::B",
        "crate::a::self",
        "crate::c",
        "crate::d::E",
        "crate::top::file::own",
        "crate::top::i",
        "crate::top::j::K",
        "quotereel::g::H",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_a_module_exports_has_a_name_there() {
    let source = "pub use a::{B, c::D as E}; pub(crate) use f::*; use g::H; mod i { pub use j::K; }";
    let named = paths(source, &["top".to_owned()]);
    let exported = named.into_iter().filter_map(|named| Some((named.path.join("::"), named.exported_as?)));
    let wanted = [("a::B", "B"), ("a::c::D", "E"), ("f::*", "*")];
    assert!(exported.eq(wanted.map(|(path, name)| (path.to_owned(), name.to_owned()))));
}
