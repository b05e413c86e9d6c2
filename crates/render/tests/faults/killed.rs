//! Faults 1 to 6: the worker is killed, at every moment of a job's life.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::gate::{Gate, Moment};
use crate::receiver::Receiver;
use crate::rig::{COMPANY, Rig, until};
use crate::worker::{figure, free_port, lives};
use quotereel_test_support::proxy::{Mode, Proxy};

/// Somebody begins to render.
const BEGINS_RENDER: &str = "new.render_attempts > old.render_attempts";
/// Somebody has rendered.
const BEGINS_UPLOAD: &str = "new.stage = 'upload' and old.stage = 'render'";
/// Somebody has uploaded, and says so.
const SUCCEEDS: &str = "new.status = 'succeeded'";

#[tokio::test]
async fn f01_killed_after_the_claim() {
    let rig = Rig::servers().await;
    let mut gate = Gate::shut(&rig, Moment::Change, BEGINS_RENDER).await;
    let id = rig.enqueue("tiny").await;
    let mut first = rig.worker("a").lease(3).start();
    gate.reached().await;
    let second = rig.worker("b").lease(3).start();
    second.says("the worker begins").await;
    assert_eq!(rig.row(id).await.renders, 0, "claimed, and no more");
    first.kill();
    let killed = Instant::now();
    gate.open_for_the_living().await;
    until("it runs again", async || (rig.row(id).await.epoch == 2).then_some(())).await;
    assert!(killed.elapsed() < Duration::from_secs(3 + 10), "the lease and 10 s: {:?}", killed.elapsed());
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.epoch, row.renders, row.rescues), (2, 1, 1));
    assert_eq!((rig.events(id, "STARTED").await, rig.events(id, "RECONCILED").await), (2, 1));
    rig.assert_succeeded(id).await;
    rig.assert_no_other_objects(id).await;
    rig.assert_spent("cmp_a", 1).await;
    second.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f01_killed_after_the_claim_embedded() {
    let rig = Rig::embedded().await;
    let id = rig.enqueue("slow").await;
    let mut first = rig.worker("a").lease(3).start();
    rig.reaches(id, "running").await;
    first.kill();
    let second = rig.worker("b").lease(3).start();
    let row = rig.reaches(id, "succeeded").await;
    // It may have begun to render before it died.
    assert_eq!((row.epoch, row.rescues), (2, 1));
    rig.assert_succeeded(id).await;
    rig.assert_no_other_objects(id).await;
    second.stop().await;
    rig.end().await;
}

async fn killed_in_the_middle_of_a_render(rig: Rig) {
    let id = rig.enqueue("slow").await;
    let mut first = rig.worker("a").start();
    let render = first.draws(id).await;
    first.kill();
    until("the render ends with its worker", async || (!lives(render)).then_some(())).await;
    rig.lapse(id).await;
    let port = free_port();
    let second = rig.worker("a").set("QUOTEREEL_METRICS", &format!("127.0.0.1:{port}")).start();
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.epoch, row.renders, row.rescues), (2, 2, 1));
    assert_eq!(figure(port, r#"video_render_rerenders_total{reason="worker_lost"}"#).await, 1.0);
    rig.assert_succeeded(id).await;
    rig.assert_no_other_objects(id).await;
    second.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f02_killed_in_the_middle_of_a_render() {
    killed_in_the_middle_of_a_render(Rig::servers().await).await;
}

#[tokio::test]
async fn f02_killed_in_the_middle_of_a_render_embedded() {
    killed_in_the_middle_of_a_render(Rig::embedded().await).await;
}

#[tokio::test]
async fn f03_killed_between_render_and_upload() {
    let rig = Rig::servers().await;
    let mut gate = Gate::shut(&rig, Moment::Change, BEGINS_UPLOAD).await;
    let id = rig.enqueue("tiny").await;
    let mut first = rig.worker("a").start();
    gate.reached().await;
    first.kill();
    assert_eq!(rig.keys().await, [""; 0], "nothing is in storage");
    gate.open_for_the_living().await;
    // The same host, whatever is left of the lease: the lock of the spool proves that its owner is dead.
    let second = rig.worker("a").start();
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.renders, row.rescues), (1, 1), "0 renders again; to take up a dead worker's file is a rescue");
    rig.assert_succeeded(id).await;
    rig.assert_no_other_objects(id).await;
    second.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f03_its_host_gone_between_render_and_upload() {
    let rig = Rig::servers().await;
    let mut gate = Gate::shut(&rig, Moment::Change, BEGINS_UPLOAD).await;
    let id = rig.enqueue("tiny").await;
    let mut first = rig.worker("a").start();
    gate.reached().await;
    first.kill();
    gate.open_for_the_living().await;
    rig.lapse(id).await;
    let second = rig.worker("b").start();
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.epoch, row.renders), (2, 2), "one render again");
    second.stop().await;
    // The host comes back: its file is worth nothing any more.
    let first = rig.worker("a").start();
    rig.assert_spools_empty().await;
    first.stop().await;
    rig.assert_succeeded(id).await;
    rig.assert_no_other_objects(id).await;
    assert_eq!(rig.row(id).await.epoch, 2);
    rig.end().await;
}

#[tokio::test]
async fn f03_killed_between_render_and_upload_embedded() {
    let rig = Rig::embedded().await;
    // A file where the folder of all tenants should be: nothing can be stored.
    rig.put_object("org", b"in the way").await;
    let id = rig.enqueue("tiny").await;
    let mut first = rig.worker("a").start();
    until("the file lies in the spool", async || {
        rig.spooled().first().is_some_and(|folder| folder.join("manifest.json").is_file()).then_some(())
    })
    .await;
    first.kill();
    rig.remove_object("org").await;
    let second = rig.worker("a").start();
    until("it is taken up, now or when its pause is over", async || {
        rig.hurry(id).await;
        (rig.row(id).await.status == "succeeded").then_some(())
    })
    .await;
    assert_eq!(rig.row(id).await.renders, 1);
    rig.assert_succeeded(id).await;
    rig.assert_no_other_objects(id).await;
    second.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f04_killed_in_the_middle_of_an_upload() {
    let rig = Rig::servers().await;
    let proxy = Proxy::http(rig.endpoint());
    let id = rig.enqueue("tiny").await;
    let mut gate = Gate::shut(&rig, Moment::Change, BEGINS_UPLOAD).await;
    let mut first = rig.worker("a").set("QUOTEREEL_S3_ENDPOINT", &proxy.url()).start();
    gate.reached().await;
    proxy.set(Mode::Throttle(1500));
    let before = proxy.bytes_up();
    gate.open().await;
    until("a part has gone up", async || (proxy.bytes_up() > before + 4000).then_some(())).await;
    first.kill();
    proxy.cut();
    proxy.set(Mode::Forward);
    let videos = async || rig.keys().await.into_iter().filter(|key| key.ends_with(".mp4")).count();
    assert_eq!(videos().await, 0, "no part of a video can be seen");
    let second = rig.worker("a").start();
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.renders, row.uploads), (1, 2), "uploaded again, not rendered again");
    rig.assert_succeeded(id).await;
    rig.assert_no_other_objects(id).await;
    second.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

/// Kills a worker whose upload is done and whose row does not know; another goes on, with that spool.
async fn killed_between_upload_and_row(spool_of_second: &str) {
    let rig = Rig::servers().await;
    let proxy = Proxy::http(rig.endpoint());
    let mut gate = Gate::shut(&rig, Moment::Change, SUCCEEDS).await;
    let id = rig.enqueue("tiny").await;
    let mut first = rig.worker("a").start();
    gate.reached().await;
    first.kill();
    gate.open_for_the_living().await;
    assert_eq!(rig.keys_of(id).await.len(), 2, "video and thumbnail are there");
    if spool_of_second != "a" {
        rig.lapse(id).await;
    }
    let second = rig.worker(spool_of_second).set("QUOTEREEL_S3_ENDPOINT", &proxy.url()).start();
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.epoch, row.renders), (2, 1), "0 renders again");
    assert_eq!(proxy.requests(Some("PUT")), 0, "0 uploads again");
    rig.assert_succeeded(id).await;
    rig.assert_no_other_objects(id).await;
    second.stop().await;
    if spool_of_second != "a" {
        rig.worker("a").with("--drain").start().ends().await;
    }
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f05_killed_between_upload_and_row() {
    killed_between_upload_and_row("a").await;
}

#[tokio::test]
async fn f05_its_host_gone_between_upload_and_row() {
    killed_between_upload_and_row("b").await;
}

async fn killed_between_row_and_webhook(rig: Rig) {
    let receiver = Receiver::start(false);
    let secret = rig.folder.path().join("secret");
    std::fs::write(&secret, format!("whsec_{}", STANDARD.encode([7; 32]))).expect("written");
    let address = format!("http://127.0.0.1:{}/hook", receiver.port);
    let set = rig.render(&["webhook", &address, "--company", COMPANY, "--secret-file", &secret.display().to_string()]);
    assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    let id = rig.enqueue("tiny").await;
    let mut first = rig.worker("a").set("QUOTEREEL_ALLOW_PRIVATE_NETWORK", "true").start();
    until("a delivery is on its way", async || (!receiver.requests().is_empty()).then_some(())).await;
    first.kill();
    assert_eq!(rig.row(id).await.status, "succeeded", "the row was written first");
    let delivered = "select count(*) from webhook_deliveries where status = 'delivered'";
    assert_eq!(rig.number(delivered).await, 0);
    receiver.answer();
    // The dead worker's right to deliver it ends.
    let past = if rig.is_embedded() { "0" } else { "now() - interval '1 second'" };
    rig.change(&format!("update webhook_deliveries set next_attempt_at = {past}")).await;
    let second = rig.worker("b").set("QUOTEREEL_ALLOW_PRIVATE_NETWORK", "true").start();
    until("it is delivered", async || (rig.number(delivered).await == 1).then_some(())).await;
    second.stop().await;
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2, "once in vain, once for good");
    assert_eq!(requests[0].header("webhook-id"), requests[1].header("webhook-id"), "the receiver can tell");
    for request in &requests {
        let (id, at) = (request.header("webhook-id"), request.header("webhook-timestamp"));
        let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).expect("a key");
        mac.update(format!("{id}.{at}.{}", request.body).as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(request.header("webhook-signature"), signature);
    }
    let told: serde_json::Value = serde_json::from_str(&requests[1].body).expect("JSON");
    assert_eq!(told["type"], "VIDEO_RENDER_SUCCEEDED");
    assert_eq!(told["data"]["jobId"], id.to_string());
    rig.assert_succeeded(id).await;
    rig.end().await;
}

#[tokio::test]
async fn f06_killed_between_row_and_webhook() {
    killed_between_row_and_webhook(Rig::servers().await).await;
}

#[tokio::test]
async fn f06_killed_between_row_and_webhook_embedded() {
    killed_between_row_and_webhook(Rig::embedded().await).await;
}
