//! Building a composition: scenes are bound, paged so that rows fit, laid out, timed and flattened.

use std::sync::Arc;

use super::composition::{Composition, Scene};
use super::findings::{Findings, Spot};
use super::flatten::Flattener;
use super::motion::{Clock, entrances_begin_s};
use super::paint::Behind;
use super::tighten::{BELOW_SMALLEST, TIGHTEST, UNNOTICED, loosen, tighten};
use super::timing::{LEAST_READ, Need, fit, need};
use crate::compose::layout::{LayoutError, Placed, Surroundings, has_room, lay_out};
use crate::compose::text::FontLibrary;
use crate::ground::color::Color;
use crate::ground::executor::{self, Executor};
use crate::ground::frame::RgbaFrame;
use crate::ground::geometry::Size;
use crate::ground::problem::{Problems, member};
use crate::ground::time::FrameRate;
use crate::template::{
    Binder, Bindings, BoundKind, BoundNode, BoundScene, BoundTransition, DOCUMENT_FILE, Page, Paging, PlannedScene,
    Template, TemplateError, TransitionKind,
};

/// Everything a composition is made from. Nothing else is looked at: no clock, no disk, no network.
#[derive(Clone, Copy)]
pub struct Ingredients<'a> {
    /// The template.
    pub template: &'a Template,
    /// The quote and where its pictures are.
    pub bindings: Bindings<'a>,
    /// Loaded pictures; [`Bindings::pictures`] holds indices into them.
    pub pictures: &'a [Arc<RgbaFrame>],
    /// Fonts.
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

/// A quote and a template that do not make a video.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The template fails on this quote.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A scene could not be laid out.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// No scene is left for this quote.
    #[error("template `{template}` has no scene for this quote: every `when` is false")]
    NoScenes {
        /// The template.
        template: String,
    },
    /// The scenes cannot be made short enough.
    #[error("template `{template}` needs at least {least_s:.1} s for this quote; it allows {most_s:.1} s")]
    TooLong {
        /// The template.
        template: String,
        /// Least length in seconds.
        least_s: f64,
        /// Longest length the template allows, in seconds.
        most_s: f64,
    },
}

/// A scene with what it needs, before its length is known.
struct Draft {
    scene: BoundScene,
    begin_s: f64,
    need: Need,
    /// Whether texts are below their smallest size.
    is_small: bool,
    overflows: bool,
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
    let snapshot = from.bindings.snapshot;
    let aspects: Vec<f32> = from.pictures.iter().map(|picture| aspect(picture.size())).collect();
    let around = Surroundings {
        fonts: from.fonts,
        aspects: &aspects,
        language: snapshot.locale.tag(),
        right_to_left: snapshot.locale.is_rtl(),
        canvas: from.canvas,
    };
    let mut findings = Findings::default();
    let (drafts, lengths_s) = draft_all(from, &binder, around, &mut findings)?;

    let backdrop = binder.backdrop()?;
    let base = Color::BLACK;
    let frame_count = from.frame_rate.frames_in_seconds(lengths_s.iter().sum());
    let still = Clock {
        rate: from.frame_rate,
        slot_frames: frame_count,
        unit: binder.unit(),
        right_to_left: around.right_to_left,
    };
    let flat = |clock: Clock, spot: Spot<'_>, root: &BoundNode, outer, begin_s, behind: &mut Behind| {
        let placed = lay_out(root, around)?;
        let mut findings = Findings::default();
        let Spot { scene, at_ms, .. } = spot;
        let mut flattener =
            Flattener { around, pictures: from.pictures, clock, base, scene, at_ms, findings: &mut findings };
        let layers = flattener.layers(&placed, outer, begin_s, behind);
        Ok::<_, LayoutError>((layers, findings))
    };
    let mut behind = Behind::default();
    let mut scenes = Vec::with_capacity(drafts.len() + 1);
    let (layers, found) =
        flat(still, Spot { scene: "backdrop", node: "", at_ms: 0 }, &backdrop, Vec::new(), 0.0, &mut behind)?;
    findings.append(found);
    if !layers.is_empty() {
        scenes.push(Scene { id: "backdrop".to_owned(), first_frame: 0, frame_count, layers });
    }

    let slots = slots(&lengths_s, from.frame_rate);
    let indices: Vec<usize> = (0..drafts.len()).collect();
    let drawn = executor::map(from.executor, &indices, |&at| {
        let (draft, Slot { first_frame, frames }) = (&drafts[at], slots[at]);
        let clock = Clock { slot_frames: frames, ..still };
        let into = (at > 0).then_some(&draft.scene.transition);
        let next = drafts.get(at + 1).map(|next| &next.scene.transition);
        let overlap = next.map_or(0, |next| overlap_frames(next, from.frame_rate));
        let outer = [
            into.and_then(|into| clock.arriving(into, from.canvas)),
            next.and_then(|next| clock.departing(next, from.canvas)),
        ];
        let outer = outer.into_iter().flatten().collect();
        let id = draft.scene.id.clone();
        let spot = Spot { scene: &id, node: "", at_ms: slots[at].middle_ms(from.frame_rate) };
        let (layers, mut found) = flat(clock, spot, &draft.scene.root, outer, draft.begin_s, &mut behind.clone())?;
        found.reading(spot, lengths_s[at], draft.need.reading);
        if draft.overflows {
            found.overflow(spot);
        } else if draft.is_small {
            found.text_small(spot);
        }
        let shown = (first_frame + frames + overlap).min(frame_count) - first_frame;
        Ok::<_, LayoutError>((Scene { id, first_frame, frame_count: shown, layers }, found))
    });
    for scene in drawn {
        let (scene, found) = scene?;
        scenes.push(scene);
        findings.append(found);
    }
    let composition = Composition {
        size: from.canvas,
        frame_rate: from.frame_rate,
        frame_count,
        background: base,
        scenes,
        title: format!("{} · {}", snapshot.quote.number, snapshot.company.name),
    };
    Ok(Composed { composition, missing: findings.missing(), warnings: findings.into_problems(snapshot) })
}

#[expect(clippy::cast_precision_loss, reason = "pictures have at most a few thousand px a side")]
fn aspect(size: Size) -> f32 {
    size.width as f32 / size.height.max(1) as f32
}

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

/// Binds and pages all scenes; takes pages away until the video can be short enough, and then pages and rows of lists that could
/// not even be skimmed: a part of a list that can be read says more than all of it that cannot.
fn draft_all(
    from: Ingredients<'_>,
    binder: &Binder<'_>,
    around: Surroundings<'_>,
    findings: &mut Findings,
) -> Result<(Vec<Draft>, Vec<f64>), ComposeError> {
    let template = || from.template.document().name.clone();
    let planned = binder.plan()?;
    if planned.is_empty() {
        return Err(ComposeError::NoScenes { template: template() });
    }
    let range = from.template.document().duration;
    let most = |paging: &Paging| Most { pages: paging.max_pages, rows: paging.max_rows, spares_one: true };
    let mut most: Vec<Most> = planned.iter().map(|scene| scene.paging.as_ref().map_or(Most::default(), most)).collect();
    loop {
        let mut lists = Vec::new();
        let mut places = Vec::new();
        let indices: Vec<usize> = (0..planned.len()).collect();
        let paged = executor::map(from.executor, &indices, |&at| pages(binder, &planned[at], most[at], around));
        for (at, (scene, pages)) in planned.iter().zip(paged).enumerate() {
            let pages = pages?;
            let last = pages.last().copied();
            let choices: Vec<Option<Page>> =
                if pages.is_empty() { vec![None] } else { pages.into_iter().map(Some).collect() };
            for page in choices {
                places.push((places.is_empty(), scene.index, page));
            }
            lists.extend(last.map(|page| List { scene: at, last: places.len() - 1, page }));
        }
        let drafts = executor::map(from.executor, &places, |&(first, scene, page)| {
            let (bound, level) = fitting(binder.scene(scene, page)?, around)?;
            let begin_s = entrances_begin_s((!first).then_some(&bound.transition));
            let placed = lay_out(&bound.root, around)?;
            let need = need(&bound, &placed, begin_s, first, from.frame_rate);
            let overflows = placed.overflows();
            Ok(Draft { scene: bound, begin_s, need, is_small: level >= BELOW_SMALLEST, overflows })
        });
        let drafts = drafts.into_iter().collect::<Result<Vec<Draft>, ComposeError>>()?;
        let needs: Vec<Need> = drafts.iter().map(|draft| draft.need).collect();
        if let Some(lengths_s) = fit(&needs, range) {
            let shorter = lists.iter().filter(|list| list.is_hurried(&needs, &lengths_s)).find_map(|list| {
                let paging = planned[list.scene].paging.as_ref()?;
                Some((list.scene, shorter(paging, list.page.start + list.page.len)?))
            });
            if let Some((scene, fewer)) = shorter {
                most[scene] = fewer;
                continue;
            }
            let slots = slots(&lengths_s, from.frame_rate);
            for List { last, page: Page { start, len, more, .. }, .. } in
                lists.into_iter().filter(|list| list.page.more > 0)
            {
                let at_ms = slots[last].middle_ms(from.frame_rate);
                findings.rows_left_out(Spot { scene: &drafts[last].scene.id, node: "", at_ms }, start + len, more);
            }
            return Ok((drafts, lengths_s));
        }
        // What a list of rows leaves out, it says so in words; a scene for each entry, a photograph say, cannot.
        let has_rows = most.iter().any(|most| most.rows > 1 && most.pages > 1);
        let gives_way = |most: &Most| most.rows > 1 || !has_rows;
        let most_pages = most.iter().filter(|most| gives_way(most)).map(|most| most.pages).max().unwrap_or(1);
        if most_pages <= 1 {
            let least_s = needs.iter().map(|need| need.least).sum();
            return Err(ComposeError::TooLong { template: template(), least_s, most_s: range.max });
        }
        for most in most.iter_mut().filter(|most| gives_way(most)) {
            most.pages = most.pages.min(most_pages - 1);
            most.spares_one = false;
        }
    }
}

/// How much of a list may show.
#[derive(Clone, Copy, Debug, Default)]
struct Most {
    pages: usize,
    rows: usize,
    /// Whether a last row, alone, may stand where "+ 1 more" would.
    spares_one: bool,
}

/// Rows a page and pages below which none is taken away for the sake of reading.
const FEWEST_ROWS_READ: usize = 3;
const FEWEST_PAGES_READ: usize = 2;

/// The most rows below `shown` that make whole pages, on the fewest pages; `None` where a list is short enough.
fn shorter(paging: &Paging, shown: usize) -> Option<Most> {
    let pages = (FEWEST_PAGES_READ..=paging.max_pages).rev();
    let all = pages.flat_map(|pages| {
        (FEWEST_ROWS_READ..=paging.max_rows).map(move |rows| Most { pages, rows, spares_one: false })
    });
    all.filter(|most| most.pages * most.rows < shown).max_by_key(|most| most.pages * most.rows)
}

/// A list with its pages.
struct List {
    /// Which of the planned scenes it is.
    scene: usize,
    /// Which of all pages and scenes is its last page.
    last: usize,
    /// That page.
    page: Page,
}

impl List {
    /// Whether a page of it goes before it could be skimmed.
    fn is_hurried(&self, needs: &[Need], lengths_s: &[f64]) -> bool {
        let pages = self.last + 1 - self.page.count..=self.last;
        pages.into_iter().any(|at| lengths_s[at] < needs[at].reading * LEAST_READ - f64::EPSILON)
    }
}

/// The scene, tightened as far as it takes for everything to have room, and how far that is.
fn fitting(mut scene: BoundScene, around: Surroundings<'_>) -> Result<(BoundScene, u8), LayoutError> {
    let fits = level_that_fits(&scene, TIGHTEST, around)?;
    let level = fits.unwrap_or(TIGHTEST);
    let asked = scene.root.clone();
    tighten(&mut scene.root, level);
    if fits.is_some() && level > UNNOTICED && node_count(&asked) <= MOST_NODES_TUNED {
        let is_cut = cut_texts(&lay_out(&scene.root, around)?);
        loosen(&asked, &mut scene.root, level, &is_cut, |root| has_room(root, around))?;
    }
    Ok((scene, level))
}

/// Nodes of a scene up to which every level of tightening is tried. Each try sets all texts anew, and nobody reads a scene
/// with more of them.
const MOST_NODES_TUNED: usize = 1_000;

/// The least level, at most `most`, at which everything in the scene has room; of a very large scene, the first or the last.
fn level_that_fits(scene: &BoundScene, most: u8, around: Surroundings<'_>) -> Result<Option<u8>, LayoutError> {
    let is_tuned = node_count(&scene.root) <= MOST_NODES_TUNED;
    for level in (0..=most).filter(|level| is_tuned || [0, most].contains(level)) {
        let mut tightened = scene.root.clone();
        tighten(&mut tightened, level);
        if has_room(&tightened, around)? {
            return Ok(Some(level));
        }
    }
    Ok(None)
}

/// Whether each text ends in an ellipsis, in reading order.
fn cut_texts(placed: &Placed<'_>) -> Vec<bool> {
    let own = placed.text.as_ref().map(|block| block.truncated);
    own.into_iter().chain(placed.children.iter().flat_map(cut_texts)).collect()
}

fn node_count(node: &BoundNode) -> usize {
    match &node.kind {
        BoundKind::Group(group) => 1 + group.children.iter().map(node_count).sum::<usize>(),
        _ => 1,
    }
}

/// The pages of a scene, none where it does not page. Rows are spread evenly; where they do not fit into as many pages as are
/// allowed, the last page says how many are left out. A row that would be the only one left out stands in the place of the words
/// that say so, if there is room for it.
fn pages(
    binder: &Binder<'_>,
    scene: &PlannedScene,
    most: Most,
    around: Surroundings<'_>,
) -> Result<Vec<Page>, ComposeError> {
    let Some(Paging { rows, .. }) = scene.paging else { return Ok(Vec::new()) };
    let Most { pages: most_pages, rows: max_rows, spares_one } = most;
    let fits = |pages: &[Page]| -> Result<bool, ComposeError> {
        for page in pages {
            if level_that_fits(&binder.scene(scene.index, Some(*page))?, UNNOTICED, around)?.is_none() {
                return Ok(false);
            }
        }
        Ok(true)
    };
    for count in rows.div_ceil(max_rows)..=most_pages {
        let pages = spread(rows, count, 0);
        if fits(&pages)? {
            return Ok(pages);
        }
    }
    if spares_one && max_rows >= FEWEST_ROWS_READ && rows == max_rows * most_pages + 1 {
        let pages = spread(rows, most_pages, 0);
        if fits(&pages)? {
            return Ok(pages);
        }
    }
    let bare = Page { start: 0, len: 0, index: 0, count: most_pages, more: 0 };
    if !fits(&[bare])? {
        // What stands around the rows takes the room: fewer rows would not help.
        let shown = (max_rows * most_pages).min(rows);
        return Ok(spread(shown, most_pages.min(shown), rows - shown));
    }
    for per_page in (1..=max_rows).rev() {
        let shown = (per_page * most_pages).min(rows);
        let pages = spread(shown, most_pages.min(shown), rows - shown);
        // One row always shows, however little room there is.
        if per_page == 1 || fits(&pages)? {
            return Ok(pages);
        }
    }
    Ok(Vec::new())
}

/// `rows` over `count` pages, as evenly as possible, fuller ones first; `more` rows are left out.
fn spread(rows: usize, count: usize, more: usize) -> Vec<Page> {
    let (each, extra) = (rows / count, rows % count);
    let mut start = 0;
    (0..count)
        .map(|index| {
            let len = each + usize::from(index < extra);
            let page = Page { start, len, index, count, more: if index + 1 == count { more } else { 0 } };
            start += len;
            page
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hurried_list_gets_shorter_by_as_little_as_can_be() {
        let paging = Paging { rows: 20, max_rows: 6, max_pages: 4 };
        let mut tried = Vec::new();
        let mut shown = 20;
        while let Some(Most { pages, rows, .. }) = shorter(&paging, shown) {
            tried.push((pages, rows));
            shown = pages * rows;
        }
        assert_eq!(tried, [(3, 6), (4, 4), (3, 5), (2, 6), (2, 5), (3, 3), (2, 4), (2, 3)]);
        assert!(shorter(&Paging { rows: 3, max_rows: 1, max_pages: 3 }, 3).is_none(), "one photograph after another");
    }

    #[test]
    fn rows_are_spread_evenly_and_each_shows_once() {
        for rows in 1..60 {
            for count in 1..=rows.min(6) {
                let pages = spread(rows, count, 3);
                assert_eq!(pages.iter().map(|page| page.len).sum::<usize>(), rows);
                assert!(pages.windows(2).all(|pair| pair[0].start + pair[0].len == pair[1].start));
                let lengths: Vec<usize> = pages.iter().map(|page| page.len).collect();
                assert!(lengths.iter().max().zip(lengths.iter().min()).is_some_and(|(most, least)| most - least <= 1));
                assert_eq!(pages.iter().map(|page| page.more).sum::<usize>(), 3);
            }
        }
    }
}
