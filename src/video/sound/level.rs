//! How loud a soundtrack is and becomes: integrated loudness by ITU-R BS.1770-4 and EBU R 128, with a true-peak
//! ceiling.

use ebur128::{EbuR128, Mode};
use serde::Serialize;

use super::fade::scale;
use super::limit::limit;
use super::{SAMPLE_RATE, Stereo};

/// Most that a quiet recording is turned up, in dB: what needs more is noise.
const MAX_BOOST_DB: f64 = 30.0;
/// Most that the limiter takes from a peak, in dB. A recording with peaks still rarer stays below the target: more
/// would be heard as pumping.
const MAX_LIMITING_DB: f64 = 9.0;
/// Rounds in which gain and limiter are brought together.
const ROUNDS: u8 = 5;
/// How near to the target is near enough, in LU.
const TOLERANCE_LU: f64 = 0.1;
/// Loudness below which nothing is measured, in LUFS (the absolute gate of BS.1770).
const GATE_LUFS: f64 = -70.0;

/// Loudness and peak of a signal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Levels {
    /// Integrated loudness in LUFS; absent for silence, and for what is shorter than the 0.4 s that are measured at a
    /// time.
    pub loudness_lufs: Option<f64>,
    /// Highest true peak of both channels in dBTP; absent for silence.
    pub true_peak_dbtp: Option<f64>,
}

impl Levels {
    /// Loudness of a soundtrack before encoding, in LUFS. The delivered one is to be -16: coding takes 0.5 LU from pink
    /// noise and next to nothing from a tone, and this lies in between.
    pub const TARGET_LUFS: f64 = -15.8;
    /// Highest true peak before encoding, in dBTP. The delivered one is to be at most -1 dBTP: coding moves peaks by up
    /// to 1 dB.
    pub const CEILING_DBTP: f64 = -2.0;

    /// Measures a signal.
    #[must_use]
    pub fn of(samples: &[Stereo]) -> Self {
        let meter = EbuR128::new(2, SAMPLE_RATE, Mode::I | Mode::TRUE_PEAK).and_then(|mut meter| {
            meter.add_frames_f32(samples.as_flattened())?;
            Ok((meter.loudness_global()?, meter.true_peak(0)?.max(meter.true_peak(1)?)))
        });
        let (loudness, peak) = meter.expect("two channels at 48 kHz are what the meter is made for");
        Self {
            loudness_lufs: (loudness > GATE_LUFS).then_some(loudness),
            true_peak_dbtp: (peak > 0.0).then(|| 20.0 * peak.log10()),
        }
    }
}

/// Turns a signal up or down to [`Levels::TARGET_LUFS`] and keeps its peaks below [`Levels::CEILING_DBTP`]. Silence
/// stays silence, and what is too short to be measured is turned down at most.
pub(super) fn normalise(samples: &mut [Stereo]) -> Levels {
    let found = Levels::of(samples);
    let Some(peak) = found.true_peak_dbtp else { return found };
    let headroom_db = Levels::CEILING_DBTP - peak;
    let wanted_db = found.loudness_lufs.map_or(0.0, |loudness| Levels::TARGET_LUFS - loudness).min(MAX_BOOST_DB);
    if wanted_db <= headroom_db || found.loudness_lufs.is_none() {
        let gain_db = wanted_db.min(headroom_db);
        amplify(samples, gain_db);
        return Levels {
            loudness_lufs: found.loudness_lufs.map(|loudness| loudness + gain_db),
            true_peak_dbtp: Some(peak + gain_db),
        };
    }
    bring_together(samples, wanted_db, MAX_BOOST_DB.min(headroom_db + MAX_LIMITING_DB))
}

/// Amplifies and limits until loudness and peaks are both right, or as right as `most_db` of gain makes them.
fn bring_together(samples: &mut [Stereo], wanted_db: f64, most_db: f64) -> Levels {
    let plain = samples.to_vec();
    let mut gain_db = wanted_db.min(most_db);
    let mut ceiling_db = Levels::CEILING_DBTP;
    let mut reached = Levels { loudness_lufs: None, true_peak_dbtp: None };
    for _ in 0..ROUNDS {
        samples.copy_from_slice(&plain);
        amplify(samples, gain_db);
        limit(samples, factor(ceiling_db));
        reached = Levels::of(samples);
        let missing_lu = reached.loudness_lufs.map_or(0.0, |loudness| Levels::TARGET_LUFS - loudness);
        let over_db = excess_db(reached);
        if over_db <= 0.0 && (missing_lu.abs() <= TOLERANCE_LU || gain_db >= most_db) {
            return reached;
        }
        gain_db = (gain_db + missing_lu).min(most_db);
        // Between two samples the signal may be higher than at both; a little more, so that the next round is the last.
        ceiling_db -= over_db.max(0.0) * 1.1;
    }
    let correction_db = -excess_db(reached).max(0.0);
    amplify(samples, correction_db);
    Levels {
        loudness_lufs: reached.loudness_lufs.map(|loudness| loudness + correction_db),
        true_peak_dbtp: reached.true_peak_dbtp.map(|peak| peak + correction_db),
    }
}

/// How far the peaks are above the ceiling, in dB.
fn excess_db(levels: Levels) -> f64 {
    levels.true_peak_dbtp.map_or(0.0, |peak| peak - Levels::CEILING_DBTP)
}

fn amplify(samples: &mut [Stereo], gain_db: f64) {
    let gain = factor(gain_db);
    for sample in samples {
        scale(sample, gain);
    }
}

fn factor(gain_db: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "rounded to the precision of a sample")]
    let factor = 10f64.powf(gain_db / 20.0) as f32;
    factor
}

#[cfg(test)]
mod tests {
    use super::super::tests::{noise, tone};
    use super::*;

    const SECOND: usize = SAMPLE_RATE as usize;

    fn normalised(mut samples: Vec<Stereo>) -> (Levels, Vec<Stereo>) {
        let reported = normalise(&mut samples);
        let measured = Levels::of(&samples);
        for (reported, measured) in
            [(reported.loudness_lufs, measured.loudness_lufs), (reported.true_peak_dbtp, measured.true_peak_dbtp)]
        {
            assert_eq!(reported.is_some(), measured.is_some());
            let apart = reported.unwrap_or(0.0) - measured.unwrap_or(0.0);
            assert!(apart.abs() < 0.05, "reported {reported:?}, measured {measured:?}");
        }
        (measured, samples)
    }

    #[test]
    fn the_meter_reads_what_the_standard_says() {
        // BS.1770: a tone of 997 Hz at full scale in one channel reads -3.01 LKFS.
        let left: Vec<Stereo> = tone(997.0, 1.0, 3 * SECOND).iter().map(|sample| [sample[0], 0.0]).collect();
        let loudness = Levels::of(&left).loudness_lufs.expect("loud");
        assert!((loudness + 3.01).abs() < 0.02, "{loudness}");
    }

    #[test]
    fn the_meter_sees_peaks_between_samples() {
        // A quarter of the sample rate, sampled at 45 degrees: samples of 0.707, peaks of 1.
        let samples: Vec<Stereo> = [1f32, 1.0, -1.0, -1.0]
            .iter()
            .cycle()
            .take(SECOND)
            .map(|sign| [sign * std::f32::consts::FRAC_1_SQRT_2; 2])
            .collect();
        let peak = Levels::of(&samples).true_peak_dbtp.expect("loud");
        assert!(peak.abs() < 0.3, "{peak}");
    }

    #[test]
    fn loud_and_quiet_become_equally_loud() {
        for amplitude in [0.01, 0.05, 0.5, 1.0, 20.0] {
            for samples in [noise(2 * SECOND, amplitude), tone(440.0, amplitude, 2 * SECOND)] {
                let (levels, _) = normalised(samples);
                let loudness = levels.loudness_lufs.expect("loud");
                assert!((loudness - Levels::TARGET_LUFS).abs() <= 0.15, "{amplitude}: {loudness}");
                assert!(levels.true_peak_dbtp.expect("loud") <= Levels::CEILING_DBTP + 0.01, "{levels:?}");
            }
        }
    }

    #[test]
    fn peaks_are_limited_and_the_rest_comes_up() {
        let mut samples = noise(3 * SECOND, 0.06);
        for beat in samples.iter_mut().step_by(SECOND / 2) {
            *beat = [0.9, -0.9];
        }
        let before = Levels::of(&samples);
        assert!(before.loudness_lufs.expect("loud") < -22.0, "{before:?}");
        let (after, _) = normalised(samples);
        assert!((after.loudness_lufs.expect("loud") - Levels::TARGET_LUFS).abs() <= 0.15, "{after:?}");
        assert!(after.true_peak_dbtp.expect("loud") <= Levels::CEILING_DBTP + 0.01, "{after:?}");
    }

    #[test]
    fn rare_peaks_keep_their_distance() {
        let mut samples = noise(3 * SECOND, 0.002);
        samples[SECOND] = [1.0; 2];
        let (levels, _) = normalised(samples);
        assert!(levels.loudness_lufs.expect("loud") < -30.0, "{levels:?}");
        assert!(levels.true_peak_dbtp.expect("loud") <= Levels::CEILING_DBTP + 0.01, "{levels:?}");
    }

    #[test]
    fn silence_and_near_silence_are_not_turned_up() {
        let (levels, samples) = normalised(super::super::silence(2 * SECOND));
        assert_eq!(levels, Levels { loudness_lufs: None, true_peak_dbtp: None });
        assert!(samples.iter().flatten().all(|value| *value == 0.0));
        let faint = noise(2 * SECOND, 0.000_05);
        assert_eq!(normalised(faint.clone()).1, faint);
        let hiss = noise(2 * SECOND, 0.000_5);
        let before = Levels::of(&hiss).loudness_lufs.expect("loud");
        let after = normalised(hiss).0.loudness_lufs.expect("loud");
        assert!((after - before - MAX_BOOST_DB).abs() < 0.05, "{before} to {after}");
    }

    #[test]
    fn what_is_too_short_to_be_measured_is_turned_down_at_most() {
        assert_eq!(normalised(noise(5000, 0.1)).1, noise(5000, 0.1));
        let (levels, _) = normalised(noise(5000, 4.0));
        assert!(levels.true_peak_dbtp.expect("loud") <= Levels::CEILING_DBTP + 0.01, "{levels:?}");
    }
}
