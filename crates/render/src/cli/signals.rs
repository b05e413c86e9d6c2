//! SIGINT, SIGTERM and SIGHUP end the process at once while nothing is written; otherwise they ask the render to stop and
//! clean up. A second signal does not wait for the render: unfinished files are removed here and the process ends.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, iterator, low_level};

use quotereel::files::remove_unfinished;

/// A signal that asks the program to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Signal(u8);

impl Signal {
    /// 128 + the signal's number, as a shell reports it: 130 for Ctrl-C, 143 for SIGTERM.
    pub(super) fn exit_status(self) -> u8 {
        128 + self.0
    }
}

/// Watches for signals from [`Signals::watch`] to the end of the process.
#[derive(Debug)]
pub(super) struct Signals {
    received: Arc<AtomicUsize>,
    end_at_once: Arc<AtomicBool>,
}

impl Signals {
    /// Starts to watch. Until [`Signals::defer`] is called, a signal ends the process at once.
    ///
    /// # Errors
    /// When the operating system refuses a handler.
    pub(super) fn watch() -> io::Result<Self> {
        let signals = Self { received: Arc::default(), end_at_once: Arc::new(AtomicBool::new(true)) };
        for (signal, number) in [(SIGHUP, 1_u8), (SIGINT, 2), (SIGTERM, 15)] {
            let status = i32::from(Signal(number).exit_status());
            flag::register_conditional_shutdown(signal, status, Arc::clone(&signals.end_at_once))?;
            flag::register_usize(signal, Arc::clone(&signals.received), number.into())?;
        }
        let watched = iterator::Signals::new([SIGHUP, SIGINT, SIGTERM])?;
        thread::Builder::new().name("signals".to_owned()).spawn(move || end_at_the_second(watched))?;
        Ok(signals)
    }

    /// Until the returned value is dropped, signals only set a flag, since files are being written that must be removed.
    /// Nested deferrals have no effect.
    pub(super) fn defer(&self) -> Deferred<'_> {
        let outermost = self.end_at_once.swap(false, Ordering::SeqCst);
        Deferred { signals: self, outermost }
    }

    /// The last signal received while deferred.
    pub(super) fn received(&self) -> Option<Signal> {
        match u8::try_from(self.received.load(Ordering::SeqCst)) {
            Ok(0) | Err(_) => None,
            Ok(number) => Some(Signal(number)),
        }
    }
}

/// Waits for two signals. The render handles the first. A second means not to wait for it, perhaps because it is blocked by
/// a reader or a disk.
fn end_at_the_second(mut watched: iterator::Signals) {
    if let Some(number) = watched.forever().nth(1) {
        remove_unfinished(|| low_level::exit(128 + number));
    }
}

/// While this exists, a signal does not end the process.
#[derive(Debug)]
pub(super) struct Deferred<'a> {
    signals: &'a Signals,
    outermost: bool,
}

impl Drop for Deferred<'_> {
    fn drop(&mut self) {
        if self.outermost {
            self.signals.end_at_once.store(true, Ordering::SeqCst);
        }
    }
}
