//! How a command fails, and the exit status of each failure.

use std::io;
use std::path::Path;

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

/// Why a command failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The command line is wrong.
    Usage(String),
    /// The input is wrong; a retry cannot help.
    Invalid(Problems),
    /// The template is wrong; a retry cannot help.
    Template(Vec<TemplateProblem>),
    /// A file that the command line names does not exist, or is a folder; a retry cannot help.
    NotFound(String),
    /// A rule forbids the request, which is otherwise valid.
    #[cfg_attr(not(feature = "jobs"), expect(dead_code, reason = "only commands about jobs are refused"))]
    Refused {
        /// Stable code, such as `cooldown`.
        code: &'static str,
        /// The rule, with its figures.
        message: String,
        /// Whether the same request may succeed later.
        passes: bool,
        /// Seconds until it may, if known.
        wait_seconds: Option<u64>,
    },
    /// The machine failed; a retry may help.
    System(anyhow::Error),
    /// A signal asked to stop.
    Interrupted(Signal),
    /// The printed result already says what is wrong; this is the exit status.
    Reported(u8),
    /// The reader of stdout has gone; nobody is left to inform.
    ReaderGone,
}

impl Failure {
    /// The process's exit status.
    pub(super) fn exit_status(&self) -> u8 {
        match self {
            Self::Usage(_) => status::USAGE,
            Self::Invalid(_) | Self::Template(_) | Self::NotFound(_) | Self::Refused { passes: false, .. } => {
                status::INVALID
            }
            Self::Refused { passes: true, .. } | Self::System(_) => status::SYSTEM,
            Self::Interrupted(signal) => signal.exit_status(),
            Self::Reported(status) => *status,
            Self::ReaderGone => status::DONE,
        }
    }
}

/// What it means that a file named at the command line cannot be read. `what` is the file's purpose, such as "the quote".
pub(super) fn unreadable(what: &str, path: &Path, error: io::Error) -> Failure {
    let message = format!("cannot read {what} {}", path.display());
    let is_folder = path.is_dir();
    match error.kind() {
        _ if is_folder => Failure::NotFound(format!("{message}: it is a folder")),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Failure::NotFound(format!("{message}: no such file")),
        _ => Failure::System(anyhow::Error::new(error).context(message)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_is_the_caller_s_mistake_and_a_disk_that_fails_is_not() {
        let status =
            |path: &str, kind: io::ErrorKind| unreadable("the quote", Path::new(path), kind.into()).exit_status();
        assert_eq!(status("/nowhere/q.json", io::ErrorKind::NotFound), status::INVALID);
        assert_eq!(status("/", io::ErrorKind::IsADirectory), status::INVALID);
        assert_eq!(status("/nowhere/q.json", io::ErrorKind::PermissionDenied), status::SYSTEM);
        assert_eq!(status("/nowhere/q.json", io::ErrorKind::Other), status::SYSTEM);
    }
}
