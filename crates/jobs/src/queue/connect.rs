//! Opens the database that an address names.

use std::sync::Arc;

use super::address::without_password;
use super::error::{QueueError, Result};
use super::postgres::{PostgresDatabase, PostgresOptions};
use super::roles::Database;
use super::sqlite::SqliteDatabase;

/// Opens the database that `url` names: `postgres://user:password@host:port/database` with a [`PostgresDatabase`]'s defaults, or
/// `sqlite:PATH`, whose file is made if it is not there. The schema is neither made nor checked: that is
/// [`Database::migrate`] and [`Database::ping`].
///
/// # Errors
/// [`QueueError::Address`] for an address of another kind, [`QueueError::Unavailable`] where nothing answers there.
pub async fn connect(url: &str) -> Result<Arc<dyn Database>> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Arc::new(PostgresDatabase::connect(url, PostgresOptions::default()).await?));
    }
    if url.starts_with("sqlite:") {
        return Ok(Arc::new(SqliteDatabase::connect(url).await?));
    }
    Err(QueueError::Address {
        url: without_password(url),
        reason: "begin it with `postgres://` and host and database, or `sqlite:` and the path of a file".to_owned(),
    })
}
