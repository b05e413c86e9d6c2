//! Rows of the outbox of webhooks. A trigger of the schema writes them, in the transaction that ends a job.

use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::fault::Fault;
use super::row;
use super::session::Session;
use crate::queue::error::Result;
use crate::queue::types::{WebhookDelivery, WebhookEndpoint};

/// Gives up the deliveries that wait for a company whose endpoint is gone.
pub(super) async fn give_up(session: &mut Session, company_id: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update webhook_deliveries set status = 'given_up', finished_at = now(), last_error = 'the endpoint is gone'
         where company_id = $1 and status = 'pending'",
    )
    .bind(company_id)
    .execute(&mut **session)
    .await
    .map(drop)
}

/// A delivery from a row that is joined with its endpoint.
pub(super) fn delivery(row: &PgRow) -> Result<WebhookDelivery, Fault> {
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
