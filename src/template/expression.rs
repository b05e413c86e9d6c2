//! Expressions and texts with `{{ }}`: minijinja with the filters, tests and functions a quotation needs.
//!
//! Every value that is put into a text is wrapped in isolates (U+2067 or U+2068 … U+2069), so that a name or an amount in
//! another script never reorders its neighbours. Evaluation has fuel: an endless loop is an error.

use std::collections::BTreeMap;

use minijinja::value::Value;
use minijinja::{Captured, Environment, Error, ErrorKind, UndefinedBehavior};

use super::budget::Budget;
use super::filters::{self, Locals};
use super::isolates::isolated;
use super::sandbox::{self, MAX_TEXT_BYTES, shown};
use super::strings::StringEntry;
use crate::quote::locale::{Currency, Locale};

/// Steps one evaluation may take; a text of the flagship takes about 40.
const FUEL: u64 = 50_000;
/// Bytes of an expression or text that are compiled in the time of one step.
const BYTES_COMPILED_PER_FUEL: u64 = 8;
/// Where the value of an expression stands after it is evaluated.
const RESULT: &str = "_result";
/// Evaluates the expressions and texts of one template for one snapshot.
pub(super) struct Evaluator {
    environment: Environment<'static>,
    budget: Budget,
}

impl Evaluator {
    /// An evaluator with `roots` (`quote`, `company`, …) as global names.
    pub(super) fn new(
        locale: Locale,
        currency: Currency,
        strings: BTreeMap<String, StringEntry>,
        roots: impl IntoIterator<Item = (String, Value)>,
    ) -> Self {
        let mut environment = sandbox::environment();
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
            write!(out, "{}", isolated(&value, right_to_left)).map_err(Error::from)
        });
        filters::add(&mut environment, locale, currency, strings);
        for (name, value) in roots {
            environment.add_global(name, value);
        }
        Self { environment, budget: Budget::full() }
    }

    /// Adds or replaces a global name.
    pub(super) fn set_root(&mut self, name: &str, value: Value) {
        self.environment.add_global(name.to_owned(), value);
    }

    /// The value of an expression.
    pub(super) fn value(&self, expression: &str, locals: &Locals) -> Result<Value, String> {
        let value = self.unchecked(expression, locals)?;
        sandbox::check_size(&value)?;
        Ok(value)
    }

    fn unchecked(&self, expression: &str, locals: &Locals) -> Result<Value, String> {
        sandbox::check_expression(expression)?;
        let source = format!("{{% set {RESULT} = ({expression}) %}}");
        Ok(self.run(&source, locals)?.state().lookup(RESULT).unwrap_or_default())
    }

    /// Whether an expression holds. Empty texts and lists, 0, none and unknown names are false.
    pub(super) fn holds(&self, expression: &str, locals: &Locals) -> Result<bool, String> {
        self.unchecked(expression, locals).map(|value| value.is_true())
    }

    /// A text with its `{{ }}` filled in.
    pub(super) fn text(&self, source: &str, locals: &Locals) -> Result<String, String> {
        if !source.contains('{') {
            return Ok(source.to_owned());
        }
        sandbox::check_text(source)?;
        let text = self.run(source, locals)?.into_output();
        if text.len() > MAX_TEXT_BYTES {
            return Err(format!("the text grew to {} bytes; at most {MAX_TEXT_BYTES} are allowed", text.len()));
        }
        Ok(text)
    }

    /// Takes steps of what all evaluations together may spend.
    pub(super) fn spend(&self, steps: u64) -> Result<(), String> {
        self.budget.take(steps)
    }

    /// Renders `source`; what that takes goes off the budget of all evaluations. An expression is rendered as well: only what
    /// is rendered reports what it took.
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
    sandbox::check_expression(expression)?;
    let environment = sandbox::environment();
    let compiled = environment.compile_expression(expression).map_err(|error| explain(&error))?;
    Ok(compiled.undeclared_variables(true).into_iter().collect())
}

/// Names that a text with `{{ }}` takes from outside, as dotted paths.
pub(super) fn names_in_text(source: &str) -> Result<Vec<String>, String> {
    sandbox::check_text(source)?;
    let environment = sandbox::environment();
    let template = environment.template_from_str(source).map_err(|error| explain(&error))?;
    Ok(template.undeclared_variables(true).into_iter().collect())
}

fn explain(error: &Error) -> String {
    match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "the expression does not come to an end (fuel used up)".to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::isolates::without_isolates;

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
