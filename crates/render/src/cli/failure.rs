//! How a command ends when it does not succeed, and the exit status that says so.

use super::options::UsageError;
use super::signals::Signal;
use quotereel::Problems;
use quotereel::template::TemplateProblem;

/// Exit statuses of the program; 128 + n stands for signal n, as shells have it.
pub(super) mod status {
    pub(crate) const DONE: u8 = 0;
    pub(crate) const SYSTEM: u8 = 1;
    pub(crate) const USAGE: u8 = 2;
    pub(crate) const INVALID: u8 = 3;
}

/// Why a command did not succeed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The command line cannot be meant.
    Usage(String),
    /// The input is wrong; trying again cannot help.
    Invalid(Problems),
    /// The template is wrong; trying again cannot help.
    Template(Vec<TemplateProblem>),
    /// A rule refuses what was asked, though nothing is wrong with it.
    #[cfg_attr(not(feature = "jobs"), expect(dead_code, reason = "only commands about jobs are refused"))]
    Refused {
        /// A stable word.
        code: &'static str,
        /// Which rule, and the figures.
        message: String,
        /// Whether it may be granted later.
        passes: bool,
        /// When, where that is known.
        wait_seconds: Option<u64>,
    },
    /// The machine failed; trying again may help.
    System(anyhow::Error),
    /// A signal asked to stop.
    Interrupted(Signal),
    /// The result, already printed, says what is wrong; this is the exit status for it.
    Told(u8),
    /// Whoever read stdout has gone. Nobody is left to tell.
    ReaderGone,
}

impl Failure {
    /// The process's exit status.
    pub(super) fn exit_status(&self) -> u8 {
        match self {
            Self::Usage(_) => status::USAGE,
            Self::Invalid(_) | Self::Template(_) | Self::Refused { passes: false, .. } => status::INVALID,
            Self::Refused { passes: true, .. } | Self::System(_) => status::SYSTEM,
            Self::Interrupted(signal) => signal.exit_status(),
            Self::Told(status) => *status,
            Self::ReaderGone => status::DONE,
        }
    }
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<Problems> for Failure {
    fn from(problems: Problems) -> Self {
        Self::Invalid(problems)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::System(error)
    }
}
