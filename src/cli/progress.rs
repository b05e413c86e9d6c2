//! A bar with the time left, on a terminal only; and the render's question whether it shall go on.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::reporter::Reporter;

/// Redraws a second: enough to look alive, too few to cost anything.
const REDRAWS_A_SECOND: u8 = 10;

/// A bar over a known number of frames. Without a terminal, or when quiet, it draws nothing.
#[derive(Debug)]
pub(super) struct FrameBar {
    bar: ProgressBar,
}

impl FrameBar {
    /// A bar for `frames` frames, on stderr.
    pub(super) fn new(frames: u32, reporter: Reporter) -> Self {
        let target = if reporter.quiet || reporter.json {
            ProgressDrawTarget::hidden()
        } else {
            // Hidden by indicatif itself where stderr is no terminal.
            ProgressDrawTarget::stderr_with_hz(REDRAWS_A_SECOND)
        };
        let bar = ProgressBar::with_draw_target(Some(frames.into()), target);
        let template = if reporter.color {
            "{bar:32.cyan/dim} {percent:>3} %  {pos}/{len} frames  {eta} left"
        } else {
            "{bar:32} {percent:>3} %  {pos}/{len} frames  {eta} left"
        };
        let style = ProgressStyle::with_template(template).expect("a constant that names known keys only");
        bar.set_style(style.progress_chars("━╸─"));
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { bar }
    }

    /// Shows that `done` frames are finished.
    pub(super) fn set(&self, done: u32) {
        self.bar.set_position(done.into());
    }
}

impl Drop for FrameBar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_and_json_draw_nothing() {
        for (json, quiet) in [(true, false), (false, true)] {
            let bar = FrameBar::new(10, Reporter { json, quiet, color: false });
            bar.set(4);
            assert!(bar.bar.is_hidden());
            assert_eq!(bar.bar.position(), 4);
        }
    }
}
