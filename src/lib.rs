//! quotereel turns a sales quotation into a short vertical video.

pub mod asset;
pub mod cli;
pub mod color;
pub mod convert;
pub mod encode;
pub mod frame;
pub mod geometry;
pub mod h264;
pub mod job;
pub mod layout;
pub mod locale;
pub mod pipeline;
pub mod probe;
pub mod problem;
pub mod raster;
pub mod scene;
pub mod snapshot;
pub mod storage;
pub mod store;
pub mod studio;
pub mod template;
pub mod text;
pub mod time;
pub mod timeline;
