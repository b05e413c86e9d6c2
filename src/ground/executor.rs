//! Independent pieces of work, done at once by whoever has threads to give.
//!
//! The pure floors say what can be done side by side; how many hands do it is the caller's affair, and no result depends
//! on it.

use std::sync::{Mutex, PoisonError};

/// Somebody who carries out independent pieces of work, in any order, perhaps several at once.
pub trait Executor: Sync {
    /// Calls `work` once with each index below `count`; returns when all calls have.
    fn each(&self, count: usize, work: &(dyn Fn(usize) + Sync));
}

/// Does one piece after the other, in order, on the thread that asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequential;

impl Executor for Sequential {
    fn each(&self, count: usize, work: &(dyn Fn(usize) + Sync)) {
        (0..count).for_each(work);
    }
}

/// What `work` makes of each item, in the order of the items.
pub fn map<T: Sync, R: Send>(executor: &dyn Executor, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let made: Vec<Mutex<Option<R>>> = items.iter().map(|_| Mutex::new(None)).collect();
    executor.each(items.len(), &|index| {
        let result = work(&items[index]);
        *made[index].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    });
    made.into_iter().filter_map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
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
    fn results_stand_in_the_order_of_the_items_whoever_does_the_work() {
        let items = [3, 1, 4, 1, 5];
        for executor in [&Sequential as &dyn Executor, &Backwards] {
            assert_eq!(map(executor, &items, |item| item * 10), [30, 10, 40, 10, 50]);
        }
        assert!(map(&Sequential, &[] as &[u8], |item| *item).is_empty());
    }
}
