//! Functions that make and compare colours.

use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error};

use super::invalid;
use crate::ground::color::Color;

fn color(value: &Value) -> Result<Color, Error> {
    let text = value.as_str().ok_or_else(|| invalid(format!("a {} is no colour", value.kind())))?;
    Color::parse(text).map_err(|error| invalid(error.to_string()))
}

fn colors(value: &Value) -> Result<Vec<Color>, Error> {
    if value.kind() == ValueKind::Seq {
        value.try_iter()?.map(|one| color(&one)).collect()
    } else {
        Ok(vec![color(value)?])
    }
}

pub(super) fn add(environment: &mut Environment<'static>) {
    environment.add_function("mix", |from: Value, to: Value, amount: f64| {
        Ok::<_, Error>(color(&from)?.mix(color(&to)?, narrow(amount)).to_string())
    });
    environment.add_function("alpha", |of: Value, opacity: f64| {
        Ok::<_, Error>(color(&of)?.with_alpha(narrow(opacity)).to_string())
    });
    environment.add_function("lightness", |of: Value, lightness: Option<f64>| match lightness {
        Some(lightness) => Ok::<_, Error>(Value::from(color(&of)?.with_lightness(narrow(lightness)).to_string())),
        None => Ok(Value::from(f64::from(color(&of)?.lightness()))),
    });
    environment.add_function("readable", |of: Value, on: Value, ratio: Option<f64>| {
        Ok::<_, Error>(color(&of)?.readable_on(&colors(&on)?, narrow(ratio.unwrap_or(4.5))).to_string())
    });
    environment
        .add_function("contrast", |a: Value, b: Value| Ok::<_, Error>(f64::from(color(&a)?.contrast(color(&b)?))));
    environment.add_function("is_dark", |of: Value| Ok::<_, Error>(color(&of)?.lightness() < 0.6));
}

#[expect(clippy::cast_possible_truncation, reason = "factors and ratios, where f32 is exact enough; `as` saturates")]
fn narrow(value: f64) -> f32 {
    value as f32
}
