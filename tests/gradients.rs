//! Dark gradients over the whole canvas, composed, and encoded and decoded again by `ffmpeg`.
//!
//! A gradient of a dozen levels over the whole canvas would show bands of 80 px and more, each half a level off at its
//! edges. What dithering leaves of that is measured where it is drawn, where it is converted and where it is decoded.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use quotereel::color::Color;
use quotereel::crew::Alone;
use quotereel::geometry::{Rect, Size};
use quotereel::pipeline::{Output, RenderJob, Silent, render};
use quotereel::raster::{self, Film};
use quotereel::scene::{Composition, Content, Geometry, Layer, Paint, Primitive, RoundedRect, Scene, Shape, Stop};
use quotereel::text::{FontLibrary, GlyphCache};
use quotereel::time::FrameRate;

const SIZE: Size = Size::new(1080, 1920);
const DARK: Color = Color::rgb(6, 9, 16);
const LESS_DARK: Color = Color::rgb(20, 26, 38);

/// Half a second of `paint` all over.
fn composition(paint: Paint) -> Composition {
    let rect = Rect::new(0.0, 0.0, 1080.0, 1920.0);
    let geometry = Geometry::RoundedRect(RoundedRect { rect, radii: [0.0; 4] });
    let shape = Shape { geometry, fill: Some(paint), stroke: None, shadow: None, clip: None };
    let content = Content::Still(vec![Primitive::Shape(shape)]);
    let layers = vec![Layer { node: "ground".into(), content, motion: Vec::new() }];
    let scenes = vec![Scene { id: "only".into(), first_frame: 0, frame_count: 15, layers }];
    let (frame_rate, background) = (FrameRate::DEFAULT, Color::BLACK);
    Composition { size: SIZE, frame_rate, frame_count: 15, background, scenes, title: String::new() }
}

/// Luma of the composed frame, not rounded.
fn composed(paint: Paint) -> Vec<f64> {
    let composition = composition(paint);
    let frame = raster::still(&composition, FontLibrary::bundled(), Arc::new(GlyphCache::new()), 0, &Alone);
    frame.pixels().as_chunks::<4>().0.iter().map(|[r, g, b, _]| exact(Color::rgb(*r, *g, *b))).collect()
}

/// Luma of the last frame of a written video.
fn written(paint: Paint, output: fn(&Path) -> Output) -> Vec<f64> {
    let composition = composition(paint);
    let film = Film::new(&composition, FontLibrary::bundled(), Arc::new(GlyphCache::new()));
    let folder = tempfile::tempdir().expect("a folder");
    let video = folder.path().join("gradient");
    render(&film, &RenderJob::new(output(&video)), &Silent).unwrap_or_else(|error| panic!("{error}"));
    decoded(&video).into_iter().map(f64::from).collect()
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
fn blocks(luma: &[f64]) -> Vec<((f64, f64), f64)> {
    let block = |column: usize, row: usize| {
        let rows = (row * 40..row * 40 + 40).flat_map(|y| &luma[y * 1080 + column * 40..][..40]);
        let mean = rows.sum::<f64>() / 1600.0;
        ((column as f64 * 40.0 + 20.0, row as f64 * 40.0 + 20.0), mean)
    };
    (0..48).flat_map(|row| (0..27).map(move |column| (column, row))).map(|(column, row)| block(column, row)).collect()
}

/// The largest distance of a block's mean from the gradient, `share` being the place of a point on it. Bands of one level
/// would be half a level off at their edges.
fn worst(luma: &[f64], share: impl Fn(f64, f64) -> f64) -> f64 {
    let exact = |x: f64, y: f64| exact(DARK) + (exact(LESS_DARK) - exact(DARK)) * share(x, y);
    blocks(luma).into_iter().map(|((x, y), mean)| (mean - exact(x, y)).abs()).fold(0.0, f64::max)
}

fn linear() -> Paint {
    Paint::Linear { from: (0.0, 0.0), to: (0.0, 1920.0), stops: stops() }
}

fn radial() -> Paint {
    Paint::Radial { center: (540.0, 960.0), radius: 1200.0, stops: stops() }
}

fn conic() -> Paint {
    Paint::Conic { center: (540.0, 960.0), start: 0.0, stops: stops() }
}

fn along(_: f64, y: f64) -> f64 {
    y / 1920.0
}

fn outwards(x: f64, y: f64) -> f64 {
    (x - 540.0).hypot(y - 960.0) / 1200.0
}

/// No number, and so not compared, in the blocks at the centre, which hold all colours, and at the seam.
fn around(x: f64, y: f64) -> f64 {
    let turn = (x - 540.0).atan2(960.0 - y).rem_euclid(std::f64::consts::TAU) / std::f64::consts::TAU;
    if (x - 540.0).abs() < 60.0 && y < 1020.0 { f64::NAN } else { turn }
}

/// A name, the gradient, and which place on it a point has.
type Case = (&'static str, fn() -> Paint, fn(f64, f64) -> f64);

const PAINTS: [Case; 3] = [("linear", linear, along), ("radial", radial, outwards), ("conic", conic, around)];

/// Every composed frame is dithered: no block is far from the gradient's own mean.
#[test]
fn composed_dark_gradients_have_no_bands() {
    for (name, paint, share) in PAINTS {
        let off = worst(&composed(paint()), share);
        assert!(off < COMPOSED_OFF_LEVELS, "{name}: a block is {off:.3} levels off");
    }
}

/// Conversion rounds luma without a dither of its own, and the default quantiser takes most of the rest away. What is left
/// are steps of a single level, near to where an exact gradient would have them.
#[test]
fn decoded_dark_gradients_step_by_single_levels() {
    for (name, paint, share) in PAINTS {
        let converted = worst(&written(paint(), |video| Output::y4m_file(video)), share);
        assert!(converted < CONVERTED_OFF_LEVELS, "{name}: a block is {converted:.3} levels off");
        let luma = written(paint(), |video| Output::mp4_file(video));
        let off = worst(&luma, share);
        assert!(off < DECODED_OFF_LEVELS, "{name}: a block is {off:.3} levels off");
        if name == "conic" {
            continue; // Its seam and its centre step by all levels.
        }
        let across = luma.chunks_exact(1080).flat_map(|row| row.windows(2)).map(|pair| (pair[0] - pair[1]).abs());
        let down = luma.windows(1081).map(|part| (part[0] - part[1080]).abs());
        assert!(across.chain(down).all(|step| step <= 1.0), "{name}: neighbours differ by more than one level");
    }
}

/// Levels of luma.
const COMPOSED_OFF_LEVELS: f64 = 0.1;
/// Measured 0.32 to 0.36.
const CONVERTED_OFF_LEVELS: f64 = 0.45;
/// Measured 0.63 to 0.65 at the default quantiser; a gradient rounded to whole levels of red, green and blue before it is
/// converted would be up to 0.93 off.
const DECODED_OFF_LEVELS: f64 = 0.8;
