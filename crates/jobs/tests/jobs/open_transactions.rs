//! Nobody waits for somebody else's transaction: backends enqueue, retry and cancel in transactions that stay open, and
//! workers and other companies go on. A statement that waits for a lock is ended after 2 s, with an error: what is expected
//! to work here fails where it has to wait.

use std::time::Duration;

use quotereel_jobs::job::{JobId, Status};
use quotereel_jobs::queue::{
    CancelOutcome, ClaimRequest, Database as _, HeartbeatAnswer, HeartbeatConnection, Held, HeldLease,
    Maintenance as _, Queue as _, QueueError, Tenant as _,
};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, Row, SqlSafeStr};

use crate::postgres_database::{Database, number};
use crate::rig::{asks, broken, company, output, quote, rules};

const LEASE: Duration = Duration::from_secs(60);

/// A backend's connection, on which nothing is committed by itself.
async fn backend(database: &Database) -> PgConnection {
    let options: PgConnectOptions = database.url.parse().expect("an address");
    options.application_name("a-backend").connect().await.expect("the server answers")
}

/// Begins a transaction of `company` as its backend does.
async fn begin(backend: &mut PgConnection, company: &str, isolation: &str) {
    let begin = format!(
        "begin isolation level {isolation}; set local role quotereel_tenant; set local app.company_id = '{company}'"
    );
    backend.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await.expect("a transaction");
}

/// Enqueues as a backend does; the outcome.
async fn enqueue(backend: &mut PgConnection, company: &str, entity: &str) -> Result<String, sqlx::Error> {
    sqlx::query_scalar("select outcome from enqueue_video_render($1, $2, 'quote-summary', $3, p_cooldown => '0')")
        .bind(company)
        .bind(entity)
        .bind(serde_json::json!({ "locale": "es-CL", "entity": entity }))
        .fetch_one(backend)
        .await
}

async fn cancel(backend: &mut PgConnection, id: JobId) -> String {
    let cancel = "select outcome from cancel_video_render($1)";
    sqlx::query_scalar(cancel).bind(id.0).fetch_one(backend).await.expect("it answers")
}

async fn end(backend: &mut PgConnection, how: &'static str) {
    backend.execute(how).await.expect("it ends");
}

/// The lease of a job is over.
async fn lapse(pool: &PgPool, id: JobId) {
    let lapse = "update video_render_jobs set lease_expires_at = now() - interval '1 hour' where id = $1";
    sqlx::query(lapse).bind(id.0).execute(pool).await.expect("it lapses");
}

#[test]
fn an_open_enqueue_holds_up_neither_its_company_nor_another() {
    Database::run(|database| async move {
        let store = database.store().await;
        let pool = database.raw().await;
        let (mine, theirs) = (company("cmp-mine"), company("cmp-theirs"));
        store.grant_credits(&mine, 9, "start").await.expect("credits");
        for entity in ["q-1", "q-2", "q-3", "q-4"] {
            store.enqueue(&mine, &quote(entity), &rules()).await.expect("it is taken");
        }
        let claimed = store.claim(&ClaimRequest { max_jobs: 3, ..asks("w") }).await.expect("it answers");
        let [done, failed, lost] = <[_; 3]>::try_from(claimed).expect("three jobs");
        lapse(&pool, lost.job.id).await;

        let mut backend = backend(&database).await;
        begin(&mut backend, "cmp-mine", "read committed").await;
        assert_eq!(enqueue(&mut backend, "cmp-mine", "q-5").await.expect("it answers"), "new");
        let row = store.jobs(&mine, &Default::default()).await.expect("it answers");
        let waiting = row.iter().find(|job| job.entity_id == "q-4").expect("it waits").id;
        assert_eq!(cancel(&mut backend, waiting).await, "cancelled");
        assert_eq!(cancel(&mut backend, done.job.id).await, "requested");
        assert_eq!(cancel(&mut backend, lost.job.id).await, "requested");

        store.enqueue(&theirs, &quote("q-1"), &rules()).await.expect("another company enqueues");
        let next = store.claim(&ClaimRequest { max_jobs: 9, ..asks("w") }).await.expect("it answers");
        let next: Vec<_> = next.iter().map(|claimed| claimed.job.scope.company_id()).collect();
        assert_eq!(next, ["cmp-theirs"], "its job is claimed, the one that is being cancelled is left alone");
        let mut heartbeat = store.heartbeat().await.expect("a heartbeat");
        let leases = [&done, &failed].map(|claimed| HeldLease { lease: claimed.lease.clone(), progress: 7 });
        let answers = heartbeat.extend(&leases, LEASE).await.expect("it answers");
        assert_eq!(answers, [HeartbeatAnswer::Held, HeartbeatAnswer::Held]);
        let expiry = store.expire(10, 0).await.expect("it answers");
        assert_eq!((expiry.taken.len(), expiry.stuck.len()), (1, 0), "{expiry:?}");
        assert_eq!(store.succeed(&done.lease, &output(&done.lease)).await.expect("it answers"), Held::Yes);
        assert_eq!(store.fail(&failed.lease, &broken(), "No.").await.expect("it answers"), Held::Yes);
        store.grant_credits(&mine, 2, "more").await.expect("a grant does not wait either");
        assert_eq!(store.recount().await.expect("it answers"), 0, "the lanes are right meanwhile");
        let credits = store.credits(&mine).await.expect("it answers").expect("they count");
        assert_eq!((credits.balance, credits.frozen), (10, 1), "q-4 still waits for all others");

        end(&mut backend, "commit").await;
        let credits = store.credits(&mine).await.expect("it answers").expect("they count");
        assert_eq!((credits.balance, credits.frozen), (10, 1), "q-5 has come, q-4 is cancelled");
        assert_eq!(store.claim(&ClaimRequest { max_jobs: 9, ..asks("w") }).await.expect("it answers").len(), 1);
        assert_eq!(store.recount().await.expect("it answers"), 0);
        let sums = "select count(*) from video_render_credits('cmp-mine') where (balance, frozen) =
                    (select sum(balance_delta), sum(frozen_delta) from credit_entries where company_id = 'cmp-mine')";
        assert_eq!(number(&pool, sums).await, 1, "the books balance");
        store.expire(10, 0).await.expect("it answers");
        let requests = "select count(*) from video_render_cancel_requests";
        assert_eq!(number(&pool, requests).await, 0, "those that came too late are gone");
    });
}

#[test]
fn a_cancel_request_reaches_the_worker_when_it_is_committed() {
    Database::run(|database| async move {
        let store = database.store().await;
        let scope = company("cmp-1");
        store.grant_credits(&scope, 9, "start").await.expect("credits");
        let mut running = Vec::new();
        for entity in ["q-look", "q-extend", "q-back", "q-late", "q-lost"] {
            store.enqueue(&scope, &quote(entity), &rules()).await.expect("it is taken");
            running.push(store.claim(&asks("w")).await.expect("it answers").remove(0));
        }
        let mut backend = backend(&database).await;
        begin(&mut backend, "cmp-1", "read committed").await;
        for claimed in &running {
            assert_eq!(cancel(&mut backend, claimed.job.id).await, "requested");
            assert_eq!(cancel(&mut backend, claimed.job.id).await, "requested", "again is as once");
        }
        let mut heartbeat = store.heartbeat().await.expect("a heartbeat");
        let look = async |heartbeat: &mut Box<dyn HeartbeatConnection>, at: usize| {
            let held = [HeldLease { lease: running[at].lease.clone(), progress: 1 }];
            heartbeat.look(&held).await.expect("it answers")[0]
        };
        assert_eq!(look(&mut heartbeat, 0).await, HeartbeatAnswer::Held, "nothing is committed");
        // This worker gives a job back before the request can be seen.
        let late = &running[3];
        assert_eq!(store.release(&late.lease, "test", Duration::ZERO, None).await.expect("it answers"), Held::Yes);
        end(&mut backend, "commit").await;

        assert_eq!(look(&mut heartbeat, 0).await, HeartbeatAnswer::CancelRequested);
        let row = store.job(&scope, running[0].job.id).await.expect("it answers").expect("it is there");
        assert!(row.cancel_requested_at.is_some(), "the tenant sees the request at once");
        let held = [HeldLease { lease: running[1].lease.clone(), progress: 1 }];
        assert_eq!(heartbeat.extend(&held, LEASE).await.expect("it answers"), [HeartbeatAnswer::CancelRequested]);
        assert_eq!(store.stopped(&running[0].lease).await.expect("it answers"), Held::Yes);
        assert_eq!(store.stopped(&running[1].lease).await.expect("it answers"), Held::Yes);
        let back = store.retry_later(&running[2].lease, &broken(), Duration::ZERO, None).await;
        assert_eq!(back.expect("it answers"), Held::Yes);
        lapse(&database.raw().await, running[4].job.id).await;
        let expiry = store.expire(10, 2).await.expect("it answers");
        assert_eq!((expiry.taken.len(), expiry.stuck.len()), (1, 0), "{expiry:?}");
        for claimed in &running {
            let row = store.job(&scope, claimed.job.id).await.expect("it answers").expect("it is there");
            assert_eq!(row.status, Status::Cancelled, "{}", row.entity_id);
            assert!(row.cancel_requested_at.is_some() && row.error_code.is_none(), "{row:?}");
        }
        let credits = store.credits(&scope).await.expect("it answers").expect("they count");
        assert_eq!((credits.balance, credits.frozen), (9, 0));
        assert_eq!(store.recount().await.expect("it answers"), 0);
        let again = store.request_cancel(&scope, late.job.id).await.expect("it answers");
        assert!(matches!(again, CancelOutcome::AlreadyFinal(_)), "{again:?}");
    });
}

#[test]
fn a_claimed_job_with_a_request_is_told_to_stop() {
    Database::run(|database| async move {
        let store = database.store().await;
        let scope = company("cmp-1");
        store.enqueue(&scope, &quote("q-1"), &rules()).await.expect("it is taken");
        let first = store.claim(&asks("w")).await.expect("it answers").remove(0);
        let mut backend = backend(&database).await;
        begin(&mut backend, "cmp-1", "read committed").await;
        assert_eq!(cancel(&mut backend, first.job.id).await, "requested");
        assert_eq!(store.release(&first.lease, "test", Duration::ZERO, None).await.expect("it answers"), Held::Yes);
        end(&mut backend, "commit").await;
        // Before the reconciler comes round.
        let second = store.claim(&asks("w")).await.expect("it answers").remove(0);
        assert!(second.job.cancel_requested_at.is_some(), "{:?}", second.job);
        assert_eq!(store.stopped(&second.lease).await.expect("it answers"), Held::Yes);
    });
}

#[test]
fn no_credit_is_frozen_twice_whatever_the_isolation() {
    Database::run(|database| async move {
        let store = database.store().await;
        let scope = company("cmp-1");
        store.grant_credits(&scope, 10, "start").await.expect("credits");
        let mut tasks = tokio::task::JoinSet::new();
        for task in 0..8_u64 {
            let mut backend = backend(&database).await;
            tasks.spawn(async move {
                let isolation = if task % 2 == 0 { "read committed" } else { "repeatable read" };
                let (mut new, mut collided) = (0, 0);
                for round in 0..8_u64 {
                    begin(&mut backend, "cmp-1", isolation).await;
                    let outcome = enqueue(&mut backend, "cmp-1", &format!("q-{task}-{round}")).await;
                    tokio::time::sleep(Duration::from_millis((task + round) % 4)).await;
                    match outcome {
                        Ok(outcome) if outcome == "new" && round % 3 != 2 => {
                            end(&mut backend, "commit").await;
                            new += 1;
                        }
                        Ok(_) => end(&mut backend, "rollback").await,
                        Err(error) => {
                            // One snapshot, and another enqueue was quicker: the backend tries its transaction again.
                            let state = error.as_database_error().and_then(|error| error.code()).unwrap_or_default();
                            assert_eq!((isolation, &*state), ("repeatable read", "40001"), "{error}");
                            end(&mut backend, "rollback").await;
                            collided += 1;
                        }
                    }
                }
                (new, collided)
            });
        }
        let mut new = 0;
        for (of_one, _collided) in tasks.join_all().await {
            new += of_one;
        }
        let credits = store.credits(&scope).await.expect("it answers").expect("they count");
        assert_eq!((credits.balance, credits.frozen), (10, new));
        assert_eq!(new, 10, "all are used, and none twice");
        let held = "select count(*) from video_render_jobs where credits_held = 1 and status = 'queued'";
        assert_eq!(number(&database.raw().await, held).await, 10);
    });
}

#[test]
fn credits_are_not_taken_away_below_an_open_enqueue() {
    Database::run(|database| async move {
        let store = database.store().await;
        let scope = company("cmp-1");
        store.grant_credits(&scope, 1, "start").await.expect("credits");
        let mut backend = backend(&database).await;
        begin(&mut backend, "cmp-1", "read committed").await;
        assert_eq!(enqueue(&mut backend, "cmp-1", "q-1").await.expect("it answers"), "new");
        let refused = store.grant_credits(&scope, -1, "back").await.expect_err("somebody is about to freeze it");
        let said = refused.to_string();
        assert!(matches!(refused, QueueError::Locked { .. }), "{said}");
        assert!(
            said.starts_with("waited in vain for a lock on tenant_credit_holds; open transactions: pid "),
            "{said}"
        );
        assert!(said.contains("a-backend"), "{said}");
        end(&mut backend, "commit").await;
        let refused = store.grant_credits(&scope, -1, "back").await.expect_err("it is frozen");
        assert!(matches!(refused, QueueError::Constraint { .. }), "{refused}");
        let credits = store.credits(&scope).await.expect("it answers").expect("they count");
        assert_eq!((credits.balance, credits.frozen), (1, 1));
    });
}

#[test]
fn a_rescue_goes_past_what_somebody_holds() {
    for held in ["tenant_credits", "video_render_jobs"] {
        Database::run(|database| async move {
            let store = database.store().await;
            let pool = database.raw().await;
            let mut good = Vec::new();
            for (number, name) in ["cmp-held", "cmp-held", "cmp-held", "cmp-1", "cmp-2"].into_iter().enumerate() {
                let scope = company(name);
                store.grant_credits(&scope, 9, "start").await.expect("credits");
                store.enqueue(&scope, &quote(&format!("q-{number}")), &rules()).await.expect("it is taken");
                let claimed = store.claim(&asks("w")).await.expect("it answers").remove(0);
                lapse(&pool, claimed.job.id).await;
                if name != "cmp-held" {
                    good.push(claimed.job.id);
                }
            }
            // An operator at a prompt, who went for a coffee.
            let mut operator = backend(&database).await;
            let hold = format!("begin; select * from {held} where company_id = 'cmp-held' for update");
            operator.execute(sqlx::raw_sql(AssertSqlSafe(hold))).await.expect("it is held");
            let expiry = store.expire(10, 0).await.expect("it answers");
            let mut taken: Vec<_> = expiry.taken.iter().map(|expired| expired.job.id).collect();
            taken.sort();
            assert_eq!(taken, good, "{held}");
            // Rows that are locked are passed over in silence: their worker may be writing them.
            let told = if held == "tenant_credits" { 1 } else { 0 };
            assert_eq!(expiry.stuck.len(), told, "{held}: {:?}", expiry.stuck);
            for stuck in &expiry.stuck {
                assert!(
                    stuck.problem.starts_with("waited in vain for a lock on tenant_credits; "),
                    "{}",
                    stuck.problem
                );
                assert!(stuck.problem.contains("a-backend"), "{}", stuck.problem);
            }
            end(&mut operator, "rollback").await;
            assert_eq!(store.expire(10, 0).await.expect("it answers").taken.len(), 3);
        });
    }
}

/// The schema before this one, with rows in every state, as its own functions made them.
#[test]
fn rows_of_the_schema_before_go_on() {
    Database::run(|database| async move {
        let store = database.connect(Default::default()).await;
        let pool = database.raw().await;
        let texts = [
            ("0001_tables", include_str!("../../migrations/postgres/0001_tables.sql")),
            ("0002_row_level_security", include_str!("../../migrations/postgres/0002_row_level_security.sql")),
            ("0003_functions", include_str!("../../migrations/postgres/0003_functions.sql")),
            ("0004_quote_ids_and_cooldown", include_str!("../../migrations/postgres/0004_quote_ids_and_cooldown.sql")),
        ];
        let migrations = (1..).zip(texts).map(|(version, (name, text))| {
            Migration::new(version, name.into(), MigrationType::Simple, text.into_sql_str(), false)
        });
        let mut migrator = Migrator::with_migrations(migrations.collect());
        migrator.dangerous_set_table_name("video_render_migrations");
        migrator.run(&pool).await.expect("the versions before");
        let before = "
            insert into tenant_credits (company_id, balance) values ('cmp-1', 9);
            insert into credit_entries (company_id, kind, balance_delta, frozen_delta, reference)
              values ('cmp-1', 'grant', 9, 0, 'start');
            begin;
            set local app.company_id = 'cmp-1';
            select enqueue_video_render('cmp-1', 'q-' || n, 'quote-summary', jsonb_build_object('n', n)) from generate_series(1, 7) n;
            commit;
            -- then
            select id from claim_video_renders('w', 'spool-w', 5, '1 minute', '12 minutes', 9);
            -- then
            update video_render_jobs set status = 'succeeded', stage = 'finalize', finished_at = now(), spool_id = null,
              lease_expires_at = null, worker_id = null, deadline_at = null, output_key = 'k', output_sha256 = repeat('5f', 32),
              output_bytes = 1, output_duration_ms = 1, thumbnail_key = 't', render_version = '1' where entity_id = 'q-1';
            update video_render_jobs set status = 'failed', finished_at = now(), spool_id = null, error_class = 'user',
              error_code = 'x', error_message = 'x', lease_expires_at = null, worker_id = null, deadline_at = null
              where entity_id = 'q-2';
            begin;
            set local app.company_id = 'cmp-1';
            select cancel_video_render(id) from video_render_jobs where entity_id in ('q-3', 'q-7');
            commit;";
        // One after another: within one message time stands still, and nothing would be due yet.
        for part in before.split("-- then") {
            pool.execute(sqlx::raw_sql(AssertSqlSafe(part.to_owned()))).await.expect("rows");
        }
        let states = "select string_agg(entity_id || ' ' || status, ', ' order by entity_id) from video_render_jobs";
        let states: String = sqlx::query(states).fetch_one(&pool).await.expect("it runs").get(0);
        assert_eq!(
            states,
            "q-1 succeeded, q-2 failed, q-3 running, q-4 running, q-5 running, q-6 queued, q-7 cancelled"
        );

        store.migrate().await.expect("the schema of now");
        let scope = company("cmp-1");
        let credits = store.credits(&scope).await.expect("it answers").expect("they count");
        assert_eq!((credits.balance, credits.frozen), (8, 4));
        assert_eq!(store.recount().await.expect("it answers"), 0);
        let claimed = store.claim(&ClaimRequest { max_jobs: 9, ..asks("w2") }).await.expect("it answers");
        assert_eq!(claimed.iter().map(|claimed| &*claimed.job.entity_id).collect::<Vec<_>>(), ["q-6"]);
        assert_eq!(store.succeed(&claimed[0].lease, &output(&claimed[0].lease)).await.expect("it answers"), Held::Yes);
        let lapse =
            "update video_render_jobs set lease_expires_at = now() - interval '1 hour' where status = 'running'";
        pool.execute(lapse).await.expect("their worker is gone");
        let mut taken = store.expire(10, 0).await.expect("it answers").taken;
        taken.sort_by(|a, b| a.job.entity_id.cmp(&b.job.entity_id));
        let taken: Vec<_> = taken.iter().map(|expired| (&*expired.job.entity_id, expired.job.status)).collect();
        assert_eq!(taken, [("q-3", Status::Cancelled), ("q-4", Status::Failed), ("q-5", Status::Failed)]);
        let credits = store.credits(&scope).await.expect("it answers").expect("they count");
        assert_eq!((credits.balance, credits.frozen), (7, 0));
        assert_eq!(store.recount().await.expect("it answers"), 0);
        let sums = "select count(*) from video_render_credits('cmp-1') where (balance, frozen) =
                    (select sum(balance_delta), sum(frozen_delta) from credit_entries)";
        assert_eq!(number(&pool, sums).await, 1);
    });
}
