//! What object storage cannot do, whose fault that is, and what to do about it. No message has a secret in it.

use std::fmt;
use std::io;
use std::path::Path;

use super::prefix::TENANTS_PREFIX;

/// What a failure means to whoever has a file to store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StorageErrorClass {
    /// May work the next time: try again after a pause.
    Transient,
    /// Works for no file until somebody sets something right: pause all uploads, alert, count no attempt.
    Refused,
    /// The object is not there.
    Missing,
    /// The file or the object is not the one that was meant.
    Mismatch,
    /// No space is left.
    Full,
    /// The request itself cannot be granted, now or later.
    Invalid,
}

/// Why storage refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// No keys, unknown keys, or a wrong secret.
    Keys,
    /// Temporary keys that have run out.
    ExpiredKeys,
    /// Keys that lack a right.
    Rights,
    /// A bucket that is not there.
    Bucket,
    /// A clock that is more than 15 min off.
    Clock,
    /// A bucket in another region, or another endpoint.
    Region,
    /// A certificate that is not trusted.
    Certificate,
    /// A store that lacks something that is needed, or does not speak S3.
    Feature,
    /// A folder that is gone or may not be used.
    Folder,
    /// A bucket that anybody can read.
    Public,
}

impl Refusal {
    /// What an operator should do.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Keys => "check the access key and the secret key, or the credentials that this machine gets",
            Self::ExpiredKeys => "renew the session token",
            Self::Rights => {
                "allow s3:PutObject, s3:GetObject and s3:DeleteObject on the objects and s3:ListBucket on the bucket"
            }
            Self::Bucket => "create the bucket, or correct its name",
            Self::Clock => "set this machine's clock: it may be off by at most 15 min",
            Self::Region => "correct the region and the endpoint",
            Self::Certificate => "check this machine's certificates, the endpoint's name and the clock",
            Self::Feature => "check that the endpoint is one of S3, and whether force_path_style is needed",
            Self::Folder => "create or mount the folder and let this user write in it",
            Self::Public => "make the bucket private: quotations are for their receivers only",
        }
    }
}

/// Storage that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// It does not answer, answers with its own failure, or broke off.
    #[error("{target}: cannot {action} `{key}`: {detail}; it may work later")]
    Unavailable {
        /// Which storage: endpoint and bucket, or folder.
        target: String,
        /// What was tried.
        action: &'static str,
        /// On what.
        key: String,
        /// What happened.
        detail: String,
    },
    /// It refuses, and will until something is set right.
    #[error("{target}: may not {action} `{key}`: {detail}; {advice}", advice = reason.advice())]
    Refused {
        /// The storage: endpoint and bucket, or folder.
        target: String,
        /// What was tried.
        action: &'static str,
        /// On what.
        key: String,
        /// The reason, for the operator.
        reason: Refusal,
        /// What it said.
        detail: String,
    },
    /// No such object, or none that the tenant may know of.
    #[error("no object `{key}`")]
    Missing {
        /// The object's key.
        key: String,
    },
    /// A file on its way in, or an object, is not what its description says.
    #[error("`{key}`: {what} is {found}, not {expected}")]
    Mismatch {
        /// The object's key.
        key: String,
        /// What differs.
        what: &'static str,
        /// What it is.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// No space is left.
    #[error("{target}: no space left to {action} `{key}`: {detail}; make room")]
    Full {
        /// The storage: endpoint and bucket, or folder.
        target: String,
        /// What was tried.
        action: &'static str,
        /// On what.
        key: String,
        /// What it said.
        detail: String,
    },
    /// An object that is larger than the reader takes.
    #[error("`{key}` has more than {allowed_bytes} bytes")]
    TooLarge {
        /// The object's key.
        key: String,
        /// The most that is taken.
        allowed_bytes: u64,
    },
    /// A setting or an argument out of its range.
    #[error("{field} `{value}` must be {expected}")]
    Invalid {
        /// The object's key.
        field: &'static str,
        /// What was given, shortened.
        value: String,
        /// What may be given.
        expected: &'static str,
    },
}

impl StorageError {
    /// What to make of it.
    #[must_use]
    pub const fn class(&self) -> StorageErrorClass {
        match self {
            Self::Unavailable { .. } => StorageErrorClass::Transient,
            Self::Refused { .. } => StorageErrorClass::Refused,
            Self::Missing { .. } => StorageErrorClass::Missing,
            Self::Mismatch { .. } => StorageErrorClass::Mismatch,
            Self::Full { .. } => StorageErrorClass::Full,
            Self::TooLarge { .. } | Self::Invalid { .. } => StorageErrorClass::Invalid,
        }
    }

    /// Why storage refuses, where it does.
    #[must_use]
    pub const fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused { reason, .. } => Some(*reason),
            _ => None,
        }
    }

    /// In words for everybody: an object of a company is not named.
    #[must_use]
    pub fn without_key(&self) -> String {
        let (target, action, key) = match self {
            Self::Unavailable { target, action, key, .. }
            | Self::Refused { target, action, key, .. }
            | Self::Full { target, action, key, .. } => (target, action, key),
            Self::Missing { .. } => return "an object is missing".to_owned(),
            Self::Mismatch { what, .. } => return format!("an object is not what it should be: {what}"),
            Self::TooLarge { .. } => return "an object is too large".to_owned(),
            Self::Invalid { .. } => return self.to_string(),
        };
        if !key.starts_with(TENANTS_PREFIX) {
            return self.to_string();
        }
        // The details may have the key or a path in them.
        match self {
            Self::Refused { reason, .. } => format!("{target}: may not {action} an object; {}", reason.advice()),
            Self::Full { .. } => format!("{target}: no space left to {action} an object; make room"),
            _ => format!("{target}: cannot {action} an object; it may work later"),
        }
    }

    pub(super) fn invalid(field: &'static str, value: impl fmt::Display, expected: &'static str) -> Self {
        Self::Invalid { field, value: one_line(&value.to_string(), 80), expected }
    }
}

/// What was asked of which storage, for errors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) target: &'a str,
    /// A verb.
    pub(super) action: &'static str,
    pub(super) key: &'a str,
}

impl Asked<'_> {
    pub(super) fn unavailable(self, detail: impl fmt::Display) -> StorageError {
        let Self { target, action, key } = self;
        StorageError::Unavailable { target: target.to_owned(), action, key: key.to_owned(), detail: detail.to_string() }
    }

    pub(super) fn refused(self, reason: Refusal, detail: impl fmt::Display) -> StorageError {
        let Self { target, action, key } = self;
        let detail = detail.to_string();
        StorageError::Refused { target: target.to_owned(), action, key: key.to_owned(), reason, detail }
    }

    pub(super) fn full(self, detail: impl fmt::Display) -> StorageError {
        let Self { target, action, key } = self;
        StorageError::Full { target: target.to_owned(), action, key: key.to_owned(), detail: detail.to_string() }
    }
}

/// Foreign text for a message: no control characters, at most `max_chars`.
pub(super) fn one_line(text: &str, max_chars: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(max_chars).collect()
}

/// The verdict on a file that was to be uploaded and cannot be read.
pub(super) fn source_error(asked: Asked<'_>, path: &Path, error: &io::Error) -> StorageError {
    match error.kind() {
        io::ErrorKind::NotFound => StorageError::Mismatch {
            key: asked.key.to_owned(),
            what: "the file to upload",
            found: "missing".to_owned(),
            expected: path.display().to_string(),
        },
        _ => asked.unavailable(format!("{}: {error}", path.display())),
    }
}
