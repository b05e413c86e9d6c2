//! The servers behind the backend: a database, a bucket, and the settings that name them.

use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool, Row as _};

use super::blocks::Blocks;
use super::project::Project;

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(120);
/// Two users of different companies, as in the document's own `.env`.
const TOKENS: &str = concat!(
    r#"{"demo-token": {"companyId": "cmp_1", "organizationId": "org_1", "userId": "user_7"}, "#,
    r#""other-token": {"companyId": "cmp_2", "userId": "user_8"}}"#
);

/// Database, bucket, and names of the test's own.
pub(crate) struct World {
    pub(crate) api: String,
    pub(crate) port: String,
    pub(crate) pool: PgPool,
    /// The backend's login, and the one that owns the tables.
    pub(crate) role: String,
    owner: String,
    server: String,
    database: String,
    bucket: String,
    http: reqwest::Client,
}

/// An HTTP answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error} in {text}", self.status))
    }
}

/// A variable that `with.sh` sets.
fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests through tests/servers/with.sh"))
}

/// The address of a server with another login and another database.
fn address(server: &str, login: Option<&str>, database: &str) -> String {
    let mut url = reqwest::Url::parse(server).expect("a URL");
    if let Some(login) = login {
        url.set_username(login).expect("it has a host");
        url.set_password(Some("CHANGE-ME")).expect("it has a host");
    }
    url.set_path(database);
    url.into()
}

impl World {
    /// A new database, and a free port for the backend.
    pub(crate) async fn new() -> Self {
        let server = variable("QUOTEREEL_TEST_POSTGRES");
        let unique = uuid::Uuid::now_v7().simple().to_string();
        let (database, role, bucket) = (format!("t_{unique}"), format!("backend_{unique}"), format!("t-{unique}"));
        let owner = format!("owner_{unique}");
        let admin = PgPool::connect(&server).await.expect("the server answers");
        for group in ["quotereel_worker", "quotereel_tenant"] {
            // Another test may have made it: roles belong to the whole server.
            drop(sqlx::query(AssertSqlSafe(format!("create role {group} nologin"))).execute(&admin).await);
        }
        for sql in [
            format!("create role {owner} login password 'CHANGE-ME'"),
            format!("grant quotereel_worker, quotereel_tenant to {owner}"),
            format!("create database {database} owner {owner}"),
        ] {
            sqlx::query(AssertSqlSafe(sql)).execute(&admin).await.expect("login and database are made");
        }
        admin.close().await;
        let pool = PgPool::connect(&address(&server, None, &database)).await.expect("it opens");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("bound").port().to_string();
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().expect("a client");
        Self { api: format!("http://127.0.0.1:{port}"), port, pool, role, owner, server, database, bucket, http }
    }

    /// The address of the database with a superuser's login.
    pub(crate) fn superuser(&self) -> String {
        address(&self.server, None, &self.database)
    }

    /// Writes `.env`.
    pub(crate) fn write_backend_settings(&self, project: &Project, blocks: &Blocks, secret: &str) {
        let values = [
            ("DATABASE_URL", &*address(&self.server, Some(&self.role), &self.database)),
            ("QUOTEREEL_STORAGE", &format!("s3://{}", self.bucket)),
            ("QUOTEREEL_S3_PUBLIC_ENDPOINT", &variable("QUOTEREEL_TEST_S3")),
            ("QUOTEREEL_S3_FORCE_PATH_STYLE", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", &variable("QUOTEREEL_TEST_S3_ACCESS_KEY")),
            ("AWS_SECRET_ACCESS_KEY", &variable("QUOTEREEL_TEST_S3_SECRET_KEY")),
            ("VIDEO_WEBHOOK_SECRET", secret),
            ("API_TOKENS", TOKENS),
            ("PORT", &self.port),
        ];
        project.write_settings(blocks, ".env", &values);
    }

    /// Writes `render.env`.
    pub(crate) fn write_render_settings(&self, project: &Project, blocks: &Blocks) {
        let values = [
            ("QUOTEREEL_DATABASE", &*address(&self.server, Some(&self.owner), &self.database)),
            ("QUOTEREEL_STORAGE", &format!("s3://{}", self.bucket)),
            ("QUOTEREEL_S3_ENDPOINT", &variable("QUOTEREEL_TEST_S3")),
            ("QUOTEREEL_S3_FORCE_PATH_STYLE", "true"),
            ("QUOTEREEL_S3_ACCESS_KEY_ID", &variable("QUOTEREEL_TEST_S3_ACCESS_KEY")),
            ("QUOTEREEL_S3_SECRET_ACCESS_KEY", &variable("QUOTEREEL_TEST_S3_SECRET_KEY")),
        ];
        project.write_settings(blocks, "render.env", &values);
    }

    /// One request; `token` is a user's, `headers` are further ones.
    pub(crate) async fn request(
        &self,
        method: reqwest::Method,
        url: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = self.http.request(method, url).body(body.to_owned());
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{url}: {error:?}"));
        let header = |name: &str| Some(response.headers().get(name)?.to_str().expect("text").to_owned());
        Answer {
            status: response.status().as_u16(),
            content_type: header("content-type").unwrap_or_default(),
            body: response.bytes().await.expect("a body").to_vec(),
        }
    }

    pub(crate) async fn post(&self, path: &str, token: &str, key: &str) -> Answer {
        let headers: &[(&str, &str)] = if key.is_empty() { &[] } else { &[("idempotency-key", key)] };
        self.request(reqwest::Method::POST, &format!("{}{path}", self.api), token, headers, "").await
    }

    pub(crate) async fn get(&self, url: &str, token: &str) -> Answer {
        let url = if url.starts_with('/') { format!("{}{url}", self.api) } else { url.to_owned() };
        self.request(reqwest::Method::GET, &url, token, &[], "").await
    }

    /// Waits until the backend listens.
    pub(crate) async fn listens(&self) {
        until("the backend listens", async || self.http.get(&self.api).send().await.ok()).await;
    }

    /// Waits until a column of text has that value, at one row.
    pub(crate) async fn reaches(&self, sql: &str, expected: &str) {
        until(&format!("{sql} gives {expected}"), async || {
            let found: Option<String> =
                sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&self.pool).await.expect("the query runs");
            (found.as_deref() == Some(expected)).then_some(())
        })
        .await;
    }

    /// Runs a block of SQL as the backend's login; gives the rows of all its statements.
    pub(crate) async fn as_backend(&self, sql: &str) -> Vec<sqlx::postgres::PgRow> {
        let pool = PgPool::connect(&address(&self.server, Some(&self.role), &self.database)).await.expect("it opens");
        let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&pool).await;
        let rows = rows.unwrap_or_else(|error| panic!("{error} in {sql}"));
        pool.close().await;
        rows
    }

    /// A column of texts.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let found = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&self.pool).await;
        found.unwrap_or_else(|error| panic!("{error} in {sql}"))
    }

    /// Removes database and login. Not called where the test fails: the server is thrown away anyway.
    pub(crate) async fn end(self) {
        self.pool.close().await;
        let admin = PgPool::connect(&self.server).await.expect("the server answers");
        let Self { database, role, owner, .. } = &self;
        for sql in [format!("drop database {database} with (force)"), format!("drop role {role}, {owner}")] {
            sqlx::query(AssertSqlSafe(sql)).execute(&admin).await.expect("it goes");
        }
    }
}

/// The text of a column, by its name.
pub(crate) fn text(row: &sqlx::postgres::PgRow, column: &str) -> Option<String> {
    row.try_get_unchecked(column).unwrap_or_else(|error| panic!("{column}: {error}"))
}

/// Waits until `look` finds something.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
