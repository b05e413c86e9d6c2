//! What binding one template to one quote may spend in all, over every scene, page and attempt. Each expression has a limit
//! of its own; this one bounds the sum of many small ones.

use std::sync::atomic::{AtomicU64, Ordering};

/// Steps there are in all. The flagship takes 30,000 for a quote of twelve items, and 260,000 for one of 500.
const STEPS: u64 = 10_000_000;

/// Steps that are left, shared by all threads that bind.
#[derive(Debug)]
pub(super) struct Budget {
    left: AtomicU64,
}

impl Budget {
    /// A budget of which nothing is spent.
    pub(super) const fn full() -> Self {
        Self { left: AtomicU64::new(STEPS) }
    }

    /// Takes `steps` out. Where fewer are left that is an error, and nothing is left for anybody else either.
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
    fn what_is_taken_adds_up_and_a_spent_budget_stays_spent() {
        let budget = Budget::full();
        assert_eq!(budget.take(STEPS - 10), Ok(()));
        assert_eq!(budget.take(10), Ok(()));
        assert!(budget.take(1).is_err_and(|reason| reason.contains("10000000 steps")));
        let budget = Budget::full();
        assert!(budget.take(STEPS + 1).is_err());
        assert!(budget.take(1).is_err());
    }
}
