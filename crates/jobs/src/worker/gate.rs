//! The gate to storage: shut while storage refuses this worker, so that no job burns its attempts against a wrong key, a
//! missing bucket or a wrong clock. While it is shut nothing is claimed, and a probe knocks until it opens.

use std::time::Duration;

use tokio::sync::watch;

/// Open or shut, with the reason.
#[derive(Debug)]
pub(super) struct Gate {
    shut: watch::Sender<Option<String>>,
}

impl Gate {
    pub(super) fn open() -> Self {
        Self { shut: watch::Sender::new(None) }
    }

    /// Shuts it; `true` when it was open.
    pub(super) fn shut(&self, reason: &str) -> bool {
        self.shut.send_replace(Some(reason.to_owned())).is_none()
    }

    /// Opens it again; `true` when it was shut.
    pub(super) fn reopen(&self) -> bool {
        self.shut.send_replace(None).is_some()
    }

    /// Why it is shut.
    pub(super) fn reason(&self) -> Option<String> {
        self.shut.borrow().clone()
    }

    /// Waits while it is open.
    pub(super) async fn until_shut(&self) {
        // The sender lives as long as `self`, so that the wait can only end by a shut gate.
        drop(self.shut.subscribe().wait_for(Option::is_some).await);
    }

    /// How long to wait before knocking for the `n`th time (1 is the first): 2 s doubling up to 30 s.
    pub(super) fn pause_before_knock(n: u32) -> Duration {
        Duration::from_secs(1 << n.clamp(1, 5)).min(Duration::from_secs(30))
    }
}
