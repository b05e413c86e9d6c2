//! Drawing: from a display list to pixels, and from pixels to still pictures.

pub mod raster;
pub mod shrink;
pub mod stills;
