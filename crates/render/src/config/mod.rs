//! Settings of everything that outlives one render: where the jobs are, where the videos go, how a worker behaves.
//! This is their one place. Each is a flag or an environment variable; the flag wins. [`Effective`] prints them.

mod effective;
mod settings;
mod span;

pub use effective::{Effective, Origin};
pub use settings::{ConfigError, DatabaseArgs, EnqueueArgs, FontsArgs, LogArgs, Settings, StorageArgs, WorkerArgs};
pub use span::{Span, SpanError};
