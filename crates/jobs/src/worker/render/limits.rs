//! What a child may use. It sets these itself, before it reads its order, and cannot raise them again.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};

/// Politeness of a child: heartbeats and uploads of the worker go first.
const NICENESS: i32 = 5;

/// Limits of one child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildLimits {
    /// Address space in bytes. The default, 2 GiB, is well above what the largest video takes; see
    /// `docs/performance.md`.
    pub memory_bytes: u64,
    /// Processor time over all threads, in whole seconds. Default: 10 min.
    pub cpu: Duration,
    /// Largest file in bytes. Default: 64 MiB, four times the largest video.
    pub file_bytes: u64,
    /// Open files and connections. Default: 256.
    pub open_files: u64,
    /// From start to end by the clock, waiting included; the worker kills what takes longer. Default: 5 min.
    pub wall: Duration,
}

impl Default for ChildLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 2 << 30,
            cpu: Duration::from_secs(600),
            file_bytes: 64 << 20,
            open_files: 256,
            wall: Duration::from_secs(300),
        }
    }
}

impl ChildLimits {
    /// The limits as arguments of the child's command.
    pub(super) fn to_arguments(self) -> Vec<String> {
        [
            ("--memory-bytes", self.memory_bytes),
            ("--cpu-s", self.cpu.as_secs()),
            ("--file-bytes", self.file_bytes),
            ("--open-files", self.open_files),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value.to_string()])
        .collect()
    }
}

/// Puts these limits on the calling process, for good; [`ChildLimits::wall`] is the worker's to watch.
///
/// A limit that is lower already stays. No core file is written: it would hold the quote.
///
/// # Errors
/// When the operating system refuses.
pub fn confine(limits: &ChildLimits) -> std::io::Result<()> {
    for (resource, limit) in [
        (Resource::Core, 0),
        (Resource::As, limits.memory_bytes),
        (Resource::Fsize, limits.file_bytes),
        (Resource::Nofile, limits.open_files),
    ] {
        lower(resource, limit, limit)?;
    }
    // Where both were equal, the kernel would kill at once instead of saying why by SIGXCPU.
    let cpu_s = limits.cpu.as_secs().max(1);
    lower(Resource::Cpu, cpu_s, cpu_s.saturating_add(5))?;
    // A worker that is nicer already has children that are as nice.
    nice(NICENESS)?;
    Ok(())
}

/// Sets both limits of a resource, none higher than it is.
fn lower(resource: Resource, current: u64, maximum: u64) -> std::io::Result<()> {
    let before = getrlimit(resource);
    let maximum = before.maximum.map_or(maximum, |before| before.min(maximum));
    let current = before.current.map_or(current, |before| before.min(current)).min(maximum);
    setrlimit(resource, Rlimit { current: Some(current), maximum: Some(maximum) })?;
    Ok(())
}
