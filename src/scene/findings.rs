//! Findings: what a viewer might miss in this video. Warnings for the author, never errors.

use crate::problem::{Problem, Problems, is_bidi_control, quoted};
use crate::template::BoundText;
use crate::text::TextBlock;

/// Narrowest module of a code that a phone reads from another screen, in design px.
const READABLE_MODULE_PX: f32 = 4.0;

/// Collected findings; each missing character is reported once.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

#[derive(Clone, Debug)]
struct Finding {
    problem: Problem,
    /// The character it is about, where it is one that no font has.
    missing: Option<char>,
}

impl Findings {
    pub(super) fn into_problems(self) -> Problems {
        let mut problems = Problems::default();
        for finding in self.0 {
            problems.push(finding.problem);
        }
        problems
    }

    /// Adds what was found elsewhere.
    pub(super) fn append(&mut self, other: Self) {
        for finding in other.0 {
            if finding.missing.is_none_or(|c| !self.lacks(c)) {
                self.0.push(finding);
            }
        }
    }

    fn lacks(&self, c: char) -> bool {
        self.0.iter().any(|finding| finding.missing == Some(c))
    }

    fn push(&mut self, problem: Problem) {
        self.0.push(Finding { problem, missing: None });
    }

    pub(super) fn text(&mut self, scene: &str, node: &str, text: &BoundText, block: &TextBlock) {
        for c in &block.missing {
            if !self.lacks(*c) {
                let found = format!("`{c}` (U+{:04X}) in {}", u32::from(*c), words(text));
                let problem = Problem::warning("missing_glyph", "", found, "characters that a bundled font has");
                let problem = problem.with_hint(format!("it is left out in scene `{scene}`, node `{node}`"));
                self.0.push(Finding { problem, missing: Some(*c) });
            }
        }
        if block.truncated {
            let found = format!("{} does not fit", words(text));
            let problem = Problem::warning("text_cut", "", found, "a shorter text");
            self.push(problem.with_hint(format!("it ends in … in scene `{scene}`, node `{node}`")));
        }
    }

    pub(super) fn code_too_long(&mut self, scene: &str, node: &str, data: &str) {
        let found = format!("{} characters: {}", data.chars().count(), quoted(data, 60));
        let problem = Problem::warning("code_too_long", "", found, "an address of at most 2,331 bytes");
        self.push(problem.with_hint(format!("the QR code of scene `{scene}`, node `{node}` is left out")));
    }

    pub(super) fn code(&mut self, scene: &str, node: &str, module_px: f32, unit: f32) {
        if module_px < READABLE_MODULE_PX * unit {
            let found = format!("modules of {module_px} px");
            let expected = format!("modules of {} px or more", READABLE_MODULE_PX * unit);
            let problem = Problem::warning("code_too_fine", "", found, expected);
            self.push(
                problem
                    .with_hint(format!("a shorter address makes a coarser QR code in scene `{scene}`, node `{node}`")),
            );
        }
    }

    pub(super) fn rows_left_out(&mut self, scene: &str, shown: usize, more: usize) {
        let found = format!("{} entries", shown + more);
        let problem = Problem::warning("rows_left_out", "", found, format!("{shown} fit into the video"));
        self.push(problem.with_hint(format!("scene `{scene}` says that there are {more} more")));
    }
}

/// The words as a person wrote them: without the invisible marks that isolate bound values.
fn words(text: &BoundText) -> String {
    let plain: String = text.text.chars().filter(|c| !is_bidi_control(*c)).collect();
    quoted(&plain, 60)
}
