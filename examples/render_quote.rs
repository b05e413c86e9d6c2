//! Renders a quote to an MP4 and its thumbnail, with a line of progress; Ctrl-C is not needed to stop it after a minute.
//!
//! cargo run --release --example render_quote -- examples/quote.json quote.mp4

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use quotereel::{Options, Output, Progress, Quote, Size};

/// Counts frames on stderr, and stops the render after a time limit.
struct Counter {
    frames: u32,
    done: AtomicU32,
    end: Instant,
}

impl Progress for Counter {
    fn frames_done(&self, count: u32) {
        let done = self.done.fetch_add(count, Ordering::Relaxed) + count;
        eprint!("\r{done} of {} frames", self.frames);
    }

    fn is_cancelled(&self) -> bool {
        Instant::now() > self.end
    }
}

fn main() -> Result<(), quotereel::Error> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let quote = arguments.next().unwrap_or_else(|| "examples/quote.json".into());
    let output = arguments.next().unwrap_or_else(|| "quote.mp4".into());

    let video = Quote::read(quote)?.template("quote-summary").size(Size::PORTRAIT).prepare()?;
    for warning in video.warnings() {
        eprintln!("{warning}");
    }
    let options = Options { thumbnail: Some(output.with_extension("jpg")), ..Options::default() };
    let end = Instant::now() + Duration::from_secs(60);
    let progress = Counter { frames: video.frame_count(), done: AtomicU32::new(0), end };
    let rendered = video.write(Output::mp4_file(&output), &options, &progress)?;
    eprintln!("\n{}: {} bytes, {:.1} s", output.display(), rendered.bytes, video.duration().as_secs_f64());
    Ok(())
}
