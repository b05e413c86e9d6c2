//! Quotes for tests: one good one, and ways to spoil it.

use serde_json::{Value, json};

/// A valid quote with nothing optional, no assets and one line.
pub(crate) fn good() -> Value {
    json!({
        "schemaVersion": 1,
        "companyId": "cmp_01",
        "locale": "es-CL",
        "currency": "CLP",
        "quote": { "id": "q_01", "number": "COT-1", "status": "ISSUED", "issuedAt": "2026-11-20" },
        "company": { "name": "Solar del Sur" },
        "customer": { "name": "Viña Los Robles" },
        "items": [{ "name": "Panel", "quantity": "2", "unitPrice": "1000", "total": "2000" }],
        "totals": { "total": "2000" }
    })
}

/// The good quote with `value` at `pointer`; the parent must be there.
pub(crate) fn with(pointer: &str, value: Value) -> String {
    let mut quote = good();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    match quote.pointer_mut(parent).expect("a parent") {
        Value::Object(fields) => drop(fields.insert(key.to_owned(), value)),
        Value::Array(elements) => elements[key.parse::<usize>().expect("an index")] = value,
        other => panic!("{other} has no members"),
    }
    quote.to_string()
}
