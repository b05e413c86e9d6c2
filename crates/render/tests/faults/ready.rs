//! What `/readyz` says of a worker that nobody uses, and of one that starts before its database.

use std::time::Duration;

use quotereel_test_support::proxy::{Mode, Proxy};

use crate::outage::becomes;
use crate::rig::{Rig, until};
use crate::worker::free_port;

#[tokio::test]
async fn a_worker_that_may_not_claim_is_not_ready() {
    let rig = Rig::servers().await;
    let (login, url) = rig.login().await;
    let port = free_port();
    let plan = rig.worker("a").set("QUOTEREEL_DATABASE", &url).set("QUOTEREEL_POLL", "1s");
    let worker = plan.set("QUOTEREEL_METRICS", &format!("127.0.0.1:{port}")).start();
    becomes(port, true).await;
    let change = async |verb: &str| {
        let sql = format!(
            "do $$ declare v regprocedure; begin
               for v in select oid from pg_proc where proname = 'claim_video_renders' loop
                 execute format('{verb} quotereel_worker', v);
               end loop;
             end $$"
        );
        rig.change(&sql).await;
    };
    change("revoke execute on function %s from").await;
    let (took, said) = becomes(port, false).await;
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert!(said.contains("permission denied"), "{said}");
    let id = rig.enqueue("tiny").await;
    change("grant execute on function %s to").await;
    let (took, _) = becomes(port, true).await;
    assert!(took < Duration::from_secs(4), "{took:?}");
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.attempts, row.rescues), (1, 0));
    worker.stop().await;
    rig.remove_login(&login).await;
    rig.end().await;
}

#[tokio::test]
async fn an_idle_worker_knows_that_storage_is_away() {
    let rig = Rig::servers().await;
    let proxy = Proxy::http(rig.endpoint());
    let port = free_port();
    let plan = rig.worker("a").set("QUOTEREEL_S3_ENDPOINT", &proxy.url());
    let worker = plan.set("QUOTEREEL_METRICS", &format!("127.0.0.1:{port}")).start();
    becomes(port, true).await;
    proxy.set(Mode::Refuse);
    let (took, said) = becomes(port, false).await;
    assert!(took < Duration::from_secs(40), "a look every 15 s: {took:?}");
    assert!(said.contains(r#""check":"storage""#), "{said}");
    let id = rig.enqueue("tiny").await;
    proxy.set(Mode::Forward);
    becomes(port, true).await;
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.attempts, row.renders), (1, 1), "it was not claimed before storage was there");
    rig.assert_succeeded(id).await;
    worker.stop().await;
    rig.end().await;
}

#[tokio::test]
async fn a_full_spool_is_told_within_two_polls() {
    let rig = Rig::servers().await;
    let spool = rig.folder.path().join("spools/small");
    std::fs::create_dir_all(&spool).expect("a folder");
    let mount = format!("mount -t tmpfs -o size=8m tmpfs {} && exec \"$@\"", spool.display());
    let namespace = ["unshare", "--mount", "--map-root-user", "--", "sh", "-c", &mount, "sh"];
    let tried = std::process::Command::new(namespace[0]).args(&namespace[1..]).arg("true").output();
    if !tried.is_ok_and(|tried| tried.status.success()) {
        // `f18_little_space_is_left` has the same page where no disk can be made.
        return;
    }
    let port = free_port();
    let plan = rig.worker("small").set("QUOTEREEL_MIN_FREE_MIB", "4").set("QUOTEREEL_POLL", "1s");
    let worker = plan.set("QUOTEREEL_METRICS", &format!("127.0.0.1:{port}")).through(&namespace).start();
    becomes(port, true).await;
    let inside = format!("/proc/{}/root{}", worker.id(), spool.display());
    let filler = std::path::Path::new(&inside).join("somebody-elses-file");
    std::fs::write(&filler, vec![7_u8; 6 << 20]).expect("the disk takes it");
    let (took, said) = becomes(port, false).await;
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert!(said.contains(r#""check":"disk""#), "{said}");
    std::fs::remove_file(&filler).expect("it goes");
    let (took, _) = becomes(port, true).await;
    assert!(took < Duration::from_secs(4), "{took:?}");
    worker.stop().await;
    rig.end().await;
}

#[tokio::test]
async fn a_worker_waits_for_its_database_at_the_start() {
    let rig = Rig::servers().await;
    let proxy = Proxy::tcp(rig.database_host());
    proxy.set(Mode::Refuse);
    let mut worker = rig.worker("a").set("QUOTEREEL_DATABASE", &rig.url_through(proxy.address())).start();
    worker.says("waiting for the database").await;
    assert!(worker.lives());
    proxy.set(Mode::Forward);
    let id = rig.enqueue("tiny").await;
    rig.reaches(id, "succeeded").await;
    worker.stop().await;
    // One that ends by itself says at once what stands in its way; so does one that is asked to end.
    proxy.set(Mode::Refuse);
    let once = rig.worker("b").set("QUOTEREEL_DATABASE", "postgres://postgres@127.0.0.1:1/jobs").with("--once");
    let mut once = once.start();
    assert!(!once.ends().await.success());
    assert!(once.log().contains("connection refused at 127.0.0.1:1"), "{}", once.log());
    let waiting = rig.worker("c").set("QUOTEREEL_DATABASE", &rig.url_through(proxy.address())).start();
    waiting.says("waiting for the database").await;
    waiting.stop().await;
    until("nothing is left", async || rig.spooled().is_empty().then_some(())).await;
    rig.end().await;
}
