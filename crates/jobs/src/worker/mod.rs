//! The worker: claims jobs, carries each to its end, and keeps house. One file per duty; the rows are `store`'s, the
//! objects `storage`'s, the pictures `studio`'s.
//!
//! [`run`] is the loop, `process` the life of one job, `heart` keeps its lease, `duties` is the round of maintenance.

mod admission;
mod duties;
mod gate;
mod heart;
mod making;
mod orphans;
mod outputs;
mod persist;
mod process;
mod reconciler;
mod render;
mod retention;
mod run;
mod settings;
mod shop;
mod spool;
mod spool_round;
mod templates;
mod upload;
mod webhooks;

pub use admission::{Admission, admit, read_snapshot};
pub use render::{
    ChildLimits, Finding, Program, RenderEnd, RenderRequest, RenderTimes, RenderedFiles, Verdict, confine, render,
    serve,
};
pub use run::{Ended, Means, Round, WorkerError, reconcile, run};
pub use settings::{Until, WorkerSettings};
pub use spool::{FinishedRender, JobFolder, NewRender, RenderedFile, Spool, SpoolError};
