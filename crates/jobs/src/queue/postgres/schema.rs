//! Applies the migrations to a database, and checks that they are applied.

use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, SqlSafeStr};

use super::fault::database_error;
use super::migrations::{MIGRATIONS, newest};
use crate::queue::error::{QueueError, Result};

/// Where a database notes what was applied. Not sqlx's usual name: the database may be another program's too.
const TABLE: &str = "video_render_migrations";

/// Key of the session lock under which migrations run; any constant of our own does.
const LOCK: i64 = 0x7175_6f74_6572_6565;

/// How long all migrations together may take, waiting for another migration included.
const LIMIT: Duration = Duration::from_secs(600);

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.iter().map(|&(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.dangerous_set_table_name(TABLE);
    migrator
}

/// Applies what is missing, on a connection of its own without the limits of everyday statements.
pub(super) async fn migrate(options: &PgConnectOptions) -> Result<Vec<String>> {
    let work = async {
        let mut connection = options.connect().await.map_err(database_error)?;
        sqlx::query("select pg_advisory_lock($1)").bind(LOCK).execute(&mut connection).await.map_err(database_error)?;
        let applied = apply(&mut connection).await;
        // The lock ends with the connection.
        connection.close().await.ok();
        applied
    };
    tokio::time::timeout(LIMIT, work).await.unwrap_or_else(|overdue| Err(QueueError::Unavailable(Box::new(overdue))))
}

async fn apply(connection: &mut PgConnection) -> Result<Vec<String>> {
    let migrator = migrator();
    connection.ensure_migrations_table(TABLE).await.map_err(migrate_error)?;
    let before = connection.list_applied_migrations(TABLE).await.map_err(migrate_error)?;
    migrator.run_direct(None, connection, false).await.map_err(migrate_error)?;
    // Workers ask for the version under their role.
    let grant = "grant select on video_render_migrations to quotereel_worker";
    sqlx::query(grant).execute(&mut *connection).await.map_err(database_error)?;
    let missing = MIGRATIONS.iter().filter(|(version, ..)| !before.iter().any(|applied| applied.version == *version));
    Ok(missing.map(|(_, name, _)| (*name).to_owned()).collect())
}

/// The version of the schema that the database has.
pub(super) async fn found(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let query = "select coalesce(max(version), 0) from video_render_migrations where success";
    sqlx::query_scalar(query).fetch_one(connection).await
}

/// Refuses a schema that is not this program's.
pub(super) fn expect_newest(found: i64) -> Result<()> {
    let needed = newest();
    if found == needed {
        Ok(())
    } else {
        Err(QueueError::Schema { found: found.to_string(), needed: needed.to_string() })
    }
}

/// What a failed migration means.
fn migrate_error(error: MigrateError) -> QueueError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => database_error(error),
        MigrateError::VersionMissing(found) | MigrateError::VersionNotPresent(found) => {
            QueueError::Schema { found: found.to_string(), needed: newest().to_string() }
        }
        MigrateError::VersionMismatch(version) => {
            QueueError::Schema { found: format!("{version} with another text"), needed: newest().to_string() }
        }
        MigrateError::Dirty(version) => {
            QueueError::Schema { found: format!("{version}, half applied"), needed: newest().to_string() }
        }
        other => QueueError::Other(Box::new(other)),
    }
}
