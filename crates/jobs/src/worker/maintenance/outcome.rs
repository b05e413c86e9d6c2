//! What one run of a maintenance task did.

use std::fmt::Display;

/// Errors that one run keeps: a broken database would repeat the same sentence for every row.
const MAX_ERRORS: usize = 10;

/// What one run of a task did.
#[derive(Debug, Default)]
pub(in crate::worker) struct TaskOutcome {
    /// Number of rows or objects it corrected.
    pub(in crate::worker) corrected: u64,
    /// What went wrong, at most [`MAX_ERRORS`].
    pub(in crate::worker) errors: Vec<String>,
}

impl TaskOutcome {
    /// A run that corrected nothing.
    pub(super) fn failed(error: impl Display) -> Self {
        Self { corrected: 0, errors: vec![error.to_string()] }
    }

    pub(super) fn add_error(&mut self, error: impl Display) {
        if self.errors.len() < MAX_ERRORS {
            self.errors.push(error.to_string());
        }
    }
}
