//! The whole way from recording to soundtrack, and the signals that the tests of the parts are made of.

use super::*;

/// A tone in both channels.
pub(super) fn tone(frequency_hz: f64, amplitude: f32, length: usize) -> Vec<Stereo> {
    let turn = std::f64::consts::TAU * frequency_hz / f64::from(SAMPLE_RATE);
    #[expect(clippy::cast_possible_truncation, reason = "a sample")]
    let sample = |index: usize| [amplitude * (turn * index as f64).sin() as f32; 2];
    (0..length).map(sample).collect()
}

/// White noise, the same each time, other in each channel.
pub(super) fn noise(length: usize, amplitude: f32) -> Vec<Stereo> {
    let mut state = 1u32;
    let mut value = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f32::from(i16::from_be_bytes([state.to_be_bytes()[0], state.to_be_bytes()[1]])) / 32_768.0 * amplitude
    };
    (0..length).map(|_| [value(), value()]).collect()
}

/// Mean power of a stretch, in dB.
pub(super) fn rms_db(samples: &[Stereo]) -> f64 {
    let power: f64 = samples.iter().flatten().map(|value| f64::from(*value) * f64::from(*value)).sum();
    10.0 * (power / (2 * samples.len()) as f64).log10()
}

#[test]
fn a_soundtrack_is_as_long_as_asked_for_and_as_loud_as_it_should_be() {
    for (length, wanted) in [(72_000, 240_000), (240_000, 240_000), (500_000, 240_000), (48_000, 49_000)] {
        let master = master(&noise(length, 0.3), wanted).expect("a soundtrack");
        assert_eq!(master.samples.len(), wanted);
        let loudness = master.levels.loudness_lufs.expect("loud");
        assert!((loudness - Levels::TARGET_LUFS).abs() < 0.15, "{loudness}");
        assert_eq!((master.samples[0], master.samples[wanted - 1]), ([0.0; 2], [0.0; 2]));
    }
}

#[test]
fn silence_stays_silence() {
    let master = master(&silence(100_000), 200_000).expect("a soundtrack");
    assert_eq!(master.samples, silence(200_000));
    assert_eq!(master.levels.loudness_lufs, None);
}

#[test]
fn what_cannot_be_a_soundtrack_is_refused() {
    assert_eq!(master(&[], 100), Err(SoundError::NoSound));
    assert_eq!(master(&noise(24_000, 0.5), 480_000), Err(SoundError::TooShort { found_ms: 500 }));
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut recording = noise(96_000, 0.5);
        recording[48_000][1] = bad;
        assert_eq!(master(&recording, 480_000), Err(SoundError::NotFinite { at_ms: 1000 }));
    }
}

#[test]
fn huge_samples_are_only_loud() {
    let recording: Vec<Stereo> = noise(96_000, 1.0).iter().map(|sample| sample.map(|value| value * 1e30)).collect();
    let master = master(&recording, 96_000).expect("a soundtrack");
    assert!(master.samples.iter().flatten().all(|value| value.is_finite()));
    assert!((master.levels.loudness_lufs.expect("loud") - Levels::TARGET_LUFS).abs() < 0.15, "{:?}", master.levels);
}

#[test]
fn a_short_recording_serves_a_shorter_video() {
    assert_eq!(master(&noise(10_000, 0.5), 8000).expect("a soundtrack").samples.len(), 8000);
}
