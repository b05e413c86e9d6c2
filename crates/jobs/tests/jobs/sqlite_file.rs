//! What only SQLite has: one file, several processes, an address that is a path.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use quotereel_jobs::queue::{ClaimRequest, QueueError, connect};

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::SqliteConnectOptions;

use crate::rig::{asks, company, quote, rules};

/// Tells this test's own binary to be a worker on that file.
const FILE: &str = "QUOTEREEL_TEST_SQLITE_WORKER";

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// Not a test by itself: one process of the test below. Migrates, enqueues, claims until nothing is left, and prints what
/// it got.
#[test]
fn sqlite_worker_process() {
    let Ok(url) = std::env::var(FILE) else { return };
    block_on(async {
        let store = connect(&url).await.expect("it opens");
        store.migrate().await.expect("whoever is first");
        let scope = company(&format!("cmp-{}", std::process::id()));
        for number in 0..50 {
            store.enqueue(&scope, &quote(&format!("q-{number}")), &rules()).await.expect("it is taken");
        }
        loop {
            let request = ClaimRequest { max_jobs: 3, ..asks("w") };
            let claimed = store.claim(&request).await.expect("it answers");
            if claimed.is_empty() {
                break;
            }
            for claimed in claimed {
                eprintln!("claimed {} {}", claimed.job.id, claimed.lease.epoch);
            }
        }
    });
}

#[test]
fn sqlite_takes_several_processes_on_one_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("jobs.sqlite").display());
    let workers: Vec<_> = (0..4)
        .map(|_| {
            Command::new(std::env::current_exe().expect("this binary"))
                .args(["--exact", "sqlite_file::sqlite_worker_process", "--nocapture"])
                .env(FILE, &url)
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("it starts")
        })
        .collect();
    let mut claimed = Vec::new();
    for worker in workers {
        let output = worker.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{stderr}");
        claimed.extend(stderr.lines().filter_map(|line| line.strip_prefix("claimed ")).map(str::to_owned));
    }
    assert_eq!(claimed.len(), 200, "each job once");
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 200, "none twice");
}

#[test]
fn sqlite_survives_callers_that_go_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("jobs.sqlite").display());
    block_on(async {
        let store = connect(&url).await.expect("it opens");
        store.migrate().await.expect("a new file");
        let scope = company("cmp-1");
        store.grant_credits(&scope, 1_000, "start").await.expect("credits");
        for number in 0..200_u64 {
            let job = quote(&format!("q-{number}"));
            let limits = rules();
            let asked = store.enqueue(&scope, &job, &limits);
            // Whatever it was doing by then, begin() included, it is dropped there.
            let _gone = tokio::time::timeout(Duration::from_micros(number * 20), asked).await;
        }
        // The next caller gets a connection without anybody's transaction, and rows and books agree.
        store.enqueue(&scope, &quote("q-last"), &rules()).await.expect("it is taken");
        let stats = store.stats().await.expect("it answers");
        let credits = store.credits(&scope).await.expect("it answers").expect("they count");
        assert_eq!(u64::try_from(credits.frozen).expect("0 or more"), stats.queued);
    });
}

#[test]
fn sqlite_addresses_and_schemas_that_do_not_fit_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    block_on(async {
        for url in
            ["sqlite:", "sqlite::memory:", "sqlite:a.sqlite?mode=ro", "sqlite:/nowhere/at/all.sqlite", "jobs.sqlite"]
        {
            let refused = connect(url).await.expect_err(url);
            assert!(matches!(refused, QueueError::Address { .. }), "{url}: {refused}");
        }
        let url = format!("sqlite:{}", folder.path().join("jobs.sqlite").display());
        let store = connect(&url).await.expect("it opens");
        let refused = store.ping().await.expect_err("there are no tables");
        assert!(matches!(&refused, QueueError::Schema { found, .. } if found == "none"), "{refused}");
        assert_eq!(store.migrate().await.expect("a new file"), ["0001_tables", "0002_triggers", "0003_quote_ids"]);
        store.ping().await.expect("it is up to date");
        let raw = sqlx::SqlitePool::connect(&url).await.expect("it opens");
        sqlx::query("update _sqlx_migrations set version = 9999 where version = 3")
            .execute(&raw)
            .await
            .expect("it runs");
        let refused = store.ping().await.expect_err("a later program was here");
        assert!(matches!(&refused, QueueError::Schema { found, .. } if found == "migration 9999"), "{refused}");
        let refused = store.migrate().await.expect_err("a later program was here");
        assert!(matches!(refused, QueueError::Schema { .. }), "{refused}");
    });
}

#[test]
fn sqlite_an_older_file_is_brought_up_with_its_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("jobs.sqlite").display());
    block_on(async {
        let old = [
            (1, "0001_tables", include_str!("../../migrations/sqlite/0001_tables.sql")),
            (2, "0002_triggers", include_str!("../../migrations/sqlite/0002_triggers.sql")),
        ];
        let old = old.map(|(version, name, sql)| {
            Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
        });
        let options: SqliteConnectOptions = url.parse().expect("an address");
        let raw = sqlx::SqlitePool::connect_with(options.create_if_missing(true)).await.expect("it opens");
        Migrator::with_migrations(old.to_vec()).run(&raw).await.expect("the older version");
        let insert = "insert into video_render_jobs (id, company_id, entity_id, template, input_json, snapshot_hash)
                      values (?1, 'cmp-1', ?2, 'quote-summary', '{}', ?3)";
        let id = "00000000-0000-7000-8000-000000000001";
        let row = async |id: &str, entity: &str| {
            sqlx::query(insert).bind(id).bind(entity).bind("0".repeat(64)).execute(&raw).await.map(|_| ())
        };
        row(id, "q-1").await.expect("an old row");
        let refused = row("00000000-0000-7000-8000-000000000002", "Angebot 118/2026").await.expect_err("the old rule");
        assert!(refused.to_string().contains("video_render_jobs_entity_id_check"), "{refused}");
        let event = "insert into video_render_events (job_id, company_id, kind, new_status, source)
                     values (?1, 'cmp-1', 'VIDEO_RENDER_REQUESTED', 'queued', 'tenant')";
        sqlx::query(event).bind(id).execute(&raw).await.expect("its history");

        // A store that was open before is not left with the old rule.
        let early = connect(&url).await.expect("it opens");
        let store = connect(&url).await.expect("it opens");
        assert_eq!(store.migrate().await.expect("the rest"), ["0003_quote_ids"]);
        store.ping().await.expect("it is up to date");
        let scope = company("cmp-1");
        let old = store.job(&scope, id.parse().expect("an id")).await.expect("it answers").expect("it is there");
        assert_eq!((old.entity_id.as_str(), old.template.as_str()), ("q-1", "quote-summary"));
        assert_eq!(store.events(&scope, old.id).await.expect("it answers").map(|events| events.len()), Some(1));
        let new = early.enqueue(&scope, &quote("Angebot 118/2026"), &rules()).await.expect("it is taken");
        assert_eq!(new.job().entity_id, "Angebot 118/2026");
        let sound: String = sqlx::query_scalar("pragma integrity_check").fetch_one(&raw).await.expect("it runs");
        assert_eq!(sound, "ok");
        // The other rules of the table stand.
        let bad = row("not-an-id", "q-3").await.expect_err("no id");
        assert!(bad.to_string().contains("video_render_jobs_id_check"), "{bad}");
    });
}

#[test]
fn sqlite_text_that_is_no_text_stops_no_claim() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("jobs.sqlite").display());
    block_on(async {
        let store = connect(&url).await.expect("it opens");
        store.migrate().await.expect("a new file");
        let raw = sqlx::SqlitePool::connect(&url).await.expect("it opens");
        // A template, then a snapshot, that are not UTF-8.
        for (number, template, input) in [(1, "x'ff'", "'{}'"), (2, "'quote-summary'", "x'7b2261223a22ff227d'")] {
            let sql = format!(
                "insert into video_render_jobs (id, company_id, entity_id, template, input_json, snapshot_hash)
                 values ('00000000-0000-7000-8000-00000000000{number}', 'cmp-1', 'q-{number}', cast({template} as text),
                         cast({input} as text), '{number:064x}')"
            );
            sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&raw).await.expect("SQLite takes it");
        }
        let good = store.enqueue(&company("cmp-1"), &quote("q-3"), &rules()).await.expect("it is taken").job().id;
        let request = ClaimRequest { max_jobs: 5, ..asks("w") };
        let claimed = store.claim(&request).await.expect("it answers");
        assert_eq!(claimed.iter().map(|claimed| claimed.job.entity_id.as_str()).collect::<Vec<_>>(), ["q-2", "q-3"]);
        assert_eq!((&claimed[0].job.input, claimed[1].job.id), (&None, good));
        assert_eq!(store.claim(&request).await.expect("it answers"), [], "what cannot be read is not tried for ever");
    });
}
