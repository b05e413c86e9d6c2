//! What this process has used so far, as the kernel counts it.

use serde::Serialize;

/// Processor time and memory of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Usage {
    /// Processor time of all threads since the start, in milliseconds.
    pub(super) cpu_ms: f64,
    /// Most memory that was resident at once, in bytes; 0 where `/proc` does not tell.
    pub(super) peak_memory_bytes: u64,
}

impl Usage {
    /// As of now.
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
    fn the_kernel_tells() {
        let usage = Usage::now();
        assert!(usage.cpu_ms > 0.0 && usage.peak_memory_bytes > 1 << 20, "{usage:?}");
        assert_eq!(peak_kib("Name:\trender\nVmHWM:\t   123 kB\n"), Some(123));
    }
}
