//! What the caller of a short render sees: progress on its way, a cancel that comes in time, ids as offices write them,
//! corrections and templates. With the heartbeat as it is by default, far longer than a render takes.

use std::process::Output;
use std::time::{Duration, Instant};

use quotereel_jobs::job::JobId;
use serde_json::Value;

use crate::rig::{COMPANY, Rig, snapshot, until};

async fn progress_is_seen_and_a_cancel_comes_in_time(rig: Rig) {
    let scope = rig.grant(COMPANY).await;
    let worker = rig.worker("a").set("QUOTEREEL_HEARTBEAT", "15s").set("QUOTEREEL_LEASE", "75s");
    let worker = worker.set("QUOTEREEL_RENDER_THREADS", "1").start();
    let id = rig.enqueue("moving").await;
    let progress = format!("select progress from video_render_jobs where id = '{id}'");
    let mut seen = Vec::new();
    until("the progress moves twice", async || {
        let now = rig.number(&progress).await;
        assert_eq!(rig.row(id).await.status.replace("queued", "running"), "running", "seen by now: {seen:?}");
        if (1..90).contains(&now) && seen.last() != Some(&now) {
            seen.push(now);
        }
        (seen.len() >= 2).then_some(())
    })
    .await;
    assert!(seen.is_sorted(), "{seen:?}");
    let asked_at = Instant::now();
    rig.store.request_cancel(&scope, id).await.expect("it answers");
    rig.reaches(id, "cancelled").await;
    // About a second; a busy machine has some more, but never as long as a heartbeat.
    assert!(asked_at.elapsed() < Duration::from_secs(8), "{:?}", asked_at.elapsed());
    rig.assert_ended_without(id, "cancelled").await;
    worker.stop().await;
    rig.assert_spent(COMPANY, 0).await;
    rig.end().await;
}

#[tokio::test]
async fn progress_is_seen_and_a_cancel_comes_in_time_with_servers() {
    progress_is_seen_and_a_cancel_comes_in_time(Rig::servers().await).await;
}

#[tokio::test]
async fn progress_is_seen_and_a_cancel_comes_in_time_embedded() {
    progress_is_seen_and_a_cancel_comes_in_time(Rig::embedded().await).await;
}

/// Exit status, and the object that was printed with `--json`.
fn answer(output: &Output) -> (Option<i32>, Value) {
    let text = String::from_utf8_lossy(&output.stdout);
    let value = serde_json::from_str(text.trim()).unwrap_or_else(|_| {
        panic!("no JSON: {text}\n{}", String::from_utf8_lossy(&output.stderr));
    });
    (output.status.code(), value)
}

async fn an_offices_quote_goes_all_the_way(rig: Rig) {
    rig.grant(COMPANY).await;
    let file = rig.folder.path().join("quote.json");
    let id = "Angebot 118/2026";
    let write = |total: &str| {
        let mut quote = snapshot(COMPANY, id);
        quote["totals"]["total"] = total.into();
        std::fs::write(&file, quote.to_string()).expect("a file");
    };
    let enqueue = |more: &[&str]| {
        let path = file.display().to_string();
        let mut arguments = vec!["--json", "enqueue", &path];
        arguments.extend(more);
        answer(&rig.render(&arguments))
    };
    // A machine without the worker's folder of templates.
    let nothing = rig.folder.path().join("no-templates");
    std::fs::create_dir(&nothing).expect("a folder");
    let nothing = nothing.display().to_string();
    write("250");
    let (status, misspelt) = enqueue(&["-t", "tinny"]);
    let message = misspelt["problems"][0]["message"].as_str().unwrap_or_default();
    assert!(status == Some(3) && message.contains("did you mean `tiny`?"), "{misspelt}");
    let (status, refused) = enqueue(&["-t", "tiny", "--templates", &nothing]);
    assert_eq!((status, refused["problems"][0]["code"].as_str()), (Some(3), Some("template_unknown")), "{refused}");
    let (status, taken) = enqueue(&["-t", "tiny", "--templates", &nothing, "--any-template"]);
    assert_eq!((status, taken["outcome"].as_str()), (Some(0), Some("new")), "{taken}");
    assert_eq!(taken["job"]["entityId"], id);
    let mut worker = rig.worker("a").with("--drain").start();
    assert!(worker.ends().await.success(), "{}", worker.log());
    let job: JobId = taken["job"]["id"].as_str().expect("an id").parse().expect("an id");
    rig.assert_succeeded(job).await;
    let (_, listed) = answer(&rig.render(&["--json", "jobs", "list", "--company", COMPANY, "--quote", id]));
    assert_eq!(listed["jobs"].as_array().map(Vec::len), Some(1), "{listed}");

    // The worker has registered its templates. A correction within the cooldown is refused, or waits for its time.
    write("260");
    let again = ["-t", "tiny", "--templates", &nothing, "--cooldown", "3m"];
    let (status, refused) = enqueue(&again);
    assert_eq!((status, refused["problems"][0]["code"].as_str()), (Some(1), Some("cooldown")), "{refused}");
    let (status, waits) = enqueue(&[&again[..], &["--when-allowed"]].concat());
    assert_eq!(
        (status, waits["outcome"].as_str(), waits["job"]["status"].as_str()),
        (Some(0), Some("new"), Some("queued"))
    );
    assert!(waits["job"]["runAfter"].as_str() > waits["job"]["createdAt"].as_str(), "{waits}");
    // Another template of the same quote has a cooldown of its own.
    let (status, other) = enqueue(&["-t", "quote-summary", "--cooldown", "3m"]);
    assert_eq!((status, other["outcome"].as_str()), (Some(0), Some("new")), "{other}");
    rig.end().await;
}

#[tokio::test]
async fn an_offices_quote_goes_all_the_way_with_servers() {
    an_offices_quote_goes_all_the_way(Rig::servers().await).await;
}

#[tokio::test]
async fn an_offices_quote_goes_all_the_way_embedded() {
    an_offices_quote_goes_all_the_way(Rig::embedded().await).await;
}
