//! A built-in template as the start of another one.

use super::builtin::builtin_files;
use super::checked::Template;
use super::error::TemplateError;
use super::files::TemplateFiles;
use super::words;

/// The language whose words go with an exported template.
const LANGUAGE: &str = "en";

/// The files of a built-in template for a folder of its own: what it is made of, the shared parts that it uses, and the
/// English words it may say, so that all of them can be changed, and the words be translated into a language that has none.
/// It renders what the built-in one does.
///
/// # Errors
/// [`TemplateError::NotFound`].
pub fn exported(name: &str) -> Result<TemplateFiles, TemplateError> {
    let mut files = builtin_files(name)?;
    for (part, bytes) in Template::parse(&files)?.shared_parts() {
        files.parts.insert(part.to_owned(), bytes.to_vec());
    }
    if let Some((_, words)) = words::files().find(|(language, _)| *language == LANGUAGE) {
        files.strings.entry(LANGUAGE.to_owned()).or_insert_with(|| words.to_vec());
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quote::locale::Locale;
    use crate::template::{builtin, builtin_names};

    #[test]
    fn an_exported_template_says_the_same_in_every_language() {
        for name in builtin_names() {
            let own = builtin(name).expect("built in");
            let exported = Template::parse(&exported(name).expect("built in")).expect("a good template");
            assert!(own.languages().eq(exported.languages()), "{name}");
            for tag in own.languages().chain(["en-GB", "pt-AO", "zh-TW", "da-DK"]) {
                let locale = Locale::parse(tag).expect("a locale");
                assert_eq!(own.strings_for(&locale), exported.strings_for(&locale), "{name} in {tag}");
            }
        }
    }

    #[test]
    fn an_exported_template_needs_no_shared_part() {
        for name in builtin_names() {
            let files = exported(name).expect("built in");
            assert_eq!(Template::parse(&files).expect("a good template").shared_parts().count(), 0, "{name}");
        }
    }

    #[test]
    fn its_words_are_there_to_be_translated() {
        let files = exported("quote-summary").expect("built in");
        let words = String::from_utf8(files.strings[LANGUAGE].clone()).expect("UTF-8");
        assert!(words.contains("\"preparedFor\": \"Prepared for\""), "{words}");
        assert!(matches!(exported("quote-sumary"), Err(TemplateError::NotFound { .. })));
    }
}
