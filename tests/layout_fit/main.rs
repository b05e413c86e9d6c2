//! Whatever a quote says, its video can be read: properties of the layout of every built-in template over random valid
//! snapshots. Nothing is drawn; each snapshot meets one template, in one of its looks, on one canvas.
//!
//! `PROPTEST_CASES` sets how many and `PROPTEST_RNG_SEED` which ones, a failure prints the whole snapshot. Without them it is
//! the same ones each time: a new fault belongs to the change that made it.

mod look;
mod promises;
mod quotes;

use std::thread;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use quotereel::compose::scene::{Composition, Content, Geometry, Layer, Paint, Primitive, Scene, Shape};
use quotereel::compose::text::{FontLibrary, TextBlock, layout};
use quotereel::ground::geometry::{Rect, Size};
use quotereel::ground::problem::Problem;
use quotereel::template::{Template, builtin, builtin_names};
use quotereel::{Quote, SIZES, Video, default_threads};

use look::{Box, boxes, contents, outside, overlaps, texts};

/// Cases unless `PROPTEST_CASES` says otherwise.
const CASES: u32 = 2_000;
/// Seed unless `PROPTEST_RNG_SEED` says otherwise.
const SEED: u64 = 1;
/// Parts of the cases, each with a seed of its own: which cases there are does not depend on how many threads there are.
const SHARES: u32 = 8;
/// Tries to make a failing snapshot smaller; the tenth of a second that each takes is another's.
const SHRINKS: u32 = 300;
/// Smallest text that may ever show, in px of a canvas whose shorter side is 1080: the template's own least.
const MIN_SIZE_PX: f32 = 40.0;
/// The same for the one or two letters of a monogram, each perhaps with its marks: they have to fit into their tile
/// however wide they are.
const MIN_INITIALS_PX: f32 = 26.0;
/// Most glyphs of a monogram: two letters, each with up to three marks.
const INITIALS_GLYPHS: usize = 8;
/// Chat and story chrome covers what lies outside, on 1080x1920: left, top, right, bottom.
const STORY_SAFE: [f32; 4] = [65.0, 270.0, 1015.0, 1540.0];
/// Share of each side that stays free on the other canvases.
const MARGIN: f32 = 0.06;
/// Rounding of a text's top edge to whole pixels, and of widths to floats.
const SLACK_PX: f32 = 1.0;
/// Least time a counted number stands on its exact amount.
const COUNTED_S: f64 = 2.0;
/// Least time everything in a scene stands still.
const SETTLED_S: f64 = 1.2;
/// What a quote may be warned of: that it says too much, and that its pictures are as small as those here are. Of too little
/// time only where the video takes all there is.
const TOLD: [&str; 4] = ["text_cut", "rows_left_out", "code_too_fine", "picture_small"];

/// Settings of one of the [`SHARES`] of the cases.
fn config(share: u32) -> Config {
    let config = Config { failure_persistence: None, max_shrink_iters: SHRINKS, ..Config::default() };
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { config.cases } else { CASES };
    let seed = if let RngSeed::Fixed(seed) = config.rng_seed { seed } else { SEED };
    let rng_seed = RngSeed::Fixed(seed.wrapping_add(u64::from(share) << 32));
    Config { cases: cases.div_ceil(SHARES), rng_seed, ..config }
}

fn prepared(snapshot: &serde_json::Value, template: &str, look: Option<&str>, size: Size) -> Video {
    let quote = Quote::from_json(snapshot.to_string())
        .template(template)
        .params(look.map(|look| ("look", look)))
        .size(size)
        .threads(std::num::NonZeroUsize::MIN);
    quote.prepare().unwrap_or_else(|error| panic!("{error}\n{snapshot:#}"))
}

/// Everything that is wrong with a composition, in words.
fn faults(video: &Video, template: &Template) -> Vec<String> {
    let composition = video.composition();
    let mut faults = Vec::new();
    let seconds = composition.frame_rate.seconds_at(composition.frame_count);
    let range = template.document().duration;
    if !(range.min..=range.max).contains(&seconds) {
        faults.push(format!("it runs {seconds} s"));
    }
    let backdrop = composition.scenes.iter().find(|scene| scene.id == "backdrop");
    for scene in &composition.scenes {
        let backdrop = backdrop.filter(|_| !covers(scene, composition.size));
        let mut found = Vec::new();
        texts_are_inside(composition, scene, &mut found);
        nothing_overlaps(&with(backdrop, scene), &mut found);
        counts_end_in_time(composition, scene, &mut found);
        stands_still(composition, scene, &mut found);
        faults.extend(found.into_iter().map(|fault| format!("scene {}: {fault}", scene.id)));
    }
    total_is_exact(video, template, &mut faults);
    let hurried = seconds + 0.1 > range.max;
    let may_be_told = |problem: &&Problem| TOLD.contains(&problem.code) || (hurried && problem.code == "too_brief");
    let about_the_picture = video.warnings().iter().filter(|problem| problem.shown.is_some());
    let told = about_the_picture.filter(|problem| !may_be_told(problem));
    faults.extend(told.map(Problem::to_string));
    faults
}

fn texts_are_inside(composition: &Composition, scene: &Scene, faults: &mut Vec<String>) {
    #[expect(clippy::cast_precision_loss, reason = "canvas sides are a few thousand px")]
    let canvas = [0.0, 0.0, composition.size.width as f32, composition.size.height as f32];
    let (x, y) = (canvas[2] * MARGIN, canvas[3] * MARGIN);
    let safe = if composition.size == SIZES[0] { STORY_SAFE } else { [x, y, canvas[2] - x, canvas[3] - y] };
    for layer in &scene.layers {
        for text in contents(&layer.content).flat_map(texts) {
            let block = &text.block;
            let shown = format!("text of {} at {:?}, {} px", layer.node, text.origin, block.size_px);
            let least = if block.glyphs.len() <= INITIALS_GLYPHS { MIN_INITIALS_PX } else { MIN_SIZE_PX };
            if block.size_px < least {
                faults.push(format!("{shown}: too small"));
            }
            for line in &block.lines {
                if line.x < -0.5 || line.x + line.width > block.width + 0.5 {
                    faults.push(format!("{shown}: {line:?} leaves its block of {} px", block.width));
                }
            }
            for line in boxes(text) {
                if outside(line, canvas, 0.5) {
                    faults.push(format!("{shown}: {line:?} leaves the canvas"));
                }
                if outside(line, safe, SLACK_PX) {
                    faults.push(format!("{shown}: {line:?} leaves the safe area"));
                }
            }
            for glyph in &block.glyphs {
                let (x, y) = (text.origin.0 + glyph.x, text.origin.1 + glyph.y);
                // An accent stands on its letter's advance edge; no pen goes further than that.
                if x < -0.5 || x > canvas[2] + 0.5 || y < 0.0 || y > canvas[3] {
                    faults.push(format!("{shown}: a glyph at {x}, {y} is outside the canvas"));
                }
            }
        }
    }
}

/// Whether a scene has a solid ground of its own, behind which nothing shows.
fn covers(scene: &Scene, size: Size) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "canvas sides are a few thousand px")]
    let canvas = Rect::new(0.0, 0.0, size.width as f32, size.height as f32);
    let is_ground = |primitive: &&Primitive| match primitive {
        Primitive::Shape(Shape { geometry: Geometry::RoundedRect(area), fill: Some(Paint::Solid(color)), .. }) => {
            color.a == 255 && area.radii == [0.0; 4] && area.rect.contains(canvas, 0.0)
        }
        _ => false,
    };
    scene.layers.iter().flat_map(|layer| contents(&layer.content)).any(|all| look::flat(all).iter().any(is_ground))
}

/// The layers of a scene and those that stand behind all scenes.
fn with(backdrop: Option<&Scene>, scene: &Scene) -> Scene {
    let mut both = scene.clone();
    if let Some(backdrop) = backdrop.filter(|backdrop| backdrop.id != scene.id) {
        both.layers.extend(backdrop.layers.clone());
    }
    both
}

/// No two texts of a scene lie on each other, and no text lies on a picture, an icon or a code. A photograph that runs to
/// the edges of the canvas is a ground to write on.
fn nothing_overlaps(scene: &Scene, faults: &mut Vec<String>) {
    let mut words: Vec<(&str, Vec<Box>)> = Vec::new();
    let mut pictures: Vec<(&str, Box)> = Vec::new();
    for layer in &scene.layers {
        // All forms of a counted number share one place; the last one is the one that stays.
        let Some(shown) = contents(&layer.content).last() else { continue };
        words.extend(texts(shown).map(|text| (layer.node.as_str(), boxes(text).collect())));
        let pictured = look::flat(shown).into_iter().filter_map(look::picture).filter(|rect| rect[1] > 0.5);
        pictures.extend(pictured.map(|rect| (layer.node.as_str(), rect)));
    }
    for (at, (node, lines)) in words.iter().enumerate() {
        for (other, below) in &words[at + 1..] {
            for (a, b) in lines.iter().flat_map(|a| below.iter().map(move |b| (a, b))) {
                if overlaps(*a, *b, SLACK_PX) {
                    faults.push(format!("texts of {node} and {other} overlap: {a:?} and {b:?}"));
                }
            }
        }
        for (other, picture) in &pictures {
            for line in lines.iter().filter(|line| overlaps(**line, *picture, SLACK_PX)) {
                faults.push(format!("a text of {node} at {line:?} lies on the picture of {other} at {picture:?}"));
            }
        }
    }
}

fn counts_end_in_time(composition: &Composition, scene: &Scene, faults: &mut Vec<String>) {
    let next = composition.scenes.iter().map(|other| other.first_frame).filter(|first| *first > scene.first_frame);
    let end = next.min().unwrap_or(composition.frame_count);
    for layer in &scene.layers {
        let Content::Sequence { variants, index } = &layer.content else { continue };
        if index.last().map(|last| usize::from(*last) + 1) != Some(variants.len()) {
            faults.push(format!("{} does not stop at its last form", layer.node));
        }
        let counted = scene.first_frame + u32::try_from(index.len()).expect("a few hundred") - 1;
        let rest = composition.frame_rate.seconds_at(end.saturating_sub(counted));
        if rest + 1.0 / 30.0 < COUNTED_S {
            faults.push(format!("{} stands still for {rest} s only", layer.node));
        }
    }
}

/// There is time to look at a scene: everything has come, and nothing has gone yet.
fn stands_still(composition: &Composition, scene: &Scene, faults: &mut Vec<String>) {
    let (mut since, mut longest) = (0, 0);
    for frame in 1..scene.frame_count {
        if scene.layers.iter().any(|layer| changes(layer, frame)) {
            since = frame;
        }
        longest = longest.max(frame - since);
    }
    let rest = composition.frame_rate.seconds_at(longest);
    if rest + 2.0 / 30.0 < SETTLED_S {
        faults.push(format!("it stands still for {rest} s only"));
    }
}

/// Whether a layer is another at `frame` than at the frame before.
fn changes(layer: &Layer, frame: u32) -> bool {
    let moves = layer.motion.iter().any(|link| {
        let reveal = link.reveal.as_ref().map(|reveal| &reveal.amount);
        [&link.x, &link.y, &link.scale, &link.rotation, &link.opacity]
            .into_iter()
            .chain(reveal)
            .any(|t| t.moves_at(frame))
    });
    let counts = match &layer.content {
        Content::Still(_) => false,
        Content::Sequence { index, .. } => {
            let at = |frame: u32| index.get(frame as usize).or(index.last());
            at(frame) != at(frame - 1)
        }
    };
    moves || counts
}

/// The last form of the counted total is the exact amount, all of it.
fn total_is_exact(video: &Video, template: &Template, faults: &mut Vec<String>) {
    let snapshot = video.snapshot();
    let amount = snapshot.locale.money(snapshot.totals.total, snapshot.currency);
    let mut totals = 0;
    for layer in video.composition().scenes.iter().flat_map(|scene| &scene.layers) {
        let Content::Sequence { variants, .. } = &layer.content else { continue };
        let Some(block) = variants.last().and_then(|last| texts(last).next()).map(|text| &text.block) else { continue };
        totals += 1;
        let reads_rightwards = amount.starts_with('\u{200e}')
            || !amount.contains(|c: char| c.is_alphabetic() && matches!(c, '\u{590}'..='\u{8ff}'));
        let isolate = if snapshot.locale.is_rtl() && !reads_rightwards { '\u{2067}' } else { '\u{2068}' };
        let expected = layout(
            FontLibrary::bundled(),
            &format!("{isolate}{amount}\u{2069}"),
            &look::total_style(template, block.size_px, &snapshot.locale),
            &quotereel::compose::text::Fit::default(),
        );
        let drawn = |block: &TextBlock| block.glyphs.iter().map(|glyph| (glyph.face, glyph.id)).collect::<Vec<_>>();
        if block.truncated || drawn(block) != drawn(&expected) {
            faults.push(format!("the total is not {amount}: {block:?}"));
        }
    }
    if totals != 1 {
        faults.push(format!("{totals} counted numbers"));
    }
}

/// Checks one quote with one template in one of its looks on one canvas.
fn check(snapshot: &serde_json::Value, template: &Template, look: usize, size: Size) -> Result<(), TestCaseError> {
    let document = template.document();
    let (name, looks) = (&document.name, &document.params["look"].choices);
    let look = &looks[look % looks.len()];
    let faults = faults(&prepared(snapshot, name, Some(look), size), template);
    prop_assert!(faults.is_empty(), "{name}, {look}, {size}:\n{}\n{snapshot:#}", faults.join("\n"));
    Ok(())
}

#[test]
fn every_quote_can_be_read() {
    let templates: Vec<Template> = builtin_names().map(|name| builtin(name).expect("a built-in template")).collect();
    let run = |share| {
        let cases = (quotes::random(), 0..templates.len(), any::<usize>(), proptest::sample::select(SIZES.to_vec()));
        let ran = TestRunner::new(config(share))
            .run(&cases, |(snapshot, template, look, size)| check(&snapshot, &templates[template], look, size));
        ran.unwrap_or_else(|failure| panic!("{failure}"));
    };
    let (run, threads) = (&run, default_threads().get());
    thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || (0..SHARES).skip(thread).step_by(threads).for_each(run));
        }
    });
}

#[test]
fn the_checks_find_what_is_wrong() {
    let composition = prepared(&quotes::plain(), "quote-summary", None, SIZES[0]).composition().clone();
    let mut spoilt = composition.clone();
    for layer in spoilt.scenes.iter_mut().flat_map(|scene| &mut scene.layers) {
        if let Content::Still(primitives) = &mut layer.content {
            for primitive in primitives {
                if let Primitive::Text(text) = primitive {
                    text.origin = (1000.0, 1500.0);
                }
            }
        }
    }
    let mut found = Vec::new();
    for scene in &composition.scenes {
        texts_are_inside(&composition, scene, &mut found);
        nothing_overlaps(scene, &mut found);
    }
    assert_eq!(found, Vec::<String>::new());
    for scene in &spoilt.scenes {
        texts_are_inside(&spoilt, scene, &mut found);
        nothing_overlaps(scene, &mut found);
    }
    for words in ["leaves the canvas", "leaves the safe area", "overlap"] {
        assert!(found.iter().any(|fault| fault.contains(words)), "{words}: {found:#?}");
    }
}
