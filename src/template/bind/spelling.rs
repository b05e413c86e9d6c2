//! What minijinja says of a filter, test or function that it does not know: once, and with the one that was likely meant.

use crate::ground::problem::{nearest, quoted};
use crate::template::filters::FUNCTIONS;

/// Filters that quotations need, our own first. Only what is suggested comes from this list.
const FILTERS: [&str; 38] = [
    "money",
    "number",
    "percent",
    "date",
    "plural",
    "initials",
    "negated",
    "sum_of",
    "largest_last",
    "shown_length",
    "link_text",
    "quantity_line",
    "phone",
    "lower",
    "upper",
    "title",
    "capitalize",
    "length",
    "count",
    "trim",
    "default",
    "replace",
    "join",
    "round",
    "abs",
    "int",
    "float",
    "first",
    "last",
    "min",
    "max",
    "sort",
    "reverse",
    "list",
    "map",
    "unique",
    "selectattr",
    "rejectattr",
];
/// Tests that quotations need, likewise.
const TESTS: [&str; 12] = [
    "nonzero",
    "negative",
    "none",
    "defined",
    "undefined",
    "odd",
    "even",
    "number",
    "string",
    "sequence",
    "true",
    "false",
];

/// The reason as it came, or in better words.
pub(super) fn explained(reason: String) -> String {
    let kinds: [(&str, &str, &[&str]); 3] = [
        ("unknown filter: filter ", "unknown filter", &FILTERS),
        ("unknown test: test ", "unknown test", &TESTS),
        ("unknown function: ", "unknown function", &FUNCTIONS),
    ];
    let found = kinds.into_iter().find_map(|(start, kind, known)| {
        let name = reason.strip_prefix(start)?.strip_suffix(" is unknown")?;
        let near = nearest(name, known.iter().copied());
        let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Some(format!("{kind} {}{hint}", quoted(name, 60)))
    });
    found.unwrap_or(reason)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::quote::locale::{Currency, Locale};
    use crate::template::expression::Evaluator;
    use crate::template::filters::Locals;

    #[test]
    fn unknown_words_are_reported_once_and_known_ones_exist() {
        let locale = Locale::parse("es-CL").expect("known locale");
        let currency = Currency::parse("CLP").expect("known currency");
        let evaluator = Evaluator::new(locale, currency, BTreeMap::new(), []);
        let said = |source: &str| explained(evaluator.text(source, &Locals::new()).err().unwrap_or_default());
        assert_eq!(said("{{ 1 | monney }}"), "unknown filter `monney`; did you mean `money`?");
        assert_eq!(said("{{ 1 is nonzer }}"), "unknown test `nonzer`; did you mean `nonzero`?");
        assert_eq!(said("{{ mixx(1) }}"), "unknown function `mixx`; did you mean `mix`?");
        assert_eq!(said("{{ 1 | zzz }}"), "unknown filter `zzz`");
        assert_eq!(explained("something else".to_owned()), "something else");
        for filter in FILTERS {
            assert!(!said(&format!("{{{{ 1 | {filter} }}}}")).contains("unknown filter"), "{filter}");
        }
        for test in TESTS {
            assert!(!said(&format!("{{{{ 1 is {test} }}}}")).contains("unknown test"), "{test}");
        }
    }
}
