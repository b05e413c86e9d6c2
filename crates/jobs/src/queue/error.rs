//! Why a call to the queue failed.

use super::server_error::ServerError;

/// What the queue answers.
pub type Result<T, E = QueueError> = std::result::Result<T, E>;

/// Why a call to the queue failed.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The database does not answer, or the connection broke: trying again may help.
    #[error("{0}: the database is not available")]
    Unavailable(Box<dyn std::error::Error + Send + Sync>),
    /// The database answers that it can serve nobody now: it is read-only, full, out of memory or connections, starting or
    /// stopping. It passes, and says nothing about a job.
    #[error("{0}: the database cannot work now")]
    Hindered(Box<dyn std::error::Error + Send + Sync>),
    /// The schema is older or newer than this program.
    #[error("the database's schema is {found}, this program needs {needed}: run `render migrate`")]
    Schema {
        /// The schema's version in the database.
        found: String,
        /// The version that this program needs.
        needed: String,
    },
    /// The address of the database cannot be used.
    #[error("database `{url}`: {reason}")]
    Address {
        /// What was given, without its password.
        url: String,
        /// Why it cannot be used.
        reason: String,
    },
    /// A row has a value that no program of ours writes.
    #[error("job row {id}: column `{column}` has `{found}`, which is not {expected}")]
    Row {
        /// Id of the row.
        id: String,
        /// Name of the column.
        column: &'static str,
        /// The value found, shortened.
        found: String,
        /// The values allowed.
        expected: &'static str,
    },
    /// A value that the schema's constraints refuse.
    #[error("the database refuses `{constraint}`: {detail}")]
    Constraint {
        /// Name of the constraint.
        constraint: String,
        /// The database's message.
        detail: String,
    },
    /// Anything else, which nobody expected. It says nothing about a job.
    #[error("{0}: an unexpected error of the database")]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl QueueError {
    /// Whether the same call may work a moment later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Hindered(_))
    }

    /// Whether the error is about the values of a row. No other error says anything about a job, and none may count
    /// against it.
    #[must_use]
    pub const fn is_about_values(&self) -> bool {
        matches!(self, Self::Row { .. } | Self::Constraint { .. })
    }

    /// Whether the database answered, if only with an error: it is there.
    #[must_use]
    pub const fn is_answer(&self) -> bool {
        !matches!(self, Self::Unavailable(_) | Self::Address { .. })
    }

    /// In words for everybody: no id, no value of a row.
    #[must_use]
    pub fn without_values(&self) -> String {
        let cause = |error: &(dyn std::error::Error + Send + Sync + 'static)| match error.downcast_ref::<ServerError>()
        {
            Some(error) => error.without_values(),
            None => error.to_string(),
        };
        match self {
            Self::Unavailable(error) => format!("{}: the database is not available", cause(&**error)),
            Self::Hindered(error) => format!("{}: the database cannot work now", cause(&**error)),
            Self::Other(error) => match error.downcast_ref::<ServerError>() {
                Some(error) => error.without_values(),
                None => "an unexpected error of the database".to_owned(),
            },
            Self::Row { column, .. } => format!("a row has an unexpected value in its column `{column}`"),
            Self::Constraint { constraint, .. } => format!("the database refuses `{constraint}`"),
            Self::Schema { .. } | Self::Address { .. } => self.to_string(),
        }
    }
}

/// Why an enqueue is refused.
#[derive(Debug, thiserror::Error)]
pub enum EnqueueError {
    /// The same entity was rendered with the same template a moment ago, or the same job is just being cancelled.
    #[error("a video of this quote with this template was asked for a moment ago: wait {wait_seconds} s")]
    Cooldown {
        /// Whole seconds until it is allowed, 1 or more.
        wait_seconds: u64,
    },
    /// The company has no credits left.
    #[error("no credits left: {available} available, 1 needed")]
    NoCredits {
        /// Balance minus frozen.
        available: i64,
    },
    /// Too many jobs of this company wait.
    #[error("{queued} videos of this company wait already; at most {allowed} may")]
    QueueFull {
        /// Number of queued jobs.
        queued: u64,
        /// Maximum number of queued jobs.
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
        /// Maximum size in bytes.
        allowed_bytes: usize,
    },
    /// A value that no job takes.
    #[error("no job takes this {what}: {}", expected_of(.what))]
    Invalid {
        /// Which, by its column: `entity_id`.
        what: String,
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
        /// Status of the job.
        status: crate::job::Status,
    },
    /// The chain of retries is too long.
    #[error("the job was retried {retries} times already; at most {allowed} are allowed")]
    TooManyRetries {
        /// Number of retries so far.
        retries: u32,
        /// Maximum number of retries.
        allowed: u32,
    },
    /// The database failed.
    #[error(transparent)]
    Queue(QueueError),
}

impl From<QueueError> for EnqueueError {
    fn from(error: QueueError) -> Self {
        let refused = match &error {
            QueueError::Constraint { constraint, .. } => constraint.strip_prefix("video_render_jobs_"),
            _ => None,
        };
        match refused.and_then(|refused| refused.strip_suffix("_check")) {
            Some(what) => Self::Invalid { what: what.to_owned() },
            None => Self::Queue(error),
        }
    }
}

/// What a job takes as the value of that column.
fn expected_of(column: &str) -> &'static str {
    match column {
        "entity_id" => "1 to 200 printable characters on one line, no blank at either end",
        "company_id" | "organization_id" => "1 to 128 of the characters A-Z a-z 0-9 . _ : -, the first one not a dot",
        "entity_type" => "1 to 32 of the characters A-Z 0-9 _, the first one a letter",
        "template" => "1 to 128 characters",
        "idempotency_key" | "created_by_id" => "1 to 255 characters",
        "input_json" => "a JSON object without the character U+0000",
        _ => "see the table's constraints",
    }
}
