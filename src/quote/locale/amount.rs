//! Exact decimal amounts: prices, quantities, rates. Not money: an amount does not know its currency.

use std::borrow::Cow;
use std::fmt;
use std::ops::Neg;

use rust_decimal::{Decimal, RoundingStrategy};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// Most digits before the decimal point: 18, so that a product of quantity and price still fits 96 bits in practice.
pub(crate) const MAX_INTEGER_DIGITS: usize = 18;
/// Most digits after the decimal point.
pub(crate) const MAX_DECIMALS: usize = 6;
/// Most significant digits that a JSON number keeps on its way through a double (IEEE 754: 15 always survive).
const DOUBLE_DIGITS: usize = 15;

/// An exact decimal number: at most 18 digits before the point and 6 after it when read; more while being computed.
///
/// Trailing zeros are kept for display by [`fmt::Display`] and ignored by comparison. Zero has no sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Decimal);

/// A value that is no amount.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidAmount {
    /// Not an optional minus, digits, and optionally a point with digits.
    #[error("`{0}` is not a decimal amount: write digits with an optional minus and decimal point, like -1234.50")]
    NotDecimal(String),
    /// More digits than any price needs.
    #[error("`{0}` has too many digits: at most 18 before the decimal point and 6 after it")]
    TooLong(String),
    /// A JSON number that went through a double and may have lost digits there.
    #[error("the number {0} is not exact: write it as a string, like \"1234.50\"")]
    Inexact(String),
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(Decimal::ZERO);
    /// One unit.
    pub const ONE: Self = Self(Decimal::ONE);

    /// Reads a decimal text: `1234.50`, `-3`, `0.19`. No plus sign, exponent, separators or spaces.
    ///
    /// # Errors
    /// [`InvalidAmount::NotDecimal`] or [`InvalidAmount::TooLong`].
    pub fn parse(text: &str) -> Result<Self, InvalidAmount> {
        let shown = || text.chars().take(40).collect::<String>();
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, decimals) = match digits.split_once('.') {
            Some((_, "")) => return Err(InvalidAmount::NotDecimal(shown())),
            Some(parts) => parts,
            None => (digits, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(decimals.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidAmount::NotDecimal(shown()));
        }
        if whole.len() > MAX_INTEGER_DIGITS || decimals.len() > MAX_DECIMALS {
            return Err(InvalidAmount::TooLong(shown()));
        }
        let value = Decimal::from_str_exact(text).map_err(|_| InvalidAmount::TooLong(shown()))?;
        Ok(Self(value).without_negative_zero())
    }

    /// Reads a JSON number whose shortest decimal text is certain to be what was written.
    ///
    /// Integers always are; fractions are when that text has at most 15 significant digits.
    ///
    /// # Errors
    /// [`InvalidAmount::Inexact`] for a fraction of more digits, otherwise as [`Amount::parse`].
    pub fn from_json_number(number: &serde_json::Number) -> Result<Self, InvalidAmount> {
        if number.is_i64() || number.is_u64() {
            return Self::parse(&number.to_string());
        }
        let value = number.as_f64().ok_or_else(|| InvalidAmount::Inexact(number.to_string()))?;
        // Rust prints the shortest decimal text that reads back as the same double, never with an exponent.
        let text = format!("{value}");
        let digits = text.trim_start_matches(['-', '0', '.']).trim_end_matches('0');
        let significant = digits.bytes().filter(u8::is_ascii_digit).count();
        if significant > DOUBLE_DIGITS {
            return Err(InvalidAmount::Inexact(number.to_string()));
        }
        Self::parse(&text)
    }

    /// A whole number.
    #[must_use]
    pub fn from_integer(value: i64) -> Self {
        Self(Decimal::from(value))
    }

    /// `10^-digits`: the smallest step of something with that many decimals, `digits` at most 28.
    #[must_use]
    pub fn step(digits: u8) -> Self {
        Self(Decimal::new(1, u32::from(digits.min(28))))
    }

    /// The sum, or nothing when it does not fit.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or nothing when it does not fit.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The product, or nothing when it does not fit; digits beyond the 28th are rounded half to even.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        self.0.checked_mul(other.0).map(|value| Self(value).without_negative_zero())
    }

    /// The size without the sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// Whether it is zero.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// How many decimals are needed to write it exactly: trailing zeros do not count.
    #[must_use]
    pub fn decimals(self) -> u8 {
        u8::try_from(self.0.normalize().scale()).unwrap_or(28) // a Decimal has at most 28
    }

    /// Rounded half away from zero to `digits` decimals: the way invoices are rounded.
    #[must_use]
    pub fn rounded(self, digits: u8) -> Self {
        Self(self.0.round_dp_with_strategy(u32::from(digits), RoundingStrategy::MidpointAwayFromZero))
            .without_negative_zero()
    }

    /// The part of it that a count-up shows after `millionths` of its way: towards zero, with `digits` decimals.
    ///
    /// Exactly zero at 0 and exactly the amount, with all its decimals, from 1,000,000 on.
    #[must_use]
    pub fn partial(self, millionths: u32, digits: u8) -> Self {
        if millionths >= 1_000_000 {
            return self;
        }
        let part = self.0.checked_mul(Decimal::new(i64::from(millionths), 6)).unwrap_or(self.0);
        Self(part.round_dp_with_strategy(u32::from(digits), RoundingStrategy::ToZero)).without_negative_zero()
    }

    /// The nearest double: for proportions and motion, never for text.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // Decimal text of at most 29 digits always reads as a finite double.
        self.0.to_string().parse().unwrap_or(0.0)
    }

    /// The decimal text without trailing zeros.
    pub(crate) fn plain(self) -> String {
        self.0.normalize().to_string()
    }

    fn without_negative_zero(self) -> Self {
        if self.0.is_zero() { Self(self.0.abs()) } else { self }
    }
}

impl Neg for Amount {
    type Output = Self;

    fn neg(self) -> Self {
        Self(-self.0).without_negative_zero()
    }
}

impl fmt::Display for Amount {
    /// The plain decimal text, digits as given: `1234.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for Amount {
    type Err = InvalidAmount;

    fn from_str(text: &str) -> Result<Self, InvalidAmount> {
        Self::parse(text)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An exact decimal amount: a string like \"1234.50\", or a number of at most 15 significant digits.",
            "anyOf": [
                { "type": "string", "pattern": format!("^-?[0-9]{{1,{MAX_INTEGER_DIGITS}}}(\\.[0-9]{{1,{MAX_DECIMALS}}})?$") },
                { "type": "number", "exclusiveMinimum": -1e18, "exclusiveMaximum": 1e18 }
            ]
        })
    }
}
