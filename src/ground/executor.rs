//! Independent pieces of work, carried out in parallel.
//!
//! Modules that know no threads say what may run side by side; the caller decides how many threads do it. No result
//! depends on that.

use std::sync::Mutex;

use super::lock::{into_inner, lock};

/// Carries out independent pieces of work, in any order, perhaps several at once.
pub trait Executor: Sync {
    /// Calls `work` once with each index below `count`; returns when all calls have.
    fn each(&self, count: usize, work: &(dyn Fn(usize) + Sync));
}

/// Does one piece after the other, in order, on the calling thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequential;

impl Executor for Sequential {
    fn each(&self, count: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..count).for_each(work);
    }
}

/// What `work` makes of each item, in the order of the items.
pub fn map<'i, T: Sync, R: Send>(executor: &dyn Executor, items: &'i [T], work: impl Fn(&'i T) -> R + Sync) -> Vec<R> {
    let made: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    executor.each(items.len(), &|index| {
        let result = work(&items[index]);
        *lock(&made[index]) = Some(result);
    });
    made.into_iter().filter_map(into_inner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Begins with the last piece.
    struct Backwards;

    impl Executor for Backwards {
        fn each(&self, count: usize, work: &(dyn Fn(usize) + Sync)) {
            (0..count).rev().for_each(work);
        }
    }

    #[test]
    fn results_stand_in_the_order_of_the_items_on_any_executor() {
        let items = [3, 1, 4, 1, 5];
        for executor in [&Sequential as &dyn Executor, &Backwards] {
            assert_eq!(map(executor, &items, |item| item * 10), [30, 10, 40, 10, 50]);
        }
        assert!(map(&Sequential, &[] as &[u8], |item| *item).is_empty());
    }
}
