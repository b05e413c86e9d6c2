//! Everything behind PgBouncer in transaction mode: enqueue by SQL, workers, cancel, heartbeats, rescue, `doctor`, `migrate`.

use rustix::process::{Signal, kill_process};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Executor as _};

use crate::rig::{Rig, database_of, until, variable};

#[tokio::test]
async fn jobs_live_behind_a_pooler() {
    let rig = Rig::servers().await;
    let name = rig.url.rsplit('/').next().expect("a name").to_owned();
    let pooled = database_of(&variable("QUOTEREEL_TEST_PGBOUNCER"), &name);
    // A backend that knows of the pooler: it sends simple queries.
    let backend = PgPoolOptions::new()
        .max_connections(3)
        .connect_with(pooled.parse::<sqlx::postgres::PgConnectOptions>().expect("an address").extra_float_digits(None))
        .await
        .expect("the pooler answers");
    let enqueue = async |company: &str, template: &str| {
        rig.grant(company).await;
        let quote = format!("q_{}", uuid::Uuid::now_v7().simple());
        let input = crate::rig::snapshot(company, &quote).to_string();
        let sql = format!(
            "begin; set local role quotereel_tenant; select set_config('app.company_id', '{company}', true);
             select job_id::text from enqueue_video_render(p_company_id => '{company}', p_entity_id => '{quote}',
               p_template => '{template}', p_input => '{input}', p_cooldown => interval '0');
             commit"
        );
        let rows = backend.fetch_all(sqlx::raw_sql(AssertSqlSafe(sql))).await.expect("it is enqueued");
        let id: String = sqlx::Row::get(rows.last().expect("a row"), 0);
        id.parse().expect("an id")
    };
    let worker = |spool: &str, lease: u32| {
        rig.worker(spool).lease(lease).set("QUOTEREEL_DATABASE", &pooled).set("QUOTEREEL_CONCURRENCY", "2")
    };

    let mut first = worker("a", 2).start();
    let second = worker("b", 2).start();
    let mut ids = Vec::new();
    for number in 0..9 {
        ids.push(enqueue(&format!("cmp_{}", number % 3), "tiny").await);
    }
    for id in ids {
        let row = rig.reaches(id, "succeeded").await;
        assert_eq!((row.attempts, row.renders, row.rescues), (1, 1, 0), "{row:?}");
        rig.assert_succeeded(id).await;
    }
    second.stop().await;

    // Heartbeats hold a render that takes longer than its lease.
    let long = enqueue("cmp_0", "slow").await;
    let render = first.draws(long).await;
    kill_process(render, Signal::STOP).expect("it runs");
    let held = format!(
        "select count(*) from video_render_jobs where id = '{long}' and started_at < now() - interval '5 s'
           and lease_expires_at > now()"
    );
    until("it is held for longer than a lease", async || (rig.number(&held).await == 1).then_some(())).await;
    kill_process(render, Signal::CONT).expect("it runs");
    let row = rig.reaches(long, "succeeded").await;
    assert_eq!((row.attempts, row.epoch, row.rescues), (1, 1, 0), "{row:?}");

    // A cancel stops one.
    let cancelled = enqueue("cmp_1", "slow").await;
    first.draws(cancelled).await;
    let environment = [("QUOTEREEL_DATABASE", pooled.as_str())];
    let cancel = rig.render_with(&["jobs", "cancel", &cancelled.to_string(), "--company", "cmp_1"], &environment);
    assert!(cancel.status.success(), "{}", String::from_utf8_lossy(&cancel.stderr));
    rig.reaches(cancelled, "cancelled").await;

    // A worker that dies is found dead.
    let rescued = enqueue("cmp_2", "slow").await;
    first.draws(rescued).await;
    first.signal(Signal::STOP);
    let third = worker("c", 30).start();
    let row = rig.reaches(rescued, "succeeded").await;
    assert_eq!((row.epoch, row.rescues), (2, 1));
    first.kill();
    third.stop().await;

    let doctor = rig.render_with(&["doctor", "--json"], &environment);
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(said.contains("lends a connection for one transaction"), "{said}");
    let migrated = rig.render_with(&["migrate"], &environment);
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    // On none of the server's connections, which take turns, has anything been left but what a pooler keeps there itself.
    for _ in 0..12 {
        let count =
            sqlx::raw_sql("select count(*)::text from pg_prepared_statements where name not like 'PGBOUNCER_%'")
                .fetch_all(&backend)
                .await;
        let left: String = sqlx::Row::get(&count.expect("it answers")[0], 0);
        assert_eq!(left, "0", "a prepared statement outlives its transaction");
    }
    rig.assert_books().await;
    backend.close().await;
    rig.end().await;
}
