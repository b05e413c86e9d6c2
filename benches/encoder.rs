//! The sweep that the encoder's presets come from: every setting on every quote, one thread, with the time spent in the
//! encoder, the bytes, and how near the decoded frames come to the composed ones (SSIM by the `ffmpeg` program).
//!
//! ```text
//! cargo bench --bench encoder                          # all settings on six quotes; a quarter of an hour
//! cargo bench --bench encoder -- solar-es-cl superfast # quotes and presets named
//! cargo bench --bench encoder -- one-item 20/veryfast/deblock=0,0:trellis=1/8 # settings of one's own
//! ```

mod quotes;

use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;

use quotereel::video::encode::Tuning;
use quotereel::video::pipeline::{Output, Quality, RenderJob, render};

/// Quotes that differ in what moves and how much: the flagship, pictures, one item, many, another script, large figures.
const QUOTES: [&str; 6] =
    ["solar-es-cl", "agency-en-us", "one-item", "sixty-items", "interiors-ar-ae", "fifteen-digits"];

/// Quantiser, preset, parameters, and how much finer settled pictures are; a `crf` among the parameters takes the
/// quantiser's place.
const SETTINGS: &[(u8, &str, &str, u8)] = &[
    (24, Tuning::FAST.preset, Tuning::FAST.params, Tuning::FAST.settle),
    (24, Tuning::BALANCED.preset, Tuning::BALANCED.params, Tuning::BALANCED.settle),
    (24, Tuning::QUALITY.preset, Tuning::QUALITY.params, Tuning::QUALITY.settle),
    (22, Tuning::BALANCED.preset, Tuning::BALANCED.params, 0),
    (24, Tuning::BALANCED.preset, Tuning::BALANCED.params, 0),
    (25, "superfast", "deblock=-1,-1:subme=2:ipratio=4:no-dct-decimate=1", 12),
    (24, "superfast", "no-deblock=1:subme=2:ipratio=3.2:no-dct-decimate=1", 10),
    (24, "superfast", "deblock=0,0:subme=2:ipratio=3.2:no-dct-decimate=1", 10),
    (24, "superfast", "deblock=-1,-1:subme=2:ipratio=3.2", 10),
    (24, "veryfast", "deblock=-1,-1:ipratio=3.2:no-dct-decimate=1", 10),
    (22, "superfast", "deblock=-1,-1:subme=2:crf=20:aq-mode=0", 0),
    (22, "superfast", "deblock=-1,-1:subme=2:crf=20:aq-mode=1", 0),
];

#[expect(clippy::print_stdout, reason = "a bench prints what it found")]
fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let named = |name: &str| wanted.iter().any(|argument| argument == name);
    let all_quotes = !QUOTES.iter().any(|quote| named(quote));
    let all_presets = !SETTINGS.iter().any(|setting| named(setting.1));
    // A bench ends soon: what it leaks is given back then.
    let own: Vec<(u8, &'static str, &'static str, u8)> = wanted
        .iter()
        .filter_map(|argument| {
            let mut parts = argument.splitn(4, '/');
            let qp = parts.next()?.parse().ok()?;
            let mut leak = || parts.next().map(|part| &*part.to_owned().leak());
            let (preset, params) = (leak()?, leak()?);
            Some((qp, preset, params, parts.next().and_then(|part| part.parse().ok()).unwrap_or(0)))
        })
        .collect();
    let settings: Vec<_> = match own.as_slice() {
        [] => SETTINGS.iter().filter(|setting| all_presets || named(setting.1)).copied().collect(),
        own => own.to_vec(),
    };
    let folder = tempfile::tempdir().expect("a temporary folder with room for raw frames");
    println!(
        "| quote | qp | preset | parameters | settled finer by | encoder ms | a coded frame, ms | bytes | SSIM |\n|---|---|---|---|---|---|---|---|---|"
    );
    for quote in QUOTES.iter().filter(|quote| all_quotes || named(quote)) {
        let video = quotes::prepared(quote);
        let raw = folder.path().join("raw.y4m");
        render(&video.film(), &RenderJob::new(Output::y4m_file(&raw)), &()).expect("raw frames");
        for (qp, preset, params, settle) in &settings {
            let tuning = Tuning { preset, params, settle: *settle };
            let file = folder.path().join("x.mp4");
            let job = RenderJob {
                quality: Quality { qp: *qp, tuning, ..Quality::default() },
                threads: NonZeroUsize::MIN,
                title: Some(video.title().to_owned()),
                ..RenderJob::new(Output::mp4_file(&file))
            };
            // Twice; the quicker one is the one that was disturbed less.
            let runs = (0..2)
                .map(|_| render(&video.film(), &job, &()).unwrap_or_else(|error| panic!("{preset} {params}: {error}")));
            let best = runs.min_by(|a, b| a.stages.encode.total_cmp(&b.stages.encode)).expect("two of them");
            println!(
                "| {quote} | {qp} | {preset} | {params} | {settle} | {:.0} | {:.1} | {} | {:.5} |",
                best.stages.encode,
                best.stages.encode / f64::from(best.coded_frames.max(1)),
                best.bytes,
                ssim(&file, &raw)
            );
        }
    }
}

/// The mean over all planes and frames.
fn ssim(video: &Path, raw: &Path) -> f64 {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-i"])
        .arg(video)
        .arg("-i")
        .arg(raw)
        .args(["-lavfi", "ssim", "-f", "null", "-"])
        .output()
        .expect("the ffmpeg program");
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    let score = log.rsplit("All:").next().and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    score.unwrap_or_else(|| panic!("no score: {log}"))
}
