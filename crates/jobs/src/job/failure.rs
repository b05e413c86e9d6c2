//! The one verdict on everything that can go wrong with a job: whose fault it is, and whether trying again helps. What the
//! customer reads stands in `messages`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whose fault a failure is, and so what happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorClass {
    /// The input is wrong: no retry, a clear message.
    User,
    /// Something broke that may work next time: retry.
    System,
    /// Somebody has to set something right: the worker pauses, an alert goes out, no attempt is burnt.
    Config,
}

impl ErrorClass {
    /// As the row spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::System => "system",
            Self::Config => "config",
        }
    }

    /// The class of that spelling.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::User, Self::System, Self::Config].into_iter().find(|class| class.as_str() == name)
    }
}

/// Every way a job can fail: a stable word for programs, a class, a message for the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureCode {
    /// The snapshot breaks its contract.
    SnapshotInvalid,
    /// The snapshot belongs to another company than the row.
    TenantMismatch,
    /// The quote is not issued.
    QuoteNotIssued,
    /// The quote's validity is over.
    QuoteExpired,
    /// No template of that name.
    TemplateUnknown,
    /// Snapshot and template do not go together.
    TemplateFailed,
    /// The snapshot makes the renderer crash or ask for more than its limits.
    RenderCrashed,
    /// The render did not end in its time.
    RenderTimedOut,
    /// The render failed by no fault of the input.
    RenderFailed,
    /// The worker's disk is full.
    DiskFull,
    /// Storage did not take the file.
    UploadFailed,
    /// Storage refuses the worker: rights, bucket, or clock.
    StorageRefused,
    /// Worker after worker died with it.
    WorkerLost,
    /// The video vanished from storage.
    OutputLost,
    /// A bug of ours, caught.
    Internal,
}

impl FailureCode {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::SnapshotInvalid,
        Self::TenantMismatch,
        Self::QuoteNotIssued,
        Self::QuoteExpired,
        Self::TemplateUnknown,
        Self::TemplateFailed,
        Self::RenderCrashed,
        Self::RenderTimedOut,
        Self::RenderFailed,
        Self::DiskFull,
        Self::UploadFailed,
        Self::StorageRefused,
        Self::WorkerLost,
        Self::OutputLost,
        Self::Internal,
    ];

    /// The word in `error_code`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SnapshotInvalid => "snapshot_invalid",
            Self::TenantMismatch => "tenant_mismatch",
            Self::QuoteNotIssued => "quote_not_issued",
            Self::QuoteExpired => "quote_expired",
            Self::TemplateUnknown => "template_unknown",
            Self::TemplateFailed => "template_failed",
            Self::RenderCrashed => "render_crashed",
            Self::RenderTimedOut => "render_timed_out",
            Self::RenderFailed => "render_failed",
            Self::DiskFull => "disk_full",
            Self::UploadFailed => "upload_failed",
            Self::StorageRefused => "storage_refused",
            Self::WorkerLost => "worker_lost",
            Self::OutputLost => "output_lost",
            Self::Internal => "internal",
        }
    }

    /// The code of that word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == name)
    }

    /// Whose fault it is.
    #[must_use]
    pub const fn class(self) -> ErrorClass {
        match self {
            Self::SnapshotInvalid
            | Self::TenantMismatch
            | Self::QuoteNotIssued
            | Self::QuoteExpired
            | Self::TemplateUnknown
            | Self::TemplateFailed => ErrorClass::User,
            // A crash may have been the machine's: it is tried again, and ends like every system failure.
            Self::RenderCrashed
            | Self::RenderTimedOut
            | Self::RenderFailed
            | Self::DiskFull
            | Self::UploadFailed
            | Self::WorkerLost
            | Self::OutputLost
            | Self::Internal => ErrorClass::System,
            Self::StorageRefused => ErrorClass::Config,
        }
    }
}

impl fmt::Display for FailureCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A verdict on one try.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Failure {
    /// The failure's code.
    pub code: FailureCode,
    /// For the log and the operator; the customer never sees it.
    pub detail: String,
}

impl Failure {
    /// A verdict with its details.
    pub fn new(code: FailureCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_round_trip() {
        for code in FailureCode::ALL {
            assert_eq!(FailureCode::from_name(code.as_str()), Some(code));
        }
        assert_eq!(FailureCode::from_name("oops"), None);
    }
}
