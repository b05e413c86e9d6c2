//! Random valid quotes: names in several scripts, any number of lines, amounts of 1 to 15 digits, anything optional
//! there or not. Their sums add up, because the reader checks that.

use base64::Engine as _;
use image::{Rgba, RgbaImage};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// Locale, currency, digits of its minor unit.
const PLACES: [(&str, &str, u32); 16] = [
    ("es-CL", "CLP", 0),
    ("es-MX", "MXN", 2),
    ("es-AR", "ARS", 2),
    ("en-US", "USD", 2),
    ("en-IN", "INR", 2),
    ("pt-BR", "BRL", 2),
    ("de-DE", "EUR", 2),
    ("fr-FR", "EUR", 2),
    ("el-GR", "EUR", 2),
    ("vi-VN", "VND", 0),
    ("th-TH", "THB", 2),
    ("hi-IN", "INR", 2),
    ("ar-AE", "AED", 2),
    ("ar-KW", "KWD", 3),
    ("he-IL", "ILS", 2),
    ("fa-IR", "IRR", 2),
];

/// Letters that words are made of, by script.
const SCRIPTS: [&str; 10] = [
    "aeiounrstlmdcpáéñbgvhfqjzkwxy",
    "AEIOUNRSTLMDCPÁÉÑBGVHFQJZKWXY",
    "iIlLfjt.,1",
    "WMwm@%&ÆŒ",
    "абвгдежзиклмнопрстуфхцчшщъыьэюя",
    "αβγδεζηθικλμνξοπρστυφχψωάέή",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "אבגדהוזחטיכלמנסעפצקרשת",
    "कखगघचछजझटठडढतथदधनपफबभमयरलवशसहािीुूे",
    "กขคงจฉชซญดตถทธนบปผพฟภมยรลวศสหอาิีุู",
];

/// A text of 1 to `most` characters: words of one script, with another one now and then.
fn words(most: usize) -> impl Strategy<Value = String> {
    let word = (0..SCRIPTS.len(), vec(any::<u32>(), 1..=22));
    (0..SCRIPTS.len(), vec((word, 0..8_u8), 1..=30), 1..=most).prop_map(|(usual, parts, length)| {
        let mut text = String::new();
        for ((script, picks), mix) in parts {
            let letters: Vec<char> = SCRIPTS[if mix == 0 { script } else { usual }].chars().collect();
            let pick = |at: u32| letters[at as usize % letters.len()];
            if !text.is_empty() {
                text.push(if mix == 1 { '-' } else { ' ' });
            }
            text.extend(picks.into_iter().map(pick));
        }
        let cut: String = text.chars().take(length).collect();
        cut.trim().to_owned()
    })
}

/// A text without a single place to break.
fn unbroken(most: usize) -> impl Strategy<Value = String> {
    (0..SCRIPTS.len(), vec(any::<u32>(), 1..=most)).prop_map(|(script, picks)| {
        let letters: Vec<char> = SCRIPTS[script].chars().collect();
        picks.into_iter().map(|at| letters[at as usize % letters.len()]).collect()
    })
}

/// A name: usually words, sometimes one long one.
fn name(most: usize) -> impl Strategy<Value = String> {
    prop_oneof![6 => words(most), 1 => unbroken(most)]
}

/// Small pictures of extreme and of usual proportions, as data URIs: photographs, and things cut out or on white.
fn picture() -> impl Strategy<Value = Value> {
    let sizes = select(vec![(60, 10), (10, 60), (24, 24), (40, 30)]);
    (sizes, select(vec![[200, 90, 30, 255], [0; 4], [255; 4]]))
        .prop_map(|((width, height), edge)| edged(width, height, edge))
}

/// A picture with an edge, 1 px wide.
pub(crate) fn edged(width: u32, height: u32, edge: [u8; 4]) -> Value {
    let within = |at: u32, side: u32| at > 0 && at + 1 < side;
    let pixel = |x, y| Rgba(if within(x, width) && within(y, height) { [200, 90, 30, 255] } else { edge });
    png(&RgbaImage::from_fn(width, height, pixel))
}

/// A picture as a snapshot holds it.
pub(crate) fn png(picture: &RgbaImage) -> Value {
    let mut png = Vec::new();
    picture.write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png).expect("a PNG");
    json!({ "data": format!("data:image/png;base64,{}", base64::engine::general_purpose::STANDARD.encode(png)) })
}

/// A line: name, description, unit, quantity, price of one, whether amounts show, picture.
type Line = (String, Option<String>, Option<String>, i64, u64, u8, Option<Value>);

fn line() -> impl Strategy<Value = Line> {
    (
        name(90),
        weighted(0.3, words(120)),
        weighted(0.5, name(12)),
        1..=4000_i64,
        any::<u64>(),
        0..10_u8,
        weighted(0.2, picture()),
    )
}

/// A decimal text of `minor` units.
fn decimal(minor: i64, digits: u32) -> String {
    if digits == 0 {
        return minor.to_string();
    }
    let unit = 10_i64.pow(digits);
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:0width$}", minor.abs() / unit, minor.abs() % unit, width = digits as usize)
}

fn items(lines: Vec<Line>, digits: u32, amount_digits: u32) -> (Vec<Value>, i64) {
    let count = i64::try_from(lines.len()).expect("at most 60");
    let most = (10_i64.pow(amount_digits) / count - 1).max(1);
    let mut sum = 0;
    let items = lines.into_iter().map(|(name, description, unit, quantity, price, kind, image)| {
        let quantity = quantity.min(most);
        let price = i64::try_from(price % u64::try_from(most / quantity + 1).expect("positive")).expect("small");
        let sign = if kind == 0 { -1 } else { 1 };
        let total = sign * price * quantity;
        sum += total;
        let mut item = json!({ "name": name, "total": decimal(total, digits) });
        let mut put = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                item[key] = value;
            }
        };
        put("description", description.map(Value::from));
        put("unit", unit.map(Value::from));
        put("image", image);
        if kind > 1 {
            put("quantity", Some(quantity.to_string().into()));
            put("unitPrice", Some(decimal(sign * price, digits).into()));
        }
        item
    });
    (items.collect(), sum)
}

fn address() -> impl Strategy<Value = String> {
    prop_oneof![9 => "[a-z]{1,30}", 1 => "[a-z]{60,200}"].prop_map(|path| format!("https://example.com/{path}"))
}

fn quote() -> impl Strategy<Value = Value> {
    (
        prop_oneof![3 => "[A-Z]{1,4}-20[0-9]{2}-[0-9]{1,6}", 1 => "[A-Z0-9]{1,40}"],
        weighted(0.6, Just("2026-12-31")),
        weighted(0.6, name(90)),
        weighted(0.4, words(400)),
        weighted(0.5, address()),
    )
        .prop_map(|(number, until, title, notes, accept)| {
            compact(json!({
                "id": "q", "number": number, "status": "ISSUED", "issuedAt": "2026-11-20",
                "validUntil": until, "title": title, "notes": notes, "acceptUrl": accept
            }))
        })
}

fn company() -> impl Strategy<Value = Value> {
    let color = any::<[u8; 3]>().prop_map(|[r, g, b]| format!("#{r:02X}{g:02X}{b:02X}"));
    (
        name(90),
        weighted(0.4, picture()),
        weighted(0.7, (color.clone(), weighted(0.7, color))),
        weighted(0.6, "\\+[0-9]{2} [0-9]{3} [0-9]{4,8}"),
        weighted(0.6, "\\+[0-9]{5}[0-9 ]{0,14}1"),
        weighted(0.6, "[a-z]{1,40}@[a-z]{1,60}\\.example"),
        weighted(0.6, "(https://)?www\\.[a-z]{1,60}\\.example"),
    )
        .prop_map(|(name, logo, brand, phone, whatsapp, email, website)| {
            let brand = brand.map(|(primary, accent)| compact(json!({ "primary": primary, "accent": accent })));
            compact(json!({
                "name": name, "logo": logo, "brand": brand,
                "phone": phone, "whatsapp": whatsapp, "email": email, "website": website
            }))
        })
}

fn seller() -> impl Strategy<Value = Value> {
    (name(90), weighted(0.6, name(60)), weighted(0.4, picture()), weighted(0.5, "\\+[0-9]{6,12}")).prop_map(
        |(name, role, photo, phone)| compact(json!({ "name": name, "role": role, "photo": photo, "phone": phone })),
    )
}

/// Without the fields that are null.
fn compact(mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    value
}

/// A valid quote.
pub(crate) fn random() -> impl Strategy<Value = Value> {
    let lines = prop_oneof![4 => vec(line(), 1..=12), 1 => vec(line(), 13..=60)];
    let taxes = vec((name(40), 1..=30_i64), 0..=9);
    let rest = (
        weighted(0.5, seller()),
        weighted(0.5, words(300)),
        weighted(0.5, words(300)),
        name(90),
        weighted(0.5, name(90)),
    );
    (select(PLACES.to_vec()), 1..=15_u32, lines, taxes, 0..4_u8, quote(), company(), rest).prop_map(
        |((locale, currency, digits), amount_digits, lines, taxes, parts, quote, company, rest)| {
            let (items, subtotal) = items(lines, digits, amount_digits);
            let discount = if parts & 1 == 1 { subtotal / 7 } else { 0 };
            let shipping = if parts & 2 == 2 { subtotal / 11 } else { 0 };
            let mut total = subtotal - discount + shipping;
            let base = subtotal - discount;
            let taxes: Vec<Value> = taxes
                .into_iter()
                .map(|(name, percent)| {
                    let amount = base / 100 * percent;
                    total += amount;
                    json!({ "name": name, "rate": format!("0.{percent:02}"), "amount": decimal(amount, digits) })
                })
                .collect();
            let (seller, payment, delivery, customer, contact) = rest;
            compact(json!({
                "schemaVersion": 1, "companyId": "c", "locale": locale, "currency": currency,
                "quote": quote, "company": company, "seller": seller, "items": items,
                "customer": compact(json!({ "name": customer, "contactName": contact })),
                "totals": {
                    "subtotal": decimal(subtotal, digits), "discount": decimal(discount, digits),
                    "shipping": decimal(shipping, digits), "taxes": taxes, "total": decimal(total, digits)
                },
                "paymentTerms": payment, "deliveryTerms": delivery
            }))
        },
    )
}

/// A quote with two lines and nothing optional.
pub(crate) fn plain() -> Value {
    json!({
        "schemaVersion": 1, "companyId": "c", "locale": "en-US", "currency": "USD",
        "quote": { "id": "q", "number": "Q-1", "status": "ISSUED", "issuedAt": "2026-11-20" },
        "company": { "name": "Northbeam" },
        "customer": { "name": "Ada Byron" },
        "items": [{ "name": "Design", "total": "100" }, { "name": "Build", "total": "150" }],
        "totals": { "total": "250" }
    })
}
