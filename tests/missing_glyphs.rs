//! Characters that no font has are reported for the field that a text was read from, also where fields hold the same words.

use quotereel::Quote;
use serde_json::{Value, json};

/// A name with a cuneiform sign, which no bundled font has.
const NAME: &str = "Ana \u{12000} Li";

fn quote() -> Value {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/warnings/missing_glyph.json"));
    serde_json::from_str(&text.expect("a fixture")).expect("JSON")
}

/// The fields of which characters are missing in a video of `quote` by `template`, in the order of the warnings.
fn fields(quote: &Value, template: &str) -> Vec<String> {
    let video = Quote::from_json(quote.to_string()).template(template).prepare().expect("a video");
    let missing = video.warnings().iter().filter(|problem| problem.code == "missing_glyph");
    missing.map(|problem| problem.pointer.clone()).collect()
}

#[test]
fn each_field_is_named_even_if_others_hold_the_same_words() {
    let mut quote = quote();
    for template in ["quote-summary", "quote-classic", "quote-compact", "quote-showcase"] {
        assert_eq!(fields(&quote, template), ["/customer/name"], "{template}");
    }
    quote["items"][0]["name"] = json!(NAME);
    quote["items"][1]["name"] = json!(NAME);
    for template in ["quote-summary", "quote-classic", "quote-compact", "quote-showcase"] {
        let mut found = fields(&quote, template);
        found.sort();
        assert_eq!(found, ["/customer/name", "/items/0/name", "/items/1/name"], "{template}");
    }
}

#[test]
fn terms_and_notes_are_named_too() {
    let mut quote = quote();
    quote["customer"]["name"] = json!("Ana");
    quote["paymentTerms"] = json!(format!("30 days, {NAME}"));
    quote["quote"]["notes"] = json!(format!("Thanks, {NAME}"));
    let found = fields(&quote, "quote-classic");
    assert!(found.contains(&"/paymentTerms".to_owned()), "{found:?}");
    assert!(found.iter().all(|pointer| !pointer.is_empty()), "{found:?}");
}
