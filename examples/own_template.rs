//! Renders a quote with a template from a folder: checks the template, lists its parameters, sets one of them.
//!
//! cargo run --release --example own_template -- examples/quote.json own.mp4

use std::error::Error;
use std::path::Path;

use quotereel::{Quote, TemplateChoice};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let quote = arguments.next().unwrap_or_else(|| "examples/quote.json".to_owned());
    let output = arguments.next().unwrap_or_else(|| "own.mp4".to_owned());

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/thank-you");
    let template = TemplateChoice::from(folder);
    for (name, param) in &template.load()?.document().params {
        eprintln!("parameter {name}: {}", param.description);
    }
    let video = Quote::read(quote)?.template(template).param("accent", "#12A150").prepare()?;
    video.write_mp4(&output, &())?;
    eprintln!("{output}");
    Ok(())
}
