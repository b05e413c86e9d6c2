//! Which store an address names.

use std::sync::Arc;

use super::postgres::{PostgresOptions, PostgresStore};
use super::{Result, SqliteStore, Store, StoreError};

/// Opens the store that `url` names: `postgres://user:password@host:port/database` with a [`PostgresStore`]'s defaults, or
/// `sqlite:PATH`, whose file is made if it is not there. The schema is neither made nor checked: that is
/// [`Store::migrate`] and [`Store::ping`].
///
/// # Errors
/// [`StoreError::Address`] for an address of another kind, [`StoreError::Unavailable`] where nothing answers there.
pub async fn connect(url: &str) -> Result<Arc<dyn Store>> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(Arc::new(PostgresStore::connect(url, PostgresOptions::default()).await?));
    }
    if url.starts_with("sqlite:") {
        return Ok(Arc::new(SqliteStore::connect(url).await?));
    }
    Err(StoreError::Address {
        url: without_password(url),
        reason: "begin it with `postgres://` and host and database, or `sqlite:` and the path of a file".to_owned(),
    })
}

/// The address as it may be shown: what stands between `//` and the last `@` before the path is left out.
pub(super) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.chars().take(200).collect() };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let host = rest[..end].rfind('@').map_or(0, |at| at + 1);
    let path = rest[host..].split('?').next().unwrap_or_default();
    format!("{scheme}://{path}").chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(without_password("mysql://user:p@ss@host:1/db?password=x"), "mysql://host:1/db");
        assert_eq!(without_password("jobs.sqlite"), "jobs.sqlite");
    }
}
