//! A connection on which no statement gets a name, so that a pooler may stand in between.
//!
//! A pooler that lends a connection for one transaction (PgBouncer, RDS Proxy, Supavisor) gives the next transaction of the
//! same client another connection, which does not know the statements that were prepared on the first. Here statements live
//! no longer than their transaction. sqlx prepares and executes in two messages, so every one of them has to stand in an
//! explicit transaction; what stands alone goes as one simple query, with its values as [`literal`]s.

use std::fmt;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use sqlx::error::BoxDynError;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnection, PgQueryResult, PgRow, PgStatement, PgTypeInfo, Postgres};
use sqlx::{Either, Execute, Executor, SqlStr};

/// A pooled connection that prepares nothing by name.
pub(super) struct Unnamed(PoolConnection<Postgres>);

impl Unnamed {
    pub(super) const fn new(connection: PoolConnection<Postgres>) -> Self {
        Self(connection)
    }

    /// Takes the connection out of its pool.
    pub(super) fn detach(self) -> PgConnection {
        self.0.detach()
    }
}

impl fmt::Debug for Unnamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unnamed").finish_non_exhaustive()
    }
}

/// A statement that is not to be kept.
struct Once<E>(E);

impl<'q, E: Execute<'q, Postgres>> Execute<'q, Postgres> for Once<E> {
    fn sql(self) -> SqlStr {
        self.0.sql()
    }

    fn statement(&self) -> Option<&PgStatement> {
        self.0.statement()
    }

    fn take_arguments(&mut self) -> Result<Option<PgArguments>, BoxDynError> {
        self.0.take_arguments()
    }

    fn persistent(&self) -> bool {
        false
    }
}

impl<'c> Executor<'c> for &'c mut Unnamed {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        (&mut *self.0).fetch_many(Once(query))
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        (&mut *self.0).fetch_optional(Once(query))
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [PgTypeInfo]) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'c: 'e,
    {
        (&mut *self.0).prepare_with(sql, parameters)
    }
}

/// A text as SQL, for simple queries. U+0000, which no text of PostgreSQL has, becomes U+FFFD.
pub(super) fn literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 3);
    // The form with an E means the same whatever `standard_conforming_strings` says.
    quoted.push_str("E'");
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("''"),
            '\\' => quoted.push_str("\\\\"),
            '\0' => quoted.push(char::REPLACEMENT_CHARACTER),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn a_literal_ends_where_its_text_ends() {
        for (text, sql) in [
            ("", "E''"),
            ("w-1", "E'w-1'"),
            ("it's", "E'it''s'"),
            (r"\'; drop table jobs; --", r"E'\\''; drop table jobs; --'"),
            ("a\0b\nñ", "E'a\u{fffd}b\nñ'"),
        ] {
            assert_eq!(literal(text), sql);
        }
    }
}
