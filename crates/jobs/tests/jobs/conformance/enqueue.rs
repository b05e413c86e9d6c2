//! Enqueueing: what is new, what is found, what is refused.

use std::sync::Arc;
use std::time::Duration;

use quotereel_jobs::job::{LeaseEpoch, NewJob, Stage, Status, TenantScope};
use quotereel_jobs::queue::{EnqueueError, EnqueueRules, Enqueued, Held, JobFilter, TemplateVersion};

use crate::rig::{Rig, company, output, quote, rules, snapshot};

fn keyed(entity: &str, key: &str) -> NewJob {
    NewJob { idempotency_key: Some(key.to_owned()), ..quote(entity) }
}

async fn register(rig: &Rig, version: &str) {
    let versions = [TemplateVersion { template: "quote-summary".to_owned(), render_version: version.to_owned() }];
    rig.store.register_templates(&versions).await.expect("versions are taken");
}

pub(crate) async fn a_new_job_is_as_it_was_asked_for(rig: Arc<Rig>) {
    let scope = TenantScope::new(Some("org-1"), "cmp-1").expect("legal ids");
    let asked = keyed("q-1", "key-1");
    let Enqueued::New(job) = rig.store.enqueue(&scope, &asked, &rules()).await.expect("it is taken") else {
        panic!("it is new");
    };
    assert_eq!(job.scope, scope);
    assert_eq!((job.entity_type.as_str(), job.entity_id.as_str()), ("QUOTE", "q-1"));
    assert_eq!((job.template.as_str(), snapshot(&job)), ("quote-summary", asked.input.clone()));
    assert_eq!((job.idempotency_key.as_deref(), job.created_by_id.as_deref()), (Some("key-1"), Some("user-1")));
    assert_eq!(job.snapshot_hash.len(), 64);
    assert!(job.snapshot_hash.bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!((job.status, job.stage, job.progress), (Status::Queued, Stage::Render, 0));
    assert_eq!((job.attempts, job.render_attempts, job.upload_attempts, job.rescue_count), (0, 0, 0, 0));
    assert_eq!((job.lease_epoch, &job.worker_id, job.lease_expires_at), (LeaseEpoch(0), &None, None));
    assert_eq!((job.retry_of, job.output.clone(), job.error_code.clone()), (None, None, None));
    assert_eq!((job.started_at, job.finished_at), (None, None));
    assert!(job.run_after <= job.created_at, "it may be claimed at once");
    assert_eq!(rig.row(&scope, job.id).await, job, "what was told is what is kept");
}

pub(crate) async fn the_same_key_finds_the_same_job(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let limits = EnqueueRules { max_queued: 1, ..EnqueueRules::default() };
    let first = rig.store.enqueue(&scope, &keyed("q-1", "k"), &limits).await.expect("it is taken");
    let second = rig.store.enqueue(&scope, &keyed("q-1", "k"), &limits).await.expect("no cooldown, no limit counts");
    assert_eq!(second, Enqueued::Existing(first.job().clone()));
    let claimed = rig.claim("w").await.expect("it waits");
    let _ = rig.store.succeed(&claimed.lease, &output(&claimed.lease)).await.expect("it ends");
    let third = rig.store.enqueue(&scope, &keyed("q-1", "k"), &limits).await.expect("it is found");
    assert!(matches!(&third, Enqueued::Existing(job) if job.id == first.job().id && job.status == Status::Succeeded));
}

pub(crate) async fn a_key_is_not_for_another_request(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.store.enqueue(&scope, &keyed("q-1", "k"), &rules()).await.expect("it is taken");
    let other_snapshot = NewJob { input: serde_json::json!({ "locale": "es-CL" }), ..keyed("q-1", "k") };
    let other_template = NewJob { template: "quote-premium".to_owned(), ..keyed("q-1", "k") };
    for other in [keyed("q-2", "k"), other_snapshot, other_template] {
        let refused = rig.store.enqueue(&scope, &other, &rules()).await;
        assert!(matches!(&refused, Err(EnqueueError::KeyReused { key }) if key == "k"), "{refused:?}");
    }
    assert_eq!(rig.number("select count(*) from video_render_jobs").await, 1);
}

pub(crate) async fn keys_are_each_companys_own(rig: Arc<Rig>) {
    for (id, entity) in [("cmp-1", "q-1"), ("cmp-2", "q-2")] {
        let taken = rig.store.enqueue(&company(id), &keyed(entity, "k"), &rules()).await.expect("it is taken");
        assert!(matches!(taken, Enqueued::New(_)), "{taken:?}");
    }
}

pub(crate) async fn an_active_job_of_the_same_snapshot_is_found(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let first = rig.enqueue(&scope, "q-1").await;
    let found = rig.store.enqueue(&scope, &keyed("q-1", "another"), &rules()).await.expect("it is found");
    assert!(matches!(&found, Enqueued::Existing(job) if job.id == first.id), "{found:?}");
    rig.claim("w").await.expect("it waits");
    let found = rig.store.enqueue(&scope, &quote("q-1"), &rules()).await.expect("it is found");
    assert!(matches!(&found, Enqueued::Existing(job) if job.id == first.id && job.status == Status::Running));
    // Neither another company nor another template has anything to do with it.
    rig.enqueue(&company("cmp-2"), "q-1").await;
    let other = NewJob { template: "quote-premium".to_owned(), ..quote("q-1") };
    assert!(matches!(rig.store.enqueue(&scope, &other, &rules()).await, Ok(Enqueued::New(_))));
}

pub(crate) async fn a_job_that_ended_badly_is_not_found(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let failed = rig.failed(&scope, "q-1").await;
    let again = rig.enqueue(&scope, "q-1").await;
    assert_ne!(failed.id, again.id);
    assert_eq!(again.retry_of, None);
}

pub(crate) async fn a_succeeded_job_of_the_present_version_is_reused(rig: Arc<Rig>) {
    let (scope, other) = (company("cmp-1"), company("cmp-2"));
    register(&rig, "1").await;
    let made = rig.succeeded(&scope, "q-1").await;
    // Even during the cooldown, and without asking for a credit.
    for (amount, reference) in [(1, "order"), (-1, "expiry")] {
        rig.store.grant_credits(&scope, amount, reference).await.expect("credits count from now on");
    }
    let found = rig.store.enqueue(&scope, &quote("q-1"), &EnqueueRules::default()).await.expect("it is found");
    assert_eq!(found, Enqueued::Reused(made.clone()));
    rig.enqueue(&other, "q-1").await;
    // A video that is gone is no video.
    assert!(rig.store.output_expired(&scope, made.id).await.expect("it answers"));
    rig.store.grant_credits(&scope, 1, "one").await.expect("a credit");
    let again = rig.enqueue(&scope, "q-1").await;
    assert_ne!(again.id, made.id);
}

pub(crate) async fn a_succeeded_job_of_another_version_is_not_reused(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let made = rig.succeeded(&scope, "q-1").await;
    assert_eq!(made.output.as_ref().map(|output| output.render_version.as_str()), Some("1"));
    // No version is known to be the present one.
    let second = rig.succeeded(&scope, "q-1").await;
    register(&rig, "2").await;
    let third = rig.succeeded(&scope, "q-1").await;
    assert!(made.id != second.id && second.id != third.id);
    register(&rig, "1").await;
    let found = rig.store.enqueue(&scope, &quote("q-1"), &rules()).await.expect("it is found");
    assert!(matches!(found, Enqueued::Reused(_)), "versions may go back: {found:?}");
}

pub(crate) async fn the_cooldown_says_how_long_to_wait(rig: Arc<Rig>) {
    let (scope, other) = (company("cmp-1"), company("cmp-2"));
    let limits = EnqueueRules { cooldown: Duration::from_secs(180), ..rules() };
    let changed = |total: &str| NewJob { input: serde_json::json!({ "total": total }), ..quote("q-1") };
    let first = rig.store.enqueue(&scope, &changed("1"), &limits).await.expect("the first is taken").job().id;
    let wait = |refused| match refused {
        Err(EnqueueError::Cooldown { wait_seconds }) => wait_seconds,
        other => panic!("the cooldown holds: {other:?}"),
    };
    let seconds = wait(rig.store.enqueue(&scope, &changed("2"), &limits).await);
    assert!((150..=180).contains(&seconds), "{seconds}");
    rig.pass(first, Duration::from_secs(100)).await;
    let seconds = wait(rig.store.enqueue(&scope, &changed("2"), &limits).await);
    assert!((50..=80).contains(&seconds), "{seconds}");
    // Other entities and other companies are free.
    assert!(matches!(rig.store.enqueue(&scope, &quote("q-2"), &limits).await, Ok(Enqueued::New(_))));
    assert!(matches!(rig.store.enqueue(&other, &changed("2"), &limits).await, Ok(Enqueued::New(_))));
    rig.pass(first, Duration::from_secs(81)).await;
    let second = rig.store.enqueue(&scope, &changed("2"), &limits).await.expect("the time is over").job().id;
    // What was called off does not count.
    rig.store.request_cancel(&scope, second).await.expect("it answers");
    let third = rig.store.enqueue(&scope, &changed("3"), &limits).await;
    assert!(matches!(third, Ok(Enqueued::New(_))), "{third:?}");
}

pub(crate) async fn each_template_has_a_cooldown_of_its_own(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let limits = EnqueueRules { cooldown: Duration::from_secs(180), ..rules() };
    let with = |template: &str, total: &str| NewJob {
        template: template.to_owned(),
        input: serde_json::json!({ "total": total }),
        ..quote("q-1")
    };
    for template in ["quote-summary", "quote-premium"] {
        let taken = rig.store.enqueue(&scope, &with(template, "1"), &limits).await;
        assert!(matches!(taken, Ok(Enqueued::New(_))), "{taken:?}");
    }
    for template in ["quote-summary", "quote-premium"] {
        let refused = rig.store.enqueue(&scope, &with(template, "2"), &limits).await;
        assert!(matches!(refused, Err(EnqueueError::Cooldown { .. })), "{refused:?}");
    }
}

pub(crate) async fn a_corrected_quote_may_wait_for_its_time(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let limits = EnqueueRules { cooldown: Duration::from_secs(180), when_allowed: true, ..rules() };
    let changed = |total: &str| NewJob { input: serde_json::json!({ "total": total }), ..quote("q-1") };
    let new = |taken: Result<Enqueued, EnqueueError>| match taken {
        Ok(Enqueued::New(job)) => job,
        other => panic!("it is new: {other:?}"),
    };
    let first = new(rig.store.enqueue(&scope, &changed("1"), &limits).await);
    assert!(first.run_after <= first.created_at, "nothing to wait for");
    let second = new(rig.store.enqueue(&scope, &changed("2"), &limits).await);
    assert_eq!((second.run_after - first.created_at).whole_seconds(), 180);
    // The same request again finds it; one more correction waits for the one before.
    let again = rig.store.enqueue(&scope, &changed("2"), &limits).await;
    assert!(matches!(&again, Ok(Enqueued::Existing(job)) if job.id == second.id), "{again:?}");
    let third = new(rig.store.enqueue(&scope, &changed("3"), &limits).await);
    assert_eq!((third.run_after - second.run_after).whole_seconds(), 180);
    let impatient = EnqueueRules { when_allowed: false, ..limits.clone() };
    let refused = rig.store.enqueue(&scope, &changed("4"), &impatient).await;
    assert!(matches!(refused, Err(EnqueueError::Cooldown { wait_seconds: 500..=540 })), "{refused:?}");

    // Nobody claims it before, and its company's other jobs go past it.
    assert_eq!(rig.claim("w").await.map(|claimed| claimed.job.id), Some(first.id));
    assert_eq!(rig.claim("w").await, None);
    let other = rig.enqueue(&scope, "q-2").await;
    assert_eq!(rig.claim("w").await.map(|claimed| claimed.job.id), Some(other.id));
    for id in [first.id, second.id, third.id] {
        rig.pass(id, Duration::from_secs(181)).await;
    }
    assert_eq!(rig.claim("w").await.map(|claimed| claimed.job.id), Some(second.id));
    assert_eq!(rig.claim("w").await, None, "the third has another three minutes");
    // What is being cancelled makes no room for the same work beside it: that is a matter of seconds.
    rig.store.request_cancel(&scope, second.id).await.expect("it answers");
    let refused = rig.store.enqueue(&scope, &changed("2"), &limits).await;
    assert!(matches!(refused, Err(EnqueueError::Cooldown { wait_seconds: 1..=5 })), "{refused:?}");
}

pub(crate) async fn quote_ids_are_what_offices_write(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let long = "9".repeat(200);
    for id in ["Angebot 118/2026", ".hidden", "../q", "№ 7 – ñandú", "見積 12", "a\\b", "%2e", "q'; --", &long]
    {
        let job = rig.store.enqueue(&scope, &quote(id), &rules()).await.expect(id).job().clone();
        assert_eq!(rig.row(&scope, job.id).await.entity_id, id);
        let filter = JobFilter { entity_id: Some(id.to_owned()), ..JobFilter::default() };
        let listed = rig.store.jobs(&scope, &filter).await.expect("it answers");
        assert_eq!(listed.iter().map(|job| job.id).collect::<Vec<_>>(), [job.id]);
        let claimed = rig.claim("w").await.expect("it waits");
        let made = output(&claimed.lease);
        assert!(!made.output_key.contains(id), "no key is made of it");
        assert_eq!(rig.store.succeed(&claimed.lease, &made).await.expect("it answers"), Held::Yes);
    }
    let before = rig.number("select count(*) from video_render_jobs").await;
    for id in ["", " ", " q", "q ", "a\nb", "a\u{7}b", "a\u{85}b", "a\u{2028}b", "a\u{202e}b", &"9".repeat(201)] {
        let refused = rig.store.enqueue(&scope, &quote(id), &rules()).await;
        assert!(matches!(&refused, Err(EnqueueError::Invalid { what }) if what == "entity_id"), "{id:?}: {refused:?}");
    }
    let nameless = NewJob { template: String::new(), ..quote("q-1") };
    let refused = rig.store.enqueue(&scope, &nameless, &rules()).await;
    assert!(matches!(&refused, Err(EnqueueError::Invalid { what }) if what == "template"), "{refused:?}");
    let keyless = NewJob { idempotency_key: Some(String::new()), ..quote("q-1") };
    let refused = rig.store.enqueue(&scope, &keyless, &rules()).await;
    assert!(matches!(&refused, Err(EnqueueError::Invalid { what }) if what == "idempotency_key"), "{refused:?}");
    let list = NewJob { input: serde_json::json!([1]), ..quote("q-1") };
    let refused = rig.store.enqueue(&scope, &list, &rules()).await;
    assert!(matches!(&refused, Err(EnqueueError::Invalid { what }) if what == "input_json"), "{refused:?}");
    assert_eq!(rig.number("select count(*) from video_render_jobs").await, before, "nothing was written");
}

pub(crate) async fn templates_that_workers_have_are_known(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    assert_eq!(rig.store.known_templates(&scope).await.expect("it answers"), Vec::<String>::new());
    let version = |template: &str| TemplateVersion { template: template.to_owned(), render_version: "1".to_owned() };
    rig.store.register_templates(&[version("house-style"), version("a-first")]).await.expect("it is written");
    assert_eq!(rig.store.known_templates(&scope).await.expect("it answers"), ["a-first", "house-style"]);
}

pub(crate) async fn the_queue_of_a_company_has_an_end(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let limits = EnqueueRules { max_queued: 2, ..rules() };
    for entity in ["q-1", "q-2"] {
        rig.store.enqueue(&scope, &quote(entity), &limits).await.expect("there is room");
    }
    let refused = rig.store.enqueue(&scope, &quote("q-3"), &limits).await;
    assert!(matches!(refused, Err(EnqueueError::QueueFull { queued: 2, allowed: 2 })), "{refused:?}");
    rig.store.enqueue(&company("cmp-2"), &quote("q-3"), &limits).await.expect("there is room");
    rig.claim("w").await.expect("one runs now");
    rig.store.enqueue(&scope, &quote("q-3"), &limits).await.expect("there is room again");
}

pub(crate) async fn a_job_that_is_being_called_off_is_not_found(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let dying = rig.running(&scope, "q-1", "w").await;
    rig.store.request_cancel(&scope, dying.job.id).await.expect("it answers");
    let refused = rig.store.enqueue(&scope, &quote("q-1"), &rules()).await;
    assert!(matches!(refused, Err(EnqueueError::Cooldown { wait_seconds: 1..=10 })), "{refused:?}");
    let _ = rig.store.stopped(&dying.lease).await.expect("it answers");
    rig.enqueue(&scope, "q-1").await;
}

pub(crate) async fn a_snapshot_has_a_size(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let sized = |bytes: usize| NewJob { input: serde_json::json!({ "notes": "x".repeat(bytes) }), ..quote("q-1") };
    let refused = rig.store.enqueue(&scope, &sized(8 * 1024 * 1024), &rules()).await;
    assert!(matches!(refused, Err(EnqueueError::SnapshotTooLarge { allowed_bytes: 8_388_608 })), "{refused:?}");
    let by_hand = rig.refused(rig.by_hand_sql(&scope, "q-1", &sized(8 * 1024 * 1024).input.to_string()).1).await;
    assert!(by_hand.contains("video_render_jobs_input_json_size_check"), "{by_hand}");
    let taken = rig.store.enqueue(&scope, &sized(8 * 1024 * 1024 - 64), &rules()).await;
    assert!(matches!(taken, Ok(Enqueued::New(_))), "so far it goes");
}

pub(crate) async fn fifty_equal_enqueues_make_one_job(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.store.grant_credits(&scope, 10, "start").await.expect("credits");
    let stores = [rig.another().await, rig.another().await, rig.another().await, rig.another().await];
    let asked: Vec<_> = (0..50)
        .map(|number| {
            let (store, scope) = (Arc::clone(&stores[number % stores.len()]), scope.clone());
            tokio::spawn(async move { store.enqueue(&scope, &keyed("q-1", "k"), &rules()).await })
        })
        .collect();
    let mut new = 0;
    let mut ids = std::collections::BTreeSet::new();
    for answer in asked {
        let answer = answer.await.expect("no panic").expect("each is answered");
        new += usize::from(matches!(answer, Enqueued::New(_)));
        ids.insert(answer.job().id);
    }
    assert_eq!((new, ids.len()), (1, 1));
    assert_eq!(rig.number("select count(*) from video_render_jobs").await, 1);
    assert_eq!(rig.number("select count(*) from credit_entries where kind = 'freeze'").await, 1);
    let credits = rig.store.credits(&scope).await.expect("it answers").expect("they count");
    assert_eq!((credits.balance, credits.frozen), (10, 1));
}
