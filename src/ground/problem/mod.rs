//! Problems found in a document from outside: every one at once, each with a stable code and a JSON pointer.
//!
//! This is the vocabulary only. What is a problem is decided by the module that reads the document.

mod warning;

use std::fmt;

use serde::Serialize;

use super::bidi::is_bidi_control;

pub use warning::{Warning, WarningPlace};

/// How bad a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The document can be used, but its author probably meant something else.
    Warning,
    /// The document cannot be used.
    Error,
}

/// One thing wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What kind of problem: a stable snake_case word that programs may compare, such as `unknown_field`.
    pub code: &'static str,
    /// Where, as a JSON pointer (RFC 6901); empty for the document as a whole.
    pub pointer: String,
    /// What stands there, shortened; never a secret.
    pub found: String,
    /// What may stand there.
    pub expected: String,
    /// What to do about it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Whether the document is refused for it.
    pub severity: Severity,
    /// Where in the video it shows, where it does.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Box<Shown>>,
}

/// A place in a video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    /// The scene, with `/2` and so on for its further pages.
    pub scene: String,
    /// The node of the template: its `id`, or a JSON pointer where it has none. Empty for a scene as a whole.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub node: String,
    /// A moment at which it is on view, in milliseconds from the start of the video.
    pub at_ms: u64,
}

impl Shown {
    fn describe(&self) -> String {
        let node = if self.node.is_empty() { String::new() } else { format!(", node `{}`", self.node) };
        format!("scene `{}`{node}, at {}.{} s", self.scene, self.at_ms / 1000, self.at_ms % 1000 / 100)
    }
}

impl Problem {
    /// A problem that refuses the document.
    pub fn error(
        code: &'static str,
        pointer: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self {
            code,
            pointer: pointer.into(),
            found: found.into(),
            expected: expected.into(),
            hint: None,
            severity: Severity::Error,
            shown: None,
        }
    }

    /// A problem that lets the document pass.
    pub fn warning(
        about: Warning,
        pointer: impl Into<String>,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(about.code(), pointer, found, expected) }
    }

    /// The same problem with advice.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same problem with advice where there is some.
    #[must_use]
    pub fn with_optional_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// Where it is, for people: its pointer, or else its place in the video, or else the document as a whole.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.shown {
            _ if !self.pointer.is_empty() => self.pointer.clone(),
            Some(shown) => shown.describe(),
            None => "the document".to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}[{}] {}: found {}, expected {}", self.code, self.place(), self.found, self.expected)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Everything wrong with one document, in the order in which it was found.
///
/// Serialises as a JSON array; displays as one paragraph a problem.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// No problems.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Whether there are none, not even warnings.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are, warnings included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether one of them refuses the document.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// All of them, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.0.iter()
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl FromIterator<Problem> for Problems {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Self {
        Self(problems.into_iter().collect())
    }
}

impl Extend<Problem> for Problems {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        self.0.extend(problems);
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Problems {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The JSON pointer of member `key` of the object at `pointer`, escaped by RFC 6901.
#[must_use]
pub fn member(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// The JSON pointer of element `index` of the array at `pointer`.
#[must_use]
pub fn element(pointer: &str, index: usize) -> String {
    format!("{pointer}/{index}")
}

/// The known name that `word` was probably meant to be, if one is close.
///
/// Letter case and `_`/`-` are ignored. Close is one edit or swap in a word of three letters or more, or Jaro-Winkler
/// similarity of at least 0.8; the first best on a tie.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).take(64).flat_map(char::to_lowercase).collect()
    };
    let word = plain(word);
    let mut best: Option<(f64, &str)> = None;
    for name in known {
        let name_plain = plain(name);
        let one_slip = word.chars().count() >= 3 && strsim::osa_distance(&word, &name_plain) <= 1;
        let likeness = strsim::jaro_winkler(&word, &name_plain).max(if one_slip { 0.8 } else { 0.0 });
        if likeness >= 0.8 && best.is_none_or(|(highest, _)| likeness > highest) {
            best = Some((likeness, name));
        }
    }
    best.map(|(_, name)| name)
}

/// `text` for a message: in backquotes, control characters escaped, at most `max_chars` characters of it.
#[must_use]
pub fn quoted(text: &str, max_chars: usize) -> String {
    let mut shown = String::from("`");
    for (index, c) in text.chars().enumerate() {
        if index == max_chars {
            shown.push('…');
            break;
        }
        if c.is_control() || is_bidi_control(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown.push('`');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_escape_their_keys() {
        assert_eq!(member("/a", "b/c~d"), "/a/b~1c~0d");
        assert_eq!(element("/items", 3), "/items/3");
    }

    #[test]
    fn a_typing_error_finds_its_name() {
        let known = ["validUntil", "issuedAt", "title"];
        assert_eq!(nearest("validUntill", known), Some("validUntil"));
        assert_eq!(nearest("valid_until", known), Some("validUntil"));
        assert_eq!(nearest("zzz", known), None);
        assert_eq!(nearest("CPL", ["BRL", "CLP", "COP"]), Some("CLP"));
    }

    #[test]
    fn quoting_shortens_and_escapes() {
        assert_eq!(quoted("abc\n\u{202E}", 20), "`abc\\u{a}\\u{202e}`");
        assert_eq!(quoted("abcdef", 3), "`abc…`");
    }

    #[test]
    fn warnings_do_not_refuse() {
        let mut problems = Problems::from(Problem::warning(Warning::OddPhone, "", "x", "y"));
        assert!(!problems.has_errors());
        problems.push(Problem::error("e", "/a", "x", "y").with_hint("do z"));
        assert!(problems.has_errors());
        assert_eq!(
            problems.to_string(),
            "warning[odd_phone] the document: found x, expected y\nerror[e] /a: found x, expected y\n  hint: do z"
        );
    }
}
