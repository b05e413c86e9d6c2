//! What an encoder is asked for: plain data, checked once when an encoder opens.

use std::fmt::Write as _;

use super::EncodeError;
use crate::ground::geometry::Size;
use crate::ground::time::FrameRate;
use crate::video::h264::{Level, MAX_IDR_INTERVAL_S, lowest_level};

/// The H.264 profile written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Main without B-frames: what WhatsApp's Android clients play.
    #[default]
    Main,
    /// Constrained Baseline, for the oldest players; files are larger, for want of arithmetic coding.
    Baseline,
}

impl Profile {
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Baseline => "baseline",
        }
    }
}

/// How a frame that equals the one before is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeats {
    /// As a hold picture, a dozen bytes at a constant frame rate; see [`crate::video::h264::HoldSyntax`]. Where the
    /// stream does not allow it, as [`Repeats::Encoded`].
    #[default]
    Held,
    /// Encoded like any other.
    Encoded,
    /// Not at all: the picture before it lasts longer, and the frame rate varies.
    Omitted,
}

/// How much the encoder tries: what trades time against bytes and looks, and nothing that the delivery rules settle.
/// The presets come from the sweep in `docs/performance.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// x264's preset, which the rest builds on.
    pub preset: &'static str,
    /// Further parameters in x264's own notation, `key=value:key=value`.
    pub params: &'static str,
    /// How much finer than the others' the quantiser of a settled picture is: of the last one before the picture stands
    /// still.
    pub settle: u8,
}

impl Tuning {
    /// Least time.
    pub const FAST: Self = Self { preset: "superfast", params: "deblock=-1,-1:subme=0:ipratio=3.2", settle: 10 };
    /// The default.
    pub const BALANCED: Self =
        Self { preset: "superfast", params: "deblock=-1,-1:subme=2:ipratio=3.2:no-dct-decimate=1", settle: 10 };
    /// Fewest bytes for what it shows.
    pub const QUALITY: Self =
        Self { preset: "medium", params: "deblock=-1,-1:ipratio=3.2:no-dct-decimate=1", settle: 10 };
}

/// Everything that shapes the stream. Two encoders of equal configuration write equal parameter sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderConfig {
    /// Picture size in pixels: both even, 32 to 4096.
    pub size: Size,
    /// Frames a second.
    pub frame_rate: FrameRate,
    /// Constant quantiser of x264, 1 (nearly lossless) to 45 (poor); default 24. With gradients, what moves has one
    /// more.
    pub qp: u8,
    /// Profile; default Main.
    pub profile: Profile,
    /// What becomes of frames that equal the one before; default [`Repeats::Held`].
    pub repeats: Repeats,
    /// How much the encoder tries; default [`Tuning::BALANCED`].
    pub tuning: Tuning,
    /// Whether there are gradients, whose dither is to outlive the quantiser; default `false`.
    pub gradients: bool,
}

/// Added to the parameters where there are gradients: IDR frames finer than the rest by 12, no longer by 10. The
/// faintest pattern that the dither of gradients draws has one coefficient of 2; intra pictures keep what is two thirds
/// of a quantiser step, which is 2.2 at 14 and 1.9 at 13.
const GRADIENTS: &str = "ipratio=4";
/// How much finer settled pictures then are than without gradients, and how much coarser what moves is, so that the
/// file does not grow.
const GRADIENTS_STEP: u8 = 1;
/// Parameters of settled pictures where there are gradients: nothing may take a coefficient away for standing alone, be
/// it a macroblock skipped at first sight, or a weighing of bits against looks.
const GRADIENTS_SETTLED: &str = ",no-fast-pskip=1,no-dct-decimate=1,trellis=0,subme=2";
/// The same for the IDR picture, in the notation of zones.
const GRADIENTS_IDR: &str = "0,0,trellis=0";

impl EncoderConfig {
    /// Quantiser where none is asked for.
    pub const DEFAULT_QP: u8 = 24;
    /// Largest quantiser accepted; x264 itself goes to 51, where nothing is legible.
    pub const MAX_QP: u8 = 45;

    /// The defaults for a size and a frame rate.
    #[must_use]
    pub const fn new(size: Size, frame_rate: FrameRate) -> Self {
        Self {
            size,
            frame_rate,
            qp: Self::DEFAULT_QP,
            profile: Profile::Main,
            repeats: Repeats::Held,
            tuning: Tuning::BALANCED,
            gradients: false,
        }
    }

    /// Longest distance of two IDR frames, in frames.
    #[must_use]
    pub fn max_idr_interval_frames(&self) -> u32 {
        (MAX_IDR_INTERVAL_S * self.frame_rate.numerator() / self.frame_rate.denominator()).max(1)
    }

    /// Checks every field and returns the level the stream will have.
    ///
    /// # Errors
    /// [`EncodeError::Config`] names the first field outside its range.
    pub fn check(&self) -> Result<Level, EncodeError> {
        let Size { width, height } = self.size;
        let side = |side: u32| (32..=4096).contains(&side) && side.is_multiple_of(2);
        if !side(width) || !side(height) {
            return Err(EncodeError::Config {
                field: "size",
                value: self.size.to_string(),
                allowed: "even sides of 32 to 4096 px",
            });
        }
        if !(1..=Self::MAX_QP).contains(&self.qp) {
            return Err(EncodeError::Config { field: "qp", value: self.qp.to_string(), allowed: "1 to 45" });
        }
        level_for(self.size, self.frame_rate).ok_or_else(|| EncodeError::Config {
            field: "size at this frame rate",
            value: format!("{} at {} fps", self.size, self.frame_rate),
            allowed: "what H.264 level 6.2 decodes",
        })
    }

    /// The options for libx264, every one of which the encoder must know.
    ///
    /// What the presets leave on is switched off: the lookahead, macroblock tree, weighted prediction and scene cut
    /// detection cost half of a still frame and decide what the segment plan has decided already. A weaker deblocking
    /// filter keeps the edges of text. The quantiser is constant: x264's rate factor (`crf`) lowers it where little
    /// moves, so that every still frame refines the dither of the gradients once more. IDR frames get a much lower one
    /// (`ipratio`): what stands still afterwards is copied from them for seconds. Coefficients that stand alone are
    /// kept (`no-dct-decimate`), they are the dither. The pictures numbered in `settled`, the last before stillness,
    /// get a finer quantiser through zones of one picture each, for the same reason as IDR frames. Where there are
    /// gradients, both are just fine enough for their dither. Chroma is quantised a little finer, for coloured text.
    /// All figures are in `docs/performance.md`.
    pub(super) fn options(&self, level: Level, settled: &[u32]) -> Vec<(&'static str, String)> {
        let fixed = [
            ("preset", self.tuning.preset),
            ("profile", self.profile.option()),
            ("bf", "0"),
            ("refs", "1"),
            ("forced-idr", "1"),
            ("sc_threshold", "0"),
            ("weightp", "0"),
            ("mbtree", "0"),
            ("rc-lookahead", "0"),
            ("chromaoffset", "-2"),
            ("flags", "+global_header+cgop"),
            ("threads", "1"),
        ];
        let mut options: Vec<_> = fixed.map(|(key, value)| (key, value.to_owned())).to_vec();
        // Says in the VUI whether frames are at a constant distance. Unknown keys here only warn; that this one took
        // effect is checked in the parameter sets.
        let constant = u8::from(self.repeats != Repeats::Omitted);
        let mut params = format!("{}:force-cfr={constant}", self.tuning.params);
        if self.gradients {
            // Of two values for one key the last is taken.
            let _ = write!(params, ":{GRADIENTS}");
        }
        let zones = self.zones(settled);
        if !zones.is_empty() {
            let _ = write!(params, ":zones={}", zones.join("/"));
        }
        options.push(("x264-params", params));
        options.push(("level", level.to_string()));
        options.push(("qp", (self.qp + if self.gradients { GRADIENTS_STEP } else { 0 }).to_string()));
        options.push(("g", self.max_idr_interval_frames().to_string()));
        options
    }

    /// x264's zones: stretches of pictures with settings of their own, in ascending order.
    fn zones(&self, settled: &[u32]) -> Vec<String> {
        if self.tuning.settle == 0 {
            return Vec::new();
        }
        let (finer, more) = if self.gradients { (GRADIENTS_STEP, GRADIENTS_SETTLED) } else { (0, "") };
        let qp = self.qp.saturating_sub(self.tuning.settle + finer).max(1);
        let idr = self.gradients.then(|| GRADIENTS_IDR.to_owned());
        idr.into_iter().chain(settled.iter().map(|at| format!("{at},{at},q={qp}{more}"))).collect()
    }
}

/// The level written for a size and frame rate: 4.0 up to 30 fps and 4.2 above (delivery rule), or higher where the
/// picture needs it. `None` where no level is high enough.
#[must_use]
pub fn level_for(size: Size, frame_rate: FrameRate) -> Option<Level> {
    let mbs = size.width.div_ceil(16) * size.height.div_ceil(16);
    let (numerator, denominator) = (frame_rate.numerator(), frame_rate.denominator());
    let usual = if numerator <= 30 * denominator { Level(40) } else { Level(42) };
    lowest_level(mbs, numerator, denominator).map(|needed| needed.max(usual))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_delivery_rules() {
        let level = |w, h, fps| level_for(Size::new(w, h), FrameRate::new(fps).expect("offered"));
        for fps in [24, 25, 30] {
            assert_eq!(level(1080, 1920, fps), Some(Level(40)));
        }
        for fps in [50, 60] {
            assert_eq!(level(1920, 1080, fps), Some(Level(42)));
        }
        assert_eq!(level(4096, 4096, 60), Some(Level(60)));
    }

    #[test]
    fn values_outside_their_range_are_named() {
        let good = EncoderConfig::new(Size::new(1080, 1920), FrameRate::DEFAULT);
        assert!(good.check().is_ok());
        let odd = EncoderConfig { size: Size::new(1081, 1920), ..good };
        assert!(odd.check().expect_err("odd").to_string().contains("1081x1920"));
        let poor = EncoderConfig { qp: 46, ..good };
        assert!(poor.check().expect_err("too high").to_string().contains("qp is 46"));
    }
}
