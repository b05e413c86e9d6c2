//! A job as its row has it, and what is needed to make one.

use std::sync::Arc;

use ::time::OffsetDateTime;
use serde::Serialize;
use serde_json::Value;

use super::failure::ErrorClass;
use super::identity::{JobId, LeaseEpoch, TenantScope, WorkerId};
use super::state::{Stage, Status};

/// A row of `video_render_jobs`. Times are the database's, in UTC.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Id of the job.
    pub id: JobId,
    /// The tenant that owns it.
    #[serde(flatten)]
    pub scope: TenantScope,
    /// Kind of thing that is shown; `QUOTE`.
    pub entity_type: String,
    /// Id of the entity, such as the quote's.
    pub entity_id: String,
    /// Name of the template.
    pub template: String,
    /// The snapshot's JSON, shared and not yet parsed; `None` in lists, in maintenance's answers, and where the row's cannot
    /// be read. Not printed: it may be megabytes.
    #[serde(skip)]
    pub input: Option<Arc<str>>,
    /// SHA-256 of the snapshot in the store's canonical form, hexadecimal.
    pub snapshot_hash: String,
    /// What the caller gave so that a repeated request finds the same job.
    pub idempotency_key: Option<String>,
    /// The requesting user.
    pub created_by_id: Option<String>,
    /// The failed job that this one tries again.
    pub retry_of: Option<JobId>,

    /// Status of the job.
    pub status: Status,
    /// The next stage of the work.
    pub stage: Stage,
    /// Progress in percent, 0 to 100.
    pub progress: u8,
    /// Number of claims, not counting those released without work.
    pub attempts: u32,
    /// Number of renders begun.
    pub render_attempts: u32,
    /// Number of uploads begun.
    pub upload_attempts: u32,
    /// Times that it was taken from a dead worker, by the reconciler or by whoever adopted its finished file.
    pub rescue_count: u32,
    /// The job is not claimed before this time.
    #[serde(with = "::time::serde::rfc3339")]
    pub run_after: OffsetDateTime,
    /// When a tenant asked to cancel.
    #[serde(with = "::time::serde::rfc3339::option")]
    pub cancel_requested_at: Option<OffsetDateTime>,
    /// Class of the last failure.
    pub error_class: Option<ErrorClass>,
    /// Code of the last failure, a stable word.
    pub error_code: Option<String>,
    /// What the customer may read, in the snapshot's language.
    pub error_message: Option<String>,

    /// Number of claims; guards every write.
    pub lease_epoch: LeaseEpoch,
    /// When the lease ends without a heartbeat.
    #[serde(with = "::time::serde::rfc3339::option")]
    pub lease_expires_at: Option<OffsetDateTime>,
    /// The worker that holds the lease.
    pub worker_id: Option<WorkerId>,
    /// When it ends whatever the heartbeat says.
    #[serde(with = "::time::serde::rfc3339::option")]
    pub deadline_at: Option<OffsetDateTime>,
    /// The spool in which the finished file waits for its upload.
    pub spool_id: Option<String>,

    /// The video, of a succeeded job.
    #[serde(flatten)]
    pub output: Option<JobOutput>,
    /// When retention removed the video.
    #[serde(with = "::time::serde::rfc3339::option")]
    pub output_expired_at: Option<OffsetDateTime>,

    /// When it was enqueued.
    #[serde(with = "::time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was first claimed.
    #[serde(with = "::time::serde::rfc3339::option")]
    pub started_at: Option<OffsetDateTime>,
    /// When it ended.
    #[serde(with = "::time::serde::rfc3339::option")]
    pub finished_at: Option<OffsetDateTime>,
    /// When the row last changed.
    #[serde(with = "::time::serde::rfc3339")]
    pub updated_at: OffsetDateTime,
}

/// What a succeeded job made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobOutput {
    /// Object key of the video.
    pub output_key: String,
    /// SHA-256 of the video, hexadecimal.
    pub output_sha256: String,
    /// Size of the video in bytes.
    pub output_bytes: u64,
    /// Length of the video in milliseconds.
    pub output_duration_ms: u64,
    /// Object key of the thumbnail.
    pub thumbnail_key: String,
    /// Engine and template that made it; equal versions make equal videos of equal snapshots.
    pub render_version: String,
}

/// A job to be enqueued.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    /// Kind of thing that is shown; `QUOTE`.
    pub entity_type: String,
    /// Which one, the quote's id.
    pub entity_id: String,
    /// Name of the template.
    pub template: String,
    /// The snapshot, validated.
    pub input: Value,
    /// Finds the same job when the same request comes again.
    pub idempotency_key: Option<String>,
    /// The requesting user.
    pub created_by_id: Option<String>,
}

/// An event of a job's history, never changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobEvent {
    /// Id of the job.
    pub job_id: JobId,
    /// Kind of event.
    pub kind: EventKind,
    /// Status before; absent for the first event.
    pub old_status: Option<Status>,
    /// Status after.
    pub new_status: Status,
    /// Who did it.
    pub source: EventSource,
    /// Ties together what one request or one claim did.
    pub correlation_id: String,
    /// Further facts that tenants may read: epoch, attempt, class and code of a failure, fixed words; nothing of the
    /// system's inside.
    pub detail: Value,
    /// When.
    #[serde(with = "::time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// As the row spells it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The one of that spelling.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

named! {
    /// What happened to a job.
    EventKind {
        /// It was enqueued.
        Requested = "VIDEO_RENDER_REQUESTED",
        /// A worker claimed it.
        Started = "VIDEO_RENDER_STARTED",
        /// The video is there.
        Succeeded = "VIDEO_RENDER_SUCCEEDED",
        /// It failed for good.
        Failed = "VIDEO_RENDER_FAILED",
        /// It was called off.
        Cancelled = "VIDEO_RENDER_CANCELLED",
        /// It returns to the queue: a failure that may pass, a release, or a new row for a failed one.
        Retried = "VIDEO_RENDER_RETRIED",
        /// The reconciler corrected it.
        Reconciled = "VIDEO_RENDER_RECONCILED",
    }
}

named! {
    /// Who moved a job.
    EventSource {
        /// A tenant, by command, API or SQL function.
        Tenant = "tenant",
        /// The worker that holds the lease.
        Worker = "worker",
        /// The reconciler.
        Reconciler = "reconciler",
        /// An operator by hand.
        Operator = "operator",
    }
}
