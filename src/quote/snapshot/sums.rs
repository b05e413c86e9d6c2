//! Whether the amounts of a quote agree with each other.
//!
//! A line: total = quantity x unit price - discount, within one minor unit. The subtotal: the sum of the lines. The
//! grand total: subtotal - discount + shipping + taxes; where the subtotal is not given, the sum of the lines stands
//! for it. Both within one minor unit a line, because each line was rounded on its own. What cannot be counted, because
//! a line has no price, is not checked. A tax that differs from rate x base is only a warning: bases have exemptions.

use super::reader::Reader;
use super::types::{Item, Totals};
use crate::ground::problem::{Problem, Warning, element, member};
use crate::quote::locale::{Amount, Currency, Locale};

/// A line that was read, and whether its amounts were sound.
pub(super) struct Line {
    pub(super) item: Item,
    pub(super) pointer: String,
    pub(super) sound: bool,
}

/// The amounts of a quote; what could not be read is missing.
pub(super) struct Sums<'a> {
    pub(super) locale: Option<&'a Locale>,
    pub(super) currency: Currency,
    pub(super) lines: Option<&'a [Line]>,
    pub(super) totals: Option<&'a Totals>,
}

/// Notes every disagreement.
pub(super) fn check(sums: &Sums<'_>, reader: &mut Reader) {
    for line in sums.lines.unwrap_or_default().iter().filter(|line| line.sound) {
        sums.check_line(line, reader);
    }
    let Some(totals) = sums.totals else { return };
    let lines = sums.line_sum();
    if let (Some(given), Some(lines)) = (totals.subtotal, lines)
        && sums.differ(given, lines, sums.tolerance())
    {
        let expected = format!("{}, the sum of the lines", sums.written(lines));
        reader.note(Problem::error("subtotal_mismatch", "/totals/subtotal", sums.written(given), expected));
    }
    if let Some(subtotal) = totals.subtotal.or(lines) {
        sums.check_total(totals, subtotal, reader);
        sums.check_taxes(totals, subtotal, reader);
    }
}

impl Sums<'_> {
    fn check_line(&self, line: &Line, reader: &mut Reader) {
        let item = &line.item;
        let Some(given) = item.total.filter(|_| item.quantity.is_some() || item.discount.is_some()) else { return };
        if item.unit_price.is_none() {
            return;
        }
        let Some(counted) = item.computed_total() else {
            let pointer = member(&line.pointer, "total");
            let problem =
                Problem::error("amount_too_large", pointer, "a product of more than 28 digits", "a smaller one");
            reader.note(problem);
            return;
        };
        let unit = self.currency.minor_unit();
        if !self.differ(given, counted, unit) {
            return;
        }
        let expected = format!("{}, quantity x unitPrice - discount", self.written(counted));
        let problem = Problem::error("line_mismatch", member(&line.pointer, "total"), self.written(given), expected);
        let hint = item.discount.and_then(|discount| {
            let gross = counted.checked_add(discount)?;
            let hundredth = Amount::step(2);
            let percentages = [discount, discount.checked_mul(hundredth)?];
            let looks_like_rate = percentages.into_iter().any(|rate| {
                let reduced = gross.checked_mul(rate).and_then(|off| gross.checked_sub(off));
                reduced.is_some_and(|reduced| !self.differ(given, reduced, unit))
            });
            if looks_like_rate {
                Some("discount is an amount taken off the line, not a percentage")
            } else if !self.differ(given, gross, unit) {
                Some("the discount has not been taken off the total")
            } else {
                None
            }
        });
        reader.note(problem.with_optional_hint(hint.map(str::to_owned)));
    }

    fn check_total(&self, totals: &Totals, subtotal: Amount, reader: &mut Reader) {
        let discount = totals.discount.unwrap_or(Amount::ZERO);
        let shipping = totals.shipping.unwrap_or(Amount::ZERO);
        let taxes = totals.taxes.iter().try_fold(Amount::ZERO, |sum, tax| sum.checked_add(tax.amount));
        let untaxed = subtotal.checked_sub(discount).and_then(|sum| sum.checked_add(shipping));
        let (Some(taxes), Some(untaxed)) = (taxes, untaxed) else { return };
        let Some(counted) = untaxed.checked_add(taxes) else { return };
        if !self.differ(totals.total, counted, self.tolerance()) {
            return;
        }
        let expected = format!("{}, subtotal - discount + shipping + taxes", self.written(counted));
        let problem = Problem::error("total_mismatch", "/totals/total", self.written(totals.total), expected);
        let agrees = |other: Option<Amount>| other.is_some_and(|sum| !self.differ(totals.total, sum, self.tolerance()));
        let hint = if agrees(Some(untaxed)) {
            Some("the taxes seem to be included in the prices: give prices before tax, or leave the taxes out")
        } else if !discount.is_zero() && agrees(counted.checked_add(discount).and_then(|sum| sum.checked_add(discount)))
        {
            Some("discount is taken off: write it as a positive amount")
        } else if !discount.is_zero() && agrees(counted.checked_add(discount)) {
            Some("the discount has not been taken off the total, or is already in the lines")
        } else if !shipping.is_zero() && agrees(counted.checked_sub(shipping)) {
            Some("the shipping has not been added to the total, or is already a line")
        } else {
            None
        };
        reader.note(problem.with_optional_hint(hint.map(str::to_owned)));
    }

    /// Warns of a tax that no usual base explains: the subtotal, less the discount, with or without shipping. Beside
    /// other taxes, each may apply to a part only, so that only too much is suspicious.
    fn check_taxes(&self, totals: &Totals, subtotal: Amount, reader: &mut Reader) {
        let discounted = subtotal.checked_sub(totals.discount.unwrap_or(Amount::ZERO));
        let shipped = discounted.and_then(|base| base.checked_add(totals.shipping.unwrap_or(Amount::ZERO)));
        let (Some(discounted), Some(shipped)) = (discounted, shipped) else { return };
        for (index, tax) in totals.taxes.iter().enumerate() {
            let Some(rate) = tax.rate else { continue };
            let due = [discounted, shipped, subtotal].map(|base| base.checked_mul(rate).map(Amount::abs));
            let amount = tax.amount.abs();
            let explained = due.into_iter().flatten().any(|due| {
                let partial = totals.taxes.len() > 1 && amount < due;
                partial || !self.differ(amount, due, self.tolerance())
            });
            if !explained && let Some(due) = due[0] {
                let pointer = member(&element("/totals/taxes", index), "amount");
                let rate = self.locale.map_or_else(|| rate.to_string(), |locale| locale.percent(rate));
                let due = due.rounded(self.currency.minor_digits());
                let expected = format!("about {}, {rate} of {}", self.written(due), self.written(discounted));
                reader.note(Problem::warning(Warning::TaxMismatch, pointer, self.written(tax.amount), expected));
            }
        }
    }

    /// The sum of the lines; nothing when a line is faulty or has no price.
    fn line_sum(&self) -> Option<Amount> {
        self.lines?.iter().try_fold(Amount::ZERO, |sum, line| {
            let total = line.item.line_total(self.currency).filter(|_| line.sound)?;
            sum.checked_add(total)
        })
    }

    /// One minor unit a line.
    fn tolerance(&self) -> Amount {
        let lines = i64::try_from(self.lines.map_or(1, |lines| lines.len().max(1))).unwrap_or(1); // at most 500
        let tolerance = Amount::from_integer(lines).checked_mul(self.currency.minor_unit());
        tolerance.unwrap_or_else(|| self.currency.minor_unit())
    }

    fn differ(&self, one: Amount, other: Amount, tolerance: Amount) -> bool {
        one.checked_sub(other).is_none_or(|difference| difference.abs() > tolerance)
    }

    /// An amount as its reader would see it, and plain.
    fn written(&self, amount: Amount) -> String {
        match self.locale {
            Some(locale) => format!("{} ({})", locale.money(amount, self.currency), amount.plain()),
            None => format!("{} {}", self.currency, amount.plain()),
        }
    }
}
