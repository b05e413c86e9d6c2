//! The settings of a worker: plain data, which the program makes from its configuration.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::admission::Admission;
use crate::job::RetryPolicy;
use crate::queue::Retention;

/// When a worker ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Never; a signal ends it.
    Stopped,
    /// When no job may be claimed any more.
    Drained,
    /// After one job, or at once if there is no job.
    Once,
}

/// The settings of one worker.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Number of jobs at the same time.
    pub concurrency: NonZeroUsize,
    /// Number of threads of one render.
    pub render_threads: NonZeroUsize,
    /// Memory that one render may address, in bytes.
    pub render_memory_bytes: u64,
    /// Maximum duration of one render.
    pub render_timeout: Duration,
    /// Free space of the spool below which no job is claimed, in bytes.
    pub min_free_bytes: u64,
    /// Folder with templates besides the built-in ones.
    pub templates: Option<PathBuf>,
    /// Folder of fonts for characters that no bundled one has.
    pub fonts: Option<PathBuf>,
    /// How long a lease lasts without a heartbeat.
    pub lease: Duration,
    /// Time between two heartbeats.
    pub heartbeat: Duration,
    /// Maximum duration of one claim.
    pub deadline: Duration,
    /// Time between two claims while the queue is empty.
    pub poll: Duration,
    /// Time between two runs of the tasks that compare rows with objects.
    pub reconcile: Duration,
    /// How long running jobs may go on after a request to stop.
    pub grace: Duration,
    /// Maximum running jobs of one company, over all workers.
    pub tenant_cap: u32,
    /// Maximum attempts per kind of failure.
    pub retry: RetryPolicy,
    /// Which quotes may become videos.
    pub admission: Admission,
    /// Whether pictures may come from private networks.
    pub allow_private_network: bool,
    /// Retention periods.
    pub retention: Retention,
    /// When the worker ends by itself.
    pub until: Until,
}
