//! The circuit breaker before storage. It opens when storage refuses this worker (a wrong key, a missing bucket, a wrong
//! clock), so that no job spends its attempts on that. While it is open nothing is claimed, and a probe is sent now and
//! then until one succeeds.

use std::time::Duration;

use tokio::sync::watch;

use crate::objects::StorageError;

/// Closed (storage is used) or open (storage is not used), with the reason.
#[derive(Debug)]
pub(super) struct CircuitBreaker {
    /// The reason while it is open, which names no object of a company; `None` while it is closed.
    open: watch::Sender<Option<String>>,
}

impl CircuitBreaker {
    pub(super) fn closed() -> Self {
        Self { open: watch::Sender::new(None) }
    }

    /// Opens it; `true` when it was closed.
    pub(super) fn trip(&self, error: &StorageError) -> bool {
        self.open.send_replace(Some(error.without_key())).is_none()
    }

    /// Closes it; `true` when it was open.
    pub(super) fn reset(&self) -> bool {
        self.open.send_replace(None).is_some()
    }

    /// Why it is open; `None` while it is closed.
    pub(super) fn reason(&self) -> Option<String> {
        self.open.borrow().clone()
    }

    /// Waits while it is closed.
    pub(super) async fn until_tripped(&self) {
        // The sender lives as long as `self`, so the wait ends only when the breaker opens.
        drop(self.open.subscribe().wait_for(Option::is_some).await);
    }

    /// Pause before the `n`th probe (1 is the first): 2 s, doubling up to 30 s.
    pub(super) fn pause_before_probe(n: u32) -> Duration {
        Duration::from_secs(1 << n.clamp(1, 5)).min(Duration::from_secs(30))
    }
}
