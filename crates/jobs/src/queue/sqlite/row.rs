//! From rows to what they mean. A value that no program of ours writes is an error that names row and column.

use std::sync::Arc;

use ::time::OffsetDateTime;
use serde_json::Value;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::fault::failed;
use crate::job::{
    ErrorClass, EventKind, EventSource, Job, JobEvent, JobId, JobOutput, LeaseEpoch, Stage, Status, TenantScope,
    WorkerId,
};
use crate::queue::error::{QueueError, Result};
use crate::queue::types::StoredOutput;

/// The columns of a [`Job`] but for the snapshot, which may be megabytes.
macro_rules! without_input {
    () => {
        "id, organization_id, company_id, entity_type, entity_id, template, snapshot_hash, idempotency_key, \
         created_by_id, retry_of, status, stage, progress, attempts, render_attempts, upload_attempts, rescue_count, \
         run_after, cancel_requested_at, error_class, error_code, error_message, lease_epoch, lease_expires_at, \
         worker_id, deadline_at, spool_id, output_key, output_sha256, output_bytes, output_duration_ms, thumbnail_key, \
         render_version, output_expired_at, created_at, started_at, finished_at, updated_at"
    };
}
pub(super) use without_input;

/// A row and the column that names its job.
struct Reader<'a> {
    row: &'a SqliteRow,
    id: &'static str,
}

impl Reader<'_> {
    fn get<'r, T>(&'r self, column: &'static str) -> Result<T>
    where
        T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        self.row.try_get(column).map_err(failed)
    }

    fn unexpected(&self, column: &'static str, found: &str, expected: &'static str) -> QueueError {
        let id = self.row.try_get::<String, _>(self.id).unwrap_or_default();
        QueueError::Row { id, column, found: found.chars().take(64).collect(), expected }
    }

    fn named<T>(&self, column: &'static str, find: impl Fn(&str) -> Option<T>, expected: &'static str) -> Result<T> {
        let text: &str = self.get(column)?;
        find(text).ok_or_else(|| self.unexpected(column, text, expected))
    }

    fn number<T: TryFrom<i64>>(&self, column: &'static str) -> Result<T> {
        let number: i64 = self.get(column)?;
        T::try_from(number).map_err(|_| self.unexpected(column, &number.to_string(), "in its range"))
    }

    fn job_id(&self, column: &'static str) -> Result<JobId> {
        self.named(column, |text| text.parse().ok(), "a UUID")
    }

    fn optional_job_id(&self, column: &'static str) -> Result<Option<JobId>> {
        let text: Option<&str> = self.get(column)?;
        text.map(|text| text.parse().map_err(|_| self.unexpected(column, text, "a UUID"))).transpose()
    }

    fn optional_time(&self, column: &'static str) -> Result<Option<OffsetDateTime>> {
        let ms: Option<i64> = self.get(column)?;
        ms.map(|ms| {
            time_of(ms).ok_or_else(|| self.unexpected(column, &ms.to_string(), "milliseconds of the years 0 to 9999"))
        })
        .transpose()
    }

    fn time(&self, column: &'static str) -> Result<OffsetDateTime> {
        self.optional_time(column)?.ok_or_else(|| self.unexpected(column, "null", "a time"))
    }

    fn json(&self, column: &'static str) -> Result<Value> {
        self.named(column, |text| serde_json::from_str(text).ok(), "JSON")
    }

    /// The snapshot's text. Text that is not UTF-8, which SQLite allows, counts as none: it must not spoil the claim of the
    /// rows beside it, and fails by name when its own turn comes.
    fn snapshot(&self) -> Result<Option<Arc<str>>> {
        Ok(std::str::from_utf8(self.get("input_json")?).ok().map(Arc::from))
    }

    fn scope(&self) -> Result<TenantScope> {
        let (organization, company): (Option<&str>, &str) = (self.get("organization_id")?, self.get("company_id")?);
        TenantScope::new(organization, company)
            .map_err(|_| self.unexpected("company_id", company, "an id of an organization and a company"))
    }
}

/// A time of the database.
pub(super) fn time_of(ms: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok()
}

/// A whole row of `video_render_jobs`.
pub(super) fn job(row: &SqliteRow) -> Result<Job> {
    Ok(Job { input: Reader { row, id: "id" }.snapshot()?, ..listed(row)? })
}

/// A row of [`without_input!`].
pub(super) fn listed(row: &SqliteRow) -> Result<Job> {
    let read = Reader { row, id: "id" };
    let output_key: Option<String> = read.get("output_key")?;
    let output = match output_key {
        None => None,
        Some(output_key) => Some(JobOutput {
            output_key,
            output_sha256: read.get("output_sha256")?,
            output_bytes: read.number("output_bytes")?,
            output_duration_ms: read.number("output_duration_ms")?,
            thumbnail_key: read.get("thumbnail_key")?,
            render_version: read.get("render_version")?,
        }),
    };
    let class: Option<&str> = read.get("error_class")?;
    Ok(Job {
        id: read.job_id("id")?,
        scope: read.scope()?,
        entity_type: read.get("entity_type")?,
        entity_id: read.get("entity_id")?,
        template: read.get("template")?,
        input: None,
        snapshot_hash: read.get("snapshot_hash")?,
        idempotency_key: read.get("idempotency_key")?,
        created_by_id: read.get("created_by_id")?,
        retry_of: read.optional_job_id("retry_of")?,
        status: read.named("status", Status::from_name, "a status")?,
        stage: read.named("stage", Stage::from_name, "a stage")?,
        progress: read.number("progress")?,
        attempts: read.number("attempts")?,
        render_attempts: read.number("render_attempts")?,
        upload_attempts: read.number("upload_attempts")?,
        rescue_count: read.number("rescue_count")?,
        run_after: read.time("run_after")?,
        cancel_requested_at: read.optional_time("cancel_requested_at")?,
        error_class: class
            .map(|name| {
                ErrorClass::from_name(name)
                    .ok_or_else(|| read.unexpected("error_class", name, "user, system or config"))
            })
            .transpose()?,
        error_code: read.get("error_code")?,
        error_message: read.get("error_message")?,
        lease_epoch: LeaseEpoch(read.get("lease_epoch")?),
        lease_expires_at: read.optional_time("lease_expires_at")?,
        worker_id: read.get::<Option<String>>("worker_id")?.map(WorkerId),
        deadline_at: read.optional_time("deadline_at")?,
        spool_id: read.get("spool_id")?,
        output,
        output_expired_at: read.optional_time("output_expired_at")?,
        created_at: read.time("created_at")?,
        started_at: read.optional_time("started_at")?,
        finished_at: read.optional_time("finished_at")?,
        updated_at: read.time("updated_at")?,
    })
}

/// A row of `video_render_events`.
pub(super) fn event(row: &SqliteRow) -> Result<JobEvent> {
    let read = Reader { row, id: "job_id" };
    let old: Option<&str> = read.get("old_status")?;
    Ok(JobEvent {
        job_id: read.job_id("job_id")?,
        kind: read.named("kind", EventKind::from_name, "a kind of event")?,
        old_status: old
            .map(|name| Status::from_name(name).ok_or_else(|| read.unexpected("old_status", name, "a status")))
            .transpose()?,
        new_status: read.named("new_status", Status::from_name, "a status")?,
        source: read.named("source", EventSource::from_name, "a source")?,
        correlation_id: read.get("correlation_id")?,
        detail: read.json("detail")?,
        created_at: read.time("created_at")?,
    })
}

/// What [`StoredOutput`] needs of a succeeded row.
pub(super) fn stored_output(row: &SqliteRow) -> Result<StoredOutput> {
    let read = Reader { row, id: "id" };
    Ok(StoredOutput {
        job_id: read.job_id("id")?,
        scope: read.scope()?,
        output_key: read.get("output_key")?,
        output_sha256: read.get("output_sha256")?,
        output_bytes: read.number("output_bytes")?,
        thumbnail_key: read.get("thumbnail_key")?,
    })
}
