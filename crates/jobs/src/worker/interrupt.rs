//! What ends a stage of a job before its end, and how a stage watches for it.

use std::time::Duration;

use tokio::time::timeout;

use super::context::{Context, Stopping};
use super::heartbeat::{HeldJob, LeaseState};
use super::persist::NotWritten;
use super::spool::SpoolError;
use crate::job::{Failure, FailureCode};

/// How long storage may take to show what is there, and a tenant's pictures to come from it.
const STORAGE_PATIENCE: Duration = Duration::from_secs(60);

/// Why a stage ended before its end.
#[derive(Debug)]
pub(super) enum Interrupt {
    /// A tenant called the job off.
    Cancel,
    /// The lease is gone.
    Lost,
    /// This worker ends.
    GiveBack,
    /// The stage failed.
    Failure(Failure),
    /// Storage refuses this worker; the job is not at fault.
    Paused(String),
}

impl From<Failure> for Interrupt {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<NotWritten> for Interrupt {
    fn from(not_written: NotWritten) -> Self {
        match not_written {
            NotWritten::Lost => Self::Lost,
            NotWritten::Refused(error) => Self::Failure(Failure::new(FailureCode::Internal, error.to_string())),
        }
    }
}

impl From<SpoolError> for Interrupt {
    fn from(error: SpoolError) -> Self {
        let code = match error {
            SpoolError::Full { .. } => FailureCode::DiskFull,
            _ => FailureCode::RenderFailed,
        };
        Self::Failure(Failure::new(code, error.to_string()))
    }
}

/// Waits for storage, for a bounded time, and only as long as the job may go on.
pub(super) async fn unless_interrupted<T>(
    context: &Context,
    held: &HeldJob,
    work: impl Future<Output = T>,
) -> Result<T, Interrupt> {
    tokio::select! {
        done = timeout(STORAGE_PATIENCE, work) => done.map_err(|_| {
            let waited = STORAGE_PATIENCE.as_secs();
            Interrupt::Failure(Failure::new(FailureCode::RenderFailed, format!("storage took more than {waited} s to be read")))
        }),
        interrupt = interrupted(context, held) => Err(interrupt),
    }
}

/// Waits for whatever ends a stage from outside.
pub(super) async fn interrupted(context: &Context, held: &HeldJob) -> Interrupt {
    let mut stopping = context.stopping.clone();
    tokio::select! {
        state = held.interrupted() => match state {
            LeaseState::CancelRequested => Interrupt::Cancel,
            LeaseState::Lost | LeaseState::Held => Interrupt::Lost,
        },
        _ = stopping.wait_for(|stopping| *stopping == Stopping::GivingBack) => Interrupt::GiveBack,
    }
}
