//! Dark gradients over the whole canvas, encoded and decoded again by `ffmpeg`: what the viewer sees has no bands.
//!
//! A gradient of a dozen levels over the whole canvas would show bands of 80 px and more. Dithered, rows of equal mean
//! luma are a few px high, and no mean is far from the exact gradient.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use quotereel::color::Color;
use quotereel::geometry::{Rect, Size};
use quotereel::pipeline::{Output, RenderJob, Silent, render};
use quotereel::raster::Film;
use quotereel::scene::{Composition, Content, Geometry, Layer, Paint, Primitive, RoundedRect, Scene, Shape, Stop};
use quotereel::text::{FontLibrary, GlyphCache};
use quotereel::time::FrameRate;

const SIZE: Size = Size::new(1080, 1920);
const DARK: Color = Color::rgb(6, 9, 16);
const LESS_DARK: Color = Color::rgb(20, 26, 38);

/// Luma of the last frame of a video of half a second that shows `paint` all over.
fn luma(paint: Paint) -> Vec<u8> {
    let rect = Rect::new(0.0, 0.0, 1080.0, 1920.0);
    let geometry = Geometry::RoundedRect(RoundedRect { rect, radii: [0.0; 4] });
    let shape = Shape { geometry, fill: Some(paint), stroke: None, shadow: None, clip: None };
    let content = Content::Still(vec![Primitive::Shape(shape)]);
    let layers = vec![Layer { node: "ground".into(), content, motion: Vec::new() }];
    let scenes = vec![Scene { id: "only".into(), first_frame: 0, frame_count: 15, layers }];
    let (frame_rate, background) = (FrameRate::DEFAULT, Color::BLACK);
    let composition = Composition { size: SIZE, frame_rate, frame_count: 15, background, scenes, title: String::new() };
    let film = Film::new(&composition, FontLibrary::bundled(), Arc::new(GlyphCache::new()));
    let folder = tempfile::tempdir().expect("a folder");
    let video = folder.path().join("gradient.mp4");
    render(&film, &RenderJob::new(Output::mp4_file(&video)), &Silent).unwrap_or_else(|error| panic!("{error}"));
    decoded(&video)
}

/// Luma of the last frame.
fn decoded(video: &Path) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(video);
    command.args(["-vf", "select=eq(n\\,14),extractplanes=y", "-f", "rawvideo", "-pix_fmt", "gray", "-"]);
    let output = command.output().expect("ffmpeg runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout.len(), 1080 * 1920);
    output.stdout
}

/// BT.709 luma in limited range.
fn exact(color: Color) -> f64 {
    let Color { r, g, b, .. } = color;
    16.0 + (0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b)) * 219.0 / 255.0
}

fn stops() -> Vec<Stop> {
    vec![Stop { at: 0.0, color: DARK }, Stop { at: 1.0, color: LESS_DARK }]
}

/// Means of blocks of 40 x 40 px, row by row, each with its middle.
fn blocks(luma: &[u8]) -> Vec<((f64, f64), f64)> {
    let block = |column: usize, row: usize| {
        let rows = (row * 40..row * 40 + 40).flat_map(|y| &luma[y * 1080 + column * 40..][..40]);
        let mean = rows.map(|value| f64::from(*value)).sum::<f64>() / 1600.0;
        ((column as f64 * 40.0 + 20.0, row as f64 * 40.0 + 20.0), mean)
    };
    (0..48).flat_map(|row| (0..27).map(move |column| (column, row))).map(|(column, row)| block(column, row)).collect()
}

/// The largest distance of a block's mean from the gradient, `share` being the place of a point on it. Bands of one level
/// would be half a level off at their edges.
fn worst(luma: &[u8], share: impl Fn(f64, f64) -> f64) -> f64 {
    let exact = |x: f64, y: f64| exact(DARK) + (exact(LESS_DARK) - exact(DARK)) * share(x, y);
    blocks(luma).into_iter().map(|((x, y), mean)| (mean - exact(x, y)).abs()).fold(0.0, f64::max)
}

#[test]
fn a_dark_linear_gradient_has_no_bands_after_decoding() {
    let luma = luma(Paint::Linear { from: (0.0, 0.0), to: (0.0, 1920.0), stops: stops() });
    let worst = worst(&luma, |_, y| y / 1920.0);
    // The longest way down a column without any change of luma; a band of an undithered gradient is 1920 / 15 px high.
    let run = |x: usize| {
        let column: Vec<u8> = (0..1920).map(|y| luma[y * 1080 + x]).collect();
        column.chunk_by(|a, b| a == b).map(<[u8]>::len).max().unwrap_or(0)
    };
    let mut runs: Vec<usize> = (0..1080).map(run).collect();
    runs.sort_unstable();
    println!("worst block {worst:.3}, runs: median {}, longest {}", runs[540], runs[1079]);
    assert!(worst < LEVELS_OFF, "a block is {worst:.3} levels off");
    assert!(runs[540] <= LONGEST_RUN_PX, "half of the columns have runs of {} px", runs[540]);
}

#[test]
fn dark_radial_and_conic_gradients_have_no_bands_after_decoding() {
    let center = (540.0, 960.0);
    let radial = luma(Paint::Radial { center, radius: 1200.0, stops: stops() });
    let off = worst(&radial, |x, y| ((x - 540.0).hypot(y - 960.0) / 1200.0).min(1.0));
    println!("radial: worst block {off:.3}");
    assert!(off < LEVELS_OFF, "a block is {off:.3} levels off");
    let conic = luma(Paint::Conic { center, start: 0.0, stops: stops() });
    // The block at the centre holds all colours, those above it the seam.
    let off = worst(&conic, |x, y| {
        if (x - 540.0).abs() < 60.0 && y < 1000.0 {
            f64::NAN
        } else {
            (x - 540.0).atan2(960.0 - y).rem_euclid(std::f64::consts::TAU) / std::f64::consts::TAU
        }
    });
    println!("conic: worst block {off:.3}");
    assert!(off < LEVELS_OFF, "a block is {off:.3} levels off");
}

/// Levels of luma.
const LEVELS_OFF: f64 = 0.45;
/// In px.
const LONGEST_RUN_PX: usize = 60;
