//! Endpoints and the outbox. Deliveries are written by the schema's trigger, in the transaction that ends a job.

use std::time::Duration;

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use super::fault::failed;
use super::{SqliteStore, Write, millis};
use crate::job::TenantScope;
use crate::queue::types::DELIVERIES_OF_ONE;
use crate::queue::{Held, Result, StoreError, WebhookAttempt, WebhookDelivery, WebhookEndpoint};

impl SqliteStore {
    pub(super) async fn set_endpoint(&self, scope: &TenantScope, endpoint: &WebhookEndpoint) -> Result<()> {
        let mut write = self.begin().await?;
        if endpoint.url.is_empty() {
            sqlx::query("delete from webhook_endpoints where company_id = ?1")
                .bind(scope.company_id())
                .execute(&mut *write.conn)
                .await
                .map_err(failed)?;
            give_up(&mut write, scope.company_id()).await?;
        } else {
            sqlx::query(
                "insert into webhook_endpoints (company_id, url, secret, enabled, updated_at) values (?1, ?2, ?3, 1, ?4)
                 on conflict (company_id) do update
                   set url = excluded.url, secret = excluded.secret, enabled = 1, updated_at = ?4",
            )
            .bind(scope.company_id())
            .bind(&endpoint.url)
            .bind(&endpoint.secret)
            .bind(write.now)
            .execute(&mut *write.conn)
            .await
            .map_err(failed)?;
        }
        write.commit().await
    }

    pub(super) async fn claim_deliveries(&self, limit: u32, lease: Duration) -> Result<Vec<WebhookDelivery>> {
        let mut write = self.begin().await?;
        let taken = sqlx::query(
            "update webhook_deliveries set epoch = epoch + 1, next_attempt_at = ?1 + ?2
             where id in (select delivery.id from webhook_endpoints endpoint
                          cross join webhook_deliveries delivery on delivery.id in (
                            select due.id from webhook_deliveries due
                            where due.company_id = endpoint.company_id and due.status = 'pending'
                              and due.next_attempt_at <= ?1
                            order by due.next_attempt_at, due.created_at, due.id limit ?4)
                          where endpoint.enabled = 1
                          order by delivery.next_attempt_at, delivery.created_at, delivery.id limit ?3)
             returning id, epoch, organization_id, company_id, payload, attempts,
               (select url from webhook_endpoints endpoint
                where endpoint.company_id = webhook_deliveries.company_id) as url,
               (select secret from webhook_endpoints endpoint
                where endpoint.company_id = webhook_deliveries.company_id) as secret",
        )
        .bind(write.now)
        .bind(millis(lease))
        .bind(limit)
        .bind(DELIVERIES_OF_ONE)
        .fetch_all(&mut *write.conn)
        .await
        .map_err(failed)?;
        let deliveries = taken.iter().map(delivery).collect::<Result<Vec<_>>>()?;
        if !deliveries.is_empty() {
            write.commit().await?;
        }
        Ok(deliveries)
    }

    pub(super) async fn write_attempt(&self, id: Uuid, epoch: i64, attempt: &WebhookAttempt) -> Result<Held> {
        let mut write = self.begin().await?;
        let (status, again_in, error) = match attempt {
            WebhookAttempt::Delivered => ("delivered", None, None),
            WebhookAttempt::Again(pause, error) => ("pending", Some(millis(*pause)), Some(error.as_str())),
            WebhookAttempt::GivenUp(error) => ("given_up", None, Some(error.as_str())),
            WebhookAttempt::Gone => ("given_up", None, Some("gone")),
        };
        let company: Option<String> = sqlx::query_scalar(
            "update webhook_deliveries
             set status = ?3, attempts = attempts + 1, last_error = ?5,
                 next_attempt_at = case when ?4 is null then next_attempt_at else ?6 + ?4 end,
                 finished_at = case when ?3 = 'pending' then null else ?6 end
             where id = ?1 and epoch = ?2 and status = 'pending' returning company_id",
        )
        .bind(id.to_string())
        .bind(epoch)
        .bind(status)
        .bind(again_in)
        .bind(error)
        .bind(write.now)
        .fetch_optional(&mut *write.conn)
        .await
        .map_err(failed)?;
        let Some(company) = company else { return Ok(Held::Lost) };
        if *attempt == WebhookAttempt::Gone {
            sqlx::query("update webhook_endpoints set enabled = 0, updated_at = ?2 where company_id = ?1")
                .bind(&company)
                .bind(write.now)
                .execute(&mut *write.conn)
                .await
                .map_err(failed)?;
            give_up(&mut write, &company).await?;
        }
        write.commit().await?;
        Ok(Held::Yes)
    }
}

/// What still waits for a company that takes nothing any more.
async fn give_up(write: &mut Write, company_id: &str) -> Result<()> {
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

fn delivery(row: &SqliteRow) -> Result<WebhookDelivery> {
    let id: String = row.try_get("id").map_err(failed)?;
    let unexpected = |column, found: &str, expected| StoreError::Row {
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
