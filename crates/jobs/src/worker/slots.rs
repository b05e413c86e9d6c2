//! The slots of a worker: how many jobs it renders and uploads side by side. A job gives its slot back as soon as only the
//! row is left to be written: that may have to wait for the database, and costs nothing meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Jobs without a slot for each slot, at least [`MIN_FINALIZING`], before nothing more is claimed: their leases are kept.
const FINALIZING_PER_SLOT: usize = 4;
/// See [`FINALIZING_PER_SLOT`].
const MIN_FINALIZING: usize = 16;

/// All slots of one worker.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    all: usize,
    busy: Arc<AtomicUsize>,
    freed: Arc<Notify>,
}

impl Slots {
    pub(super) fn new(all: usize) -> Self {
        Self { all, busy: Arc::default(), freed: Arc::default() }
    }

    /// Takes one. Jobs whose finished files were found may take more than there are: they cost only an upload.
    pub(super) fn take(&self) -> Slot {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Slot { slots: self.clone() }
    }

    pub(super) fn busy(&self) -> usize {
        self.busy.load(Ordering::Relaxed)
    }

    /// How many jobs may be claimed beside the `jobs` that are under way, with and without a slot.
    pub(super) fn free(&self, jobs: usize) -> usize {
        let busy = self.busy();
        let finalizing = jobs.saturating_sub(busy);
        let full = finalizing >= (self.all * FINALIZING_PER_SLOT).max(MIN_FINALIZING);
        if full { 0 } else { self.all.saturating_sub(busy) }
    }

    /// Waits until a slot was given back.
    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }
}

/// One taken slot; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Slots,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.busy.fetch_sub(1, Ordering::Relaxed);
        self.slots.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_only_writes_its_row_leaves_room_for_another_up_to_a_limit() {
        let slots = Slots::new(2);
        let (first, second) = (slots.take(), slots.take());
        assert_eq!((slots.busy(), slots.free(2)), (2, 0));
        drop(first);
        assert_eq!((slots.busy(), slots.free(2)), (1, 1));
        drop(second);
        assert_eq!(slots.free(MIN_FINALIZING - 1), 2);
        assert_eq!(slots.free(MIN_FINALIZING), 0, "too many rows wait to be written");
        let adopted = [slots.take(), slots.take(), slots.take()];
        assert_eq!(slots.free(3), 0);
        drop(adopted);
        assert_eq!(slots.free(0), 2);
    }
}
