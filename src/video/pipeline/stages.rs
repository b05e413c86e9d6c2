//! Time spent in each stage, added up over threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::StageMs;

/// A sum of durations that several threads add to.
#[derive(Debug, Default)]
pub(super) struct Stage(AtomicU64);

impl Stage {
    /// Runs `work` and adds the time it took.
    pub(super) fn time<T>(&self, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = work();
        let nanoseconds = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.0.fetch_add(nanoseconds, Ordering::Relaxed);
        result
    }

    fn ms(&self) -> f64 {
        Duration::from_nanos(self.0.load(Ordering::Relaxed)).as_secs_f64() * 1000.0
    }
}

/// The stages of a render.
#[derive(Debug, Default)]
pub(super) struct Stages {
    pub(super) raster: Stage,
    pub(super) convert: Stage,
    pub(super) encode: Stage,
    pub(super) mux: Stage,
    pub(super) sound: Stage,
    pub(super) thumbnail: Stage,
    pub(super) publish: Stage,
}

impl Stages {
    pub(super) fn report(&self, wall: Duration) -> StageMs {
        StageMs {
            raster: self.raster.ms(),
            convert: self.convert.ms(),
            encode: self.encode.ms(),
            mux: self.mux.ms(),
            sound: self.sound.ms(),
            thumbnail: self.thumbnail.ms(),
            publish: self.publish.ms(),
            wall: wall.as_secs_f64() * 1000.0,
        }
    }
}
