//! Checks of numbers: each lies in the range that the JSON Schema states for it, so that nothing written in a template
//! can ask for more frames, pixels or rounds of layout than a video has.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

use super::Checker;
use super::look::SAFE_SPACES;
use crate::ground::problem::member;
use crate::template::document::{
    Count, Keyframe, Pages, Paint, Passage, Placement, RepeatNode, Surface, TextStyle, Transition,
};
use crate::template::error::unknown;
use crate::template::value::MAX_LENGTH_PX;

/// Distances and other lengths that are plain numbers, in design px.
const LENGTH_PX: RangeInclusive<f32> = -MAX_LENGTH_PX..=MAX_LENGTH_PX;
/// Shares of width and height that place a point; outside a box is allowed, out of sight is pointless.
const SHARE: RangeInclusive<f32> = -10.0..=10.0;
/// Degrees.
const ANGLE: RangeInclusive<f32> = -360.0..=360.0;

impl Checker<'_> {
    /// Fails where a number is outside its range, in words that say which.
    fn within<T: PartialOrd + Display>(
        &mut self,
        value: Option<T>,
        range: &RangeInclusive<T>,
        unit: &str,
        at: impl FnOnce() -> String,
    ) {
        if let Some(value) = value.filter(|value| !range.contains(value)) {
            self.fail(at(), format!("{value} is not {} to {}{unit}", range.start(), range.end()));
        }
    }

    pub(super) fn theme_numbers(&mut self) {
        let document = self.document;
        let theme = &document.theme;
        for (lengths, field) in [(&theme.sizes, "sizes"), (&theme.spaces, "spaces"), (&theme.radii, "radii")] {
            self.lengths(lengths, &format!("/theme/{field}"));
        }
        for (index, variant) in document.canvases.iter().enumerate() {
            for (lengths, field) in [(&variant.sizes, "sizes"), (&variant.spaces, "spaces"), (&variant.radii, "radii")]
            {
                self.lengths(lengths, &format!("/canvases/{index}/{field}"));
            }
            self.replaced(&variant.sizes, &theme.sizes, "size", &format!("/canvases/{index}/sizes"));
            self.replaced(&variant.spaces, &theme.spaces, "space", &format!("/canvases/{index}/spaces"));
            self.replaced(&variant.radii, &theme.radii, "radius", &format!("/canvases/{index}/radii"));
        }
        self.transition_numbers(&document.transition, "/transition");
    }

    fn lengths(&mut self, lengths: &BTreeMap<String, f32>, at: &str) {
        for (name, px) in lengths {
            self.within(Some(*px), &LENGTH_PX, " design px", || member(at, name));
        }
    }

    /// What a canvas replaces has a value on the others.
    fn replaced(&mut self, new: &BTreeMap<String, f32>, old: &BTreeMap<String, f32>, kind: &str, at: &str) {
        let always = |name: &String| kind == "space" && SAFE_SPACES.contains(&name.as_str());
        for name in new.keys().filter(|name| !old.contains_key(*name) && !always(name)) {
            self.fail(member(at, name), unknown(kind, name, old.keys()));
        }
    }

    /// A delay from one entering child to the next.
    pub(super) fn stagger(&mut self, seconds: Option<f64>, at: impl FnOnce() -> String) {
        self.within(seconds, &(0.0..=5.0), " s", at);
    }

    pub(super) fn transition_numbers(&mut self, transition: &Transition, at: &str) {
        self.within(Some(transition.duration), &(0.0..=2.0), " s", || format!("{at}/duration"));
    }

    pub(super) fn page_numbers(&mut self, pages: &Pages, at: &str) {
        self.within(Some(pages.max_rows), &(1..=50), "", || format!("{at}/maxRows"));
        self.within(Some(pages.max_pages), &(1..=20), "", || format!("{at}/maxPages"));
    }

    pub(super) fn repeat_numbers(&mut self, repeat: &RepeatNode, at: &str) {
        self.within(Some(repeat.limit), &(1..=100), "", || format!("{at}/limit"));
    }

    pub(super) fn count_numbers(&mut self, count: &Count, at: &str) {
        self.within(Some(count.from), &(0.0..=1.0), "", || format!("{at}/from"));
        self.within(Some(count.duration), &(0.1..=10.0), " s", || format!("{at}/duration"));
    }

    pub(super) fn style_numbers(&mut self, style: &TextStyle, at: &str) {
        self.within(style.weight, &(100..=900), "", || format!("{at}/weight"));
        self.within(style.line_height, &(0.5..=4.0), "", || format!("{at}/lineHeight"));
        self.within(style.letter_spacing, &(-0.2..=1.0), " em", || format!("{at}/letterSpacing"));
        self.within(style.max_lines.filter(|lines| *lines > 0), &(1..=40), "", || format!("{at}/maxLines"));
        self.within(style.contrast, &(1.0..=21.0), "", || format!("{at}/contrast"));
    }

    pub(super) fn placement_numbers(&mut self, layout: &Placement, at: &str) {
        for (share, field) in [(layout.grow, "grow"), (layout.shrink, "shrink")] {
            self.within(share, &(0.0..=100.0), "", || format!("{at}/layout/{field}"));
        }
    }

    pub(super) fn surface_numbers(&mut self, surface: &Surface, at: &str) {
        let width = surface.stroke.as_ref().map(|stroke| stroke.width);
        self.within(width, &(0.1..=200.0), " design px", || format!("{at}/surface/stroke/width"));
        let Some(shadow) = &surface.shadow else { return };
        for (px, field) in [(shadow.x, "x"), (shadow.y, "y"), (shadow.spread, "spread")] {
            self.within(Some(px), &LENGTH_PX, " design px", || format!("{at}/surface/shadow/{field}"));
        }
    }

    pub(super) fn paint_numbers(&mut self, paint: &Paint, at: &str) {
        match paint {
            Paint::Color(_) => {}
            Paint::Linear { linear } => {
                self.within(Some(linear.angle), &ANGLE, " degrees", || format!("{at}/linear/angle"));
            }
            Paint::Radial { radial } => {
                self.point(radial.center, || format!("{at}/radial/center"));
                self.within(Some(radial.radius), &(0.01..=10.0), "", || format!("{at}/radial/radius"));
            }
            Paint::Conic { conic } => {
                self.point(conic.center, || format!("{at}/conic/center"));
                self.within(Some(conic.angle), &ANGLE, " degrees", || format!("{at}/conic/angle"));
            }
        }
    }

    /// A point in shares of width and height.
    pub(super) fn point(&mut self, shares: [f32; 2], at: impl Fn() -> String) {
        for share in shares {
            self.within(Some(share), &SHARE, "", &at);
        }
    }

    pub(super) fn passage_numbers(&mut self, passage: &Passage, at: &str) {
        self.within(passage.distance, &LENGTH_PX, " design px", || format!("{at}/distance"));
    }

    /// `share` is whether its value is an opacity or a share of a length.
    pub(super) fn keyframe_numbers(&mut self, keyframe: &Keyframe, share: bool, at: &str) {
        let range = if share { 0.0..=1.0 } else { LENGTH_PX };
        self.within(Some(keyframe.v), &range, "", || format!("{at}/v"));
    }
}
