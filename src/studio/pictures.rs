//! Pictures of a quote: loaded where the template shows them, reported where they fail.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::asset::{Policy, Source, load_all};
use crate::frame::RgbaFrame;
use crate::palette::{Palette, palette};
use crate::problem::{Problem, Problems};
use crate::snapshot::{AssetRef, Snapshot};
use crate::template::{LoadedPicture, Template};

/// Where a snapshot has its company's logo.
const LOGO: &str = "/company/logo";

/// Loaded pictures and where they belong.
pub(super) struct Pictures {
    /// The pictures.
    pub(super) frames: Vec<Arc<RgbaFrame>>,
    /// Their places in the snapshot.
    pub(super) by_pointer: BTreeMap<String, LoadedPicture>,
    /// What the company's logo is known by.
    pub(super) logo_colors: Option<Palette>,
}

/// Loads what `template` shows of `snapshot`; adds a warning for each picture that fails.
pub(super) fn load(snapshot: &Snapshot, template: &Template, policy: &Policy, warnings: &mut Problems) -> Pictures {
    let wanted: Vec<(String, &AssetRef)> =
        snapshot.asset_refs().into_iter().filter(|(pointer, _)| template.shows_picture(pointer)).collect();
    let sources: Vec<Source> = wanted.iter().map(|(_, asset)| source(asset)).collect();
    let mut pictures = Pictures { frames: Vec::new(), by_pointer: BTreeMap::new(), logo_colors: None };
    if sources.is_empty() {
        return pictures;
    }
    for (((pointer, _), source), loaded) in wanted.into_iter().zip(&sources).zip(load_all(&sources, policy)) {
        match loaded {
            Ok(frame) => {
                let size = frame.size();
                #[expect(clippy::cast_precision_loss, reason = "pictures have at most a few thousand px a side")]
                let aspect = size.width as f32 / size.height as f32;
                let picture = LoadedPicture { asset: pictures.frames.len(), aspect };
                if pointer == LOGO && snapshot.company.brand.is_none() {
                    pictures.logo_colors = palette(&frame);
                }
                pictures.frames.push(frame);
                pictures.by_pointer.insert(pointer, picture);
            }
            Err(error) => {
                let expected = "a PNG, JPEG, WebP or SVG picture";
                let problem = Problem::warning(error.code(), pointer, source.display_name(), expected);
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
