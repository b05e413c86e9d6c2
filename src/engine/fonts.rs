//! Font packs from a folder on disk: read when a text has characters that no bundled font has, and never otherwise.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compose::text::pack::{MAX_FONT_BYTES, PackFace, choose, inspect, is_complete, take_out};
use crate::compose::text::{FaceRole, FaceSource, FontError, FontLibrary};

/// How to install a pack with one command, for messages.
pub const HOW_TO_ADD: &str = "`apt-get install fonts-noto-cjk` (Debian, Ubuntu), then \
    `--fonts /usr/share/fonts/opentype/noto` or QUOTEREEL_FONTS=/usr/share/fonts/opentype/noto";

/// How to add a font for another script.
pub(super) const HOW_TO_ADD_ONE: &str =
    "put a font of the script into a folder, then `--fonts FOLDER` or QUOTEREEL_FONTS=FOLDER";

/// Most font files of one folder. Debian's two packages of Noto CJK have 14 together.
const MAX_FILES: usize = 64;

/// Most bytes read of one folder: these 14 have 330 MB.
const MAX_BYTES: u64 = 512 << 20;

/// Endings of the files that are looked at.
const ENDINGS: [&str; 4] = ["ttf", "otf", "ttc", "otc"];

/// A folder of fonts that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// There is no such folder, or it is no folder.
    #[error("font folder `{}` does not exist", path.display())]
    NotFound {
        /// Path that was given.
        path: PathBuf,
    },
    /// The folder holds no font file.
    #[error("`{}` has no font file: .ttf, .otf, .ttc or .otc are right, and folders inside it do not count", path.display())]
    Empty {
        /// Path of the folder.
        path: PathBuf,
    },
    /// More files than any pack has.
    #[error("`{}` has {count} font files; at most {MAX_FILES} are right", path.display())]
    TooMany {
        /// Path of the folder.
        path: PathBuf,
        /// Number of font files.
        count: usize,
    },
    /// A file is larger than any font.
    #[error("font `{}` has {bytes} bytes; at most {MAX_FONT_BYTES} are right", path.display())]
    TooLarge {
        /// Path of the font.
        path: PathBuf,
        /// Size of the file.
        bytes: u64,
    },
    /// All files together are larger than any pack.
    #[error("the fonts in `{}` have {bytes} bytes; at most {MAX_BYTES} are right", path.display())]
    TooMuch {
        /// Path of the folder.
        path: PathBuf,
        /// Their size together.
        bytes: u64,
    },
    /// Something cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system reported.
        source: std::io::Error,
    },
    /// A file is no font that can be used.
    #[error(transparent)]
    Font(#[from] FontError),
}

impl PackError {
    /// Whether it is the machine that failed, so that trying again may help.
    #[must_use]
    pub const fn is_system(&self) -> bool {
        matches!(self, Self::Unreadable { .. })
    }
}

/// One face of a pack and the file it is in.
struct Found {
    file: PathBuf,
    face: PackFace,
}

/// What a folder of fonts has to offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackSummary {
    /// Family names, each once, in the order of the files.
    pub families: Vec<String>,
    /// Number of faces.
    pub faces: usize,
    /// Those of the characters asked for that one of its faces has.
    pub has: Vec<char>,
}

/// Reads every font of `folder`, for a check before any text needs it.
///
/// # Errors
/// [`PackError`].
pub fn inspect_pack(folder: &Path, wanted: &[char]) -> Result<PackSummary, PackError> {
    let found = look(folder, wanted, |_| false)?;
    let mut summary = PackSummary { families: Vec::new(), faces: found.len(), has: Vec::new() };
    for Found { face, .. } in &found {
        if !summary.families.contains(&face.family) {
            summary.families.push(face.family.clone());
        }
    }
    let has = |c: &char| found.iter().any(|found| found.face.has.contains(c));
    summary.has = wanted.iter().copied().filter(has).collect();
    Ok(summary)
}

/// The bundled fonts and those of `folder` that have the `wanted` characters, in the forms of `language`; nothing where
/// none of them has any.
pub(super) fn library(folder: &Path, wanted: &[char], language: &str) -> Result<Option<FontLibrary>, PackError> {
    let found = look(folder, wanted, |faces| is_complete(faces, wanted, language))?;
    let faces: Vec<PackFace> = found.iter().map(|found| found.face.clone()).collect();
    let mut sources = Vec::new();
    for index in choose(&faces, wanted, language) {
        let Found { file, face } = &found[index];
        sources.push(FaceSource {
            family: face.family.clone(),
            weight: face.weight,
            file: name(file),
            license: "LicenseRef-font-pack".to_owned(),
            role: FaceRole::Pack,
            data: Arc::new(take_out(read(file)?, face.index)),
        });
    }
    if sources.is_empty() { Ok(None) } else { Ok(Some(FontLibrary::with_faces(sources)?)) }
}

/// Whether the folder is there. Its fonts are not looked at.
pub(super) fn check(folder: &Path) -> Result<(), PackError> {
    if folder.is_dir() { Ok(()) } else { Err(PackError::NotFound { path: folder.to_owned() }) }
}

/// Names and lengths of the folder's fonts: equal where two folders hold the same pack.
pub(super) fn contents(folder: &Path) -> Result<Vec<(String, u64)>, PackError> {
    files(folder)?.iter().map(|file| Ok((name(file), length(file)?))).collect()
}

/// The faces of the folder's files, in the order of their names, until `enough` of them are found.
fn look(folder: &Path, wanted: &[char], enough: impl Fn(&[PackFace]) -> bool) -> Result<Vec<Found>, PackError> {
    let mut faces = Vec::new();
    let mut places = Vec::new();
    for file in files(folder)? {
        for face in inspect(&name(&file), &read(&file)?, wanted)? {
            faces.push(face);
            places.push(file.clone());
        }
        if enough(&faces) {
            break;
        }
    }
    Ok(places.into_iter().zip(faces).map(|(file, face)| Found { file, face }).collect())
}

/// The font files of a folder by name, not those of folders inside it.
fn files(folder: &Path) -> Result<Vec<PathBuf>, PackError> {
    check(folder)?;
    let unreadable = |source| PackError::Unreadable { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)) && path.is_file() {
            files.push(path);
        }
    }
    match files.len() {
        0 => return Err(PackError::Empty { path: folder.to_owned() }),
        count if count > MAX_FILES => return Err(PackError::TooMany { path: folder.to_owned(), count }),
        _ => files.sort(),
    }
    let mut bytes = 0;
    for file in &files {
        bytes += length(file)?;
    }
    if bytes > MAX_BYTES { Err(PackError::TooMuch { path: folder.to_owned(), bytes }) } else { Ok(files) }
}

fn length(file: &Path) -> Result<u64, PackError> {
    let bytes = fs::metadata(file).map_err(|source| PackError::Unreadable { path: file.to_owned(), source })?.len();
    if bytes > MAX_FONT_BYTES { Err(PackError::TooLarge { path: file.to_owned(), bytes }) } else { Ok(bytes) }
}

/// At most one byte more than a font file may have, should it have grown since it was looked at.
fn read(file: &Path) -> Result<Vec<u8>, PackError> {
    let unreadable = |source| PackError::Unreadable { path: file.to_owned(), source };
    let mut bytes = Vec::with_capacity(usize::try_from(length(file)?).unwrap_or(0) + 1);
    let limit = MAX_FONT_BYTES + 1;
    fs::File::open(file).map_err(unreadable)?.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    let length = bytes.len() as u64;
    if length > MAX_FONT_BYTES {
        return Err(PackError::TooLarge { path: file.to_owned(), bytes: length });
    }
    Ok(bytes)
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const THAI: &[u8] = include_bytes!("../../fonts/noto/NotoSansThai-Regular.ttf");

    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, content) in files {
            fs::write(folder.path().join(name), content).expect("written");
        }
        folder
    }

    #[test]
    fn only_font_files_of_the_folder_itself_count() {
        let pack = folder(&[("b.TTF", THAI), ("a.otf", THAI), ("readme.txt", b"no font"), ("x", b"no font")]);
        fs::create_dir(pack.path().join("inside.ttf")).expect("made");
        let summary = inspect_pack(pack.path(), &['ก', '漢']).expect("two fonts");
        assert_eq!(summary, PackSummary { families: vec!["Noto Sans Thai".to_owned()], faces: 2, has: vec!['ก'] });
        let length = THAI.len() as u64;
        assert_eq!(
            contents(pack.path()).expect("readable"),
            [("a.otf".to_owned(), length), ("b.TTF".to_owned(), length)]
        );
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let refused = |pack: &Path| inspect_pack(pack, &['漢']).expect_err("unusable").to_string();
        assert!(refused(Path::new("/nowhere/at/all")).contains("`/nowhere/at/all` does not exist"));
        assert!(refused(folder(&[("readme.txt", b"x")]).path()).contains("no font file"));
        assert!(refused(folder(&[("broken.ttf", b"no font")]).path()).contains("`broken.ttf` cannot be read"));
        assert!(refused(folder(&[("cut.ttf", &THAI[..THAI.len() / 64])]).path()).contains("`cut.ttf`"));
        let many: Vec<(String, &[u8])> = (0..=MAX_FILES).map(|n| (format!("{n}.ttf"), THAI)).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|(name, content)| (name.as_str(), *content)).collect();
        assert!(refused(folder(&many).path()).contains("65 font files; at most 64"));
    }

    #[test]
    fn sizes_are_looked_at_before_anything_is_read() {
        let pack = folder(&[]);
        let sparse = |name: &str, bytes: u64| {
            fs::File::create(pack.path().join(name)).and_then(|file| file.set_len(bytes)).expect("a sparse file");
        };
        for number in 0..9 {
            sparse(&format!("{number}.ttf"), MAX_FONT_BYTES);
        }
        let error = inspect_pack(pack.path(), &[]).expect_err("too much");
        assert!(matches!(error, PackError::TooMuch { bytes: 603_979_776, .. }), "{error}");
        sparse("large.ttc", MAX_FONT_BYTES + 1);
        let error = inspect_pack(pack.path(), &[]).expect_err("too large");
        assert!(error.to_string().contains("large.ttc` has 67108865 bytes; at most 67108864"), "{error}");
    }

    /// Debian's `fonts-noto-cjk`; `make setup-tests` installs it.
    #[test]
    fn the_forms_of_shared_ideographs_follow_the_locale() {
        let pack = Path::new("/usr/share/fonts/opentype/noto");
        for (language, variant) in [("ja-JP", "JP"), ("ko-KR", "KR"), ("zh-CN", "SC"), ("zh-TW", "TC"), ("zh-HK", "HK")]
        {
            let made = library(pack, &['直', '骨'], language).expect("readable").expect("it has both");
            let added = made.faces().filter(|(_, face)| face.role == FaceRole::Pack);
            let found: Vec<(String, u16)> = added.map(|(_, face)| (face.family.clone(), face.weight)).collect();
            let family = format!("Noto Sans CJK {variant}");
            assert_eq!(found, [(family.clone(), 400), (family, 700)], "{language}");
        }
    }

    #[test]
    fn a_library_is_made_only_of_fonts_that_help() {
        let pack = folder(&[("thai.ttf", THAI)]);
        assert!(library(pack.path(), &['漢'], "ja").expect("readable").is_none());
        let made = library(pack.path(), &['ก'], "th").expect("readable").expect("it helps");
        assert_eq!(made.faces().count(), FontLibrary::bundled().faces().count() + 1);
    }
}
