//! Composition: the flat, resolved display list of every scene, and how it is built from a template and a quote.

mod build;
mod composition;
mod draft;
mod error;
mod findings;
mod flatten;
mod motion;
mod outline;
mod paging;
mod paint;
mod pieces;
mod scaled;
mod tighten;
mod timing;
mod trim;

pub use build::{Composed, Ingredients, compose};
pub use composition::{
    Composition, Content, Edge, Geometry, Isolated, Layer, MotionLink, Paint, PathSegment, Picture, Polyline,
    Primitive, Reveal, RoundedRect, Scene, Shadow, Shape, Stencil, Stop, Stroke, Text,
};
pub use error::ComposeError;
pub use findings::MAX_ENLARGEMENT;
