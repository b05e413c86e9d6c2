//! What PostgreSQL's errors mean to a caller of the queue, and which transactions may be repeated.

use sqlx::postgres::PgDatabaseError;

use super::migrations::newest;
use crate::queue::error::QueueError;

/// A transaction that did not come to its end.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) error: QueueError,
    /// Nothing was committed, and the same again may work.
    pub(super) repeat: bool,
}

impl Fault {
    /// Of a statement that is its own transaction: where the connection broke, it may have been committed.
    pub(super) fn of_single(error: sqlx::Error) -> Self {
        let repeat = is_rolled_back(&error);
        Self { error: database_error(error), repeat }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        let repeat = is_passing(&error);
        Self { error: database_error(error), repeat }
    }
}

impl From<QueueError> for Fault {
    fn from(error: QueueError) -> Self {
        Self { error, repeat: false }
    }
}

/// Whether the server says that it undid everything in favour of another.
fn is_rolled_back(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(database)
        if database.code().is_some_and(|code| matches!(&*code, "40001" | "40P01")))
}

/// Whether trying again at once may help: the server went away, or ended the transaction in favour of another.
fn is_passing(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| {
            matches!(&*code, "40001" | "40P01" | "57P01" | "57P02" | "57P03" | "25P03") || code.starts_with("08")
        }),
        _ => false,
    }
}

/// What a failure of the database means here (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
pub(super) fn database_error(error: sqlx::Error) -> QueueError {
    let sqlx::Error::Database(database) = &error else {
        return match error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_) => QueueError::Unavailable(Box::new(error)),
            _ => QueueError::Other(Box::new(error)),
        };
    };
    let code = database.code().unwrap_or_default().into_owned();
    let detail = || {
        let more = database.try_downcast_ref::<PgDatabaseError>().and_then(PgDatabaseError::detail);
        // A failing row may be the whole snapshot.
        more.unwrap_or_else(|| database.message()).chars().take(200).collect::<String>()
    };
    match &*code {
        // Integrity constraints, by their names.
        _ if code.starts_with("23") => QueueError::Constraint {
            constraint: database.constraint().unwrap_or_default().to_owned(),
            detail: detail(),
        },
        // Text that jsonb does not take, U+0000 above all, and what is too large for it.
        "22P05" | "22P02" | "22021" | "54000" => {
            QueueError::Constraint { constraint: "video_render_jobs_input_json_check".to_owned(), detail: detail() }
        }
        // Row-level security: a scope that is not the row's.
        "42501" if database.message().contains("row-level security") => {
            QueueError::Constraint { constraint: "row_level_security".to_owned(), detail: detail() }
        }
        // No such table, column, function; no such role to set.
        "42P01" | "42703" | "42883" | "22023" => {
            QueueError::Schema { found: database.message().chars().take(200).collect(), needed: newest().to_string() }
        }
        // Somebody else holds what this needs, for longer than it waits.
        "55P03" => QueueError::Locked { what: locked_table(database.as_ref()), holders: String::new() },
        // Broken off, in favour of another, out of time, out of connections, starting or stopping.
        "40001" | "40P01" | "57014" | "57P01" | "57P02" | "57P03" | "53300" | "25P03" => {
            QueueError::Unavailable(Box::new(error))
        }
        _ if code.starts_with("08") => QueueError::Unavailable(Box::new(error)),
        _ => QueueError::Other(Box::new(error)),
    }
}

/// The table in which a lock was waited for, as far as the server says it: `while updating tuple (0,7) in relation
/// "tenant_credits"`.
fn locked_table(error: &dyn sqlx::error::DatabaseError) -> String {
    let context = error.try_downcast_ref::<PgDatabaseError>().and_then(PgDatabaseError::r#where).unwrap_or_default();
    let named = context.split("in relation \"").nth(1).and_then(|rest| rest.split('"').next());
    named.unwrap_or("a row").to_owned()
}
