//! Expressions and texts with `{{ }}`: minijinja with the filters, tests and functions a quotation needs.
//!
//! Every value that is put into a text is wrapped in isolates (U+2067 or U+2068 … U+2069), so that a name or an amount in
//! another script never reorders its neighbours. Evaluation has fuel: an endless loop is an error.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::{Kwargs, Value, ValueKind};
use minijinja::{Captured, Environment, Error, ErrorKind, State, UndefinedBehavior};
use unicode_segmentation::UnicodeSegmentation as _;

use super::fence::{self, LONGEST_TEXT_BYTES, shown};
use super::tank::Tank;
use crate::ground::color::Color;
use crate::quote::locale::{Amount, Currency, Date, DateLength, Locale, initials, is_ignorable};

/// Names bound for one evaluation besides the roots: `page`, `loop`, the entry of a repeat, `count`.
pub(super) type Locals = BTreeMap<String, Value>;

/// Steps one evaluation may take; a text of the flagship takes about 40.
const FUEL: u64 = 50_000;
/// Bytes of a string of the template that are read for one step.
const BYTES_READ_PER_FUEL: u64 = 64;
/// Bytes of an expression or text that are compiled in the time of one step.
const BYTES_COMPILED_PER_FUEL: u64 = 8;
/// Where the value of an expression stands after it is evaluated.
const RESULT: &str = "_result";
/// How deep strings may refer to strings.
const DEEPEST_STRING: i64 = 8;
const DEPTH: &str = "_depth";
const LEFT_TO_RIGHT_MARK: char = '\u{200e}';
const LEFT_TO_RIGHT_ISOLATE: char = '\u{2066}';
const RIGHT_TO_LEFT_ISOLATE: char = '\u{2067}';
const FIRST_STRONG_ISOLATE: char = '\u{2068}';
const POP_DIRECTIONAL_ISOLATE: char = '\u{2069}';

/// Whether a letter is written from right to left. In a language that is, a value with such a letter reads that way even where
/// it begins with a Latin word: `LED` before an Arabic name of a lamp stands at its right.
fn is_right_to_left(character: char) -> bool {
    matches!(character, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
        && character.is_alphabetic()
}

/// Whether the words of a string, without what is put into it, have letters, and none that is written from right to left.
fn is_left_to_right(source: &str) -> bool {
    let mut words =
        source.split("{{").flat_map(|part| part.rsplit_once("}}").map_or(Some(part), |(_, words)| Some(words)));
    words.clone().any(|words| words.contains(char::is_alphabetic))
        && !words.any(|words| words.contains(is_right_to_left))
}

/// A string of a language: one text, or one for each plural category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StringEntry {
    /// One text.
    Plain(String),
    /// Texts by CLDR plural category of the argument `n`; `other` is always there.
    Plural(BTreeMap<String, String>),
}

impl StringEntry {
    /// All its texts.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Plain(text) => vec![text],
            Self::Plural(forms) => forms.values().map(String::as_str).collect(),
        }
    }
}

/// Evaluates the expressions and texts of one template for one snapshot.
pub(super) struct Evaluator {
    environment: Environment<'static>,
    tank: Tank,
}

impl Evaluator {
    /// An evaluator with `roots` (`quote`, `company`, …) as global names.
    pub(super) fn new(
        locale: Locale,
        currency: Currency,
        strings: BTreeMap<String, StringEntry>,
        roots: impl IntoIterator<Item = (String, Value)>,
    ) -> Self {
        let mut environment = fence::environment();
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        environment.set_fuel(Some(FUEL));
        environment.set_recursion_limit(64);
        environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        let right_to_left = locale.is_rtl();
        environment.set_formatter(move |out, _, value| {
            if value.is_undefined() || value.is_none() {
                return Ok(());
            }
            if value.is_safe() {
                return write!(out, "{value}").map_err(Error::from);
            }
            let value = shown(value)?;
            // Amounts of some locales begin with a mark that says otherwise.
            let isolate = if right_to_left && !value.starts_with(LEFT_TO_RIGHT_MARK) && value.contains(is_right_to_left)
            {
                RIGHT_TO_LEFT_ISOLATE
            } else {
                FIRST_STRONG_ISOLATE
            };
            write!(out, "{isolate}{value}{POP_DIRECTIONAL_ISOLATE}").map_err(Error::from)
        });
        add_formatting(&mut environment, Arc::new(locale), currency, Arc::new(strings));
        add_colors(&mut environment);
        for (name, value) in roots {
            environment.add_global(name, value);
        }
        Self { environment, tank: Tank::full() }
    }

    /// Adds or replaces a global name.
    pub(super) fn set_root(&mut self, name: &str, value: Value) {
        self.environment.add_global(name.to_owned(), value);
    }

    /// The value of an expression.
    pub(super) fn value(&self, expression: &str, locals: &Locals) -> Result<Value, String> {
        let value = self.unweighed(expression, locals)?;
        fence::weigh(&value)?;
        Ok(value)
    }

    fn unweighed(&self, expression: &str, locals: &Locals) -> Result<Value, String> {
        fence::check_expression(expression)?;
        let source = format!("{{% set {RESULT} = ({expression}) %}}");
        Ok(self.run(&source, locals)?.state().lookup(RESULT).unwrap_or_default())
    }

    /// Whether an expression holds. Empty texts and lists, 0, none and unknown names are false.
    pub(super) fn holds(&self, expression: &str, locals: &Locals) -> Result<bool, String> {
        self.unweighed(expression, locals).map(|value| value.is_true())
    }

    /// A text with its `{{ }}` filled in.
    pub(super) fn text(&self, source: &str, locals: &Locals) -> Result<String, String> {
        if !source.contains('{') {
            return Ok(source.to_owned());
        }
        fence::check_text(source)?;
        let text = self.run(source, locals)?.into_output();
        if text.len() > LONGEST_TEXT_BYTES {
            return Err(format!("the text grew to {} bytes; at most {LONGEST_TEXT_BYTES} are allowed", text.len()));
        }
        Ok(text)
    }

    /// Takes steps of what all evaluations together may spend.
    pub(super) fn spend(&self, steps: u64) -> Result<(), String> {
        self.tank.take(steps)
    }

    /// Renders `source`; what that takes goes off the tank of all evaluations. An expression is rendered as well: only what is
    /// rendered tells what it took.
    fn run<'s>(&'s self, source: &'s str, locals: &Locals) -> Result<Captured<'s>, String> {
        self.spend(1 + source.len() as u64 / BYTES_COMPILED_PER_FUEL)?;
        let template = self.environment.template_from_str(source).map_err(|error| explain(&error))?;
        let rendered = template.render_captured(locals).map_err(|error| explain(&error))?;
        self.spend(rendered.state().fuel_levels().map_or(FUEL, |(consumed, _)| consumed))?;
        Ok(rendered)
    }
}

/// Names that an expression or text takes from outside, as dotted paths.
pub(super) fn names_in_expression(expression: &str) -> Result<Vec<String>, String> {
    fence::check_expression(expression)?;
    let environment = fence::environment();
    let compiled = environment.compile_expression(expression).map_err(|error| explain(&error))?;
    Ok(compiled.undeclared_variables(true).into_iter().collect())
}

/// Names that a text with `{{ }}` takes from outside, as dotted paths.
pub(super) fn names_in_text(source: &str) -> Result<Vec<String>, String> {
    fence::check_text(source)?;
    let environment = fence::environment();
    let template = environment.template_from_str(source).map_err(|error| explain(&error))?;
    Ok(template.undeclared_variables(true).into_iter().collect())
}

/// Filters and functions by name, for checks ahead of evaluation.
pub(super) const FUNCTIONS: [&str; 8] = ["t", "mix", "alpha", "lightness", "readable", "is_dark", "range", "contrast"];

fn explain(error: &Error) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "the expression does not come to an end (fuel used up)".to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message.into())
}

/// An amount from a decimal text or a number.
fn amount(value: &Value) -> Result<Amount, Error> {
    let text = shown(value)?;
    Amount::parse(&text).map_err(|error| invalid(format!("`{text}` is no amount: {error}")))
}

fn optional<T>(value: &Value, then: impl FnOnce() -> Result<T, Error>) -> Result<Option<T>, Error> {
    if value.is_undefined() || value.is_none() { Ok(None) } else { then().map(Some) }
}

fn add_formatting(
    environment: &mut Environment<'static>,
    locale: Arc<Locale>,
    currency: Currency,
    strings: Arc<BTreeMap<String, StringEntry>>,
) {
    let by = Arc::clone(&locale);
    environment.add_filter("money", move |value: Value| {
        optional(&value, || amount(&value).map(|amount| by.money(amount, currency)))
    });
    let by = Arc::clone(&locale);
    environment
        .add_filter("number", move |value: Value| optional(&value, || amount(&value).map(|amount| by.number(amount))));
    let by = Arc::clone(&locale);
    environment.add_filter("percent", move |value: Value| {
        optional(&value, || amount(&value).map(|amount| by.percent(amount)))
    });
    let by = Arc::clone(&locale);
    environment.add_filter("date", move |value: Value, length: Option<String>| {
        let length = match length.as_deref() {
            None | Some("long") => DateLength::Long,
            Some("medium") => DateLength::Medium,
            Some("short") => DateLength::Short,
            Some(other) => return Err(invalid(format!("date length `{other}` is unknown: long, medium or short"))),
        };
        optional(&value, || {
            let text = shown(&value)?;
            let date = Date::parse(&text).map_err(|error| invalid(error.to_string()))?;
            Ok(by.date(date, length))
        })
    });
    let by = Arc::clone(&locale);
    environment.add_filter("plural", move |value: Value, forms: Kwargs| {
        let category = by.plural(amount(&value)?);
        let chosen: Option<String> = forms.get(category)?;
        let other: String = forms.get("other").map_err(|_| invalid("plural needs a form `other`"))?;
        for form in ["zero", "one", "two", "few", "many"] {
            let _of_other_locales: Option<String> = forms.get(form)?;
        }
        forms.assert_all_used()?;
        Ok(chosen.unwrap_or(other))
    });
    environment
        .add_filter("negated", |value: Value| optional(&value, || amount(&value).map(|amount| (-amount).to_string())));
    environment.add_filter("sum_of", |entries: Value, field: String| {
        let mut sum = Amount::ZERO;
        for entry in entries.try_iter()? {
            let one = entry.get_attr(&field)?;
            let Some(one) = optional(&one, || amount(&one))? else { return Ok(None) };
            sum = sum.checked_add(one).ok_or_else(|| invalid("the sum is too large"))?;
        }
        Ok::<_, Error>(Some(sum.to_string()))
    });
    environment.add_filter("largest_last", |entries: Value, field: String| {
        let mut all: Vec<Value> = entries.try_iter()?.collect();
        let mut largest: Option<(usize, Amount)> = None;
        for (at, entry) in all.iter().enumerate() {
            let one = entry.get_attr(&field)?;
            let Some(one) = optional(&one, || amount(&one))? else { continue };
            if largest.is_none_or(|(_, most)| one >= most) {
                largest = Some((at, one));
            }
        }
        if let Some((at, _)) = largest {
            let entry = all.remove(at);
            all.push(entry);
        }
        Ok::<_, Error>(all)
    });
    environment.add_filter("shown_length", |value: Value| {
        Ok::<_, Error>(shown(&value)?.graphemes(true).filter(|cluster| !cluster.chars().all(is_ignorable)).count())
    });
    environment.add_filter("initials", |value: Value| Ok::<_, Error>(initials(&shown(&value)?)));
    environment.add_test("nonzero", |value: Value| {
        Ok::<_, Error>(optional(&value, || amount(&value))?.is_some_and(|amount| !amount.is_zero()))
    });
    environment.add_test("negative", |value: Value| {
        Ok::<_, Error>(optional(&value, || amount(&value))?.is_some_and(Amount::is_negative))
    });
    environment.add_function("t", move |state: &State<'_, '_>, key: String, arguments: Kwargs| {
        let depth = state.lookup(DEPTH).and_then(|value| i64::try_from(value).ok()).unwrap_or(0);
        if depth >= DEEPEST_STRING {
            return Err(invalid(format!("string `{key}` refers to itself")));
        }
        let mut locals = Locals::new();
        for name in arguments.args() {
            let value: Value = arguments.peek(name)?;
            fence::weigh(&value).map_err(invalid)?;
            locals.insert(name.to_owned(), value);
        }
        let source = match strings.get(&key) {
            None => return Err(invalid(format!("no string `{key}` in this language or the default one"))),
            Some(StringEntry::Plain(text)) => text,
            Some(StringEntry::Plural(forms)) => {
                let n = locals.get("n").ok_or_else(|| invalid(format!("string `{key}` has plurals: pass n=…")))?;
                let category = locale.plural(amount(n)?);
                forms.get(category).or_else(|| forms.get("other")).ok_or_else(|| invalid("no plural form `other`"))?
            }
        };
        locals.insert(DEPTH.to_owned(), Value::from(depth + 1));
        // A string is rendered with a tank of its own: what it and its reading take goes off the caller's, or strings that
        // call strings in loops would go on for ever.
        state.consume_fuel(source.len() as u64 / BYTES_READ_PER_FUEL)?;
        let rendered = state.env().template_from_str(source)?.render_captured(&locals)?;
        state.consume_fuel(rendered.state().fuel_levels().map_or(0, |(consumed, _)| consumed))?;
        let words = rendered.into_output();
        // English words in an Arabic video: their question mark stands at their own end.
        let foreign = locale.is_rtl() && is_left_to_right(source);
        let words = if foreign { format!("{LEFT_TO_RIGHT_ISOLATE}{words}{POP_DIRECTIONAL_ISOLATE}") } else { words };
        Ok(Value::from_safe_string(words))
    });
}

fn color(value: &Value) -> Result<Color, Error> {
    let text = value.as_str().ok_or_else(|| invalid(format!("a {} is no colour", value.kind())))?;
    Color::parse(text).map_err(|error| invalid(error.to_string()))
}

fn colors(value: &Value) -> Result<Vec<Color>, Error> {
    if value.kind() == ValueKind::Seq {
        value.try_iter()?.map(|one| color(&one)).collect()
    } else {
        Ok(vec![color(value)?])
    }
}

fn add_colors(environment: &mut Environment<'static>) {
    environment.add_function("mix", |from: Value, to: Value, amount: f64| {
        Ok::<_, Error>(color(&from)?.mix(color(&to)?, narrow(amount)).to_string())
    });
    environment.add_function("alpha", |of: Value, opacity: f64| {
        Ok::<_, Error>(color(&of)?.with_alpha(narrow(opacity)).to_string())
    });
    environment.add_function("lightness", |of: Value, lightness: Option<f64>| match lightness {
        Some(lightness) => Ok::<_, Error>(Value::from(color(&of)?.with_lightness(narrow(lightness)).to_string())),
        None => Ok(Value::from(f64::from(color(&of)?.lightness()))),
    });
    environment.add_function("readable", |of: Value, on: Value, ratio: Option<f64>| {
        Ok::<_, Error>(color(&of)?.readable_on(&colors(&on)?, narrow(ratio.unwrap_or(4.5))).to_string())
    });
    environment
        .add_function("contrast", |a: Value, b: Value| Ok::<_, Error>(f64::from(color(&a)?.contrast(color(&b)?))));
    environment.add_function("is_dark", |of: Value| Ok::<_, Error>(color(&of)?.lightness() < 0.6));
}

#[expect(clippy::cast_possible_truncation, reason = "factors and ratios, where f32 is exact enough; `as` saturates")]
fn narrow(value: f64) -> f32 {
    value as f32
}

/// The text without isolates: what is counted, searched or encoded instead of shown.
pub(super) fn without_isolates(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(*c, RIGHT_TO_LEFT_ISOLATE | FIRST_STRONG_ISOLATE | POP_DIRECTIONAL_ISOLATE))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluator() -> Evaluator {
        // Strings that call each other in loops, 9,999 times each: 10^20 rounds before the last one.
        let loops = (1..6).map(|level| {
            let call = format!("{{% for i in range(9999) %}}{{{{ t('loop{}') }}}}{{% endfor %}}", level + 1);
            (format!("loop{level}"), StringEntry::Plain(call))
        });
        let mut strings = BTreeMap::from([
            ("loop6".to_owned(), StringEntry::Plain(String::new())),
            ("hello".to_owned(), StringEntry::Plain("Hola {{ name }}".to_owned())),
            ("self".to_owned(), StringEntry::Plain("{{ t('self') }}".to_owned())),
            (
                "items".to_owned(),
                StringEntry::Plural(BTreeMap::from([
                    ("one".to_owned(), "{{ n }} ítem".to_owned()),
                    ("other".to_owned(), "{{ n }} ítems".to_owned()),
                ])),
            ),
        ]);
        strings.extend(loops);
        let locale = Locale::parse("es-CL").expect("known locale");
        let currency = Currency::parse("CLP").expect("known currency");
        let total = Value::from_pairs([("total", Value::from("1234568")), ("none", Value::from(()))]);
        Evaluator::new(locale, currency, strings, [("totals".to_owned(), total)])
    }

    /// English words in a video that is read from right to left keep their question mark at their own end.
    #[test]
    fn words_of_another_direction_stand_by_themselves() {
        let said = |words: &str| {
            let strings = BTreeMap::from([("next".to_owned(), StringEntry::Plain(words.to_owned()))]);
            let locale = Locale::parse("fa-IR").expect("known locale");
            let evaluator = Evaluator::new(locale, Currency::parse("IRR").expect("known"), strings, []);
            evaluator.text("{{ t('next', name='x') }}", &Locals::new()).expect("valid")
        };
        assert_eq!(said("Ready to go ahead?"), "\u{2066}Ready to go ahead?\u{2069}");
        assert_eq!(said("For {{ name }}?"), "\u{2066}For \u{2068}x\u{2069}?\u{2069}");
        assert_eq!(said("هل نبدأ؟ {{ name }}"), "هل نبدأ؟ \u{2068}x\u{2069}");
        assert_eq!(said("{{ name }} · 1"), "\u{2068}x\u{2069} · 1");
    }

    #[test]
    fn what_a_quote_leaves_out_has_a_default() {
        assert_eq!(
            shown("{{ totals.none | default('a') }}{{ totals.nothing | default('b') }}{{ '' | default('c', true) }}"),
            "abc"
        );
        assert_eq!(shown("{{ totals.total | default('a') }}{{ '' | default('c') }}"), "1234568");
    }

    fn shown(source: &str) -> String {
        evaluator().text(source, &Locals::new()).map(|text| without_isolates(&text)).expect("valid text")
    }

    #[test]
    fn values_are_isolated_and_absent_ones_leave_nothing() {
        let text = evaluator().text("Total {{ totals.total }}{{ totals.none }}{{ seller.name }}", &Locals::new());
        assert_eq!(text.as_deref(), Ok("Total \u{2068}1234568\u{2069}"));
    }

    #[test]
    fn money_dates_and_plurals_follow_the_locale() {
        assert_eq!(shown("{{ totals.total | money }}"), "$1.234.568");
        assert_eq!(shown("{{ totals.total | negated | money }}"), "$−1.234.568");
        assert_eq!(shown("{{ [{'a': '1.5'}, {'a': '-2'}] | sum_of('a') }}{{ [] | sum_of('a') }}"), "-0.50");
        assert_eq!(shown("{{ [{'a': '1.5'}, {'b': '2'}] | sum_of('a') is none }}"), "True");
        assert_eq!(
            shown(
                "{{ [{'a': '9', 'n': 1}, {'a': '10', 'n': 2}, {'n': 3}, {'a': '-1', 'n': 4}] | largest_last('a') | map(attribute='n') | join }}"
            ),
            "1342"
        );
        assert_eq!(shown("{{ [{'n': 1}, {'n': 2}] | largest_last('a') | map(attribute='n') | join }}"), "12");
        assert_eq!(shown("{{ '2026-12-15' | date }}"), "15 de diciembre de 2026");
        assert_eq!(shown("{{ t('items', n=1) }}, {{ t('items', n=5) }}"), "1 ítem, 5 ítems");
        assert_eq!(shown("{{ 3 | plural(one='día', other='días') }}"), "días");
        assert_eq!(shown("{{ t('hello', name='Ana') }}"), "Hola Ana");
    }

    #[test]
    fn endless_and_recursive_texts_end_with_an_error() {
        let none = Locals::new();
        let evaluator = evaluator();
        let loops = "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}";
        assert!(evaluator.text(loops, &none).is_err_and(|reason| reason.contains("fuel")));
        assert!(evaluator.text("{{ t('self') }}", &none).is_err_and(|reason| reason.contains("itself")));
        assert!(evaluator.text("{{ t('loop1') }}", &none).is_err_and(|reason| reason.contains("fuel")));
        assert!(evaluator.text("{{ t('absent') }}", &none).is_err_and(|reason| reason.contains("`absent`")));
    }

    /// Fuel counts what is made as well as what is done.
    #[test]
    fn texts_that_grow_by_doubling_end_with_an_error() {
        let none = Locals::new();
        let doubled = "{% set a = a ~ a %}".repeat(40);
        let doubled = format!("{{% set a = 'four' %}}{doubled}{{{{ a }}}}");
        let growing = [
            doubled.as_str(),
            "{{ 'x' * 99999999 }}",
            "{{ ('x' * 9999) | replace('x', 'y' * 9999) }}",
            "{{ ('x' * 9999) | list | join('y' * 9999) }}",
        ];
        for source in growing {
            let reason = evaluator().text(source, &none).expect_err(source);
            assert!(
                ["fuel", "large", "bytes", "statements"].iter().any(|word| reason.contains(word)),
                "{source}: {reason}"
            );
        }
    }

    #[test]
    fn paths_of_unknown_names_are_found() {
        let mut names = names_in_text("{{ quote.nmber }} {{ t('x', n=page.more) }}").expect("parses");
        names.sort();
        assert_eq!(names, ["page.more", "quote.nmber", "t"]);
    }
}
