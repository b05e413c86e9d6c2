//! `render webhook`: the address of a company's webhooks, and the secret that signs them.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::args::WebhookTask;
use super::open;
use crate::cli::failure::{Failure, unreadable};
use crate::cli::reporter::Reporter;
use quotereel::pictures::check_address;
use quotereel_jobs::queue::WebhookEndpoint;

/// Prefix of a secret in text, from Standard Webhooks.
const SECRET_PREFIX: &str = "whsec_";
/// Length of a secret, in bytes, from Standard Webhooks.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// Length of a generated secret, in bytes.
const NEW_SECRET_BYTES: usize = 32;

/// Sets or removes the address.
///
/// # Errors
/// [`Failure::Usage`] for an address or a secret that cannot be used, [`Failure::System`] for the database.
pub(super) fn run(task: &WebhookTask, reporter: Reporter) -> Result<(), Failure> {
    let scope = open::scope(&task.tenant)?;
    let off = task.url == "off";
    let (secret, made) = match &task.secret_file {
        _ if off => (Vec::new(), None),
        None => {
            let secret: [u8; NEW_SECRET_BYTES] = rand::random();
            (secret.to_vec(), Some(format!("{SECRET_PREFIX}{}", STANDARD.encode(secret))))
        }
        Some(file) => {
            let text = fs::read_to_string(file).map_err(|error| unreadable("the secret", file, error))?;
            (read_secret(text.trim())?, None)
        }
    };
    if !off {
        // Workers may be set to allow private addresses; they check again.
        let url =
            check_address(&task.url, true).map_err(|reason| Failure::Usage(format!("webhook address: {reason}")))?;
        tracing::debug!(host = url.host_str(), "the address is valid");
    }
    let endpoint = WebhookEndpoint { url: if off { String::new() } else { task.url.clone() }, secret };
    open::runtime()?.block_on(async {
        let store = open::store(&task.database).await?;
        Ok::<_, Failure>(store.set_webhook(&scope, &endpoint).await.map_err(anyhow::Error::from)?)
    })?;
    let lines = match (&made, off) {
        (_, true) => "webhooks are off\n".to_owned(),
        (Some(secret), _) => format!("webhooks go to {}\nsecret  {secret}\n", task.url),
        (None, _) => format!("webhooks go to {}\n", task.url),
    };
    reporter.result(true, &lines, json!({ "url": (!off).then_some(&task.url), "secret": made }))
}

fn read_secret(text: &str) -> Result<Vec<u8>, Failure> {
    let secret = text.strip_prefix(SECRET_PREFIX).and_then(|text| STANDARD.decode(text).ok());
    secret.filter(|secret| SECRET_BYTES.contains(&secret.len())).ok_or_else(|| {
        Failure::Usage("--secret-file must contain `whsec_` and the base64 of 24 to 64 bytes".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_a_prefix_and_a_length() {
        let text = |bytes: usize| format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
        assert_eq!(read_secret(&text(24)).expect("a secret").len(), 24);
        for wrong in [text(23), text(65), "whsec_???".to_owned(), STANDARD.encode([7; 32])] {
            assert!(read_secret(&wrong).is_err(), "{wrong}");
        }
    }
}
