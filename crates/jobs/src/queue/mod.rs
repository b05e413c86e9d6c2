//! The queue: all SQL of the project, for PostgreSQL and SQLite, behind the traits [`Tenant`], [`Queue`] and
//! [`Maintenance`]. What a row means is defined in `job`; what is done about it, in `worker`.
//!
//! Both databases are held to the same behaviour by one conformance suite, `tests/jobs/conformance/`. Only the
//! database's clock counts: no function takes a time of day, only durations.

mod address;
mod connect;
mod error;
pub mod postgres;
mod roles;
mod server_error;
mod sqlite;
mod types;

pub use address::without_password;
pub use connect::connect;
pub use error::{EnqueueError, QueueError, Result};
pub use roles::{Database, HeartbeatConnection, Maintenance, Queue, Tenant};
pub use sqlite::SqliteDatabase;
pub use types::{
    AdoptRequest, CancelOutcome, ClaimRequest, Claimed, Credits, Deleted, EnqueueRules, Enqueued, Expired, ExpiredHow,
    Expiry, HeartbeatAnswer, Held, HeldLease, JobFilter, MaintenanceRun, ObjectUse, Page, Pooling, QueueStats,
    Retention, SpoolHold, StoredOutput, StuckRow, TemplateVersion, WebhookAttempt, WebhookDelivery, WebhookEndpoint,
};
