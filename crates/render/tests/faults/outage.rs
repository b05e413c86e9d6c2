//! The database answers, and cannot work: read-only after a failover, out of connections, out of order at any statement.
//! Jobs wait it out: no attempt, no rescue, no second render.

use std::time::{Duration, Instant};

use crate::database::Server;
use crate::rig::{Rig, until};
use crate::worker::{free_port, page};

/// Waits until the worker's page for readiness has that status, and says how long that took and what it said.
pub(crate) async fn becomes(port: u16, ready: bool) -> (Duration, String) {
    let began = Instant::now();
    let status = if ready { 200 } else { 503 };
    let said = until(&format!("/readyz answers {status}"), async || {
        page(port, "/readyz").await.filter(|(found, _)| *found == status).map(|(_, said)| said)
    })
    .await;
    (began.elapsed(), said)
}

#[tokio::test]
async fn a_read_only_database_is_waited_out() {
    let server = Server::start();
    let rig = Rig::on(&server.url).await;
    let port = free_port();
    let plan = rig.worker("a").lease(3).set("QUOTEREEL_POLL", "1s");
    let mut worker = plan.set("QUOTEREEL_METRICS", &format!("127.0.0.1:{port}")).start();
    becomes(port, true).await;
    let id = rig.enqueue("slow").await;
    worker.draws(id).await;
    let waiting = rig.enqueue("tiny").await;
    rig.change("alter system set default_transaction_read_only = on").await;
    rig.texts("select pg_reload_conf()::text").await;
    let (took, said) = becomes(port, false).await;
    // Two polls, and some patience with a busy machine.
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(said.contains("read-only"), "{said}");
    assert!(!said.contains("cmp_a") && !said.contains(&id.to_string()), "{said}");
    // Longer than the lease, and longer than the render.
    let lapsed = format!(
        "select count(*) from video_render_jobs where id = '{id}' and lease_expires_at < now() - interval '6 s'"
    );
    until("the lease is long over", async || (rig.number(&lapsed).await == 1).then_some(())).await;
    until("the finished file waits", async || worker.log().contains("the row could not be written").then_some(()))
        .await;
    assert!(!rig.spooled().is_empty(), "the file is kept");
    rig.change("alter system reset default_transaction_read_only").await;
    rig.texts("select pg_reload_conf()::text").await;
    let (took, _) = becomes(port, true).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    for id in [id, waiting] {
        let row = rig.reaches(id, "succeeded").await;
        assert_eq!((row.attempts, row.epoch, row.renders, row.rescues), (1, 1, 1, 0), "{row:?}");
        rig.assert_succeeded(id).await;
    }
    assert!(worker.lives());
    worker.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

#[tokio::test]
async fn a_server_without_connections_is_waited_out() {
    let rig = Rig::servers().await;
    let (login, url) = rig.login().await;
    let worker = rig.worker("a").lease(3).set("QUOTEREEL_DATABASE", &url).start();
    let id = rig.enqueue("slow").await;
    worker.draws(id).await;
    // It loses the connections that it has, and gets no others.
    rig.change(&format!("alter role {login} connection limit 0")).await;
    let cut = format!("select count(pg_terminate_backend(pid)) from pg_stat_activity where usename = '{login}'");
    assert!(rig.number(&cut).await > 0, "its connections are cut");
    worker.says("53300").await;
    let lapsed = format!(
        "select count(*) from video_render_jobs where id = '{id}' and lease_expires_at < now() - interval '5 s'"
    );
    until("the lease is long over", async || (rig.number(&lapsed).await == 1).then_some(())).await;
    rig.change(&format!("alter role {login} connection limit -1")).await;
    let row = rig.reaches(id, "succeeded").await;
    assert_eq!((row.attempts, row.epoch, row.renders, row.rescues), (1, 1, 1, 0), "{row:?}");
    rig.assert_succeeded(id).await;
    worker.stop().await;
    rig.remove_login(&login).await;
    rig.assert_spools_empty().await;
    rig.end().await;
}

/// Errors that say nothing about a job: of the system, of a pooler, of anything.
const CODES: [&str; 10] = ["XX000", "42P05", "26000", "0A000", "25006", "53100", "53200", "57P01", "58030", "42501"];

/// The N-th statement with which a worker changes a job or writes its history fails, for every N in turn, with each code.
#[tokio::test]
async fn an_error_at_any_statement_costs_a_job_nothing() {
    let rig = Rig::servers().await;
    for sql in [
        "create sequence statements",
        "create table injected (at bigint, code text)",
        "insert into injected values (0, '')",
        // Sequences forget nothing when a transaction is rolled back: each number comes once.
        "create function inject() returns trigger language plpgsql security definer as $$
         declare v_code text;
         begin
           select code into v_code from injected where at = nextval('statements');
           if found then
             raise exception 'injected' using errcode = v_code;
           end if;
           return case when tg_op = 'INSERT' then new end;
         end $$",
        "create trigger inject before update on video_render_jobs for each statement execute function inject()",
        "create trigger inject before insert on video_render_events for each row
         when (new.source <> 'tenant') execute function inject()",
    ] {
        rig.change(sql).await;
    }
    let mut worker = rig.worker("a").start();
    let mut failed = 0;
    for number in 1_u32.. {
        let code = CODES[number as usize % CODES.len()];
        rig.change(&format!("update injected set at = {number}, code = '{code}'")).await;
        rig.change("alter sequence statements restart").await;
        let id = rig.enqueue("tiny").await;
        let row = rig.reaches(id, "succeeded").await;
        let what = format!("{code} at statement {number}: {row:?}");
        assert_eq!((row.attempts, row.epoch, row.renders, row.rescues), (1, 1, 1, 0), "{what}");
        rig.assert_succeeded(id).await;
        let statements = rig.number("select last_value from statements").await;
        if statements < i64::from(number) {
            break;
        }
        failed += 1;
        assert!(number < 60, "heartbeats alone are not that many");
    }
    assert!(failed >= 6, "claim, stages, success and their events: {failed}");
    assert!(worker.lives());
    worker.stop().await;
    rig.assert_spools_empty().await;
    rig.end().await;
}
