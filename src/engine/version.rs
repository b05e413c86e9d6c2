//! The name of what a template looks like with this engine: equal names, equal pixels.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::{Error, TemplateChoice, fonts};
use crate::ground::hex::hex;
use crate::template::{PARTS_FOLDER, Template, TemplateFiles};
use crate::video::soundtrack::Soundtrack;

/// Counts changes of rendered output, from 1 at the first release. Every later change after which some quote may give
/// other pixels, other bytes or another length raises it, with a line under *rendered output changes* in the changelog:
/// a change of the engine, its fonts, or a dependency that shapes, draws or encodes.
const OUTPUT_REVISION: u32 = 1;

/// Bytes of the template's hash that go into its version: 48 bits tell the versions of one template apart.
const HASH_BYTES: usize = 6;

/// The render version of a template: release of the engine, `OUTPUT_REVISION`, and a hash over the template's files, over the
/// shared parts that it uses and over names and lengths of the fonts in `pack`, such as `0.1.0+1.5f1d09c2ab34`.
///
/// Two renders of one snapshot with equal versions give equal videos, as long as pictures from the web have not
/// changed. A job may therefore answer with a video that is already there only where the versions are equal.
///
/// # Errors
/// [`Error::Template`], [`Error::Folder`] and [`Error::Sound`] where there is no such template, or it
/// cannot be used; [`Error::Fonts`] where there is no such folder of fonts, whose content is not checked.
pub fn render_version(choice: &TemplateChoice, pack: Option<&Path>) -> Result<String, Error> {
    let fonts = pack.map(fonts::contents).transpose()?.unwrap_or_default();
    let files = choice.files()?;
    let template = Template::parse(&files)?;
    let soundtrack = choice.soundtrack(&template)?;
    let hash = fingerprint(&files, template.shared_parts(), &fonts, soundtrack.as_ref());
    Ok(format!("{}+{OUTPUT_REVISION}.{hash}", env!("CARGO_PKG_VERSION")))
}

/// The first bytes of a SHA-256 over all files, each with its name and its length, so that no two sets of files run into
/// the same bytes; of fonts the length alone, since reading 90 MB at every start is not worth what it would tell.
///
/// Of the shared parts only those that the template uses count: another one changes no pixel of it.
fn fingerprint<'p>(
    files: &TemplateFiles,
    shared_parts: impl Iterator<Item = (&'p str, &'p [u8])>,
    fonts: &[(String, u64)],
    soundtrack: Option<&Soundtrack>,
) -> String {
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
    for (name, content) in &files.parts {
        add(&format!("{PARTS_FOLDER}/{name}"), content);
    }
    for (name, content) in shared_parts {
        add(&format!("shared/{PARTS_FOLDER}/{name}"), content);
    }
    for (file, bytes) in fonts {
        add(file, &bytes.to_le_bytes());
    }
    if let Some(Soundtrack::Recording { name, bytes }) = soundtrack {
        add(name, bytes);
    }
    hex(&hash.finalize()[..HASH_BYTES])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::iter;

    use super::*;
    use crate::template::builtin_files;

    fn of(document: &str, strings: &[(&str, &str)]) -> String {
        let strings = strings.iter().map(|(language, text)| ((*language).to_owned(), text.as_bytes().to_vec()));
        let (source, document) = ("x".to_owned(), document.as_bytes().to_vec());
        fingerprint(
            &TemplateFiles { source, document, strings: strings.collect(), parts: BTreeMap::new() },
            iter::empty(),
            &[],
            None,
        )
    }

    #[test]
    fn parts_count_too() {
        let with = |parts: &[(&str, &str)]| {
            let parts = parts.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
            let (source, document) = ("x".to_owned(), b"{}".to_vec());
            fingerprint(&TemplateFiles { source, document, strings: BTreeMap::new(), parts }, iter::empty(), &[], None)
        };
        assert_eq!(with(&[]), of("{}", &[]));
        assert_ne!(with(&[]), with(&[("row", "{}")]));
        assert_ne!(with(&[("row", "{}")]), with(&[("row", "{ }")]));
        assert_ne!(with(&[("row", "{}")]), of("{}", &[("row", "{}")]));
    }

    #[test]
    fn shared_parts_count_where_they_are_used() {
        let files = builtin_files("quote-classic").expect("built in");
        let with = |parts: &[(&str, &str)]| {
            let parts = parts.iter().map(|(name, text)| (*name, text.as_bytes()));
            fingerprint(&files, parts, &[], None)
        };
        assert_ne!(with(&[]), with(&[("taxes", "{}")]));
        assert_ne!(with(&[("taxes", "{}")]), with(&[("taxes", "{ }")]));
        let used = |name: &str| {
            let template = crate::template::builtin(name).expect("built in");
            template.shared_parts().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(used("quote-classic"), ["taxes"]);
        assert!(used("quote-compact").is_empty());
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
        let choice = TemplateChoice::Builtin("quote-summary".to_owned());
        let pack = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fonts/noto"));
        let version = |pack: Option<&Path>| render_version(&choice, pack).expect("readable");
        assert_ne!(version(None), version(Some(pack)));
        assert_eq!(version(Some(pack)), version(Some(pack)));
        assert!(render_version(&choice, Some(Path::new("/nowhere/at/all"))).is_err());
    }

    #[test]
    fn the_sound_counts() {
        let of = |bytes: &[u8]| {
            let sound = Soundtrack::Recording { name: "music.ogg".to_owned(), bytes: bytes.into() };
            let files = TemplateFiles {
                source: "x".to_owned(),
                document: b"{}".to_vec(),
                strings: BTreeMap::new(),
                parts: BTreeMap::new(),
            };
            fingerprint(&files, iter::empty(), &[], Some(&sound))
        };
        assert_eq!(of(b"one"), of(b"one"));
        assert_ne!(of(b"one"), of(b"two"));
    }

    #[test]
    fn it_names_release_revision_and_template() {
        let version = render_version(&TemplateChoice::Builtin("quote-summary".to_owned()), None).expect("built in");
        let (release, rest) = version.split_once('+').expect("a plus");
        let (revision, hash) = rest.split_once('.').expect("a dot");
        assert_eq!(release, env!("CARGO_PKG_VERSION"));
        assert_eq!((revision.parse(), hash.len()), (Ok(OUTPUT_REVISION), 2 * HASH_BYTES));
        assert!(render_version(&TemplateChoice::Builtin("nope".to_owned()), None).is_err());
    }
}
