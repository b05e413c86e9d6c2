//! Reads a video frame by frame: how many frames differ from the one before, and how bright the video is each second.
//! The same loop feeds any encoder or display. Needs no FFmpeg.
//!
//! cargo run --release --example frames_iterator -- examples/quote.json

use quotereel::{Frame, Quote, RgbaFrame};

fn main() -> Result<(), quotereel::Error> {
    let quote = std::env::args().nth(1).unwrap_or_else(|| "examples/quote.json".to_owned());
    let video = Quote::read(quote)?.prepare()?;
    let per_second = video.frame_rate().numerator() / video.frame_rate().denominator();

    let mut new = 0;
    for Frame { index, at, is_new, picture } in video.frames() {
        new += u32::from(is_new);
        if index.is_multiple_of(per_second) {
            eprintln!("{:>5.1} s  mean green {:>5.1}", at.as_secs_f64(), mean_green(&picture));
        }
    }
    eprintln!("{new} of {} frames differ from the one before", video.frame_count());
    Ok(())
}

/// Mean of the green channel, 0 to 255.
fn mean_green(picture: &RgbaFrame) -> f64 {
    let pixels = picture.pixels().chunks_exact(4);
    let count = pixels.len() as f64;
    pixels.map(|pixel| f64::from(pixel[1])).sum::<f64>() / count
}
