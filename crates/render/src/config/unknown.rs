//! Variables of the environment that look like settings and are none: most likely a misspelt name.

use std::collections::BTreeSet;

use super::settings::every_setting;
use quotereel::ground::problem::{nearest, quoted};

/// What the names of all settings begin with.
const PREFIX: &str = "QUOTEREEL_";

/// Variables with that prefix that others than this program read: its tests, and files in `deploy/`.
const OF_OTHERS: [&str; 3] = ["QUOTEREEL_TEST_", "QUOTEREEL_ACCEPT", "QUOTEREEL_IMAGE"];

/// Longest name that is repeated in a warning, in characters.
const MAX_NAME_CHARS: usize = 80;

/// Warns in the log of every variable that no setting reads.
pub(crate) fn warn_of_unknown_variables() {
    let set = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    for (variable, meant) in unknown(set) {
        let variable = quoted(&variable, MAX_NAME_CHARS);
        match meant {
            Some(meant) => tracing::warn!("{variable} is not a setting and is ignored: did you mean `{meant}`?"),
            None => tracing::warn!("{variable} is not a setting and is ignored: see `render config`"),
        }
    }
}

/// The names among `set` that no setting has, each with the name of the setting that is most like it.
fn unknown(set: impl Iterator<Item = String>) -> Vec<(String, Option<String>)> {
    let settings = every_setting();
    let known: BTreeSet<&str> = settings.get_arguments().filter_map(|argument| argument.get_env()?.to_str()).collect();
    let ours = |name: &str| name.starts_with(PREFIX) && !OF_OTHERS.iter().any(|other| name.starts_with(other));
    let unknown = set.filter(|name| ours(name) && !known.contains(name.as_str()));
    unknown
        .map(|name| {
            // Without the prefix, which makes every name resemble every other.
            let bare = known.iter().filter_map(|name| name.strip_prefix(PREFIX));
            let meant = nearest(name.strip_prefix(PREFIX).unwrap_or(&name), bare);
            let meant = meant.map(|bare| format!("{PREFIX}{bare}"));
            (name, meant)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_setting_is_found_with_what_was_meant() {
        let set = [
            "QUOTEREEL_CONCURENCY",
            "QUOTEREEL_CONCURRENCY",
            "QUOTEREEL_XYZZY",
            "QUOTEREEL_TEST_POSTGRES",
            "QUOTEREEL_ACCEPT",
            "QUOTEREEL_IMAGE",
            "HOME",
        ];
        let found = unknown(set.into_iter().map(str::to_owned));
        let expected = [("QUOTEREEL_CONCURENCY", Some("QUOTEREEL_CONCURRENCY")), ("QUOTEREEL_XYZZY", None)];
        assert_eq!(found, expected.map(|(name, meant)| (name.to_owned(), meant.map(str::to_owned))));
    }
}
