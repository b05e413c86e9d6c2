//! Motion: entrances, exits, keyframes and transitions become links of tracks counted in frames.

use super::composition::{Edge, MotionLink, Reveal};
use crate::ground::geometry::{Rect, Size};
use crate::ground::time::FrameRate;
use crate::ground::timeline::{Easing, Keyframe, Track};
use crate::template::{
    BoundKeyframe, BoundKeyframes, BoundMotion, BoundPassage, BoundTransition, Preset, TransitionKind,
};

/// When things happen in a scene: seconds from its first frame to the moment the next scene begins to take over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// Frames a second.
    pub(super) rate: FrameRate,
    /// Frames until the next scene begins to take over.
    pub(super) slot_frames: u32,
    /// Canvas px in one design px.
    pub(super) unit: f32,
    /// Whether start is right.
    pub(super) right_to_left: bool,
}

/// Travel of the presets that move, in design px: far enough to be seen, near enough to be calm.
const RISE_PX: f32 = 56.0;
const SIDE_PX: f32 = 90.0;
/// Travel of a line or word that fades in, in design px.
const PIECE_PX: f32 = 28.0;
/// Shares of a fade at which the new scene begins to show and the old one is gone: they overlap so that there is always
/// something to see, and hardly more than that, or two texts would lie on top of each other.
const ARRIVES: f64 = 0.38;
const DEPARTED: f64 = 0.55;
/// A share of a revealed rectangle that still cuts.
const ALMOST_ALL: f32 = 0.998;

impl MotionLink {
    /// A link at rest around `pivot`.
    pub(super) fn at_rest(pivot: (f32, f32)) -> Self {
        Self {
            pivot,
            x: Track::constant(0.0),
            y: Track::constant(0.0),
            scale: Track::constant(1.0),
            rotation: Track::constant(0.0),
            opacity: Track::constant(1.0),
            clip: None,
            reveal: None,
        }
    }
}

impl Clock {
    fn frame(self, seconds: f64) -> u32 {
        self.rate.frames_in_seconds(seconds)
    }

    /// A track from one value to another.
    fn run(self, start_s: f64, duration_s: f64, from: f32, to: f32, easing: Easing) -> Track {
        let first = self.frame(start_s);
        let last = self.frame(start_s + duration_s).max(first + 1);
        let keyframes = vec![
            Keyframe { frame: first, value: from, easing: Easing::Linear },
            Keyframe { frame: last, value: to, easing },
        ];
        Track::new(keyframes, self.rate)
    }

    /// Towards the end side, in canvas px.
    fn endwards(self, px: f32) -> f32 {
        if self.right_to_left { -px } else { px }
    }

    /// The entrance of a node at `rect`, beginning at `start_s`.
    pub(super) fn entrance(self, passage: &BoundPassage, rect: Rect, start_s: f64) -> Option<MotionLink> {
        let away = |to: f32, rest: f32, easing| self.run(start_s, passage.duration_s, to, rest, easing);
        self.passage(passage, rect, &away)
    }

    /// The exit of a node at `rect`, over when the next scene begins to take over.
    pub(super) fn exit(self, passage: &BoundPassage, rect: Rect) -> Option<MotionLink> {
        let start_s = (self.rate.seconds_at(self.slot_frames) - passage.duration_s).max(0.0);
        let away = |to: f32, rest: f32, easing| self.run(start_s, passage.duration_s, rest, to, easing);
        self.passage(passage, rect, &away)
    }

    /// A passage as a link; `away(value, rest)` makes a track between the value away from rest and the one at rest.
    fn passage(
        self,
        passage: &BoundPassage,
        rect: Rect,
        away: &dyn Fn(f32, f32, Easing) -> Track,
    ) -> Option<MotionLink> {
        let mut link = MotionLink::at_rest(rect.center());
        let travel = |px: f32| passage.distance_px.unwrap_or(px * self.unit);
        let fade = Easing::CubicBezier(0.0, 0.0, 0.58, 1.0);
        let reveal = |from: Edge| Some(Reveal { rect, from, amount: away(0.0, 1.0, passage.easing) });
        match passage.preset {
            // Texts in pieces and outlines being drawn change what is drawn, not where.
            Preset::None
            | Preset::LinesRise
            | Preset::LinesFade
            | Preset::WordsRise
            | Preset::WordsFade
            | Preset::Draw => return None,
            Preset::Fade => {}
            Preset::Rise => link.y = away(travel(RISE_PX), 0.0, passage.easing),
            Preset::Drop => link.y = away(-travel(RISE_PX), 0.0, passage.easing),
            Preset::FromStart => link.x = away(-self.endwards(travel(SIDE_PX)), 0.0, passage.easing),
            Preset::FromEnd => link.x = away(self.endwards(travel(SIDE_PX)), 0.0, passage.easing),
            Preset::Grow => link.scale = away(0.92, 1.0, passage.easing),
            Preset::Pop => link.scale = away(0.6, 1.0, passage.easing),
            Preset::WipeStart => {
                link.reveal = reveal(if self.right_to_left { Edge::Right } else { Edge::Left });
                return Some(link);
            }
            Preset::WipeUp => {
                link.reveal = reveal(Edge::Bottom);
                return Some(link);
            }
        }
        link.opacity = away(0.0, 1.0, fade);
        Some(link)
    }

    /// The links of a line or word in `rect` that begins to come in at `start_s`.
    pub(super) fn piece(self, passage: &BoundPassage, rect: Rect, start_s: f64) -> Vec<MotionLink> {
        let run = |from: f32, to: f32, easing| self.run(start_s, passage.duration_s, from, to, easing);
        let mut link = MotionLink::at_rest(rect.center());
        if matches!(passage.preset, Preset::LinesRise | Preset::WordsRise) {
            // The box cuts until the piece has arrived, and not a moment longer.
            let mut window = MotionLink::at_rest(rect.center());
            let amount = run(ALMOST_ALL, 1.0, Easing::Linear);
            window.reveal = Some(Reveal { rect, from: Edge::Top, amount });
            link.y = run(rect.height, 0.0, passage.easing);
            return vec![window, link];
        }
        link.y = run(passage.distance_px.unwrap_or(PIECE_PX * self.unit), 0.0, passage.easing);
        link.opacity = run(0.0, 1.0, Easing::CubicBezier(0.0, 0.0, 0.58, 1.0));
        vec![link]
    }

    /// Which part of a node's outline is drawn, as shares of its length at each frame from the scene's first to the one
    /// from which on it stays; `None` where it is always the whole.
    pub(super) fn trim(self, motion: &BoundMotion, turn_s: f64) -> Option<Vec<(f32, f32)>> {
        let all = &motion.keyframes;
        let drawn = |passage: &Option<BoundPassage>| passage.filter(|passage| passage.preset == Preset::Draw);
        let mut starts = vec![self.track(&all.trim_start, 0.0, 1.0, turn_s)];
        let mut ends = vec![self.track(&all.trim_end, 1.0, 1.0, turn_s)];
        if let Some(enter) = drawn(&motion.enter) {
            ends.push(self.run(turn_s, enter.duration_s, 0.0, 1.0, enter.easing));
        }
        if let Some(exit) = drawn(&motion.exit) {
            let start_s = (self.rate.seconds_at(self.slot_frames) - exit.duration_s).max(0.0);
            starts.push(self.run(start_s, exit.duration_s, 0.0, 1.0, exit.easing));
        }
        let last = starts.iter().chain(&ends).map(Track::settled_at).max().unwrap_or(0);
        let step = |value: f32| (value.clamp(0.0, 1.0) * 1024.0).round() / 1024.0;
        let at = |frame: u32| {
            let from = starts.iter().map(|track| track.at(frame)).fold(0.0, f32::max);
            let to = ends.iter().map(|track| track.at(frame)).fold(1.0, f32::min);
            (step(from), step(to))
        };
        let parts: Vec<(f32, f32)> = (0..=last).map(at).collect();
        parts.iter().any(|part| *part != (0.0, 1.0)).then_some(parts)
    }

    /// A track through `keyframes`, each value times `sign`, of a node whose turn comes at `turn_s`.
    fn track(self, keyframes: &[BoundKeyframe], rest: f32, sign: f32, turn_s: f64) -> Track {
        if keyframes.is_empty() {
            return Track::constant(rest);
        }
        let end_s = self.rate.seconds_at(self.slot_frames);
        let place = |key: &BoundKeyframe| if key.time_s < 0.0 { end_s + key.time_s } else { turn_s + key.time_s };
        let keyframes = keyframes.iter().map(|key| Keyframe {
            frame: self.frame(place(key)),
            value: key.value * sign,
            easing: key.easing,
        });
        Track::new(keyframes.collect(), self.rate)
    }

    /// A node's own keyframes, counted from `turn_s`.
    pub(super) fn keyframes(self, all: &BoundKeyframes, rect: Rect, turn_s: f64) -> Option<MotionLink> {
        let lists = [&all.x, &all.y, &all.scale, &all.rotation, &all.opacity];
        if lists.iter().all(|list| list.is_empty()) {
            return None;
        }
        let track = |list: &[BoundKeyframe], rest, sign| self.track(list, rest, sign, turn_s);
        let mirrored = self.endwards(1.0);
        Some(MotionLink {
            x: track(&all.x, 0.0, mirrored),
            y: track(&all.y, 0.0, 1.0),
            scale: track(&all.scale, 1.0, 1.0),
            rotation: track(&all.rotation, 0.0, mirrored),
            opacity: track(&all.opacity, 1.0, 1.0),
            ..MotionLink::at_rest(rect.center())
        })
    }

    /// The link of a whole scene while it takes over from the one before.
    pub(super) fn arriving(self, transition: &BoundTransition, canvas: Size) -> Option<MotionLink> {
        let d = transition.duration_s;
        let (rect, mut link) = whole(canvas);
        match transition.kind {
            TransitionKind::None => return None,
            TransitionKind::Fade => {
                link.opacity =
                    self.run(d * ARRIVES, d * (1.0 - ARRIVES), 0.0, 1.0, Easing::CubicBezier(0.0, 0.0, 0.58, 1.0));
            }
            TransitionKind::Slide => link.x = self.run(0.0, d, self.endwards(rect.width), 0.0, transition.easing),
            TransitionKind::Wipe => {
                let from = if self.right_to_left { Edge::Left } else { Edge::Right };
                link.reveal = Some(Reveal { rect, from, amount: self.run(0.0, d, 0.0, 1.0, transition.easing) });
            }
        }
        Some(link)
    }

    /// The link of a whole scene while the next one takes over.
    pub(super) fn departing(self, transition: &BoundTransition, canvas: Size) -> Option<MotionLink> {
        let (d, start_s) = (transition.duration_s, self.rate.seconds_at(self.slot_frames));
        let (rect, mut link) = whole(canvas);
        match transition.kind {
            TransitionKind::None => return None,
            TransitionKind::Fade => {
                link.opacity = self.run(start_s, d * DEPARTED, 1.0, 0.0, Easing::CubicBezier(0.42, 0.0, 1.0, 1.0));
            }
            TransitionKind::Slide => {
                link.x = self.run(start_s, d, 0.0, -self.endwards(rect.width), transition.easing);
            }
            TransitionKind::Wipe => {
                let from = if self.right_to_left { Edge::Right } else { Edge::Left };
                link.reveal = Some(Reveal { rect, from, amount: self.run(start_s, d, 1.0, 0.0, transition.easing) });
            }
        }
        Some(link)
    }
}

fn whole(canvas: Size) -> (Rect, MotionLink) {
    let [width, height] = canvas.as_f32();
    let rect = Rect::new(0.0, 0.0, width, height);
    (rect, MotionLink::at_rest(rect.center()))
}

/// Seconds into a scene at which its own entrances begin: late enough not to compete with the transition into it.
pub(super) fn entrances_begin_s(transition: Option<&BoundTransition>) -> f64 {
    transition.map_or(0.0, |transition| match transition.kind {
        TransitionKind::None => 0.0,
        TransitionKind::Fade => transition.duration_s * ARRIVES,
        TransitionKind::Slide | TransitionKind::Wipe => transition.duration_s * 0.3,
    })
}
