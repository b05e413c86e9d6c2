//! The font library: which faces there are, in which order they stand in for each other, and their bytes.
//!
//! Not a shaper and not a rasteriser. A face is scanned for its names when the library is made and parsed no further.
//! More faces come in through [`FontLibrary::with_faces`]; which ones a font pack has to offer, `pack` knows.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use parley::fontique::{Blob, Collection, CollectionOptions, FontInfoOverride, SourceCache};
use parley::{FontContext, FontWeight, LayoutContext};
use skrifa::raw::TableProvider as _;
use skrifa::{FontRef, MetadataProvider as _};

use super::bundle::{BUNDLED, FaceRole};
use super::coverage::OutlineFace;
use super::recent::Recent;
use super::{FaceId, guard};
use crate::ground::lock::lock;

/// Last families asked for a character, in this order, after the requested family, Inter, every script family and every
/// face that was added. Emoji come first, or ✅ would be drawn in one colour.
const LAST_FAMILIES: [&str; 4] = ["Noto Color Emoji", "Noto Sans Symbols", "Noto Sans Symbols2", "Noto Sans Math"];

/// Family used where the requested one is unknown.
const DEFAULT_FAMILY: &str = "Inter";

/// One face, as given to the library.
#[derive(Clone)]
pub struct FaceSource {
    /// Family name as a style names it.
    pub family: String,
    /// Weight, 1 to 1000.
    pub weight: u16,
    /// File name for messages and licence lists.
    pub file: String,
    /// Licence as an SPDX identifier.
    pub license: String,
    /// Its place in the fallback order.
    pub role: FaceRole,
    /// The bytes of a static TrueType or OpenType font, or of a collection of one (see [`super::pack::take_out`]).
    pub data: Arc<dyn AsRef<[u8]> + Send + Sync>,
}

/// A face that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FontError {
    /// The bytes are no font.
    #[error("font `{file}` cannot be read: {reason}")]
    Unreadable {
        /// File name of the face.
        file: String,
        /// What the parser said.
        reason: String,
    },
    /// Variable fonts would be drawn at their default instance, which is not the weight asked for.
    #[error("font `{file}` is a variable font; only static ones are taken")]
    Variable {
        /// File name of the face.
        file: String,
    },
    /// A face index is 16 bits wide.
    #[error("{count} faces; at most 65535 are allowed")]
    TooMany {
        /// Number of faces given.
        count: usize,
    },
}

/// What is known of a face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaceInfo {
    pub family: String,
    /// Weight, 1 to 1000.
    pub weight: u16,
    pub file: String,
    /// Licence as an SPDX identifier.
    pub license: String,
    /// Place in the fallback order.
    pub role: FaceRole,
    /// Number of glyphs; glyph indices lie below it.
    pub glyph_count: u16,
}

pub(super) struct Face {
    pub(super) info: FaceInfo,
    pub(super) data: Blob<u8>,
    /// Made when its first glyph is drawn: the rasteriser parses every glyph of a face at once.
    pub(super) outlines: OnceLock<OutlineFace>,
}

impl Face {
    pub(super) fn font(&self) -> FontRef<'_> {
        FontRef::from_index(self.data.as_ref(), 0).expect("the face was parsed when the library was made")
    }
}

/// The shaping library's scratch space; one per call in flight, kept for the next.
pub(super) struct Shaper {
    pub(super) fonts: FontContext,
    pub(super) layout: LayoutContext<()>,
}

/// All faces text can be set in. Immutable, shared by all threads.
pub struct FontLibrary {
    faces: Vec<Face>,
    families: Vec<String>,
    /// Comma-separated fallback families after the requested one.
    fallback: String,
    collection: Mutex<Collection>,
    by_blob: HashMap<u64, FaceId>,
    shapers: Mutex<Vec<Shaper>>,
    recent: Recent,
}

impl std::fmt::Debug for FontLibrary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FontLibrary").field("families", &self.families).finish_non_exhaustive()
    }
}

impl FontLibrary {
    /// The faces in `fonts/`, compiled into the program. Made on the first call.
    ///
    /// # Panics
    /// If a bundled file is no font, which a test excludes.
    pub fn bundled() -> &'static Self {
        static LIBRARY: OnceLock<FontLibrary> = OnceLock::new();
        LIBRARY.get_or_init(|| Self::with_faces(Vec::new()).expect("every bundled font is readable"))
    }

    /// The bundled faces and more. Faces of a pack stand after the bundled scripts and before emoji and symbols; the
    /// order among them is the order given, so that a caller puts the Han variant of its locale first.
    ///
    /// # Errors
    /// [`FontError`] for bytes that are no static font, or for too many faces.
    pub fn with_faces(added: Vec<FaceSource>) -> Result<Self, FontError> {
        let bundled = BUNDLED.iter().map(|face| FaceSource {
            family: face.family.to_owned(),
            weight: face.weight,
            file: face.file.to_owned(),
            license: face.license.to_owned(),
            role: face.role,
            data: Arc::new(face.data),
        });
        let options = CollectionOptions { shared: false, system_fonts: false };
        let mut collection = Collection::new(options);
        let mut faces = Vec::new();
        let mut by_blob = HashMap::new();
        let mut families: Vec<String> = Vec::new();
        let count = BUNDLED.len() + added.len();
        for source in bundled.chain(added) {
            let id = FaceId(u16::try_from(faces.len()).map_err(|_| FontError::TooMany { count })?);
            let data = Blob::new(source.data);
            let unreadable = |reason: String| FontError::Unreadable { file: source.file.clone(), reason };
            let font = FontRef::from_index(data.as_ref(), 0).map_err(|error| unreadable(error.to_string()))?;
            if !font.axes().is_empty() {
                return Err(FontError::Variable { file: source.file });
            }
            let glyph_count = font.maxp().map_err(|error| unreadable(error.to_string()))?.num_glyphs();
            let names = FontInfoOverride {
                family_name: Some(&source.family),
                weight: Some(FontWeight::new(f32::from(source.weight))),
                ..FontInfoOverride::default()
            };
            match guard::caught(|| collection.register_fonts(data.clone(), Some(names))) {
                None => return Err(unreadable(guard::FAILED.to_owned())),
                Some(families) if families.is_empty() => {
                    return Err(unreadable("it has no usable character map".to_owned()));
                }
                Some(_) => {}
            }
            by_blob.insert(data.id(), id);
            if !families.contains(&source.family) {
                families.push(source.family.clone());
            }
            let FaceSource { family, weight, file, license, role, .. } = source;
            let info = FaceInfo { family, weight, file, license, role, glyph_count };
            faces.push(Face { info, data, outlines: OnceLock::new() });
        }

        let mut order = vec![DEFAULT_FAMILY];
        for role in [FaceRole::Script, FaceRole::Pack] {
            order.extend(faces.iter().filter(|face| face.info.role == role).map(|face| face.info.family.as_str()));
        }
        order.extend(LAST_FAMILIES);
        order.extend(faces.iter().map(|face| face.info.family.as_str()));
        let mut fallback = String::new();
        let mut seen = Vec::new();
        for family in order {
            if !seen.contains(&family) {
                seen.push(family);
                fallback.push_str(", ");
                push_quoted(&mut fallback, family);
            }
        }
        Ok(Self {
            faces,
            families,
            fallback,
            collection: Mutex::new(collection),
            by_blob,
            shapers: Mutex::new(Vec::new()),
            recent: Recent::default(),
        })
    }

    /// Family names, each once, brand families first.
    pub fn families(&self) -> impl Iterator<Item = &str> {
        self.families.iter().map(String::as_str)
    }

    /// Whether a style may ask for this family; ASCII case does not matter.
    pub fn has_family(&self, name: &str) -> bool {
        self.canonical_family(name).is_some()
    }

    /// What `work` gives with these fonts, or, where one of a pack makes it panic, with the bundled ones. Those come
    /// first in every library, so that their numbers mean the same face in both.
    pub(super) fn or_bundled<T>(&self, work: impl Fn(&Self) -> T) -> T {
        if !self.faces.iter().any(|face| face.info.role == FaceRole::Pack) {
            return work(self);
        }
        guard::caught(|| work(self)).unwrap_or_else(|| work(Self::bundled()))
    }

    /// What is known of a face.
    ///
    /// # Panics
    /// If the face comes from another library.
    pub fn face(&self, id: FaceId) -> &FaceInfo {
        &self.entry(id).info
    }

    /// All faces.
    pub fn faces(&self) -> impl Iterator<Item = (FaceId, &FaceInfo)> {
        (0u16..).map(FaceId).zip(self.faces.iter().map(|face| &face.info))
    }

    /// The glyph of a space in a face.
    pub(super) fn space_of(&self, id: FaceId) -> Option<u16> {
        self.entry(id).font().charmap().map(' ').and_then(|glyph| u16::try_from(glyph.to_u32()).ok())
    }

    pub(super) fn entry(&self, id: FaceId) -> &Face {
        &self.faces[usize::from(id.0)]
    }

    pub(super) fn face_of(&self, blob: u64) -> Option<FaceId> {
        self.by_blob.get(&blob).copied()
    }

    fn canonical_family(&self, name: &str) -> Option<&str> {
        self.families.iter().find(|family| family.eq_ignore_ascii_case(name)).map(String::as_str)
    }

    /// The requested family and its fallbacks as a CSS `font-family` list.
    pub(super) fn stack(&self, family: &str) -> String {
        let mut stack = String::with_capacity(self.fallback.len() + 32);
        push_quoted(&mut stack, self.canonical_family(family).unwrap_or(DEFAULT_FAMILY));
        stack.push_str(&self.fallback);
        stack
    }

    /// The requested family and its fallbacks, but symbols before colour emoji.
    pub(super) fn plain_stack(&self, family: &str) -> String {
        let mut stack = String::new();
        push_quoted(&mut stack, self.canonical_family(family).unwrap_or(DEFAULT_FAMILY));
        for name in &LAST_FAMILIES[1..] {
            stack.push_str(", ");
            push_quoted(&mut stack, name);
        }
        stack + &self.fallback
    }

    /// A stack that prefers colour emoji (or, for text presentation, symbols) to letters.
    pub(super) fn emoji_stack(&self, family: &str, color: bool) -> String {
        let mut stack = String::new();
        let first = if color { &LAST_FAMILIES[..1] } else { &LAST_FAMILIES[1..] };
        for name in first {
            push_quoted(&mut stack, name);
            stack.push_str(", ");
        }
        stack + &self.stack(family)
    }

    /// What was shaped and set with these faces lately.
    pub(super) fn recent(&self) -> &Recent {
        &self.recent
    }

    /// Runs `work` with scratch space that no other thread uses.
    pub(super) fn with_shaper<T>(&self, work: impl FnOnce(&mut Shaper) -> T) -> T {
        let pooled = lock(&self.shapers).pop();
        let mut shaper = pooled.unwrap_or_else(|| {
            let collection = lock(&self.collection).clone();
            let fonts = FontContext { collection, source_cache: SourceCache::default() };
            Shaper { fonts, layout: LayoutContext::new() }
        });
        let result = work(&mut shaper);
        lock(&self.shapers).push(shaper);
        result
    }
}

fn push_quoted(list: &mut String, family: &str) {
    list.push('"');
    list.extend(family.chars().filter(|c| *c != '"' && *c != '\\'));
    list.push('"');
}
