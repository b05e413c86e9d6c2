//! The life of a render job as pure data: identity, states and who may move them, verdicts on failures, pauses between
//! tries. No SQL, no clock, no disk; `store` keeps these rows, `worker` moves them.

mod failure;
mod identity;
mod messages;
mod record;
mod retry;
mod state;

pub use failure::{ErrorClass, Failure, FailureCode};
pub use identity::{IdentityError, JobId, Lease, LeaseEpoch, TenantScope, WorkerId};
pub use messages::Language;
pub use record::{EventKind, EventSource, Job, JobEvent, JobOutput, NewJob};
pub use retry::{Backoff, RetryPolicy};
pub use state::{CreditMove, Event, Facts, Refusal, Stage, Status, Transition, transition};
