//! How amounts, rates, dates and counts are written, checked against what people of each place write.

use icu_experimental::dimension::currency::CurrencyType;
use icu_experimental::dimension::currency::formatter::CurrencyFormatter;
use proptest::prelude::*;

use super::*;

fn locale(tag: &str) -> Locale {
    Locale::parse(tag).unwrap()
}

fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap()
}

fn money(tag: &str, text: &str, code: &str) -> String {
    locale(tag).money(amount(text), Currency::parse(code).unwrap())
}

#[test]
fn money_is_written_as_in_each_place() {
    let table = [
        ("es-CL", "1234568", "CLP", "$1.234.568"),
        ("es-CL", "-1234568", "CLP", "$\u{2212}1.234.568"),
        ("es-CL", "38123.46", "CLF", "UF\u{A0}38.123,46"),
        ("es-CL", "38123", "CLF", "UF\u{A0}38.123,00"),
        ("es-CL", "1234.5", "USD", "US$1.234,50"),
        ("es-CL", "3.5", "UTM", "UTM\u{A0}3,50"),
        ("pt-BR", "1234.56", "BRL", "R$\u{A0}1.234,56"),
        ("pt-BR", "-1234.56", "BRL", "\u{2212}R$\u{A0}1.234,56"),
        ("pt-PT", "12345.5", "EUR", "12\u{A0}345,50\u{A0}€"),
        ("en-IN", "1234567.5", "INR", "₹12,34,567.50"),
        ("hi-IN", "1234567.5", "INR", "₹12,34,567.50"),
        ("mr-IN", "1234.5", "INR", "₹१,२३४.५०"),
        ("de-CH", "1234567.5", "CHF", "CHF\u{A0}1'234'567.50"),
        ("de-DE", "1234.5", "EUR", "1.234,50\u{A0}€"),
        ("de-AT", "1234567.5", "EUR", "€\u{A0}1.234.567,50"),
        ("en-US", "1234.5", "USD", "$1,234.50"),
        ("en-US", "-1234.5", "USD", "\u{2212}$1,234.50"),
        ("en-US", "0", "USD", "$0.00"),
        ("en-GB", "1234.5", "GBP", "£1,234.50"),
        ("fr-FR", "1234567.5", "EUR", "1\u{202F}234\u{202F}567,50\u{A0}€"),
        ("es-ES", "1234.5", "EUR", "1234,50\u{A0}€"),
        ("es-ES", "12345", "EUR", "12.345,00\u{A0}€"),
        ("es-MX", "1234.5", "MXN", "$1,234.50"),
        ("es-AR", "1234.5", "ARS", "$\u{A0}1.234,50"),
        ("es-CO", "1234567", "COP", "$\u{A0}1.234.567"),
        ("es-PE", "1234.5", "PEN", "S/\u{A0}1,234.50"),
        ("es-PY", "123456789012345", "PYG", "Gs.\u{A0}123.456.789.012.345"),
        ("ja-JP", "1234568", "JPY", "¥1,234,568"),
        ("ja-JP", "-1234568", "JPY", "\u{2212}¥1,234,568"),
        ("ja", "1234.5", "CNY", "元\u{A0}1,234.50"),
        ("zh-TW", "1234.5", "CNY", "CN¥1,234.50"),
        ("zh-CN", "1234", "JPY", "JP¥1,234"),
        ("ko-KR", "1234568", "KRW", "₩1,234,568"),
        ("zh-CN", "1234.5", "CNY", "¥1,234.50"),
        ("ar-EG", "1234567.5", "EGP", "\u{200F}١٬٢٣٤٬٥٦٧٫٥٠\u{A0}ج.م.\u{200F}"),
        ("ar-EG-u-nu-latn", "1234.5", "EGP", "\u{200F}1,234.50\u{A0}ج.م.\u{200F}"),
        ("ar-AE", "1234567.5", "AED", "\u{200F}1,234,567.50\u{A0}د.إ.\u{200F}"),
        ("he-IL", "1234567.5", "ILS", "\u{200F}1,234,567.50\u{A0}\u{200F}₪"),
        ("fa-IR", "1234567", "IRR", "\u{200E}ریال\u{A0}۱٬۲۳۴٬۵۶۷"),
        ("th-TH", "1234567.5", "THB", "฿1,234,567.50"),
        ("vi-VN", "1234567", "VND", "1.234.567\u{A0}₫"),
        ("el-GR", "1234567.5", "EUR", "1.234.567,50\u{A0}€"),
        ("ru-RU", "1234567.5", "RUB", "1\u{A0}234\u{A0}567,50\u{A0}₽"),
        ("sv-SE", "-1234.5", "SEK", "\u{2212}1\u{A0}234,50\u{A0}kr"),
        ("tr-TR", "1234.5", "TRY", "₺1.234,50"),
        ("id-ID", "382716048138254", "IDR", "Rp\u{A0}382.716.048.138.254"),
        ("bn-BD", "1234567.5", "BDT", "১২,৩৪,৫৬৭.৫০৳"),
        ("en-BH", "1234.5", "BHD", "BHD\u{A0}1,234.500"),
        ("pt-CV", "12345.5", "CVE", "12\u{A0}345$50"),
    ];
    for (tag, text, code, expected) in table {
        assert_eq!(money(tag, text, code), expected, "{text} {code} in {tag}");
    }
}

#[test]
fn no_digit_is_ever_rounded_away() {
    let table = [
        ("es-CL", "1234.5", "CLP", "$1.234,5"),
        ("es-CL", "-0.5", "CLP", "$\u{2212}0,5"),
        ("es-CL", "38123.4567", "CLF", "UF\u{A0}38.123,4567"),
        ("es-CO", "1234567.5", "COP", "$\u{A0}1.234.567,50"),
        ("en-US", "0.000001", "USD", "$0.000001"),
        ("en-US", "999999999999999999.999999", "USD", "$999,999,999,999,999,999.999999"),
        ("ar-EG", "1234567.55555", "EGP", "\u{200F}١٬٢٣٤٬٥٦٧٫٥٥٥٥٥\u{A0}ج.م.\u{200F}"),
        ("ar-EG", "1234567.5", "JPY", "\u{200F}١٬٢٣٤٬٥٦٧٫٥\u{A0}JP¥"),
        ("pt-CV", "1.255", "CVE", "1$255"),
        ("en-US", "10.500", "USD", "$10.50"),
    ];
    for (tag, text, code, expected) in table {
        assert_eq!(money(tag, text, code), expected, "{text} {code} in {tag}");
    }
}

#[test]
fn the_currency_table_agrees_with_the_locale_data() {
    for currency in Currency::all().filter(|currency| currency.code() != "UTM") {
        let code = CurrencyType::try_from_str(currency.code()).unwrap();
        let formatter =
            CurrencyFormatter::try_new_symbol(locale("en-US").icu().into(), code, Default::default()).unwrap();
        let one = formatter.format_fixed_decimal(&1.into()).to_string();
        let decimals = one.chars().filter(char::is_ascii_digit).count() - 1;
        match currency.code() {
            "CLF" => assert_eq!((decimals, currency.display_digits(), currency.minor_digits()), (4, 2, 4)),
            code => assert_eq!(decimals, usize::from(currency.display_digits()), "{code}"),
        }
        assert!(currency.display_digits() <= currency.minor_digits());
    }
}

#[test]
fn numbers_and_rates() {
    assert_eq!(locale("es-CL").number(amount("-12345.60")), "\u{2212}12.345,6");
    assert_eq!(locale("es-ES").number(amount("1234")), "1234");
    assert_eq!(locale("en-IN").number(amount("1234567.00")), "12,34,567");
    assert_eq!(locale("de-CH").number(amount("1234567.25")), "1'234'567.25");
    assert_eq!(locale("es-CL").percent(amount("0.19")), "19%");
    assert_eq!(locale("de-DE").percent(amount("0.19")), "19\u{A0}%");
    assert_eq!(locale("fr-FR").percent(amount("0.055")), "5,5\u{A0}%");
    assert_eq!(locale("en-US").percent(amount("-0.072500")), "\u{2212}7.25%");
    assert_eq!(locale("en-US").percent(amount("0.000001")), "0.0001%");
    assert_eq!(locale("en-US").percent(Amount::ONE), "100%");
}

#[test]
fn dates_in_the_calendar_of_the_place() {
    let day = Date::parse("2026-11-20").unwrap();
    let table = [
        ("es-CL", "20 de noviembre de 2026", "20-11-2026"),
        ("es-MX", "20 de noviembre de 2026", "20/11/2026"),
        ("en-US", "November 20, 2026", "11/20/2026"),
        ("pt-BR", "20 de novembro de 2026", "20/11/2026"),
        ("de-DE", "20. November 2026", "20.11.2026"),
        ("ar-EG", "٢٠ نوفمبر ٢٠٢٦", "٢٠\u{200F}/١١\u{200F}/٢٠٢٦"),
        ("th-TH", "20 พฤศจิกายน 2569", "20/11/2569"),
        ("fa-IR", "۲۹ آبان ۱۴۰۵", "۱۴۰۵/۸/۲۹"),
        ("ja-JP", "2026年11月20日", "2026/11/20"),
    ];
    for (tag, long, short) in table {
        assert_eq!(locale(tag).date(day, DateLength::Long), long);
        assert_eq!(locale(tag).date(day, DateLength::Short), short);
    }
    assert_eq!(locale("es-MX").date(day, DateLength::Medium), "20 nov 2026");
}

#[test]
fn days_as_documents_of_the_place_write_them() {
    let (first, later) = (Date::parse("2026-12-01").unwrap(), Date::parse("2026-11-20").unwrap());
    let eleventh = Date::parse("2026-12-11").unwrap();
    let long = [
        ("fr-FR", first, "1er décembre 2026"),
        ("fr-CA", first, "1er décembre 2026"),
        ("fr-FR", eleventh, "11 décembre 2026"),
        ("it-IT", first, "1º dicembre 2026"),
        ("it-IT", eleventh, "11 dicembre 2026"),
        ("pt-BR", first, "1º de dezembro de 2026"),
        ("pt-PT", first, "1 de dezembro de 2026"),
        ("ca-ES", first, "1 de desembre del 2026"),
        ("es-ES", first, "1 de diciembre de 2026"),
        ("vi-VN", later, "20 tháng 11 năm 2026"),
        ("vi-VN", first, "1 tháng 12 năm 2026"),
        // CLDR 48 had no comma here; ours is 49, and both are read in India.
        ("hi-IN", later, "20 नवंबर, 2026"),
    ];
    for (tag, day, expected) in long {
        assert_eq!(locale(tag).date(day, DateLength::Long), expected, "{tag}");
    }
    let other = [
        ("fr-FR", DateLength::Medium, "1er déc. 2026"),
        ("fr-FR", DateLength::Short, "01/12/2026"),
        ("vi-VN", DateLength::Medium, "1 thg 12, 2026"),
        ("vi-VN", DateLength::Short, "01/12/2026"),
    ];
    for (tag, length, expected) in other {
        assert_eq!(locale(tag).date(first, length), expected, "{tag}");
    }
}

#[test]
fn plural_categories() {
    let table = [
        ("es", "1", "one"),
        ("es", "2", "other"),
        ("pt", "0", "one"),
        ("en", "1.5", "other"),
        ("pl", "3", "few"),
        ("ar", "11", "many"),
        ("ar", "0", "zero"),
        ("he", "2", "two"),
        ("ja", "1", "other"),
    ];
    for (tag, count, category) in table {
        assert_eq!(locale(tag).plural(amount(count)), category, "{count} in {tag}");
    }
}

#[test]
fn locales_are_checked_and_normalised() {
    let chile = locale("ES-cl");
    assert_eq!((chile.tag(), chile.language(), chile.region(), chile.is_rtl()), ("es-CL", "es", Some("CL"), false));
    for rtl in ["ar-AE", "he-IL", "fa", "ur-PK", "az-Arab", "ckb"] {
        assert!(locale(rtl).is_rtl(), "{rtl}");
    }
    assert!(!locale("ks-Deva").is_rtl() && !locale("zh-Hant-TW").is_rtl());
    for form in
        ["", "e", "es_CL", "root", "es-", "-es", "x-a", "español", "en-US-u-nu-latn-extra-long-private-part-of-a-tag"]
    {
        assert!(matches!(Locale::parse(form), Err(InvalidLocale::Form(_))), "{form}");
    }
    for unknown in ["tlh", "qaa", "zxx", "und", "xx-CL"] {
        assert!(matches!(Locale::parse(unknown), Err(InvalidLocale::Uncovered(_))), "{unknown}");
    }
}

#[test]
fn amounts_from_text_and_numbers() {
    for (text, plain) in
        [("0", "0"), ("-0.00", "0.00"), ("007", "7"), ("1234.50", "1234.50"), ("-0.000001", "-0.000001")]
    {
        assert_eq!(amount(text).to_string(), plain);
    }
    for text in ["", "-", "1e3", "+1", "1,5", "1 000", ".5", "5.", "0x1", "NaN", "Infinity", "--1", "1.2.3", "٣"] {
        assert!(matches!(Amount::parse(text), Err(InvalidAmount::NotDecimal(_))), "{text}");
    }
    for text in ["1234567890123456789", "0.1234567"] {
        assert!(matches!(Amount::parse(text), Err(InvalidAmount::TooLong(_))), "{text}");
    }
    let number = |text: &str| Amount::from_json_number(&serde_json::from_str(text).unwrap());
    assert_eq!(number("0.1"), Ok(amount("0.1")));
    assert_eq!(number("-1234567.89"), Ok(amount("-1234567.89")));
    assert_eq!(number("123456789012345678"), Ok(amount("123456789012345678")));
    assert!(matches!(number("1234567890123456.78"), Err(InvalidAmount::Inexact(_))));
    assert!(matches!(number("1e300"), Err(InvalidAmount::TooLong(_))));
    assert!(matches!(number("1e-9"), Err(InvalidAmount::TooLong(_))));
}

#[test]
fn a_count_up_starts_at_zero_and_ends_on_the_amount() {
    let total = amount("1234.567");
    assert_eq!(total.partial(0, 2), Amount::ZERO);
    assert_eq!(total.partial(500_000, 2).to_string(), "617.28");
    assert_eq!(total.partial(999_999, 0).to_string(), "1234");
    assert_eq!(total.partial(1_000_000, 0), total);
    assert_eq!((-total).partial(500_000, 0).to_string(), "-617");
    assert_eq!(amount("999999999999999999.999999").partial(999_999, 2).to_string(), "999998999999999999.99");
}

/// The digits of a text in any of the numerals that the tested locales use, as 0-9.
fn digits(text: &str) -> String {
    let zeros = ['0', '٠', '۰', '०', '০', '၀'];
    let value =
        |c: char| zeros.into_iter().find_map(|zero| u32::from(c).checked_sub(u32::from(zero)).filter(|v| *v < 10));
    text.chars().filter_map(value).filter_map(|value| char::from_digit(value, 10)).collect()
}

proptest! {
    #[test]
    fn amounts_survive_their_text(whole in 0u64..1_000_000_000_000_000_000, decimals in "[0-9]{0,6}", negative: bool) {
        let sign = if negative { "-" } else { "" };
        let text = if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") };
        let read = amount(&text);
        prop_assert_eq!(amount(&read.to_string()), read);
        prop_assert_eq!(amount(&read.plain()), read);
        prop_assert_eq!(read.is_negative(), negative && !read.is_zero());
        if !read.is_zero() {
            prop_assert_eq!(read.to_string(), text);
        }
    }

    #[test]
    fn written_money_has_the_digits_of_the_amount(
        whole in 0u64..1_000_000_000_000_000_000,
        decimals in "[0-9]{0,6}",
        negative: bool,
        tag in prop::sample::select(vec!["es-CL", "es-CO", "pt-BR", "en-IN", "de-CH", "ar-EG", "fa-IR", "he-IL", "mr-IN", "bn-BD", "pt-CV", "fr-FR", "ja-JP", "my"]),
        code in prop::sample::select(vec!["CLP", "CLF", "USD", "BHD", "COP", "JPY", "CVE", "UTM", "INR", "XCG"]),
    ) {
        let currency = Currency::parse(code).unwrap();
        let sign = if negative { "-" } else { "" };
        let given = amount(&format!("{sign}{whole}.{decimals}0").chars().take(whole.to_string().len() + sign.len() + 7).collect::<String>());
        let text = locale(tag).money(given, currency);
        let shown = given.decimals().max(currency.display_digits());
        let mut expected = digits(&given.abs().plain());
        expected.extend(std::iter::repeat_n('0', usize::from(shown - given.decimals())));
        let written = digits(&text);
        let rest = written.strip_prefix(&expected);
        prop_assert!(rest.is_some_and(|rest| rest.len() <= 1 && rest.chars().all(|c| c == '0')), "{} for {}", text, given);
        prop_assert_eq!(text.contains('\u{2212}') && !text.contains('-'), given.is_negative(), "{}", text);
    }
}
