//! Faults 10, 11 and 25: several workers, a worker that sleeps, workers that are asked to end, requests that race.

use std::collections::BTreeSet;
use std::sync::Arc;

use quotereel_jobs::queue::{Enqueued, connect};
use rustix::process::Signal;

use crate::rig::{CREDITS, Rig, new_job, rules, snapshot, until};
use crate::worker::{figure, free_port, lives, page};

async fn nothing_is_claimed_twice(rig: Rig, workers: usize, jobs: usize) {
    let mut ids = Vec::new();
    for number in 0..jobs {
        let company = ["cmp_a", "cmp_b", "cmp_c", "cmp_d"][number % 4];
        ids.push(rig.enqueue_for(company, "tiny", &format!("q_{number}"), |_| ()).await);
    }
    let mut running: Vec<_> =
        (0..workers).map(|_| rig.worker("shared").set("QUOTEREEL_CONCURRENCY", "2").with("--drain").start()).collect();
    for worker in &mut running {
        let status = worker.ends().await;
        assert!(status.success(), "{status}");
    }
    let ones = "select count(*) from video_render_jobs where status = 'succeeded' and lease_epoch = 1
                and attempts = 1 and render_attempts = 1 and upload_attempts = 1 and rescue_count = 0";
    assert_eq!(rig.number(ones).await, jobs as i64, "each job was done in one go");
    let started = "select count(*) from video_render_events where kind = 'VIDEO_RENDER_STARTED'";
    assert_eq!(rig.number(started).await, jobs as i64, "0 double claims");
    assert_eq!(rig.keys().await.len(), 2 * jobs, "a video and a thumbnail each");
    for id in ids {
        rig.assert_succeeded(id).await;
    }
    let shares = running.iter().filter(|worker| worker.log().contains("CLAIM")).count();
    assert!(shares > 1, "more than one worker had a share");
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f10_nothing_is_claimed_twice() {
    nothing_is_claimed_twice(Rig::servers().await, 3, 40).await;
}

#[tokio::test]
async fn f10_nothing_is_claimed_twice_embedded() {
    nothing_is_claimed_twice(Rig::embedded().await, 2, 12).await;
}

async fn stopped_past_its_lease_and_continued(rig: Rig) {
    let id = rig.enqueue("slow").await;
    let port = free_port();
    let mut first = rig.worker("a").lease(3).set("QUOTEREEL_METRICS", &format!("127.0.0.1:{port}")).start();
    let render = first.draws(id).await;
    first.signal(Signal::STOP);
    let second = rig.worker("b").lease(3).start();
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.epoch, row.renders, row.rescues), (2, 2, 1));
    // By now the zombie's own render has long ended, or ends now: either way its worker wakes up to find a result.
    first.signal(Signal::CONT);
    until("the zombie knows", async || (figure(port, "video_render_lease_losses_total").await == 1.0).then_some(()))
        .await;
    until("its render is gone", async || (!lives(render)).then_some(())).await;
    let after = rig.row(id).await;
    assert_eq!(after, row, "its finish changed 0 rows");
    assert!(first.lives());
    rig.assert_succeeded(id).await;
    rig.assert_no_other_objects(id).await;
    rig.assert_spools_empty().await;
    second.stop().await;
    first.stop().await;
    rig.end().await;
}

#[tokio::test]
async fn f11_stopped_past_its_lease_and_continued() {
    stopped_past_its_lease_and_continued(Rig::servers().await).await;
}

#[tokio::test]
async fn f11_stopped_past_its_lease_and_continued_embedded() {
    stopped_past_its_lease_and_continued(Rig::embedded().await).await;
}

async fn asked_to_end_at_full_load(rig: Rig) {
    let ids = [rig.enqueue("slow").await, rig.enqueue("slow").await, rig.enqueue("tiny").await];
    let plan = rig.worker("a").set("QUOTEREEL_CONCURRENCY", "2").set("QUOTEREEL_GRACE", "200ms");
    let mut first = plan.start();
    let renders = [first.draws(ids[0]).await, first.draws(ids[1]).await];
    for render in renders {
        rustix::process::kill_process(render, Signal::STOP).expect("it runs");
    }
    first.signal(Signal::TERM);
    let status = first.ends().await;
    assert!(status.success(), "{status}");
    assert!(!renders.into_iter().any(lives), "no render survives its worker");
    for id in ids {
        let row = rig.row(id).await;
        assert_eq!((&*row.status, row.attempts, &*row.code), ("queued", 0, ""), "given back, no attempt burnt");
    }
    rig.assert_spools_empty().await;
    rig.assert_books().await;

    // A second signal ends it at once; then it is as if it had been killed.
    let port = free_port();
    let plan = rig.worker("a").set("QUOTEREEL_CONCURRENCY", "2").set("QUOTEREEL_METRICS", &format!("127.0.0.1:{port}"));
    let mut second = plan.start();
    let render = second.draws(ids[0]).await;
    second.signal(Signal::TERM);
    until("it has heard", async || {
        page(port, "/readyz").await.is_some_and(|(_, said)| said.contains("shutdown")).then_some(())
    })
    .await;
    second.signal(Signal::TERM);
    assert_eq!(second.ends().await.code(), Some(128 + 15));
    until("its render is gone", async || (!lives(render)).then_some(())).await;
    for id in ids {
        rig.lapse(id).await;
    }
    let third = rig.worker("a").set("QUOTEREEL_CONCURRENCY", "2").start();
    for id in ids {
        rig.reaches(id, "succeeded").await;
        rig.assert_succeeded(id).await;
        rig.assert_no_other_objects(id).await;
    }
    third.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f25_asked_to_end_at_full_load() {
    asked_to_end_at_full_load(Rig::servers().await).await;
}

#[tokio::test]
async fn f25_asked_to_end_at_full_load_embedded() {
    asked_to_end_at_full_load(Rig::embedded().await).await;
}

/// Calls jobs off at every moment of their lives, until some were called off and some were done.
async fn a_cancel_races_the_finish(rig: Rig) {
    let worker = rig.worker("a").set("QUOTEREEL_CONCURRENCY", "2").set("QUOTEREEL_HEARTBEAT", "50ms").start();
    let scope = rig.grant("cmp_a").await;
    let moments =
        [("running", ""), ("running", "render"), ("running", "upload"), ("running", "finalize"), ("queued", "")];
    let mut ends = BTreeSet::new();
    let mut spent = 0;
    for (status, stage) in moments {
        let id = rig.enqueue("tiny").await;
        until("that moment, or a later one", async || {
            let row = rig.row(id).await;
            (status == "queued"
                || row.status == "succeeded"
                || (row.status == status && (stage.is_empty() || row.stage == stage)))
                .then_some(())
        })
        .await;
        rig.store.request_cancel(&scope, id).await.expect("it answers");
        let ended = until("it has one end", async || {
            let row = rig.row(id).await;
            (row.status == "succeeded" || row.status == "cancelled").then_some(row.status)
        })
        .await;
        until("its objects are gone, where it was called off", async || {
            (ended == "succeeded" || rig.keys_of(id).await.is_empty()).then_some(())
        })
        .await;
        if ended == "succeeded" {
            spent += 1;
            rig.assert_succeeded(id).await;
        } else {
            rig.assert_ended_without(id, "cancelled").await;
        }
        ends.insert(ended);
    }
    assert!(ends.contains("cancelled"), "{ends:?}");
    worker.stop().await;
    rig.assert_spent("cmp_a", spent).await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f25_a_cancel_races_the_finish() {
    a_cancel_races_the_finish(Rig::servers().await).await;
}

#[tokio::test]
async fn f25_a_cancel_races_the_finish_embedded() {
    a_cancel_races_the_finish(Rig::embedded().await).await;
}

async fn fifty_equal_enqueues_are_one_job(rig: Rig) {
    let scope = rig.grant("cmp_a").await;
    let file = rig.folder.path().join("quote.json");
    std::fs::write(&file, snapshot("cmp_a", "q_1").to_string()).expect("written");
    let rig = Arc::new(rig);
    // Some by other processes, the rest by many at once in this one.
    let processes: Vec<_> = (0..5)
        .map(|_| {
            let (rig, file) = (Arc::clone(&rig), file.display().to_string());
            tokio::task::spawn_blocking(move || rig.render(&["enqueue", &file, "--template", "tiny", "--json"]))
        })
        .collect();
    let mut tasks = Vec::new();
    for _ in 0..5 {
        let store = connect(&rig.url).await.expect("the database opens");
        for _ in 0..9 {
            let (store, scope) = (Arc::clone(&store), scope.clone());
            let job = new_job("tiny", "q_1", snapshot("cmp_a", "q_1"));
            tasks.push(tokio::spawn(async move { store.enqueue(&scope, &job, &rules()).await.expect("an answer") }));
        }
    }
    let (mut ids, mut new) = (BTreeSet::new(), 0);
    for task in tasks {
        let enqueued = task.await.expect("a task");
        new += usize::from(matches!(enqueued, Enqueued::New(_)));
        ids.insert(enqueued.job().id.to_string());
    }
    for process in processes {
        let output = process.await.expect("a process");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        new += usize::from(said["outcome"] == "new");
        ids.insert(said["job"]["id"].as_str().expect("an id").to_owned());
    }
    assert_eq!((ids.len(), new), (1, 1), "one job");
    assert_eq!(rig.number("select count(*) from video_render_jobs").await, 1);
    assert_eq!(rig.number("select count(*) from credit_entries where kind = 'freeze'").await, 1, "one freeze");
    let available = format!("select balance - frozen from {} credits", rig.credits());
    assert_eq!(rig.number(&available).await, CREDITS - 1);
    rig.assert_books().await;
    Arc::into_inner(rig).expect("nobody else has it").end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f25_fifty_equal_enqueues_are_one_job() {
    fifty_equal_enqueues_are_one_job(Rig::servers().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f25_fifty_equal_enqueues_are_one_job_embedded() {
    fifty_equal_enqueues_are_one_job(Rig::embedded().await).await;
}
