//! Checks of how a node moves: durations and delays have limits, easings exist, and what moves can move that way.

use super::super::document::{EasingSpec, Keyframe, Motion, NodeKind, Passage, Preset};
use super::super::look::easing;
use super::Checker;

impl Checker<'_> {
    pub(super) fn motion(&mut self, motion: &Motion, at: &str) {
        for (passage, field) in [(&motion.enter, "enter"), (&motion.exit, "exit")] {
            let Some(passage) = passage else { continue };
            self.passage_numbers(passage, &format!("{at}/{field}"));
            let Passage { duration, easing, stagger, .. } = passage;
            if stagger.is_some_and(|stagger| !(0.0..=5.0).contains(&stagger)) {
                self.fail(format!("{at}/{field}/stagger"), "0 to 5 s");
            }
            if duration.is_some_and(|duration| !(0.0..=10.0).contains(&duration)) {
                self.fail(format!("{at}/{field}/duration"), "0 to 10 s");
            }
            if let Some(spec) = easing {
                self.easing(spec, &format!("{at}/{field}/easing"));
            }
        }
        if motion.origin.is_some_and(|origin| origin.iter().any(|share| !(-10.0..=10.0).contains(share))) {
            self.fail(format!("{at}/origin"), "shares of width and height, -10 to 10");
        }
        if motion.delay.is_some_and(|seconds| !(0.0..=30.0).contains(&seconds)) {
            self.fail(format!("{at}/delay"), "0 to 30 s");
        }
        self.stagger(motion.stagger, || format!("{at}/stagger"));
        let Some(all) = &motion.keyframes else { return };
        let lists = [
            (&all.x, "x"),
            (&all.y, "y"),
            (&all.scale, "scale"),
            (&all.rotation, "rotation"),
            (&all.opacity, "opacity"),
            (&all.trim_start, "trimStart"),
            (&all.trim_end, "trimEnd"),
        ];
        for (list, field) in lists {
            let share = matches!(field, "opacity" | "trimStart" | "trimEnd");
            self.ascending(list, &format!("{at}/keyframes/{field}"));
            for (index, keyframe) in list.iter().enumerate() {
                if let Some(spec) = &keyframe.easing {
                    self.easing(spec, &format!("{at}/keyframes/{field}/{index}/easing"));
                }
                self.keyframe_numbers(keyframe, share, &format!("{at}/keyframes/{field}/{index}"));
                if keyframe.t.abs() > 120.0 {
                    self.fail(format!("{at}/keyframes/{field}/{index}"), "t lies in -120-120 s");
                }
            }
        }
    }

    /// Times from the beginning follow each other, and so do those from the end.
    fn ascending(&mut self, keyframes: &[Keyframe], at: &str) {
        let mut last = [f64::NEG_INFINITY; 2];
        for (index, Keyframe { t, .. }) in keyframes.iter().enumerate() {
            let last = &mut last[usize::from(*t < 0.0)];
            if *t < *last {
                self.fail(
                    format!("{at}/{index}/t"),
                    format!("{t} comes after {last}: keyframes stand in the order of time"),
                );
            }
            *last = *t;
        }
    }

    /// Motion that not every kind of node knows: texts come in by lines or words, outlines are drawn.
    pub(super) fn special_motion(&mut self, node: &NodeKind, motion: &Motion, at: &str) {
        let outlined = match node {
            NodeKind::Shape(shape) => shape.surface.stroke.is_some(),
            NodeKind::Icon(_) => true,
            _ => false,
        };
        let whole_text = matches!(node, NodeKind::Text(text) if text.count.is_none());
        for (passage, field) in [(&motion.enter, "enter"), (&motion.exit, "exit")] {
            let Some(preset) = passage.as_ref().map(|passage| passage.preset) else { continue };
            if preset.piecewise().is_some() && !(whole_text && field == "enter") {
                let reason =
                    "lines and words come in one after another in texts that do not count; not elsewhere, and not out";
                self.fail(format!("{at}/{field}"), reason);
            }
            if preset == Preset::Draw && !outlined {
                self.fail(format!("{at}/{field}"), "`draw` is for icons and for shapes with a stroke");
            }
        }
        let trims =
            motion.keyframes.as_ref().is_some_and(|all| !(all.trim_start.is_empty() && all.trim_end.is_empty()));
        if trims && !outlined {
            self.fail(format!("{at}/keyframes"), "trimStart and trimEnd are for icons and for shapes with a stroke");
        }
    }

    pub(super) fn easing(&mut self, spec: &EasingSpec, at: &str) {
        if let Err(reason) = easing(Some(spec), "linear") {
            self.fail(at, reason);
        }
    }
}
