//! A database and a storage of a test's own, and what stands in them, read without any code of the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::{Duration, Instant};

use quotereel_jobs::job::{JobId, NewJob, TenantScope};
use quotereel_jobs::queue::{Database, EnqueueRules, Enqueued, connect};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tempfile::TempDir;

/// How long anything may take before a test gives up; only a fault that was not survived takes that long.
const PATIENCE: Duration = Duration::from_secs(150);
/// The company that most tests are about.
pub(crate) const COMPANY: &str = "cmp_a";
/// Credits of each company at the beginning.
pub(crate) const CREDITS: i64 = 100;

enum Raw {
    Sqlite(sqlx::SqlitePool),
    Postgres(sqlx::PgPool),
}

/// Where the objects are.
pub(crate) enum Place {
    Folder(PathBuf),
    Bucket { name: String, endpoint: String, client: aws_sdk_s3::Client },
}

/// One test's world.
pub(crate) struct Rig {
    pub(crate) folder: TempDir,
    pub(crate) url: String,
    pub(crate) store: Arc<dyn Database>,
    pub(crate) place: Place,
    raw: Raw,
    /// Address of the database's server, for removing the database.
    server: Option<String>,
}

/// What a row says of its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) status: String,
    pub(crate) stage: String,
    pub(crate) attempts: i64,
    pub(crate) renders: i64,
    pub(crate) uploads: i64,
    pub(crate) rescues: i64,
    pub(crate) epoch: i64,
    pub(crate) class: String,
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) key: String,
    pub(crate) sha256: String,
    pub(crate) thumbnail: String,
    pub(crate) worker: String,
}

/// A variable that `with.sh` sets.
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests through tests/servers/with.sh"))
}

/// Waits until `look` finds something.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// The address of another database on the same server.
pub(crate) fn database_of(server: &str, name: &str) -> String {
    let (base, query) = server.split_once('?').unwrap_or((server, ""));
    let slash = base.rfind('/').expect("a URL names a database");
    format!("{}/{name}?{query}", &base[..slash]).trim_end_matches('?').to_owned()
}

impl Rig {
    /// PostgreSQL and a bucket.
    pub(crate) async fn servers() -> Self {
        Self::on(&variable("QUOTEREEL_TEST_POSTGRES")).await
    }

    /// A PostgreSQL of the caller's and a bucket.
    pub(crate) async fn on(server: &str) -> Self {
        let name = format!("t_{}", uuid::Uuid::now_v7().simple());
        let admin = sqlx::PgPool::connect(server).await.expect("the server answers");
        sqlx::query(AssertSqlSafe(format!("create database {name}"))).execute(&admin).await.expect("a new database");
        admin.close().await;
        Self::open(database_of(server, &name), bucket().await, Some(server.to_owned())).await
    }

    /// The embedded database and a folder.
    pub(crate) async fn embedded() -> Self {
        Self::open(String::new(), Place::Folder(PathBuf::new()), None).await
    }

    async fn open(mut url: String, mut place: Place, server: Option<String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        if server.is_none() {
            url = format!("sqlite:{}", folder.path().join("jobs.sqlite").display());
            place = Place::Folder(folder.path().join("videos"));
        }
        let store = connect(&url).await.expect("the database opens");
        store.migrate().await.expect("the schema is made");
        let raw = if server.is_none() {
            let options: sqlx::sqlite::SqliteConnectOptions = url.parse().expect("an address");
            let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
            Raw::Sqlite(pool.connect_with(options.busy_timeout(PATIENCE)).await.expect("it opens"))
        } else {
            let pool = sqlx::postgres::PgPoolOptions::new().max_connections(2);
            Raw::Postgres(pool.connect(&url).await.expect("it opens"))
        };
        Self { folder, url, store, place, raw, server }
    }

    pub(crate) fn is_embedded(&self) -> bool {
        matches!(self.raw, Raw::Sqlite(_))
    }

    /// Address of the database's server, such as `127.0.0.1:5432`.
    pub(crate) fn database_host(&self) -> &str {
        let rest = self.url.split_once("://").expect("a URL").1;
        let rest = rest.split('/').next().expect("a host");
        rest.rsplit('@').next().expect("a host")
    }

    /// The database's URL by way of another address.
    pub(crate) fn url_through(&self, address: std::net::SocketAddr) -> String {
        self.url.replace(self.database_host(), &address.to_string())
    }

    /// A login with the rights that `docs/operations.md` gives to workers and no more, and the database's URL with it.
    pub(crate) async fn login(&self) -> (String, String) {
        let login = format!("login_{}", uuid::Uuid::now_v7().simple());
        self.change(&format!("create role {login} login in role quotereel_worker, quotereel_tenant")).await;
        let url = self.url.replace("postgres@", &format!("{login}@"));
        (login, url)
    }

    /// Removes a login that nobody uses any more.
    pub(crate) async fn remove_login(&self, login: &str) {
        self.change(&format!("drop role {login}")).await;
    }

    /// The S3 server.
    pub(crate) fn endpoint(&self) -> &str {
        match &self.place {
            Place::Bucket { endpoint, .. } => endpoint,
            Place::Folder(_) => panic!("this storage is a folder"),
        }
    }

    // --- SQL ---

    /// Runs a statement; how many rows it changed, or what the database says against it.
    pub(crate) async fn try_change(&self, sql: &str) -> Result<u64, String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.raw {
            Raw::Sqlite(pool) => sqlx::query(sql).execute(pool).await.map(|done| done.rows_affected()),
            Raw::Postgres(pool) => sqlx::query(sql).execute(pool).await.map(|done| done.rows_affected()),
        }
        .map_err(|error| error.to_string())
    }

    /// Runs a statement that must work.
    pub(crate) async fn change(&self, sql: &str) -> u64 {
        self.try_change(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// A number, 0 for null.
    pub(crate) async fn number(&self, expression: &str) -> i64 {
        let sql = AssertSqlSafe(format!("select cast(coalesce(({expression}), 0) as bigint)"));
        match &self.raw {
            Raw::Sqlite(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.expect(expression),
            Raw::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.expect(expression),
        }
    }

    /// A column of texts.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        match &self.raw {
            Raw::Sqlite(pool) => sqlx::query_scalar(sql).fetch_all(pool).await.expect("the query runs"),
            Raw::Postgres(pool) => sqlx::query_scalar(sql).fetch_all(pool).await.expect("the query runs"),
        }
    }

    /// What the row says.
    pub(crate) async fn row(&self, id: JobId) -> Row {
        let text = |column: &str| format!("coalesce(cast({column} as text), '')");
        let columns = [
            "status",
            "stage",
            "attempts",
            "render_attempts",
            "upload_attempts",
            "rescue_count",
            "lease_epoch",
            "error_class",
            "error_code",
            "error_message",
            "output_key",
            "output_sha256",
            "thumbnail_key",
            "worker_id",
        ]
        .map(text)
        .join(" || '|' || ");
        let found = self.texts(&format!("select {columns} from video_render_jobs where id = '{id}'")).await;
        let [found] = found.as_slice() else { panic!("{} rows of job {id}", found.len()) };
        let fields: Vec<String> = found.split('|').map(str::to_owned).collect();
        let number = |at: usize| fields[at].parse().expect("a number");
        Row {
            status: fields[0].clone(),
            stage: fields[1].clone(),
            attempts: number(2),
            renders: number(3),
            uploads: number(4),
            rescues: number(5),
            epoch: number(6),
            class: fields[7].clone(),
            code: fields[8].clone(),
            message: fields[9].clone(),
            key: fields[10].clone(),
            sha256: fields[11].clone(),
            thumbnail: fields[12].clone(),
            worker: fields[13].clone(),
        }
    }

    /// Waits until the row has that status, and says what else it has.
    pub(crate) async fn reaches(&self, id: JobId, status: &str) -> Row {
        let mut last = None;
        until(&format!("job {id} is {status}"), async || {
            let row = self.row(id).await;
            if last.as_ref() != Some(&row) {
                println!(
                    "{} {} e{} a{} r{} u{} {}",
                    id, row.status, row.epoch, row.attempts, row.renders, row.uploads, row.code
                );
                last = Some(row.clone());
            }
            // Nothing else can follow a final state.
            let ended = ["succeeded", "failed", "cancelled"].contains(&&*row.status);
            assert!(row.status == status || !ended, "job {id} should be {status}: {row:?}");
            (row.status == status).then_some(row)
        })
        .await
    }

    /// Moments of a job's row become earlier by a day: time passes, for this job alone.
    pub(crate) async fn pass(&self, id: JobId, columns: &[&str]) {
        let day = if self.is_embedded() { "86400000" } else { "interval '1 day'" };
        let sets: Vec<String> = columns.iter().map(|column| format!("{column} = {column} - {day}")).collect();
        self.change(&format!("update video_render_jobs set {} where id = '{id}'", sets.join(", "))).await;
    }

    /// The lease is over, as if its worker had been silent for that long.
    pub(crate) async fn lapse(&self, id: JobId) {
        self.pass(id, &["lease_expires_at"]).await;
    }

    /// A queued job need not wait any longer.
    pub(crate) async fn hurry(&self, id: JobId) {
        let now = if self.is_embedded() { "0" } else { "now() - interval '1 second'" };
        self.change(&format!(
            "update video_render_jobs set run_after = {now},
               spool_retry_at = case when spool_retry_at is null then null else {now} end
             where id = '{id}' and status = 'queued'"
        ))
        .await;
    }

    // --- jobs ---

    /// The company's credits, if they were not granted yet.
    pub(crate) async fn grant(&self, company: &str) -> TenantScope {
        let scope = TenantScope::new(None, company).expect("a legal id");
        self.store.grant_credits(&scope, CREDITS, "start").await.expect("a grant");
        scope
    }

    /// A new job of [`COMPANY`].
    pub(crate) async fn enqueue(&self, template: &str) -> JobId {
        self.enqueue_for(COMPANY, template, &format!("q_{}", uuid::Uuid::now_v7().simple()), |_| ()).await
    }

    /// A new job; `change` may do anything to the snapshot.
    pub(crate) async fn enqueue_for(
        &self,
        company: &str,
        template: &str,
        quote: &str,
        change: impl FnOnce(&mut Value),
    ) -> JobId {
        let scope = self.grant(company).await;
        let mut input = snapshot(company, quote);
        change(&mut input);
        let job = new_job(template, quote, input);
        match self.store.enqueue(&scope, &job, &rules()).await.expect("it is enqueued") {
            Enqueued::New(job) => job.id,
            other => panic!("it should be new: {other:?}"),
        }
    }

    // --- objects ---

    /// Keys of all objects, sorted.
    pub(crate) async fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        match &self.place {
            Place::Folder(root) => walk(root, root, &mut keys),
            Place::Bucket { name, client, .. } => {
                let mut pages = client.list_objects_v2().bucket(name).into_paginator().send();
                while let Some(page) = pages.next().await {
                    let page = page.expect("a listing");
                    keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
                }
            }
        }
        // What `check` of the storage leaves behind would be a fault of its own.
        keys.sort();
        keys
    }

    /// The bytes of an object.
    pub(crate) async fn bytes(&self, key: &str) -> Vec<u8> {
        match &self.place {
            Place::Folder(root) => std::fs::read(root.join(key)).expect("the file is there"),
            Place::Bucket { name, client, .. } => {
                let object = client.get_object().bucket(name).key(key).send().await.expect("the object is there");
                object.body.collect().await.expect("its bytes").into_bytes().to_vec()
            }
        }
    }

    /// Removes an object behind the program's back.
    pub(crate) async fn remove_object(&self, key: &str) {
        match &self.place {
            Place::Folder(root) => std::fs::remove_file(root.join(key)).expect("the file goes"),
            Place::Bucket { name, client, .. } => {
                client.delete_object().bucket(name).key(key).send().await.expect("the object goes");
            }
        }
    }

    /// Puts an object there behind the program's back.
    pub(crate) async fn put_object(&self, key: &str, content: &[u8]) {
        match &self.place {
            Place::Folder(root) => {
                let path = root.join(key);
                std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
                std::fs::write(path, content).expect("written");
            }
            Place::Bucket { name, client, .. } => {
                let put = client.put_object().bucket(name).key(key).body(content.to_vec().into());
                put.send().await.expect("the object is taken");
            }
        }
    }

    // --- the program ---

    /// Every setting of the program by its variable, for this world.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let templates =
            Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join("crates/render/tests/faults/templates");
        let mut variables = vec![
            ("PATH".to_owned(), std::env::var("PATH").unwrap_or_default()),
            ("HOME".to_owned(), self.folder.path().display().to_string()),
            ("TMPDIR".to_owned(), self.folder.path().display().to_string()),
            ("QUOTEREEL_DATABASE".to_owned(), self.url.clone()),
            ("QUOTEREEL_TEMPLATES".to_owned(), templates.display().to_string()),
            ("QUOTEREEL_COOLDOWN".to_owned(), "0s".to_owned()),
            ("QUOTEREEL_METRICS".to_owned(), "off".to_owned()),
        ];
        match &self.place {
            Place::Folder(root) => variables.push(("QUOTEREEL_STORAGE".to_owned(), root.display().to_string())),
            Place::Bucket { name, endpoint, .. } => variables.extend(
                [
                    ("QUOTEREEL_STORAGE", format!("s3://{name}")),
                    ("QUOTEREEL_S3_ENDPOINT", endpoint.clone()),
                    ("QUOTEREEL_S3_FORCE_PATH_STYLE", "true".to_owned()),
                    ("QUOTEREEL_S3_ACCESS_KEY_ID", variable("QUOTEREEL_TEST_S3_ACCESS_KEY")),
                    ("QUOTEREEL_S3_SECRET_ACCESS_KEY", variable("QUOTEREEL_TEST_S3_SECRET_KEY")),
                ]
                .map(|(name, value)| (name.to_owned(), value)),
            ),
        }
        variables
    }

    /// Runs `render` with these arguments to its end.
    pub(crate) fn render(&self, arguments: &[&str]) -> Output {
        self.render_with(arguments, &[])
    }

    /// The same, with other settings.
    pub(crate) fn render_with(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_render"));
        command
            .args(arguments)
            .env_clear()
            .envs(self.environment())
            .envs(settings.iter().copied())
            .current_dir(self.folder.path());
        command.output().expect("render starts")
    }

    /// Removes the database. Not called where a test fails: the server is thrown away anyway.
    pub(crate) async fn end(self) {
        let Self { raw, server, url, store, .. } = self;
        drop(store);
        if let (Raw::Postgres(pool), Some(server)) = (raw, server) {
            pool.close().await;
            let name = url.rsplit('/').next().and_then(|name| name.split('?').next()).expect("a name").to_owned();
            let admin = sqlx::PgPool::connect(&server).await.expect("the server answers");
            let drop = format!("drop database {name} with (force)");
            sqlx::query(AssertSqlSafe(drop)).execute(&admin).await.expect("the database goes");
        }
    }
}

/// A quote that can be made into a video.
pub(crate) fn snapshot(company: &str, quote: &str) -> Value {
    json!({
        "schemaVersion": 1, "companyId": company, "locale": "es-CL", "currency": "CLP",
        "quote": { "id": quote, "number": "7", "status": "ISSUED", "issuedAt": "2026-11-20" },
        "company": { "name": "Bo" }, "customer": { "name": "Al" }, "items": [{ "name": "Work" }],
        "totals": { "total": "250" }
    })
}

/// A request for a video of that snapshot.
pub(crate) fn new_job(template: &str, quote: &str, input: Value) -> NewJob {
    NewJob {
        entity_type: "QUOTE".to_owned(),
        entity_id: quote.to_owned(),
        template: template.to_owned(),
        input,
        idempotency_key: None,
        created_by_id: None,
    }
}

/// No cooldown.
pub(crate) fn rules() -> EnqueueRules {
    EnqueueRules { cooldown: Duration::ZERO, correlation_id: "faults".to_owned(), ..EnqueueRules::default() }
}

fn walk(root: &Path, folder: &Path, found: &mut Vec<String>) {
    // A folder may go, with its last object, while it is being read.
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            walk(root, &path, found);
        } else {
            found.push(path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned());
        }
    }
}

/// A new bucket.
pub(crate) async fn bucket() -> Place {
    let place = unmade_bucket();
    if let Place::Bucket { name, client, .. } = &place {
        client.create_bucket().bucket(name).send().await.expect("a bucket can be made");
    }
    place
}

/// A bucket that does not exist yet.
pub(crate) fn unmade_bucket() -> Place {
    let endpoint = variable("QUOTEREEL_TEST_S3");
    let (key, secret) = (variable("QUOTEREEL_TEST_S3_ACCESS_KEY"), variable("QUOTEREEL_TEST_S3_SECRET_KEY"));
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::v2026_01_12())
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .endpoint_url(endpoint.clone())
        .force_path_style(true)
        .credentials_provider(aws_sdk_s3::config::Credentials::new(key, secret, None, None, "test"));
    let name = format!("t-{}", uuid::Uuid::now_v7().simple());
    Place::Bucket { name, endpoint, client: aws_sdk_s3::Client::from_conf(config.build()) }
}
