//! From what went wrong in a child to the one verdict of `job`.

use std::error::Error;
use std::io;
use std::process::ExitStatus;

use rustix::io::Errno;
use rustix::process::Signal;

use super::super::admission::invalid;
use super::super::spool::SpoolError;
use super::protocol::{CANCELLED, Failed, Finding, findings};
use crate::job::{Failure, FailureCode};
use quotereel::Problems;
use quotereel::RenderError;
use quotereel::template::TemplateError;
use quotereel::{FolderError, SoundFileError};

/// Longest detail of a failure, in characters.
const MAX_DETAIL_CHARS: usize = 1000;

/// A failed try, with the problems of the snapshot where they are what failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What goes into the row and the log.
    pub failure: Failure,
    /// For the company: what is wrong with its quote. Empty unless the code is
    /// [`FailureCode::SnapshotInvalid`].
    pub problems: Vec<Finding>,
}

impl Verdict {
    /// A verdict without problems of the snapshot; the detail is shortened to one line of bounded length.
    pub(super) fn new(code: FailureCode, detail: impl AsRef<str>) -> Self {
        Self { failure: Failure::new(code, one_line(detail.as_ref())), problems: Vec::new() }
    }

    fn of(code: FailureCode, error: &dyn Error) -> Self {
        let mut detail = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !detail.contains(&text) {
                detail = format!("{detail}: {text}");
            }
            cause = error.source();
        }
        Self::new(code, detail)
    }

    /// What a child says of itself; `None` where it only obeyed a cancel. A word that no child writes is a crash.
    pub(super) fn from_message(failed: Failed) -> Option<Self> {
        if failed.code == CANCELLED {
            return None;
        }
        Some(match FailureCode::from_name(&failed.code) {
            Some(code) => Self { problems: failed.problems, ..Self::new(code, failed.detail) },
            None => Self::new(FailureCode::RenderCrashed, "the child failed with a word that is not known"),
        })
    }
}

impl From<Verdict> for Failed {
    fn from(verdict: Verdict) -> Self {
        let Failure { code, detail } = verdict.failure;
        Self { code: code.as_str().to_owned(), detail, problems: verdict.problems }
    }
}

/// At most [`MAX_DETAIL_CHARS`] characters and no control characters.
pub(super) fn one_line(text: &str) -> String {
    text.trim().chars().take(MAX_DETAIL_CHARS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The message of a child that has obeyed a cancel.
pub(super) fn cancelled() -> Failed {
    Failed { code: CANCELLED.to_owned(), detail: String::new(), problems: Vec::new() }
}

impl From<quotereel::Error> for Verdict {
    fn from(error: quotereel::Error) -> Self {
        let code = match &error {
            quotereel::Error::Quote(problems) => return problems.into(),
            quotereel::Error::Template(TemplateError::NotFound { .. })
            | quotereel::Error::Folder(FolderError::NotFound { .. } | FolderError::NoDocument { .. }) => {
                FailureCode::TemplateUnknown
            }
            quotereel::Error::Template(TemplateError::Invalid { .. } | TemplateError::Param(_))
            | quotereel::Error::Sound(SoundFileError::Unfit { .. })
            | quotereel::Error::Compose(_)
            | quotereel::Error::TooCostly(_) => FailureCode::TemplateFailed,
            quotereel::Error::Folder(FolderError::Unreadable { .. })
            | quotereel::Error::Sound(SoundFileError::Unreadable { .. })
            | quotereel::Error::Threads(_) => system(&error, FailureCode::RenderFailed),
            // The worker looked at it when it started: what is wrong now may be right again.
            quotereel::Error::Fonts(error) => system(error, FailureCode::RenderFailed),
            _ => system(&error, FailureCode::RenderFailed),
        };
        Self::of(code, &error)
    }
}

impl From<&Problems> for Verdict {
    fn from(problems: &Problems) -> Self {
        Self { failure: invalid(problems), problems: findings(problems) }
    }
}

impl From<RenderError> for Verdict {
    fn from(error: RenderError) -> Self {
        let code = match &error {
            // The quote makes more of a video than this template can keep below the limit; sound is the template's own.
            RenderError::TooLarge { .. } | RenderError::NoFrames | RenderError::Sound { .. } => {
                FailureCode::TemplateFailed
            }
            RenderError::DiskFull { .. } => FailureCode::DiskFull,
            RenderError::Panicked { .. } => FailureCode::RenderCrashed,
            RenderError::Setting { .. } | RenderError::Cancelled => FailureCode::Internal,
            _ => system(&error, FailureCode::RenderFailed),
        };
        Self::of(code, &error)
    }
}

impl From<SpoolError> for Verdict {
    fn from(error: SpoolError) -> Self {
        Self::of(system(&error, FailureCode::RenderFailed), &error)
    }
}

impl Verdict {
    /// An error of the machine at some work.
    pub(super) fn io(action: &str, error: &io::Error) -> Self {
        Self::new(system(error, FailureCode::RenderFailed), format!("{action}: {error}"))
    }

    /// A child that ended without a last word.
    pub(super) fn from_exit(status: ExitStatus, last_words: &str) -> Self {
        use std::os::unix::process::ExitStatusExt as _;
        let last_line = if last_words.is_empty() { String::new() } else { format!("; it said: {last_words}") };
        let Some(signal) = status.signal() else {
            return Self::new(
                FailureCode::RenderCrashed,
                format!("the child ended with {status} and no result{last_line}"),
            );
        };
        let (code, why) = match signal {
            raw if raw == Signal::XCPU.as_raw() => (FailureCode::RenderTimedOut, "its processor time was used up"),
            raw if raw == Signal::XFSZ.as_raw() => (FailureCode::RenderCrashed, "it wrote a file beyond its limit"),
            raw if raw == Signal::ABORT.as_raw() => (FailureCode::RenderCrashed, "it gave up, perhaps out of memory"),
            raw if raw == Signal::KILL.as_raw() => {
                (FailureCode::RenderCrashed, "somebody killed it, perhaps the kernel for lack of memory")
            }
            _ => (FailureCode::RenderCrashed, "it crashed"),
        };
        Self::new(code, format!("the child ended by signal {signal}: {why}{last_line}"))
    }
}

/// The code of an error of the machine: a full disk and the child's own limits have codes of their own.
fn system(error: &(dyn Error + 'static), otherwise: FailureCode) -> FailureCode {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            let errno = error.raw_os_error().map(Errno::from_raw_os_error);
            match (error.kind(), errno) {
                (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, _) => return FailureCode::DiskFull,
                (io::ErrorKind::OutOfMemory | io::ErrorKind::FileTooLarge, _) | (_, Some(Errno::NOMEM)) => {
                    return FailureCode::RenderCrashed;
                }
                _ => {}
            }
        }
        cause = error.source();
    }
    otherwise
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;
    use quotereel::Problem;

    fn write(error: io::Error) -> RenderError {
        RenderError::Write { target: "video.mp4".to_owned(), source: error }
    }

    #[test]
    fn a_full_disk_differs_from_other_errors_of_writing() {
        let code = |error: io::Error| Verdict::from(write(error)).failure.code;
        assert_eq!(code(Errno::NOSPC.into()), FailureCode::DiskFull);
        assert_eq!(code(Errno::DQUOT.into()), FailureCode::DiskFull);
        assert_eq!(code(Errno::NOMEM.into()), FailureCode::RenderCrashed);
        assert_eq!(code(Errno::FBIG.into()), FailureCode::RenderCrashed);
        assert_eq!(code(Errno::IO.into()), FailureCode::RenderFailed);
    }

    #[test]
    fn signals_have_their_verdicts() {
        let code = |signal: Signal| Verdict::from_exit(ExitStatus::from_raw(signal.as_raw()), "").failure.code;
        assert_eq!(code(Signal::XCPU), FailureCode::RenderTimedOut);
        for signal in [Signal::ABORT, Signal::SEGV, Signal::KILL, Signal::XFSZ, Signal::TERM] {
            assert_eq!(code(signal), FailureCode::RenderCrashed);
        }
        let exited = Verdict::from_exit(ExitStatus::from_raw(1 << 8), "thread panicked");
        assert_eq!(exited.failure.code, FailureCode::RenderCrashed);
        assert!(exited.failure.detail.contains("thread panicked"), "{}", exited.failure);
    }

    #[test]
    fn a_verdict_survives_the_way_to_the_worker() {
        let problems: Problems = Problem::error("missing_field", "/quote", "nothing", "an object").into();
        let verdict = Verdict::from(&problems);
        assert_eq!(verdict.failure.code, FailureCode::SnapshotInvalid);
        assert!(verdict.failure.detail.contains("/quote"));
        assert_eq!(Verdict::from_message(verdict.clone().into()), Some(verdict));
        assert_eq!(Verdict::from_message(cancelled()), None);
        let foreign = Failed { code: "rm -rf".to_owned(), detail: "x\ny".repeat(5000), problems: Vec::new() };
        assert_eq!(Verdict::from_message(foreign).map(|v| v.failure.code), Some(FailureCode::RenderCrashed));
    }

    #[test]
    fn details_are_one_bounded_line() {
        let detail = Verdict::new(FailureCode::Internal, format!("a\n\u{1b}[31mb{}", "c".repeat(5000))).failure.detail;
        assert!(detail.len() <= MAX_DETAIL_CHARS && !detail.contains(char::is_control), "{detail}");
    }
}
