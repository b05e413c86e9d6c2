//! Building a composition: scenes are bound, paged so that rows fit, laid out, timed and flattened.

use std::sync::Arc;

use super::ComposeError;
use super::composition::{Composition, Scene};
use super::draft::{Draft, Drafts, Laid};
use super::findings::{Findings, Spot};
use super::flatten::{Flat, Flattening};
use super::motion::Clock;
use super::paint::Behind;
use super::timing::{Need, fit};
use crate::compose::layout::{Surroundings, lay_out};
use crate::compose::text::FontLibrary;
use crate::ground::color::Color;
use crate::ground::executor::{self, Executor};
use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::Size;
use crate::ground::problem::{Problems, member};
use crate::ground::time::FrameRate;
use crate::template::{Binder, Bindings, BoundTransition, DOCUMENT_FILE, Template, TemplateError, TransitionKind};

/// Everything a composition is made from. Nothing else is looked at: no clock, no disk, no network.
#[derive(Clone, Copy)]
pub struct Ingredients<'a> {
    pub template: &'a Template,
    /// The quote and where its pictures are.
    pub bindings: Bindings<'a>,
    /// Loaded pictures; [`Bindings::pictures`] holds indices into them.
    pub pictures: &'a [Arc<RgbaFrame>],
    pub fonts: &'a FontLibrary,
    /// Canvas size in px; both sides even.
    pub canvas: Size,
    /// Frames a second.
    pub frame_rate: FrameRate,
    /// Who lays out the scenes.
    pub executor: &'a dyn Executor,
}

/// A composition and what its author should know about it.
#[derive(Clone, Debug)]
pub struct Composed {
    /// The video, resolved.
    pub composition: Composition,
    /// Findings such as cut texts and missing characters; warnings only.
    pub warnings: Problems,
    /// Characters of the video that no font has, each once.
    pub missing: Vec<char>,
}

/// The frames of a scene up to where the next one begins to come in.
#[derive(Clone, Copy)]
struct Slot {
    first_frame: u32,
    frames: u32,
}

impl Slot {
    /// A moment at which everything has come and nothing has gone yet, in milliseconds.
    fn middle_ms(self, rate: FrameRate) -> u64 {
        rate.ms_of_frames(self.first_frame + self.frames / 2)
    }
}

/// Scenes of these lengths one after another. Ends are rounded, not lengths, so that errors do not add up.
fn slots(lengths_s: &[f64], rate: FrameRate) -> Vec<Slot> {
    let mut start_s = 0.0;
    let slot = |length_s: &f64| {
        let first_frame = rate.frames_in_seconds(start_s);
        start_s += length_s;
        Slot { first_frame, frames: rate.frames_in_seconds(start_s) - first_frame }
    };
    lengths_s.iter().map(slot).collect()
}

/// Builds the composition of a quote.
///
/// # Errors
/// [`ComposeError`] where the template fails on this quote or leaves nothing to show.
pub fn compose(from: Ingredients<'_>) -> Result<Composed, ComposeError> {
    check_fonts(from)?;
    let binder = Binder::new(from.template, &from.bindings, from.canvas, from.frame_rate)?;
    let locale = &from.bindings.snapshot.locale;
    let aspects: Vec<f32> = from.pictures.iter().map(|picture| aspect(picture.size())).collect();
    let around = Surroundings {
        fonts: from.fonts,
        aspects: &aspects,
        language: locale.tag(),
        right_to_left: locale.is_rtl(),
        canvas: from.canvas,
    };
    let document = from.template.document();
    let mut drafts = Drafts::plan(&binder, around, from.executor)?;
    if drafts.is_empty() {
        return Err(ComposeError::NoScenes { template: document.name.clone() });
    }
    // Until the video is short enough: what a scene needs is known once it is laid out.
    loop {
        let (scenes, lists) = drafts.bind()?;
        let laid = executor::map(from.executor, &scenes, |scene| scene.lay_out(around, from.frame_rate));
        let laid: Vec<Laid<'_>> = laid.into_iter().collect::<Result<_, _>>()?;
        let needs: Vec<Need> = laid.iter().map(|laid| laid.need).collect();
        let Some(lengths_s) = fit(&needs, document.duration) else {
            if drafts.drop_pages() {
                continue;
            }
            let least_s = needs.iter().map(|need| need.least).sum();
            return Err(ComposeError::TooLong {
                template: document.name.clone(),
                least_s,
                most_s: document.duration.max,
            });
        };
        if drafts.shorten_hurried(&lists, &needs, &lengths_s) {
            continue;
        }
        let mut findings = Findings::default();
        let slots = slots(&lengths_s, from.frame_rate);
        for list in lists.iter().filter(|list| list.page.more > 0) {
            let at_ms = slots[list.last].middle_ms(from.frame_rate);
            let spot = Spot { scene: &scenes[list.last].scene.id, node: "", at_ms };
            findings.rows_left_out(spot, list.page.start + list.page.len, list.page.more);
        }
        let assembly = Assembly { from, around, binder: &binder, slots: &slots, lengths_s: &lengths_s };
        return assembly.finish(&scenes, &laid, findings);
    }
}

/// Everything that is known once every scene has its length.
struct Assembly<'a> {
    from: Ingredients<'a>,
    around: Surroundings<'a>,
    binder: &'a Binder<'a>,
    slots: &'a [Slot],
    lengths_s: &'a [f64],
}

impl Assembly<'_> {
    /// The composition of `scenes`, which are `laid` out; `findings` are those so far.
    fn finish(&self, scenes: &[Draft], laid: &[Laid<'_>], mut findings: Findings) -> Result<Composed, ComposeError> {
        let from = self.from;
        let frame_count = from.frame_rate.frames_in_seconds(self.lengths_s.iter().sum());
        let backdrop = self.backdrop(frame_count)?;
        findings.append(backdrop.findings);
        let mut shown = Vec::with_capacity(scenes.len() + 1);
        if !backdrop.layers.is_empty() {
            let id = BACKDROP.to_owned();
            shown.push(Scene { id, first_frame: 0, frame_count, layers: backdrop.layers });
        }
        let indices: Vec<usize> = (0..scenes.len()).collect();
        let drawn = executor::map(from.executor, &indices, |&at| {
            self.scene(scenes, &laid[at], at, frame_count, backdrop.behind.clone())
        });
        for (scene, found) in drawn {
            shown.push(scene);
            findings.append(found);
        }
        let snapshot = from.bindings.snapshot;
        let composition = Composition {
            size: from.canvas,
            frame_rate: from.frame_rate,
            frame_count,
            background: BASE,
            scenes: shown,
            title: format!("{} · {}", snapshot.quote.number, snapshot.company.name),
        };
        Ok(Composed { composition, missing: findings.missing(), warnings: findings.into_problems(snapshot) })
    }

    /// What lies behind all scenes, for the whole video.
    fn backdrop(&self, frame_count: u32) -> Result<Flat, ComposeError> {
        let root = self.binder.backdrop()?;
        let placed = lay_out(&root, self.around)?;
        let spot = Spot { scene: BACKDROP, node: "", at_ms: 0 };
        Ok(self.flattening(frame_count, spot).of(&placed, Vec::new(), 0.0, Behind::default()))
    }

    /// The scene at `at`, over what lies `behind` it.
    fn scene(
        &self,
        scenes: &[Draft],
        laid: &Laid<'_>,
        at: usize,
        frame_count: u32,
        behind: Behind,
    ) -> (Scene, Findings) {
        let rate = self.from.frame_rate;
        let (draft, slot) = (&scenes[at], self.slots[at]);
        let id = draft.scene.id.clone();
        let spot = Spot { scene: &id, node: "", at_ms: slot.middle_ms(rate) };
        let flattening = self.flattening(slot.frames, spot);
        let into = (at > 0).then_some(&draft.scene.transition);
        let next = scenes.get(at + 1).map(|next| &next.scene.transition);
        let overlap = next.map_or(0, |next| overlap_frames(next, rate));
        let outer = [
            into.and_then(|into| flattening.clock.arriving(into, self.from.canvas)),
            next.and_then(|next| flattening.clock.departing(next, self.from.canvas)),
        ];
        let outer = outer.into_iter().flatten().collect();
        let Flat { layers, mut findings, .. } = flattening.of(&laid.placed, outer, draft.begin_s, behind);
        findings.reading(spot, self.lengths_s[at], laid.need.reading);
        if laid.overflows {
            findings.overflow(spot);
        } else if draft.is_small() {
            findings.text_small(spot);
        }
        let first_frame = slot.first_frame;
        let shown = (first_frame + slot.frames + overlap).min(frame_count) - first_frame;
        (Scene { id, first_frame, frame_count: shown, layers }, findings)
    }

    fn flattening<'s>(&'s self, slot_frames: u32, spot: Spot<'s>) -> Flattening<'s> {
        let clock = Clock {
            rate: self.from.frame_rate,
            slot_frames,
            unit: self.binder.unit(),
            right_to_left: self.around.right_to_left,
        };
        Flattening { around: self.around, pictures: self.from.pictures, clock, base: BASE, spot }
    }
}

/// Name of the scene that lies behind all others.
const BACKDROP: &str = "backdrop";
/// What is painted before anything else.
const BASE: Color = Color::BLACK;

fn check_fonts(from: Ingredients<'_>) -> Result<(), TemplateError> {
    let fonts = &from.template.document().theme.fonts;
    match fonts.iter().find(|(_, font)| !from.fonts.has_family(&font.family)) {
        None => Ok(()),
        Some((role, font)) => {
            let known: Vec<&str> = from.fonts.families().collect();
            let pointer = member(&member("/theme/fonts", role), "family");
            let reason = format!("no font family `{}` is bundled; there are: {}", font.family, known.join(", "));
            Err(from.template.problem(DOCUMENT_FILE, pointer, reason).into())
        }
    }
}

fn overlap_frames(transition: &BoundTransition, rate: FrameRate) -> u32 {
    match transition.kind {
        TransitionKind::None => 0,
        _ => rate.frames_in_seconds(transition.duration_s),
    }
}

fn aspect(size: Size) -> f32 {
    let [width, height] = size.as_f32();
    width / height.max(1.0)
}
