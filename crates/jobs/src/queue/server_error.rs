//! What a database server answered instead of doing what it was asked: its words, its code and its advice.

use std::fmt;

/// The longest part of a server's text that is passed on, in characters.
const MAX_CHARS: usize = 200;

/// An error of a server, in words: the cause first, then the code, then what the server advises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerError {
    code: String,
    message: String,
    hint: Option<String>,
}

impl ServerError {
    pub(super) fn new(code: &str, message: &str, hint: Option<&str>) -> Self {
        let short = |text: &str| text.chars().take(MAX_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect();
        Self { code: short(code), message: short(message), hint: hint.map(short) }
    }

    /// In words that name no row and no value of one: a server's own words about itself (its connections, its state, its
    /// resources), of everything else the code alone.
    pub(super) fn without_values(&self) -> String {
        let class = self.code.get(..2).unwrap_or_default();
        if matches!(class, "08" | "25" | "28" | "3D" | "53" | "57" | "58") || self.code == "42501" {
            format!("{} ({})", self.message, self.code)
        } else {
            format!("an unexpected error of the database ({})", self.code)
        }
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)?;
        match &self.hint {
            Some(hint) => write!(f, "; hint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ServerError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_comes_first_and_the_hint_is_kept() {
        let error = ServerError::new("53100", "could not extend file\n\"x\"", Some("Check free disk space."));
        assert_eq!(error.to_string(), "could not extend file \"x\" (53100); hint: Check free disk space.");
        assert_eq!(error.without_values(), "could not extend file \"x\" (53100)");
    }

    #[test]
    fn a_raised_message_may_name_anybody_and_is_not_shown() {
        let error = ServerError::new("XX000", "job 7 of cmp-1", None);
        assert_eq!(error.without_values(), "an unexpected error of the database (XX000)");
    }
}
