//! Heartbeats on a connection of their own.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Row as _};

use super::fault::failed;
use super::{NOW, millis};
use crate::queue::error::Result;
use crate::queue::roles::HeartbeatConnection;
use crate::queue::types::{HeartbeatAnswer, HeldLease};

struct SqliteHeartbeat {
    conn: SqliteConnection,
    /// A transaction was begun and not ended: its caller went away, or it failed.
    open: bool,
}

/// Opens the connection.
pub(super) async fn open(options: &SqliteConnectOptions) -> Result<Box<dyn HeartbeatConnection>> {
    Ok(Box::new(SqliteHeartbeat { conn: options.connect().await.map_err(failed)?, open: false }))
}

impl SqliteHeartbeat {
    /// Rolls back what a caller that went away, or an error, left open.
    async fn end_what_is_open(&mut self) {
        if self.open {
            // Fails where the transaction did not even begin, which is just as good.
            let _none_open = sqlx::query("rollback").execute(&mut self.conn).await;
            self.open = false;
        }
    }
}

#[async_trait]
impl HeartbeatConnection for SqliteHeartbeat {
    async fn extend(&mut self, leases: &[HeldLease], lease: Duration) -> Result<Vec<HeartbeatAnswer>> {
        if leases.is_empty() {
            return Ok(Vec::new());
        }
        self.end_what_is_open().await;
        self.open = true;
        sqlx::query("begin immediate").execute(&mut self.conn).await.map_err(failed)?;
        let now: i64 = sqlx::query_scalar(NOW).fetch_one(&mut self.conn).await.map_err(failed)?;
        let mut answers = Vec::with_capacity(leases.len());
        for held in leases {
            let row = sqlx::query(
                "update video_render_jobs set lease_expires_at = ?4 + ?5, progress = max(progress, ?6), updated_at = ?4
                 where id = ?1 and company_id = ?2 and status = 'running' and lease_epoch = ?3
                 returning cancel_requested_at is not null as stop",
            )
            .bind(held.lease.job_id.to_string())
            .bind(held.lease.scope.company_id())
            .bind(held.lease.epoch.0)
            .bind(now)
            .bind(millis(lease))
            .bind(held.progress.min(100))
            .fetch_optional(&mut self.conn)
            .await
            .map_err(failed)?;
            answers.push(match row {
                None => HeartbeatAnswer::Lost,
                Some(row) if row.try_get("stop").map_err(failed)? => HeartbeatAnswer::CancelRequested,
                Some(_) => HeartbeatAnswer::Held,
            });
        }
        sqlx::query("commit").execute(&mut self.conn).await.map_err(failed)?;
        self.open = false;
        Ok(answers)
    }

    async fn look(&mut self, leases: &[HeldLease]) -> Result<Vec<HeartbeatAnswer>> {
        self.end_what_is_open().await;
        let mut answers = Vec::with_capacity(leases.len());
        for held in leases {
            let stop: Option<bool> = sqlx::query_scalar(
                "select cancel_requested_at is not null from video_render_jobs
                 where id = ?1 and company_id = ?2 and status = 'running' and lease_epoch = ?3",
            )
            .bind(held.lease.job_id.to_string())
            .bind(held.lease.scope.company_id())
            .bind(held.lease.epoch.0)
            .fetch_optional(&mut self.conn)
            .await
            .map_err(failed)?;
            answers.push(match stop {
                None => HeartbeatAnswer::Lost,
                Some(true) => HeartbeatAnswer::CancelRequested,
                Some(false) => HeartbeatAnswer::Held,
            });
        }
        Ok(answers)
    }
}
