//! Composing: from a template bound to a quote to a display list of layers with boxes in pixels.

pub mod layout;
pub mod scene;
pub mod text;
