//! The worker: what happens to a job between its claim and its end. One file per duty; the row itself is moved by
//! `store`, objects by `storage`.

mod admission;
mod render;
mod spool;

pub use admission::{Admission, admit, read_snapshot};
pub use render::{
    ChildLimits, Finding, Program, RenderEnd, RenderRequest, RenderTimes, RenderedFiles, Verdict, confine, render,
    serve,
};
pub use spool::{FinishedRender, JobFolder, NewRender, RenderedFile, Spool, SpoolError};
