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

/// The address of a database without its user, password and query. What looks like no address of ours is not shown at all: a mistyped
/// one may have its password anywhere.
#[must_use]
pub fn without_password(url: &str) -> String {
    if url.starts_with("sqlite:") {
        return url.to_owned();
    }
    let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| scheme.starts_with("postgres")) else {
        return "(not shown)".to_owned();
    };
    // A password may contain any mark; the last @ ends it.
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let user = if place.len() < rest.len() { "(hidden)@" } else { "" };
    format!("{scheme}://{user}{}", place.split('?').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_printed() {
        let cases = [
            ("postgres://ana:s3cr3t@db/jobs", "postgres://(hidden)@db/jobs"),
            ("postgres://ana:s3@c/r3t?@db/jobs?sslmode=require", "postgres://(hidden)@db/jobs"),
            ("postgres://db/jobs?user=ana&password=s3cr3t", "postgres://db/jobs"),
            ("postgres:ana:s3cr3t@db/jobs", "(not shown)"),
            ("postgresql://db", "postgresql://db"),
            ("sqlite:/x/jobs.db", "sqlite:/x/jobs.db"),
        ];
        for (url, expected) in cases {
            assert_eq!(without_password(url), expected);
        }
    }
}
