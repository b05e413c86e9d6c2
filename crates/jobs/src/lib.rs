//! Render jobs: the queue in a database, object storage, the worker that renders, and what an operator sees of it.

mod digest;
pub mod job;
mod lock;
pub mod objects;
pub mod observe;
pub mod queue;
pub mod worker;
