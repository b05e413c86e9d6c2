//! What only PostgreSQL has: row-level security, the SQL functions that other programs call, plans, migrations, and
//! connections that break.

use std::sync::Arc;
use std::time::Duration;

use quotereel_jobs::job::{JobId, Status};
use quotereel_jobs::queue::postgres::{PostgresDatabase, PostgresOptions};
use quotereel_jobs::queue::{
    ClaimRequest, Database as _, EnqueueError, EnqueueRules, Enqueued, HeartbeatAnswer, Held, HeldLease, JobFilter,
    Maintenance as _, Queue as _, QueueError, SpoolHold, TemplateVersion, Tenant as _,
};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, Row, SqlSafeStr};

use crate::postgres_database::{Database, fill, number};
use crate::rig::{asks, broken, company, output, quote, rules, spool_of};

fn sqlstate(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.code().unwrap_or_default().into_owned(),
        other => panic!("not the database's: {other}"),
    }
}

#[test]
fn a_tenant_sees_its_rows_alone_whatever_a_statement_asks() {
    Database::run(|database| async move {
        let store = database.store().await;
        let (mine, theirs) = (company("cmp-mine"), company("cmp-theirs"));
        store.enqueue(&mine, &quote("q-1"), &rules()).await.expect("it is taken");
        let foreign = store.enqueue(&theirs, &quote("q-1"), &rules()).await.expect("it is taken").job().id;
        let pool = database.raw().await;
        pool.execute("select fold_video_render_lanes()").await.expect("lanes");
        for scope in [&mine, &theirs] {
            store.enqueue(scope, &quote("q-2"), &rules()).await.expect("changes of lanes");
        }
        let mut connection = pool.acquire().await.expect("a connection");
        for round in 0..2 {
            // The same connection again: what the first transaction set is gone.
            let mut tx = connection.begin().await.expect("a transaction");
            tx.execute("set local role quotereel_tenant").await.expect("the role is there");
            let nobody: i64 = sqlx::query_scalar("select count(*) from video_render_jobs")
                .fetch_one(&mut *tx)
                .await
                .expect("it runs");
            assert_eq!(nobody, 0, "round {round}: without a company nothing is seen");
            tx.execute("select set_config('app.company_id', 'cmp-mine', true)").await.expect("it is set");
            for table in ["video_render_jobs", "video_render_events", "video_render_lanes", "video_render_lane_changes"]
            {
                let companies = AssertSqlSafe(format!("select distinct company_id from {table}"));
                let seen: Vec<String> = sqlx::query_scalar(companies).fetch_all(&mut *tx).await.expect("it runs");
                assert_eq!(seen, ["cmp-mine"], "{table}");
            }
            let cancel = "select outcome from cancel_video_render($1)";
            let outcome: String =
                sqlx::query_scalar(cancel).bind(foreign.0).fetch_one(&mut *tx).await.expect("it runs");
            assert_eq!(outcome, "not_found");
            tx.commit().await.expect("it ends");
        }
        let forged = [
            "insert into video_render_jobs (company_id, entity_id, template, input_json) values ('cmp-theirs', 'q', 't', '{}')",
            "update video_render_jobs set company_id = 'cmp-theirs'",
            "update video_render_jobs set lease_epoch = 7",
            "update video_render_jobs set status = 'succeeded', finished_at = now()",
            "delete from video_render_jobs",
            "update tenant_credits set balance = 100",
            "update tenant_credit_holds set frozen = 0",
            "insert into video_render_lane_changes (company_id, queued, running) values ('cmp-mine', -1, 0)",
            "insert into video_render_cancel_requests (job_id, company_id)
             select id, company_id from video_render_jobs",
            "select fold_video_render_lanes()",
            "select * from webhook_endpoints",
            "select * from claim_video_renders('w', 's', 1, '1 minute', '1 minute', 1)",
            "select enqueue_video_render('cmp-theirs', 'q', 't', '{}')",
            "select put_video_render('cmp-theirs', null, 'QUOTE', 'q', 't', '{}', null, null, '', gen_random_uuid(), null, null)",
            // Nothing of a job's state, and no row past the function: what is held for it would not be in the books.
            "insert into video_render_jobs (company_id, entity_id, template, input_json) values ('cmp-mine', 'q', 't', '{}')",
            "insert into video_render_jobs (company_id, entity_id, template, input_json, credits_held)
             values ('cmp-mine', 'q', 't', '{}', 1)",
            "update video_render_jobs set cancel_requested_at = 'infinity'",
            "insert into video_render_events (job_id, company_id, kind, new_status, source)
             select id, 'cmp-mine', 'VIDEO_RENDER_STARTED', 'running', 'tenant' from video_render_jobs",
            "delete from video_render_events",
            "insert into credit_entries (company_id, kind, balance_delta, frozen_delta) values ('cmp-mine', 'grant', 1, 0)",
        ];
        for sql in forged {
            let mut tx = connection.begin().await.expect("a transaction");
            tx.execute("set local role quotereel_tenant").await.expect("the role is there");
            tx.execute("select set_config('app.company_id', 'cmp-mine', true)").await.expect("it is set");
            let refused = tx.execute(sql).await.expect_err(sql);
            assert_eq!(sqlstate(&refused), "42501", "{sql}: {refused}");
            tx.rollback().await.expect("it ends");
        }
    });
}

#[test]
fn a_pooled_connection_forgets_whose_it_was() {
    Database::run(|database| async move {
        database.store().await.close().await;
        let store = database.connect(PostgresOptions { max_connections: 1, ..PostgresOptions::default() }).await;
        let (mine, theirs) = (company("cmp-mine"), company("cmp-theirs"));
        let own = store.enqueue(&mine, &quote("q-1"), &rules()).await.expect("it is taken").job().id;
        let foreign = store.enqueue(&theirs, &quote("q-1"), &rules()).await.expect("it is taken").job().id;
        let mut bad = quote("q-2");
        bad.entity_id = "q\n2".to_owned();
        for _ in 0..3 {
            assert_eq!(store.job(&mine, foreign).await.expect("it answers"), None);
            assert!(store.job(&theirs, foreign).await.expect("it answers").is_some());
            let listed = store.jobs(&mine, &JobFilter::default()).await.expect("it answers");
            assert_eq!(listed.iter().map(|job| job.id).collect::<Vec<_>>(), [own]);
            // A call that fails half-way closes its connection; a call that is dropped half-way does too.
            let refused = store.enqueue(&theirs, &bad, &rules()).await;
            assert!(matches!(&refused, Err(EnqueueError::Invalid { what }) if what == "entity_id"), "{refused:?}");
            let new = quote("q-3");
            let limits = rules();
            drop(tokio::time::timeout(Duration::from_micros(300), store.enqueue(&theirs, &new, &limits)).await);
            assert_eq!(store.stats().await.expect("it answers").running, 0);
        }
    });
}

#[test]
fn a_backend_enqueues_in_its_own_transaction() {
    Database::run(|database| async move {
        let store = database.store().await;
        let (_, options) = database.login("grant quotereel_tenant to LOGIN").await;
        let pool = database.raw().await;
        pool.execute(sqlx::raw_sql("create table quotes (id text primary key); grant all on quotes to public"))
            .await
            .expect("a table");
        let backend = PgPoolOptions::new().max_connections(1).connect_with(options).await.expect("it may log in");
        let call = "select outcome, job_id, wait_seconds from enqueue_video_render('cmp-1', $1, 'quote-summary', \
                    jsonb_build_object('locale', 'es-CL', 'n', $2::int))";
        for commit in [false, true] {
            let mut tx = backend.begin().await.expect("a transaction");
            tx.execute("insert into quotes values ('q-1')").await.expect("its own row");
            tx.execute("select set_config('app.company_id', 'cmp-1', true)").await.expect("it is set");
            let row = sqlx::query(call).bind("q-1").bind(1).fetch_one(&mut *tx).await.expect("it is enqueued");
            assert_eq!(row.get::<String, _>("outcome"), "new");
            if commit { tx.commit().await } else { tx.rollback().await }.expect("it ends");
            assert_eq!(number(&pool, "select count(*) from video_render_jobs").await, i64::from(commit));
            assert_eq!(number(&pool, "select count(*) from quotes").await, i64::from(commit));
        }
        // A refusal is an answer: the rest of the transaction stands.
        let mut tx = backend.begin().await.expect("a transaction");
        tx.execute("insert into quotes values ('q-2')").await.expect("its own row");
        tx.execute("select set_config('app.company_id', 'cmp-1', true)").await.expect("it is set");
        let row = sqlx::query(call).bind("q-1").bind(2).fetch_one(&mut *tx).await.expect("it answers");
        assert_eq!(row.get::<String, _>("outcome"), "cooldown");
        assert!((170..=180).contains(&row.get::<i64, _>("wait_seconds")));
        tx.commit().await.expect("it ends");
        assert_eq!(number(&pool, "select count(*) from quotes").await, 2);
        // Without its company, or with another's, the call is an error.
        let refused = sqlx::query(call).bind("q-9").bind(1).fetch_one(&backend).await.expect_err("no company");
        assert_eq!(sqlstate(&refused), "42501");
        let claimed = store.claim(&asks("w")).await.expect("it answers");
        assert_eq!(claimed.len(), 1, "a worker finds the backend's job");
        assert_eq!(store.succeed(&claimed[0].lease, &output(&claimed[0].lease)).await.expect("it answers"), Held::Yes);
    });
}

#[test]
fn a_backend_cancels_with_a_function() {
    Database::run(|database| async move {
        let store = database.store().await;
        let (_, options) = database.login("grant quotereel_tenant to LOGIN").await;
        let backend = PgPoolOptions::new().max_connections(1).connect_with(options).await.expect("it may log in");
        let scope = company("cmp-1");
        let running = store.enqueue(&scope, &quote("q-1"), &rules()).await.expect("it is taken").job().id;
        let lease = store.claim(&asks("w")).await.expect("it answers").remove(0).lease;
        let queued = store.enqueue(&scope, &quote("q-2"), &rules()).await.expect("it is taken").job().id;
        let foreign = store.enqueue(&company("cmp-2"), &quote("q-1"), &rules()).await.expect("it is taken").job().id;
        let call = "select outcome, status from cancel_video_render($1)";
        let refused = sqlx::query(call).bind(queued.0).fetch_one(&backend).await.expect_err("no company");
        assert_eq!(sqlstate(&refused), "42501");
        let missing = JobId(uuid::Uuid::now_v7());
        let expected = [
            (queued, "cancelled", Some("cancelled")),
            (queued, "already_final", Some("cancelled")),
            (running, "requested", Some("running")),
            (running, "requested", Some("running")),
            (foreign, "not_found", None),
            (missing, "not_found", None),
        ];
        for (id, outcome, status) in expected {
            let mut tx = backend.begin().await.expect("a transaction");
            tx.execute("select set_config('app.company_id', 'cmp-1', true)").await.expect("it is set");
            let row = sqlx::query(call).bind(id.0).fetch_one(&mut *tx).await.expect("it answers");
            tx.commit().await.expect("it ends");
            let answer = (row.get::<String, _>("outcome"), row.get::<Option<String>, _>("status"));
            assert_eq!(answer, (outcome.to_owned(), status.map(str::to_owned)));
        }
        assert_eq!(store.stopped(&lease).await.expect("it answers"), Held::Yes);
        let pool = database.raw().await;
        let recorded = "select count(*) from video_render_events where kind = 'VIDEO_RENDER_CANCELLED'";
        assert_eq!(number(&pool, recorded).await, 2, "each once");
        assert_eq!(store.recount().await.expect("it answers"), 0);
    });
}

#[test]
fn whole_seconds_are_read_as_any_other_moment() {
    Database::run(|database| async move {
        let store = database.store().await;
        let scope = company("cmp-1");
        let pool = database.raw().await;
        for (entity, moment) in [
            ("q-1", "2024-02-29 23:59:59+00"),
            ("q-2", "2024-03-01 00:00:00.5+00"),
            ("q-3", "2024-03-02 05:45:00+05:45"),
        ] {
            store.enqueue(&scope, &quote(entity), &rules()).await.expect("it is taken");
            let at = format!(
                "update video_render_jobs set run_after = '{moment}', created_at = '{moment}' where entity_id = '{entity}'"
            );
            pool.execute(AssertSqlSafe(at)).await.expect("it is changed");
        }
        let claimed = store.claim(&ClaimRequest { max_jobs: 3, ..asks("w") }).await.expect("it answers");
        let seconds: Vec<i128> =
            claimed.iter().map(|claimed| claimed.job.run_after.unix_timestamp_nanos() / 1_000_000).collect();
        assert_eq!(seconds, [1_709_251_199_000, 1_709_251_200_500, 1_709_337_600_000]);
    });
}

#[test]
fn jobs_of_one_transaction_keep_their_order() {
    Database::run(|database| async move {
        let store = database.store().await;
        let pool = database.raw().await;
        let mut tx = pool.begin().await.expect("a transaction");
        tx.execute("select set_config('app.company_id', 'cmp-1', true)").await.expect("it is set");
        let mut asked: Vec<uuid::Uuid> = Vec::new();
        for number in 0..8 {
            // Random ids, so that only the times can tell.
            let call = "select job_id from enqueue_video_render('cmp-1', $1, 'quote-summary', '{}')";
            let id = sqlx::query_scalar(call).bind(format!("q-{number}")).fetch_one(&mut *tx).await;
            asked.push(id.expect("it is enqueued"));
        }
        tx.commit().await.expect("it ends");
        let claimed = store.claim(&ClaimRequest { max_jobs: 8, ..asks("w") }).await.expect("it answers");
        assert_eq!(claimed.iter().map(|claimed| claimed.job.id.0).collect::<Vec<_>>(), asked);
    });
}

#[test]
fn a_backends_open_transaction_holds_up_no_finished_file() {
    Database::run(|database| async move {
        let store = database.store().await;
        let hold = SpoolHold { spool_id: spool_of("w"), others_in: Duration::from_secs(600) };
        for id in ["cmp-1", "cmp-2"] {
            store.enqueue(&company(id), &quote("q-1"), &rules()).await.expect("it is taken");
            let lease = store.claim(&asks("w")).await.expect("it answers").remove(0).lease;
            let held = store.retry_later(&lease, &broken(), Duration::ZERO, Some(&hold)).await;
            assert_eq!(held.expect("it answers"), Held::Yes);
        }
        let pool = database.raw().await;
        let mut open = pool.begin().await.expect("a transaction");
        open.execute("select set_config('app.company_id', 'cmp-1', true)").await.expect("it is set");
        let enqueue = "select enqueue_video_render('cmp-1', 'q-2', 'quote-summary', '{}')";
        open.execute(enqueue).await.expect("it is enqueued");
        let request = ClaimRequest { max_jobs: 5, ..asks("w") };
        let claimed = store.claim(&request).await.expect("it answers");
        let companies: Vec<_> = claimed.iter().map(|claimed| claimed.job.scope.company_id()).collect();
        assert_eq!(companies, ["cmp-1", "cmp-2"], "the files of its own company too");
        open.rollback().await.expect("it ends");
        assert_eq!(store.claim(&request).await.expect("it answers"), [], "what was rolled back was never there");
    });
}

#[test]
fn a_locked_row_keeps_no_other_heartbeat_back() {
    Database::run(|database| async move {
        let store = database.store().await;
        let scope = company("cmp-1");
        for entity in ["q-1", "q-2", "q-3"] {
            store.enqueue(&scope, &quote(entity), &rules()).await.expect("it is taken");
        }
        let claimed = store.claim(&ClaimRequest { max_jobs: 3, ..asks("w") }).await.expect("it answers");
        assert_eq!(store.stopped(&claimed[2].lease).await.expect("it answers"), Held::Yes);
        let pool = database.raw().await;
        let mut open = pool.begin().await.expect("a transaction");
        let lock = sqlx::query("select from video_render_jobs where id = $1 for update").bind(claimed[0].job.id.0);
        lock.execute(&mut *open).await.expect("it is locked");
        let lease = Duration::from_secs(600);
        let beats: Vec<HeldLease> =
            claimed.iter().map(|claimed| HeldLease { lease: claimed.lease.clone(), progress: 9 }).collect();
        let mut heartbeat = store.heartbeat().await.expect("a heartbeat");
        let answers = heartbeat.extend(&beats, lease).await.expect("it answers");
        assert_eq!(answers, [HeartbeatAnswer::Unknown, HeartbeatAnswer::Held, HeartbeatAnswer::Lost]);
        open.rollback().await.expect("it ends");
        let row = store.job(&scope, claimed[0].job.id).await.expect("it answers").expect("it is there");
        assert_eq!(row.lease_expires_at, claimed[0].job.lease_expires_at, "not extended");
        let answers = heartbeat.extend(&beats, lease).await.expect("it answers");
        assert_eq!(answers, [HeartbeatAnswer::Held, HeartbeatAnswer::Held, HeartbeatAnswer::Lost]);
    });
}

#[test]
fn an_owner_that_is_no_superuser_is_enough() {
    Database::run(|database| async move {
        let roles = "do $$ begin create role quotereel_tenant nologin; exception when others then null; end $$;
                     do $$ begin create role quotereel_worker nologin; exception when others then null; end $$;
                     grant quotereel_tenant, quotereel_worker to LOGIN";
        let (login, _) = database.login(roles).await;
        let pool = database.raw().await;
        let grant =
            format!("grant create on schema public to {login}; grant create on database {} to {login}", database.name);
        pool.execute(sqlx::raw_sql(AssertSqlSafe(grant))).await.expect("it may make tables");
        let url = database.url.replace("postgres@", &format!("{login}@"));
        assert!(url.contains(&login), "the tests' server is reached as the user postgres: {url}");
        let store = PostgresDatabase::connect(&url, PostgresOptions::default()).await.expect("it may log in");
        store.migrate().await.expect("the schema is made");
        store.ping().await.expect("the schema is the present one");
        let scope = company("cmp-1");
        store.grant_credits(&scope, 1, "start").await.expect("a credit");
        store.enqueue(&scope, &quote("q-1"), &rules()).await.expect("it is taken");
        assert_eq!(number(&pool, "select queued from video_render_lane_changes").await, 1, "triggers see the rows");
        let claimed = store.claim(&asks("w")).await.expect("it answers").remove(0);
        assert_eq!(store.fail(&claimed.lease, &broken(), "No.").await.expect("it answers"), Held::Yes);
        let credits = store.credits(&scope).await.expect("it answers").expect("they count");
        assert_eq!((credits.balance, credits.frozen), (1, 0));
        assert_eq!(store.recount().await.expect("it answers"), 0);
    });
}

#[test]
fn claims_and_lists_read_indexes_and_little_of_them() {
    Database::run(|database| async move {
        let store = database.store().await;
        let pool = database.raw().await;
        fill(&pool, 20_000, 40).await;
        pool.execute("vacuum analyze").await.expect("figures for the planner");
        let tables = "select sum(seq_scan) from pg_stat_user_tables where relname = 'video_render_jobs'";
        let reads = "select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'video_render_jobs'";
        tokio::time::sleep(Duration::from_millis(1_100)).await; // figures are handed in once a second at most
        pool.execute("select pg_stat_force_next_flush()").await.expect("it runs");
        let before = (number(&pool, tables).await, number(&pool, reads).await);
        let scope = company("cmp-7");
        for round in 0..50 {
            assert_eq!(store.claim(&asks("w")).await.expect("it answers").len(), 1);
            let filters = [
                JobFilter { limit: 5, ..JobFilter::default() },
                JobFilter { limit: 5, entity_id: Some(format!("q-{}", 7 + 40 * round)), ..JobFilter::default() },
            ];
            for filter in filters {
                let listed = store.jobs(&scope, &filter).await.expect("it answers");
                assert!(!listed.is_empty());
                let next = JobFilter { before: listed.last().map(|job| job.id), ..filter };
                store.jobs(&scope, &next).await.expect("it answers");
            }
            let listed = store.enqueue(&scope, &quote(&format!("q-new-{round}")), &rules()).await;
            assert!(matches!(listed, Ok(Enqueued::New(_))), "{listed:?}");
        }
        let claimed_index =
            "select idx_scan from pg_stat_user_indexes where indexrelname = 'video_render_jobs_claim_idx'";
        // Sessions hand in their figures when they end.
        store.close().await;
        let mut tries = 0;
        while number(&pool, claimed_index).await < 50 && tries < 50 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            tries += 1;
        }
        assert!(number(&pool, claimed_index).await >= 50, "claims use their index");
        assert_eq!(number(&pool, tables).await - before.0, 0, "nothing reads the whole table");
        let read = number(&pool, reads).await - before.1;
        assert!(read < 50 * 200, "50 rounds read {read} index entries of 20,000 rows");

        let mut tx = pool.begin().await.expect("a transaction");
        tx.execute("set local role quotereel_tenant").await.expect("the role is there");
        tx.execute("select set_config('app.company_id', 'cmp-7', true)").await.expect("it is set");
        let explain = "explain select * from video_render_jobs where company_id = 'cmp-7' \
                       order by created_at desc, id desc limit 50";
        let plan: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut *tx).await.expect("a plan");
        let plan = plan.join("\n");
        assert!(plan.contains("Index Scan using video_render_jobs_company_created_idx"), "{plan}");
        assert!(!plan.contains("Sort"), "{plan}");
    });
}

#[test]
fn an_older_schema_is_brought_up_with_its_rows() {
    Database::run(|database| async move {
        let store = database.connect(PostgresOptions::default()).await;
        let unmigrated = store.ping().await;
        assert!(matches!(unmigrated, Err(QueueError::Schema { .. })), "{unmigrated:?}");
        let first = include_str!("../../migrations/postgres/0001_tables.sql");
        let first = Migration::new(1, "0001_tables".into(), MigrationType::Simple, first.into_sql_str(), false);
        let mut migrator = Migrator::with_migrations(vec![first]);
        migrator.dangerous_set_table_name("video_render_migrations");
        let pool = database.raw().await;
        migrator.run(&pool).await.expect("the first version");
        fill(&pool, 30, 3).await;
        assert_eq!(
            store.migrate().await.expect("the rest"),
            ["0002_row_level_security", "0003_functions", "0004_quote_ids_and_cooldown", "0005_nobody_waits"]
        );
        store.ping().await.expect("the schema is the present one");
        assert_eq!(number(&pool, "select sum(queued) from video_render_lanes").await, 30, "old rows are counted");
        let claimed = store.claim(&ClaimRequest { max_jobs: 50, ..asks("w") }).await.expect("it answers");
        assert_eq!(claimed.len(), 30);
        let later = "insert into video_render_migrations values (999, 'later', now(), true, '', 0)";
        pool.execute(later).await.expect("a row");
        let newer = store.ping().await;
        assert!(matches!(&newer, Err(QueueError::Schema { found, .. }) if found == "999"), "{newer:?}");
        let newer = store.migrate().await;
        assert!(matches!(&newer, Err(QueueError::Schema { found, .. }) if found == "999"), "{newer:?}");
    });
}

#[test]
fn the_last_schema_is_brought_up_with_its_rows() {
    Database::run(|database| async move {
        let older = [
            (1, "0001_tables", include_str!("../../migrations/postgres/0001_tables.sql")),
            (2, "0002_row_level_security", include_str!("../../migrations/postgres/0002_row_level_security.sql")),
            (3, "0003_functions", include_str!("../../migrations/postgres/0003_functions.sql")),
        ];
        let older = older.map(|(version, name, sql)| {
            Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
        });
        let mut migrator = Migrator::with_migrations(older.to_vec());
        migrator.dangerous_set_table_name("video_render_migrations");
        let pool = database.raw().await;
        migrator.run(&pool).await.expect("the last version");
        fill(&pool, 30, 3).await;
        let call = "select outcome from enqueue_video_render('cmp-1', 'Angebot 118/2026', 'quote-summary', '{}')";
        let ask = async || {
            let mut tx = pool.begin().await.expect("a transaction");
            tx.execute("select set_config('app.company_id', 'cmp-1', true)").await.expect("it is set");
            let outcome = sqlx::query_scalar::<_, String>(call).fetch_one(&mut *tx).await;
            tx.commit().await.expect("it ends");
            outcome
        };
        let refused = ask().await.expect_err("the older schema has no such ids");
        assert_eq!(sqlstate(&refused), "23514");
        let store = database.connect(PostgresOptions::default()).await;
        assert_eq!(store.migrate().await.expect("the rest"), ["0004_quote_ids_and_cooldown", "0005_nobody_waits"]);
        store.ping().await.expect("the schema is the present one");
        assert_eq!(ask().await.expect("it answers"), "new");
        let claimed = store.claim(&ClaimRequest { max_jobs: 50, ..asks("w") }).await.expect("it answers");
        assert_eq!(claimed.len(), 31);
    });
}

#[test]
fn a_value_that_no_row_takes_leaves_the_backends_transaction_alone() {
    Database::run(|database| async move {
        database.store().await;
        let (_, options) = database.login("grant quotereel_tenant to LOGIN").await;
        let pool = database.raw().await;
        pool.execute(sqlx::raw_sql("create table quotes (id text primary key); grant all on quotes to public"))
            .await
            .expect("a table");
        let backend = PgPoolOptions::new().max_connections(1).connect_with(options).await.expect("it may log in");
        let calls = [
            ("enqueue_video_render('cmp-1', E'a\\nb', 't', '{}')", "entity_id"),
            ("enqueue_video_render('cmp-1', null, 't', '{}')", "entity_id"),
            ("enqueue_video_render('cmp-1', 'q', '', '{}')", "template"),
            ("enqueue_video_render('cmp-1', 'q', 't', '[]')", "input_json"),
            ("enqueue_video_render('cmp-1', 'q', 't', '{}', p_entity_type => 'quote')", "entity_type"),
            ("enqueue_video_render('cmp-1', 'q', 't', '{}', p_organization_id => 'an org')", "organization_id"),
            ("enqueue_video_render('cmp-1', 'q', 't', '{}', p_idempotency_key => '')", "idempotency_key"),
            ("enqueue_video_render('cmp-1', 'q', 't', '{}', p_created_by_id => '')", "created_by_id"),
        ];
        let mut tx = backend.begin().await.expect("a transaction");
        tx.execute("insert into quotes values ('q-1')").await.expect("its own row");
        tx.execute("select set_config('app.company_id', 'cmp-1', true)").await.expect("it is set");
        for (call, what) in calls {
            let sql = AssertSqlSafe(format!("select outcome, job_id, refused from {call}"));
            let row = sqlx::query(sql).fetch_one(&mut *tx).await.expect(call);
            assert_eq!(
                (row.get::<String, _>("outcome"), row.get::<String, _>("refused")),
                ("invalid".to_owned(), what.to_owned())
            );
            assert_eq!(row.get::<Option<uuid::Uuid>, _>("job_id"), None);
        }
        tx.commit().await.expect("it ends");
        assert_eq!(number(&pool, "select count(*) from quotes").await, 1);
        assert_eq!(number(&pool, "select count(*) from video_render_jobs").await, 0);
        assert_eq!(number(&pool, "select count(*) from video_render_events").await, 0);
    });
}

#[test]
fn a_backend_enqueues_for_when_the_cooldown_ends() {
    Database::run(|database| async move {
        let store = database.store().await;
        let pool = database.raw().await;
        let mut tx = pool.begin().await.expect("a transaction");
        tx.execute("select set_config('app.company_id', 'cmp-1', true)").await.expect("it is set");
        let mut run_afters = Vec::new();
        for number in 1..=3 {
            let call = "select outcome, job_id, wait_seconds,
                          round(extract(epoch from run_after - now()))::bigint as runs_in
                        from enqueue_video_render('cmp-1', 'q-1', 't', jsonb_build_object('n', $1::int),
                          p_when_allowed => true)";
            let row = sqlx::query(call).bind(number).fetch_one(&mut *tx).await.expect("it answers");
            assert_eq!(row.get::<String, _>("outcome"), "new");
            assert_eq!(row.get::<Option<i64>, _>("wait_seconds"), None);
            run_afters.push(row.get::<Option<i64>, _>("runs_in"));
        }
        tx.commit().await.expect("it ends");
        assert_eq!(run_afters, [None, Some(180), Some(360)]);
        let claimed = store.claim(&ClaimRequest { max_jobs: 9, ..asks("w") }).await.expect("it answers");
        assert_eq!(claimed.len(), 1, "the others wait");
    });
}

/// PostgreSQL sends an error before it lets go of the transaction's locks: whoever went on at once found its own row
/// locked.
#[test]
fn a_failed_transaction_holds_no_row_when_its_caller_hears_of_it() {
    Database::run(|database| async move {
        let store = database.store().await;
        let pool = database.raw().await;
        let scope = company("cmp-1");
        let job = store.enqueue(&scope, &quote("q-1"), &rules()).await.expect("it is taken").job().id;
        pool.execute(sqlx::raw_sql(
            "update video_render_jobs set status = 'failed', finished_at = now() - interval '40 days',
               error_class = 'user', error_code = 'x', error_message = 'x';
             create table keepsakes (job_id uuid references video_render_jobs (id));
             insert into keepsakes select id from video_render_jobs",
        ))
        .await
        .expect("a row that cannot go");
        for _ in 0..100 {
            let retention = quotereel_jobs::queue::Retention::default();
            let deleted = store.delete_past_retention(&retention, 1).await.expect("it answers");
            assert_eq!(deleted.stuck.iter().map(|row| row.job_id).collect::<Vec<_>>(), [job], "{deleted:?}");
        }
    });
}

#[test]
fn migrations_at_once_are_applied_once() {
    Database::run(|database| async move {
        let mut migrations = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let store = database.connect(PostgresOptions::default()).await;
            migrations.spawn(async move { store.migrate().await.expect("the schema is made") });
        }
        let mut names = migrations.join_all().await.concat();
        names.sort();
        let all = [
            "0001_tables",
            "0002_row_level_security",
            "0003_functions",
            "0004_quote_ids_and_cooldown",
            "0005_nobody_waits",
        ];
        assert_eq!(names, all);
    });
}

#[test]
fn sixteen_claimers_share_one_company_without_idling() {
    Database::run(|database| async move {
        let store = database.store().await;
        let pool = database.raw().await;
        fill(&pool, 2_000, 1).await;
        let mut claimers = tokio::task::JoinSet::new();
        for number in 0..16 {
            let store = Arc::clone(&store);
            claimers.spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let request = ClaimRequest { tenant_cap: 5_000, ..asks(&format!("w-{number}")) };
                    let claimed = store.claim(&request).await.expect("it answers");
                    if claimed.is_empty() {
                        return mine;
                    }
                    mine.extend(claimed.into_iter().map(|claimed| claimed.job.id));
                }
            });
        }
        let all = claimers.join_all().await;
        let mut ids: Vec<JobId> = all.concat();
        assert_eq!(ids.len(), 2_000, "no job was left");
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 2_000, "no job was claimed twice");
        assert!(all.iter().all(|mine| !mine.is_empty()), "nobody gave up while there was work");
        assert_eq!(store.recount().await.expect("it answers"), 0);
    });
}

#[test]
fn fifty_equal_enqueues_freeze_one_credit() {
    Database::run(|database| async move {
        let store = database.store().await;
        let scope = company("cmp-1");
        store.grant_credits(&scope, 100, "start").await.expect("credits");
        let mut asked = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let (store, scope) = (Arc::clone(&store), scope.clone());
            asked.spawn(async move { store.enqueue(&scope, &quote("q-1"), &EnqueueRules::default()).await });
        }
        let answers: Vec<Enqueued> =
            asked.join_all().await.into_iter().map(|answer| answer.expect("it is taken or found")).collect();
        assert_eq!(answers.iter().filter(|answer| matches!(answer, Enqueued::New(_))).count(), 1);
        assert!(answers.iter().all(|answer| answer.job().id == answers[0].job().id));
        let credits = store.credits(&scope).await.expect("it answers").expect("they count");
        assert_eq!((credits.balance, credits.frozen), (100, 1));
        let pool = database.raw().await;
        assert_eq!(number(&pool, "select count(*) from credit_entries where kind = 'freeze'").await, 1);
    });
}

#[test]
fn rows_by_hand_keep_lanes_and_books() {
    Database::run(|database| async move {
        let store = database.store().await;
        let pool = database.raw().await;
        let scope = company("cmp-1");
        store.grant_credits(&scope, 2, "start").await.expect("credits");
        let held = store.enqueue(&scope, &quote("q-1"), &rules()).await.expect("it is taken").job().id;
        fill(&pool, 4, 2).await;
        assert_eq!(number(&pool, "select sum(queued) from video_render_lane_changes").await, 5);
        pool.execute("update video_render_jobs set run_after = now() + interval '1 hour' where company_id = 'cmp-0'")
            .await
            .expect("by hand");
        assert_eq!(store.claim(&ClaimRequest { max_jobs: 9, ..asks("w") }).await.expect("it answers").len(), 3);
        sqlx::query("delete from video_render_jobs where id = $1").bind(held.0).execute(&pool).await.expect("by hand");
        let credits = store.credits(&scope).await.expect("it answers").expect("they count");
        assert_eq!((credits.balance, credits.frozen), (2, 0), "what was held for it is free again");
        assert_eq!(store.recount().await.expect("it answers"), 0);
        pool.execute("update video_render_lanes set queued = 7, head_at = null").await.expect("by hand");
        assert_eq!(store.recount().await.expect("it answers"), 2);
        let impossible = [
            ("update video_render_jobs set status = 'running'", "video_render_jobs_lease_check"),
            ("update video_render_jobs set progress = 101", "video_render_jobs_progress_check"),
            ("update video_render_jobs set error_code = 'x'", "video_render_jobs_error_check"),
            ("update tenant_credit_holds set frozen = -1", "tenant_credit_holds_frozen_check"),
        ];
        for (sql, constraint) in impossible {
            let refused = pool.execute(sql).await.expect_err(sql);
            assert_eq!(refused.as_database_error().and_then(|error| error.constraint()), Some(constraint));
        }
        let mut zero = quote("q-zero");
        zero.input = serde_json::json!({ "text": "a\u{0}b" });
        let refused = store.enqueue(&scope, &zero, &rules()).await;
        assert!(matches!(&refused, Err(EnqueueError::Invalid { what }) if what == "input_json"), "{refused:?}");
    });
}

/// The same call until its connection lives long enough.
async fn insist<T, F: Future<Output = Result<T, QueueError>>>(call: impl Fn() -> F) -> T {
    loop {
        match call().await {
            Ok(done) => return done,
            Err(error) => assert!(error.is_transient(), "{error:?}"),
        }
    }
}

#[test]
fn terminated_backends_lose_no_job_and_pay_none_twice() {
    Database::run(|database| async move {
        const JOBS: i64 = 60;
        let store = database.store().await;
        let pool = database.raw().await;
        let scope = company("cmp-1");
        store.grant_credits(&scope, JOBS, "start").await.expect("credits");
        for number in 0..JOBS {
            store.enqueue(&scope, &quote(&format!("q-{number}")), &rules()).await.expect("it is taken");
        }
        let killer = {
            let database = Arc::clone(&database);
            tokio::spawn(async move {
                let kill = "select count(pg_terminate_backend(pid)) from pg_stat_activity \
                            where datname = $1 and application_name = 'quotereel'";
                let mut killed = 0;
                loop {
                    let count: i64 = sqlx::query_scalar(kill)
                        .bind(&database.name)
                        .fetch_one(&database.admin)
                        .await
                        .expect("a superuser may");
                    killed += count;
                    if killed >= 100 {
                        return killed;
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
        };
        let finished = "select count(*) from video_render_jobs where status = 'succeeded'";
        let mut workers = tokio::task::JoinSet::new();
        for number in 0..4 {
            let store = Arc::clone(&store);
            let pool = pool.clone();
            workers.spawn(async move {
                let request = asks(&format!("w-{number}"));
                loop {
                    for claimed in insist(|| store.claim(&request)).await {
                        let lease = &claimed.lease;
                        let made = output(lease);
                        // An answer that got lost: the row tells. Final means that it was this one's.
                        loop {
                            match store.succeed(lease, &made).await {
                                Ok(_) => break,
                                Err(error) => assert!(error.is_transient(), "{error:?}"),
                            }
                            let row = insist(|| store.job(&lease.scope, lease.job_id)).await;
                            if row.is_none_or(|row| row.status.is_final()) {
                                break;
                            }
                        }
                    }
                    if number == 0 {
                        // Claims whose answers got lost come back through the reconciler.
                        sqlx::query(
                            "update video_render_jobs set lease_expires_at = now() - interval '1 s'
                             where status = 'running' and started_at < now() - interval '300 ms'",
                        )
                        .execute(&pool)
                        .await
                        .expect("it runs");
                        insist(|| store.expire(100, 1_000)).await;
                    }
                    if self::number(&pool, finished).await == JOBS {
                        return;
                    }
                }
            });
        }
        workers.join_all().await;
        assert!(killer.await.expect("no panic") >= 100);
        let credits = insist(|| store.credits(&scope)).await.expect("they count");
        assert_eq!((credits.balance, credits.frozen), (0, 0));
        assert_eq!(number(&pool, "select count(*) from credit_entries where kind = 'capture'").await, JOBS);
        let recorded = "select count(*) from video_render_events where kind = 'VIDEO_RENDER_SUCCEEDED'";
        assert_eq!(number(&pool, recorded).await, JOBS);
        assert_eq!(insist(|| store.recount()).await, 0);
    });
}

#[test]
fn everything_at_once_ends_without_deadlock_and_with_true_lanes() {
    Database::run(|database| async move {
        let store = database.store().await;
        let versions = [TemplateVersion { template: "quote-summary".to_owned(), render_version: "2".to_owned() }];
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..12_u32 {
            let store = Arc::clone(&store);
            let versions = versions.clone();
            tasks.spawn(async move {
                let request = ClaimRequest { max_jobs: 3, ..asks(&format!("w-{task}")) };
                for round in 0..40_u32 {
                    let scope = company(&format!("cmp-{}", (task + round) % 3));
                    if round == 0 {
                        store.grant_credits(&scope, 1_000, &format!("grant-{task}")).await.expect("credits");
                    }
                    let new = quote(&format!("q-{}", round % 7));
                    let known = match store.enqueue(&scope, &new, &rules()).await {
                        Ok(known) => Some(known.job().id),
                        Err(EnqueueError::Cooldown { .. }) => None, // just being called off
                        Err(error) => panic!("it is taken or found: {error}"),
                    };
                    for claimed in store.claim(&request).await.expect("it answers") {
                        let lease = claimed.lease;
                        let pause = Duration::ZERO;
                        let _ = match round % 5 {
                            0 => store.succeed(&lease, &output(&lease)).await,
                            1 => store.fail(&lease, &broken(), "No.").await,
                            2 => store.release(&lease, "shutdown", pause, None).await,
                            3 => store.retry_later(&lease, &broken(), pause, None).await,
                            _ => store.stopped(&lease).await,
                        }
                        .expect("it answers");
                    }
                    match round % 4 {
                        0 => {
                            if let Some(id) = known {
                                store.request_cancel(&scope, id).await.expect("it answers");
                            }
                        }
                        1 => drop(store.recount().await.expect("it answers")),
                        2 => drop(store.expire(10, 2).await.expect("it answers")),
                        _ => store.register_templates(&versions).await.expect("they are written"),
                    }
                }
            });
        }
        tasks.join_all().await;
        assert_eq!(store.recount().await.expect("it answers"), 0);
        let pool = database.raw().await;
        let deadlocks =
            AssertSqlSafe(format!("select deadlocks from pg_stat_database where datname = '{}'", database.name));
        let deadlocks: i64 = sqlx::query_scalar(deadlocks).fetch_one(&pool).await.expect("it runs");
        assert_eq!(deadlocks, 0);
        for company in 0..3 {
            let sums = format!(
                "select count(*) from video_render_credits('cmp-{company}') c where (balance, frozen) =
                 (select sum(balance_delta), sum(frozen_delta) from credit_entries where company_id = 'cmp-{company}')"
            );
            assert_eq!(number(&pool, &sums).await, 1);
        }
        let running = JobFilter { status: Some(Status::Running), ..JobFilter::default() };
        for scope in [company("cmp-0"), company("cmp-1"), company("cmp-2")] {
            assert_eq!(store.jobs(&scope, &running).await.expect("it answers"), [], "every claim was ended");
        }
    });
}

#[test]
fn addresses_that_cannot_be_used_say_so() {
    Database::run(|database| async move {
        let missing = database.url.replace(&database.name, "no_such_database");
        for url in ["mysql://app:s3cret@db/jobs", "postgres://app:s3cret@127.0.0.1:99999/x", &missing] {
            let refused = PostgresDatabase::connect(url, PostgresOptions::default()).await;
            let Err(QueueError::Address { url: shown, .. }) = &refused else { panic!("{refused:?}") };
            assert!(!shown.contains("s3cret"), "{shown}");
        }
        let nobody = "postgres://app@127.0.0.1:1/jobs";
        let options = PostgresOptions { acquire_timeout: Duration::from_secs(1), ..PostgresOptions::default() };
        let silent = PostgresDatabase::connect(nobody, options).await.expect_err("nobody listens there");
        assert!(silent.is_transient(), "{silent:?}");
        assert_eq!(silent.to_string(), "connection refused at 127.0.0.1:1: the database is not available");
    });
}
