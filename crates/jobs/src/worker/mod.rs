//! The worker: claims jobs, processes each to its end, and runs the maintenance tasks. The rows belong to `queue`,
//! the files to `objects`, the pictures to the engine.
//!
//! [`run`] is the loop, `process` the life of one job, `heartbeat` keeps its lease, `maintenance` runs the periodic tasks.

mod acquire;
mod admission;
mod circuit_breaker;
mod context;
mod error;
mod heartbeat;
mod interrupt;
mod maintenance;
mod outage;
mod outcome;
mod persist;
mod process;
mod render;
mod run;
mod settings;
mod slots;
mod spool;
mod storage_watch;
mod templates;
mod upload;

pub use admission::{Admission, admit, read_snapshot};
pub use error::WorkerError;
pub use outcome::{JobOutcome, JobReport};
pub use render::{
    ChildLimits, Finding, NotRendered, Program, RenderRequest, RenderTimes, RenderedFiles, Verdict, confine, render,
    serve,
};
pub use run::{Resources, TaskReport, reconcile, run};
pub use settings::{Until, WorkerSettings};
pub use spool::{FinishedRender, JobFolder, NewRender, RenderedFile, Spool, SpoolError};
pub use templates::template_names;
