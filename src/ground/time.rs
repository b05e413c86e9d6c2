//! Frame rates, frame counts and durations: the only place where seconds become frames.
//!
//! There is no clock here. A frame rate is an exact ratio, so that no rounding error grows with the length of a video.

use std::fmt;

/// Frames a second as an exact ratio, for example 30/1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameRate {
    numerator: u32,
    denominator: u32,
}

/// A frame rate that the delivery rules do not allow.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("frame rate {0} is not offered: choose one of 24, 25, 30, 50, 60")]
pub struct UnsupportedFrameRate(pub u32);

impl FrameRate {
    /// The rates a video can be made at, in frames a second.
    pub const OFFERED: [u32; 5] = [24, 25, 30, 50, 60];

    /// 30 frames a second, the default.
    pub const DEFAULT: Self = Self { numerator: 30, denominator: 1 };

    /// A frame rate of `fps` frames a second.
    ///
    /// # Errors
    /// [`UnsupportedFrameRate`] unless `fps` is one of [`FrameRate::OFFERED`].
    pub fn new(fps: u32) -> Result<Self, UnsupportedFrameRate> {
        if Self::OFFERED.contains(&fps) {
            Ok(Self { numerator: fps, denominator: 1 })
        } else {
            Err(UnsupportedFrameRate(fps))
        }
    }

    /// Numerator of the ratio, in frames.
    #[must_use]
    pub const fn numerator(self) -> u32 {
        self.numerator
    }

    /// Denominator of the ratio, in seconds.
    #[must_use]
    pub const fn denominator(self) -> u32 {
        self.denominator
    }

    /// Number of frames nearest to `duration_ms`, halves rounded up.
    #[must_use]
    pub fn frames_in_ms(self, duration_ms: u64) -> u32 {
        let scaled = duration_ms * u64::from(self.numerator);
        let unit = 1000 * u64::from(self.denominator);
        u32::try_from((scaled + unit / 2) / unit).unwrap_or(u32::MAX)
    }

    /// Number of frames nearest to `seconds`; negative and non-finite values give 0.
    #[must_use]
    pub fn frames_in_seconds(self, seconds: f64) -> u32 {
        if !seconds.is_finite() || seconds <= 0.0 {
            return 0;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and capped at a day")]
        let ms = (seconds.min(86_400.0) * 1000.0).round() as u64;
        self.frames_in_ms(ms)
    }

    /// Length of `frames` frames in milliseconds, rounded to the nearest.
    #[must_use]
    pub fn ms_of_frames(self, frames: u32) -> u64 {
        let scaled = u64::from(frames) * 1000 * u64::from(self.denominator);
        (scaled + u64::from(self.numerator) / 2) / u64::from(self.numerator)
    }

    /// Time of the frame at `frame_index`, in seconds from the start.
    #[must_use]
    pub fn seconds_at(self, frame_index: u32) -> f64 {
        f64::from(frame_index) * f64::from(self.denominator) / f64::from(self.numerator)
    }
}

impl Default for FrameRate {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for FrameRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.denominator == 1 {
            write!(f, "{}", self.numerator)
        } else {
            write!(f, "{}/{}", self.numerator, self.denominator)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_rounded_to_the_nearest() {
        let thirty = FrameRate::DEFAULT;
        assert_eq!(thirty.frames_in_ms(1000), 30);
        assert_eq!(thirty.frames_in_ms(16), 0);
        assert_eq!(thirty.frames_in_ms(17), 1);
        assert_eq!(thirty.frames_in_seconds(25.0), 750);
        assert_eq!(thirty.frames_in_seconds(f64::NAN), 0);
        assert_eq!(thirty.frames_in_seconds(-3.0), 0);
    }

    #[test]
    fn every_whole_frame_survives_the_way_to_milliseconds_and_back() {
        for fps in FrameRate::OFFERED {
            let rate = FrameRate::new(fps).expect("offered");
            for frames in 0..5000 {
                assert_eq!(rate.frames_in_ms(rate.ms_of_frames(frames)), frames, "{fps} fps");
            }
        }
    }

    #[test]
    fn other_rates_are_refused_by_name() {
        assert_eq!(FrameRate::new(23), Err(UnsupportedFrameRate(23)));
    }
}
