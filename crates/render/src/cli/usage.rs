//! CPU time and memory of this process, as the kernel counts them.

use serde::Serialize;

/// Processor time and memory of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Usage {
    /// Processor time of all threads since the start, in milliseconds.
    pub(super) cpu_ms: f64,
    /// Peak resident memory, in bytes; 0 if `/proc` does not have it.
    pub(super) peak_memory_bytes: u64,
}

impl Usage {
    /// Usage up to now.
    pub(super) fn now() -> Self {
        let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        let cpu_ms = cpu.tv_sec as f64 * 1000.0 + cpu.tv_nsec as f64 / 1e6;
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        Self { cpu_ms, peak_memory_bytes: peak_kib(&status).unwrap_or(0) * 1024 }
    }
}

/// `VmHWM` of `/proc/self/status` (proc(5)).
fn peak_kib(status: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_read_from_the_kernel() {
        let usage = Usage::now();
        assert!(usage.cpu_ms > 0.0 && usage.peak_memory_bytes > 1 << 20, "{usage:?}");
        assert_eq!(peak_kib("Name:\trender\nVmHWM:\t   123 kB\n"), Some(123));
    }
}
