//! Writing amounts, numbers, rates and dates as the people of a locale do, with the data of CLDR.
//!
//! The currency formatter of the locale data rounds to the currency's digits without a word. So it is only ever given
//! values that it cannot change, and the digits that it would have dropped are put in place afterwards.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use fixed_decimal::Decimal;
use icu_datetime::DateTimeFormatter;
use icu_datetime::fieldsets::YMD;
use icu_datetime::options::YearStyle;
use icu_decimal::DecimalFormatter;
use icu_experimental::dimension::currency::CurrencyType;
use icu_experimental::dimension::currency::formatter::CurrencyFormatter;
use icu_experimental::dimension::percent::formatter::PercentFormatter;
use icu_plurals::{PluralCategory, PluralRules};

use super::{Amount, Currency, Date, Locale};

/// How much of a date to spell out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateLength {
    /// `20 de noviembre de 2026`.
    Long,
    /// `20 nov 2026`.
    Medium,
    /// `20-11-2026`, always with the whole year.
    Short,
}

/// CLDR's `currencyGroup` and `currencyDecimal`, which the formatter of the locale data does not know: in money of that
/// language and region the first character stands as the second.
const MONEY_SEPARATORS: [(&str, &str, char, char); 2] = [("de", "AT", '\u{A0}', '.'), ("fr", "CH", ',', '.')];

/// Sets of formatters that a thread keeps; a video needs one, a worker meets few.
const KEPT_LOCALES: usize = 16;
/// Currency formatters kept per locale; a quote has one currency.
const KEPT_CURRENCIES: usize = 16;

thread_local! {
    static KEPT: RefCell<HashMap<String, Rc<Formatters>>> = RefCell::default();
}

/// The formatters of one locale. They hold reference-counted data and so stay on their thread.
struct Formatters {
    decimal: DecimalFormatter,
    percent: PercentFormatter<DecimalFormatter>,
    plurals: PluralRules,
    long: DateTimeFormatter<YMD>,
    medium: DateTimeFormatter<YMD>,
    short: DateTimeFormatter<YMD>,
    money: RefCell<HashMap<Currency, Rc<Money>>>,
}

/// A currency formatter and what is needed to complete its digits.
struct Money {
    formatter: CurrencyFormatter<DecimalFormatter>,
    /// Decimals that the formatter writes, always exactly these.
    digits: u8,
    /// What stands between whole units and decimals of money in this locale.
    separator: String,
    /// The locale's 0 to 9.
    numerals: [char; 10],
    /// A separator that stands otherwise in money than in numbers, and how.
    respelt: Option<(char, char)>,
}

impl Locale {
    /// An amount of money with its currency's symbol: `$1.234.568`, `1.234,50 €`.
    ///
    /// Shows the currency's digits ([`Currency::display_digits`]), and every digit of an amount that has more.
    #[must_use]
    pub fn money(&self, amount: Amount, currency: Currency) -> String {
        let known = self.formatters().and_then(|formatters| formatters.money(self, currency));
        match known {
            Some(money) => with_minus(money.format(amount, currency), amount),
            None => format!("{currency}\u{A0}{amount}"),
        }
    }

    /// A number with the locale's separators and as few decimals as it needs: `1.234,5`.
    #[must_use]
    pub fn number(&self, amount: Amount) -> String {
        match self.formatters() {
            Some(formatters) => with_minus(formatters.decimal.format(&decimal(amount, 0)).to_string(), amount),
            None => amount.plain(),
        }
    }

    /// A rate as a percentage: 0.19 is `19 %` or `19%`, 0.105 is `10,5 %`.
    #[must_use]
    pub fn percent(&self, rate: Amount) -> String {
        let hundredfold = rate.checked_mul(Amount::from_integer(100)).unwrap_or(rate); // 20 digits fit in 28
        match self.formatters() {
            Some(formatters) => {
                let text = formatters.percent.format(&decimal(hundredfold, 0)).to_string();
                with_minus(with_percent_sign(text), rate)
            }
            None => format!("{}%", hundredfold.plain()),
        }
    }

    /// A day, in the calendar of the locale: `20 de noviembre de 2026`, `20 พฤศจิกายน 2569`.
    #[must_use]
    pub fn date(&self, date: Date, length: DateLength) -> String {
        let (Some(formatters), Some(day)) = (self.formatters(), date.to_icu()) else { return date.to_string() };
        let formatter = match length {
            DateLength::Long => &formatters.long,
            DateLength::Medium => &formatters.medium,
            DateLength::Short => &formatters.short,
        };
        as_in_documents(formatter.format(&day).to_string(), self, date, length)
    }

    /// The CLDR plural category of a count: `zero`, `one`, `two`, `few`, `many` or `other`.
    #[must_use]
    pub fn plural(&self, count: Amount) -> &'static str {
        let category = self.formatters().map(|formatters| formatters.plurals.category_for(&decimal(count, 0)));
        match category {
            Some(PluralCategory::Zero) => "zero",
            Some(PluralCategory::One) => "one",
            Some(PluralCategory::Two) => "two",
            Some(PluralCategory::Few) => "few",
            Some(PluralCategory::Many) => "many",
            Some(PluralCategory::Other) | None => "other",
        }
    }

    /// This thread's formatters of the locale; nothing only if the compiled locale data were incomplete.
    fn formatters(&self) -> Option<Rc<Formatters>> {
        KEPT.with_borrow_mut(|kept| {
            if let Some(formatters) = kept.get(self.tag()) {
                return Some(Rc::clone(formatters));
            }
            let formatters = Rc::new(Formatters::of(self.icu())?);
            if kept.len() >= KEPT_LOCALES {
                kept.clear();
            }
            kept.insert(self.tag().to_owned(), Rc::clone(&formatters));
            Some(formatters)
        })
    }
}

/// Whether the locale data knows the language: the root locale, which unknown languages fall back to, has no month
/// names and writes the eleventh month as `M11`.
pub(super) fn is_covered(locale: &Locale) -> bool {
    let Ok(day) = Date::new(2026, 11, 20) else { return false };
    locale.formatters().is_some() && !locale.date(day, DateLength::Long).contains("M11")
}

impl Formatters {
    fn of(icu: &icu_locale_core::Locale) -> Option<Self> {
        let dates = |fields: YMD| DateTimeFormatter::try_new(icu.into(), fields).ok();
        Some(Self {
            decimal: DecimalFormatter::try_new(icu.into(), Default::default()).ok()?,
            percent: PercentFormatter::try_new(icu.into(), Default::default()).ok()?,
            plurals: PluralRules::try_new_cardinal(icu.into()).ok()?,
            long: dates(YMD::long())?,
            medium: dates(YMD::medium())?,
            short: dates(YMD::short().with_year_style(YearStyle::Full))?,
            money: RefCell::default(),
        })
    }

    fn money(&self, locale: &Locale, currency: Currency) -> Option<Rc<Money>> {
        let mut kept = self.money.borrow_mut();
        if let Some(money) = kept.get(&currency) {
            return Some(Rc::clone(money));
        }
        let money = Rc::new(Money::of(locale, currency, &self.decimal)?);
        if kept.len() >= KEPT_CURRENCIES {
            kept.clear();
        }
        kept.insert(currency, Rc::clone(&money));
        Some(money)
    }
}

impl Money {
    fn of(locale: &Locale, currency: Currency, plain: &DecimalFormatter) -> Option<Self> {
        let icu = locale.icu();
        let formatter = |code: &str| {
            CurrencyFormatter::try_new_symbol(icu.into(), CurrencyType::try_from_str(code).ok()?, Default::default())
                .ok()
        };
        let mut numerals = ['0'; 10];
        for (digit, numeral) in (0u8..).zip(&mut numerals) {
            *numeral = plain.format(&Decimal::from(digit)).to_string().chars().find(|c| c.is_numeric())?;
        }
        let is_numeral = |c: char| numerals.contains(&c);
        let own = formatter(currency.code())?;
        let one = own.format_fixed_decimal(&Decimal::from(1)).to_string();
        let digits = u8::try_from(one.chars().filter(|c| is_numeral(*c)).count().checked_sub(1)?).ok()?;
        // What a currency of no decimals would have before its decimals is seen in one that has some.
        let sample =
            if digits > 0 { one } else { formatter("USD")?.format_fixed_decimal(&Decimal::from(1)).to_string() };
        let separator =
            sample.chars().skip_while(|c| !is_numeral(*c)).skip(1).take_while(|c| !is_numeral(*c)).collect::<String>();
        let here = |(language, region, ..): &&(&str, &str, char, char)| {
            locale.language() == *language && locale.region() == Some(*region)
        };
        let respelt = MONEY_SEPARATORS.iter().find(here).map(|(.., from, to)| (*from, *to));
        Some(Self { formatter: own, digits, separator, numerals, respelt })
    }

    fn format(&self, amount: Amount, currency: Currency) -> String {
        let wanted = match currency.display_digits() {
            shown if amount.decimals() <= shown => shown,
            // Half a unit of a currency that is divided in hundredths is `,50`, not `,5`.
            _ => amount.decimals().max(currency.minor_digits().min(2)),
        };
        let exact = decimal(amount, wanted);
        let mut given = exact.clone();
        given.trunc(-i16::from(self.digits));
        given.absolute.pad_end(-i16::from(self.digits));
        let mut text = self.formatter.format_fixed_decimal(&given).to_string();
        if wanted != self.digits {
            text = self.with_decimals(&text, &exact, wanted);
        }
        if let Some((from, to)) = self.respelt {
            text = self.with_separator(&text, from, to);
        }
        match currency.own_symbol() {
            Some(symbol) => text.replacen(currency.code(), symbol, 1),
            // In Japanese CLDR has the full-width yen, which is as wide as an ideograph and only in fonts that have
            // those.
            None => text.replace('\u{FFE5}', "\u{A5}"),
        }
    }

    /// `text` with `to` in place of `from` between its first and its last numeral.
    fn with_separator(&self, text: &str, from: char, to: char) -> String {
        let mut respelt = text.to_owned();
        if let (Some(first), Some(last)) = (text.find(self.numerals), text.rfind(self.numerals)) {
            respelt.replace_range(first..last, &text[first..last].replace(from, to.encode_utf8(&mut [0; 4])));
        }
        respelt
    }

    /// `text` with exactly the `wanted` decimals of `exact` in place of those it has. Symbols have no numerals, so the
    /// numerals of the text are those of the number.
    fn with_decimals(&self, text: &str, exact: &Decimal, wanted: u8) -> String {
        let numerals = text.char_indices().filter(|(_, c)| self.numerals.contains(c)).collect::<Vec<_>>();
        let whole_numerals = numerals.len().saturating_sub(usize::from(self.digits));
        let after = |index: Option<&(usize, char)>| index.map_or(0, |(at, c)| at + c.len_utf8());
        let whole_end = after(whole_numerals.checked_sub(1).and_then(|last| numerals.get(last)));
        let number_end = after(numerals.last());
        let mut completed = text[..whole_end].to_owned();
        if wanted > 0 {
            completed.push_str(&self.separator);
        }
        for position in 1..=i16::from(wanted) {
            completed.push(self.numerals[usize::from(exact.absolute.digit_at(-position))]);
        }
        completed.push_str(&text[number_end..]);
        completed
    }
}

/// `text` with the minus sign of typography where it has the hyphen of typewriters, as most locales of CLDR do: it is
/// as wide as a figure and stands at the height of a plus.
fn with_minus(text: String, amount: Amount) -> String {
    if amount.is_negative() { text.replacen('-', "\u{2212}", 1) } else { text }
}

/// `text` with the percent sign that goes with its numerals: the formatter takes that of Latin numerals for all (CLDR
/// `symbols[@numberSystem="arab"]/percentSign` and `arabext`).
fn with_percent_sign(text: String) -> String {
    if text.contains(|c| ('٠'..='٩').contains(&c)) {
        text.replace("\u{200E}%\u{200E}", "%").replace('%', "٪\u{61C}")
    } else if text.contains(|c| ('۰'..='۹').contains(&c)) {
        text.replace('%', "٪")
    } else {
        text
    }
}

/// A day that is spelt out, as documents of the place write it where the pattern of CLDR is not that: the first of a
/// month is `1er` in French and `1º` in Italian and in Brazil, and in Vietnamese the year is called one.
fn as_in_documents(text: String, locale: &Locale, date: Date, length: DateLength) -> String {
    if length == DateLength::Short {
        return text;
    }
    let first = match (locale.language(), locale.region()) {
        ("fr", _) => "1er",
        ("it", _) | ("pt", None | Some("BR")) => "1º",
        ("vi", _) => {
            let (year, before) = (date.year().to_string(), if length == DateLength::Long { " năm " } else { ", " });
            let day = text.strip_suffix(&year).map(|day| day.trim_end_matches([' ', ',']));
            return day.map_or(text.clone(), |day| format!("{day}{before}{year}"));
        }
        _ => return text,
    };
    match text.strip_prefix('1').filter(|rest| rest.starts_with(char::is_whitespace)) {
        Some(rest) => format!("{first}{rest}"),
        None => text,
    }
}

/// The amount for the formatters: its own decimals without trailing zeros, but at least `decimals` of them.
fn decimal(amount: Amount, decimals: u8) -> Decimal {
    let mut value: Decimal = amount.plain().parse().unwrap_or_default(); // plain decimal text always parses
    value.absolute.pad_end(-i16::from(decimals));
    value
}
