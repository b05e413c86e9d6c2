//! The ends of a soundtrack: it sets in without a click and leaves slowly.

use std::f64::consts::PI;

use super::{SAMPLE_RATE, Stereo};

/// Fade at the start, in samples: 5 ms, against a click.
const IN_SAMPLES: usize = SAMPLE_RATE as usize / 200;
/// Fade at the end, in samples: 1 s.
const OUT_SAMPLES: usize = SAMPLE_RATE as usize;

/// Fades the signal in and out; of a short one at most a quarter and a half.
pub(super) fn in_and_out(samples: &mut [Stereo]) {
    let rise = IN_SAMPLES.min(samples.len() / 4);
    let fall = OUT_SAMPLES.min(samples.len() / 2);
    for (index, sample) in samples.iter_mut().take(rise).enumerate() {
        scale(sample, gain(index, rise));
    }
    for (index, sample) in samples.iter_mut().rev().take(fall).enumerate() {
        scale(sample, gain(index, fall));
    }
}

/// Gain at a place of a fade that rises: half a cosine, which starts and ends level.
fn gain(index: usize, length: usize) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "a gain between 0 and 1, rounded to the precision of a sample")]
    let gain = (0.5 - 0.5 * (PI * index as f64 / length as f64).cos()) as f32;
    gain
}

/// Makes a sample louder or quieter.
pub(super) fn scale(sample: &mut Stereo, gain: f32) {
    *sample = sample.map(|value| value * gain);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_silent_and_the_middle_is_untouched() {
        let mut samples = vec![[1.0, -1.0]; 3 * OUT_SAMPLES];
        in_and_out(&mut samples);
        assert_eq!((samples[0], samples[samples.len() - 1]), ([0.0; 2], [0.0; 2]));
        assert!(samples[IN_SAMPLES..2 * OUT_SAMPLES].iter().all(|sample| *sample == [1.0, -1.0]));
        let half_way = samples[samples.len() - OUT_SAMPLES / 2][0];
        assert!((half_way - 0.5).abs() < 0.001, "{half_way}");
        let steepest = samples.windows(2).map(|pair| (pair[1][0] - pair[0][0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 0.01, "a step of {steepest}");
    }

    #[test]
    fn short_signals_keep_some_of_themselves() {
        for length in 0..9 {
            let mut samples = vec![[1.0; 2]; length];
            in_and_out(&mut samples);
            assert!(samples.iter().flatten().all(|value| (0.0..=1.0).contains(value)), "{samples:?}");
        }
        let mut samples = vec![[1.0; 2]; 1000];
        in_and_out(&mut samples);
        assert_eq!(samples[400], [1.0; 2]);
    }
}
