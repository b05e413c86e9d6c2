//! A recording as long as the video: cut where it is longer, repeated over a seam where it is shorter.
//!
//! The end of one round and the start of the next overlap. Of all overlaps within 50 ms the one is taken in which both
//! sound most alike, so that a beat stays a beat and a tone does not cancel itself.

use std::f64::consts::FRAC_PI_2;

use super::{SAMPLE_RATE, Stereo};

/// Longest overlap, in samples: half a second.
const MAX_FADE: usize = SAMPLE_RATE as usize / 2;
/// How far the seam is moved at most, in samples: 50 ms, one period of the lowest tone that is heard.
const MAX_SHIFT: usize = SAMPLE_RATE as usize / 20;
/// Of how many samples one is compared: likeness is a matter of tones far below a quarter of the sample rate.
const STRIDE: usize = 4;

/// Where one round hands over to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seam {
    /// Samples from the start of a round to the start of the next.
    period: usize,
    /// Samples in which both sound.
    fade: usize,
    /// How alike both are there: 0 not at all, 1 entirely.
    likeness: f64,
}

/// The recording, which is not empty, as exactly `length` samples.
pub(super) fn fit(recording: &[Stereo], length: usize) -> Vec<Stereo> {
    if recording.len() >= length {
        return recording[..length].to_vec();
    }
    let seam = Seam::find(recording);
    let mut samples = recording[..seam.period].to_vec();
    let round = seam.round(recording);
    while samples.len() < length {
        let missing = (length - samples.len()).min(round.len());
        samples.extend_from_slice(&round[..missing]);
    }
    samples
}

impl Seam {
    fn find(recording: &[Stereo]) -> Self {
        let fade = MAX_FADE.min(recording.len() / 4);
        let last = recording.len() - fade;
        let shift = MAX_SHIFT.min(recording.len() / 8);
        let start = &recording[..fade];
        let mut best = Self { period: last, fade, likeness: 0.0 };
        for period in (last - shift..=last).rev() {
            let likeness = likeness(start, &recording[period..period + fade]);
            if likeness > best.likeness {
                best = Self { period, fade, likeness };
            }
        }
        best
    }

    /// Every round but the first: it begins while the one before is still fading out.
    fn round(&self, recording: &[Stereo]) -> Vec<Stereo> {
        let mut round = recording[..self.period].to_vec();
        for (index, sample) in round.iter_mut().take(self.fade).enumerate() {
            let (fall, rise) = self.gains(index);
            let leaving = recording[self.period + index];
            *sample = [0, 1].map(|side| leaving[side] * fall + sample[side] * rise);
        }
        round
    }

    /// Gains of the round that leaves and of the one that comes. Sounds that have nothing in common keep their power
    /// when the squares of both gains add up to 1; the more alike they are, the more they add up by themselves.
    fn gains(&self, index: usize) -> (f32, f32) {
        let (rise, fall) = (FRAC_PI_2 * (index as f64 + 0.5) / self.fade as f64).sin_cos();
        let power = 1.0 + 2.0 * rise * fall * self.likeness;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "gains between 0 and 1, rounded to the precision of a sample"
        )]
        let gains = ((fall / power.sqrt()) as f32, (rise / power.sqrt()) as f32);
        gains
    }
}

/// The correlation of two signals of one length: 1 for equal ones, 0 where they have nothing in common, -1 for opposite
/// ones. Silence is like nothing.
fn likeness(one: &[Stereo], other: &[Stereo]) -> f64 {
    let (mut common, mut of_one, mut of_other) = (0.0, 0.0, 0.0);
    for (a, b) in one.iter().zip(other).step_by(STRIDE) {
        for (a, b) in a.iter().zip(b) {
            let (a, b) = (f64::from(*a), f64::from(*b));
            common += a * b;
            of_one += a * a;
            of_other += b * b;
        }
    }
    let powers = (of_one * of_other).sqrt();
    if powers > 0.0 { (common / powers).clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{noise, rms_db, tone};
    use super::*;

    const SECOND: usize = SAMPLE_RATE as usize;

    #[test]
    fn what_is_long_enough_is_cut_and_nothing_else() {
        let recording = noise(3 * SECOND, 0.5);
        assert_eq!(fit(&recording, 2 * SECOND), recording[..2 * SECOND]);
        assert_eq!(fit(&recording, 3 * SECOND), recording);
        assert!(fit(&recording, 0).is_empty());
    }

    #[test]
    fn a_tone_goes_on_through_every_seam() {
        // Lengths at which the ends of the recording meet in phase, opposed, and in between.
        for length in [3 * SECOND, 3 * SECOND + 54, 3 * SECOND + 27, 3 * SECOND + 77] {
            let long = fit(&tone(440.0, 0.5, length), 20 * SECOND);
            assert_eq!(long.len(), 20 * SECOND);
            let levels: Vec<f64> = long.chunks_exact(SECOND / 50).map(rms_db).collect();
            let (lowest, highest) =
                levels.iter().fold((f64::MAX, f64::MIN), |(low, high), db| (low.min(*db), high.max(*db)));
            assert!(highest - lowest < 0.5, "{length}: {lowest} to {highest} dB");
            // A tone of 440 Hz at 0.5 moves by at most 0.029 from sample to sample.
            let step = long.windows(2).map(|pair| (pair[1][0] - pair[0][0]).abs()).fold(0.0, f32::max);
            assert!(step < 0.032, "{length}: a step of {step}");
        }
    }

    #[test]
    fn noise_keeps_its_power_in_the_seam() {
        let long = fit(&noise(2 * SECOND, 0.5), 9 * SECOND);
        let levels: Vec<f64> = long.chunks_exact(SECOND / 5).map(rms_db).collect();
        let (lowest, highest) =
            levels.iter().fold((f64::MAX, f64::MIN), |(low, high), db| (low.min(*db), high.max(*db)));
        assert!(highest - lowest < 0.6, "{lowest} to {highest} dB");
    }

    #[test]
    fn silence_is_repeated_as_silence() {
        assert!(fit(&vec![[0.0; 2]; SECOND], 5 * SECOND).iter().all(|sample| *sample == [0.0; 2]));
    }

    #[test]
    fn the_first_round_is_the_recording() {
        let recording = noise(2 * SECOND, 0.5);
        let long = fit(&recording, 5 * SECOND);
        let shortest = recording.len() - MAX_FADE - MAX_SHIFT;
        assert_eq!(long[..shortest], recording[..shortest]);
    }
}
