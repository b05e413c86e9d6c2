//! Rows of the outbox of webhooks. A trigger of the schema writes them, in the transaction that ends a job.

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::Write;
use super::fault::failed;
use crate::job::TenantScope;
use crate::queue::error::{QueueError, Result};
use crate::queue::types::{WebhookDelivery, WebhookEndpoint};

/// Gives up the deliveries that wait for a company whose endpoint is gone.
pub(super) async fn give_up(write: &mut Write, company_id: &str) -> Result<()> {
    sqlx::query(
        "update webhook_deliveries set status = 'given_up', finished_at = ?2, last_error = 'the endpoint is gone'
         where company_id = ?1 and status = 'pending'",
    )
    .bind(company_id)
    .bind(write.now)
    .execute(&mut *write.conn)
    .await
    .map_err(failed)?;
    Ok(())
}

/// A delivery from a row that is joined with its endpoint.
pub(super) fn delivery(row: &SqliteRow) -> Result<WebhookDelivery> {
    let id: String = row.try_get("id").map_err(failed)?;
    let unexpected = |column, found: &str, expected| QueueError::Row {
        id: id.clone(),
        column,
        found: found.chars().take(64).collect(),
        expected,
    };
    let (organization, company): (Option<String>, String) =
        (row.try_get("organization_id").map_err(failed)?, row.try_get("company_id").map_err(failed)?);
    let attempts: i64 = row.try_get("attempts").map_err(failed)?;
    Ok(WebhookDelivery {
        id: id.parse().map_err(|_| unexpected("id", &id, "a UUID"))?,
        epoch: row.try_get("epoch").map_err(failed)?,
        scope: TenantScope::new(organization.as_deref(), &company)
            .map_err(|_| unexpected("company_id", &company, "an id of an organization and a company"))?,
        endpoint: WebhookEndpoint {
            url: row.try_get("url").map_err(failed)?,
            secret: row.try_get("secret").map_err(failed)?,
        },
        payload: row.try_get("payload").map_err(failed)?,
        attempts: u32::try_from(attempts).map_err(|_| unexpected("attempts", &attempts.to_string(), "0 or more"))?,
    })
}
