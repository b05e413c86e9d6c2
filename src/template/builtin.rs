//! The templates that are part of the program.

use std::collections::BTreeMap;

use super::{Template, TemplateError, TemplateFiles};
use crate::ground::problem::nearest;

struct Builtin {
    name: &'static str,
    document: &'static [u8],
}

macro_rules! builtins {
    ($($name:literal),+) => {
        &[$(Builtin {
            name: $name,
            document: include_bytes!(concat!("../../templates/", $name, "/template.json")),
        }),+]
    };
}

const BUILTINS: &[Builtin] = builtins!("quote-classic", "quote-compact", "quote-showcase", "quote-summary");

/// Names of the built-in templates, in alphabetical order.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().map(|builtin| builtin.name)
}

/// The built-in template of that name.
///
/// # Errors
/// [`TemplateError::NotFound`] where there is none; [`TemplateError::Invalid`] never, which a test sees to.
pub fn builtin(name: &str) -> Result<Template, TemplateError> {
    Template::parse(&builtin_files(name)?)
}

/// The files of the built-in template of that name.
///
/// # Errors
/// [`TemplateError::NotFound`] where there is none.
pub fn builtin_files(name: &str) -> Result<TemplateFiles, TemplateError> {
    let Some(found) = BUILTINS.iter().find(|builtin| builtin.name == name) else {
        return Err(TemplateError::NotFound {
            name: name.chars().take(80).collect(),
            known: builtin_names().map(str::to_owned).collect(),
            hint: nearest(name, builtin_names()).map(|near| format!("; did you mean `{near}`?")),
        });
    };
    let (strings, parts) = (BTreeMap::new(), BTreeMap::new());
    Ok(TemplateFiles { source: name.to_owned(), document: found.document.to_vec(), strings, parts })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_template_passes_its_checks() {
        for name in builtin_names() {
            let template = builtin(name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(template.document().name, name);
            for language in ["en", "es", "pt"] {
                assert!(template.languages().any(|known| known == language), "{name} speaks no {language}");
            }
        }
    }

    #[test]
    fn an_unknown_name_lists_the_known_ones() {
        let error = builtin("quote-sumary").expect_err("misspelt").to_string();
        assert!(error.contains("did you mean `quote-summary`?"), "{error}");
    }
}
