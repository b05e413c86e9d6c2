//! Looks: lengths, paints, surfaces and motion of a document, resolved against the theme. The part of binding that
//! evaluates nothing.

use super::bind::{Binder, Bound};
use super::bound::{
    BoundGroup, BoundKeyframe, BoundKeyframes, BoundMask, BoundMotion, BoundPaint, BoundPassage, BoundPlacement,
    BoundShadow, BoundSurface, BoundTransition, Length, Piecewise,
};
use super::document::{
    EasingSpec, GradientStop, Keyframe, Mask, Motion, Paint, Passage, Placement, Preset, Surface, Transition,
};
use super::theme::Scale;
use super::value::{ColorSpec, Edges, Measure};
use crate::ground::color::Color;
use crate::ground::timeline::{Easing, Spring};

impl Binder<'_> {
    pub(super) fn length(&self, measure: &Measure, at: &str) -> Bound<Length> {
        self.theme.length(measure, Scale::Spaces).map_err(|reason| self.problem(at, reason))
    }

    pub(super) fn edges(&self, edges: Option<&Edges>, at: &str) -> Bound<[Length; 4]> {
        let Some(edges) = edges else { return Ok([Length::Px(0.0); 4]) };
        let [top, end, bottom, start] = edges.sides();
        Ok([self.length(top, at)?, self.length(end, at)?, self.length(bottom, at)?, self.length(start, at)?])
    }

    pub(super) fn placement(&self, placement: &Placement, at: &str) -> Bound<BoundPlacement> {
        let one = |measure: &Option<Measure>, field: &str| match measure {
            None => Ok(Length::Auto),
            Some(measure) => self.length(measure, &format!("{at}/layout/{field}")),
        };
        let inset = match &placement.at {
            None => None,
            Some(inset) => Some([
                one(&inset.top, "at/top")?,
                one(&inset.end, "at/end")?,
                one(&inset.bottom, "at/bottom")?,
                one(&inset.start, "at/start")?,
            ]),
        };
        Ok(BoundPlacement {
            size: [one(&placement.width, "width")?, one(&placement.height, "height")?],
            min: [one(&placement.min_width, "minWidth")?, one(&placement.min_height, "minHeight")?],
            max: [one(&placement.max_width, "maxWidth")?, one(&placement.max_height, "maxHeight")?],
            grow: placement.grow.unwrap_or(0.0),
            shrink: placement.shrink.unwrap_or(1.0),
            align: placement.align,
            margin: self.edges(placement.margin.as_ref(), &format!("{at}/layout/margin"))?,
            at: inset,
        })
    }

    pub(super) fn surface(&self, surface: &Surface, at: &str) -> Bound<BoundSurface> {
        let color = |spec: &ColorSpec, field: &str| {
            self.theme.color(spec).map_err(|reason| self.problem(format!("{at}/surface/{field}"), reason))
        };
        let unit = self.theme.unit();
        Ok(BoundSurface {
            fill: match &surface.fill {
                None => None,
                Some(fill) => Some(self.paint(fill, &format!("{at}/surface/fill"))?),
            },
            stroke: match &surface.stroke {
                None => None,
                Some(stroke) => Some((color(&stroke.color, "stroke/color")?, stroke.width * unit, stroke.round)),
            },
            radius_px: match &surface.radius {
                None => 0.0,
                Some(radius) => self
                    .theme
                    .px(radius, Scale::Radii)
                    .map_err(|reason| self.problem(format!("{at}/surface/radius"), reason))?,
            },
            shadow: match &surface.shadow {
                None => None,
                Some(shadow) => Some(BoundShadow {
                    dx: shadow.x * unit,
                    dy: shadow.y * unit,
                    blur: shadow.blur * unit,
                    spread: shadow.spread * unit,
                    color: color(&shadow.color, "shadow/color")?,
                }),
            },
        })
    }

    /// The group with its mask and blur, as written at `at`.
    pub(super) fn with_effects(
        &self,
        group: BoundGroup,
        mask: Option<&Mask>,
        blur: Option<f32>,
        at: &str,
    ) -> Bound<BoundGroup> {
        let bound = |mask: &Mask| -> Bound<BoundMask> {
            let at = format!("{at}/mask");
            Ok(BoundMask {
                shape: mask.shape,
                path: mask.path.clone(),
                radius_px: match &mask.radius {
                    None => 0.0,
                    Some(radius) => self
                        .theme
                        .px(radius, Scale::Radii)
                        .map_err(|reason| self.problem(format!("{at}/radius"), reason))?,
                },
                fade: self.edges(mask.fade.as_ref(), &format!("{at}/fade"))?,
                opacity: match &mask.opacity {
                    None => None,
                    Some(paint) => Some(self.paint(paint, &format!("{at}/opacity"))?),
                },
            })
        };
        let blur_px = blur.unwrap_or(0.0) * self.theme.unit();
        Ok(BoundGroup { blur_px, mask: mask.map(bound).transpose()?, ..group })
    }

    pub(super) fn paint(&self, paint: &Paint, at: &str) -> Bound<BoundPaint> {
        let color = |spec: &ColorSpec| self.theme.color(spec).map_err(|reason| self.problem(at, reason));
        let stops = |stops: &[GradientStop]| -> Bound<Vec<(f32, Color)>> {
            let last = stops.len().saturating_sub(1).max(1);
            let mut resolved = Vec::with_capacity(stops.len());
            for (index, stop) in stops.iter().enumerate() {
                #[expect(clippy::cast_precision_loss, reason = "at most 16 stops")]
                let even = index as f32 / last as f32;
                let (place, spec) = match stop {
                    GradientStop::Even(spec) => (even, spec),
                    GradientStop::At { at, color } => (at.clamp(0.0, 1.0), color),
                };
                resolved.push((place, color(spec)?));
            }
            if resolved.len() < 2 || resolved.windows(2).any(|pair| pair[0].0 > pair[1].0) {
                return Err(self.problem(at, "a gradient needs two or more stops in ascending order"));
            }
            Ok(resolved)
        };
        Ok(match paint {
            Paint::Color(spec) => BoundPaint::Solid(color(spec)?),
            Paint::Linear { linear } => BoundPaint::Linear(linear.angle, stops(&linear.stops)?),
            Paint::Conic { conic } => BoundPaint::Conic(conic.center, conic.angle, stops(&conic.stops)?),
            Paint::Radial { radial } => BoundPaint::Radial(radial.center, radial.radius, stops(&radial.stops)?),
        })
    }

    pub(super) fn motion(&self, motion: &Motion, at: &str) -> Bound<BoundMotion> {
        let keyframes = match &motion.keyframes {
            None => BoundKeyframes::default(),
            Some(all) => {
                let unit = self.theme.unit();
                let list = |frames: &[Keyframe], factor: f32, field: &str| -> Bound<Vec<BoundKeyframe>> {
                    let mut bound = Vec::with_capacity(frames.len());
                    for (index, frame) in frames.iter().enumerate() {
                        let at = format!("{at}/keyframes/{field}/{index}/easing");
                        let easing = self.easing(frame.easing.as_ref(), "ease-in-out", &at)?;
                        bound.push(BoundKeyframe { time_s: frame.t, value: frame.v * factor, easing });
                    }
                    Ok(bound)
                };
                BoundKeyframes {
                    x: list(&all.x, unit, "x")?,
                    y: list(&all.y, unit, "y")?,
                    scale: list(&all.scale, 1.0, "scale")?,
                    rotation: list(&all.rotation, 1.0, "rotation")?,
                    opacity: list(&all.opacity, 1.0, "opacity")?,
                    trim_start: list(&all.trim_start, 1.0, "trimStart")?,
                    trim_end: list(&all.trim_end, 1.0, "trimEnd")?,
                }
            }
        };
        let passage =
            |passage: &Option<Passage>, field: &str, duration_s: f64, easing: &str| -> Bound<Option<BoundPassage>> {
                let Some(passage) = passage else { return Ok(None) };
                let (duration_s, easing) = match (passage.preset, field) {
                    (Preset::Pop, "enter") => (0.6, "spring-bouncy"),
                    (Preset::Draw, _) => (0.8, "ease-in-out"),
                    _ => (duration_s, easing),
                };
                let stagger_s = if passage.preset.piecewise() == Some(Piecewise::Words) { 0.05 } else { 0.09 };
                Ok(Some(BoundPassage {
                    preset: passage.preset,
                    duration_s: passage.duration.unwrap_or(duration_s),
                    easing: self.easing(passage.easing.as_ref(), easing, &format!("{at}/{field}/easing"))?,
                    distance_px: passage.distance.map(|px| px * self.theme.unit()),
                    stagger_s: passage.stagger.unwrap_or(stagger_s),
                }))
            };
        Ok(BoundMotion {
            enter: passage(&motion.enter, "enter", 0.45, "quint-out")?,
            exit: passage(&motion.exit, "exit", 0.25, "cubic-in")?,
            delay_s: motion.delay.unwrap_or(0.0),
            stagger_s: motion.stagger.unwrap_or(0.0),
            origin: motion.origin,
            keyframes,
        })
    }

    pub(super) fn transition(&self, transition: &Transition, at: &str) -> Bound<BoundTransition> {
        Ok(BoundTransition {
            kind: transition.kind,
            duration_s: transition.duration,
            easing: self.easing(transition.easing.as_ref(), "ease-in-out", &format!("{at}/easing"))?,
        })
    }

    pub(super) fn easing(&self, spec: Option<&EasingSpec>, default: &str, at: &str) -> Bound<Easing> {
        easing(spec, default).map_err(|reason| self.problem(at, reason))
    }
}

/// The easing a document means.
pub(super) fn easing(spec: Option<&EasingSpec>, default: &str) -> Result<Easing, String> {
    match spec {
        None => Easing::named(default).map_err(|error| error.to_string()),
        Some(EasingSpec::Named(name)) => Easing::named(name).map_err(|error| error.to_string()),
        Some(EasingSpec::Bezier { bezier: [x1, y1, x2, y2] }) => {
            let fits = (0.0..=1.0).contains(x1) && (0.0..=1.0).contains(x2) && y1.abs() <= 10.0 && y2.abs() <= 10.0;
            if fits {
                Ok(Easing::CubicBezier(*x1, *y1, *x2, *y2))
            } else {
                Err(format!("bezier [{x1}, {y1}, {x2}, {y2}]: x1 and x2 lie in 0-1, y1 and y2 in -10-10"))
            }
        }
        Some(EasingSpec::Spring { spring }) => {
            let spring = Spring { stiffness: spring.stiffness, damping: spring.damping, mass: spring.mass };
            let fits = (1.0..=10_000.0).contains(&spring.stiffness)
                && (1.0..=1000.0).contains(&spring.damping)
                && (0.01..=100.0).contains(&spring.mass);
            if fits {
                Ok(Easing::Spring(spring))
            } else {
                Err("a spring's stiffness lies in 1-10000, its damping in 1-1000, its mass in 0.01-100".to_owned())
            }
        }
    }
}

impl Default for BoundPlacement {
    fn default() -> Self {
        Self {
            size: [Length::Auto; 2],
            min: [Length::Auto; 2],
            max: [Length::Auto; 2],
            grow: 0.0,
            shrink: 1.0,
            align: None,
            margin: [Length::Px(0.0); 4],
            at: None,
        }
    }
}
