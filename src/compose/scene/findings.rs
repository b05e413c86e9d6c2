//! Findings: what a viewer might miss in this video. Warnings for the author, never errors.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::timing::MIN_READ_SHARE;
use crate::compose::text::TextBlock;
use crate::ground::bidi::is_bidi_control;
use crate::ground::color::Color;
use crate::ground::geometry::{Rect, Size};
use crate::ground::problem::{Problem, Problems, Shown, Warning, member, quoted};
use crate::quote::snapshot::Snapshot;
use crate::template::BoundText;

/// Contrast of text that most people can read (WCAG 2.2, level AA).
pub(super) const READABLE_CONTRAST: f32 = 4.5;
/// Narrowest module of a code that a phone reads from another screen, in design px.
const READABLE_MODULE_PX: f32 = 4.0;

/// How many times larger than it is a picture may be drawn: a photograph of 432 px fills 1080.
pub const MAX_ENLARGEMENT: f32 = 2.5;

/// Maximum of texts with missing characters that get a warning.
const MAX_REPORTED: usize = 200;
/// Most missing characters that one warning names.
const MAX_NAMED: usize = 6;

/// What was found so far, in the order of the video.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

#[derive(Clone, Debug)]
enum Finding {
    /// A warning as it is.
    Ready(Problem),
    /// A text with characters that no font has.
    Missing(Missing),
    /// A picture that is drawn `scale` times as large as it is.
    Small {
        /// Its index among the pictures.
        asset: usize,
        scale: f32,
        problem: Problem,
    },
}

/// Characters of a text that no font has.
#[derive(Clone, Debug)]
struct Missing {
    shown: Option<Box<Shown>>,
    /// The text, without the marks that isolate bound values.
    words: String,
    /// Each once, in the order of the text.
    characters: Vec<char>,
    /// JSON pointers of the fields that the text was read from, nearest first.
    fields: Vec<String>,
}

/// What lies where and when, for findings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot<'a> {
    pub(super) scene: &'a str,
    pub(super) node: &'a str,
    /// A moment at which the scene stands still.
    pub(super) at_ms: u64,
}

impl Spot<'_> {
    fn shown(self) -> Option<Box<Shown>> {
        Some(Box::new(Shown { scene: self.scene.to_owned(), node: self.node.to_owned(), at_ms: self.at_ms }))
    }
}

impl Findings {
    /// All of them. Missing characters are reported once for each field of the quote that has them, and once for each
    /// text of the template; a small picture where it is drawn largest.
    pub(super) fn into_problems(self, snapshot: &Snapshot) -> Problems {
        let missing: BTreeSet<char> = self.missing().into_iter().collect();
        let mut owners = Owners::new(if missing.is_empty() { Vec::new() } else { texts(snapshot) }, missing);
        let mut largest: BTreeMap<usize, f32> = BTreeMap::new();
        for finding in &self.0 {
            if let Finding::Small { asset, scale, .. } = finding {
                let most = largest.entry(*asset).or_default();
                *most = most.max(*scale);
            }
        }
        let problems = self.0.into_iter().flat_map(|finding| match finding {
            Finding::Ready(problem) => vec![problem],
            Finding::Missing(missing) => owners.report(&missing),
            Finding::Small { asset, scale, problem } => {
                let is_largest = largest.get(&asset).is_some_and(|most| scale >= *most);
                if is_largest {
                    largest.remove(&asset);
                }
                is_largest.then_some(problem).into_iter().collect()
            }
        });
        problems.collect()
    }

    /// Every character that no font has, each once.
    pub(super) fn missing(&self) -> Vec<char> {
        let mut seen = BTreeSet::new();
        let texts = self.0.iter().filter_map(|finding| match finding {
            Finding::Missing(missing) => Some(&missing.characters),
            Finding::Ready(_) | Finding::Small { .. } => None,
        });
        texts.flatten().copied().filter(|c| seen.insert(*c)).collect()
    }

    /// Adds what was found elsewhere.
    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    fn push(&mut self, spot: Spot<'_>, problem: Problem) {
        self.0.push(Finding::Ready(Problem { shown: spot.shown(), ..problem }));
    }

    /// Characters of `words`, which were read from `fields`, that no font has.
    pub(super) fn missing_glyphs(&mut self, spot: Spot<'_>, words: &str, fields: &[String], block: &TextBlock) {
        if !block.missing.is_empty() {
            let (words, characters, fields) = (plain(words), block.missing.clone(), fields.to_vec());
            self.0.push(Finding::Missing(Missing { shown: spot.shown(), words, characters, fields }));
        }
    }

    /// A text as it was set.
    pub(super) fn text(&mut self, spot: Spot<'_>, text: &BoundText, block: &TextBlock) {
        let Spot { scene, node, .. } = spot;
        self.missing_glyphs(spot, &text.text, &text.fields, block);
        if block.truncated {
            let found = format!("{} does not fit", shown(&text.text));
            let problem = Problem::warning(Warning::TextCut, "", found, "a shorter text");
            self.push(spot, problem.with_hint(format!("it ends in … in scene `{scene}`, node `{node}`")));
        }
    }

    /// A text in `color` with its contrast to each of the colours behind it.
    pub(super) fn contrast(&mut self, spot: Spot<'_>, text: &BoundText, color: Color, behind: &[Color]) {
        let worst = behind.iter().map(|behind| color.over(*behind).contrast(*behind)).fold(f32::INFINITY, f32::min);
        let wanted = text.contrast.min(READABLE_CONTRAST);
        if worst < wanted - 0.05 {
            let found = format!("{} at a contrast of {worst:.1}:1", shown(&text.text));
            let problem = Problem::warning(Warning::LowContrast, "", found, format!("{wanted}:1 or more"));
            self.push(spot, problem.with_hint("what lies behind it is both dark and light: put a plain surface there"));
        }
    }

    /// The lines of a text whose block begins at `origin`, which belong within `safe`.
    pub(super) fn place(
        &mut self,
        spot: Spot<'_>,
        text: &BoundText,
        block: &TextBlock,
        origin: (f32, f32),
        safe: Rect,
    ) {
        let (left, top) = origin;
        let right = block.lines.iter().map(|line| line.x + line.width).fold(0.0, f32::max);
        let start = block.lines.iter().map(|line| line.x).fold(f32::INFINITY, f32::min).min(right);
        let lines = Rect::new(left + start, top, right - start, block.height);
        if !safe.contains(lines, 1.0) {
            let found = format!(
                "{} from {:.0}, {:.0} to {:.0}, {:.0}",
                shown(&text.text),
                lines.x,
                lines.y,
                lines.right(),
                lines.bottom()
            );
            let expected =
                format!("texts from {:.0}, {:.0} to {:.0}, {:.0}", safe.x, safe.y, safe.right(), safe.bottom());
            let problem = Problem::warning(Warning::OutsideSafeArea, "", found, expected);
            self.push(spot, problem.with_hint("chat programs lay their controls over what lies further out"));
        }
    }

    /// A scene whose content has no room however much it is tightened.
    pub(super) fn overflow(&mut self, spot: Spot<'_>) {
        let problem =
            Problem::warning(Warning::Overflow, "", "more than there is room for", "content that fits its group");
        self.push(spot, problem.with_hint("a smaller `size`, fewer rows, or a `when` that leaves something out"));
    }

    /// A scene whose texts are set smaller than their smallest size.
    pub(super) fn text_small(&mut self, spot: Spot<'_>) {
        let found = "texts below their smallest size";
        let problem = Problem::warning(Warning::TextSmall, "", found, "content that has room at readable sizes");
        self.push(
            spot,
            problem.with_hint("shorter texts, or fewer of them; in the template, a `when` or a list that pages"),
        );
    }

    /// A scene of `length_s` with text that takes `reading_s` to read.
    pub(super) fn reading(&mut self, spot: Spot<'_>, length_s: f64, reading_s: f64) {
        if length_s < reading_s * MIN_READ_SHARE {
            let found = format!("{reading_s:.1} s of text in {length_s:.1} s");
            let expected = format!("at least {:.1} s", reading_s * MIN_READ_SHARE);
            let problem = Problem::warning(Warning::TooBrief, "", found, expected);
            self.push(spot, problem.with_hint("a shorter text, fewer rows a page, or a longer `duration`"));
        }
    }

    /// The picture `asset`, of `size`, that is drawn `scale` times as large.
    pub(super) fn picture(&mut self, spot: Spot<'_>, asset: usize, size: Size, scale: f32) {
        let Size { width, height } = size;
        if scale > MAX_ENLARGEMENT {
            let [wide, high] = size.as_f32().map(|side| side * scale);
            let found = format!("{width} by {height} px, shown as {wide:.0} by {high:.0}");
            let expected = format!("at least {:.0} by {:.0} px", wide / MAX_ENLARGEMENT, high / MAX_ENLARGEMENT);
            let problem = Problem::warning(Warning::PictureSmall, "", found, expected);
            let problem = problem.with_hint("enlarged so far it looks soft");
            self.0.push(Finding::Small { asset, scale, problem: Problem { shown: spot.shown(), ..problem } });
        }
    }

    pub(super) fn code_too_long(&mut self, spot: Spot<'_>, data: &str) {
        let Spot { scene, node, .. } = spot;
        let found = format!("{} characters: {}", data.chars().count(), quoted(data, 60));
        let problem = Problem::warning(Warning::CodeTooLong, "", found, "an address of at most 2,331 bytes");
        self.push(spot, problem.with_hint(format!("the QR code of scene `{scene}`, node `{node}` is left out")));
    }

    pub(super) fn code(&mut self, spot: Spot<'_>, module_px: f32, unit: f32) {
        let Spot { scene, node, .. } = spot;
        if module_px < READABLE_MODULE_PX * unit {
            let found = format!("modules of {module_px} px");
            let expected = format!("modules of {} px or more", READABLE_MODULE_PX * unit);
            let problem = Problem::warning(Warning::CodeTooFine, "", found, expected);
            self.push(
                spot,
                problem
                    .with_hint(format!("a shorter address makes a coarser QR code in scene `{scene}`, node `{node}`")),
            );
        }
    }

    /// A scene that shows the last rows there is room for: `shown` of a list, and that there are `more`.
    pub(super) fn rows_left_out(&mut self, spot: Spot<'_>, shown: usize, more: usize) {
        let found = format!("{} entries", shown + more);
        let problem = Problem::warning(Warning::RowsLeftOut, "", found, format!("{shown} fit into the video"));
        self.push(spot, problem.with_hint(format!("scene `{}` says that there are {more} more", spot.scene)));
    }
}

/// The words as a person wrote them: without the invisible marks that isolate bound values.
fn plain(words: &str) -> String {
    words.chars().filter(|c| !is_bidi_control(*c)).collect()
}

fn shown(words: &str) -> String {
    quoted(&plain(words), 60)
}

/// The fields and texts that missing characters belong to. Each is reported once.
struct Owners {
    /// The texts of the quote that have missing characters, with their JSON pointers.
    fields: Vec<(String, String)>,
    missing: BTreeSet<char>,
    /// Pointers of fields, and texts of the template, that are reported already.
    reported: BTreeSet<String>,
}

impl Owners {
    fn new(mut fields: Vec<(String, String)>, missing: BTreeSet<char>) -> Self {
        fields.retain(|(_, text)| text.chars().any(|c| missing.contains(&c)));
        Self { fields, missing, reported: BTreeSet::new() }
    }

    /// A warning for each owner of the text's missing characters that has none yet.
    fn report(&mut self, text: &Missing) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut own = Vec::new();
        for c in &text.characters {
            if self.reported.len() >= MAX_REPORTED {
                break;
            }
            match self.field_with(*c, text) {
                Some(at) if self.reported.insert(self.fields[at].0.clone()) => {
                    let (pointer, field) = &self.fields[at];
                    problems.push(text.problem(pointer, field, field.chars().filter(|c| self.missing.contains(c))));
                }
                Some(_) => {}
                None => own.push(*c),
            }
        }
        if !own.is_empty() && self.reported.insert(text.words.clone()) {
            problems.push(text.problem("", &text.words, own.into_iter()));
        }
        problems
    }

    /// The field among those that `text` was read from which has the missing character `c`. Terms are single values that
    /// every text may have been read from.
    fn field_with(&self, c: char, text: &Missing) -> Option<usize> {
        let has = |(_, field): &(String, String)| field.contains(c) && shows(&text.words, field);
        let read = text.fields.iter().find_map(|read| {
            let is_in = |pointer: &str| {
                pointer.strip_prefix(read.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            self.fields.iter().position(|field| is_in(&field.0) && has(field))
        });
        let is_term = |pointer: &str| !pointer[1..].contains('/');
        read.or_else(|| self.fields.iter().position(|field| is_term(&field.0) && has(field)))
    }
}

/// Whether a text shows a field: the whole of it, or letters of it as a monogram does.
fn shows(words: &str, field: &str) -> bool {
    words.contains(field) || words.chars().all(|c| field.contains(c))
}

impl Missing {
    fn problem(&self, pointer: &str, text: &str, lacking: impl Iterator<Item = char>) -> Problem {
        let mut each: Vec<char> = Vec::new();
        for c in lacking {
            if !each.contains(&c) {
                each.push(c);
            }
        }
        let named: Vec<String> =
            each.iter().take(MAX_NAMED).map(|c| format!("`{c}` (U+{:04X})", u32::from(*c))).collect();
        let more = each.len().saturating_sub(MAX_NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let found = format!("{}{more} in {}", named.join(", "), quoted(text, 60));
        let place = self.shown.as_ref().map(|at| format!(" in scene `{}`, node `{}`", at.scene, at.node));
        let problem = Problem::warning(Warning::MissingGlyph, pointer, found, "characters that a font has");
        let what = if each.len() == 1 { "it is" } else { "they are" };
        let problem = problem.with_hint(format!("{what} left out{}", place.unwrap_or_default()));
        Problem { shown: self.shown.clone(), ..problem }
    }
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
