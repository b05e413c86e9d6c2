//! What companies do, under row-level security: a forged scope finds nothing even if a WHERE is missing.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{QueryBuilder, Row};
use uuid::Uuid;

use super::fault::Fault;
use super::row::{self, int, interval, without_input};
use super::session::{Session, transaction};
use super::{PostgresDatabase, webhook};
use crate::job::{Job, JobEvent, JobId, NewJob, Status, TenantScope};
use crate::queue::error::{EnqueueError, QueueError, Result};
use crate::queue::roles::Tenant;
use crate::queue::types::{
    CancelOutcome, Credits, EnqueueRules, Enqueued, JobFilter, MAX_SNAPSHOT_BYTES, WebhookEndpoint,
};

/// A grant that would take more than is available.
const NOT_AVAILABLE: &str = "tenant_credits_frozen_check";
/// Rows of one answer of [`jobs`].
const MAX_PAGE: u32 = 500;

/// A job and the cancel request that its worker has not seen yet.
macro_rules! select_job {
    () => {
        "select job.*, request.requested_at from video_render_jobs job
         left join video_render_cancel_requests request on request.job_id = job.id where job.id = $1"
    };
}

/// The job of [`select_job!`].
fn asked_job(row: &PgRow) -> Result<Job, Fault> {
    let mut job = row::job(row)?;
    if job.status == Status::Running {
        job.cancel_requested_at = job.cancel_requested_at.or(row.try_get("requested_at")?);
    }
    Ok(job)
}

/// Reads the answer of a SQL function: the job, or why there is no job.
async fn enqueued(
    session: &mut Session,
    row: &PgRow,
    key: Option<&str>,
    rules: &EnqueueRules,
) -> Result<Result<Enqueued, EnqueueError>, Fault> {
    let outcome: String = row.try_get("outcome")?;
    let number = |column: &str| row.try_get::<Option<i64>, _>(column).map(Option::unwrap_or_default);
    let wrap = match &*outcome {
        "new" => Enqueued::New,
        "existing" => Enqueued::Existing,
        "reused" => Enqueued::Reused,
        "cooldown" => {
            let wait_seconds = number("wait_seconds")?.max(1).unsigned_abs();
            return Ok(Err(EnqueueError::Cooldown { wait_seconds }));
        }
        "no_credits" => return Ok(Err(EnqueueError::NoCredits { available: number("available")? })),
        "queue_full" => {
            let queued = number("queued")?.unsigned_abs();
            return Ok(Err(EnqueueError::QueueFull { queued, allowed: rules.max_queued }));
        }
        "key_reused" => return Ok(Err(EnqueueError::KeyReused { key: key.unwrap_or_default().to_owned() })),
        "too_large" => return Ok(Err(EnqueueError::SnapshotTooLarge { allowed_bytes: MAX_SNAPSHOT_BYTES })),
        "invalid" => return Ok(Err(EnqueueError::Invalid { what: row.try_get("refused")? })),
        "other_organization" => return Ok(Err(EnqueueError::OtherOrganization)),
        "not_found" => return Ok(Err(EnqueueError::NotFound)),
        "not_retriable" => {
            let name: String = row.try_get("status")?;
            let status = Status::from_name(&name).unwrap_or(Status::Queued);
            return Ok(Err(EnqueueError::NotRetriable { status }));
        }
        "too_many_retries" => {
            let retries: i32 = row.try_get("retries")?;
            return Ok(Err(EnqueueError::TooManyRetries {
                retries: retries.unsigned_abs(),
                allowed: rules.max_retries,
            }));
        }
        other => return Err(QueueError::Other(format!("enqueue answered `{other}`").into()).into()),
    };
    let id: Uuid = row.try_get("job_id")?;
    let job = sqlx::query("select * from video_render_jobs where id = $1").bind(id).fetch_one(&mut **session).await?;
    Ok(Ok(wrap(row::job(&job)?)))
}

#[async_trait]
impl Tenant for PostgresDatabase {
    async fn enqueue(&self, scope: &TenantScope, new: &NewJob, rules: &EnqueueRules) -> Result<Enqueued, EnqueueError> {
        // One id for all tries.
        let id = Uuid::now_v7();
        let answer: Result<_, QueueError> = transaction!(self, {
            let mut session = Session::tenant(&self.pool, scope).await?;
            let row = sqlx::query(
                "select outcome, job_id, wait_seconds, available, queued, refused
                 from enqueue_video_render(p_company_id => $1, p_organization_id => $2, p_entity_type => $3,
                   p_entity_id => $4, p_template => $5, p_input => $6, p_idempotency_key => $7, p_created_by_id => $8,
                   p_cooldown => $9, p_max_queued => $10, p_correlation_id => $11, p_id => $12,
                   p_when_allowed => $13)",
            )
            .bind(scope.company_id())
            .bind(scope.organization_id())
            .bind(&new.entity_type)
            .bind(&new.entity_id)
            .bind(&new.template)
            .bind(&new.input)
            .bind(&new.idempotency_key)
            .bind(&new.created_by_id)
            .bind(interval(rules.cooldown))
            .bind(i64::from(rules.max_queued))
            .bind(&rules.correlation_id)
            .bind(id)
            .bind(rules.when_allowed)
            .fetch_one(&mut *session)
            .await?;
            let enqueued = enqueued(&mut session, &row, new.idempotency_key.as_deref(), rules).await?;
            session.commit().await?;
            Ok(enqueued)
        });
        answer?
    }

    async fn retry(&self, scope: &TenantScope, id: JobId, rules: &EnqueueRules) -> Result<Enqueued, EnqueueError> {
        let new_id = Uuid::now_v7();
        let answer: Result<_, QueueError> = transaction!(self, {
            let mut session = Session::tenant(&self.pool, scope).await?;
            let row = sqlx::query(
                "select outcome, job_id, wait_seconds, available, queued, status, retries, refused
                 from retry_video_render(p_company_id => $1, p_id => $2, p_cooldown => $3, p_max_queued => $4,
                   p_max_retries => $5, p_correlation_id => $6, p_new_id => $7, p_when_allowed => $8)",
            )
            .bind(scope.company_id())
            .bind(id.0)
            .bind(interval(rules.cooldown))
            .bind(i64::from(rules.max_queued))
            .bind(int(rules.max_retries))
            .bind(&rules.correlation_id)
            .bind(new_id)
            .bind(rules.when_allowed)
            .fetch_one(&mut *session)
            .await?;
            let enqueued = enqueued(&mut session, &row, None, rules).await?;
            session.commit().await?;
            Ok(enqueued)
        });
        answer?
    }

    async fn job(&self, scope: &TenantScope, id: JobId) -> Result<Option<Job>> {
        transaction!(self, {
            let mut session = Session::tenant(&self.pool, scope).await?;
            let row = sqlx::query(concat!(select_job!(), " and job.company_id = $2"))
                .bind(id.0)
                .bind(scope.company_id())
                .fetch_optional(&mut *session)
                .await?;
            session.commit().await?;
            row.as_ref().map(asked_job).transpose()
        })
    }

    async fn jobs(&self, scope: &TenantScope, filter: &JobFilter) -> Result<Vec<Job>> {
        transaction!(self, {
            let mut session = Session::tenant(&self.pool, scope).await?;
            // Only the conditions that are asked for: each combination has its own plan and its own index.
            let mut query =
                QueryBuilder::new(concat!("select ", without_input!(), " from video_render_jobs where company_id = "));
            query.push_bind(scope.company_id());
            if let Some(status) = filter.status {
                query.push(" and status = ").push_bind(status.as_str());
            }
            if let Some(entity) = &filter.entity_id {
                query.push(" and entity_id = ").push_bind(entity);
            }
            if let Some(before) = filter.before {
                query.push(" and (created_at, id) < (select created_at, id from video_render_jobs where id = ");
                query.push_bind(before.0).push(")");
            }
            query.push(" order by created_at desc, id desc limit ");
            query.push_bind(i64::from(filter.limit.clamp(1, MAX_PAGE)));
            let rows = query.build().fetch_all(&mut *session).await?;
            session.commit().await?;
            rows.iter().map(row::listed).collect()
        })
    }

    async fn events(&self, scope: &TenantScope, id: JobId) -> Result<Option<Vec<JobEvent>>> {
        transaction!(self, {
            let mut session = Session::tenant(&self.pool, scope).await?;
            let known = sqlx::query("select id from video_render_jobs where id = $1 and company_id = $2")
                .bind(id.0)
                .bind(scope.company_id())
                .fetch_optional(&mut *session)
                .await?;
            let rows = sqlx::query("select * from video_render_events where job_id = $1 order by id")
                .bind(id.0)
                .fetch_all(&mut *session)
                .await?;
            session.commit().await?;
            known.map(|_| rows.iter().map(row::event).collect()).transpose()
        })
    }

    async fn known_templates(&self, scope: &TenantScope) -> Result<Vec<String>> {
        transaction!(self, {
            let mut session = Session::tenant(&self.pool, scope).await?;
            let names = sqlx::query_scalar("select template from video_render_templates order by template")
                .fetch_all(&mut *session)
                .await?;
            session.commit().await?;
            Ok(names)
        })
    }

    async fn request_cancel(&self, scope: &TenantScope, id: JobId) -> Result<CancelOutcome> {
        transaction!(self, {
            let mut session = Session::tenant(&self.pool, scope).await?;
            let answer: String = sqlx::query_scalar("select outcome from cancel_video_render($1)")
                .bind(id.0)
                .fetch_one(&mut *session)
                .await?;
            let wrap = match &*answer {
                "cancelled" => CancelOutcome::Cancelled,
                "requested" => CancelOutcome::Requested,
                "already_final" => CancelOutcome::AlreadyFinal,
                "not_found" => {
                    session.commit().await?;
                    return Ok(CancelOutcome::NotFound);
                }
                other => return Err(QueueError::Other(format!("cancel answered `{other}`").into()).into()),
            };
            let row = sqlx::query(select_job!()).bind(id.0).fetch_one(&mut *session).await?;
            let outcome = wrap(asked_job(&row)?);
            session.commit().await?;
            Ok(outcome)
        })
    }

    async fn credits(&self, scope: &TenantScope) -> Result<Option<Credits>> {
        transaction!(self, {
            let mut session = Session::tenant(&self.pool, scope).await?;
            let found: Option<(i64, i64)> = sqlx::query_as("select balance, frozen from video_render_credits($1)")
                .bind(scope.company_id())
                .fetch_optional(&mut *session)
                .await?;
            session.commit().await?;
            Ok(found.map(|(balance, frozen)| Credits { balance, frozen }))
        })
    }

    /// An operator's call for one company: tenants have no right to write credits.
    async fn grant_credits(&self, scope: &TenantScope, amount: i64, reference: &str) -> Result<Credits> {
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
            // Only where they are missing: `on conflict` alone would wait for an enqueue that has just changed the row.
            for create in [
                "insert into tenant_credits (company_id, balance) select $1, 0
                 where not exists (select from tenant_credits where company_id = $1) on conflict do nothing",
                "insert into tenant_credit_holds (company_id) select $1
                 where not exists (select from tenant_credit_holds where company_id = $1) on conflict do nothing",
            ] {
                sqlx::query(create).bind(scope.company_id()).execute(&mut *session).await?;
            }
            let new = sqlx::query(
                "insert into credit_entries (company_id, kind, balance_delta, frozen_delta, reference)
                 values ($1, 'grant', $2, 0, $3) on conflict (company_id, reference) do nothing",
            )
            .bind(scope.company_id())
            .bind(amount)
            .bind(reference)
            .execute(&mut *session)
            .await?
            .rows_affected();
            let amount = if new == 1 { amount } else { 0 };
            if amount < 0 {
                // Nobody may freeze what is taken away here: this waits for the company's own open enqueues, and those with
                // one snapshot fail afterwards.
                sqlx::query("update tenant_credit_holds set updated_at = now() where company_id = $1")
                    .bind(scope.company_id())
                    .execute(&mut *session)
                    .await?;
            }
            let changed = sqlx::query(
                "update tenant_credits credits set balance = credits.balance + $2, updated_at = now()
                 from tenant_credit_holds holds
                 where credits.company_id = $1 and holds.company_id = $1
                   and ($2 >= 0 or credits.balance + $2 >= holds.frozen - credits.settled)",
            )
            .bind(scope.company_id())
            .bind(amount)
            .execute(&mut *session)
            .await?;
            let (balance, frozen): (i64, i64) = sqlx::query_as("select balance, frozen from video_render_credits($1)")
                .bind(scope.company_id())
                .fetch_one(&mut *session)
                .await?;
            if changed.rows_affected() == 0 {
                return Err(QueueError::Constraint {
                    constraint: NOT_AVAILABLE.to_owned(),
                    detail: format!(
                        "{} credits are available, {} would be taken",
                        balance - frozen,
                        -i128::from(amount)
                    ),
                }
                .into());
            }
            session.commit().await?;
            Ok(Credits { balance, frozen })
        })
    }

    async fn set_webhook(&self, scope: &TenantScope, endpoint: &WebhookEndpoint) -> Result<()> {
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
            if endpoint.url.is_empty() {
                sqlx::query("delete from webhook_endpoints where company_id = $1")
                    .bind(scope.company_id())
                    .execute(&mut *session)
                    .await?;
                webhook::give_up(&mut session, scope.company_id()).await?;
            } else {
                sqlx::query(
                    "insert into webhook_endpoints (company_id, url, secret) values ($1, $2, $3)
                     on conflict (company_id) do update
                       set url = excluded.url, secret = excluded.secret, enabled = true, updated_at = now()",
                )
                .bind(scope.company_id())
                .bind(&endpoint.url)
                .bind(&endpoint.secret)
                .execute(&mut *session)
                .await?;
            }
            session.commit().await
        })
    }
}
