//! Between rows and types. A row that no program of ours can have written is an error that names its column.

use std::sync::Arc;
use std::time::Duration;

use ::time::OffsetDateTime;
use ::time::macros::format_description;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::PgInterval;
use sqlx::postgres::{PgRow, PgTypeInfo, PgValueFormat, PgValueRef, Postgres};
use sqlx::types::JsonRawValue;
use sqlx::{Decode, Row, Type};
use uuid::Uuid;

use super::fault::Fault;
use crate::job::{
    ErrorClass, EventKind, EventSource, Job, JobEvent, JobId, JobOutput, LeaseEpoch, Stage, Status, TenantScope,
    WorkerId,
};
use crate::queue::error::QueueError;

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

/// A span for PostgreSQL, which counts microseconds; what is longer than it can hold becomes the longest it can.
pub(super) fn interval(span: Duration) -> PgInterval {
    // 100 years: more would leave the range of timestamps when added to today's.
    const MAX_US: u128 = 100 * 366 * 86_400 * 1_000_000;
    let microseconds = i64::try_from(span.as_micros().min(MAX_US)).unwrap_or(i64::MAX);
    PgInterval { months: 0, days: 0, microseconds }
}

/// A span from seconds as PostgreSQL's `extract(epoch from …)` gives them; what is below 0 becomes 0.
pub(super) fn span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default()
}

/// A moment as PostgreSQL writes it: in text where the query was a simple one. sqlx's own reader does not know a text without
/// a fraction of a second.
struct Moment(OffsetDateTime);

impl Type<Postgres> for Moment {
    fn type_info() -> PgTypeInfo {
        <OffsetDateTime as Type<Postgres>>::type_info()
    }
}

impl Decode<'_, Postgres> for Moment {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        if value.format() == PgValueFormat::Binary {
            return <OffsetDateTime as Decode<Postgres>>::decode(value).map(Self);
        }
        Ok(Self(OffsetDateTime::parse(
            value.as_str()?,
            format_description!(
                version = 2,
                "[year]-[month]-[day] [hour]:[minute]:[second][optional [.[subsecond]]][offset_hour sign:mandatory][optional [:[offset_minute]]]"
            ),
        )?))
    }
}

fn moment_or_none(row: &PgRow, column: &str) -> Result<Option<OffsetDateTime>, Fault> {
    Ok(row.try_get::<Option<Moment>, _>(column)?.map(|moment| moment.0))
}

fn moment(row: &PgRow, column: &str) -> Result<OffsetDateTime, Fault> {
    Ok(row.try_get::<Moment, _>(column)?.0)
}

/// A number of rows or the like that a caller limits.
pub(super) fn bigint(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// The same for columns of 32 bits.
pub(super) fn int(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn odd(
    id: impl std::fmt::Display,
    column: &'static str,
    found: impl std::fmt::Display,
    expected: &'static str,
) -> Fault {
    let found = found.to_string().chars().take(64).collect();
    QueueError::Row { id: id.to_string(), column, found, expected }.into()
}

fn count(row: &PgRow, id: JobId, column: &'static str) -> Result<u32, Fault> {
    let number: i32 = row.try_get(column)?;
    u32::try_from(number).map_err(|_| odd(id, column, number, "a count"))
}

fn size(row: &PgRow, id: JobId, column: &'static str) -> Result<u64, Fault> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|_| odd(id, column, number, "a size"))
}

/// Whose row it is.
pub(super) fn scope(row: &PgRow, id: impl std::fmt::Display) -> Result<TenantScope, Fault> {
    let company: String = row.try_get("company_id")?;
    let organization: Option<String> = row.try_get("organization_id")?;
    TenantScope::new(organization.as_deref(), &company).map_err(|_| odd(id, "company_id", company, "an id of a tenant"))
}

/// A status in some column of a row.
pub(super) fn status(row: &PgRow, id: JobId, column: &'static str) -> Result<Status, Fault> {
    let name: String = row.try_get(column)?;
    Status::from_name(&name).ok_or_else(|| odd(id, column, name, "a status"))
}

/// The snapshot's text. What jsonb holds and no reader here (a number beyond every float) counts as none: it must not spoil
/// the claim of the rows beside it, and fails by name when its own turn comes.
fn snapshot(row: &PgRow) -> Result<Option<Arc<str>>, Fault> {
    match row.try_get::<&JsonRawValue, _>("input_json") {
        Err(sqlx::Error::ColumnDecode { .. }) => Ok(None),
        read => Ok(Some(read?.get().into())),
    }
}

/// A whole row of `video_render_jobs`.
pub(super) fn job(row: &PgRow) -> Result<Job, Fault> {
    Ok(Job { input: snapshot(row)?, ..listed(row)? })
}

/// A row of [`without_input!`].
pub(super) fn listed(row: &PgRow) -> Result<Job, Fault> {
    let id = JobId(row.try_get("id")?);
    let stage: String = row.try_get("stage")?;
    let progress: i32 = row.try_get("progress")?;
    let class: Option<String> = row.try_get("error_class")?;
    let class = class.map(|name| ErrorClass::from_name(&name).ok_or_else(|| odd(id, "error_class", name, "a class")));
    Ok(Job {
        id,
        scope: scope(row, id)?,
        entity_type: row.try_get("entity_type")?,
        entity_id: row.try_get("entity_id")?,
        template: row.try_get("template")?,
        input: None,
        snapshot_hash: row.try_get("snapshot_hash")?,
        idempotency_key: row.try_get("idempotency_key")?,
        created_by_id: row.try_get("created_by_id")?,
        retry_of: row.try_get::<Option<Uuid>, _>("retry_of")?.map(JobId),
        status: status(row, id, "status")?,
        stage: Stage::from_name(&stage).ok_or_else(|| odd(id, "stage", stage, "a stage"))?,
        progress: u8::try_from(progress).map_err(|_| odd(id, "progress", progress, "0 to 100"))?,
        attempts: count(row, id, "attempts")?,
        render_attempts: count(row, id, "render_attempts")?,
        upload_attempts: count(row, id, "upload_attempts")?,
        rescue_count: count(row, id, "rescue_count")?,
        run_after: moment(row, "run_after")?,
        cancel_requested_at: moment_or_none(row, "cancel_requested_at")?,
        error_class: class.transpose()?,
        error_code: row.try_get("error_code")?,
        error_message: row.try_get("error_message")?,
        lease_epoch: LeaseEpoch(row.try_get("lease_epoch")?),
        lease_expires_at: moment_or_none(row, "lease_expires_at")?,
        worker_id: row.try_get::<Option<String>, _>("worker_id")?.map(WorkerId),
        deadline_at: moment_or_none(row, "deadline_at")?,
        spool_id: row.try_get("spool_id")?,
        output: output(row, id)?,
        output_expired_at: moment_or_none(row, "output_expired_at")?,
        created_at: moment(row, "created_at")?,
        started_at: moment_or_none(row, "started_at")?,
        finished_at: moment_or_none(row, "finished_at")?,
        updated_at: moment(row, "updated_at")?,
    })
}

/// What the job made; a constraint says that all of it is there or nothing.
fn output(row: &PgRow, id: JobId) -> Result<Option<JobOutput>, Fault> {
    let Some(output_key) = row.try_get("output_key")? else { return Ok(None) };
    Ok(Some(JobOutput {
        output_key,
        output_sha256: row.try_get("output_sha256")?,
        output_bytes: size(row, id, "output_bytes")?,
        output_duration_ms: size(row, id, "output_duration_ms")?,
        thumbnail_key: row.try_get("thumbnail_key")?,
        render_version: row.try_get("render_version")?,
    }))
}

/// A row of `video_render_events`.
pub(super) fn event(row: &PgRow) -> Result<JobEvent, Fault> {
    let id = JobId(row.try_get("job_id")?);
    let kind: String = row.try_get("kind")?;
    let source: String = row.try_get("source")?;
    let old: Option<String> = row.try_get("old_status")?;
    let old = old.map(|name| Status::from_name(&name).ok_or_else(|| odd(id, "old_status", name, "a status")));
    Ok(JobEvent {
        job_id: id,
        kind: EventKind::from_name(&kind).ok_or_else(|| odd(id, "kind", kind, "a kind of event"))?,
        old_status: old.transpose()?,
        new_status: status(row, id, "new_status")?,
        source: EventSource::from_name(&source).ok_or_else(|| odd(id, "source", source, "a source"))?,
        correlation_id: row.try_get("correlation_id")?,
        detail: row.try_get("detail")?,
        created_at: row.try_get::<OffsetDateTime, _>("created_at")?,
    })
}
