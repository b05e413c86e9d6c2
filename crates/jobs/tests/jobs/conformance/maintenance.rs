//! The maintenance tasks: what they read, what they correct, who has them.

use std::sync::Arc;
use std::time::Duration;

use quotereel_jobs::job::{JobId, LeaseEpoch, Status, WorkerId};
use quotereel_jobs::queue::{MaintenanceRun, Retention};

use crate::rig::{Rig, company};

const DAY: Duration = Duration::from_secs(86_400);

const FOREVER: Retention = Retention { videos: None, succeeded: None, failed: None, cancelled: None };

pub(crate) async fn migrating_twice_does_nothing(rig: Arc<Rig>) {
    rig.store.ping().await.expect("it is up to date");
    assert_eq!(rig.store.migrate().await.expect("nothing is left to do"), Vec::<String>::new());
    let (first, second) = (rig.another().await, rig.another().await);
    let both = tokio::join!(
        tokio::spawn(async move { first.migrate().await }),
        tokio::spawn(async move { second.migrate().await })
    );
    for answer in [both.0, both.1] {
        assert_eq!(answer.expect("no panic").expect("both find it done"), Vec::<String>::new());
    }
}

pub(crate) async fn outputs_are_paged(rig: Arc<Rig>) {
    let mut made = Vec::new();
    for number in 0..5 {
        let scope = company(&format!("cmp-{}", number % 2));
        made.push(rig.succeeded(&scope, &format!("q-{number}")).await);
    }
    rig.failed(&company("cmp-1"), "q-failed").await;
    made.sort_by_key(|job| job.id);
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let page = rig.store.outputs(after, Duration::ZERO, 2).await.expect("it answers");
        assert!(page.items.len() <= 2);
        found.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    let found: Vec<_> = found.iter().map(|out| (out.job_id, out.scope.clone(), out.output_key.clone())).collect();
    let expected: Vec<_> = made
        .iter()
        .map(|job| (job.id, job.scope.clone(), job.output.clone().expect("it has one").output_key))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(rig.store.outputs(None, Duration::from_secs(600), 10).await.expect("it answers").items, []);
    rig.pass(made[1].id, Duration::from_secs(601)).await;
    let old = rig.store.outputs(None, Duration::from_secs(600), 10).await.expect("it answers");
    assert_eq!((old.items.len(), old.items[0].job_id, old.next), (1, made[1].id, None));
    let all = made[1].output.clone().expect("it has one");
    assert_eq!(
        (&old.items[0].output_sha256, old.items[0].output_bytes, &old.items[0].thumbnail_key),
        (&all.output_sha256, all.output_bytes, &all.thumbnail_key)
    );
}

pub(crate) async fn a_lost_output_fails_the_job_and_refunds(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.store.grant_credits(&scope, 1, "start").await.expect("a credit");
    let made = rig.succeeded(&scope, "q-1").await;
    let key = made.output.clone().expect("it has one").output_key;
    assert!(!rig.store.output_lost(&scope, made.id, "another key").await.expect("it answers"));
    assert_eq!(rig.row(&scope, made.id).await, made);
    rig.pass(made.id, Duration::from_secs(7_200)).await;
    assert!(rig.store.output_lost(&scope, made.id, &key).await.expect("it answers"));
    let row = rig.row(&scope, made.id).await;
    assert_eq!(row.finished_at, Some(row.updated_at), "the end is the loss: it was a success until now");
    assert_eq!((row.status, row.error_code.as_deref()), (Status::Failed, Some("output_lost")));
    assert!(row.error_message.expect("a message").contains("No se cobró nada"), "in the snapshot's language");
    let credits = rig.store.credits(&scope).await.expect("it answers").expect("they count");
    assert_eq!((credits.balance, credits.frozen), (1, 0));
    assert!(!rig.store.output_lost(&scope, made.id, &key).await.expect("it answers"), "only once");
    rig.assert_books_balance(&scope).await;
    assert_eq!(rig.store.outputs(None, Duration::ZERO, 10).await.expect("it answers").items, []);
    let last = rig.store.events(&scope, made.id).await.expect("it answers").expect("it is there");
    let last = last.last().expect("events");
    assert_eq!((last.old_status, last.new_status), (Some(Status::Succeeded), Status::Failed));
}

pub(crate) async fn objects_in_use_tell_what_rows_say(rig: Arc<Rig>) {
    let (scope, other) = (company("cmp-1"), company("cmp-2"));
    let made = rig.succeeded(&scope, "q-1").await;
    let expired = rig.succeeded(&scope, "q-2").await;
    assert!(rig.store.output_expired(&scope, expired.id).await.expect("it answers"));
    let running = rig.running(&other, "q-3", "w").await;
    rig.pass(made.id, Duration::from_secs(100)).await;
    let unknown = JobId(uuid::Uuid::now_v7());
    let asked = [made.id, unknown, expired.id, running.job.id];
    let mut found = rig.store.objects_in_use(&asked).await.expect("it answers");
    found.sort_by_key(|found| found.job_id);
    assert_eq!(found.iter().map(|found| found.job_id).collect::<Vec<_>>(), [made.id, expired.id, running.job.id]);
    let out = made.output.expect("it has one");
    assert_eq!((&found[0].output_key, &found[0].thumbnail_key), (&Some(out.output_key), &Some(out.thumbnail_key)));
    assert_eq!((found[0].status, found[0].lease_epoch, &found[0].scope), (Status::Succeeded, LeaseEpoch(1), &scope));
    assert!((100..130).contains(&found[0].finished_ago.expect("it ended").as_secs()));
    assert_eq!((&found[1].output_key, &found[1].thumbnail_key), (&None, &None));
    assert_eq!((found[2].status, found[2].finished_ago, &found[2].scope), (Status::Running, None, &other));
    assert_eq!(rig.store.objects_in_use(&[]).await.expect("it answers"), []);
}

pub(crate) async fn retention_expires_outputs_before_rows(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let (old, young) = (rig.succeeded(&scope, "q-1").await, rig.succeeded(&scope, "q-2").await);
    rig.pass(old.id, 91 * DAY).await;
    let retention = Retention { succeeded: Some(90 * DAY), ..Retention::default() };
    assert_eq!(rig.store.outputs_past_retention(&FOREVER, 10).await.expect("it answers"), []);
    let past = rig.store.outputs_past_retention(&retention, 10).await.expect("it answers");
    assert_eq!(past.iter().map(|out| out.job_id).collect::<Vec<_>>(), [old.id]);
    assert_eq!(
        rig.store.delete_past_retention(&retention, 10).await.expect("it answers").rows,
        0,
        "its objects are there"
    );
    assert!(rig.store.output_expired(&scope, old.id).await.expect("it answers"));
    assert!(!rig.store.output_expired(&scope, old.id).await.expect("it answers"), "only once");
    assert!(rig.row(&scope, old.id).await.output_expired_at.is_some());
    assert_eq!(rig.store.outputs_past_retention(&retention, 10).await.expect("it answers"), []);
    assert_eq!(rig.store.delete_past_retention(&FOREVER, 10).await.expect("it answers").rows, 0);
    assert_eq!(rig.store.delete_past_retention(&retention, 10).await.expect("it answers").rows, 1);
    assert_eq!(rig.store.job(&scope, old.id).await.expect("it answers"), None);
    assert_eq!(rig.store.events(&scope, old.id).await.expect("it answers"), None);
    assert_eq!(rig.number(&format!("select count(*) from video_render_events where job_id = '{}'", old.id)).await, 0);
    assert_eq!(rig.row(&scope, young.id).await, young);
    let running = rig.running(&scope, "q-3", "w").await;
    assert!(!rig.store.output_expired(&scope, running.job.id).await.expect("it answers"), "it has none");
}

pub(crate) async fn retention_of_failed_and_cancelled(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.store.grant_credits(&scope, 10, "start").await.expect("credits");
    let failed = rig.failed(&scope, "q-1").await;
    let cancelled = rig.enqueue(&scope, "q-2").await;
    rig.store.request_cancel(&scope, cancelled.id).await.expect("it answers");
    let (queued, running) = (rig.enqueue(&scope, "q-3").await, rig.claim("w").await.expect("it waits").job);
    assert_eq!(queued.id, running.id);
    let waiting = rig.enqueue(&scope, "q-4").await;
    for (id, days) in [(failed.id, 31), (cancelled.id, 8), (running.id, 1_000), (waiting.id, 1_000)] {
        rig.pass(id, days * DAY).await;
    }
    let retention = Retention::default();
    assert_eq!(rig.store.delete_past_retention(&retention, 1).await.expect("it answers").rows, 1, "within the limit");
    assert_eq!(rig.store.delete_past_retention(&retention, 10).await.expect("it answers").rows, 1);
    assert_eq!(rig.number("select count(*) from video_render_jobs").await, 2, "what is active stays");
    rig.assert_books_balance(&scope).await;
}

pub(crate) async fn a_row_that_cannot_go_holds_up_no_other(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let (kept, gone) = (rig.failed(&scope, "q-1").await.id, rig.failed(&scope, "q-2").await.id);
    rig.pass(kept, 40 * DAY).await;
    rig.pass(gone, 31 * DAY).await;
    // A table of the backend's own points to the row.
    rig.change("create table keepsakes (job_id uuid references video_render_jobs (id))".to_owned()).await;
    rig.change(format!("insert into keepsakes values ('{kept}')")).await;
    let deleted = rig.store.delete_past_retention(&Retention::default(), 1).await.expect("it answers");
    assert_eq!((deleted.rows, deleted.stuck.len()), (1, 1), "{deleted:?}");
    assert_eq!(deleted.stuck[0].job_id, kept);
    assert_eq!(rig.store.job(&scope, gone).await.expect("it answers"), None);
    assert!(rig.store.job(&scope, kept).await.expect("it answers").is_some());
    rig.change("drop table keepsakes".to_owned()).await;
    let deleted = rig.store.delete_past_retention(&Retention::default(), 1).await.expect("it answers");
    assert_eq!((deleted.rows, deleted.stuck), (1, Vec::new()));
}

pub(crate) async fn a_retry_outlives_its_original(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let failed = rig.failed(&scope, "q-1").await;
    let again = rig.store.retry(&scope, failed.id, &crate::rig::rules()).await.expect("it is taken").job().id;
    rig.pass(failed.id, 31 * DAY).await;
    assert_eq!(rig.store.delete_past_retention(&Retention::default(), 10).await.expect("it answers").rows, 1);
    assert_eq!(rig.row(&scope, again).await.retry_of, None);
}

pub(crate) async fn lanes_are_counted_anew(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.failed(&company("cmp-2"), "q-3").await;
    rig.running(&scope, "q-1", "w").await;
    rig.enqueue(&scope, "q-2").await;
    assert_eq!(rig.store.recount().await.expect("it answers"), 0, "the triggers count well");
    assert_eq!(rig.claim("nobody").await.map(|claimed| claimed.job.entity_id), Some("q-2".to_owned()));
    rig.enqueue(&scope, "q-4").await;
    rig.enqueue(&company("cmp-3"), "q-5").await;
    assert!(rig.claim("w").await.is_some_and(|claimed| claimed.job.entity_id == "q-5"), "nothing runs in its company");
    rig.change("update video_render_lanes set queued = 0, running = 7 where company_id = 'cmp-1'".to_owned()).await;
    assert_eq!(rig.claim("w").await, None);
    assert_eq!(rig.store.recount().await.expect("it answers"), 1);
    assert_eq!(rig.store.recount().await.expect("it answers"), 0);
    assert_eq!(rig.lane(Some(&scope), "running").await, 2);
    assert!(rig.claim("w").await.is_some());
}

pub(crate) async fn tasks_are_taken_once(rig: Arc<Rig>) {
    let hour = Duration::from_secs(3_600);
    let mut asked = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let store = rig.another().await;
        asked.spawn(async move { store.take_task("sweep", hour).await.expect("it answers") });
    }
    let mut taken = 0;
    while let Some(answer) = asked.join_next().await {
        taken += usize::from(answer.expect("no panic"));
    }
    assert_eq!(taken, 1);
    assert!(!rig.store.take_task("sweep", hour).await.expect("it answers"));
    assert!(rig.store.take_task("retention", hour).await.expect("it answers"), "another task");
    // The time counts from when it was taken, by whoever asks.
    assert!(rig.store.take_task("sweep", Duration::ZERO).await.expect("it answers"));
}

pub(crate) async fn runs_are_written_down(rig: Arc<Rig>) {
    assert!(rig.store.take_task("sweep", Duration::ZERO).await.expect("it answers"));
    let run = MaintenanceRun {
        task: "sweep".to_owned(),
        worker_id: WorkerId("w".to_owned()),
        took: Duration::from_millis(1_500),
        corrected: 3,
        errors: vec!["one object could not be deleted".to_owned()],
    };
    rig.store.record_run(&run).await.expect("it is written");
    rig.store.record_run(&MaintenanceRun { errors: Vec::new(), corrected: 0, ..run }).await.expect("it is written");
    assert_eq!(rig.number("select sum(corrected) from maintenance_runs where duty = 'sweep'").await, 3);
}

pub(crate) async fn stats_count_the_queue(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    assert_eq!(rig.store.stats().await.expect("it answers"), quotereel_jobs::queue::QueueStats::default());
    let delayed = rig.running(&scope, "q-1", "w").await;
    let hour = Duration::from_secs(3_600);
    let _ = rig.store.retry_later(&delayed.lease, &crate::rig::broken(), hour, None).await.expect("it answers");
    let dead = rig.running(&scope, "q-2", "w").await;
    rig.lapse(dead.job.id).await;
    rig.running(&scope, "q-3", "w").await;
    let old = rig.enqueue(&scope, "q-4").await;
    rig.pass(old.id, Duration::from_secs(100)).await;
    rig.enqueue(&company("cmp-2"), "q-5").await;
    let stats = rig.store.stats().await.expect("it answers");
    assert_eq!((stats.queued, stats.delayed, stats.running, stats.expired), (2, 1, 2, 1));
    assert!((100..130).contains(&stats.oldest_queued.expect("one waits").as_secs()), "{stats:?}");
    let endpoint =
        quotereel_jobs::queue::WebhookEndpoint { url: "https://example.com/hook".to_owned(), secret: vec![7; 32] };
    rig.store.set_webhook(&company("cmp-2"), &endpoint).await.expect("it is set");
    let _ = rig.store.fail(&rig.claim("w").await.expect("one waits").lease, &crate::rig::broken(), "No.").await;
    assert_eq!(rig.store.stats().await.expect("it answers").webhooks_pending, 1);
}
