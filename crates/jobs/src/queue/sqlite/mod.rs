//! Jobs in one SQLite file: for one host, with any number of processes.
//!
//! WAL, so that readers never wait. One connection of a process writes, and every write begins with BEGIN IMMEDIATE:
//! a transaction that reads first and writes later would fail at once where another process wrote in between, however
//! long the busy timeout is. `synchronous=FULL`: with NORMAL a power cut takes back the last commits, and with them
//! epochs whose objects are in storage already, payments, and jobs that a caller was promised; a job takes seconds, so
//! one fsync a commit is nothing.

mod claim;
mod enqueue;
mod expiry;
mod fault;
mod heartbeat;
mod lease;
mod maintenance;
mod migrations;
mod row;
mod schema;
mod tenant;
mod webhook;

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Sqlite, SqlitePool};

use self::fault::failed;
use super::error::{QueueError, Result};
use super::roles::Database;
use crate::job::{EventKind, EventSource, Job, Status};

/// How long a write waits for another process's write. Each takes milliseconds; a quarter of a lease is far more than
/// even a queue of them needs, and leaves time to notice.
const BUSY: Duration = Duration::from_secs(15);

/// Readers of one process.
const READERS: u32 = 4;

/// The database's clock, in milliseconds since 1970.
const NOW: &str = "select cast(round(unixepoch('subsec') * 1000) as integer)";

/// A file of jobs.
#[derive(Debug)]
pub struct SqliteDatabase {
    writer: SqlitePool,
    readers: SqlitePool,
    options: SqliteConnectOptions,
}

/// An open transaction that writes. Dropped without [`Write::commit`] it is rolled back before the connection is lent
/// again.
struct Write {
    conn: PoolConnection<Sqlite>,
    /// The time of the transaction.
    now: i64,
}

impl Write {
    /// Runs a step that may fail without taking the rest of the transaction along.
    async fn step<T>(&mut self, step: impl AsyncFnOnce(&mut Self) -> Result<T>) -> Result<T> {
        sqlx::query("savepoint step").execute(&mut *self.conn).await.map_err(failed)?;
        let outcome = step(self).await;
        let end = if outcome.is_ok() { "release step" } else { "rollback to step; release step" };
        sqlx::raw_sql(end).execute(&mut *self.conn).await.map_err(failed)?;
        outcome
    }

    async fn commit(mut self) -> Result<()> {
        sqlx::query("commit").execute(&mut *self.conn).await.map_err(failed)?;
        Ok(())
    }
}

/// What an event says besides its job.
struct EventEntry<'a> {
    kind: EventKind,
    old: Option<Status>,
    source: EventSource,
    correlation: &'a str,
    detail: Value,
}

impl SqliteDatabase {
    /// Opens `sqlite:PATH`; creates the file if necessary, but not its folder.
    ///
    /// # Errors
    /// [`QueueError::Address`] without a path, or where the file cannot be opened.
    pub async fn connect(url: &str) -> Result<Self> {
        let refused = |reason: String| QueueError::Address { url: url.to_owned(), reason };
        let path = url.strip_prefix("sqlite:").unwrap_or(url);
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.starts_with(':') || path.contains('?') {
            return Err(refused("it must be `sqlite:` and the path of a file, without parameters".to_owned()));
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .disable_statement_logging();
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(2 * BUSY)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_release(|conn, _| {
                Box::pin(async move {
                    // Fails where no transaction is open, which is as it should be. Where one was (an error, or a
                    // caller that went away in the middle), it is rolled back and the connection is good again.
                    let _none_open = sqlx::query("rollback").execute(conn).await;
                    Ok(true)
                })
            });
        let writer = schema::opened(writer, &options).await.map_err(|error| match error {
            sqlx::Error::Database(error) if error.code().as_deref() == Some("14") => {
                refused("the file cannot be opened or made".to_owned())
            }
            error => failed(error),
        })?;
        // The journal's mode is the file's, and the writer has set it: readers may not.
        let reading = SqliteConnectOptions::new()
            .filename(path)
            .foreign_keys(true)
            .busy_timeout(BUSY)
            .pragma("query_only", "on")
            .disable_statement_logging();
        let readers =
            SqlitePoolOptions::new().max_connections(READERS).acquire_timeout(2 * BUSY).connect_lazy_with(reading);
        Ok(Self { writer, readers, options })
    }

    /// Begins to write, as soon as nobody else does.
    async fn begin(&self) -> Result<Write> {
        let mut conn = self.writer.acquire().await.map_err(failed)?;
        sqlx::query("begin immediate").execute(&mut *conn).await.map_err(failed)?;
        let now = sqlx::query_scalar(NOW).fetch_one(&mut *conn).await.map_err(failed)?;
        Ok(Write { conn, now })
    }
}

/// Adds an event to a job's history. `job` is the row after the change.
async fn record_event(write: &mut Write, job: &Job, event: EventEntry<'_>) -> Result<()> {
    sqlx::query(
        "insert into video_render_events (job_id, company_id, organization_id, kind, old_status, new_status, source,
             correlation_id, detail, created_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )
    .bind(job.id.to_string())
    .bind(job.scope.company_id())
    .bind(job.scope.organization_id())
    .bind(event.kind.as_str())
    .bind(event.old.map(Status::as_str))
    .bind(job.status.as_str())
    .bind(event.source.as_str())
    .bind(event.correlation)
    .bind(event.detail.to_string())
    .bind(write.now)
    .execute(&mut *write.conn)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Ties the events of one claim together.
fn claim_correlation(job: &Job) -> String {
    format!("{}/e{}", job.id, job.lease_epoch)
}

/// The longest duration that statements calculate with: 100 years, so that no sum overflows.
const MAX_SPAN_MS: i64 = 100 * 365 * 86_400_000;

/// A duration in milliseconds.
fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(MAX_SPAN_MS).min(MAX_SPAN_MS)
}

/// A duration between two times of the database; 0 where the clock was set back in between.
fn span(ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

#[async_trait]
impl Database for SqliteDatabase {
    async fn migrate(&self) -> Result<Vec<String>> {
        schema::migrate(&self.options).await
    }

    async fn ping(&self) -> Result<()> {
        schema::check(&self.readers).await
    }
}
