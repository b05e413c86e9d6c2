//! Delivers webhooks from the outbox that the rows' transactions fill: signed after Standard Webhooks
//! (<https://www.standardwebhooks.com>), at least once, the same id over all tries.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::{Client, StatusCode, header};
use sha2::Sha256;

use super::super::context::Context;
use super::outcome::TaskOutcome;
use crate::observe::metrics::WebhookOutcome;
use crate::queue::{Held, WebhookAttempt, WebhookDelivery};
use quotereel::pictures::{Policy, check_address, guarded_client};

/// Deliveries in one batch.
const BATCH: u32 = 20;
/// How long a receiver may take to answer.
const LIMIT: Duration = Duration::from_secs(15);
/// How long a delivery is leased to this worker: more than a batch takes, one after the other.
const LEASE: Duration = Duration::from_secs(20 * 20);
/// Pauses before the second and every further try, as Standard Webhooks proposes; after the last it is given up.
const PAUSES_S: [u64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// Sends the deliveries that are due.
pub(super) async fn deliver(context: &Context) -> TaskOutcome {
    let mut done = TaskOutcome::default();
    let due = match context.database.claim_webhooks(BATCH, LEASE).await {
        Ok(due) => due,
        Err(error) => {
            context.metrics.store_error();
            return TaskOutcome::failed(error);
        }
    };
    if due.is_empty() {
        return done;
    }
    let policy = Policy { allow_private_network: context.settings.allow_private_network, ..Policy::default() };
    let client = match guarded_client(&policy) {
        Ok(client) => client,
        Err(error) => return TaskOutcome::failed(error),
    };
    for delivery in due {
        let attempt = send(&client, &delivery, policy.allow_private_network).await;
        let (outcome, reason) = match &attempt {
            WebhookAttempt::Delivered => (WebhookOutcome::Delivered, None),
            WebhookAttempt::Again(_, reason) => (WebhookOutcome::Again, Some(reason)),
            WebhookAttempt::GivenUp(reason) => (WebhookOutcome::GivenUp, Some(reason)),
            WebhookAttempt::Gone => (WebhookOutcome::Gone, None),
        };
        context.metrics.webhook(outcome);
        if outcome != WebhookOutcome::Delivered {
            tracing::warn!(
                event = "WEBHOOK", delivery = %delivery.id, companyId = delivery.scope.company_id(),
                attempt = delivery.attempts + 1, outcome = outcome.as_str(), error = reason, "a webhook was not taken"
            );
        }
        match context.database.webhook_attempted(delivery.id, delivery.epoch, &attempt).await {
            Ok(Held::Yes) => done.corrected += 1,
            Ok(Held::Lost) => {}
            Err(error) => {
                context.metrics.store_error();
                done.add_error(error);
            }
        }
    }
    done
}

async fn send(client: &Client, delivery: &WebhookDelivery, allow_private: bool) -> WebhookAttempt {
    let url = match check_address(&delivery.endpoint.url, allow_private) {
        Ok(url) if url.scheme() == "https" || allow_private => url,
        Ok(_) => return WebhookAttempt::GivenUp("the address is not https".to_owned()),
        Err(reason) => return WebhookAttempt::GivenUp(reason),
    };
    // Before 1970 no receiver would take it anyway.
    let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let id = delivery.id.to_string();
    let signature = sign(&delivery.endpoint.secret, &id, timestamp, &delivery.payload);
    let request = client
        .post(url)
        .timeout(LIMIT)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", &id)
        .header("webhook-timestamp", timestamp)
        .header("webhook-signature", signature)
        .body(delivery.payload.clone());
    match request.send().await {
        Ok(response) => verdict(response.status(), delivery.attempts),
        Err(error) => again(delivery.attempts, reason_of(&error.without_url())),
    }
}

fn reason_of(error: &reqwest::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(deeper) = innermost.source() {
        innermost = deeper;
    }
    innermost.to_string().chars().take(200).collect()
}

/// What an answer means. The body is not read.
fn verdict(status: StatusCode, attempts: u32) -> WebhookAttempt {
    match status {
        StatusCode::GONE => WebhookAttempt::Gone,
        status if status.is_success() => WebhookAttempt::Delivered,
        status => again(attempts, format!("status {}", status.as_u16())),
    }
}

/// Another try, or the end. The pauses vary by a fifth, so that a receiver that was down is not flooded when it is back.
fn again(attempts: u32, reason: String) -> WebhookAttempt {
    match PAUSES_S.get(attempts as usize) {
        Some(pause) => {
            let pause = Duration::from_secs(*pause).mul_f64(0.9 + 0.2 * rand::random::<f64>());
            WebhookAttempt::Again(pause, reason)
        }
        None => WebhookAttempt::GivenUp(reason),
    }
}

/// The signature header: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`.
fn sign(secret: &[u8], id: &str, timestamp: u64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of every length");
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the specification's reference implementations.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("base64");
        let signed = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn tries_end_and_success_and_gone_end_them_at_once() {
        assert_eq!(verdict(StatusCode::NO_CONTENT, 0), WebhookAttempt::Delivered);
        assert_eq!(verdict(StatusCode::GONE, 0), WebhookAttempt::Gone);
        for status in [StatusCode::FOUND, StatusCode::BAD_REQUEST, StatusCode::BAD_GATEWAY] {
            assert!(matches!(verdict(status, 0), WebhookAttempt::Again(pause, _) if pause.as_millis() >= 4500));
        }
        let tries = (0..).take_while(|attempts| matches!(again(*attempts, String::new()), WebhookAttempt::Again(..)));
        assert_eq!(tries.count(), PAUSES_S.len());
    }
}
