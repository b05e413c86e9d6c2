//! Why a worker could not start or go on.

use quotereel::PackError;

use super::spool::SpoolError;
use crate::queue::QueueError;

/// Why a worker could not start, or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The database failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The spool cannot be used.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// A template of the worker's folder is broken.
    #[error("template `{name}`: {reason}")]
    Template {
        /// Name of its folder.
        name: String,
        /// Why it cannot be used.
        reason: String,
    },
    /// The folder of fonts cannot be used.
    #[error(transparent)]
    Fonts(#[from] PackError),
    /// A worker that ends by itself ([`Until`](super::Until)) cannot take jobs.
    #[error("no job can be taken: {0}")]
    Blocked(String),
    /// The heartbeat's thread has ended because of a bug.
    #[error("the heartbeat has ended: its jobs are left to other workers")]
    HeartbeatEnded,
    /// The operating system refused something.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
}
