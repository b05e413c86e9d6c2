//! A limiter: peaks above a ceiling are turned down together with what surrounds them, so that nothing is clipped.

use std::collections::VecDeque;

use super::fade::scale;
use super::{SAMPLE_RATE, Stereo};

/// How long before a peak the gain begins to fall, and after it to rise, in samples: 10 ms.
const REACH: usize = SAMPLE_RATE as usize / 100;

/// Turns down whatever is above `ceiling`, both channels alike.
///
/// Around each peak the lowest gain needed within reach is taken, then averaged over the same reach: the average of
/// numbers that are all at most what a sample needs is at most that too.
pub(super) fn limit(samples: &mut [Stereo], ceiling: f32) {
    let needed: Vec<f32> = samples.iter().map(|sample| (ceiling / peak(sample)).min(1.0)).collect();
    let gains = averages(&lowest_around(&needed));
    for (sample, gain) in samples.iter_mut().zip(gains) {
        scale(sample, gain);
    }
}

/// The larger of both sides; above zero, so that it can be divided by.
fn peak(sample: &Stereo) -> f32 {
    sample[0].abs().max(sample[1].abs()).max(f32::MIN_POSITIVE)
}

/// For each place the lowest value within reach.
fn lowest_around(values: &[f32]) -> Vec<f32> {
    // Places whose values ascend: the first one is the lowest of those still within reach.
    let mut window: VecDeque<usize> = VecDeque::new();
    let mut lowest = Vec::with_capacity(values.len());
    for at in 0..values.len() + REACH {
        if let Some(value) = values.get(at) {
            while window.back().is_some_and(|last| values[*last] >= *value) {
                window.pop_back();
            }
            window.push_back(at);
        }
        let Some(place) = at.checked_sub(REACH) else { continue };
        while window.front().is_some_and(|first| first + REACH < place) {
            window.pop_front();
        }
        lowest.extend(window.front().map(|first| values[*first]));
    }
    lowest
}

/// For each place the mean of the values within reach.
fn averages(values: &[f32]) -> Vec<f32> {
    let mut sums = Vec::with_capacity(values.len() + 1);
    sums.push(0.0);
    let mut sum = 0.0;
    for value in values {
        sum += f64::from(*value);
        sums.push(sum);
    }
    let mean = |place: usize| {
        let (from, to) = (place.saturating_sub(REACH), (place + REACH + 1).min(values.len()));
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a gain between 0 and 1, rounded to the precision of a sample"
        )]
        let mean = ((sums[to] - sums[from]) / (to - from) as f64) as f32;
        mean
    };
    (0..values.len()).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{noise, tone};
    use super::*;

    fn highest(samples: &[Stereo]) -> f32 {
        samples.iter().flatten().fold(0.0, |highest, value| value.abs().max(highest))
    }

    #[test]
    fn nothing_is_above_the_ceiling() {
        for mut samples in [noise(30_000, 3.0), tone(50.0, 2.0, 30_000), vec![[1.5, 0.0]; 3], Vec::new()] {
            limit(&mut samples, 0.8);
            assert!(highest(&samples) <= 0.8 + 1e-6, "{}", highest(&samples));
        }
    }

    #[test]
    fn what_is_below_stays_as_it_is() {
        let quiet = noise(10_000, 0.7);
        let mut samples = quiet.clone();
        limit(&mut samples, 0.8);
        assert_eq!(samples, quiet);
        samples[5000] = [1.6, 0.1];
        limit(&mut samples, 0.8);
        assert_eq!(samples[..5000 - 2 * REACH], quiet[..5000 - 2 * REACH]);
        assert_eq!(samples[5001 + 2 * REACH..], quiet[5001 + 2 * REACH..]);
        assert!((samples[5000][0] - 0.8).abs() < 1e-6 && (samples[5000][1] - 0.05).abs() < 1e-6);
    }

    #[test]
    fn the_gain_glides() {
        let mut samples = vec![[0.5; 2]; 4000];
        samples[2000] = [2.0; 2];
        limit(&mut samples, 0.5);
        let steepest = samples[..2000].windows(2).map(|pair| (pair[1][0] - pair[0][0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 0.001, "a step of {steepest}");
    }
}
