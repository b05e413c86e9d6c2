//! What a case stands on: a fresh database, its store, and a connection beside the store for what no store offers
//! (making time pass, reading sums). Time never passes by sleeping: the rows' times are moved back.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use quotereel_jobs::job::{Failure, FailureCode, Job, JobId, JobOutput, Lease, NewJob, TenantScope, WorkerId};
use quotereel_jobs::queue::{ClaimRequest, Claimed, Database, EnqueueRules, Enqueued, Held, connect};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

/// Names the PostgreSQL server for the tests; a login that may create databases.
const POSTGRES: &str = "QUOTEREEL_TEST_POSTGRES";

/// Names the same server through a pooler in transaction mode.
const PGBOUNCER: &str = "QUOTEREEL_TEST_PGBOUNCER";

/// Which store a case runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    Sqlite,
    Postgres,
    /// PostgreSQL behind a pooler that gives every transaction another connection.
    Pooled,
}

enum Raw {
    Sqlite(sqlx::SqlitePool),
    Postgres(sqlx::PgPool),
}

/// A fresh database.
pub(crate) struct Rig {
    pub(crate) store: Arc<dyn Database>,
    url: String,
    raw: Raw,
    _folder: tempfile::TempDir,
}

/// Runs one case on a new database, which is removed when the case passes.
pub(crate) fn run<F: Future<Output = ()>>(backend: Backend, case: impl FnOnce(Arc<Rig>) -> F) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a folder");
        match backend {
            Backend::Sqlite => {
                let url = format!("sqlite:{}", folder.path().join("jobs.sqlite").display());
                case(Rig::open(url.clone(), &url, folder).await).await;
            }
            Backend::Postgres | Backend::Pooled => {
                let server = variable(POSTGRES);
                let name = format!("t_{}", uuid::Uuid::now_v7().simple());
                let admin = sqlx::PgPool::connect(&server).await.expect("the server answers");
                let create = format!("create database {name}");
                sqlx::query(AssertSqlSafe(create)).execute(&admin).await.expect("a new database");
                let direct = database_of(&server, &name);
                let url =
                    if backend == Backend::Pooled { database_of(&variable(PGBOUNCER), &name) } else { direct.clone() };
                let rig = Rig::open(url, &direct, folder).await;
                case(rig).await;
                let drop = format!("drop database {name} with (force)");
                sqlx::query(AssertSqlSafe(drop)).execute(&admin).await.expect("the database goes");
            }
        }
    });
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run the tests through tests/servers/with.sh"))
}

/// The address of another database on the same server.
pub(crate) fn database_of(server: &str, name: &str) -> String {
    let (base, query) = server.split_once('?').unwrap_or((server, ""));
    let slash = base.rfind('/').filter(|&at| at > base.find("://").map_or(0, |at| at + 2));
    format!("{}/{name}?{query}", &base[..slash.unwrap_or(base.len())]).trim_end_matches('?').to_owned()
}

impl Rig {
    /// The store at `url`; the connection beside it goes to `direct`, the same database without a pooler.
    async fn open(url: String, direct: &str, folder: tempfile::TempDir) -> Arc<Self> {
        let store = connect(&url).await.expect("the database opens");
        store.migrate().await.expect("the schema is made");
        let raw = if direct.starts_with("sqlite:") {
            let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
            Raw::Sqlite(pool.connect(direct).await.expect("it opens"))
        } else {
            let pool = sqlx::postgres::PgPoolOptions::new().max_connections(1);
            Raw::Postgres(pool.connect(direct).await.expect("it opens"))
        };
        Arc::new(Self { store, url, raw, _folder: folder })
    }

    /// One more store on the same database, as another process would have it.
    pub(crate) async fn another(&self) -> Arc<dyn Database> {
        connect(&self.url).await.expect("the database opens")
    }

    /// Runs a statement that both databases understand; how many rows it changed.
    pub(crate) async fn change(&self, sql: String) -> u64 {
        let sql = AssertSqlSafe(sql);
        match &self.raw {
            Raw::Sqlite(pool) => sqlx::query(sql).execute(pool).await.expect("the statement runs").rows_affected(),
            Raw::Postgres(pool) => sqlx::query(sql).execute(pool).await.expect("the statement runs").rows_affected(),
        }
    }

    /// Runs a statement that the database must refuse; what it says.
    pub(crate) async fn refused(&self, sql: String) -> String {
        let query = AssertSqlSafe(sql.clone());
        let outcome = match &self.raw {
            Raw::Sqlite(pool) => sqlx::query(query).execute(pool).await.map(drop),
            Raw::Postgres(pool) => sqlx::query(query).execute(pool).await.map(drop),
        };
        outcome.expect_err(&sql).to_string()
    }

    /// A number, 0 for null.
    pub(crate) async fn number(&self, expression: &str) -> i64 {
        let sql = AssertSqlSafe(format!("select cast(coalesce(({expression}), 0) as bigint)"));
        match &self.raw {
            Raw::Sqlite(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.expect("the query runs"),
            Raw::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.expect("the query runs"),
        }
    }

    async fn move_back(&self, columns: &[&str], id: JobId, by: Duration) {
        let span = match self.raw {
            Raw::Sqlite(_) => by.as_millis().to_string(),
            Raw::Postgres(_) => format!("interval '{} milliseconds'", by.as_millis()),
        };
        let sets: Vec<String> = columns.iter().map(|column| format!("{column} = {column} - {span}")).collect();
        let changed = self.change(format!("update video_render_jobs set {} where id = '{id}'", sets.join(", "))).await;
        assert_eq!(changed, 1, "job {id} has a row");
    }

    /// For this job, all that was to happen happened or happens earlier by that much.
    pub(crate) async fn pass(&self, id: JobId, by: Duration) {
        let columns = [
            "created_at",
            "run_after",
            "spool_retry_at",
            "started_at",
            "finished_at",
            "cancel_requested_at",
            "lease_expires_at",
            "deadline_at",
            "output_expired_at",
        ];
        self.move_back(&columns, id, by).await;
    }

    /// The lease ends now, as if its worker had died a while ago.
    pub(crate) async fn lapse(&self, id: JobId) {
        self.move_back(&["lease_expires_at"], id, Duration::from_secs(86_400)).await;
    }

    /// The deadline is over, though heartbeats came.
    pub(crate) async fn overrun(&self, id: JobId) {
        self.move_back(&["deadline_at"], id, Duration::from_secs(86_400)).await;
    }

    /// A new job for that entity, without any limits.
    pub(crate) async fn enqueue(&self, scope: &TenantScope, entity: &str) -> Job {
        match self.store.enqueue(scope, &quote(entity), &rules()).await.expect("it is enqueued") {
            Enqueued::New(job) => job,
            other => panic!("{entity} should be new: {other:?}"),
        }
    }

    /// A job that another program wrote by hand.
    pub(crate) async fn by_hand(&self, scope: &TenantScope, entity: &str, input: &str) -> JobId {
        let (id, sql) = self.by_hand_sql(scope, entity, input);
        assert_eq!(self.change(sql).await, 1);
        id
    }

    /// What such a program writes; `input` is JSON as the database takes it.
    pub(crate) fn by_hand_sql(&self, scope: &TenantScope, entity: &str, input: &str) -> (JobId, String) {
        let id = JobId(uuid::Uuid::now_v7());
        // SQLite has no hash of its own: any will do.
        let (column, hash) = match self.raw {
            Raw::Sqlite(_) => (", snapshot_hash", format!(", '{:064x}'", id.0.as_u128())),
            Raw::Postgres(_) => ("", String::new()),
        };
        let company = scope.company_id();
        let sql = format!(
            "insert into video_render_jobs (id, company_id, entity_id, template, input_json{column})
             values ('{id}', '{company}', '{entity}', 'quote-summary', '{input}'{hash})"
        );
        (id, sql)
    }

    /// The row, which is there.
    pub(crate) async fn row(&self, scope: &TenantScope, id: JobId) -> Job {
        self.store.job(scope, id).await.expect("the store answers").expect("the row is there")
    }

    /// Claims at most one job.
    pub(crate) async fn claim(&self, worker: &str) -> Option<Claimed> {
        let mut claimed = self.store.claim(&asks(worker)).await.expect("the store answers");
        assert!(claimed.len() <= 1, "one was asked for");
        claimed.pop()
    }

    /// Enqueues and claims.
    pub(crate) async fn running(&self, scope: &TenantScope, entity: &str, worker: &str) -> Claimed {
        let job = self.enqueue(scope, entity).await;
        let claimed = self.claim(worker).await.expect("a job waits");
        assert_eq!(claimed.job.id, job.id, "nothing else waits");
        claimed
    }

    /// Enqueues, claims and ends well.
    pub(crate) async fn succeeded(&self, scope: &TenantScope, entity: &str) -> Job {
        let claimed = self.running(scope, entity, "w").await;
        assert_eq!(self.store.succeed(&claimed.lease, &output(&claimed.lease)).await.expect("it answers"), Held::Yes);
        self.row(scope, claimed.job.id).await
    }

    /// Enqueues, claims and ends badly.
    pub(crate) async fn failed(&self, scope: &TenantScope, entity: &str) -> Job {
        let claimed = self.running(scope, entity, "w").await;
        assert_eq!(self.store.fail(&claimed.lease, &broken(), "No.").await.expect("it answers"), Held::Yes);
        self.row(scope, claimed.job.id).await
    }

    /// Entries sum up to what the company has, in both columns.
    pub(crate) async fn assert_books_balance(&self, scope: &TenantScope) {
        let company = scope.company_id();
        let credits = self.store.credits(scope).await.expect("it answers").expect("they count");
        for (column, delta) in [(credits.balance, "balance_delta"), (credits.frozen, "frozen_delta")] {
            let entries =
                self.number(&format!("select sum({delta}) from credit_entries where company_id = '{company}'")).await;
            assert_eq!(column, entries, "{delta} of {company}");
        }
        assert!((0..=credits.balance).contains(&credits.frozen), "{credits:?}");
    }

    /// How many jobs the lane of a company counts as `queued` or `running`; of all companies without one.
    pub(crate) async fn lane(&self, scope: Option<&TenantScope>, column: &str) -> i64 {
        let of = scope.map_or_else(String::new, |scope| format!(" where company_id = '{}'", scope.company_id()));
        let lanes = self.number(&format!("select sum({column}) from video_render_lanes{of}")).await;
        match self.raw {
            Raw::Sqlite(_) => lanes,
            Raw::Postgres(_) => {
                lanes + self.number(&format!("select sum({column}) from video_render_lane_changes{of}")).await
            }
        }
    }

    /// Until [`Self::repair_books`], no release of a credit that a running job holds can be written; what the database
    /// says then contains the answer.
    pub(crate) async fn spoil_books(&self) -> &'static str {
        match self.raw {
            // What was frozen is gone by hand.
            Raw::Sqlite(_) => {
                self.change("update tenant_credits set frozen = 0".to_owned()).await;
                "tenant_credits_frozen_check"
            }
            Raw::Postgres(_) => {
                let add = "alter table tenant_credits add constraint nothing_is_settled check (settled = 0)";
                self.change(add.to_owned()).await;
                "nothing_is_settled"
            }
        }
    }

    /// Undoes [`Self::spoil_books`], where that many credits are frozen.
    pub(crate) async fn repair_books(&self, frozen: u32) {
        let repair = match self.raw {
            Raw::Sqlite(_) => format!("update tenant_credits set frozen = {frozen}"),
            Raw::Postgres(_) => "alter table tenant_credits drop constraint nothing_is_settled".to_owned(),
        };
        self.change(repair).await;
    }
}

/// A company without an organization.
pub(crate) fn company(id: &str) -> TenantScope {
    TenantScope::new(None, id).expect("a legal id")
}

/// The snapshot of a job's row.
pub(crate) fn snapshot(job: &Job) -> Value {
    serde_json::from_str(job.input.as_deref().expect("a whole row")).expect("JSON")
}

/// A request for that entity's video.
pub(crate) fn quote(entity: &str) -> NewJob {
    NewJob {
        entity_type: "QUOTE".to_owned(),
        entity_id: entity.to_owned(),
        template: "quote-summary".to_owned(),
        input: json!({ "locale": "es-CL", "quote": { "id": entity, "total": "1190.00" } }),
        idempotency_key: None,
        created_by_id: Some("user-1".to_owned()),
    }
}

/// No cooldown.
pub(crate) fn rules() -> EnqueueRules {
    EnqueueRules { cooldown: Duration::ZERO, correlation_id: "request-1".to_owned(), ..EnqueueRules::default() }
}

/// A worker with a spool of its own asks for one job.
pub(crate) fn asks(worker: &str) -> ClaimRequest {
    ClaimRequest {
        worker_id: WorkerId(worker.to_owned()),
        spool_id: spool_of(worker),
        max_jobs: 1,
        lease: Duration::from_secs(60),
        deadline: Duration::from_secs(720),
        tenant_cap: 1_000,
    }
}

/// The spool of that worker.
pub(crate) fn spool_of(worker: &str) -> String {
    format!("spool-{worker}")
}

/// What that claim made.
pub(crate) fn output(lease: &Lease) -> JobOutput {
    let folder = format!("org/-/company/{}/jobs/{}/e{}", lease.scope.company_id(), lease.job_id, lease.epoch);
    JobOutput {
        output_key: format!("{folder}/video.mp4"),
        output_sha256: "5f".repeat(32),
        output_bytes: 3_000_000,
        output_duration_ms: 25_000,
        thumbnail_key: format!("{folder}/thumbnail.jpg"),
        render_version: "1".to_owned(),
    }
}

/// A failure that may pass.
pub(crate) fn broken() -> Failure {
    Failure::new(FailureCode::RenderFailed, "the encoder stopped")
}
