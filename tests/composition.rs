//! Two small quotes, resolved: which scenes there are, when they show, what lies where and how it moves. A change of the
//! template or of layout shows here as words before it shows as pixels.
//!
//! Lengths are rounded to whole px; letters are read back from the glyphs, `·` where a glyph stands for more than one.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use quotereel::Quote;
use quotereel::compose::scene::{Composition, Content, Geometry, Layer, MotionLink, Paint, Primitive, Scene};
use quotereel::compose::text::{FaceId, Fit, FontLibrary, TextBlock, TextStyle, layout};
use quotereel::ground::geometry::Rect;
use quotereel::ground::timeline::Track;

/// The letter behind a glyph.
type Letters = BTreeMap<(FaceId, u16), char>;

/// Glyphs of all letters of the quotes below, in every style of the template.
fn letters() -> Letters {
    let mut letters = Letters::new();
    let all = ('!'..='~').chain('א'..='ת').chain("…“”’‘×−·₪״׳%".chars());
    let styles = [("Inter", 500), ("Inter", 600), ("Inter", 700), ("Inter Display", 700), ("Inter Display", 800)];
    for ((family, weight), tabular) in styles.into_iter().flat_map(|style| [(style, false), (style, true)]) {
        let style = TextStyle { family: family.to_owned(), weight, tabular, ..TextStyle::default() };
        let mut note = |text: String, at: usize, letter: char| {
            let block = layout(FontLibrary::bundled(), &text, &style, &Fit::default());
            if block.glyphs.len() == text.chars().count() {
                letters.entry((block.glyphs[at].face, block.glyphs[at].id)).or_insert(letter);
            }
        };
        // A space alone would be trimmed; marks that isolate a value take its glyph, without a width.
        note("a a".to_owned(), 1, ' ');
        for letter in all.clone() {
            note(letter.to_string(), 0, letter);
        }
    }
    letters
}

fn composition(fixture: &str) -> Composition {
    let path = format!("{}/fixtures/quotes/{fixture}.json", env!("CARGO_MANIFEST_DIR"));
    let json = std::fs::read(path).expect("the fixture is there");
    Quote::from_json(json)
        .threads(std::num::NonZeroUsize::MIN)
        .prepare()
        .expect("a fixture makes a video")
        .composition()
        .clone()
}

fn written(composition: &Composition) -> String {
    let letters = letters();
    let Composition { size, frame_rate, frame_count, background, scenes, title } = composition;
    let mut text = format!("{title}\n{size} at {frame_rate}, {frame_count} frames on {background}\n");
    for scene in scenes {
        let Scene { id, first_frame, frame_count, layers } = scene;
        writeln!(text, "\nscene {id}: frames {first_frame}..{}", first_frame + frame_count).expect("a String");
        for layer in layers {
            write_layer(layer, *frame_count, &letters, &mut text);
        }
    }
    text
}

fn write_layer(layer: &Layer, frame_count: u32, letters: &Letters, text: &mut String) {
    let motion: Vec<String> = layer.motion.iter().map(|link| moves(link, frame_count)).collect();
    writeln!(text, "  {} {}", layer.node, motion.join(" / ")).expect("a String");
    let primitives = match &layer.content {
        Content::Still(primitives) => primitives,
        Content::Sequence { variants, index } => {
            writeln!(text, "    {} forms until frame {}, at last:", variants.len(), index.len() - 1).expect("a String");
            variants.last().expect("never empty")
        }
    };
    for primitive in primitives {
        writeln!(text, "    {}", drawn(primitive, letters)).expect("a String");
    }
}

/// What changes in a link: `y 56 to 0 in 5..18`.
fn moves(link: &MotionLink, frame_count: u32) -> String {
    let run = |name: &str, track: &Track| {
        let (from, to) = (track.at(0), track.at(frame_count));
        let first = (0..frame_count).find(|frame| track.at(*frame + 1).to_bits() != from.to_bits());
        (!track.is_constant())
            .then(|| format!("{name} {from:.2} to {to:.2} in {}..{}", first.unwrap_or(0), track.settled_at()))
    };
    let tracks = [
        run("x", &link.x),
        run("y", &link.y),
        run("scale", &link.scale),
        run("rotation", &link.rotation),
        run("opacity", &link.opacity),
        link.reveal.as_ref().and_then(|reveal| run(&format!("reveal from {:?}", reveal.from), &reveal.amount)),
        link.clip.as_ref().map(|clip| format!("clip {}", area(clip.rect))),
    ];
    format!("[{}]", tracks.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn drawn(primitive: &Primitive, letters: &Letters) -> String {
    match primitive {
        Primitive::Text(text) => {
            let block = &text.block;
            let rect = Rect::new(text.origin.0, text.origin.1, block.width, block.height);
            let lines = read(block, letters).join(" | ");
            format!("text {:.0} px {} {}: {lines}", block.size_px, text.color, area(rect))
        }
        Primitive::Isolated(group) => {
            let inside: Vec<String> = group.primitives.iter().map(|inner| drawn(inner, letters)).collect();
            format!("apart, blurred by {:.0} px, cut {} times: {}", group.blur, group.stencils.len(), inside.join("; "))
        }
        Primitive::Picture(picture) => format!("picture {} of {}", area(picture.clip.rect), picture.pixels.size()),
        Primitive::Shape(shape) => {
            let place = match &shape.geometry {
                Geometry::RoundedRect(rounded) => {
                    format!("rect {} radius {:.0}", area(rounded.rect), rounded.radii[0])
                }
                Geometry::Ellipse(rect) => format!("ellipse {}", area(*rect)),
                Geometry::Line { from, to } => format!("line {from:.0?} to {to:.0?}"),
                Geometry::Stretch { line, from, to } => {
                    format!("{from:.2} to {to:.2} of {:.0} px", line.length)
                }
                Geometry::Path(segments) => format!("path of {} segments", segments.len()),
            };
            let fill = shape.fill.as_ref().map(|fill| format!(" fill {}", paint(fill))).unwrap_or_default();
            let stroke = shape.stroke.as_ref().map(|stroke| format!(" stroke {:.0} px", stroke.width));
            let shadow = shape.shadow.map(|shadow| format!(" shadow {:.0} px", shadow.blur));
            format!("{place}{fill}{}{}", stroke.unwrap_or_default(), shadow.unwrap_or_default())
        }
    }
}

fn paint(paint: &Paint) -> String {
    match paint {
        Paint::Solid(color) => color.to_string(),
        Paint::Linear { stops, .. } | Paint::Radial { stops, .. } | Paint::Conic { stops, .. } => {
            stops.iter().map(|stop| stop.color.to_string()).collect::<Vec<_>>().join("-")
        }
    }
}

fn area(rect: Rect) -> String {
    format!("({:.0}, {:.0}) {:.0}x{:.0}", rect.x, rect.y, rect.width, rect.height)
}

/// Lines as they stand on the canvas, from left to right.
fn read(block: &TextBlock, letters: &Letters) -> Vec<String> {
    let line = |glyphs: &std::ops::Range<usize>| {
        let glyphs = &block.glyphs[glyphs.clone()];
        let read: String = glyphs.iter().map(|glyph| letters.get(&(glyph.face, glyph.id)).unwrap_or(&'·')).collect();
        read.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    block.lines.iter().map(|each| line(&each.glyphs)).collect()
}

#[test]
fn left_to_right() {
    insta::assert_snapshot!(written(&composition("bare")));
}

#[test]
fn right_to_left() {
    insta::assert_snapshot!(written(&composition("garden-he-il")));
}
