//! The name of what a template looks like with this engine: equal names, equal pixels.

use sha2::{Digest as _, Sha256};

use super::{StudioError, TemplateChoice, files, sound};
use crate::pipeline::Soundtrack;
use crate::template::{Template, TemplateFiles};

/// Counts changes of rendered output between two releases. To be bumped, with a line under *rendered output changes* in
/// the changelog, by every change after which some quote may give other pixels, other bytes or another length: the
/// engine, its fonts, or a dependency that shapes, draws or encodes.
const OUTPUT_REVISION: u32 = 3;

/// Bytes of the template's hash that go into its version: 48 bits tell the versions of one template apart.
const HASH_BYTES: usize = 6;

/// The render version of a template: release of the engine, `OUTPUT_REVISION`, and a hash over the template's files,
/// such as `0.1.0+1.5f1d09c2ab34`.
///
/// Two renders of one snapshot with equal versions give equal videos, as long as pictures from the web have not changed.
/// A job may therefore answer with a video that is already there only where the versions are equal.
///
/// # Errors
/// [`StudioError::Template`], [`StudioError::Folder`] and [`StudioError::Sound`] where there is no such template, or it
/// cannot be used.
pub fn render_version(choice: &TemplateChoice) -> Result<String, StudioError> {
    let files = files(choice)?;
    let soundtrack = sound::of_template(choice, &Template::parse(&files)?)?;
    let hash = fingerprint(&files, soundtrack.as_ref());
    Ok(format!("{}+{OUTPUT_REVISION}.{hash}", env!("CARGO_PKG_VERSION")))
}

/// The first bytes of a SHA-256 over all files, each with its name and its length, so that no two sets of files run into
/// the same bytes.
fn fingerprint(files: &TemplateFiles, soundtrack: Option<&Soundtrack>) -> String {
    let mut hash = Sha256::new();
    let mut add = |name: &str, content: &[u8]| {
        for part in [name.as_bytes(), content] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    };
    add("", &files.document);
    for (language, content) in &files.strings {
        add(language, content);
    }
    if let Some(Soundtrack::Recording { name, bytes }) = soundtrack {
        add(name, bytes);
    }
    hash.finalize().iter().take(HASH_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(document: &str, strings: &[(&str, &str)]) -> String {
        let strings = strings.iter().map(|(language, text)| ((*language).to_owned(), text.as_bytes().to_vec()));
        let (source, document) = ("x".to_owned(), document.as_bytes().to_vec());
        fingerprint(&TemplateFiles { source, document, strings: strings.collect() }, None)
    }

    #[test]
    fn every_file_counts_and_the_place_of_the_folder_does_not() {
        let plain = of("{}", &[("en", "{}")]);
        assert_eq!(plain, of("{}", &[("en", "{}")]));
        for other in [of("{ }", &[("en", "{}")]), of("{}", &[("es", "{}")]), of("{}", &[("en", "{ }")]), of("{}", &[])]
        {
            assert_ne!(plain, other);
        }
        assert_ne!(of("", &[("a", "b")]), of("", &[("ab", "")]));
    }

    #[test]
    fn the_sound_counts() {
        let of = |bytes: &[u8]| {
            let sound = Soundtrack::Recording { name: "music.ogg".to_owned(), bytes: bytes.into() };
            let files = TemplateFiles { source: "x".to_owned(), document: b"{}".to_vec(), strings: Default::default() };
            fingerprint(&files, Some(&sound))
        };
        assert_eq!(of(b"one"), of(b"one"));
        assert_ne!(of(b"one"), of(b"two"));
    }

    #[test]
    fn it_names_release_revision_and_template() {
        let version = render_version(&TemplateChoice::Builtin("quote-summary".to_owned())).expect("built in");
        let (release, rest) = version.split_once('+').expect("a plus");
        let (revision, hash) = rest.split_once('.').expect("a dot");
        assert_eq!(release, env!("CARGO_PKG_VERSION"));
        assert_eq!((revision.parse(), hash.len()), (Ok(OUTPUT_REVISION), 2 * HASH_BYTES));
        assert!(render_version(&TemplateChoice::Builtin("nope".to_owned())).is_err());
    }
}
