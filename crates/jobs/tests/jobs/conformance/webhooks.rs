//! The outbox: every end of a job is announced, at least once, to a company that wants to hear it.

use std::sync::Arc;
use std::time::Duration;

use quotereel_jobs::job::TenantScope;
use quotereel_jobs::queue::{Held, QueueError, WebhookAttempt, WebhookDelivery, WebhookEndpoint};
use serde_json::Value;

use crate::rig::{Rig, broken, company, output};

const LEASE: Duration = Duration::from_secs(60);

fn endpoint(url: &str) -> WebhookEndpoint {
    WebhookEndpoint { url: url.to_owned(), secret: vec![7; 32] }
}

async fn listening(rig: &Rig, id: &str) -> TenantScope {
    let scope = company(id);
    let url = format!("https://{id}.example.com/hook");
    rig.store.set_webhook(&scope, &endpoint(&url)).await.expect("it is set");
    scope
}

async fn due(rig: &Rig, lease: Duration) -> Vec<WebhookDelivery> {
    rig.store.claim_webhooks(100, lease).await.expect("it answers")
}

async fn one(rig: &Rig, lease: Duration) -> WebhookDelivery {
    let mut deliveries = due(rig, lease).await;
    assert_eq!(deliveries.len(), 1);
    deliveries.remove(0)
}

async fn attempted(rig: &Rig, delivery: &WebhookDelivery, attempt: WebhookAttempt) -> Held {
    rig.store.webhook_attempted(delivery.id, delivery.epoch, &attempt).await.expect("it answers")
}

pub(crate) async fn no_endpoint_no_delivery(rig: Arc<Rig>) {
    rig.succeeded(&company("cmp-1"), "q-1").await;
    rig.failed(&company("cmp-1"), "q-2").await;
    listening(&rig, "cmp-1").await;
    assert_eq!(due(&rig, LEASE).await, [], "what ended before is not announced");
    let short = WebhookEndpoint { secret: vec![7; 23], ..endpoint("https://example.com") };
    let refused = rig.store.set_webhook(&company("cmp-2"), &short).await;
    assert!(matches!(refused, Err(QueueError::Constraint { .. })), "{refused:?}");
}

pub(crate) async fn every_end_is_announced(rig: Arc<Rig>) {
    let scope = listening(&rig, "cmp-1").await;
    let succeeded = rig.succeeded(&scope, "q-1").await;
    let failed = rig.failed(&scope, "q-2").await;
    let called_off = rig.enqueue(&scope, "q-3").await;
    rig.store.request_cancel(&scope, called_off.id).await.expect("it answers");
    let stopped = rig.running(&scope, "q-4", "w").await;
    let _ = rig.store.stopped(&stopped.lease).await.expect("it answers");
    let given_back = rig.running(&scope, "q-5", "w").await;
    rig.store.request_cancel(&scope, given_back.job.id).await.expect("it answers");
    let _ = rig.store.release(&given_back.lease, "shutdown", Duration::ZERO, None).await.expect("it answers");
    let dead = rig.running(&scope, "q-6", "w").await;
    rig.lapse(dead.job.id).await;
    rig.store.expire(10, 0).await.expect("it answers");
    let key = succeeded.output.clone().expect("it has one").output_key;
    rig.store.output_lost(&scope, succeeded.id, &key).await.expect("it answers");
    let mut recorded = Vec::new();
    let mut all = Vec::new();
    loop {
        let batch = due(&rig, LEASE).await;
        assert!(batch.len() <= 2, "one company has no more of a batch");
        if batch.is_empty() {
            break;
        }
        all.extend(batch);
    }
    for delivery in all {
        assert_eq!((&delivery.scope, delivery.attempts), (&scope, 0));
        assert_eq!(delivery.endpoint, endpoint("https://cmp-1.example.com/hook"));
        assert!(delivery.payload.len() < 20_000 && !delivery.payload.contains("http"), "{}", delivery.payload);
        let payload: Value = serde_json::from_str(&delivery.payload).expect("JSON");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        assert!(payload["timestamp"].as_str().is_some_and(|time| time.contains('T')), "{payload}");
        let data = &payload["data"];
        assert_eq!(text(&data["companyId"]), "cmp-1");
        assert!(text(&data["entityId"]).starts_with("q-"));
        let code = data["errorCode"].as_str().map(str::to_owned);
        assert_eq!(data["errorMessage"].is_string(), code.is_some(), "{payload}");
        let status = text(&data["status"]);
        assert_eq!(text(&payload["type"]), format!("VIDEO_RENDER_{}", status.to_uppercase()));
        recorded.push((text(&data["jobId"]), status, code));
    }
    recorded.sort();
    let expect = |id: quotereel_jobs::job::JobId, status: &str, code: Option<&str>| {
        (id.to_string(), status.to_owned(), code.map(str::to_owned))
    };
    let mut expected = vec![
        expect(succeeded.id, "succeeded", None),
        expect(failed.id, "failed", Some("render_failed")),
        expect(called_off.id, "cancelled", None),
        expect(stopped.job.id, "cancelled", None),
        expect(given_back.job.id, "cancelled", None),
        expect(dead.job.id, "failed", Some("worker_lost")),
        expect(succeeded.id, "failed", Some("output_lost")),
    ];
    expected.sort();
    assert_eq!(recorded, expected);
}

pub(crate) async fn a_delivery_is_leased(rig: Arc<Rig>) {
    let scope = listening(&rig, "cmp-1").await;
    rig.succeeded(&scope, "q-1").await;
    let first = one(&rig, Duration::ZERO).await;
    let second = one(&rig, LEASE).await;
    assert_eq!((first.id, &first.payload), (second.id, &second.payload), "the same over all tries");
    assert!(second.epoch > first.epoch);
    assert_eq!(due(&rig, LEASE).await, [], "it is being delivered");
    assert_eq!(attempted(&rig, &first, WebhookAttempt::Delivered).await, Held::Lost);
    assert_eq!(attempted(&rig, &second, WebhookAttempt::Delivered).await, Held::Yes);
    assert_eq!(attempted(&rig, &second, WebhookAttempt::Delivered).await, Held::Lost);
    assert_eq!(due(&rig, LEASE).await, []);
    for number in 0..3 {
        rig.failed(&scope, &format!("q-failed-{number}")).await;
    }
    assert_eq!(rig.store.claim_webhooks(2, LEASE).await.expect("it answers").len(), 2);
    assert_eq!(rig.store.claim_webhooks(2, LEASE).await.expect("it answers").len(), 1);
}

pub(crate) async fn a_delivery_comes_again_until_given_up(rig: Arc<Rig>) {
    let scope = listening(&rig, "cmp-1").await;
    rig.failed(&scope, "q-1").await;
    for tries in 0..3 {
        let delivery = one(&rig, LEASE).await;
        assert_eq!(delivery.attempts, tries);
        let again = WebhookAttempt::Again(Duration::ZERO, "503".to_owned());
        assert_eq!(attempted(&rig, &delivery, again).await, Held::Yes);
    }
    let delivery = one(&rig, LEASE).await;
    let later = WebhookAttempt::Again(Duration::from_secs(3_600), "503".to_owned());
    assert_eq!(attempted(&rig, &delivery, later).await, Held::Yes);
    assert_eq!(due(&rig, LEASE).await, [], "not before its time");
    assert_eq!(rig.store.stats().await.expect("it answers").webhooks_pending, 1);
    rig.failed(&scope, "q-2").await;
    let delivery = one(&rig, LEASE).await;
    assert_eq!(attempted(&rig, &delivery, WebhookAttempt::GivenUp("404".to_owned())).await, Held::Yes);
    assert_eq!(rig.store.stats().await.expect("it answers").webhooks_pending, 1);
    assert_eq!(due(&rig, Duration::ZERO).await, []);
}

pub(crate) async fn gone_switches_the_endpoint_off(rig: Arc<Rig>) {
    let scope = listening(&rig, "cmp-1").await;
    rig.failed(&scope, "q-1").await;
    rig.failed(&scope, "q-2").await;
    let deliveries = due(&rig, Duration::ZERO).await;
    assert_eq!(deliveries.len(), 2);
    assert_eq!(attempted(&rig, &deliveries[0], WebhookAttempt::Gone).await, Held::Yes);
    assert_eq!(due(&rig, Duration::ZERO).await, [], "nor does it get the other");
    assert_eq!(rig.number("select count(*) from webhook_deliveries where status = 'given_up'").await, 2);
    rig.failed(&scope, "q-3").await;
    assert_eq!(due(&rig, Duration::ZERO).await, []);
    listening(&rig, "cmp-1").await;
    let failed = rig.failed(&scope, "q-4").await;
    let deliveries = due(&rig, LEASE).await;
    assert!(deliveries.iter().any(|delivery| delivery.payload.contains(&failed.id.to_string())), "it is on again");
}

pub(crate) async fn a_removed_endpoint_gets_nothing(rig: Arc<Rig>) {
    let scope = listening(&rig, "cmp-1").await;
    rig.failed(&scope, "q-1").await;
    rig.store.set_webhook(&scope, &endpoint("")).await.expect("it is removed");
    assert_eq!(due(&rig, LEASE).await, []);
    rig.failed(&scope, "q-2").await;
    assert_eq!(due(&rig, LEASE).await, []);
    rig.store.set_webhook(&scope, &endpoint("")).await.expect("nothing is there to remove");
}

pub(crate) async fn endpoints_are_each_companys_own(rig: Arc<Rig>) {
    let (first, second) = (listening(&rig, "cmp-1").await, listening(&rig, "cmp-2").await);
    let claimed = rig.running(&first, "q-1", "w").await;
    let _ = rig.store.succeed(&claimed.lease, &output(&claimed.lease)).await.expect("it answers");
    let claimed = rig.running(&second, "q-1", "w").await;
    let _ = rig.store.fail(&claimed.lease, &broken(), "No.").await.expect("it answers");
    for delivery in due(&rig, LEASE).await {
        let company = delivery.scope.company_id();
        assert_eq!(delivery.endpoint.url, format!("https://{company}.example.com/hook"));
        assert!(delivery.payload.contains(company));
    }
    // The second's own endpoint may change without the first's.
    rig.store.set_webhook(&second, &endpoint("")).await.expect("it is removed");
    rig.failed(&first, "q-2").await;
    assert_eq!(due(&rig, LEASE).await.len(), 1);
}

pub(crate) async fn one_company_does_not_fill_a_batch(rig: Arc<Rig>) {
    let (many, few) = (listening(&rig, "cmp-many").await, listening(&rig, "cmp-few").await);
    for number in 0..5 {
        rig.failed(&many, &format!("q-{number}")).await;
    }
    rig.failed(&few, "q-1").await;
    let batch = rig.store.claim_webhooks(3, LEASE).await.expect("it answers");
    let mut companies: Vec<_> = batch.iter().map(|delivery| delivery.scope.company_id()).collect();
    companies.sort_unstable();
    assert_eq!(companies, ["cmp-few", "cmp-many", "cmp-many"]);
}
