//! The filter `quantity_line`: how much of an item there is and what one costs, in one line.

use std::sync::Arc;

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error};

use super::{amount, optional};
use crate::quote::locale::{Amount, Currency, Locale};
use crate::template::isolates::isolated;
use crate::template::sandbox::shown;

const NO_BREAK_SPACE: char = '\u{a0}';

/// Adds the filter. It takes an item and gives `12 un × $189.990 − $10.000`; nothing where there is nothing to say. A
/// quantity of 1 without a unit goes unsaid, and so does the price of a single piece. `discount=false` leaves the item's
/// discount out, for templates that show it elsewhere.
pub(super) fn add(environment: &mut Environment<'static>, locale: Arc<Locale>, currency: Currency) {
    environment.add_filter("quantity_line", move |item: Value, options: Kwargs| {
        let with_discount: Option<bool> = options.get("discount")?;
        options.assert_all_used()?;
        let line = line(&item, with_discount.unwrap_or(true), &locale, currency)?;
        // What is put in is isolated already.
        Ok::<_, Error>(Value::from_safe_string(line))
    });
}

fn line(item: &Value, with_discount: bool, locale: &Locale, currency: Currency) -> Result<String, Error> {
    let put = |value: &str| isolated(value, locale.is_rtl());
    let field = |name: &str| item.get_attr(name).map(|value| value.is_true().then_some(value));
    let money = |amount: Amount| put(&locale.money(amount, currency));
    let [quantity, unit, unit_price] = [field("quantity")?, field("unit")?, field("unitPrice")?];
    let discount = item.get_attr("discount")?;
    let discount = optional(&discount, || amount(&discount))?.filter(|off| with_discount && !off.is_zero());
    let mut line = String::new();
    if let Some(quantity) = quantity {
        let is_one = shown(&quantity)? == "1";
        if unit.is_some() || !is_one {
            if unit.is_none() && unit_price.is_none() {
                line.push_str(&format!("×{NO_BREAK_SPACE}"));
            }
            line.push_str(&put(&locale.number(amount(&quantity)?)));
            if let Some(unit) = &unit {
                line.push_str(&format!(" {}", put(&shown(unit)?)));
            }
            if let Some(price) = unit_price.filter(|_| !is_one || discount.is_some()) {
                line.push_str(&format!(" ×{NO_BREAK_SPACE}{}", money(amount(&price)?)));
            }
        }
    }
    if let Some(off) = discount {
        line.push_str(&format!(" −{NO_BREAK_SPACE}{}", money(off)));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::isolates::without_isolates;

    fn said(item: Value, with_discount: bool, tag: &str) -> String {
        let locale = Locale::parse(tag).expect("known locale");
        let currency = Currency::parse("CLP").expect("known currency");
        line(&item, with_discount, &locale, currency).expect("an item")
    }

    fn item(fields: &[(&'static str, &str)]) -> Value {
        Value::from_pairs(fields.iter().map(|(name, value)| (*name, Value::from(*value))))
    }

    #[test]
    fn it_says_what_is_not_plain() {
        let plain = |fields: &[(&'static str, &str)]| without_isolates(&said(item(fields), true, "es-CL"));
        let price = ("unitPrice", "189990");
        for (fields, line) in [
            (vec![], ""),
            (vec![price], ""),
            (vec![("quantity", "1"), price], ""),
            (vec![("quantity", "1"), ("unit", "kit"), price], "1 kit"),
            (vec![("quantity", "3")], "×\u{a0}3"),
            (vec![("quantity", "3"), price], "3 ×\u{a0}$189.990"),
            (vec![("quantity", "12"), ("unit", "un"), price], "12 un ×\u{a0}$189.990"),
            (vec![("quantity", "1"), ("unit", "un"), price, ("discount", "990")], "1 un ×\u{a0}$189.990 −\u{a0}$990"),
            (vec![("quantity", "1.5"), ("unit", "m"), ("discount", "0")], "1,5 m"),
            (vec![("discount", "990")], " −\u{a0}$990"),
        ] {
            assert_eq!(plain(&fields), line, "{fields:?}");
        }
    }

    #[test]
    fn a_discount_may_be_left_out() {
        let fields = [("quantity", "1"), ("unit", "un"), ("unitPrice", "189990"), ("discount", "990")];
        assert_eq!(without_isolates(&said(item(&fields), false, "es-CL")), "1 un");
    }

    #[test]
    fn every_value_is_isolated_by_its_own_direction() {
        let fields = [("quantity", "2"), ("unit", "متر")];
        assert_eq!(said(item(&fields), true, "ar-EG-u-nu-latn"), "\u{2068}2\u{2069} \u{2067}متر\u{2069}");
        assert_eq!(said(item(&fields), true, "en"), "\u{2068}2\u{2069} \u{2068}متر\u{2069}");
    }
}
