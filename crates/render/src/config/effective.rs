//! The settings in force and their origin; secrets hidden.

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde::Serialize;

use super::settings::every_setting;
use quotereel_jobs::queue::without_password;

/// Settings whose values are never printed.
const SECRETS: [&str; 1] = ["s3_secret_access_key"];

/// Origin of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Origin {
    /// The command line.
    Flag,
    /// An environment variable.
    Environment,
    /// Neither of them.
    Default,
}

/// One setting in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Effective {
    /// Name of the flag, without dashes.
    pub(crate) name: String,
    /// Name of the environment variable.
    pub(crate) variable: String,
    /// Value, if the setting has one.
    pub(crate) value: Option<String>,
    /// Origin of the value.
    pub(crate) origin: Origin,
}

impl Effective {
    /// Every setting, in the order of the help. `resolve` gives the defaults that depend on other
    /// settings, by the flag's name.
    pub(crate) fn all(matches: &ArgMatches, resolve: impl Fn(&str) -> Option<String>) -> Vec<Self> {
        let command = every_setting();
        let mut all = Vec::new();
        for argument in command.get_arguments() {
            let (id, Some(variable)) = (argument.get_id().as_str(), argument.get_env()) else { continue };
            let name = argument.get_long().unwrap_or(id).to_owned();
            let mut raw = matches.get_raw(id).into_iter().flatten();
            let given = raw.next().map(|value| value.to_string_lossy().into_owned());
            let value = given.or_else(|| resolve(&name)).map(|value| shown(id, &value));
            let origin = match matches.value_source(id) {
                Some(ValueSource::CommandLine) => Origin::Flag,
                Some(ValueSource::EnvVariable) => Origin::Environment,
                _ => Origin::Default,
            };
            all.push(Self { name, variable: variable.to_string_lossy().into_owned(), value, origin });
        }
        all
    }
}

/// A value without secrets.
fn shown(id: &str, value: &str) -> String {
    if SECRETS.contains(&id) {
        return "(hidden)".to_owned();
    }
    if id == "database" {
        return without_password(value);
    }
    value.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_variable_of_its_name() {
        for argument in every_setting().get_arguments().filter(|argument| argument.get_id() != "help") {
            let variable = argument.get_env().unwrap_or_else(|| panic!("{} has no variable", argument.get_id()));
            assert!(variable.to_string_lossy().starts_with("QUOTEREEL_"), "{variable:?}");
        }
    }

    #[test]
    fn values_have_an_origin() {
        let arguments = ["render config", "--lease", "90s", "--s3-secret-access-key", "s3cr3t"];
        let matches = every_setting().get_matches_from(arguments);
        let all = Effective::all(&matches, |name| (name == "spool").then(|| "/data/spool".to_owned()));
        let of = |name: &str| all.iter().find(|setting| setting.name == name).expect("a setting").clone();
        assert_eq!((of("lease").value.as_deref(), of("lease").origin), (Some("90s"), Origin::Flag));
        assert_eq!(of("s3-secret-access-key").value.as_deref(), Some("(hidden)"));
        assert_eq!(of("spool").value.as_deref(), Some("/data/spool"));
        assert!(of("poll").origin != Origin::Flag);
    }
}
