//! Colours: parsing, mixing in a perceptual space, and the contrast that text needs to be readable.
//!
//! Contrast follows WCAG 2.2 (relative luminance and contrast ratio). Mixing and lightness use Oklab
//! (Björn Ottosson, 2020, <https://bottosson.github.io/posts/oklab/>), where equal steps look equal.

use std::fmt;
use std::sync::LazyLock;

/// Fraction bits of [`LUMA_WEIGHTS`]. With 15, every weight fits 16 bits signed, which is what vector units multiply
/// best.
pub const LUMA_BITS: u32 = 15;

/// What red, green and blue add to luma in limited range, above its black of 16: 0.2126, 0.7152, 0.0722 (ITU-R
/// BT.709-6, item 3.2) times 219/255. They add up to 219/255 exactly rounded, so that white is 235.
pub const LUMA_WEIGHTS: [i32; 3] = [5983, 20127, 2032];

/// A straight (not premultiplied) 8-bit sRGB colour with alpha.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Color {
    /// Red, 0-255.
    pub r: u8,
    /// Green, 0-255.
    pub g: u8,
    /// Blue, 0-255.
    pub b: u8,
    /// Opacity, 0 (clear) to 255 (solid).
    pub a: u8,
}

/// A text that is no colour.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is not a colour: write #RRGGBB or #RRGGBBAA, for example #0B1F3A")]
pub struct InvalidColor(pub String);

/// Oklab coordinates: lightness 0-1, and two opponent axes of about -0.4 to 0.4.
#[derive(Clone, Copy, Debug)]
struct Oklab {
    l: f32,
    a: f32,
    b: f32,
}

impl Color {
    /// Solid white.
    pub const WHITE: Self = Self::rgb(255, 255, 255);
    /// Solid black.
    pub const BLACK: Self = Self::rgb(0, 0, 0);
    /// Nothing at all.
    pub const TRANSPARENT: Self = Self { r: 0, g: 0, b: 0, a: 0 };

    /// A solid colour.
    #[must_use]
    pub const fn rgb(r: u8, g: u8, b: u8) -> Self {
        Self { r, g, b, a: 255 }
    }

    /// Reads `#RRGGBB` or `#RRGGBBAA`, upper or lower case.
    ///
    /// # Errors
    /// [`InvalidColor`] for anything else, names and short forms included.
    pub fn parse(text: &str) -> Result<Self, InvalidColor> {
        let invalid = || InvalidColor(text.chars().take(40).collect());
        let digits = text.strip_prefix('#').ok_or_else(invalid)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) || !matches!(digits.len(), 6 | 8) {
            return Err(invalid());
        }
        let channel = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| invalid());
        Ok(Self {
            r: channel(0)?,
            g: channel(2)?,
            b: channel(4)?,
            a: if digits.len() == 8 { channel(6)? } else { 255 },
        })
    }

    /// The same colour with another opacity, 0.0-1.0 (clamped).
    #[must_use]
    pub fn with_alpha(self, alpha: f32) -> Self {
        Self { a: to_byte(alpha), ..self }
    }

    /// The mix that looks `amount` (0.0-1.0) of the way from `self` to `other`, alpha included.
    #[must_use]
    pub fn mix(self, other: Self, amount: f32) -> Self {
        let t = amount.clamp(0.0, 1.0);
        let (from, to) = (self.oklab(), other.oklab());
        let lab = Oklab { l: lerp(from.l, to.l, t), a: lerp(from.a, to.a, t), b: lerp(from.b, to.b, t) };
        let alpha = lerp(f32::from(self.a), f32::from(other.a), t) / 255.0;
        Self::from_oklab(lab).with_alpha(alpha)
    }

    /// The colour with its perceptual lightness set to `lightness`, 0.0 (black) to 1.0 (white); hue stays, chroma
    /// shrinks where sRGB has no such colour.
    #[must_use]
    pub fn with_lightness(self, lightness: f32) -> Self {
        let lab = self.oklab();
        let l = lightness.clamp(0.0, 1.0);
        for step in 0..=20u8 {
            let keep = 1.0 - f32::from(step) / 20.0;
            let candidate = Oklab { l, a: lab.a * keep, b: lab.b * keep };
            if candidate.in_srgb() {
                return Self::from_oklab(candidate).with_alpha(f32::from(self.a) / 255.0);
            }
        }
        Self::from_oklab(Oklab { l, a: 0.0, b: 0.0 }).with_alpha(f32::from(self.a) / 255.0)
    }

    /// Perceptual lightness, 0.0 (black) to 1.0 (white).
    #[must_use]
    pub fn lightness(self) -> f32 {
        self.oklab().l
    }

    /// How colourful it is: 0.0 for greys, about 0.3 for the strongest sRGB colours.
    #[must_use]
    pub fn chroma(self) -> f32 {
        let lab = self.oklab();
        (lab.a * lab.a + lab.b * lab.b).sqrt()
    }

    /// How different two colours look: their distance in Oklab, 0.0 to about 1.0; alpha is not looked at.
    #[must_use]
    pub fn distance(self, other: Self) -> f32 {
        let (one, other) = (self.oklab(), other.oklab());
        ((one.l - other.l).powi(2) + (one.a - other.a).powi(2) + (one.b - other.b).powi(2)).sqrt()
    }

    /// WCAG relative luminance, 0.0-1.0; alpha is not looked at.
    #[must_use]
    pub fn luminance(self) -> f32 {
        0.2126 * linear(self.r) + 0.7152 * linear(self.g) + 0.0722 * linear(self.b)
    }

    /// WCAG contrast ratio to `other`, 1.0 (equal) to 21.0 (black on white). Both are taken as solid.
    #[must_use]
    pub fn contrast(self, other: Self) -> f32 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// This colour laid over a solid `backdrop`: what the eye sees.
    #[must_use]
    pub fn over(self, backdrop: Self) -> Self {
        let alpha = u32::from(self.a);
        let blend = |top: u8, bottom: u8| {
            let sum = u32::from(top) * alpha + u32::from(bottom) * (255 - alpha);
            u8::try_from((sum + 127) / 255).unwrap_or(255)
        };
        Self::rgb(blend(self.r, backdrop.r), blend(self.g, backdrop.g), blend(self.b, backdrop.b))
    }

    /// The colour nearest in lightness to this one that has a contrast of at least `ratio` to every backdrop;
    /// where none has (backdrops both dark and light), black or white, whichever has the better worst case.
    #[must_use]
    pub fn readable_on(self, backdrops: &[Self], ratio: f32) -> Self {
        let worst = |color: Self| backdrops.iter().map(|b| color.over(*b).contrast(*b)).fold(f32::INFINITY, f32::min);
        if worst(self) >= ratio {
            return self;
        }
        let start = self.lightness();
        for step in 1..=50u8 {
            let distance = f32::from(step) / 50.0;
            for lightness in [start - distance, start + distance] {
                if (0.0..=1.0).contains(&lightness) {
                    let candidate = self.with_lightness(lightness);
                    if worst(candidate) >= ratio {
                        return candidate;
                    }
                }
            }
        }
        let alpha = f32::from(self.a.max(230)) / 255.0;
        let [black, white] = [Self::BLACK.with_alpha(alpha), Self::WHITE.with_alpha(alpha)];
        if worst(black) >= worst(white) { black } else { white }
    }

    fn oklab(self) -> Oklab {
        let (r, g, b) = (linear(self.r), linear(self.g), linear(self.b));
        let l = (0.412_221_47 * r + 0.536_332_54 * g + 0.051_445_993 * b).cbrt();
        let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
        let s = (0.088_302_46 * r + 0.281_718_84 * g + 0.629_978_7 * b).cbrt();
        Oklab {
            l: 0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
            a: 1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
            b: 0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
        }
    }

    fn from_oklab(lab: Oklab) -> Self {
        let [r, g, b] = lab.linear_srgb();
        Self::rgb(to_byte(encoded(r)), to_byte(encoded(g)), to_byte(encoded(b)))
    }
}

impl Oklab {
    fn linear_srgb(self) -> [f32; 3] {
        let l = (self.l + 0.396_337_78 * self.a + 0.215_803_76 * self.b).powi(3);
        let m = (self.l - 0.105_561_346 * self.a - 0.063_854_17 * self.b).powi(3);
        let s = (self.l - 0.089_484_18 * self.a - 1.291_485_5 * self.b).powi(3);
        [
            4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
            -1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s,
            -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
        ]
    }

    fn in_srgb(self) -> bool {
        self.linear_srgb().iter().all(|channel| (-0.0005..=1.0005).contains(channel))
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02X}{:02X}{:02X}", self.r, self.g, self.b)?;
        if self.a == 255 { Ok(()) } else { write!(f, "{:02X}", self.a) }
    }
}

fn lerp(from: f32, to: f32, t: f32) -> f32 {
    from + (to - from) * t
}

/// sRGB bytes as linear light, IEC 61966-2-1.
static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|byte| {
        let c = u8::try_from(byte).map_or(1.0, f32::from) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    })
});

/// sRGB byte to linear light.
fn linear(channel: u8) -> f32 {
    LINEAR[usize::from(channel)]
}

/// Linear light to sRGB 0.0-1.0, IEC 61966-2-1.
fn encoded(channel: f32) -> f32 {
    if channel <= 0.003_130_8 { 12.92 * channel } else { 1.055 * channel.powf(1.0 / 2.4) - 0.055 }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0-255 first")]
fn to_byte(value: f32) -> u8 {
    (value.clamp(0.0, 1.0) * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_prints() {
        assert_eq!(Color::parse("#0B1f3A").map(|c| c.to_string()).as_deref(), Ok("#0B1F3A"));
        assert_eq!(Color::parse("#0B1F3A80").map(|c| c.a), Ok(0x80));
        for bad in ["", "#fff", "red", "#GG0000", "#0B1F3", "0B1F3A", "#0B1F3A8", "#é1F3A"] {
            assert!(Color::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_grey_and_primary_survives_oklab() {
        for level in 0..=255u8 {
            for color in [
                Color::rgb(level, level, level),
                Color::rgb(level, 0, 0),
                Color::rgb(0, level, 0),
                Color::rgb(0, 0, level),
            ] {
                let back = Color::from_oklab(color.oklab());
                let off = [color.r.abs_diff(back.r), color.g.abs_diff(back.g), color.b.abs_diff(back.b)];
                assert!(off.iter().all(|d| *d <= 1), "{color} came back as {back}");
            }
        }
    }

    #[test]
    fn contrast_matches_the_wcag_extremes() {
        assert!((Color::BLACK.contrast(Color::WHITE) - 21.0).abs() < 0.01);
        assert!((Color::WHITE.contrast(Color::WHITE) - 1.0).abs() < 0.01);
        // #767676 on white is the well-known 4.54:1.
        assert!((Color::rgb(0x76, 0x76, 0x76).contrast(Color::WHITE) - 4.54).abs() < 0.01);
    }

    #[test]
    fn text_is_made_readable_on_any_single_backdrop() {
        for r in (0..=255u8).step_by(51) {
            for g in (0..=255u8).step_by(51) {
                for b in (0..=255u8).step_by(51) {
                    let backdrop = Color::rgb(r, g, b);
                    for text in [Color::rgb(0xF5, 0xA6, 0x23), Color::WHITE, Color::rgb(0x0B, 0x1F, 0x3A)] {
                        let fixed = text.readable_on(&[backdrop], 4.5);
                        assert!(fixed.contrast(backdrop) >= 4.5, "{text} on {backdrop} became {fixed}");
                    }
                }
            }
        }
    }
}
