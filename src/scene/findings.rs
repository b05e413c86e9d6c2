//! Findings: what a viewer might miss in this video. Warnings for the author, never errors.

use serde_json::Value;

use crate::problem::{Problem, Problems, is_bidi_control, member, quoted};
use crate::snapshot::Snapshot;
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
    /// All of them; a missing character points to the first field of the quote that has it. Without one it comes from
    /// the template.
    pub(super) fn into_problems(self, snapshot: &Snapshot) -> Problems {
        let fields = if self.0.iter().any(|finding| finding.missing.is_some()) { texts(snapshot) } else { Vec::new() };
        let located = |Finding { mut problem, missing }: Finding| {
            let has = |field: &&(String, String)| missing.is_some_and(|c| field.1.contains(c));
            if let Some((pointer, _)) = fields.iter().find(has) {
                problem.pointer.clone_from(pointer);
            }
            problem
        };
        self.0.into_iter().map(located).collect()
    }

    /// Every character that no font has, each once.
    pub(super) fn missing(&self) -> Vec<char> {
        self.0.iter().filter_map(|finding| finding.missing).collect()
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

    /// Characters of `words` that no font has.
    pub(super) fn missing_glyphs(&mut self, scene: &str, node: &str, words: &str, block: &TextBlock) {
        for c in &block.missing {
            if !self.lacks(*c) {
                let found = format!("`{c}` (U+{:04X}) in {}", u32::from(*c), shown(words));
                let problem = Problem::warning("missing_glyph", "", found, "characters that a font has");
                let problem = problem.with_hint(format!("it is left out in scene `{scene}`, node `{node}`"));
                self.0.push(Finding { problem, missing: Some(*c) });
            }
        }
    }

    pub(super) fn text(&mut self, scene: &str, node: &str, text: &BoundText, block: &TextBlock) {
        self.missing_glyphs(scene, node, &text.text, block);
        if block.truncated {
            let found = format!("{} does not fit", shown(&text.text));
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
fn shown(words: &str) -> String {
    let plain: String = words.chars().filter(|c| !is_bidi_control(*c)).collect();
    quoted(&plain, 60)
}

/// Every text of a quote with its JSON pointer, in the order in which the document is read.
fn texts(snapshot: &Snapshot) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    collect(serde_json::to_value(snapshot).unwrap_or_default(), String::new(), &mut texts);
    texts
}

fn collect(value: Value, pointer: String, texts: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => texts.push((pointer, text)),
        Value::Array(entries) => {
            for (index, entry) in entries.into_iter().enumerate() {
                collect(entry, format!("{pointer}/{index}"), texts);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                collect(field, member(&pointer, &name), texts);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
