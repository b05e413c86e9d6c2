//! Why a call to the queue failed.

/// What the queue answers.
pub type Result<T, E = QueueError> = std::result::Result<T, E>;

/// A store that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The database does not answer, or broke off: trying again may help.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The schema is older or newer than this program.
    #[error("the database's schema is {found}, this program needs {needed}: run `render migrate`")]
    Schema {
        /// Version found.
        found: String,
        /// Version needed.
        needed: String,
    },
    /// The address of the database cannot be used.
    #[error("database `{url}`: {reason}")]
    Address {
        /// What was given, without its password.
        url: String,
        /// Why not.
        reason: String,
    },
    /// A row has a value that no program of ours writes.
    #[error("job row {id}: column `{column}` has `{found}`, which is not {expected}")]
    Row {
        /// Which row.
        id: String,
        /// Which column.
        column: &'static str,
        /// What stands there.
        found: String,
        /// What may stand there.
        expected: &'static str,
    },
    /// A value that the schema's constraints refuse.
    #[error("the database refuses `{constraint}`: {detail}")]
    Constraint {
        /// Name of the constraint.
        constraint: String,
        /// What the database says.
        detail: String,
    },
    /// Anything else, a bug most likely.
    #[error("the database: {0}")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl QueueError {
    /// Whether the same call may work a moment later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// An enqueue that is refused.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// The same entity was rendered a moment ago, or the same job is just being called off.
    #[error("a video of this quote was asked for a moment ago: wait {wait_seconds} s")]
    Cooldown {
        /// Whole seconds until it is allowed, 1 or more.
        wait_seconds: u64,
    },
    /// No credits.
    #[error("no credits left: {available} available, 1 needed")]
    NoCredits {
        /// Balance minus frozen.
        available: i64,
    },
    /// Too many jobs of this company wait.
    #[error("{queued} videos of this company wait already; at most {allowed} may")]
    QueueFull {
        /// How many wait.
        queued: u64,
        /// How many may.
        allowed: u32,
    },
    /// The idempotency key was used for another request.
    #[error(
        "idempotency key `{key}` was used for another quote, template or snapshot: use a new key for a new request"
    )]
    KeyReused {
        /// The key.
        key: String,
    },
    /// The snapshot is larger than any reader of it takes.
    #[error("the snapshot is larger than {allowed_bytes} bytes")]
    SnapshotTooLarge {
        /// The most that is taken.
        allowed_bytes: usize,
    },
    /// An equal job of the same company is under way for another organization, whose row this one may not see.
    #[error("this video is being made for another organization of the company: ask again when it is done")]
    OtherOrganization,
    /// A retry of a job that the tenant does not have.
    #[error("no such job")]
    NotFound,
    /// A retry of a job that has not failed.
    #[error("the job is {status}: only a failed or cancelled one can be retried")]
    NotRetriable {
        /// Its status.
        status: crate::job::Status,
    },
    /// The chain of retries is too long.
    #[error("the job was retried {retries} times already; at most {allowed} are allowed")]
    TooManyRetries {
        /// So far.
        retries: u32,
        /// Allowed.
        allowed: u32,
    },
    /// The store failed.
    #[error(transparent)]
    Queue(#[from] QueueError),
}
