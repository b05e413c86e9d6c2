//! Faults 14 to 17 and 20: storage fails, hangs, refuses, is choosy, loses objects and keeps too many.

use crate::rig::{Place, Rig, unmade_bucket, until};
use crate::worker::{Plan, figure, free_port, page};
use quotereel_test_support::proxy::{Answer, Mode, Proxy};

/// A worker that reaches its bucket through a proxy.
fn through(rig: &Rig, proxy: &Proxy) -> Plan {
    rig.worker("a").set("QUOTEREEL_S3_ENDPOINT", &proxy.url())
}

#[tokio::test]
async fn f14_storage_fails_k_times() {
    let rig = Rig::servers().await;
    let proxy = Proxy::http(rig.endpoint());
    // More often than one claim tries: the job goes back to the queue with its finished file, and is taken up again.
    proxy.answer(Answer::s3_error(500, "InternalError").to("PUT").times(3));
    proxy.answer(Answer::s3_error(503, "SlowDown").to("PUT").times(5));
    let id = rig.enqueue("tiny").await;
    let worker = through(&rig, &proxy).start();
    until("it succeeds", async || {
        rig.hurry(id).await;
        (rig.row(id).await.status == "succeeded").then_some(())
    })
    .await;
    let row = rig.row(id).await;
    // The claim that gave up is given back untouched; probes take what is left of the errors.
    assert_eq!((row.renders, row.attempts, row.rescues), (1, 1, 0), "rendered once, no attempt burnt");
    assert!(row.uploads > 6, "{row:?}");
    assert_eq!(proxy.answered(), 8);
    rig.assert_succeeded(id).await;
    rig.assert_no_other_objects(id).await;
    worker.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f15_storage_hangs() {
    let rig = Rig::servers().await;
    let proxy = Proxy::http(rig.endpoint());
    proxy.set(Mode::BlackHole);
    let id = rig.enqueue("tiny").await;
    let mut worker = through(&rig, &proxy).lease(10).start();
    until("an upload is given up", async || (rig.row(id).await.uploads >= 2).then_some(())).await;
    let row = rig.row(id).await;
    assert_eq!((&*row.status, row.epoch, row.rescues), ("running", 1, 0), "its heartbeat beat all the while");
    proxy.set(Mode::Forward);
    proxy.cut();
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.renders, row.epoch), (1, 1));
    assert!(worker.lives());
    rig.assert_succeeded(id).await;
    worker.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f15_storage_trickles() {
    let rig = Rig::servers().await;
    let proxy = Proxy::http(rig.endpoint());
    proxy.set(Mode::Throttle(20));
    let id = rig.enqueue("tiny").await;
    let worker = through(&rig, &proxy).start();
    until("bytes trickle", async || (rig.row(id).await.stage == "upload" && proxy.bytes_up() > 20).then_some(())).await;
    // It would take hours; nobody has to wait for it.
    let scope = rig.grant("cmp_a").await;
    rig.store.request_cancel(&scope, id).await.expect("it answers");
    rig.reaches(id, "cancelled").await;
    proxy.set(Mode::Forward);
    until("what had arrived is gone", async || rig.keys_of(id).await.is_empty().then_some(())).await;
    rig.assert_ended_without(id, "cancelled").await;
    let next = rig.enqueue("tiny").await;
    rig.reaches(next, "succeeded").await;
    worker.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

/// Storage refuses the worker, then does not: nothing is burnt, nothing is rendered again.
async fn storage_refuses(status: u16, code: &str, says: &str) {
    let rig = Rig::servers().await;
    let proxy = Proxy::http(rig.endpoint());
    // The upload, and the first knock at the door.
    proxy.answer(Answer::s3_error(status, code).to("PUT").times(2));
    let (id, waiting) = (rig.enqueue("tiny").await, rig.enqueue("tiny").await);
    let port = free_port();
    let plan = through(&rig, &proxy).set("QUOTEREEL_MAX_ATTEMPTS", "1");
    let mut worker = plan.set("QUOTEREEL_METRICS", &format!("127.0.0.1:{port}")).start();
    until("it is paused", async || (figure(port, "video_render_storage_paused").await == 1.0).then_some(())).await;
    let row = until("the job is back in the queue", async || {
        let row = rig.row(id).await;
        (row.status == "queued" && row.renders == 1).then_some(row)
    })
    .await;
    assert_eq!((row.attempts, &*row.stage, &*row.code), (0, "upload", ""), "no attempt burnt");
    let row = rig.row(waiting).await;
    assert_eq!((&*row.status, row.epoch), ("queued", 0), "nothing else is claimed");
    until("it is not ready, and says why", async || {
        page(port, "/readyz").await.is_some_and(|(status, said)| status == 503 && said.contains(says)).then_some(())
    })
    .await;
    assert!(worker.log().contains("PAUSE"), "an operator is told");
    for id in [id, waiting] {
        let row = rig.reaches(id, "succeeded").await;
        assert_eq!((row.renders, row.attempts), (1, 1));
        rig.assert_succeeded(id).await;
        rig.assert_no_other_objects(id).await;
    }
    assert_eq!(figure(port, "video_render_storage_paused").await, 0.0);
    assert!(worker.lives());
    worker.stop().await;
    assert_eq!(rig.keys().await.len(), 4, "the probe left nothing");
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f16_storage_refuses_the_right() {
    storage_refuses(403, "AccessDenied", "AccessDenied").await;
}

#[tokio::test]
async fn f16_storage_refuses_the_clock() {
    storage_refuses(403, "RequestTimeTooSkewed", "RequestTimeTooSkewed").await;
}

#[tokio::test]
async fn f16_there_is_no_bucket() {
    let mut rig = Rig::servers().await;
    rig.place = unmade_bucket();
    let id = rig.enqueue("tiny").await;
    let worker = rig.worker("a").set("QUOTEREEL_MAX_ATTEMPTS", "1").start();
    worker.says("PAUSE").await;
    until("the job is back in the queue", async || (rig.row(id).await.status == "queued").then_some(())).await;
    assert_eq!(rig.row(id).await.attempts, 0);
    if let Place::Bucket { name, client, .. } = &rig.place {
        client.create_bucket().bucket(name).send().await.expect("an operator makes it");
    }
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.renders, row.attempts), (1, 1));
    rig.assert_succeeded(id).await;
    worker.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f16_the_secret_is_wrong() {
    let rig = Rig::servers().await;
    let id = rig.enqueue("tiny").await;
    let worker =
        rig.worker("a").set("QUOTEREEL_MAX_ATTEMPTS", "1").set("QUOTEREEL_S3_SECRET_ACCESS_KEY", "hunter2").start();
    worker.says("PAUSE").await;
    until("the job is back in the queue", async || (rig.row(id).await.status == "queued").then_some(())).await;
    assert!(!worker.log().contains("hunter2"), "a secret is not for logs");
    worker.stop().await;
    assert_eq!((rig.row(id).await.attempts, rig.keys().await.len()), (0, 0));
    let worker = rig.worker("a").set("QUOTEREEL_MAX_ATTEMPTS", "1").start();
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!(row.renders, 1, "from the spool");
    rig.assert_succeeded(id).await;
    worker.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f17_storage_rejects_checksums() {
    let rig = Rig::servers().await;
    let proxy = Proxy::http(rig.endpoint());
    for header in ["x-amz-checksum", "x-amz-sdk-checksum", "x-amz-trailer"] {
        proxy.answer(Answer::s3_error(501, "NotImplemented").where_a_header_begins(header).times(1000));
    }
    let id = rig.enqueue("tiny").await;
    let worker = through(&rig, &proxy).start();
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.uploads, proxy.answered()), (1, 0), "nothing to reject");
    rig.assert_succeeded(id).await;
    worker.stop().await;
    rig.end().await;
}

async fn objects_and_rows_disagree(rig: Rig) {
    let (lost, kept) = (rig.enqueue("tiny").await, rig.enqueue("tiny").await);
    let others = [rig.enqueue("tiny").await, rig.enqueue("tiny").await];
    let worker = rig.worker("a").start();
    let row = rig.reaches(lost, "succeeded").await;
    let other = rig.reaches(kept, "succeeded").await;
    // Where more than a quarter of the jobs are strangers, the sweep takes it for the wrong database and touches nothing.
    for other in others {
        rig.reaches(other, "succeeded").await;
    }
    rig.remove_object(&row.key).await;
    // A loser's object; one of a stranger that is too young to be nobody's; one that is none of ours.
    let orphan = other.key.replace("/e1/", "/e0/");
    let stranger = other.key.replace(&kept.to_string(), &uuid::Uuid::now_v7().to_string());
    for key in [&*orphan, &*stranger, "org/-/company/cmp_a/assets/logo.png", "readme.txt"] {
        rig.put_object(key, b"nobody's").await;
    }
    // The sweeps look at what is settled, an hour after the end.
    rig.pass(lost, &["created_at", "started_at", "finished_at"]).await;
    rig.pass(kept, &["created_at", "started_at", "finished_at"]).await;
    let row = until("the row knows", async || {
        let row = rig.row(lost).await;
        (row.status == "failed").then_some(row)
    })
    .await;
    assert_eq!((&*row.code, &*row.class, &*row.key), ("output_lost", "system", ""));
    assert!(row.message.contains("No se cobró nada"), "{}", row.message);
    until("the orphan is gone", async || (!rig.keys().await.contains(&orphan)).then_some(())).await;
    rig.pass(lost, &["created_at", "started_at", "finished_at"]).await;
    until("so is the lost video's thumbnail", async || rig.keys_of(lost).await.is_empty().then_some(())).await;
    let keys = rig.keys().await;
    for key in [&*stranger, "org/-/company/cmp_a/assets/logo.png", "readme.txt"] {
        assert!(keys.iter().any(|found| found == key), "{key} stays");
    }
    worker.stop().await;
    assert_eq!(rig.number("select count(*) from credit_entries where kind = 'refund'").await, 1, "given back once");
    rig.assert_succeeded(kept).await;
    rig.assert_no_other_objects(kept).await;
    rig.assert_spent("cmp_a", 3).await;
    let reconciled = rig.render(&["reconcile", "--json"]);
    assert!(reconciled.status.success(), "{}", String::from_utf8_lossy(&reconciled.stdout));
    assert_eq!(rig.row(lost).await, row, "once is enough");
    rig.end().await;
}

#[tokio::test]
async fn f20_objects_and_rows_disagree() {
    objects_and_rows_disagree(Rig::servers().await).await;
}

#[tokio::test]
async fn f20_objects_and_rows_disagree_embedded() {
    objects_and_rows_disagree(Rig::embedded().await).await;
}
