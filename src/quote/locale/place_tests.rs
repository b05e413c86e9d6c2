//! Amounts, numbers, rates and days in many places, as an implementation that is not ours writes them.
//!
//! The expected texts come from `Intl.NumberFormat` and `Intl.DateTimeFormat` of ICU 78 with CLDR 48, which browsers
//! have too, with two differences of our own: the sign is a minus (U+2212), where most of CLDR has a hyphen, and the
//! yen is no full-width one. Our data is of CLDR 49: places whose texts changed in between are left out. Where CLDR
//! does not know what people write (`UF`, `1er décembre`), `tests` has its own table.

use super::{Amount, Currency, Date, DateLength, Locale};

fn locale(tag: &str) -> Locale {
    Locale::parse(tag).unwrap()
}

/// Fails with every row that differs, not only the first.
fn expect_all<'a>(rows: impl Iterator<Item = (String, String, &'a str)>) {
    let wrong: Vec<String> = rows
        .filter(|(_, written, expected)| written != expected)
        .map(|(row, written, expected)| format!("{row}: {written:?}, expected {expected:?}"))
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn money() {
    let table = [
        ("es-CL", "1234568", "CLP", "$1.234.568"),
        ("es-CL", "-1234568", "CLP", "$\u{2212}1.234.568"),
        ("es-CL", "1234.5", "USD", "US$1.234,50"),
        ("pt-BR", "1234.56", "BRL", "R$\u{A0}1.234,56"),
        ("pt-BR", "-1234.56", "BRL", "\u{2212}R$\u{A0}1.234,56"),
        ("pt-PT", "12345.5", "EUR", "12\u{A0}345,50\u{A0}€"),
        ("en-IN", "1234567.5", "INR", "₹12,34,567.50"),
        ("hi-IN", "1234567.5", "INR", "₹12,34,567.50"),
        ("mr-IN", "1234.5", "INR", "₹१,२३४.५०"),
        ("te-IN", "1234567.5", "INR", "₹12,34,567.50"),
        ("gu-IN", "1234567.5", "INR", "₹12,34,567.50"),
        ("de-CH", "1234567.5", "CHF", "CHF\u{A0}1'234'567.50"),
        ("fr-CH", "234.5", "CHF", "234.50\u{A0}CHF"),
        ("it-CH", "1234567.5", "CHF", "CHF\u{A0}1'234'567.50"),
        ("de-DE", "1234.5", "EUR", "1.234,50\u{A0}€"),
        ("de-AT", "1234567.5", "EUR", "€\u{A0}1.234.567,50"),
        ("en-US", "1234.5", "USD", "$1,234.50"),
        ("en-US", "-1234.5", "USD", "\u{2212}$1,234.50"),
        ("en-CA", "1234.5", "CAD", "$1,234.50"),
        ("fr-CA", "1234567.5", "CAD", "1\u{A0}234\u{A0}567,50\u{A0}$"),
        ("en-AU", "1234.5", "AUD", "$1,234.50"),
        ("en-NZ", "1234.5", "NZD", "$1,234.50"),
        ("en-NG", "1234.5", "NGN", "₦1,234.50"),
        ("en-SG", "1234.5", "SGD", "$1,234.50"),
        ("en-GB", "1234.5", "GBP", "£1,234.50"),
        ("en-IE", "1234.5", "EUR", "€1,234.50"),
        ("fr-FR", "1234567.5", "EUR", "1\u{202F}234\u{202F}567,50\u{A0}€"),
        ("es-ES", "1234.5", "EUR", "1234,50\u{A0}€"),
        ("es-ES", "12345", "EUR", "12.345,00\u{A0}€"),
        ("it-IT", "1234567.5", "EUR", "1.234.567,50\u{A0}€"),
        ("nl-NL", "1234567.5", "EUR", "€\u{A0}1.234.567,50"),
        ("nl-NL", "-1234.5", "EUR", "€\u{A0}\u{2212}1.234,50"),
        ("es-MX", "1234.5", "MXN", "$1,234.50"),
        ("es-AR", "1234.5", "ARS", "$\u{A0}1.234,50"),
        ("es-AR", "-1234.5", "ARS", "\u{2212}$\u{A0}1.234,50"),
        ("es-CO", "1234567", "COP", "$\u{A0}1.234.567"),
        ("es-PE", "1234.5", "PEN", "S/\u{A0}1,234.50"),
        ("es-UY", "1234.5", "UYU", "$\u{A0}1.234,50"),
        ("es-BO", "1234.5", "BOB", "Bs\u{A0}1.234,50"),
        ("es-EC", "1234.5", "USD", "$1.234,50"),
        ("es-CR", "1234567.5", "CRC", "₡1\u{A0}234\u{A0}567,50"),
        ("es-GT", "1234.5", "GTQ", "Q\u{A0}1,234.50"),
        ("es-DO", "1234.5", "DOP", "RD$1,234.50"),
        ("es-VE", "1234.5", "VES", "Bs.S\u{A0}1.234,50"),
        ("es-PY", "1234567", "PYG", "Gs.\u{A0}1.234.567"),
        ("es-HN", "1234.5", "HNL", "L\u{A0}1,234.50"),
        ("es-NI", "1234.5", "NIO", "C$1,234.50"),
        ("es-US", "1234.5", "USD", "$1,234.50"),
        ("ja-JP", "1234568", "JPY", "¥1,234,568"),
        ("ko-KR", "1234568", "KRW", "₩1,234,568"),
        ("zh-CN", "1234.5", "CNY", "¥1,234.50"),
        ("zh-TW", "1234.5", "TWD", "$1,234.50"),
        ("zh-HK", "1234.5", "HKD", "HK$1,234.50"),
        ("zh-Hant-TW", "1234567", "TWD", "$1,234,567.00"),
        ("ar-EG", "1234567.5", "EGP", "\u{200F}١٬٢٣٤٬٥٦٧٫٥٠\u{A0}ج.م.\u{200F}"),
        ("ar-AE", "1234567.5", "AED", "\u{200F}1,234,567.50\u{A0}د.إ.\u{200F}"),
        ("ar-SA", "1234567.5", "SAR", "\u{200F}١٬٢٣٤٬٥٦٧٫٥٠\u{A0}ر.س.\u{200F}"),
        ("ar-KW", "1234.5", "KWD", "\u{200F}١٬٢٣٤٫٥٠٠\u{A0}د.ك.\u{200F}"),
        ("ar-TN", "1234.5", "TND", "\u{200F}1.234,500\u{A0}د.ت.\u{200F}"),
        ("ar-JO", "-1234.5", "JOD", "\u{61C}\u{2212}\u{200F}١٬٢٣٤٫٥٠٠\u{A0}د.أ.\u{200F}"),
        ("ar-MA", "1234.5", "MAD", "\u{200F}1.234,50\u{A0}د.م.\u{200F}"),
        ("he-IL", "1234567.5", "ILS", "\u{200F}1,234,567.50\u{A0}\u{200F}₪"),
        ("he-IL", "-1234.5", "ILS", "\u{200F}\u{200E}\u{2212}1,234.50\u{A0}\u{200F}₪"),
        ("fa-IR", "1234567", "IRR", "\u{200E}ریال\u{A0}۱٬۲۳۴٬۵۶۷"),
        ("th-TH", "1234567.5", "THB", "฿1,234,567.50"),
        ("vi-VN", "1234567", "VND", "1.234.567\u{A0}₫"),
        ("id-ID", "1234567", "IDR", "Rp\u{A0}1.234.567"),
        ("ms-MY", "1234.5", "MYR", "RM\u{A0}1,234.50"),
        ("fil-PH", "1234.5", "PHP", "₱1,234.50"),
        ("el-GR", "1234567.5", "EUR", "1.234.567,50\u{A0}€"),
        ("ru-RU", "1234567.5", "RUB", "1\u{A0}234\u{A0}567,50\u{A0}₽"),
        ("uk-UA", "1234567.5", "UAH", "1\u{A0}234\u{A0}567,50\u{A0}₴"),
        ("pl-PL", "1234.5", "PLN", "1234,50\u{A0}zł"),
        ("pl-PL", "12345.5", "PLN", "12\u{A0}345,50\u{A0}zł"),
        ("cs-CZ", "1234567.5", "CZK", "1\u{A0}234\u{A0}567,50\u{A0}Kč"),
        ("sk-SK", "1234567.5", "EUR", "1\u{A0}234\u{A0}567,50\u{A0}€"),
        ("hu-HU", "1234567", "HUF", "1\u{A0}234\u{A0}567\u{A0}Ft"),
        ("ro-RO", "1234567.5", "RON", "1.234.567,50\u{A0}RON"),
        ("bg-BG", "12345.5", "EUR", "12\u{A0}345,50\u{A0}€"),
        ("hr-HR", "1234567.5", "EUR", "1.234.567,50\u{A0}€"),
        ("sr-RS", "1234567.5", "RSD", "1.234.567,50\u{A0}RSD"),
        ("sl-SI", "-1234.5", "EUR", "\u{2212}1234,50\u{A0}€"),
        ("lt-LT", "-1234.5", "EUR", "\u{2212}1\u{A0}234,50\u{A0}€"),
        ("lv-LV", "12345.5", "EUR", "12\u{A0}345,50\u{A0}€"),
        ("et-EE", "-12345.5", "EUR", "\u{2212}12\u{A0}345,50\u{A0}€"),
        ("fi-FI", "-1234.5", "EUR", "\u{2212}1\u{A0}234,50\u{A0}€"),
        ("sv-SE", "-1234.5", "SEK", "\u{2212}1\u{A0}234,50\u{A0}kr"),
        ("nb-NO", "-1234.5", "NOK", "\u{2212}1\u{A0}234,50\u{A0}kr"),
        ("da-DK", "-1234.5", "DKK", "\u{2212}1.234,50\u{A0}kr."),
        ("is-IS", "1234567", "ISK", "1.234.567\u{A0}kr."),
        ("tr-TR", "1234.5", "TRY", "₺1.234,50"),
        ("bn-BD", "1234567.5", "BDT", "১২,৩৪,৫৬৭.৫০৳"),
        ("ne-NP", "1234567.5", "NPR", "नेरू\u{A0}१२,३४,५६७.५०"),
        ("en-BH", "1234.5", "BHD", "BHD\u{A0}1,234.500"),
        ("en-OM", "1234.5", "OMR", "OMR\u{A0}1,234.500"),
        ("sw-KE", "1234.5", "KES", "Ksh\u{A0}1,234.50"),
        ("am-ET", "1234.5", "ETB", "ብር\u{A0}1,234.50"),
        ("ka-GE", "12345.5", "GEL", "12\u{A0}345,50\u{A0}₾"),
        ("hy-AM", "12345.5", "AMD", "12\u{A0}345,50\u{A0}֏"),
        ("kk-KZ", "1234567.5", "KZT", "1\u{A0}234\u{A0}567,50\u{A0}₸"),
        ("az-AZ", "1234.5", "AZN", "1.234,50\u{A0}₼"),
        ("ca-ES", "1234567.5", "EUR", "1.234.567,50\u{A0}€"),
        ("eu-ES", "1234567.5", "EUR", "1.234.567,50\u{A0}€"),
        ("my-MM", "1234567", "MMK", "၁,၂၃၄,၅၆၇\u{A0}K"),
        ("km-KH", "1234567.5", "KHR", "1,234,567.50៛"),
        ("lo-LA", "1234567", "LAK", "₭1.234.567"),
        ("af-ZA", "1234567.5", "ZAR", "R\u{A0}1\u{A0}234\u{A0}567,50"),
    ];
    expect_all(table.into_iter().map(|(tag, amount, code, expected)| {
        let written = locale(tag).money(Amount::parse(amount).unwrap(), Currency::parse(code).unwrap());
        (format!("{amount} {code} in {tag}"), written, expected)
    }));
}

#[test]
fn numbers() {
    let table = [
        ("es-CL", "1234.5", "1.234,5"),
        ("en-IN", "1234567.25", "12,34,567.25"),
        ("de-CH", "1234567.25", "1'234'567.25"),
        ("fr-FR", "12345.5", "12\u{202F}345,5"),
        ("ar-EG", "1234.5", "١٬٢٣٤٫٥"),
        ("hi-IN", "123456", "1,23,456"),
        ("es-ES", "1234", "1234"),
        ("pl-PL", "12345", "12\u{A0}345"),
        ("sv-SE", "-12.5", "\u{2212}12,5"),
        ("ja-JP", "1234567", "1,234,567"),
        ("th-TH", "1234.5", "1,234.5"),
        ("pt-BR", "0.125", "0,125"),
    ];
    expect_all(table.into_iter().map(|(tag, number, expected)| {
        (format!("{number} in {tag}"), locale(tag).number(Amount::parse(number).unwrap()), expected)
    }));
}

#[test]
fn rates() {
    let table = [
        ("es-CL", "0.19", "19%"),
        ("de-DE", "0.19", "19\u{A0}%"),
        ("fr-FR", "0.055", "5,5\u{A0}%"),
        ("en-US", "-0.0725", "\u{2212}7.25%"),
        ("tr-TR", "0.18", "%18"),
        ("ar-EG", "0.14", "١٤٪\u{61C}"),
        ("he-IL", "0.17", "17%"),
        ("eu-ES", "0.21", "%\u{A0}21"),
        ("fa-IR", "0.1", "۱۰٪"),
        ("hi-IN", "0.18", "18%"),
        ("ja-JP", "0.1", "10%"),
        ("ru-RU", "0.2", "20\u{A0}%"),
        ("pt-BR", "0.105", "10,5%"),
        ("cs-CZ", "0.21", "21\u{A0}%"),
    ];
    expect_all(table.into_iter().map(|(tag, rate, expected)| {
        (format!("{rate} in {tag}"), locale(tag).percent(Amount::parse(rate).unwrap()), expected)
    }));
}

#[test]
fn days() {
    let table = [
        ("es-CL", "20 de noviembre de 2026"),
        ("es-MX", "20 de noviembre de 2026"),
        ("pt-BR", "20 de novembro de 2026"),
        ("en-US", "November 20, 2026"),
        ("en-GB", "20 November 2026"),
        ("de-DE", "20. November 2026"),
        ("fr-FR", "20 novembre 2026"),
        ("it-IT", "20 novembre 2026"),
        ("nl-NL", "20 november 2026"),
        ("sv-SE", "20 november 2026"),
        ("pl-PL", "20 listopada 2026"),
        ("cs-CZ", "20. listopadu 2026"),
        ("el-GR", "20 Νοεμβρίου 2026"),
        ("tr-TR", "20 Kasım 2026"),
        ("ar-EG", "٢٠ نوفمبر ٢٠٢٦"),
        ("ar-AE", "20 نوفمبر 2026"),
        ("he-IL", "20 בנובמבר 2026"),
        ("fa-IR", "۲۹ آبان ۱۴۰۵"),
        ("bn-BD", "২০ নভেম্বর, ২০২৬"),
        ("th-TH", "20 พฤศจิกายน 2569"),
        ("id-ID", "20 November 2026"),
        ("ja-JP", "2026年11月20日"),
        ("ko-KR", "2026년 11월 20일"),
        ("zh-CN", "2026年11月20日"),
        ("zh-TW", "2026年11月20日"),
    ];
    let day = Date::new(2026, 11, 20).unwrap();
    expect_all(
        table.into_iter().map(|(tag, expected)| (tag.to_owned(), locale(tag).date(day, DateLength::Long), expected)),
    );
}
