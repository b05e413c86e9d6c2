//! Everything at once: workers die and come back, sleep past their leases, connections are cut, storage refuses; and in
//! the end each job is done, once.

use std::time::Duration;

use rustix::process::Signal;

use crate::rig::{Rig, until};
use crate::worker::Plan;
use quotereel_test_support::proxy::{Mode, Proxy};

/// Blows of each kind.
const ROUNDS: usize = 3;

#[tokio::test]
async fn everything_at_once() {
    let rig = Rig::servers().await;
    let (rows, objects) = (Proxy::tcp(rig.database_host()), Proxy::http(rig.endpoint()));
    let plan = |number: usize| -> Plan {
        rig.worker(&format!("host-{number}"))
            .lease(3)
            .set("QUOTEREEL_DATABASE", &rig.url_through(rows.address()))
            .set("QUOTEREEL_S3_ENDPOINT", &objects.url())
            .set("QUOTEREEL_MAX_RESCUES", "1000")
            .set("QUOTEREEL_MAX_ATTEMPTS", "1000")
    };
    let mut ids = Vec::new();
    for number in 0..16 {
        let company = ["cmp_a", "cmp_b"][number % 2];
        ids.push(rig.enqueue_for(company, "tiny", &format!("q_{number}"), |_| ()).await);
    }
    let mut workers: Vec<_> = (0..3).map(|number| plan(number).start()).collect();
    let between = async || tokio::time::sleep(Duration::from_millis(400)).await;
    for round in 0..ROUNDS {
        let (victim, sleeper) = (round % 3, (round + 1) % 3);
        workers[sleeper].signal(Signal::STOP);
        between().await;
        workers[victim].kill();
        rows.cut();
        between().await;
        workers[victim] = plan(victim).start();
        objects.set(Mode::Refuse);
        between().await;
        rows.set(Mode::Refuse);
        between().await;
        objects.set(Mode::CutAfter(2000));
        rows.set(Mode::Forward);
        between().await;
        objects.set(Mode::Forward);
        for _ in 0..4 {
            between().await;
        }
        workers[sleeper].signal(Signal::CONT);
    }
    for (number, worker) in workers.iter_mut().enumerate() {
        // One that begins while the database is away ends, and whoever looks after it starts it again.
        if !worker.lives() {
            *worker = plan(number).start();
        }
    }
    for id in &ids {
        until("it is done, with no pause that a failure brought", async || {
            rig.hurry(*id).await;
            (rig.row(*id).await.status == "succeeded").then_some(())
        })
        .await;
    }
    for id in &ids {
        rig.assert_succeeded(*id).await;
        let row = rig.row(*id).await;
        for key in rig.keys_of(*id).await {
            // A loser's objects stay for the sweep, which comes an hour after the end.
            let epoch: i64 =
                key.rsplit('/').nth(1).and_then(|part| part.strip_prefix('e')?.parse().ok()).expect("an epoch");
            assert!(epoch <= row.epoch, "{key}");
        }
    }
    assert_eq!(rig.number("select count(*) from video_render_jobs").await, ids.len() as i64);
    rig.assert_spent("cmp_a", 8).await;
    rig.assert_spent("cmp_b", 8).await;
    rig.assert_spools_empty().await;
    for worker in workers {
        worker.stop().await;
    }
    rig.end().await;
}
