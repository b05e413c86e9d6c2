//! The pop at a segment start: how much the decoded picture changes at an IDR frame before which nothing moves, so that
//! the composed frames on both sides are equal. Differences of luma between the last decoded frame of a segment and the
//! first of the next.
//!
//! ```text
//! cargo bench --bench pop             # all good fixtures
//! cargo bench --bench pop -- one-item # quotes named
//! ```

mod quotes;

use std::path::Path;
use std::process::Command;

use quotereel::ground::frame::FrameSource as _;
use quotereel::ground::geometry::Size;
use quotereel::video::encode::EncoderConfig;
use quotereel::video::pipeline::{Output, RenderJob, plan, render};

#[expect(clippy::print_stdout, reason = "a bench prints what it found")]
fn main() {
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let all = if named.is_empty() { quotes::all() } else { named };
    let folder = tempfile::tempdir().expect("a temporary folder");
    println!("| quote | segments | frame | mean | p99.9 | most |\n|---|---|---|---|---|---|");
    for quote in all {
        let video = quotes::prepared(&quote);
        let film = video.film();
        let (size, rate) = (film.size(), film.frame_rate());
        let segments = plan(&film, EncoderConfig::new(size, rate).max_idr_interval_frames());
        let steps = film.steps();
        let quiet = |frame: &u32| steps[*frame as usize].changed_px == 0;
        let starts: Vec<u32> = segments.iter().map(|segment| segment.first).skip(1).filter(quiet).collect();
        if starts.is_empty() {
            println!("| {quote} | {} | none amid stillness | | | |", segments.len());
            continue;
        }
        let video = folder.path().join("x.mp4");
        render(&film, &RenderJob::new(Output::mp4_file(&video)), &()).expect("a video");
        for start in starts {
            let Pop { mean, high, most } = pop(&luma(&video, start - 1, size), size);
            println!("| {quote} | {} | {start} | {mean:.3} | {high} | {most} |", segments.len());
        }
    }
}

struct Pop {
    mean: f64,
    /// 99.9th percentile.
    high: usize,
    most: usize,
}

/// The difference between the two frames in `luma`.
fn pop(luma: &[u8], size: Size) -> Pop {
    let (before, after) = luma.split_at((size.width * size.height) as usize);
    let mut counts = [0u64; 256];
    for (a, b) in before.iter().zip(after) {
        counts[usize::from(a.abs_diff(*b))] += 1;
    }
    let pixels: u64 = counts.iter().sum();
    #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
    let mean = counts.iter().zip(0u64..).map(|(count, by)| count * by).sum::<u64>() as f64 / pixels as f64;
    let mut seen = 0;
    let high = counts.iter().position(|count| {
        seen += count;
        seen * 1000 >= pixels * 999
    });
    Pop { mean, high: high.unwrap_or(255), most: counts.iter().rposition(|count| *count > 0).unwrap_or(0) }
}

/// Luma of the frames `first` and `first + 1`, decoded by the `ffmpeg` program.
fn luma(video: &Path, first: u32, size: Size) -> Vec<u8> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-i"])
        .arg(video)
        .args(["-vf", &format!("trim=start_frame={first}:end_frame={},extractplanes=y", first + 2)])
        .args(["-f", "rawvideo", "-pix_fmt", "gray", "-"])
        .output()
        .expect("the ffmpeg program");
    assert_eq!(output.stdout.len(), 2 * (size.width * size.height) as usize, "{:?}", output.stderr);
    output.stdout
}
