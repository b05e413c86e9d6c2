//! Pictures of a quote: loaded where the template shows them, reported where they fail.

use std::collections::{BTreeMap, HashMap};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::compose::scene::MAX_ENLARGEMENT;
use crate::ground::frame::RgbaFrame;
use crate::ground::problem::{Problem, Problems};
use crate::quote::asset::{AssetError, Policy, Source, Trimmed, is_clear, load_all, without_margins};
use crate::quote::logo::{LogoLook, is_cut_out, is_on_white, look};
use crate::quote::snapshot::{AssetRef, Snapshot};
use crate::template::{LoadedPicture, Template};

/// Width of a canvas that a picture has to fill, in px.
const SCREEN_PX: f32 = 1080.0;
/// Where a snapshot has its company's logo.
const LOGO: &str = "/company/logo";

/// Loaded pictures and where they belong.
pub(super) struct Pictures {
    pub(super) frames: Vec<Arc<RgbaFrame>>,
    /// Their places in the snapshot.
    pub(super) by_pointer: BTreeMap<String, LoadedPicture>,
    /// What the company's logo looks like.
    pub(super) logo: LogoLook,
}

/// Pictures loaded for an earlier video, so that the next one loads only what is new or has changed. A URL is fetched
/// once; a file is read again when its length, its time or the file itself has changed.
#[derive(Debug, Default)]
pub struct KnownPictures {
    loaded: HashMap<Source, Known>,
    logo: Option<Logo>,
}

/// The last logo.
#[derive(Debug)]
struct Logo {
    loaded: Arc<RgbaFrame>,
    /// The same without margins; `None` where nothing of it can be seen.
    shown: Option<Arc<RgbaFrame>>,
    look: LogoLook,
}

#[derive(Clone, Debug)]
struct Known {
    state: Option<FileState>,
    frame: Arc<RgbaFrame>,
}

/// Changes whenever a file does: its inode number, length and time.
type FileState = (u64, u64, SystemTime);

impl KnownPictures {
    /// One result for each of `sources`, loaded where it is not known; forgets what is not among them.
    fn load(&mut self, sources: &[Source], policy: &Policy) -> Vec<Result<Arc<RgbaFrame>, AssetError>> {
        let states: Vec<Option<FileState>> = sources.iter().map(|source| file_state(source, policy)).collect();
        let mut before = std::mem::take(&mut self.loaded);
        for (source, state) in sources.iter().zip(&states) {
            if let Some((source, known)) = before.remove_entry(source).filter(|(_, known)| known.state == *state) {
                self.loaded.insert(source, known);
            }
        }
        let missing: Vec<Source> = sources.iter().filter(|source| !self.loaded.contains_key(source)).cloned().collect();
        let mut loaded = load_all(&missing, policy).into_iter();
        let mut results = Vec::with_capacity(sources.len());
        for source in sources {
            results.push(match self.loaded.get(source) {
                Some(known) if !missing.contains(source) => Ok(Arc::clone(&known.frame)),
                _ => loaded.next().expect("one result for each that is missing"),
            });
        }
        for ((source, state), result) in sources.iter().zip(states).zip(&results) {
            if let Ok(frame) = result {
                self.loaded.insert(source.clone(), Known { state, frame: Arc::clone(frame) });
            }
        }
        results
    }

    /// What there is to know about a logo.
    fn logo(&mut self, loaded: &Arc<RgbaFrame>) -> &Logo {
        let known = self.logo.take().filter(|known| Arc::ptr_eq(&known.loaded, loaded));
        self.logo.insert(known.unwrap_or_else(|| {
            let shown = match without_margins(loaded) {
                Trimmed::Whole => Some(Arc::clone(loaded)),
                Trimmed::Cropped(cropped) => Some(Arc::new(cropped)),
                Trimmed::Blank => None,
            };
            Logo { loaded: Arc::clone(loaded), look: shown.as_deref().map(look).unwrap_or_default(), shown }
        }))
    }
}

/// The state of a source that is a file, before it is read.
fn file_state(source: &Source, policy: &Policy) -> Option<FileState> {
    let path = match source {
        Source::File(path) => policy.base_dir.as_ref()?.join(path),
        Source::Key(key) => policy.keyed_files.get(key)?.clone(),
        Source::Url(_) | Source::Data(_) => return None,
    };
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.ino(), metadata.len(), metadata.modified().ok()?))
}

/// Loads what `template` shows of `snapshot`; adds a warning for each picture that fails.
pub(super) fn load(
    snapshot: &Snapshot,
    template: &Template,
    policy: &Policy,
    known: &mut KnownPictures,
    warnings: &mut Problems,
) -> Pictures {
    let wanted: Vec<(String, &AssetRef)> =
        snapshot.asset_refs().into_iter().filter(|(pointer, _)| template.shows_picture(pointer)).collect();
    let sources: Vec<Source> = wanted.iter().map(|(_, asset)| source(asset)).collect();
    let mut pictures = Pictures { frames: Vec::new(), by_pointer: BTreeMap::new(), logo: LogoLook::default() };
    if sources.is_empty() {
        return pictures;
    }
    for (((pointer, _), source), loaded) in wanted.into_iter().zip(&sources).zip(known.load(&sources, policy)) {
        let shown = loaded.and_then(|frame| {
            let blank =
                |reason: &str| AssetError::Blank { source_name: source.display_name(), reason: reason.to_owned() };
            if is_clear(&frame) {
                return Err(blank("all of it is clear"));
            }
            if pointer != LOGO {
                return Ok(frame);
            }
            let logo = known.logo(&frame);
            pictures.logo = logo.look;
            logo.shown.clone().ok_or_else(|| blank("all of it is white"))
        });
        match shown {
            Ok(frame) => {
                let size = frame.size();
                let [width, height] = size.as_f32();
                let (is_cut_out, is_on_white) = (is_cut_out(&frame), is_on_white(&frame));
                // A thing by itself stands whole, a photograph is cropped.
                let side = if is_cut_out || is_on_white { width.max(height) } else { width.min(height) };
                let picture = LoadedPicture {
                    asset: pictures.frames.len(),
                    aspect: width / height,
                    is_cut_out,
                    is_on_white,
                    is_small: side * MAX_ENLARGEMENT < SCREEN_PX,
                };
                pictures.by_pointer.insert(pointer, picture);
                pictures.frames.push(frame);
            }
            Err(error) => {
                let expected = "a PNG, JPEG, WebP or SVG picture";
                let problem = Problem::warning(error.warning(), pointer, source.display_name(), expected);
                warnings.push(problem.with_hint(format!("{error}; a placeholder takes its place")));
            }
        }
    }
    pictures
}

/// Keys of the objects that a video of `snapshot` by `template` shows, each once, in reading order: what to fetch from
/// object storage before a render.
#[must_use]
pub fn asset_keys<'a>(snapshot: &'a Snapshot, template: &Template) -> Vec<&'a str> {
    let mut keys = Vec::new();
    for (pointer, asset) in snapshot.asset_refs() {
        if let AssetRef::Key(key) = asset
            && template.shows_picture(&pointer)
            && !keys.contains(&key.as_str())
        {
            keys.push(key);
        }
    }
    keys
}

fn source(asset: &AssetRef) -> Source {
    match asset {
        AssetRef::Url(url) => Source::Url(url.clone()),
        AssetRef::Data(data) => Source::Data(data.clone()),
        AssetRef::Key(key) => Source::Key(key.clone()),
        AssetRef::File(file) => Source::File(PathBuf::from(file)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::stills::png;
    use crate::ground::geometry::Size;

    #[test]
    fn only_what_changed_is_loaded_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let put = |name: &str, side: u32| {
            std::fs::write(folder.path().join(name), png(&RgbaFrame::new(Size::new(side, side))).expect("encodes"))
                .expect("written");
        };
        put("a.png", 2);
        put("b.png", 3);
        let policy = Policy { base_dir: Some(folder.path().to_owned()), ..Policy::default() };
        let source = |name: &str| Source::File(name.into());
        let sources = [source("a.png"), source("b.png"), source("a.png"), source("c.png")];
        let mut known = KnownPictures::default();
        let first = known.load(&sources, &policy);
        let [Ok(a), Ok(b), Ok(again), Err(_)] = first.as_slice() else { panic!("{first:?}") };
        assert!(Arc::ptr_eq(a, again));
        put("b.png", 40);
        put("c.png", 5);
        let second = known.load(&sources, &policy);
        let [Ok(same), Ok(changed), Ok(_), Ok(come)] = second.as_slice() else { panic!("{second:?}") };
        assert!(Arc::ptr_eq(a, same) && !Arc::ptr_eq(b, changed));
        assert_eq!((changed.size(), come.size()), (Size::new(40, 40), Size::new(5, 5)));
    }
}
