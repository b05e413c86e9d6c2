//! Applies the migrations to a database, and checks that they are applied.
//!
//! Each migration is one transaction, which holds the lock, looks at what was applied and applies the next one. Nothing
//! lives longer than that transaction, so that migrating works behind a pooler too.

use std::time::{Duration, Instant};

use sqlx::migrate::{Migration, MigrationType};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor, Postgres, Row, SqlSafeStr};

use super::fault::{Fault, database_error};
use super::migrations::{MIGRATIONS, newest};
use crate::queue::error::{QueueError, Result};

/// Where a database notes what was applied. The columns are sqlx's, the name is not: the database may be another program's
/// too.
const TABLE: &str = "create table if not exists video_render_migrations (
       version bigint primary key, description text not null, installed_on timestamptz not null default now(),
       success boolean not null, checksum bytea not null, execution_time bigint not null)";

/// Takes the lock under which migrations run; its key is any constant of our own.
const LOCK: &str = "begin; select pg_advisory_xact_lock(8175563244269888869)";

/// How long all migrations together may take, waiting for another migration included.
const LIMIT: Duration = Duration::from_secs(600);

/// Applies what is missing, on a connection of its own without the limits of everyday statements.
pub(super) async fn migrate(options: &PgConnectOptions) -> Result<Vec<String>> {
    let work = async {
        let mut connection = options.connect().await.map_err(database_error)?;
        let mut applied = Vec::new();
        while let Some(name) = apply_next(&mut connection).await.map_err(|fault| fault.error)? {
            applied.push(name.to_owned());
        }
        connection.close().await.ok();
        Ok(applied)
    };
    tokio::time::timeout(LIMIT, work).await.unwrap_or_else(|overdue| Err(QueueError::Unavailable(Box::new(overdue))))
}

/// Applies the first migration that is missing, and names it. What fails closes its connection, and with it the
/// transaction.
async fn apply_next(connection: &mut PgConnection) -> Result<Option<&'static str>, Fault> {
    connection.execute(sqlx::raw_sql(LOCK)).await?;
    connection.execute(sqlx::raw_sql(TABLE)).await?;
    let rows = connection
        .fetch_all(sqlx::raw_sql("select version, success, checksum from video_render_migrations order by version"))
        .await?;
    let mut applied = Vec::with_capacity(rows.len());
    for row in &rows {
        let version: i64 = row.try_get("version")?;
        if !row.try_get::<bool, _>("success")? {
            return Err(other_schema(format!("{version}, half applied")));
        }
        let Some(migration) = migrations().find(|migration| migration.version == version) else {
            return Err(other_schema(version.to_string()));
        };
        if row.try_get::<Vec<u8>, _>("checksum")? != *migration.checksum {
            return Err(other_schema(format!("{version} with another text")));
        }
        applied.push(version);
    }
    let missing = MIGRATIONS.iter().zip(migrations()).find(|((version, ..), _)| !applied.contains(version));
    if let Some((_, migration)) = &missing {
        let began = Instant::now();
        connection.execute(sqlx::raw_sql(migration.sql.clone())).await?;
        sqlx::query(
            "insert into video_render_migrations (version, description, success, checksum, execution_time)
             values ($1, $2, true, $3, $4)",
        )
        .persistent(false)
        .bind(migration.version)
        .bind(&*migration.description)
        .bind(&*migration.checksum)
        .bind(i64::try_from(began.elapsed().as_nanos()).unwrap_or(i64::MAX))
        .execute(&mut *connection)
        .await?;
    }
    // Workers ask for the version under their role, which one of the migrations makes.
    let grant = if missing.is_none() {
        "grant select on video_render_migrations to quotereel_worker; commit"
    } else {
        "commit"
    };
    connection.execute(sqlx::raw_sql(grant)).await?;
    Ok(missing.map(|((_, name, _), _)| *name))
}

/// The migrations with the checksums that databases keep of them.
fn migrations() -> impl Iterator<Item = Migration> {
    MIGRATIONS.iter().map(|&(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    })
}

/// The version of the schema that the database has.
pub(super) async fn found<'c>(connection: impl Executor<'c, Database = Postgres>) -> Result<i64, sqlx::Error> {
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

fn other_schema(found: String) -> Fault {
    QueueError::Schema { found, needed: newest().to_string() }.into()
}
