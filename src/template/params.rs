//! Parameters of a template: what each of them takes, and the values of one render.

use std::collections::BTreeMap;
use std::fmt;

use minijinja::value::Value;

use super::document::{Param, ParamKind, ParamValue};
use crate::ground::color::Color;
use crate::ground::problem::{nearest, quoted};

/// Longest text a parameter takes, in characters.
const MAX_TEXT_CHARS: usize = 2_000;

/// A parameter that cannot be set like this.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamError {
    /// The template has none of that name.
    #[error("the template has no parameter {}; {known}", quoted(name, 60))]
    Unknown {
        /// What was given.
        name: String,
        /// Which ones there are, or the one that was likely meant.
        known: String,
    },
    /// It takes other values.
    #[error("parameter `{name}` cannot be {}: it takes {allowed}", quoted(value, 60))]
    Value {
        /// Its name.
        name: String,
        /// What was given.
        value: String,
        /// What would be right.
        allowed: String,
    },
}

impl fmt::Display for ParamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Color => "color",
            Self::Choice => "choice",
        })
    }
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Text(value) => f.write_str(value),
        }
    }
}

impl Param {
    /// What it takes, in words: `one of calm, bold`.
    #[must_use]
    pub fn allowed(&self) -> String {
        match (self.kind, self.min, self.max) {
            (ParamKind::Text, ..) => format!("a text of at most {MAX_TEXT_CHARS} characters"),
            (ParamKind::Number, None, None) => "a number".to_owned(),
            (ParamKind::Number, Some(min), None) => format!("a number of at least {min}"),
            (ParamKind::Number, None, Some(max)) => format!("a number of at most {max}"),
            (ParamKind::Number, Some(min), Some(max)) => format!("a number from {min} to {max}"),
            (ParamKind::Boolean, ..) => "true or false".to_owned(),
            (ParamKind::Color, ..) => "a colour: #RRGGBB or #RRGGBBAA".to_owned(),
            (ParamKind::Choice, ..) => format!("one of {}", self.choices.join(", ")),
        }
    }

    /// Whether it takes this value.
    pub(super) fn takes(&self, value: &ParamValue) -> bool {
        match (self.kind, value) {
            (ParamKind::Text, ParamValue::Text(text)) => text.chars().count() <= MAX_TEXT_CHARS,
            (ParamKind::Number, ParamValue::Number(number)) => {
                number.is_finite()
                    && self.min.is_none_or(|min| *number >= min)
                    && self.max.is_none_or(|max| *number <= max)
            }
            (ParamKind::Boolean, ParamValue::Boolean(_)) => true,
            (ParamKind::Color, ParamValue::Text(text)) => Color::parse(text).is_ok(),
            (ParamKind::Choice, ParamValue::Text(text)) => self.choices.contains(text),
            _ => false,
        }
    }

    /// The value that was typed as `text`, where it takes it.
    fn parse(&self, text: &str) -> Option<ParamValue> {
        let value = match self.kind {
            ParamKind::Number => ParamValue::Number(text.parse().ok()?),
            ParamKind::Boolean => ParamValue::Boolean(text.parse().ok()?),
            ParamKind::Text | ParamKind::Color | ParamKind::Choice => ParamValue::Text(text.to_owned()),
        };
        self.takes(&value).then_some(value)
    }
}

/// The default of every parameter that has one.
pub(super) fn defaults(params: &BTreeMap<String, Param>) -> BTreeMap<String, ParamValue> {
    params.iter().filter_map(|(name, param)| Some((name.clone(), param.default.clone()?))).collect()
}

/// The value of the parameter called `name` that was typed as `text`.
pub(super) fn value(params: &BTreeMap<String, Param>, name: &str, text: &str) -> Result<ParamValue, ParamError> {
    let Some(param) = params.get(name) else {
        let names = || params.keys().map(String::as_str);
        let known = match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if params.is_empty() => "it takes none".to_owned(),
            None => format!("there are: {}", names().collect::<Vec<_>>().join(", ")),
        };
        return Err(ParamError::Unknown { name: name.to_owned(), known });
    };
    param.parse(text).ok_or_else(|| ParamError::Value {
        name: name.to_owned(),
        value: text.to_owned(),
        allowed: param.allowed(),
    })
}

/// What expressions see as `params`: every parameter, `none` where it has no value.
pub(super) fn root(params: &BTreeMap<String, Param>, values: &BTreeMap<String, ParamValue>) -> Value {
    Value::from_pairs(params.keys().map(|name| (name.clone(), values.get(name).map_or(Value::from(()), seen))))
}

fn seen(value: &ParamValue) -> Value {
    match value {
        ParamValue::Boolean(value) => Value::from(*value),
        // A whole number is written without a point: `3`, not `3.0`.
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53 in amount")]
        ParamValue::Number(value) if value.fract() == 0.0 && value.abs() < 9e15 => Value::from(*value as i64),
        ParamValue::Number(value) => Value::from(*value),
        ParamValue::Text(value) => Value::from(value.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params() -> BTreeMap<String, Param> {
        let json = r##"{
            "accent": { "type": "color", "description": "c" },
            "tone": { "type": "choice", "description": "t", "default": "calm", "choices": ["calm", "bold"] },
            "rows": { "type": "number", "description": "r", "default": 4, "min": 1, "max": 6 },
            "notes": { "type": "boolean", "description": "n", "default": true },
            "claim": { "type": "text", "description": "w", "default": "" }
        }"##;
        serde_json::from_str(json).expect("parameters")
    }

    #[test]
    fn values_are_read_by_type() {
        let params = params();
        let read = |name: &str, text: &str| value(&params, name, text);
        assert_eq!(read("accent", "#F5A623"), Ok(ParamValue::Text("#F5A623".to_owned())));
        assert_eq!(read("tone", "bold"), Ok(ParamValue::Text("bold".to_owned())));
        assert_eq!(read("rows", "2.5"), Ok(ParamValue::Number(2.5)));
        assert_eq!(read("notes", "false"), Ok(ParamValue::Boolean(false)));
        assert_eq!(read("claim", "{{ 1 }} = 1"), Ok(ParamValue::Text("{{ 1 }} = 1".to_owned())));
    }

    #[test]
    fn a_wrong_value_is_told_what_would_be_right() {
        let params = params();
        for (name, text, words) in [
            ("accent", "orange", "`accent` cannot be `orange`: it takes a colour: #RRGGBB or #RRGGBBAA"),
            ("tone", "loud", "one of calm, bold"),
            ("rows", "7", "a number from 1 to 6"),
            ("rows", "NaN", "a number from 1 to 6"),
            ("rows", "many", "a number from 1 to 6"),
            ("notes", "yes", "true or false"),
            ("acent", "#FFFFFF", "did you mean `accent`?"),
            ("whatever", "1", "there are: accent, claim, notes, rows, tone"),
        ] {
            let error = value(&params, name, text).expect_err(words).to_string();
            assert!(error.contains(words), "{name}={text}: {error}");
        }
        assert!(value(&params, "claim", &"x".repeat(2_001)).is_err());
        let none = value(&BTreeMap::new(), "x", "1").expect_err("none").to_string();
        assert!(none.ends_with("it takes none"), "{none}");
    }

    #[test]
    fn expressions_see_defaults_and_none() {
        let params = params();
        let root = root(&params, &defaults(&params));
        assert_eq!(root.get_attr("rows").expect("there").to_string(), "4");
        assert!(root.get_attr("notes").expect("there").is_true());
        assert!(root.get_attr("accent").expect("there").is_none());
    }
}
