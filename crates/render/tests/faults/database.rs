//! Faults 7 to 9 and 12: the database restarts, falls silent, loses an answer; a reconciler comes between.

use std::path::Path;
use std::process::Command;

use crate::gate::{Gate, Moment};
use crate::rig::{Rig, until};
use crate::worker::{figure, free_port, lives};
use quotereel_test_support::proxy::{Mode, Proxy};

/// A PostgreSQL of this test's own, to be ended and started at will.
pub(crate) struct Server {
    folder: tempfile::TempDir,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start() -> Self {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().expect("a folder");
        // The server does not run as root, and must get at its own folder.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("it is ours");
        let mut server = Self { folder, url: String::new() };
        server.url = server.does("start").lines().last().expect("a URL").to_owned();
        server
    }

    fn does(&self, action: &str) -> String {
        let script = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("tests/servers/postgres.sh");
        let done = Command::new(script).arg(action).arg(self.folder.path().join("postgres")).output().expect("it runs");
        assert!(done.status.success(), "{action}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("text")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // As a crash: nothing of it is needed any more.
        let script = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("tests/servers/postgres.sh");
        drop(Command::new(script).arg("kill").arg(self.folder.path().join("postgres")).output());
    }
}

#[tokio::test]
async fn f07_the_database_restarts_in_the_middle_of_a_job() {
    let server = Server::start();
    let rig = Rig::on(&server.url).await;
    let id = rig.enqueue("slow").await;
    let mut worker = rig.worker("a").lease(60).start();
    worker.draws(id).await;
    let cut = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'quotereel'";
    assert!(rig.number(cut).await > 0, "its connections are cut");
    server.does("restart");
    server.does("kill");
    server.does("start");
    until("the test has its connections back", async || {
        rig.try_change("update video_render_jobs set created_at = created_at").await.ok()
    })
    .await;
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.epoch, row.renders, row.rescues), (1, 1, 0), "the same claim, the same render");
    assert!(worker.lives());
    rig.assert_succeeded(id).await;
    let next = rig.enqueue("tiny").await;
    rig.reaches(next, "succeeded").await;
    worker.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn f08_the_connection_to_the_database_is_half_open() {
    let rig = Rig::servers().await;
    let proxy = Proxy::tcp(rig.database_host());
    let id = rig.enqueue("slow").await;
    let port = free_port();
    let mut first = rig
        .worker("a")
        .lease(3)
        .set("QUOTEREEL_DATABASE", &rig.url_through(proxy.address()))
        .set("QUOTEREEL_METRICS", &format!("127.0.0.1:{port}"))
        .start();
    let render = first.draws(id).await;
    rustix::process::kill_process(render, rustix::process::Signal::STOP).expect("it runs");
    proxy.set(Mode::BlackHole);
    until("the render is given up", async || (!lives(render)).then_some(())).await;
    let second = rig.worker("b").lease(3).start();
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.epoch, row.renders, row.rescues), (2, 2, 1));
    let after = rig.row(id).await;
    second.stop().await;
    // The first comes back to a world that has moved on.
    proxy.set(Mode::Forward);
    proxy.cut();
    let next = rig.enqueue("tiny").await;
    rig.reaches(next, "succeeded").await;
    assert_eq!(figure(port, "video_render_lease_losses_total").await, 1.0);
    assert!(first.lives());
    assert_eq!(rig.row(id).await, after, "it changed nothing");
    rig.assert_succeeded(id).await;
    rig.assert_no_other_objects(id).await;
    first.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

/// The answer to a commit never comes; the commit itself happens.
async fn the_answer_to_a_commit_is_lost(condition: &str, mode: Mode) {
    let rig = Rig::servers().await;
    let proxy = Proxy::tcp(rig.database_host());
    let mut gate = Gate::shut(&rig, Moment::Commit, condition).await;
    let id = rig.enqueue("tiny").await;
    let worker = rig.worker("a").set("QUOTEREEL_DATABASE", &rig.url_through(proxy.address())).start();
    gate.reached().await;
    proxy.set(mode);
    gate.open().await;
    if mode == Mode::Refuse {
        until("the commit has happened", async || (rig.row(id).await.status != "queued").then_some(())).await;
    }
    proxy.set(Mode::Forward);
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!(row.renders, 1);
    rig.assert_succeeded(id).await;
    rig.assert_no_other_objects(id).await;
    rig.assert_spent("cmp_a", 1).await;
    // Whatever it takes the answer for, the worker keeps no file; while it waits for one it has the file still.
    rig.assert_spools_empty().await;
    worker.stop().await;
    rig.end().await;
}

#[tokio::test]
async fn f09_the_answer_to_the_last_commit_is_lost() {
    the_answer_to_a_commit_is_lost("new.status = 'succeeded'", Mode::Refuse).await;
}

#[tokio::test]
async fn f09_the_answer_to_the_last_commit_never_comes() {
    the_answer_to_a_commit_is_lost("new.status = 'succeeded'", Mode::BlackHole).await;
}

#[tokio::test]
async fn f09_the_answer_to_a_stage_is_lost() {
    the_answer_to_a_commit_is_lost("new.stage = 'upload' and old.stage = 'render'", Mode::Refuse).await;
}

#[tokio::test]
async fn f09_the_answer_to_a_claim_is_lost() {
    let rig = Rig::servers().await;
    let proxy = Proxy::tcp(rig.database_host());
    let mut gate = Gate::shut(&rig, Moment::Commit, "new.status = 'running' and old.status = 'queued'").await;
    let id = rig.enqueue("tiny").await;
    let worker = rig.worker("a").lease(3).set("QUOTEREEL_DATABASE", &rig.url_through(proxy.address())).start();
    gate.reached().await;
    proxy.set(Mode::Refuse);
    gate.open().await;
    rig.reaches(id, "running").await;
    proxy.set(Mode::Forward);
    // Nobody knows of the first claim: the job is rescued from it.
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.epoch, row.renders, row.rescues), (2, 1, 1));
    rig.assert_succeeded(id).await;
    worker.stop().await;
    rig.end().await;
}

#[tokio::test]
async fn f12_a_reconciler_races_a_completion() {
    let rig = Rig::servers().await;
    let mut gate = Gate::shut(&rig, Moment::Commit, "new.status = 'succeeded'").await;
    let id = rig.enqueue("tiny").await;
    let worker = rig.worker("a").lease(2).start();
    gate.reached().await;
    let lapsed = format!("select count(*) from video_render_jobs where id = '{id}' and lease_expires_at < now()");
    until("the lease is over", async || (rig.number(&lapsed).await == 1).then_some(())).await;
    // By hand and by a worker, while the completion is neither done nor undone.
    let reconciled = rig.render(&["reconcile", "--json"]);
    assert!(reconciled.status.success(), "{}", String::from_utf8_lossy(&reconciled.stdout));
    gate.open().await;
    let row = rig.reaches(id, "succeeded").await;
    // A database that ends the hanging completion leaves the job to the reconciler; the finished file is taken up then.
    let rescued = rig.events(id, "RECONCILED").await;
    assert_eq!((row.renders, row.epoch, row.rescues), (1, 1 + row.rescues, rescued), "rendered once, charged once");
    let reconciled = rig.render(&["reconcile", "--json"]);
    assert!(reconciled.status.success(), "{}", String::from_utf8_lossy(&reconciled.stdout));
    assert_eq!(rig.events(id, "RECONCILED").await, rescued, "what has succeeded stays");
    rig.assert_succeeded(id).await;
    rig.assert_no_other_objects(id).await;
    worker.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}
