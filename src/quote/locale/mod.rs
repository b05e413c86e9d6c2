//! Amounts, currencies, dates and locales: exact decimals, and how people of a place write them.
//!
//! The locale data is CLDR's, compiled in. This module never rounds silently and never translates words: the strings
//! of a video belong to its template.

mod amount;
mod character;
mod currency;
mod date;
mod format;
mod initials;
mod parse;
#[cfg(test)]
mod place_tests;
mod tag;
#[cfg(test)]
mod tests;
mod titles;

pub use amount::{Amount, InvalidAmount};
pub use character::is_ignorable;
pub use currency::{Currency, UnknownCurrency};
pub use date::{Date, InvalidDate};
pub use format::DateLength;
pub use initials::initials;
pub use parse::InvalidLocale;
pub use tag::Locale;
