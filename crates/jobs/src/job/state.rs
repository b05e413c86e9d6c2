//! The state machine: one total, pure function says for every state and event what comes out.
//!
//! Every SQL statement that moves a row carries the same guard in its WHERE; the conformance suite of the stores holds
//! them to this function.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits for a worker from `run_after` on. Enters by enqueueing, by a retry later, a release or a rescue; leaves by a
    /// claim or a cancellation. The reconciler watches how old the oldest one is.
    Queued,
    /// A worker holds the lease. Enters by a claim; leaves by that worker's hand, or by the reconciler's when the lease or
    /// the deadline has passed. At most the 12 minutes of the deadline.
    Running,
    /// The video is in storage and the row names it. Stays until its retention ends.
    Succeeded,
    /// It cannot be made; the row says why. A retry is a new row that points here. Stays until its retention ends.
    Failed,
    /// Somebody called it off. Stays until its retention ends.
    Cancelled,
}

impl Status {
    /// All of them, in the order of a life.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::Cancelled];

    /// As the row spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of that spelling.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether nothing moves it any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What has to be done next for a job. A job that is queued again keeps its stage: a finished file is uploaded, not made
/// again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Frames are composed and encoded.
    Render,
    /// The finished file goes to object storage.
    Upload,
    /// The row learns where it is.
    Finalize,
}

impl Stage {
    /// All of them, in order.
    pub const ALL: [Self; 3] = [Self::Render, Self::Upload, Self::Finalize];

    /// As the row spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Render => "render",
            Self::Upload => "upload",
            Self::Finalize => "finalize",
        }
    }

    /// The stage of that spelling.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something that happens to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A worker takes it.
    Claim,
    /// A worker that finds the finished file in its own spool takes the job up where a dead process left it.
    Adopt,
    /// Its worker has the video in storage.
    Succeed,
    /// Its worker knows that it cannot be made.
    Fail,
    /// Its worker failed in a way that may pass, and tries are left.
    RetryLater,
    /// Its worker gives it back untouched: a shutdown, or storage that is paused.
    Release,
    /// A tenant calls it off.
    Cancel,
    /// Its worker saw the request and has stopped.
    Stopped,
    /// The reconciler found lease or deadline passed.
    Expire,
    /// The reconciler found that the video of a succeeded job is gone and cannot be had back.
    OutputLost,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Claim,
        Self::Adopt,
        Self::Succeed,
        Self::Fail,
        Self::RetryLater,
        Self::Release,
        Self::Cancel,
        Self::Stopped,
        Self::Expire,
        Self::OutputLost,
    ];
}

/// What a transition depends on besides the status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Facts {
    /// A tenant has asked to cancel.
    pub cancel_requested: bool,
    /// Rescues so far.
    pub rescue_count: u32,
    /// Rescues allowed; one run more than that and the job fails.
    pub max_rescues: u32,
}

/// What becomes of the credit that was frozen when the job was enqueued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CreditMove {
    /// Stays frozen.
    Keep,
    /// Is paid.
    Capture,
    /// Becomes available again.
    Release,
    /// Was paid and is given back.
    Refund,
}

/// The outcome of an event that may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Transition {
    /// The new status.
    pub to: Status,
    /// What becomes of the credit.
    pub credit: CreditMove,
    /// Whether the lease's epoch grows.
    pub new_epoch: bool,
    /// Whether it counts as a rescue.
    pub rescue: bool,
}

/// An event that may not happen in that state. To a worker it means that it has lost the lease, to a tenant that the job
/// has already ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("a job that is {from} cannot take {event:?}")]
pub struct Refusal {
    /// The state it is in.
    pub from: Status,
    /// What was tried.
    pub event: Event,
}

/// What `event` does to a job in `from`.
///
/// # Errors
/// [`Refusal`] where it may not happen; the row then stays as it is.
pub const fn transition(from: Status, facts: Facts, event: Event) -> Result<Transition, Refusal> {
    let stay = Transition { to: from, credit: CreditMove::Keep, new_epoch: false, rescue: false };
    let queued_again = Transition { to: Status::Queued, ..stay };
    let cancelled = Transition { to: Status::Cancelled, credit: CreditMove::Release, ..stay };
    Ok(match (from, event) {
        (Status::Queued, Event::Claim | Event::Adopt) => Transition { to: Status::Running, new_epoch: true, ..stay },
        // Its worker has died, so it is a rescue as the reconciler's is, and as many are allowed.
        (Status::Running, Event::Adopt) if facts.rescue_count < facts.max_rescues => {
            Transition { to: Status::Running, new_epoch: true, rescue: true, ..stay }
        }
        (Status::Queued, Event::Cancel) | (Status::Running, Event::Stopped) => cancelled,
        // The worker sees the request within a second and ends with `Stopped`.
        (Status::Running, Event::Cancel) => stay,
        // A video that is finished counts, even where a cancel request came too late to stop it.
        (Status::Running, Event::Succeed) => Transition { to: Status::Succeeded, credit: CreditMove::Capture, ..stay },
        (Status::Running, Event::Fail) => Transition { to: Status::Failed, credit: CreditMove::Release, ..stay },
        (Status::Running, Event::RetryLater | Event::Release | Event::Expire) if facts.cancel_requested => cancelled,
        (Status::Running, Event::RetryLater | Event::Release) => queued_again,
        (Status::Running, Event::Expire) if facts.rescue_count < facts.max_rescues => {
            Transition { rescue: true, ..queued_again }
        }
        (Status::Running, Event::Expire) => Transition { to: Status::Failed, credit: CreditMove::Release, ..stay },
        (Status::Succeeded, Event::OutputLost) => Transition { to: Status::Failed, credit: CreditMove::Refund, ..stay },
        _ => return Err(Refusal { from, event }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts = Facts { cancel_requested: false, rescue_count: 0, max_rescues: 2 };

    #[test]
    fn every_pair_is_as_the_table_says() {
        // One line a state; one column an event in the order of `Event::ALL`; `.` refuses.
        let table = [
            ("queued", "R R . . . . C . . ."),
            ("running", ". R S F Q Q R C Q ."),
            ("succeeded", ". . . . . . . . . F"),
            ("failed", ". . . . . . . . . ."),
            ("cancelled", ". . . . . . . . . ."),
        ];
        for (name, outcomes) in table {
            let from = Status::from_name(name).expect("a status");
            for (event, expected) in Event::ALL.into_iter().zip(outcomes.split(' ')) {
                let found = match transition(from, FACTS, event).map(|transition| transition.to) {
                    Ok(Status::Queued) => "Q",
                    Ok(Status::Running) => "R",
                    Ok(Status::Succeeded) => "S",
                    Ok(Status::Failed) => "F",
                    Ok(Status::Cancelled) => "C",
                    Err(refusal) => {
                        assert_eq!(refusal, Refusal { from, event });
                        "."
                    }
                };
                assert_eq!(found, expected, "{from} {event:?}");
            }
        }
    }

    #[test]
    fn a_crash_loop_ends_after_one_run_more_than_the_rescues() {
        let mut runs = 1;
        let mut facts = FACTS;
        while transition(Status::Running, facts, Event::Expire).expect("it runs").to == Status::Queued {
            facts.rescue_count += 1;
            runs += 1;
        }
        assert_eq!(runs, facts.max_rescues + 1);
    }

    #[test]
    fn a_crash_loop_over_a_finished_file_ends_too() {
        let mut facts = FACTS;
        while let Ok(adopted) = transition(Status::Running, facts, Event::Adopt) {
            assert!(adopted.rescue && adopted.new_epoch);
            facts.rescue_count += 1;
        }
        assert_eq!(facts.rescue_count, facts.max_rescues);
        assert!(!transition(Status::Queued, facts, Event::Adopt).expect("nobody died").rescue);
    }

    #[test]
    fn a_cancelled_job_is_not_queued_again() {
        let facts = Facts { cancel_requested: true, ..FACTS };
        for event in [Event::RetryLater, Event::Release, Event::Expire] {
            let transition = transition(Status::Running, facts, event).expect("it runs");
            assert_eq!((transition.to, transition.credit), (Status::Cancelled, CreditMove::Release));
        }
    }

    #[test]
    fn credits_are_kept_while_a_job_lives_and_settled_when_it_ends() {
        for from in Status::ALL {
            for event in Event::ALL {
                for cancel_requested in [false, true] {
                    for rescue_count in 0..4 {
                        let facts = Facts { cancel_requested, rescue_count, max_rescues: 2 };
                        let Ok(done) = transition(from, facts, event) else { continue };
                        assert_eq!(done.credit == CreditMove::Keep, !done.to.is_final(), "{from} {event:?} {facts:?}");
                        assert_eq!(done.credit == CreditMove::Capture, done.to == Status::Succeeded);
                        assert_eq!(done.new_epoch, matches!(event, Event::Claim | Event::Adopt));
                    }
                }
            }
        }
    }

    #[test]
    fn names_round_trip() {
        assert!(Status::ALL.into_iter().all(|status| Status::from_name(status.as_str()) == Some(status)));
        assert!(Stage::ALL.into_iter().all(|stage| Stage::from_name(stage.as_str()) == Some(stage)));
        assert_eq!(Status::from_name("done"), None);
    }
}
