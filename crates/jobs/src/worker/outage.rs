//! When the database last failed for everybody: leases that passed in such a time are no sign of dead workers.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::lock::lock;
use crate::queue::QueueError;

/// How long the database must have been well before leases are taken from their workers. All heartbeats come again within a
/// second or two.
const CALM: Duration = Duration::from_secs(10);

/// When this worker last saw the database fail for everybody.
#[derive(Debug, Default)]
pub(super) struct Outage(Mutex<Option<Instant>>);

impl Outage {
    /// Takes notice of an error. One about a row's values, or of a lock, is no outage.
    pub(super) fn note(&self, error: &QueueError) {
        if matches!(error, QueueError::Hindered(_) | QueueError::Other(_)) {
            *lock(&self.0) = Some(Instant::now());
        }
    }

    /// Whether there is or just was one.
    pub(super) fn is_recent(&self) -> bool {
        lock(&self.0).is_some_and(|last| last.elapsed() < CALM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_concerns_everybody_is_an_outage() {
        let outage = Outage::default();
        let constraint = QueueError::Constraint { constraint: "c".to_owned(), detail: "d".to_owned() };
        for about_one in [constraint, QueueError::Unavailable("no answer".into())] {
            outage.note(&about_one);
            assert!(!outage.is_recent(), "{about_one}");
        }
        outage.note(&QueueError::Hindered("read-only".into()));
        assert!(outage.is_recent());
    }
}
