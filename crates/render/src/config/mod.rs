//! Settings of everything that outlives one render: where the jobs are, where the videos go, how a worker behaves.
//! This is their one place. Each is a flag or an environment variable; the flag wins. [`Effective`] prints them.

#[cfg(test)]
mod documented_tests;
mod effective;
mod settings;
mod span;

pub(crate) use effective::{Effective, Origin};
pub(crate) use settings::{
    ConfigError, DatabaseArgs, EnqueueArgs, FontsArgs, LogArgs, Settings, StorageArgs, WorkerArgs,
};
