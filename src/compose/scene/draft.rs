//! Drafts: which scenes and pages a video has, each bound and tightened so that it has room, before its length is
//! known.

use super::ComposeError;
use super::motion::entrances_begin_s;
use super::paging::{Limits, fitting, pages, shorter};
use super::tighten::BELOW_SMALLEST;
use super::timing::{MIN_READ_SHARE, Need, need};
use crate::compose::layout::{LayoutError, Placed, Surroundings, lay_out};
use crate::ground::executor::{self, Executor};
use crate::ground::time::FrameRate;
use crate::template::{Binder, BoundScene, Page, PlannedScene, TemplateError};

/// The scenes of a video, and how much of their lists may show.
pub(super) struct Drafts<'a> {
    binder: &'a Binder<'a>,
    around: Surroundings<'a>,
    executor: &'a dyn Executor,
    planned: Vec<PlannedScene>,
    /// By planned scene.
    limits: Vec<Limits>,
}

/// A scene or a page of one, bound and tightened.
pub(super) struct Draft {
    pub(super) scene: BoundScene,
    /// When its entrances begin, in seconds from its start.
    pub(super) begin_s: f64,
    is_first: bool,
    /// How far it is tightened.
    level: u8,
}

/// A scene that is laid out.
pub(super) struct Laid<'d> {
    pub(super) placed: Placed<'d>,
    pub(super) need: Need,
    /// Whether something has no room in it.
    pub(super) overflows: bool,
}

/// A list with its pages.
pub(super) struct List {
    /// Which of the planned scenes it is.
    scene: usize,
    /// Which of all drafts is its last page.
    pub(super) last: usize,
    /// That page.
    pub(super) page: Page,
}

impl Draft {
    /// Whether its texts are below their smallest size.
    pub(super) fn is_small(&self) -> bool {
        self.level >= BELOW_SMALLEST
    }

    /// Lays it out, once for its timing and its layers.
    pub(super) fn lay_out(&self, around: Surroundings<'_>, rate: FrameRate) -> Result<Laid<'_>, LayoutError> {
        let placed = lay_out(&self.scene.root, around)?;
        let need = need(&self.scene, &placed, self.begin_s, self.is_first, rate);
        let overflows = placed.overflows();
        Ok(Laid { placed, need, overflows })
    }
}

impl List {
    /// Whether a page of it goes before it could be skimmed.
    fn is_hurried(&self, needs: &[Need], lengths_s: &[f64]) -> bool {
        let pages = self.last + 1 - self.page.count..=self.last;
        pages.into_iter().any(|at| lengths_s[at] < needs[at].reading * MIN_READ_SHARE - f64::EPSILON)
    }
}

impl<'a> Drafts<'a> {
    /// The scenes that show, with all of their lists as far as the template allows.
    pub(super) fn plan(
        binder: &'a Binder<'a>,
        around: Surroundings<'a>,
        executor: &'a dyn Executor,
    ) -> Result<Self, TemplateError> {
        let planned = binder.plan()?;
        let limits = planned.iter().map(|scene| scene.paging.as_ref().map_or(Limits::default(), Limits::of)).collect();
        Ok(Self { binder, around, executor, planned, limits })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.planned.is_empty()
    }

    /// All scenes and pages in order, and the lists among them.
    pub(super) fn bind(&self) -> Result<(Vec<Draft>, Vec<List>), ComposeError> {
        let indices: Vec<usize> = (0..self.planned.len()).collect();
        let paged = executor::map(self.executor, &indices, |&at| {
            pages(self.binder, &self.planned[at], self.limits[at], self.around)
        });
        let (mut lists, mut places) = (Vec::new(), Vec::new());
        for (at, (scene, pages)) in self.planned.iter().zip(paged).enumerate() {
            let pages = pages?;
            let last = pages.last().copied();
            let choices: Vec<Option<Page>> =
                if pages.is_empty() { vec![None] } else { pages.into_iter().map(Some).collect() };
            for page in choices {
                places.push((places.is_empty(), scene.index, page));
            }
            lists.extend(last.map(|page| List { scene: at, last: places.len() - 1, page }));
        }
        let drafts = executor::map(self.executor, &places, |&(is_first, scene, page)| {
            let (scene, level) = fitting(self.binder.scene(scene, page)?, self.around)?;
            let begin_s = entrances_begin_s((!is_first).then_some(&scene.transition));
            Ok(Draft { scene, begin_s, is_first, level })
        });
        Ok((drafts.into_iter().collect::<Result<_, ComposeError>>()?, lists))
    }

    /// Takes rows or pages from a list that could not even be skimmed: a part of a list that can be read says more than
    /// all of it that cannot. Whether there was such a list.
    pub(super) fn shorten_hurried(&mut self, lists: &[List], needs: &[Need], lengths_s: &[f64]) -> bool {
        let hurried = lists.iter().filter(|list| list.is_hurried(needs, lengths_s));
        let found = hurried.filter_map(|list| {
            let paging = self.planned[list.scene].paging.as_ref()?;
            Some((list.scene, shorter(paging, list.page.start + list.page.len)?))
        });
        let Some((scene, fewer)) = found.take(1).next() else { return false };
        self.limits[scene] = fewer;
        true
    }

    /// Takes a page from the lists that have most of them; whether there was one to take.
    pub(super) fn drop_pages(&mut self) -> bool {
        // A list of rows says in words what it leaves out; a scene for each entry, a photograph say, cannot.
        let has_rows = self.limits.iter().any(|limits| limits.rows > 1 && limits.pages > 1);
        let gives_way = |limits: &Limits| limits.rows > 1 || !has_rows;
        let giving = self.limits.iter().filter(|limits| gives_way(limits));
        let most_pages = giving.map(|limits| limits.pages).max().unwrap_or(1);
        if most_pages <= 1 {
            return false;
        }
        for limits in self.limits.iter_mut().filter(|limits| gives_way(limits)) {
            limits.pages = limits.pages.min(most_pages - 1);
            limits.spares_one = false;
        }
        true
    }
}
