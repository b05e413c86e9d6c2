//! The outbox: where webhooks go, which are due, how they went. A trigger of the schema writes them.

use std::time::Duration;

use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::PostgresStore;
use super::row::{self, interval};
use super::session::{Fault, Session, transaction};
use crate::job::TenantScope;
use crate::queue::types::DELIVERIES_OF_ONE;
use crate::queue::{Held, Result, WebhookAttempt, WebhookDelivery, WebhookEndpoint};

pub(super) async fn set(store: &PostgresStore, scope: &TenantScope, endpoint: &WebhookEndpoint) -> Result<()> {
    transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
        if endpoint.url.is_empty() {
            sqlx::query("delete from webhook_endpoints where company_id = $1")
                .bind(scope.company_id())
                .execute(&mut *session)
                .await?;
            give_up(&mut session, scope.company_id()).await?;
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

/// What still waits for a company that takes nothing any more.
async fn give_up(session: &mut Session, company_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update webhook_deliveries set status = 'given_up', finished_at = now(), last_error = 'the endpoint is gone'
         where company_id = $1 and status = 'pending'",
    )
    .bind(company_id)
    .execute(&mut **session)
    .await
    .map(drop)
}

fn delivery(row: &PgRow) -> Result<WebhookDelivery, Fault> {
    let id: Uuid = row.try_get("id")?;
    let attempts: i32 = row.try_get("attempts")?;
    Ok(WebhookDelivery {
        id,
        epoch: row.try_get("epoch")?,
        scope: row::scope(row, id)?,
        endpoint: WebhookEndpoint { url: row.try_get("url")?, secret: row.try_get("secret")? },
        payload: row.try_get("payload")?,
        // The row counts this try already, so that one that kills its sender counts too.
        attempts: attempts.unsigned_abs().saturating_sub(1),
    })
}

pub(super) async fn claim(store: &PostgresStore, limit: u32, lease: Duration) -> Result<Vec<WebhookDelivery>> {
    transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
        let rows = sqlx::query(
            "with next as materialized (
               select own.id from webhook_endpoints endpoint cross join lateral (
                 select id, next_attempt_at from webhook_deliveries
                 where company_id = endpoint.company_id and status = 'pending' and next_attempt_at <= now()
                 order by next_attempt_at, id limit $3) own
               where endpoint.enabled order by own.next_attempt_at, own.id limit $1
             ), due as materialized (
               select id from webhook_deliveries
               where id in (select id from next) and status = 'pending' and next_attempt_at <= now()
               for update skip locked
             )
             update webhook_deliveries delivery
             set epoch = delivery.epoch + 1, attempts = delivery.attempts + 1, next_attempt_at = now() + $2
             from due, webhook_endpoints endpoint
             where delivery.id = due.id and endpoint.company_id = delivery.company_id
             returning delivery.*, endpoint.url, endpoint.secret",
        )
        .bind(i64::from(limit))
        .bind(interval(lease))
        .bind(i64::from(DELIVERIES_OF_ONE))
        .fetch_all(&mut *session)
        .await?;
        session.commit().await?;
        rows.iter().map(delivery).collect()
    })
}

pub(super) async fn attempted(store: &PostgresStore, id: Uuid, epoch: i64, attempt: &WebhookAttempt) -> Result<Held> {
    let (status, pause, error) = match attempt {
        WebhookAttempt::Delivered => ("delivered", Duration::ZERO, None),
        WebhookAttempt::Again(pause, error) => ("pending", *pause, Some(error.as_str())),
        WebhookAttempt::GivenUp(error) => ("given_up", Duration::ZERO, Some(error.as_str())),
        WebhookAttempt::Gone => ("given_up", Duration::ZERO, Some("410 Gone")),
    };
    // Text columns take every character but U+0000; the answer of a stranger is kept short.
    let error: Option<String> = error.map(|error| error.chars().filter(|c| *c != '\0').take(500).collect());
    transaction!(store, {
        let mut session = Session::worker(&store.pool).await?;
        let company: Option<String> = sqlx::query_scalar(
            "update webhook_deliveries
             set status = $3, next_attempt_at = now() + $4, last_error = $5,
                 finished_at = case when $3 = 'pending' then null else now() end
             where id = $1 and epoch = $2 and status = 'pending' returning company_id",
        )
        .bind(id)
        .bind(epoch)
        .bind(status)
        .bind(interval(pause))
        .bind(&error)
        .fetch_optional(&mut *session)
        .await?;
        if let (WebhookAttempt::Gone, Some(company)) = (attempt, &company) {
            sqlx::query("update webhook_endpoints set enabled = false, updated_at = now() where company_id = $1")
                .bind(company)
                .execute(&mut *session)
                .await?;
            give_up(&mut session, company).await?;
        }
        session.commit().await?;
        Ok(if company.is_some() { Held::Yes } else { Held::Lost })
    })
}
