//! Settings of everything that outlives one render: the database, the storage, the worker. Each is a flag or an
//! environment variable; the flag wins. This is their one place, and [`Effective`] prints them.

#[cfg(all(test, feature = "jobs"))]
mod documented_tests;
#[cfg(feature = "jobs")]
mod effective;
mod general;
#[cfg(feature = "jobs")]
mod settings;
#[cfg(feature = "jobs")]
mod span;
#[cfg(feature = "jobs")]
mod unknown;

#[cfg(feature = "jobs")]
pub(crate) use effective::{Effective, Origin};
pub(crate) use general::{FontsArgs, LogArgs};
#[cfg(feature = "jobs")]
pub(crate) use settings::{ConfigError, DatabaseArgs, EnqueueArgs, Settings, StorageArgs, WorkerArgs};
#[cfg(feature = "jobs")]
pub(crate) use unknown::warn_of_unknown_variables;
