//! Pauses between tries, and the number of tries. The caller supplies the randomness.

use std::time::Duration;

/// Exponential backoff with full jitter: a random time between nothing and a ceiling that doubles
/// (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Ceiling of the first pause.
    pub base: Duration,
    /// Ceiling that no pause passes.
    pub cap: Duration,
}

impl Backoff {
    /// The pause after the failure number `failures` (1 is the first), for a `random` in 0..=1.
    #[must_use]
    pub fn pause(self, failures: u32, random: f64) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        let ceiling = self.base.saturating_mul(1 << doublings).min(self.cap);
        ceiling.mul_f64(random.clamp(0.0, 1.0))
    }
}

/// Maximum attempts per kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Claims that end in a system failure before the job fails; 1 or more. Default: 3.
    pub max_attempts: u32,
    /// Rescues of a job whose worker died; default 2, so that a job that kills its worker runs 3 times.
    pub max_rescues: u32,
    /// Uploads of one finished file within one claim; default 6.
    pub max_upload_attempts: u32,
    /// Pause before a failed job is claimed again; default 10 s to 2 min.
    pub render: Backoff,
    /// Pause before the next upload; default 0.5 s to 20 s.
    pub upload: Backoff,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            max_rescues: 2,
            max_upload_attempts: 6,
            render: Backoff { base: Duration::from_secs(10), cap: Duration::from_secs(120) },
            upload: Backoff { base: Duration::from_millis(500), cap: Duration::from_secs(20) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_its_cap() {
        let backoff = Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(10) };
        let ceilings: Vec<u64> = (0..7).map(|failures| backoff.pause(failures, 1.0).as_secs()).collect();
        assert_eq!(ceilings, [1, 1, 2, 4, 8, 10, 10]);
        assert_eq!(backoff.pause(u32::MAX, 1.0), backoff.cap);
        assert_eq!(backoff.pause(3, 0.5), Duration::from_secs(2));
        assert_eq!(backoff.pause(3, -1.0), Duration::ZERO);
    }
}
