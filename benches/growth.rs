//! How cost grows with length: the flagship once, twice and three times in a row, medians of several renders each, so
//! that 60 s can be compared with 20 s of the same kind: `cargo bench --bench growth`. Linear is the goal.

mod quotes;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use quotereel::compose::scene::Composition;
use quotereel::compose::text::FontLibrary;
use quotereel::default_threads;
use quotereel::draw::raster::Film;
use quotereel::video::pipeline::{Output, RenderJob, render};

const RUNS: usize = 5;

/// The composition so many times, one after another.
fn repeated(once: &Composition, times: u32) -> Composition {
    let scenes = (0..times).flat_map(|round| {
        once.scenes.iter().cloned().map(move |mut scene| {
            scene.first_frame += round * once.frame_count;
            scene
        })
    });
    Composition { scenes: scenes.collect(), frame_count: once.frame_count * times, ..once.clone() }
}

/// Median wall seconds.
fn measure(composition: &Composition, threads: NonZeroUsize) -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let job = RenderJob { threads, ..RenderJob::new(Output::mp4_file(folder.path().join("x.mp4"))) };
            let film = Film::new(composition, FontLibrary::bundled(), Arc::default());
            let begun = Instant::now();
            render(&film, &job, &()).expect("a video");
            begun.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[RUNS / 2]
}

fn main() {
    let video = quotes::prepared("solar-es-cl");
    for threads in [NonZeroUsize::MIN, default_threads()] {
        let mut first = None;
        for times in 1..=3 {
            let wall = measure(&repeated(video.composition(), times), threads);
            let once = *first.get_or_insert(wall);
            let length = times as f64 * video.duration_ms() as f64 / 1000.0;
            eprintln!("{threads} threads, {length:5.1} s of video: {wall:.3} s, {:.2} times the first", wall / once);
        }
    }
}
