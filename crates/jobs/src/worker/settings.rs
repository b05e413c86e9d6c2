//! How a worker behaves: plain data, made by the program from its configuration.

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
    /// After one job, or at once where there is none.
    Once,
}

/// The settings of one worker.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Jobs at the same time.
    pub concurrency: NonZeroUsize,
    /// Threads of one render.
    pub render_threads: NonZeroUsize,
    /// Memory that one render may address, in bytes.
    pub render_memory_bytes: u64,
    /// How long one render may last.
    pub render_timeout: Duration,
    /// Free space of the spool below which no job is claimed, in bytes.
    pub min_free_bytes: u64,
    /// Folder of further templates.
    pub templates: Option<PathBuf>,
    /// Folder of fonts for characters that no bundled one has.
    pub fonts: Option<PathBuf>,
    /// How long a lease lasts without a heartbeat.
    pub lease: Duration,
    /// Time between two heartbeats.
    pub heartbeat: Duration,
    /// How long one claim may last.
    pub deadline: Duration,
    /// Time between two looks at an empty queue.
    pub poll: Duration,
    /// Time between two rounds of reconciling.
    pub reconcile: Duration,
    /// How long running jobs may go on after a request to stop.
    pub grace: Duration,
    /// Running jobs that one company may have, over all workers.
    pub tenant_cap: u32,
    /// How often what is tried.
    pub retry: RetryPolicy,
    /// Which quotes become videos.
    pub admission: Admission,
    /// Whether pictures may come from private networks.
    pub allow_private_network: bool,
    /// How long what is kept.
    pub retention: Retention,
    /// When to end.
    pub until: Until,
}
