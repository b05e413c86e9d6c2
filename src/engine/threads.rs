//! The threads of a video: scenes are laid out, and the layers of a still drawn, side by side.

use std::num::NonZeroUsize;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use crate::ground::executor::Executor;

/// As much stack as the main thread has: nested templates are laid out recursively.
const STACK_BYTES: usize = 8 << 20;

/// A pool of threads.
#[derive(Debug)]
pub(super) struct Threads(ThreadPool);

impl Threads {
    /// Starts `count` threads.
    ///
    /// # Errors
    /// Where the machine gives no more threads.
    pub(super) fn start(count: NonZeroUsize) -> Result<Self, ThreadPoolBuildError> {
        ThreadPoolBuilder::new().num_threads(count.get()).stack_size(STACK_BYTES).build().map(Self)
    }

    /// Does two things, at once where there are two threads.
    pub(super) fn both<A: Send, B: Send>(
        &self,
        one: impl FnOnce() -> A + Send,
        other: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        self.0.join(one, other)
    }
}

impl Executor for Threads {
    fn each(&self, count: usize, work: &(dyn Fn(usize) + Sync)) {
        self.0.install(|| (0..count).into_par_iter().with_max_len(1).for_each(work));
    }
}
