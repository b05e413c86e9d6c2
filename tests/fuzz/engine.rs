//! The modules that read foreign bytes, compiled from the sources of the product: everything below the encoder, and assets.
//!
//! Fuzz targets see this as `quotereel`. Databases, servers and encoders stay out: no target reaches them, and with the
//! sanitizer they take half an hour to compile.

#[path = "../../src/asset/mod.rs"]
pub mod asset;
#[path = "../../src/color.rs"]
pub mod color;
#[path = "../../src/crew.rs"]
pub mod crew;
#[path = "../../src/frame.rs"]
pub mod frame;
#[path = "../../src/geometry.rs"]
pub mod geometry;
#[path = "../../src/json.rs"]
pub mod json;
#[path = "../../src/layout/mod.rs"]
pub mod layout;
#[path = "../../src/locale/mod.rs"]
pub mod locale;
#[path = "../../src/palette.rs"]
pub mod palette;
#[path = "../../src/problem/mod.rs"]
pub mod problem;
#[path = "../../src/raster/mod.rs"]
pub mod raster;
#[path = "../../src/scene/mod.rs"]
pub mod scene;
#[path = "../../src/snapshot/mod.rs"]
pub mod snapshot;
#[path = "../../src/template/mod.rs"]
pub mod template;
#[path = "../../src/text/mod.rs"]
pub mod text;
#[path = "../../src/time.rs"]
pub mod time;
#[path = "../../src/timeline/mod.rs"]
pub mod timeline;
