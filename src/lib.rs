//! quotereel turns a sales quotation into a short vertical video.

pub mod cli;
pub mod color;
pub mod frame;
pub mod geometry;
pub mod locale;
pub mod problem;
pub mod scene;
pub mod snapshot;
pub mod template;
pub mod text;
pub mod time;
pub mod timeline;
