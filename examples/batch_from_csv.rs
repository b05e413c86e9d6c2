//! Makes a video for each line of a CSV file: customer, item, quantity, unit price in whole pesos. One bad line stops no
//! other; each problem is printed with its JSON pointer.
//!
//! cargo run --release --example batch_from_csv -- examples/customers.csv videos

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use quotereel::Quote;
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let list = arguments.next().unwrap_or_else(|| "examples/customers.csv".into());
    let folder = arguments.next().unwrap_or_else(|| "videos".into());
    fs::create_dir_all(&folder)?;

    let lines = fs::read_to_string(list)?;
    let mut failed = 0;
    for (number, line) in lines.lines().enumerate().skip(1) {
        let outcome = quote_of(number, line).and_then(|quote| {
            let output = folder.join(format!("quote-{number}.mp4"));
            quote.prepare()?.write_mp4(&output, &())?;
            Ok(output)
        });
        match outcome {
            Ok(output) => eprintln!("{}", output.display()),
            Err(error) => {
                failed += 1;
                eprintln!("line {}: {error}", number + 1);
            }
        }
    }
    if failed == 0 { Ok(()) } else { Err(format!("{failed} lines made no video").into()) }
}

/// The quote of one line.
fn quote_of(number: usize, line: &str) -> Result<Quote, Box<dyn Error>> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [customer, item, quantity, price] = fields.as_slice() else {
        return Err(format!("{} fields, expected customer, item, quantity, price", fields.len()).into());
    };
    let (quantity, price): (u64, u64) = (quantity.parse()?, price.parse()?);
    let total = (quantity * price).to_string();
    let quote = json!({
        "schemaVersion": 1,
        "companyId": "cmp_1",
        "locale": "es-CL",
        "currency": "CLP",
        "quote": { "id": format!("q-{number}"), "number": number.to_string(), "status": "ISSUED", "issuedAt": "2026-12-01" },
        "company": { "name": "Frutas del Valle" },
        "customer": { "name": customer },
        "items": [{ "name": item, "quantity": quantity.to_string(), "unitPrice": price.to_string(), "total": total }],
        "totals": { "total": total },
    });
    Ok(Quote::from_json(quote.to_string()))
}
