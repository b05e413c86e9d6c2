//! Applies the migrations to a file, and checks that they are applied.

use std::collections::BTreeSet;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{ConnectOptions, Connection, SqlSafeStr, SqlitePool};

use super::fault::failed;
use super::migrations::{MIGRATIONS, latest};
use crate::queue::error::{QueueError, Result};

/// Opens the writer. Two processes that open a new file at once may both want to set its journal mode, for which SQLite
/// does not wait.
pub(super) async fn opened(pool: SqlitePoolOptions, options: &SqliteConnectOptions) -> sqlx::Result<SqlitePool> {
    let mut tries = 0;
    loop {
        match pool.clone().connect_with(options.clone()).await {
            Err(error) if failed_busy(&error) && tries < 20 => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(20 * tries)).await;
            }
            outcome => return outcome,
        }
    }
}

fn failed_busy(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    error.code().and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| matches!(code & 0xff, 5 | 6))
}

/// Applies what is missing; its names. sqlx takes no lock on SQLite, so all of it happens in one transaction that begins
/// by locking the file: of two that migrate at once the second finds nothing left to do.
pub(super) async fn migrate(options: &SqliteConnectOptions) -> Result<Vec<String>> {
    let migrator = Migrator::with_migrations(
        MIGRATIONS
            .iter()
            .map(|&(version, name, sql)| {
                Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
            })
            .collect(),
    );
    let mut conn = options.connect().await.map_err(failed)?;
    let mut transaction = conn.begin_with("begin immediate").await.map_err(failed)?;
    let exists: bool =
        sqlx::query_scalar("select exists (select 1 from sqlite_schema where name = '_sqlx_migrations')")
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
    let before: BTreeSet<i64> = if exists {
        let versions = sqlx::query_scalar("select version from _sqlx_migrations").fetch_all(&mut *transaction).await;
        versions.map_err(failed)?.into_iter().collect()
    } else {
        BTreeSet::new()
    };
    migrator.run_direct(None, &mut *transaction, false).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::Execute(error) | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => {
            failed(error)
        }
        sqlx::migrate::MigrateError::VersionMissing(version)
        | sqlx::migrate::MigrateError::VersionMismatch(version) => QueueError::Schema {
            found: format!("migration {version}, which this program does not know as it is"),
            needed: latest().to_owned(),
        },
        error => QueueError::Other(Box::new(error)),
    })?;
    transaction.commit().await.map_err(failed)?;
    conn.close().await.map_err(failed)?;
    Ok(MIGRATIONS
        .iter()
        .filter(|(version, ..)| !before.contains(version))
        .map(|(_, name, _)| (*name).to_owned())
        .collect())
}

/// Whether the last migration that was applied is the last one there is.
pub(super) async fn check(readers: &SqlitePool) -> Result<()> {
    let found: Option<i64> = sqlx::query_scalar("select max(version) from _sqlx_migrations where success")
        .fetch_one(readers)
        .await
        .map_err(failed)?;
    let (needed, ..) = MIGRATIONS[MIGRATIONS.len() - 1];
    if found == Some(needed) {
        return Ok(());
    }
    let name = MIGRATIONS.iter().find(|(version, ..)| Some(*version) == found).map(|(_, name, _)| (*name).to_owned());
    let found =
        name.or_else(|| found.map(|version| format!("migration {version}"))).unwrap_or_else(|| "none".to_owned());
    Err(QueueError::Schema { found, needed: latest().to_owned() })
}
