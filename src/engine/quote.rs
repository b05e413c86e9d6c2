//! A quote and how its video is to be made: the request that everything starts with.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::sound::Sound;
use super::{Error, TemplateChoice, default_threads};
use crate::ground::geometry::Size;
use crate::ground::problem::Problems;
use crate::ground::time::FrameRate;
use crate::quote::asset::Limits;
use crate::quote::snapshot::{ParseOptions, Parsed, parse_with};

/// The template of a quote for which none was chosen.
const DEFAULT_TEMPLATE: &str = "quote-summary";

/// Most bytes read of a quote's file: far above what its reader accepts, so that it can say how long the document is.
const MAX_FILE_BYTES: u64 = 32 << 20;

/// Canvas sizes a video can be made at.
pub const SIZES: [Size; 4] = [Size::PORTRAIT, Size::FEED, Size::SQUARE, Size::LANDSCAPE];

/// A sales quotation and how its video is to be made: template, size, fonts, sound.
///
/// Nothing is checked before [`Quote::check`] or [`Quote::prepare`]. The same quote prepares any number of videos.
#[derive(Clone, Debug)]
pub struct Quote {
    pub(super) json: Vec<u8>,
    pub(super) base_dir: Option<PathBuf>,
    pub(super) keyed_files: HashMap<String, PathBuf>,
    pub(super) template: TemplateChoice,
    pub(super) params: BTreeMap<String, String>,
    pub(super) fonts: Option<PathBuf>,
    pub(super) size: Size,
    pub(super) frame_rate: FrameRate,
    pub(super) sound: Sound,
    pub(super) allow_private_network: bool,
    pub(super) limits: Limits,
    pub(super) threads: NonZeroUsize,
}

impl Quote {
    /// The quote in the file at `path`. Pictures that it names by file lie relative to the file's folder.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let json = read_at_most(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self::from_json(json).base_dir(folder))
    }

    /// A quote from the bytes of its JSON. It may not name pictures by file unless [`Quote::base_dir`] says where they
    /// lie.
    pub fn from_json(json: impl Into<Vec<u8>>) -> Self {
        Self {
            json: json.into(),
            base_dir: None,
            keyed_files: HashMap::new(),
            template: DEFAULT_TEMPLATE.into(),
            params: BTreeMap::new(),
            fonts: None,
            size: Size::PORTRAIT,
            frame_rate: FrameRate::DEFAULT,
            sound: Sound::Template,
            allow_private_network: false,
            limits: Limits::default(),
            threads: default_threads(),
        }
    }

    /// The folder that pictures given by file are relative to and may not leave.
    #[must_use]
    pub fn base_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.base_dir = Some(folder.into());
        self
    }

    /// Files that hold the pictures given by key, by key; see [`asset_keys`](super::asset_keys). A key without a file
    /// becomes a placeholder, with a warning.
    #[must_use]
    pub fn keyed_files(mut self, files: HashMap<String, PathBuf>) -> Self {
        self.keyed_files = files;
        self
    }

    /// The template: the name of a built-in one, or a [`Path`] to a folder. Default: `quote-summary`.
    #[must_use]
    pub fn template(mut self, template: impl Into<TemplateChoice>) -> Self {
        self.template = template.into();
        self
    }

    /// A parameter of the template, written as on the command line. Parameters not given keep their defaults.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    /// Several parameters of the template by name; see [`Quote::param`].
    #[must_use]
    pub fn params<N: Into<String>, V: Into<String>>(mut self, params: impl IntoIterator<Item = (N, V)>) -> Self {
        self.params.extend(params.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// A folder of fonts for characters that no bundled font has, such as Chinese, Japanese and Korean ones.
    #[must_use]
    pub fn fonts(mut self, folder: impl Into<PathBuf>) -> Self {
        self.fonts = Some(folder.into());
        self
    }

    /// Canvas size in px, both sides even. Default: [`Size::PORTRAIT`]; the built-in templates know [`SIZES`].
    #[must_use]
    pub fn size(mut self, size: Size) -> Self {
        self.size = size;
        self
    }

    /// Frames per second. Default: [`FrameRate::DEFAULT`], 30.
    #[must_use]
    pub fn frame_rate(mut self, frame_rate: FrameRate) -> Self {
        self.frame_rate = frame_rate;
        self
    }

    /// The soundtrack. Default: that of the template, which may have none.
    #[must_use]
    pub fn sound(mut self, sound: Sound) -> Self {
        self.sound = sound;
        self
    }

    /// Whether pictures may be fetched from private networks and any port. Default: no.
    #[must_use]
    pub fn allow_private_network(mut self, allow: bool) -> Self {
        self.allow_private_network = allow;
        self
    }

    /// Limits of pictures: bytes, pixels, time.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Threads that prepare and draw. The result is the same for any number. Default: as many as the process may use.
    #[must_use]
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// Checks the quote's JSON and nothing else: no template, no picture, no network.
    ///
    /// # Errors
    /// Every problem at once, warnings included, where one of them is an error.
    pub fn check(&self) -> Result<Parsed, Problems> {
        parse_with(&self.json, ParseOptions { allow_files: self.base_dir.is_some() })
    }
}

fn read_at_most(path: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_FILE_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}
