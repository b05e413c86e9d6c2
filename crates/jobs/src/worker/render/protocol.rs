//! The messages between a worker and its child.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::spool::RenderedFile;
use quotereel::{Problem, Problems, TemplateChoice};

/// The hidden command of the program that is the child.
pub(super) const COMMAND: &str = "render-one";
/// Largest order with its snapshot, in bytes: a snapshot has 8 MiB, the names of its pictures less.
pub(super) const MAX_ORDER_BYTES: u64 = 32 << 20;
/// Longest line of the child in bytes: 500 problems with a few hundred bytes each.
pub(super) const MAX_LINE_BYTES: usize = 1 << 20;
/// The line with which the worker cancels its child.
pub(super) const CANCEL: &[u8] = b"cancel\n";
/// `code` of a `failed` message that only says that the child has obeyed a cancel.
pub(super) const CANCELLED: &str = "cancelled";

/// What a child is to do: one line of JSON, after which the bytes of the snapshot follow.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Order {
    /// Length of the snapshot, in bytes.
    pub(super) snapshot_bytes: u64,
    pub(super) template: TemplateChoice,
    pub(super) fonts: Option<PathBuf>,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) frames_a_second: u32,
    pub(super) threads: u16,
    pub(super) output_folder: PathBuf,
    pub(super) asset_files: BTreeMap<String, PathBuf>,
    pub(super) allow_private_network: bool,
    /// After this the child ends by itself, should the worker be there and not look.
    pub(super) wall_ms: u64,
}

/// A line of the child.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Message {
    /// Per cent of the frames that are encoded; 0 when everything is prepared and drawing begins.
    Progress(u8),
    /// The files are there.
    Done(Box<Done>),
    /// There are no files.
    Failed(Failed),
}

/// The result of a finished child.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Done {
    pub(super) video: RenderedFile,
    pub(super) thumbnail: RenderedFile,
    pub(super) duration_ms: u64,
    pub(super) frames: u32,
    pub(super) warnings: Vec<Finding>,
    pub(super) times: RenderTimes,
}

/// Why a child has failed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Failed {
    /// A word of [`crate::job::FailureCode`], or [`CANCELLED`].
    pub(super) code: String,
    pub(super) detail: String,
    pub(super) problems: Vec<Finding>,
}

/// A problem or warning of a snapshot, as it comes back from a child. It may quote the snapshot: it is for the company
/// whose quote it is, and not for logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Finding {
    /// What kind: a stable word, such as `asset_timeout`.
    pub code: String,
    /// Where, as a JSON pointer into the snapshot.
    pub pointer: String,
    /// What stands there, shortened.
    pub found: String,
    /// What may stand there.
    pub expected: String,
    /// What to do about it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl From<&Problem> for Finding {
    fn from(problem: &Problem) -> Self {
        Self {
            code: problem.code.to_owned(),
            pointer: problem.pointer.clone(),
            found: problem.found.clone(),
            expected: problem.expected.clone(),
            hint: problem.hint.clone(),
        }
    }
}

/// All of them, as long as they fit a line with room to spare; a snapshot that draws so many is read no further.
pub(super) fn findings(problems: &Problems) -> Vec<Finding> {
    let mut left = MAX_LINE_BYTES / 8;
    let all = problems.iter().map(Finding::from);
    all.take_while(|finding| {
        // Escaped, a byte takes up to six: 1/8 leaves a quarter of the line for names and marks.
        let hint = finding.hint.as_ref().map_or(0, String::len);
        let bytes = 64 + finding.pointer.len() + finding.found.len() + finding.expected.len() + hint;
        left = left.saturating_sub(bytes);
        left > 0
    })
    .collect()
}

/// Where the time of a render went, in milliseconds. Painting, converting and encoding add up over threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenderTimes {
    /// From the start of the child to the end of its order.
    pub start: f64,
    /// Reading snapshot and template, fetching pictures, laying out.
    pub prepare: f64,
    /// Drawing frames.
    pub paint: f64,
    /// RGBA to Y'CbCr.
    pub convert: f64,
    /// H.264.
    pub encode: f64,
    /// Writing the container.
    pub mux: f64,
    /// From the first frame to files on disk.
    pub render: f64,
    /// Hashing the files.
    pub hash: f64,
    /// From the start of the child to its last line.
    pub wall: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_always_fit_a_line() {
        let long = "\u{1}".repeat(500);
        let problems: Problems = (0..2000).map(|_| Problem::error("x", &*long, &*long, &*long)).collect();
        let kept = findings(&problems);
        assert!(kept.len() > 50 && kept.len() < 2000, "{}", kept.len());
        let failed = Failed { code: CANCELLED.to_owned(), detail: String::new(), problems: kept };
        let line = serde_json::to_vec(&Message::Failed(failed)).expect("JSON");
        assert!(line.len() < MAX_LINE_BYTES, "{}", line.len());
    }
}
