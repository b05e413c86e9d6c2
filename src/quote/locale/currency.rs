//! Currencies: the codes of ISO 4217 and how many decimals each one is counted and shown in.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::Amount;
use crate::ground::problem::nearest;

/// A currency of ISO 4217, or the Chilean tax unit UTM, which quotes to public buyers are written in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(&'static Entry);

/// A code that is no currency.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{code}` is not an ISO 4217 currency code: write three capital letters, like CLP or USD")]
pub struct UnknownCurrency {
    /// The code as given, shortened.
    pub code: String,
    /// A known code that is close.
    pub suggestion: Option<&'static str>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Entry {
    code: &'static str,
    minor_digits: u8,
    display_digits: u8,
}

/// A currency shown with all its minor digits.
const fn plain(code: &'static str, minor_digits: u8) -> Entry {
    Entry { code, minor_digits, display_digits: minor_digits }
}

/// A currency whose minor unit is out of use, so that whole prices are shown without it.
const fn whole(code: &'static str, minor_digits: u8) -> Entry {
    Entry { code, minor_digits, display_digits: 0 }
}

/// Codes and minor digits: ISO 4217 list one, 2026-01-01. Display digits: CLDR `currencyData`, except CLF, which is
/// counted in ten-thousandths and published and quoted in hundredths (Banco Central de Chile). By code, for searching.
#[rustfmt::skip]
static CURRENCIES: &[Entry] = &[
    plain("AED", 2), whole("AFN", 2), whole("ALL", 2), plain("AMD", 2), plain("AOA", 2), plain("ARS", 2),
    plain("AUD", 2), plain("AWG", 2), plain("AZN", 2), plain("BAM", 2), plain("BBD", 2), plain("BDT", 2),
    plain("BHD", 3), plain("BIF", 0), plain("BMD", 2), plain("BND", 2), plain("BOB", 2),
    plain("BRL", 2), plain("BSD", 2), plain("BTN", 2), plain("BWP", 2), plain("BYN", 2), plain("BZD", 2),
    plain("CAD", 2), plain("CDF", 2), plain("CHF", 2),
    Entry { code: "CLF", minor_digits: 4, display_digits: 2 },
    plain("CLP", 0), plain("CNY", 2), whole("COP", 2), plain("CRC", 2), plain("CUP", 2), plain("CVE", 2),
    plain("CZK", 2), plain("DJF", 0), plain("DKK", 2), plain("DOP", 2), plain("DZD", 2), plain("EGP", 2),
    plain("ERN", 2), plain("ETB", 2), plain("EUR", 2), plain("FJD", 2), plain("FKP", 2), plain("GBP", 2),
    plain("GEL", 2), plain("GHS", 2), plain("GIP", 2), plain("GMD", 2), plain("GNF", 0), plain("GTQ", 2),
    plain("GYD", 2), plain("HKD", 2), plain("HNL", 2), plain("HTG", 2), whole("HUF", 2), whole("IDR", 2),
    plain("ILS", 2), plain("INR", 2), whole("IQD", 3), whole("IRR", 2), plain("ISK", 0), plain("JMD", 2),
    plain("JOD", 3), plain("JPY", 0), plain("KES", 2), plain("KGS", 2), plain("KHR", 2), plain("KMF", 0),
    whole("KPW", 2), plain("KRW", 0), plain("KWD", 3), plain("KYD", 2), plain("KZT", 2), whole("LAK", 2),
    whole("LBP", 2), plain("LKR", 2), plain("LRD", 2), plain("LSL", 2), plain("LYD", 3), plain("MAD", 2),
    plain("MDL", 2), whole("MGA", 2), plain("MKD", 2), whole("MMK", 2), plain("MNT", 2), plain("MOP", 2),
    plain("MRU", 2), plain("MUR", 2), plain("MVR", 2), plain("MWK", 2), plain("MXN", 2), plain("MYR", 2),
    plain("MZN", 2), plain("NAD", 2), plain("NGN", 2), plain("NIO", 2), plain("NOK", 2), plain("NPR", 2),
    plain("NZD", 2), plain("OMR", 3), plain("PAB", 2), plain("PEN", 2), plain("PGK", 2), plain("PHP", 2),
    plain("PKR", 2), plain("PLN", 2), plain("PYG", 0), plain("QAR", 2), plain("RON", 2), plain("RSD", 2),
    plain("RUB", 2), plain("RWF", 0), plain("SAR", 2), plain("SBD", 2), plain("SCR", 2), plain("SDG", 2),
    plain("SEK", 2), plain("SGD", 2), plain("SHP", 2), plain("SLE", 2), whole("SOS", 2), plain("SRD", 2),
    plain("SSP", 2), plain("STN", 2), plain("SVC", 2), whole("SYP", 2), plain("SZL", 2), plain("THB", 2),
    plain("TJS", 2), plain("TMT", 2), plain("TND", 3), plain("TOP", 2), plain("TRY", 2), plain("TTD", 2),
    plain("TWD", 2), plain("TZS", 2), plain("UAH", 2), plain("UGX", 0), plain("USD", 2),
    plain("UTM", 2), plain("UYI", 0), plain("UYU", 2), plain("UYW", 4), plain("UZS", 2), plain("VED", 2),
    plain("VES", 2), plain("VND", 0), plain("VUV", 0), plain("WST", 2), plain("XAF", 0), plain("XCD", 2),
    plain("XCG", 2), plain("XOF", 0), plain("XPF", 0), whole("YER", 2), plain("ZAR", 2), plain("ZMW", 2),
    plain("ZWG", 2),
];

impl Currency {
    /// Reads a three-letter code in capitals.
    ///
    /// # Errors
    /// [`UnknownCurrency`], with the closest code there is.
    pub fn parse(code: &str) -> Result<Self, UnknownCurrency> {
        match CURRENCIES.binary_search_by(|entry| entry.code.cmp(code)) {
            Ok(index) => Ok(Self(&CURRENCIES[index])),
            Err(_) => Err(UnknownCurrency {
                code: code.chars().take(20).collect(),
                suggestion: nearest(code, CURRENCIES.iter().map(|entry| entry.code)),
            }),
        }
    }

    /// Every known currency, by code.
    pub fn all() -> impl Iterator<Item = Self> {
        CURRENCIES.iter().map(Self)
    }

    /// The code: `CLP`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.0.code
    }

    /// Decimals of the smallest unit that sums are checked in, 0-4.
    #[must_use]
    pub const fn minor_digits(self) -> u8 {
        self.0.minor_digits
    }

    /// Decimals that are always shown, 0-4; an amount that has more shows them all.
    #[must_use]
    pub const fn display_digits(self) -> u8 {
        self.0.display_digits
    }

    /// The smallest unit: 1 for CLP, 0.01 for USD.
    #[must_use]
    pub fn minor_unit(self) -> Amount {
        Amount::step(self.0.minor_digits)
    }

    /// What people write before the amount where the locale data has only the code: `UF` for CLF.
    pub(super) const fn own_symbol(self) -> Option<&'static str> {
        match self.0.code.as_bytes() {
            b"CLF" => Some("UF"),
            _ => None,
        }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({})", self.0.code)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.code)
    }
}

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let codes: Vec<&str> = CURRENCIES.iter().map(|entry| entry.code).collect();
        json_schema!({ "description": "An ISO 4217 currency code.", "type": "string", "enum": codes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_for_searching() {
        assert!(CURRENCIES.is_sorted_by(|a, b| a.code < b.code));
        assert!(Currency::all().all(|currency| Currency::parse(currency.code()) == Ok(currency)));
    }

    #[test]
    fn an_unknown_code_suggests_a_known_one() {
        assert_eq!(Currency::parse("clp").unwrap_err().suggestion, Some("CLP"));
        assert_eq!(Currency::parse("").unwrap_err().suggestion, None);
        assert_eq!(Currency::parse("USD").unwrap().minor_unit(), Amount::parse("0.01").unwrap());
    }
}
