//! How long a claim takes on a full PostgreSQL: N queued jobs over T companies, M finished rows, 16 claimers; first each
//! claims again at once, then all together claim R times a second, as workers do that are busy in between.
//!
//! `QUOTEREEL_TEST_POSTGRES=$(tests/servers/postgres.sh start /tmp/pg) cargo bench --bench claim`; then N, T, M, the number
//! of claims and R may follow after `--`. Makes a database of its own and removes it. Goal: 99 of 100 claims in 10 ms with
//! 100,000 queued and 1,000,000 finished, and no more than with 10,000 queued.

use std::sync::Arc;
use std::time::{Duration, Instant};

use quotereel_jobs::job::WorkerId;
use quotereel_jobs::queue::postgres::{PostgresDatabase, PostgresOptions};
use quotereel_jobs::queue::{ClaimRequest, Database as _, Queue as _};
use sqlx::{AssertSqlSafe, Executor, PgPool};

const CLAIMERS: usize = 16;

/// Queued jobs by hand; the triggers count them.
const QUEUED: &str = "insert into video_render_jobs (company_id, entity_id, template, input_json, run_after)
     select 'cmp-' || number % $2, 'q-' || number, 'quote-summary', jsonb_build_object('n', number),
       now() - interval '1 hour' + number * interval '1 ms'
     from generate_series(1, $1) number";

/// Rows of the past.
const FINISHED: &str = "insert into video_render_jobs (company_id, entity_id, template, input_json, status, stage,
       progress, lease_epoch, attempts, created_at, run_after, started_at, finished_at, output_key, output_sha256,
       output_bytes, output_duration_ms, thumbnail_key, render_version)
     select 'cmp-' || number % $2, 'old-' || number, 'quote-summary', jsonb_build_object('old', number), 'succeeded',
       'finalize', 100, 1, 1, past, past, past, past, 'video', repeat('0', 64), 1, 1, 'thumbnail', '1'
     from generate_series(1, $1) number, lateral (select now() - number * interval '1 s') as moment (past)";

async fn fill(pool: &PgPool, sql: &'static str, rows: u64, companies: u64) {
    let bound = |number: u64| i64::try_from(number).expect("rows that fit a disk");
    sqlx::query(sql).bind(bound(rows)).bind(bound(companies)).execute(pool).await.expect("rows are filled in");
}

/// The times of all claims, ascending; `pause` is the mean time from one claim of a claimer to its next.
async fn claim_times(url: &str, claims: usize, pause: Option<Duration>) -> Vec<Duration> {
    let options =
        PostgresOptions { max_connections: u32::try_from(CLAIMERS).unwrap_or(16), ..PostgresOptions::default() };
    let store = Arc::new(PostgresDatabase::connect(url, options).await.expect("the server answers"));
    let mut claimers = tokio::task::JoinSet::new();
    for number in 0..CLAIMERS {
        let store = Arc::clone(&store);
        claimers.spawn(async move {
            let request = ClaimRequest {
                worker_id: WorkerId(format!("w-{number}")),
                spool_id: format!("spool-{number}"),
                max_jobs: 1,
                lease: Duration::from_secs(60),
                deadline: Duration::from_secs(720),
                tenant_cap: u32::MAX,
            };
            let mut times = Vec::with_capacity(claims / CLAIMERS);
            for round in 0..claims / CLAIMERS + 10 {
                if let Some(pause) = pause {
                    // At random times, so that they neither queue up nor take turns.
                    tokio::time::sleep(pause.mul_f64(2.0 * rand::random::<f64>())).await;
                }
                let started = Instant::now();
                let claimed = store.claim(&request).await.expect("it answers");
                // The first ones connect and prepare.
                if round >= 10 {
                    times.push(started.elapsed());
                }
                assert_eq!(claimed.len(), 1, "there is work left");
            }
            times
        });
    }
    let mut times = claimers.join_all().await.concat();
    times.sort();
    times
}

#[tokio::main]
async fn main() {
    let Ok(server) = std::env::var("QUOTEREEL_TEST_POSTGRES") else {
        eprintln!("QUOTEREEL_TEST_POSTGRES names no server; nothing was measured");
        return;
    };
    let numbers: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let number = |at: usize, default: u64| numbers.get(at).copied().unwrap_or(default);
    let (queued, companies, finished) = (number(0, 100_000), number(1, 100).max(1), number(2, 1_000_000));
    let claims = usize::try_from(number(3, 4_000)).expect("a number of claims");
    let rate = u32::try_from(number(4, 200).max(1)).expect("a rate");

    let admin = PgPool::connect(&server).await.expect("the server answers");
    let name = format!("bench_{}", uuid::Uuid::now_v7().simple());
    admin.execute(AssertSqlSafe(format!("create database {name}"))).await.expect("a new database");
    let url = format!("{}/{name}", server.rsplit_once('/').expect("an address with a database").0);
    let store = PostgresDatabase::connect(&url, PostgresOptions::default()).await.expect("the server answers");
    store.migrate().await.expect("the schema is made");
    let pool = PgPool::connect(&url).await.expect("the server answers");
    fill(&pool, FINISHED, finished, companies).await;
    fill(&pool, QUEUED, queued, companies).await;
    pool.execute("vacuum analyze").await.expect("figures for the planner");

    eprintln!("{queued} queued of {companies} companies, {finished} finished, {CLAIMERS} claimers");
    let paced = Duration::from_secs(1) * u32::try_from(CLAIMERS).unwrap_or(16) / rate;
    for (mode, pause) in [("at once".to_owned(), None), (format!("{rate}/s"), Some(paced))] {
        let started = Instant::now();
        let times = claim_times(&url, claims, pause).await;
        let took = started.elapsed();
        let at = |share: f64| {
            let index = (times.len() - 1) as f64 * share;
            #[expect(clippy::cast_possible_truncation, reason = "an index into the times")]
            let index = index as usize;
            times[index].as_secs_f64() * 1000.0
        };
        eprintln!(
            "{mode}: {} claims, p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms, most {:.2} ms; {:.0} claims/s",
            times.len(),
            at(0.5),
            at(0.9),
            at(0.99),
            at(1.0),
            times.len() as f64 / took.as_secs_f64()
        );
    }
    pool.close().await;
    store.close().await;
    admin.execute(AssertSqlSafe(format!("drop database {name} with (force)"))).await.expect("the database goes");
}
