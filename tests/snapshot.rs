//! The quote snapshot as a user meets it: every fixture, every error code, and the published JSON Schema.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use quotereel::ground::problem::Severity;
use quotereel::quote::snapshot::{AssetRef, ParseOptions, parse, parse_with, schema};
use serde_json::{Value, json};

const FILES: ParseOptions = ParseOptions { allow_files: true };

/// The JSON files of `fixtures/FOLDER`, by name.
fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let name = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}

fn solar() -> Value {
    let (_, bytes) = fixtures("quotes").into_iter().find(|(name, _)| name == "solar-es-cl").unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn codes(document: &Value) -> Vec<&'static str> {
    match parse_with(document.to_string().as_bytes(), FILES) {
        Ok(parsed) => parsed.warnings.iter().map(|problem| problem.code).collect(),
        Err(problems) => problems.iter().map(|problem| problem.code).collect(),
    }
}

#[test]
fn every_quote_is_valid_and_survives_a_round_trip() {
    let quotes = fixtures("quotes");
    assert!(quotes.len() >= 25);
    for (name, bytes) in quotes {
        let parsed = parse_with(&bytes, FILES).unwrap_or_else(|problems| panic!("{name}:\n{problems}"));
        assert!(parsed.warnings.is_empty(), "{name}:\n{}", parsed.warnings);
        let again = serde_json::to_vec(&parsed.snapshot).unwrap();
        assert_eq!(parse_with(&again, FILES).unwrap().snapshot, parsed.snapshot, "{name}");
    }
}

#[test]
fn a_round_trip_keeps_the_names_and_texts_of_the_input() {
    let document = solar();
    let snapshot = parse_with(document.to_string().as_bytes(), FILES).unwrap().snapshot;
    assert_eq!(serde_json::to_value(&snapshot).unwrap(), document);
}

#[test]
fn the_files_that_quotes_name_are_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quotes");
    for (name, bytes) in fixtures("quotes") {
        let snapshot = parse_with(&bytes, FILES).unwrap().snapshot;
        for (pointer, asset) in snapshot.asset_refs() {
            let missing_on_purpose = name == "broken-logo" && pointer == "/seller/photo";
            if let AssetRef::File(file) = asset {
                assert_eq!(folder.join(file).is_file(), !missing_on_purpose, "{name}{pointer}");
            }
        }
    }
}

#[test]
fn asset_refs_come_with_their_places() {
    let snapshot = parse_with(solar().to_string().as_bytes(), FILES).unwrap().snapshot;
    let pointers: Vec<String> = snapshot.asset_refs().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/company/logo", "/seller/photo", "/items/0/image", "/items/1/image"]);
}

#[test]
fn every_invalid_snapshot_is_refused_with_its_code() {
    let mut report = String::new();
    for (name, bytes) in fixtures("invalid") {
        let problems = parse(&bytes).expect_err(&name);
        assert!(problems.has_errors(), "{name}");
        let expected = name.split("--").next().unwrap();
        assert!(problems.iter().any(|problem| problem.code == expected), "{name}:\n{problems}");
        writeln!(report, "## {name}").unwrap();
        for (index, problem) in problems.iter().enumerate() {
            if index < 8 || problem.code == expected {
                writeln!(report, "{problem}").unwrap();
            }
        }
        writeln!(report).unwrap();
    }
    assert!(!report.contains("notshown") && !report.contains("not-shown"), "a secret was repeated");
    insta::assert_snapshot!("invalid", report);
}

#[test]
fn every_error_code_has_an_invalid_snapshot() {
    let shown: BTreeSet<String> =
        fixtures("invalid").iter().map(|(name, _)| name.split("--").next().unwrap().to_owned()).collect();
    let mut known = BTreeSet::new();
    for file in ["json.rs", "credential.rs", "reader.rs", "document.rs", "sums.rs"] {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/quote/snapshot").join(file);
        let source: String = std::fs::read_to_string(source).unwrap().split_whitespace().collect();
        let codes = source.split("Problem::error(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        known.extend(codes);
    }
    for large in ["too_large", "too_many_values"] {
        assert!(known.remove(large), "{large}"); // their documents are large: tested beside the reader
    }
    assert!(known.len() >= 28, "{known:?}");
    assert_eq!(shown, known);
}

#[test]
fn a_document_of_ten_megabytes_is_refused_unread() {
    let problems = parse(&vec![b'['; 10 * 1024 * 1024]).unwrap_err();
    assert_eq!(problems.iter().next().unwrap().code, "too_large");
}

#[test]
fn problems_serialise_for_programs() {
    let problems = parse(b"[]").unwrap_err();
    let expected = json!([{
        "code": "wrong_type", "pointer": "", "found": "an array of 0", "expected": "an object", "severity": "error"
    }]);
    assert_eq!(serde_json::to_value(&problems).unwrap(), expected);
}

#[test]
fn oddities_are_warnings_and_nothing_more() {
    let table: [(&str, Value, &str); 10] = [
        ("/company/phone", json!("call me"), "odd_phone"),
        ("/company/email", json!("ventas at solnorte"), "odd_email"),
        ("/company/logo", json!({ "data": "data:image/gif;base64,R0lGOD" }), "odd_picture_type"),
        ("/customer/name", json!("Ana \u{202E}Li"), "bidi_control"),
        ("/items/0/name", json!("Pane\u{200B}l"), "invisible_character"),
        ("/company/name", json!(format!("Sol{}", "\u{301}".repeat(60))), "stacked_marks"),
        ("/totals/taxes/0/amount", json!("900000"), "tax_mismatch"),
        ("/items/0/unitPrice", json!("189990.05"), "excess_decimals"),
        ("/seller/phone", json!("1"), "odd_phone"),
        ("/seller/email", json!("@"), "odd_email"),
    ];
    for (pointer, value, code) in table {
        let mut document = solar();
        *document.pointer_mut(pointer).unwrap() = value;
        if pointer.starts_with("/totals/taxes") {
            document["totals"]["total"] = json!("7086060"); // the sum with the odd tax
            let subtotal = document["totals"]["subtotal"].as_str().unwrap().parse::<i64>().unwrap();
            document["totals"]["total"] = json!((subtotal - 150_000 + 900_000).to_string());
        }
        let parsed = parse_with(document.to_string().as_bytes(), FILES).unwrap_or_else(|p| panic!("{pointer}:\n{p}"));
        let found: Vec<_> = parsed.warnings.iter().map(|problem| (problem.code, problem.severity)).collect();
        assert_eq!(found, [(code, Severity::Warning)], "{pointer}");
    }
}

#[test]
fn direction_controls_are_left_out_of_texts() {
    let mut document = solar();
    document["customer"]["name"] = json!(" \u{202E}Ana\u{202C}\tLi\u{2069} ");
    let parsed = parse_with(document.to_string().as_bytes(), FILES).unwrap();
    assert_eq!(parsed.snapshot.customer.name, "Ana Li");
}

#[test]
fn amounts_may_be_exact_numbers() {
    let mut document = solar();
    document["items"][0]["quantity"] = json!(12);
    document["items"][0]["total"] = json!(2_279_880.0);
    assert_eq!(codes(&document), [""; 0]);
    document["items"][0]["total"] = json!(2_279_880.123_456_789);
    assert_eq!(codes(&document), ["invalid_amount"]);
}

#[test]
fn blank_and_null_options_are_absent() {
    let mut document = solar();
    document["quote"]["title"] = json!("  ");
    document["seller"] = Value::Null;
    document["quote"]["acceptUrl"] = json!("");
    document["company"]["brand"]["accent"] = json!("");
    let snapshot = parse_with(document.to_string().as_bytes(), FILES).unwrap().snapshot;
    assert!(snapshot.quote.title.is_none() && snapshot.seller.is_none() && snapshot.quote.accept_url.is_none());
    assert!(snapshot.company.brand.unwrap().accent.is_none());
}

#[test]
fn sums_are_counted_where_they_are_not_given() {
    let document = json!({
        "schemaVersion": 1, "companyId": "c", "locale": "en-US", "currency": "USD",
        "quote": { "id": "q", "number": "1", "status": "DRAFT", "issuedAt": "2026-11-20" },
        "company": { "name": "A" }, "customer": { "name": "B" },
        "items": [
            { "name": "hours", "quantity": "2.5", "unitPrice": "33.33" },
            { "name": "flat", "unitPrice": "10" },
            { "name": "gift", "total": "0" },
            { "name": "off", "total": "-3.33" }
        ],
        "totals": { "total": "90.00" }
    });
    let snapshot = parse(document.to_string().as_bytes()).unwrap();
    assert_eq!(snapshot.subtotal().unwrap().to_string(), "90.00"); // 83.325 is rounded up to 83.33
    let mut wrong = document.clone();
    wrong["totals"]["total"] = json!("90.05");
    assert_eq!(codes(&wrong), ["total_mismatch"]); // one cent a line is four cents
    wrong["totals"]["total"] = json!("90.04");
    assert_eq!(codes(&wrong), [""; 0]);
    wrong["items"][2] = json!({ "name": "by agreement" });
    wrong["totals"]["total"] = json!("500");
    assert_eq!(codes(&wrong), [""; 0]); // a line without a price: nothing to compare with
}

#[test]
fn all_problems_are_reported_together() {
    let mut document = solar();
    document["locale"] = json!("es_CL");
    document["items"][2]["total"] = json!("1");
    document["items"][3]["quantity"] = json!(true);
    document["quote"]["validUntil"] = json!("2026-13-01");
    document["company"]["nombre"] = json!("x");
    document["totals"]["subtotal"] = json!("5");
    let found: BTreeSet<&str> = codes(&document).into_iter().collect();
    // The sum of the lines cannot be counted beside a faulty quantity, so the subtotal is taken as it is.
    let expected = [
        "invalid_date",
        "line_mismatch",
        "tax_mismatch",
        "total_mismatch",
        "unknown_field",
        "unknown_locale",
        "wrong_type",
    ];
    assert_eq!(found, BTreeSet::from(expected));
}

/// Structural faults that both the JSON Schema and the reader must refuse, one change to the solar quote each.
fn structural_mutations() -> Vec<(String, Value)> {
    let mut mutations = Vec::new();
    let mut change = |pointer: &str, value: Value| {
        let mut document = solar();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Object(members) => drop(members.insert(key.to_owned(), value.clone())),
            Value::Array(elements) => elements[key.parse::<usize>().unwrap()] = value.clone(),
            other => panic!("{pointer} is in {other}"),
        }
        let shown: String = value.to_string().chars().take(40).collect();
        mutations.push((format!("{pointer} = {shown}"), document));
    };
    for text in
        ["/companyId", "/quote/id", "/quote/number", "/company/name", "/customer/name", "/items/0/name", "/seller/name"]
    {
        for value in [json!(null), json!(7), json!(""), json!("   "), json!("x".repeat(501)), json!({}), json!([])] {
            change(text, value);
        }
    }
    for id in ["a/b", "a b", ".a", "ñ", "a%", "..", &"x".repeat(129)] {
        change("/companyId", json!(id));
        change("/organizationId", json!(id));
    }
    for text in [
        "/organizationId",
        "/quote/title",
        "/quote/notes",
        "/paymentTerms",
        "/deliveryTerms",
        "/company/taxId",
        "/company/phone",
        "/company/whatsapp",
        "/company/email",
        "/company/website",
        "/company/address",
        "/customer/contactName",
        "/customer/taxId",
        "/customer/email",
        "/customer/address",
        "/seller/role",
        "/seller/phone",
        "/seller/email",
        "/items/0/description",
        "/items/0/unit",
    ] {
        change(text, json!(7));
        change(text, json!([]));
        change(text, json!("x".repeat(5_001)));
    }
    for amount in [
        "/items/0/quantity",
        "/items/0/unitPrice",
        "/items/0/discount",
        "/items/0/total",
        "/totals/subtotal",
        "/totals/discount",
        "/totals/shipping",
        "/totals/total",
        "/totals/taxes/0/rate",
        "/totals/taxes/0/amount",
    ] {
        for value in [
            json!(true),
            json!(""),
            json!("1,5"),
            json!("1e3"),
            json!("+1"),
            json!(" 1"),
            json!(".5"),
            json!("5."),
            json!("0.1234567"),
            json!("1234567890123456789"),
            json!(1e18),
            json!({}),
            json!("$5"),
            json!("٣"),
        ] {
            change(amount, value);
        }
    }
    change("/totals/total", json!(null));
    change("/totals/taxes/0/amount", json!(null));
    for date in ["/quote/issuedAt", "/quote/validUntil"] {
        for value in [
            json!(20_261_120),
            json!(""),
            json!("20/11/2026"),
            json!("2026-11-20T10:00:00Z"),
            json!("2026-13-01"),
            json!("2026-11-32"),
            json!("1899-01-01"),
        ] {
            change(date, value);
        }
    }
    for value in [json!(0), json!(2), json!("1"), json!(null), json!(1.5), json!(true)] {
        change("/schemaVersion", value);
    }
    for value in [json!("issued"), json!(""), json!(1), json!(null), json!("PAID")] {
        change("/quote/status", value);
    }
    for value in [json!("clp"), json!("XXX"), json!(""), json!(null), json!(152)] {
        change("/currency", value);
    }
    for value in [json!("es_CL"), json!(""), json!("e"), json!(null), json!("español"), json!("x".repeat(60))] {
        change("/locale", value);
    }
    for value in [json!("navy"), json!("#FFF"), json!("#0B1F3A80"), json!(1), json!("0B1F3A"), json!("#GGGGGG")] {
        change("/company/brand/primary", value);
    }
    for value in [
        json!("example.com"),
        json!("ftp://a.example"),
        json!("//a.example"),
        json!(1),
        json!("javascript:alert(1)"),
        json!("https://"),
    ] {
        change("/quote/acceptUrl", value);
    }
    for asset in ["/company/logo", "/seller/photo", "/items/0/image"] {
        for value in [
            json!("logo.png"),
            json!({}),
            json!({ "uri": "x" }),
            json!({ "key": "a", "url": "https://a.example" }),
            json!({ "url": "a.png" }),
            json!({ "url": null }),
            json!({ "key": "" }),
            json!({ "file": " " }),
            json!({ "data": "data:image/png,abc" }),
            json!({ "data": "data:image/png;base64,a b" }),
            json!({ "data": "iVBORw0KGgo=" }),
            json!({ "url": format!("https://a.example/{}", "x".repeat(2_048)) }),
        ] {
            change(asset, value);
        }
    }
    let line = solar()["items"][0].clone();
    for value in [json!([]), json!({}), json!(null), json!([7]), json!(vec![line; 501])] {
        change("/items", value);
    }
    let tax = json!({ "name": "IVA", "amount": "0" });
    for value in [json!({}), json!("19 %"), json!([{}]), json!(vec![tax; 21])] {
        change("/totals/taxes", value);
    }
    for object in [
        "",
        "/quote",
        "/company",
        "/company/brand",
        "/company/logo",
        "/customer",
        "/seller",
        "/items/0",
        "/totals",
        "/totals/taxes/0",
    ] {
        change(&format!("{object}/surprise"), json!("x"));
        if !object.is_empty() && object != "/seller" && object != "/company/brand" && object != "/company/logo" {
            change(object, json!(null));
        }
        if !object.is_empty() {
            change(object, json!([]));
        }
    }
    for required in [
        "/schemaVersion",
        "/companyId",
        "/locale",
        "/currency",
        "/quote",
        "/quote/id",
        "/quote/number",
        "/quote/status",
        "/quote/issuedAt",
        "/company",
        "/company/name",
        "/customer",
        "/customer/name",
        "/items",
        "/items/0/name",
        "/totals",
        "/totals/total",
        "/totals/taxes/0/name",
        "/totals/taxes/0/amount",
        "/seller/name",
    ] {
        let mut document = solar();
        let (parent, key) = required.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key).unwrap();
        mutations.push((format!("without {required}"), document));
    }
    mutations
}

#[test]
fn the_json_schema_and_the_reader_agree() {
    let schema = schema();
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (name, bytes) in fixtures("quotes") {
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&document).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
    let mutations = structural_mutations();
    assert!(mutations.len() > 350, "{}", mutations.len());
    for (change, document) in mutations {
        assert!(!validator.is_valid(&document), "the schema accepts {change}");
        let refused = parse_with(document.to_string().as_bytes(), FILES).is_err();
        assert!(refused, "the reader accepts {change}");
    }
}

#[test]
fn what_the_schema_may_hold_in_addition_to_the_solar_quote() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (pointer, value) in [
        ("/quote/id", json!("Angebot 118/2026")),
        ("/quote/id", json!("№ 7 – ñandú ".repeat(16))),
        ("/companyId", json!(" cmp.01:a-B_ ")),
        ("/organizationId", json!("")),
        ("/items/0/quantity", json!(12)),
        ("/items/0/description", json!("línea 1\nlínea 2")),
        ("/company/logo", json!({ "data": "data:image/png;base64,iVBORw0KGgo=" })),
        ("/company/logo", json!({ "url": "HTTPS://cdn.example/logo.png" })),
        ("/company/logo", json!(null)),
        ("/company/website", json!("https://solnorte.example/x")),
        ("/quote/validUntil", json!(null)),
        ("/quote/acceptUrl", json!("")),
        ("/company/brand/accent", json!(null)),
        ("/company/brand/primary", json!(" #0b1f3a ")),
        ("/seller", json!(null)),
        ("/quote/status", json!("CANCELLED")),
        ("/schemaVersion", json!(1.0)),
    ] {
        let mut document = solar();
        *document.pointer_mut(pointer).unwrap() = value.clone();
        assert!(validator.is_valid(&document), "the schema refuses {pointer} = {value}");
        let read = parse_with(document.to_string().as_bytes(), FILES);
        assert!(read.is_ok(), "the reader refuses {pointer} = {value}:\n{}", read.unwrap_err());
    }
}

#[test]
fn an_editor_s_schema_may_be_named_and_its_formats_are_known() {
    let schema = schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut document = solar();
    document["$schema"] = json!("./snapshot.schema.json");
    assert!(validator.is_valid(&document));
    assert_eq!(parse_with(document.to_string().as_bytes(), FILES).unwrap().snapshot.company_id, "cmp_solar");
    document["$schema"] = json!(7);
    assert!(!validator.is_valid(&document));
    let problems = parse_with(document.to_string().as_bytes(), FILES).unwrap_err();
    assert_eq!(problems.iter().next().map(|problem| problem.pointer.as_str()), Some("/$schema"));
    for schema in [schema, quotereel::template::schema()] {
        let text = schema.to_string();
        for format in ["uint8", "uint16", "uint32", "uint64", "uint", "int32", "int64", "float", "double"] {
            assert!(!text.contains(&format!("\"format\":\"{format}\"")), "no validator knows {format}");
        }
    }
}

#[test]
fn a_picture_that_is_a_bare_string_gets_a_hint() {
    for (text, options, hint) in [
        ("logo.png", FILES, "did you mean { \"file\": \"logo.png\" }?"),
        ("https://a.example/l.png", FILES, "did you mean { \"url\": \"https://a.example/l.png\" }?"),
        ("logo.png", ParseOptions::default(), "a picture is an object such as { \"url\": \"https://…\" }"),
    ] {
        let mut document = solar();
        document["company"]["logo"] = json!(text);
        let problems = parse_with(document.to_string().as_bytes(), options).unwrap_err();
        let about_logo = problems.iter().find(|problem| problem.pointer == "/company/logo").expect("a problem");
        assert_eq!((about_logo.code, about_logo.hint.as_deref()), ("wrong_type", Some(hint)));
    }
}

#[test]
fn errors_are_listed_behind_any_number_of_warnings() {
    let mut document = solar();
    let line = json!({ "name": "x", "quantity": "1", "unitPrice": "0.5", "discount": "0.25", "total": "0.25" });
    document["items"] = json!(vec![line; 500]);
    document["totals"] = json!({ "subtotal": "125", "total": "9000" });
    let found = codes(&document);
    assert_eq!(found.iter().filter(|code| **code == "excess_decimals").count(), 500);
    assert_eq!(found.last(), Some(&"total_mismatch"));
}

proptest! {
    #[test]
    fn damaged_documents_are_refused_or_read_but_never_a_panic(
        places in prop::collection::vec((0.0f64..1.0, prop::sample::select(b"{}[]\",:0-.eE\\ntu\xff\xe2".to_vec())), 1..6),
        cut in prop::option::of(0.0f64..1.0),
    ) {
        let mut bytes = solar().to_string().into_bytes();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a small length")]
        let at = |share: f64, length: usize| (share * length as f64) as usize;
        for (share, byte) in places {
            let index = at(share, bytes.len());
            bytes[index] = byte;
        }
        if let Some(share) = cut {
            bytes.truncate(at(share, bytes.len()));
        }
        if let Err(problems) = parse_with(&bytes, FILES) {
            prop_assert!(problems.has_errors());
        }
    }
}
