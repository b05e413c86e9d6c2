//! Templates: the document as written, its checks, and its binding to a snapshot.
//!
//! `document` is what an author writes, `check` finds every mistake that needs no snapshot, `bind` evaluates a scene
//! for one snapshot into `bound`. Where things land is decided by layout, above.

mod bind;
mod bound;
mod budget;
mod builtin;
mod check;
mod checked;
mod context;
mod document;
mod error;
mod export;
mod expression;
mod fields;
mod files;
mod filters;
mod format;
mod icons;
mod isolates;
mod json;
mod lets;
mod look;
mod numbers;
mod overrides;
mod params;
mod parts;
mod places;
mod read;
mod sandbox;
mod shared;
mod strict;
mod strings;
mod theme;
mod value;
mod words;

pub use bind::{Binder, Page, Paging, PlannedScene};
pub use bound::{
    Align, BoundCount, BoundGroup, BoundImage, BoundKeyframe, BoundKeyframes, BoundKind, BoundMask, BoundMonogram,
    BoundMotion, BoundNode, BoundPaint, BoundPassage, BoundPlacement, BoundScene, BoundShadow, BoundShape,
    BoundSurface, BoundText, BoundTransition, Direction, DurationRange, ImageAlign, ImageFit, Justify, Length,
    MaskShape, Piecewise, Preset, ShapeKind, TextAlign, TransitionKind,
};
pub use builtin::{builtin, builtin_files, builtin_names};
pub use checked::Template;
pub use context::{Bindings, LoadedPicture};
pub use document::{Document, Param, ParamKind, ParamValue};
pub use error::{TemplateError, TemplateProblem};
pub use export::exported;
pub use files::{DOCUMENT_FILE, MAX_FILE_BYTES, PARTS_FOLDER, STRINGS_FOLDER, TemplateFiles};
pub use format::{COLUMNS, format};
pub use icons::icon_names;
pub use params::ParamError;
pub use shared::shared_parts;
pub use theme::safe_area;

/// The JSON Schema of `template.json`, for editors.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Document).to_value();
    crate::ground::json::ranges_for_formats(&mut schema);
    numbers::allow_in(&mut schema);
    schema
}
