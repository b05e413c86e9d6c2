//! Easing: how progress runs from 0 to 1 between two keyframes.
//!
//! Curves are CSS `cubic-bezier` (W3C CSS Easing Functions Level 1) and springs in closed form (the damped harmonic
//! oscillator). Both are pure functions of time, so frames can be computed in any order and on any thread.

/// How progress runs between two keyframes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Easing {
    /// At constant speed.
    Linear,
    /// Stays at the start and jumps at the end.
    Hold,
    /// A cubic Bézier from (0,0) to (1,1) with control points (x1, y1) and (x2, y2); x in 0..1, y free.
    CubicBezier(f32, f32, f32, f32),
    /// A spring let go at the start.
    Spring(Spring),
}

/// A spring of unit displacement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spring {
    /// Stiffness k in N/m, above 0.
    pub stiffness: f32,
    /// Damping c in N s/m, above 0; critical at 2 sqrt(k m).
    pub damping: f32,
    /// Mass m in kg, above 0.
    pub mass: f32,
}

/// An easing that has no such name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("easing `{name}` is unknown; there are: {}", Easing::NAMES.join(", "))]
pub struct UnknownEasing {
    /// What was written.
    pub name: String,
}

impl Easing {
    /// Names understood by [`Easing::named`].
    pub const NAMES: [&'static str; 13] = [
        "linear",
        "hold",
        "ease",
        "ease-in",
        "ease-out",
        "ease-in-out",
        "cubic-out",
        "cubic-in",
        "quint-out",
        "expo-out",
        "back-out",
        "spring",
        "spring-bouncy",
    ];

    /// The easing of that name. The curves are the CSS ones and the usual cubic approximations of Penner's.
    ///
    /// # Errors
    /// [`UnknownEasing`], listing all names.
    pub fn named(name: &str) -> Result<Self, UnknownEasing> {
        Ok(match name {
            "linear" => Self::Linear,
            "hold" => Self::Hold,
            "ease" => Self::CubicBezier(0.25, 0.1, 0.25, 1.0),
            "ease-in" => Self::CubicBezier(0.42, 0.0, 1.0, 1.0),
            "ease-out" => Self::CubicBezier(0.0, 0.0, 0.58, 1.0),
            "ease-in-out" => Self::CubicBezier(0.42, 0.0, 0.58, 1.0),
            "cubic-out" => Self::CubicBezier(0.215, 0.61, 0.355, 1.0),
            "cubic-in" => Self::CubicBezier(0.55, 0.055, 0.675, 0.19),
            "quint-out" => Self::CubicBezier(0.23, 1.0, 0.32, 1.0),
            "expo-out" => Self::CubicBezier(0.16, 1.0, 0.3, 1.0),
            "back-out" => Self::CubicBezier(0.34, 1.4, 0.64, 1.0),
            "spring" => Self::Spring(Spring { stiffness: 210.0, damping: 29.0, mass: 1.0 }),
            "spring-bouncy" => Self::Spring(Spring { stiffness: 210.0, damping: 18.0, mass: 1.0 }),
            _ => return Err(UnknownEasing { name: name.chars().take(60).collect() }),
        })
    }

    /// Progress at `time` (0.0-1.0 of the way) through a passage of `duration_s` seconds: 0.0 at its start, exactly
    /// 1.0 at its end, possibly beyond in between.
    #[must_use]
    pub fn progress(self, time: f64, duration_s: f64) -> f64 {
        if time <= 0.0 {
            return 0.0;
        }
        if time >= 1.0 {
            return 1.0;
        }
        match self {
            Self::Linear => time,
            Self::Hold => 0.0,
            Self::CubicBezier(x1, y1, x2, y2) => {
                let (x1, y1, x2, y2) = (f64::from(x1), f64::from(y1), f64::from(x2), f64::from(y2));
                bezier(solve_bezier(time, x1, x2), y1, y2)
            }
            // The oscillator never quite arrives; dividing by where it is at the end makes the passage exact.
            Self::Spring(spring) => spring.position(time * duration_s) / spring.position(duration_s),
        }
    }
}

impl Spring {
    /// Position at `t` seconds after release, from 0.0 towards 1.0.
    #[must_use]
    pub fn position(self, t: f64) -> f64 {
        let (k, c, m) = (f64::from(self.stiffness), f64::from(self.damping), f64::from(self.mass));
        let natural = (k / m).sqrt();
        let ratio = c / (2.0 * (k * m).sqrt());
        if (ratio - 1.0).abs() < 1e-4 {
            return 1.0 - (-natural * t).exp() * (1.0 + natural * t);
        }
        if ratio < 1.0 {
            let damped = natural * (1.0 - ratio * ratio).sqrt();
            let swing = (damped * t).cos() + ratio * natural / damped * (damped * t).sin();
            return 1.0 - (-ratio * natural * t).exp() * swing;
        }
        let root = (ratio * ratio - 1.0).sqrt();
        let (fast, slow) = (-natural * (ratio + root), -natural * (ratio - root));
        1.0 - (fast * (slow * t).exp() - slow * (fast * t).exp()) / (fast - slow)
    }
}

/// One coordinate of the curve at parameter `s`, with end points 0 and 1.
fn bezier(s: f64, first: f64, second: f64) -> f64 {
    let rest = 1.0 - s;
    3.0 * rest * rest * s * first + 3.0 * rest * s * s * second + s * s * s
}

/// The parameter at which the curve's x equals `x`; x rises with the parameter because x1 and x2 lie in 0..1.
fn solve_bezier(x: f64, x1: f64, x2: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    // 40 halvings reach 1e-12; no division, so every machine agrees.
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if bezier(middle, x1, x2) < x {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_easing_starts_at_zero_and_ends_at_one() {
        for name in Easing::NAMES {
            let easing = Easing::named(name).expect("listed");
            assert!(easing.progress(0.0, 0.5).abs() < 1e-9, "{name}");
            assert!((easing.progress(1.0, 0.5) - 1.0).abs() < 1e-9, "{name}");
        }
        assert!(Easing::named("boing").is_err());
    }

    #[test]
    fn css_ease_matches_its_published_values() {
        // ease at half time is 0.8024, ease-in-out is symmetric.
        let ease = Easing::named("ease").expect("listed");
        assert!((ease.progress(0.5, 1.0) - 0.8024).abs() < 1e-3);
        let both = Easing::named("ease-in-out").expect("listed");
        // The control points are f32, so symmetric only to about 1e-8.
        assert!((both.progress(0.25, 1.0) + both.progress(0.75, 1.0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn springs_obey_their_equation_in_all_three_regimes() {
        for damping in [8.0, 28.982_753, 60.0] {
            let spring = Spring { stiffness: 210.0, damping, mass: 1.0 };
            let h = 1e-4;
            for step in 1..40 {
                let t = f64::from(step) * 0.02;
                let (a, b, c) = (spring.position(t - h), spring.position(t), spring.position(t + h));
                let (velocity, acceleration) = ((c - a) / (2.0 * h), (a - 2.0 * b + c) / (h * h));
                let residue = acceleration + f64::from(damping) * velocity + 210.0 * (b - 1.0);
                assert!(residue.abs() < 0.05, "damping {damping} at {t}: {residue}");
            }
        }
    }
}
