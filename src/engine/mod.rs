//! The studio: from the bytes of a snapshot and the choice of a template to a video that only needs rendering.
//!
//! The one place where the pure engine meets the outside: it reads template folders and sound files, and fetches pictures.
//! The command line and the worker both come in here.

mod crew;
mod folder;
mod fonts;
mod pictures;
mod sheet;
mod sound;
mod teaser;
mod unwritten;
mod version;

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use rayon::ThreadPoolBuildError;
use serde::Serialize;

use self::crew::Threads;
use crate::asset::{Limits, Policy};
use crate::frame::RgbaFrame;
use crate::geometry::Size;
use crate::pipeline::Soundtrack;
use crate::problem::Problems;
use crate::raster::{Film, TooHeavy, check_burden, still};
use crate::scene::{ComposeError, Composed, Composition, Ingredients, compose};
use crate::snapshot::{ParseOptions, Snapshot, parse_with};
use crate::template::{Bindings, Template, TemplateError, TemplateFiles, builtin_files};
use crate::text::{FontLibrary, GlyphCache};
use crate::time::FrameRate;

pub use folder::FolderError;
pub use fonts::{HOW_TO_ADD, PackError, PackSummary, inspect_pack};
pub use pictures::{KnownPictures, asset_keys};
pub use sheet::KnownFrames;
pub use sound::{SoundFileError, recording};
pub use teaser::{TEASER_MAX_BYTES, TEASER_MAX_WIDTH_PX, Teaser, TeaserError, TeaserFormat, TeaserStep};
pub use version::render_version;

/// Glyphs of the bundled fonts, drawn once, serve every video of the process.
static GLYPHS: LazyLock<Arc<GlyphCache>> = LazyLock::new(|| Arc::new(GlyphCache::new()));

/// Moment that the thumbnails show, in milliseconds (delivery rule).
const THUMBNAIL_AT_MS: u64 = 1000;

/// Canvas sizes a video can be made at.
pub const SIZES: [Size; 4] =
    [Size::new(1080, 1920), Size::new(1080, 1350), Size::new(1080, 1080), Size::new(1920, 1080)];

/// Which template to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateChoice {
    /// A built-in one, by name.
    Builtin(String),
    /// A folder with a `template.json`.
    Folder(PathBuf),
}

/// What to make.
#[derive(Clone, Debug)]
pub struct Order {
    /// The snapshot's JSON.
    pub snapshot: Vec<u8>,
    /// Folder that assets given as files are relative to; `None` refuses files.
    pub base_dir: Option<PathBuf>,
    /// Files that hold the assets given by key, by key; see [`asset_keys`]. A key without a file becomes a placeholder.
    pub keyed_files: HashMap<String, PathBuf>,
    /// The template.
    pub template: TemplateChoice,
    /// Parameters of the template, as they were typed; the others keep their defaults.
    pub params: BTreeMap<String, String>,
    /// Folder of fonts for characters that no bundled one has.
    pub fonts: Option<PathBuf>,
    /// Canvas size in px; both sides even.
    pub size: Size,
    /// Frames a second.
    pub frame_rate: FrameRate,
    /// Whether pictures may come from private networks.
    pub allow_private_network: bool,
    /// Limits for pictures.
    pub limits: Limits,
    /// Threads that prepare it. The result is the same for any number.
    pub threads: NonZeroUsize,
}

/// An order that cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum StudioError {
    /// The snapshot is not right; asking again with the same one cannot help.
    #[error("{0}")]
    Snapshot(Problems),
    /// The template is not right or does not exist.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The template's folder cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The folder of fonts cannot be used.
    #[error(transparent)]
    Fonts(#[from] PackError),
    /// A sound file cannot be read.
    #[error(transparent)]
    Sound(#[from] SoundFileError),
    /// Template and snapshot do not go together.
    #[error(transparent)]
    Compose(ComposeError),
    /// Drawing it would take too much.
    #[error(transparent)]
    TooHeavy(#[from] TooHeavy),
    /// The machine gives no threads.
    #[error("cannot start threads: {0}")]
    Threads(#[from] ThreadPoolBuildError),
}

impl From<ComposeError> for StudioError {
    fn from(error: ComposeError) -> Self {
        match error {
            ComposeError::Template(error) => Self::Template(error),
            other => Self::Compose(other),
        }
    }
}

/// A video, resolved: every frame can be painted, nothing can fail any more but writing.
#[derive(Clone, Debug)]
pub struct Production {
    snapshot: Snapshot,
    composed: Composed,
    /// The fonts, where the bundled ones did not do.
    with_pack: Option<Arc<FontLibrary>>,
    glyphs: Arc<GlyphCache>,
    soundtrack: Option<Soundtrack>,
    times: PrepareMs,
    crew: Arc<Threads>,
}

/// Time that preparing took, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PrepareMs {
    /// Reading and checking the snapshot.
    pub validate: f64,
    /// Reading the template, fetching and decoding pictures.
    pub resolve: f64,
    /// Binding, laying out and shaping.
    pub layout: f64,
}

/// The template of that choice, checked.
///
/// # Errors
/// [`StudioError::Template`] and [`StudioError::Folder`].
pub fn template(choice: &TemplateChoice) -> Result<Template, StudioError> {
    Ok(Template::parse(&files(choice)?)?)
}

/// The files of the template of that choice.
fn files(choice: &TemplateChoice) -> Result<TemplateFiles, StudioError> {
    match choice {
        TemplateChoice::Builtin(name) => Ok(builtin_files(name)?),
        TemplateChoice::Folder(path) => Ok(folder::read(path)?),
    }
}

/// Prepares a video: reads the snapshot and template, fetches pictures, lays everything out.
///
/// # Errors
/// [`StudioError`], with every problem of the snapshot at once. Pictures never fail an order: a placeholder takes their
/// place, and a warning says why.
pub fn prepare(order: &Order) -> Result<Production, StudioError> {
    prepare_again(order, &mut KnownPictures::default())
}

/// The same, loading only the pictures that are not `known` from an order before or have changed since.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_again(order: &Order, known: &mut KnownPictures) -> Result<Production, StudioError> {
    let begun = Instant::now();
    let options = ParseOptions { allow_files: order.base_dir.is_some() };
    let parsed = parse_with(&order.snapshot, options);
    let validated = Instant::now();
    let template = template(&order.template)?.with_params(&order.params)?;
    let parsed = parsed.map_err(StudioError::Snapshot)?;
    let soundtrack = sound::of_template(&order.template, &template)?;
    let mut warnings = parsed.warnings;
    let policy = Policy {
        allow_private_network: order.allow_private_network,
        base_dir: order.base_dir.clone(),
        keyed_files: order.keyed_files.clone(),
        limits: order.limits.clone(),
    };
    let crew = Threads::start(order.threads)?;
    if let Some(folder) = &order.fonts {
        fonts::check(folder)?;
    }
    let load = || pictures::load(&parsed.snapshot, &template, &policy, known, &mut warnings);
    let (pictures, bundled) = crew.both(load, FontLibrary::bundled);
    let resolved = Instant::now();
    let composed_with = |snapshot: &Snapshot, fonts: &FontLibrary| {
        compose(Ingredients {
            template: &template,
            bindings: Bindings { snapshot, pictures: &pictures.by_pointer, logo: pictures.logo },
            pictures: &pictures.frames,
            fonts,
            canvas: order.size,
            frame_rate: order.frame_rate,
            crew: &crew,
        })
    };
    let snapshot = parsed.snapshot;
    let mut composed = composed_with(&snapshot, bundled)?;
    let with_pack = match &order.fonts {
        Some(folder) if !composed.missing.is_empty() => {
            fonts::library(folder, &composed.missing, snapshot.locale.tag())?.map(Arc::new)
        }
        _ => None,
    };
    if let Some(fonts) = &with_pack {
        composed = composed_with(&snapshot, fonts)?;
    }
    let advice = order.fonts.is_none().then(|| unwritten::advice(&composed.missing)).flatten();
    if let Some(locale) = unwritten::instead(&snapshot, &template, &composed.missing) {
        warnings.push(unwritten::without_font(&snapshot.locale, &locale));
        let in_english = Snapshot { locale, ..snapshot.clone() };
        composed = composed_with(&in_english, with_pack.as_deref().unwrap_or(bundled))?;
    }
    warnings.extend(std::mem::replace(&mut composed.warnings, Problems::new()));
    warnings.extend(advice);
    check_burden(&composed.composition)?;
    let nameless = unwritten::names(&snapshot, &composed.missing);
    if !nameless.is_empty() {
        warnings.extend(nameless);
        return Err(StudioError::Snapshot(warnings));
    }
    composed.warnings = warnings;
    let times = PrepareMs {
        validate: ms(validated - begun),
        resolve: ms(resolved - validated),
        layout: ms(resolved.elapsed()),
    };
    // Other packs have other faces under the same numbers.
    let glyphs = if with_pack.is_some() { Arc::default() } else { Arc::clone(&GLYPHS) };
    Ok(Production { snapshot, composed, with_pack, glyphs, soundtrack, times, crew: Arc::new(crew) })
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

impl Production {
    /// How long it took to prepare.
    #[must_use]
    pub fn times(&self) -> PrepareMs {
        self.times
    }

    /// The quote it shows.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The resolved video.
    #[must_use]
    pub fn composition(&self) -> &Composition {
        &self.composed.composition
    }

    /// What the sender should know: pictures that failed, texts that were cut. Warnings only.
    #[must_use]
    pub fn warnings(&self) -> &Problems {
        &self.composed.warnings
    }

    /// Title for the file's metadata.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.composed.composition.title
    }

    /// What is heard: what the template brings along, if nothing else was chosen.
    #[must_use]
    pub fn soundtrack(&self) -> Option<&Soundtrack> {
        self.soundtrack.as_ref()
    }

    /// The same video with other sound.
    #[must_use]
    pub fn with_soundtrack(self, soundtrack: Soundtrack) -> Self {
        Self { soundtrack: Some(soundtrack), ..self }
    }

    /// The video's length in milliseconds.
    #[must_use]
    pub fn duration_ms(&self) -> u64 {
        self.composition().frame_rate.ms_of_frames(self.composition().frame_count)
    }

    fn fonts(&self) -> &FontLibrary {
        self.with_pack.as_deref().unwrap_or_else(|| FontLibrary::bundled())
    }

    /// All frames, ready to be painted and encoded.
    #[must_use]
    pub fn film(&self) -> Film<'_> {
        Film::new(self.composition(), self.fonts(), Arc::clone(&self.glyphs))
    }

    /// One frame; an index past the end gives the last one.
    #[must_use]
    pub fn still(&self, frame_index: u32) -> RgbaFrame {
        let last = self.composition().frame_count.saturating_sub(1);
        still(self.composition(), self.fonts(), Arc::clone(&self.glyphs), frame_index.min(last), self.crew.as_ref())
    }

    /// The frame that becomes the thumbnail: the one at 1 s, or the last of a shorter video.
    #[must_use]
    pub fn thumbnail_frame(&self) -> u32 {
        let composition = self.composition();
        composition.frame_rate.frames_in_ms(THUMBNAIL_AT_MS).min(composition.frame_count.saturating_sub(1))
    }

    /// The contact sheet: two moments of every scene, labelled with scene and time.
    #[must_use]
    pub fn sheet(&self) -> RgbaFrame {
        sheet::draw(self, &mut KnownFrames::default())
    }

    /// The contact sheet, of which only what differs from the one before is drawn. `known` is that one's, made with the same
    /// fonts.
    #[must_use]
    pub fn sheet_again(&self, known: &mut KnownFrames) -> RgbaFrame {
        sheet::draw(self, known)
    }
}
