//! What an operator sees of a worker: the log lines of a job's life, metrics, and the health server.

pub mod health;
pub mod journal;
pub mod metrics;
