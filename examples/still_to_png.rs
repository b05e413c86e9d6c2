//! Draws one moment of a video and its contact sheet as PNG files. Needs no FFmpeg: build it with `--no-default-features`.
//!
//! cargo run --release --example still_to_png -- examples/quote.json still.png sheet.png

use std::error::Error;
use std::time::Duration;

use quotereel::{Quote, Size, png};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let quote = arguments.next().unwrap_or_else(|| "examples/quote.json".to_owned());
    let still = arguments.next().unwrap_or_else(|| "still.png".to_owned());
    let sheet = arguments.next().unwrap_or_else(|| "sheet.png".to_owned());

    let video = Quote::read(quote)?.size(Size::SQUARE).prepare()?;
    std::fs::write(&still, png(&video.still(Duration::from_secs(5)))?)?;
    std::fs::write(&sheet, png(&video.sheet())?)?;
    eprintln!("{still} and {sheet}");
    Ok(())
}
