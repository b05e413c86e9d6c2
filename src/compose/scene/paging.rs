//! Paging: how the rows of a list are spread over pages, and how far a scene is tightened, so that everything has room.

use super::ComposeError;
use super::tighten::{TIGHTEST, UNNOTICED, loosen, tighten};
use crate::compose::layout::{LayoutError, Placed, Surroundings, has_room, lay_out};
use crate::template::{Binder, BoundKind, BoundNode, BoundScene, Page, Paging, PlannedScene};

/// How much of a list may show.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    pub(super) pages: usize,
    /// Rows a page.
    pub(super) rows: usize,
    /// Whether a last row, alone, may stand where "+ 1 more" would.
    pub(super) spares_one: bool,
}

impl Limits {
    /// What the template allows.
    pub(super) fn of(paging: &Paging) -> Self {
        Self { pages: paging.max_pages, rows: paging.max_rows, spares_one: true }
    }
}

/// Rows a page and pages below which none is taken away for the sake of reading.
const MIN_ROWS_READ: usize = 3;
const MIN_PAGES_READ: usize = 2;

/// The most rows below `shown` that make whole pages, on the fewest pages; `None` where a list is short enough.
pub(super) fn shorter(paging: &Paging, shown: usize) -> Option<Limits> {
    let pages = (MIN_PAGES_READ..=paging.max_pages).rev();
    let all = pages
        .flat_map(|pages| (MIN_ROWS_READ..=paging.max_rows).map(move |rows| Limits { pages, rows, spares_one: false }));
    all.filter(|limits| limits.pages * limits.rows < shown).max_by_key(|limits| limits.pages * limits.rows)
}

/// The scene, tightened as far as it takes for everything to have room, and how far that is.
pub(super) fn fitting(mut scene: BoundScene, around: Surroundings<'_>) -> Result<(BoundScene, u8), LayoutError> {
    let fits = level_that_fits(&scene, TIGHTEST, around)?;
    let level = fits.unwrap_or(TIGHTEST);
    let asked = scene.root.clone();
    tighten(&mut scene.root, level);
    if fits.is_some() && level > UNNOTICED && node_count(&asked) <= MAX_NODES_TUNED {
        let is_cut = cut_texts(&lay_out(&scene.root, around)?);
        loosen(&asked, &mut scene.root, level, &is_cut, |root| has_room(root, around))?;
    }
    Ok((scene, level))
}

/// Nodes of a scene up to which every level of tightening is tried. Each try sets all texts again, and nobody reads a
/// scene with more of them.
const MAX_NODES_TUNED: usize = 1_000;

/// The least level, at most `most`, at which everything in the scene has room; of a very large scene, the first or the
/// last.
fn level_that_fits(scene: &BoundScene, most: u8, around: Surroundings<'_>) -> Result<Option<u8>, LayoutError> {
    let is_tuned = node_count(&scene.root) <= MAX_NODES_TUNED;
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

/// The pages of a scene, none where it does not page. Rows are spread evenly; where they do not fit into as many pages
/// as are allowed, the last page says how many are left out. A row that would be the only one left out stands in the
/// place of the words that say so, if there is room for it.
pub(super) fn pages(
    binder: &Binder<'_>,
    scene: &PlannedScene,
    limits: Limits,
    around: Surroundings<'_>,
) -> Result<Vec<Page>, ComposeError> {
    let Some(Paging { rows, .. }) = scene.paging else { return Ok(Vec::new()) };
    let Limits { pages: most_pages, rows: max_rows, spares_one } = limits;
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
    if spares_one && max_rows >= MIN_ROWS_READ && rows == max_rows * most_pages + 1 {
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
        while let Some(Limits { pages, rows, .. }) = shorter(&paging, shown) {
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
