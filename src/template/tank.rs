//! What binding one template to one quote may spend in all, over every scene, page and try: many small things are bounded as
//! one endless one is.

use std::sync::atomic::{AtomicU64, Ordering};

/// Steps there are in all. The flagship takes 30,000 for a quote of twelve items, and 260,000 for one of 500.
const STEPS: u64 = 10_000_000;

/// Steps that are left, for all threads that bind.
#[derive(Debug)]
pub(super) struct Tank {
    left: AtomicU64,
}

impl Tank {
    /// A full one.
    pub(super) const fn full() -> Self {
        Self { left: AtomicU64::new(STEPS) }
    }

    /// Takes `steps` out, or says that there are not as many left. Then none are left for anybody else either.
    pub(super) fn take(&self, steps: u64) -> Result<(), String> {
        let took =
            self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(steps)));
        let before = took.unwrap_or_else(|left| left);
        if before < steps {
            return Err(format!(
                "the template takes more than {STEPS} steps for this quote: it has too many nodes, or loops that are too long"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_adds_up_and_an_empty_tank_stays_empty() {
        let tank = Tank::full();
        assert_eq!(tank.take(STEPS - 10), Ok(()));
        assert_eq!(tank.take(10), Ok(()));
        assert!(tank.take(1).is_err_and(|reason| reason.contains("10000000 steps")));
        let tank = Tank::full();
        assert!(tank.take(STEPS + 1).is_err());
        assert!(tank.take(1).is_err());
    }
}
