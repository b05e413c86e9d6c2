//! A progress bar with the time left, on a terminal only; and cancellation by signals.

use std::fmt;
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::reporter::Reporter;
use super::signals::Signals;

/// Redraws per second: smooth enough, and cheap.
const REDRAWS_A_SECOND: u8 = 10;

/// Progress of one render: counts its frames, and stops it after a signal.
#[derive(Debug)]
pub(super) struct Progress<'a> {
    bar: ProgressBar,
    signals: &'a Signals,
}

impl<'a> Progress<'a> {
    /// A bar for `frames` frames on stderr; invisible without a terminal or when quiet.
    pub(super) fn new(frames: u32, reporter: Reporter, signals: &'a Signals) -> Self {
        let target = if reporter.quiet || reporter.json {
            ProgressDrawTarget::hidden()
        } else {
            // indicatif hides it unless stderr is a terminal.
            ProgressDrawTarget::stderr_with_hz(REDRAWS_A_SECOND)
        };
        let bar = ProgressBar::with_draw_target(Some(frames.into()), target);
        let template = if reporter.color {
            "{bar:32.cyan/dim} {percent:>3} %  {pos}/{len} frames  {left}"
        } else {
            "{bar:32} {percent:>3} %  {pos}/{len} frames  {left}"
        };
        let style = ProgressStyle::with_template(template).expect("a constant that names known keys only");
        bar.set_style(style.progress_chars("━╸─").with_key("left", time_left));
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(500));
        }
        Self { bar, signals }
    }
}

/// The time left, after the first frame.
fn time_left(state: &ProgressState, out: &mut dyn fmt::Write) {
    if state.pos() > 0 {
        // A failed write to the terminal must not stop the render.
        let _ = write!(out, "{:#} left", HumanDuration(state.eta()));
    }
}

impl quotereel::Progress for Progress<'_> {
    fn frames_done(&self, count: u32) {
        // A video that was too large is made again and counts its frames twice: the bar stays full then.
        let left = self.bar.length().unwrap_or_default().saturating_sub(self.bar.position());
        self.bar.inc(u64::from(count).min(left));
    }

    fn is_cancelled(&self) -> bool {
        self.signals.received().is_some()
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use quotereel::Progress as _;

    use super::*;

    #[test]
    fn quiet_and_json_draw_nothing_but_still_count() {
        let signals = Signals::watch().expect("handlers");
        for (json, quiet) in [(true, false), (false, true)] {
            let progress = Progress::new(10, Reporter { json, quiet, color: false }, &signals);
            progress.frames_done(4);
            assert!(progress.bar.is_hidden() && !progress.is_cancelled());
            assert_eq!(progress.bar.position(), 4);
            progress.frames_done(9);
            assert_eq!(progress.bar.position(), 10);
        }
    }
}
