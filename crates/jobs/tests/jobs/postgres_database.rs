//! A PostgreSQL database for the cases that no other database has.

use std::sync::Arc;

use quotereel_jobs::queue::Database as _;
use quotereel_jobs::queue::postgres::{PostgresDatabase, PostgresOptions};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Executor};

const SERVER: &str = "QUOTEREEL_TEST_POSTGRES";

/// A database of its own on the tests' server; it goes when the test passes.
pub(crate) struct Database {
    pub(crate) admin: PgPool,
    pub(crate) name: String,
    pub(crate) url: String,
}

impl Database {
    pub(crate) fn run<F: Future<Output = ()>>(case: impl FnOnce(Arc<Self>) -> F) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let server = std::env::var(SERVER).unwrap_or_else(|_| panic!("{SERVER} names no server"));
            let admin = PgPoolOptions::new().max_connections(2).connect(&server).await.expect("the server answers");
            let name = format!("t_{}", uuid::Uuid::now_v7().simple());
            let create = format!("create database {name}");
            admin.execute(AssertSqlSafe(create)).await.expect("a new database");
            let (base, _) = server.rsplit_once('/').expect("an address with a database");
            let database = Arc::new(Self { admin, url: format!("{base}/{name}"), name });
            case(Arc::clone(&database)).await;
            let drop = format!("drop database {} with (force)", database.name);
            database.admin.execute(AssertSqlSafe(drop)).await.expect("the database goes");
        });
    }

    pub(crate) async fn connect(&self, options: PostgresOptions) -> PostgresDatabase {
        PostgresDatabase::connect(&self.url, options).await.expect("the database answers")
    }

    pub(crate) async fn store(&self) -> Arc<PostgresDatabase> {
        let store = self.connect(PostgresOptions::default()).await;
        store.migrate().await.expect("the schema is made");
        Arc::new(store)
    }

    /// One connection beside the store.
    pub(crate) async fn raw(&self) -> PgPool {
        PgPoolOptions::new().max_connections(1).connect(&self.url).await.expect("the database answers")
    }

    /// A login that is no superuser, and its address.
    pub(crate) async fn login(&self, member_of: &str) -> (String, PgConnectOptions) {
        let name = format!("login_{}", uuid::Uuid::now_v7().simple());
        let create = format!("create role {name} login; {member_of}").replace("LOGIN", &name);
        self.admin.execute(sqlx::raw_sql(AssertSqlSafe(create))).await.expect("a login");
        let options: PgConnectOptions = self.url.parse().expect("an address");
        (name.clone(), options.username(&name))
    }
}

/// A number, 0 for null.
pub(crate) async fn number(pool: &PgPool, sql: &str) -> i64 {
    let sql = AssertSqlSafe(format!("select coalesce(({sql}), 0)::bigint"));
    sqlx::query_scalar(sql).fetch_one(pool).await.expect("the query runs")
}

/// `jobs` queued jobs over `companies`, made at once.
pub(crate) async fn fill(pool: &PgPool, jobs: u32, companies: u32) {
    sqlx::query(
        "insert into video_render_jobs (company_id, entity_id, template, input_json)
         select 'cmp-' || number % $2, 'q-' || number, 'quote-summary', jsonb_build_object('n', number)
         from generate_series(1, $1) number",
    )
    .bind(i64::from(jobs))
    .bind(i64::from(companies))
    .execute(pool)
    .await
    .expect("rows by hand are rows");
}
