//! A track: one property's value at every frame of a scene.

use super::easing::Easing;
use crate::ground::time::FrameRate;

/// A value at a frame, and how to get there from the keyframe before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Keyframe {
    /// Frame counted from the start of the scene.
    pub frame: u32,
    /// The value there.
    pub value: f32,
    /// How the value runs from the keyframe before to this one.
    pub easing: Easing,
}

/// One property over the frames of a scene: constant before its first and after its last keyframe.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    keyframes: Vec<Keyframe>,
    seconds_per_frame: f64,
}

/// Values are rounded to this many steps a unit, so that the last bit of `exp` or `sin`, which differs between
/// machines, never reaches a pixel.
const STEPS_PER_UNIT: f64 = 4096.0;

impl Track {
    /// A value that never changes.
    #[must_use]
    pub fn constant(value: f32) -> Self {
        let only = Keyframe { frame: 0, value, easing: Easing::Linear };
        Self { keyframes: vec![only], seconds_per_frame: FrameRate::DEFAULT.seconds_at(1) }
    }

    /// A value that runs through `keyframes`; they are put in order of their frames. An empty list gives 0.
    #[must_use]
    pub fn new(mut keyframes: Vec<Keyframe>, frame_rate: FrameRate) -> Self {
        if keyframes.is_empty() {
            return Self::constant(0.0);
        }
        keyframes.sort_by_key(|keyframe| keyframe.frame);
        Self { keyframes, seconds_per_frame: frame_rate.seconds_at(1) }
    }

    /// The value at `frame`, counted from the start of the scene.
    #[must_use]
    pub fn at(&self, frame: u32) -> f32 {
        let next = self.keyframes.partition_point(|keyframe| keyframe.frame <= frame);
        let Some(before) = next.checked_sub(1).map(|index| self.keyframes[index]) else {
            return self.keyframes[0].value;
        };
        let Some(after) = self.keyframes.get(next).filter(|_| frame > before.frame) else {
            return before.value;
        };
        let span = f64::from(after.frame - before.frame);
        let progress = after.easing.progress(f64::from(frame - before.frame) / span, span * self.seconds_per_frame);
        let value = f64::from(before.value) + (f64::from(after.value) - f64::from(before.value)) * progress;
        #[expect(clippy::cast_possible_truncation, reason = "tracks hold pixels, factors and degrees, all within f32")]
        let rounded = ((value * STEPS_PER_UNIT).round() / STEPS_PER_UNIT) as f32;
        rounded
    }

    /// The same with every value multiplied by `factor`.
    #[must_use]
    pub fn times(&self, factor: f32) -> Self {
        let keyframe = |keyframe: &Keyframe| Keyframe { value: keyframe.value * factor, ..*keyframe };
        Self { keyframes: self.keyframes.iter().map(keyframe).collect(), seconds_per_frame: self.seconds_per_frame }
    }

    /// Whether the value is the same on every frame.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.keyframes.iter().all(|keyframe| keyframe.value.to_bits() == self.keyframes[0].value.to_bits())
    }

    /// Whether the value at `frame` may differ from that at the frame before.
    #[must_use]
    pub fn moves_at(&self, frame: u32) -> bool {
        let reached_by = |frame: u32| self.keyframes.partition_point(|keyframe| keyframe.frame <= frame);
        let Some(before) = frame.checked_sub(1).map(reached_by) else { return false };
        let now = reached_by(frame);
        // The keyframes that have a say in either value: on a keyframe, the one after it has none.
        let last = if now > before { now - 1 } else { now.min(self.keyframes.len() - 1) };
        let involved = &self.keyframes[before.saturating_sub(1)..=last];
        involved.iter().any(|keyframe| keyframe.value.to_bits() != involved[0].value.to_bits())
    }

    /// The frame from which on the value no longer changes.
    #[must_use]
    pub fn settled_at(&self) -> u32 {
        if self.is_constant() { 0 } else { self.keyframes.last().map_or(0, |keyframe| keyframe.frame) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slide() -> Track {
        let from = Keyframe { frame: 10, value: 100.0, easing: Easing::Linear };
        let to = Keyframe { frame: 20, value: 0.0, easing: Easing::CubicBezier(0.23, 1.0, 0.32, 1.0) };
        Track::new(vec![to, from], FrameRate::DEFAULT)
    }

    #[test]
    fn holds_before_and_after_and_lands_exactly() {
        let track = slide();
        assert_eq!([track.at(0), track.at(10), track.at(20), track.at(9999)], [100.0, 100.0, 0.0, 0.0]);
        assert!(track.at(11) < 100.0 && track.at(19) > 0.0);
        assert_eq!(track.settled_at(), 20);
    }

    #[test]
    fn a_frame_on_which_nothing_moves_says_so() {
        let key = |frame, value| Keyframe { frame, value, easing: Easing::Linear };
        let track = Track::new(vec![key(3, 1.0), key(6, 2.0), key(9, 2.0), key(11, 5.0)], FrameRate::DEFAULT);
        let moving: Vec<u32> = (0..20).filter(|frame| track.moves_at(*frame)).collect();
        assert_eq!(moving, [4, 5, 6, 10, 11]);
        for frame in 1..20 {
            assert!(track.moves_at(frame) || track.at(frame) == track.at(frame - 1), "frame {frame}");
        }
    }

    #[test]
    fn an_ease_out_never_turns_back() {
        let track = slide();
        for frame in 10..20 {
            assert!(track.at(frame + 1) <= track.at(frame));
        }
    }

    #[test]
    fn constants_say_so() {
        assert!(Track::constant(3.5).is_constant());
        assert_eq!(Track::constant(3.5).at(77), 3.5);
        assert_eq!(Track::new(Vec::new(), FrameRate::DEFAULT).at(5), 0.0);
    }
}
