//! What PostgreSQL's errors mean to a caller of the queue, and which transactions may be repeated.

use std::io;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgPool};
use sqlx::{ConnectOptions, Connection};

use super::migrations::newest;
use crate::queue::error::QueueError;
use crate::queue::server_error::ServerError;

/// How long the search for the reason may take where the pool has no connection to give.
const NO_CONNECTION_LIMIT: Duration = Duration::from_secs(1);

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
    if let Some(untrusted) = Untrusted::of(&error) {
        return untrusted.into();
    }
    let database = match &error {
        sqlx::Error::Database(database) => database,
        sqlx::Error::Tls(_)
        | sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => return QueueError::Unavailable(Box::new(error)),
        _ => return QueueError::Other(Box::new(error)),
    };
    let code = database.code().unwrap_or_default().into_owned();
    let postgres = database.try_downcast_ref::<PgDatabaseError>();
    let detail = || {
        let more = postgres.and_then(PgDatabaseError::detail);
        // A failing row may be the whole snapshot.
        more.unwrap_or_else(|| database.message()).chars().take(200).collect::<String>()
    };
    let said = || Box::new(ServerError::new(&code, database.message(), postgres.and_then(PgDatabaseError::hint)));
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
        "55P03" => QueueError::Locked {
            what: locked_table(postgres.and_then(PgDatabaseError::r#where).unwrap_or_default()),
            holders: String::new(),
        },
        // Other values that no column takes.
        _ if code.starts_with("22") => QueueError::Constraint { constraint: code.clone(), detail: detail() },
        // Broken off: in favour of another, out of time.
        "40001" | "40P01" | "57014" | "25P03" => QueueError::Unavailable(said()),
        // Read-only; out of disk, memory or connections; a failure of the system; starting or stopping.
        "25006" => QueueError::Hindered(said()),
        _ if matches!(&code[..2.min(code.len())], "53" | "57" | "58") => QueueError::Hindered(said()),
        _ if code.starts_with("08") => QueueError::Unavailable(said()),
        _ => QueueError::Other(said()),
    }
}

/// Why the pool has given no connection: it says only that time is up.
pub(super) async fn no_connection(pool: &PgPool) -> QueueError {
    let most = pool.options().get_max_connections();
    if pool.size() >= most {
        let busy = format!("all {most} connections were busy for {} s", pool.options().get_acquire_timeout().as_secs());
        return QueueError::Unavailable(busy.into());
    }
    let options = pool.connect_options();
    match tokio::time::timeout(NO_CONNECTION_LIMIT, options.connect()).await {
        Ok(Err(error)) => unreachable(&options, error),
        Ok(Ok(connection)) => {
            drop(connection.close().await);
            QueueError::Unavailable("no connection in time".into())
        }
        Err(_) => QueueError::Unavailable(Box::new(Unreachable::of(&options, "no answer".to_owned()))),
    }
}

/// What a failed first connection means.
pub(super) fn unreachable(options: &PgConnectOptions, error: sqlx::Error) -> QueueError {
    if let Some(untrusted) = Untrusted::of(&error) {
        return untrusted.into();
    }
    let cause = match &error {
        sqlx::Error::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => "connection refused".to_owned(),
            _ => error.to_string(),
        },
        _ => return database_error(error),
    };
    QueueError::Unavailable(Box::new(Unreachable::of(options, cause)))
}

/// No connection, and where to: the cause comes first, and once.
#[derive(Debug, thiserror::Error)]
#[error("{cause} at {place}")]
struct Unreachable {
    cause: String,
    place: String,
}

impl Unreachable {
    fn of(options: &PgConnectOptions, cause: String) -> Self {
        let place = match options.get_socket() {
            Some(socket) => socket.display().to_string(),
            None => format!("{}:{}", options.get_host(), options.get_port()),
        };
        Self { cause, place }
    }
}

/// A server whose certificate is not trusted, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{cause}; {advice}")]
struct Untrusted {
    cause: String,
    advice: &'static str,
}

impl Untrusted {
    /// The word for a certificate comes from the library for TLS, which passes it on in several wrappings.
    fn of(error: &sqlx::Error) -> Option<Self> {
        let (sqlx::Error::Tls(_) | sqlx::Error::Io(_)) = error else { return None };
        let text = error.to_string();
        let cause = text.get(text.find("invalid peer certificate")?..)?.to_owned();
        let has = |words: &[&str]| words.iter().any(|word| cause.contains(word));
        let advice = if has(&["UnknownIssuer", "CaUsedAsEndEntity"]) {
            "the server's certificate is signed by nobody whom this machine trusts, as a self-signed one is: name the \
             certificate that signed it with `sslrootcert=/path/to/ca.pem` in the address, or use `sslmode=require`, which \
             encrypts and does not check whose server it is"
        } else if has(&["NotValidForName", "not valid for name"]) {
            "the server's certificate is for another name: put the name in the certificate into the address, or use \
             `sslmode=verify-ca`, which does not compare names"
        } else if has(&["Expired", "expired", "NotValidYet"]) {
            "the certificate's days are over or have not begun: renew it, or set this machine's clock"
        } else {
            "see `sslmode` and `sslrootcert` in the address"
        };
        Some(Self { cause, advice })
    }
}

impl From<Untrusted> for QueueError {
    fn from(untrusted: Untrusted) -> Self {
        Self::Unavailable(Box::new(untrusted))
    }
}

/// The table in which a lock was waited for, as far as the server says it: `while updating tuple (0,7) in relation
/// "tenant_credits"`.
fn locked_table(context: &str) -> String {
    let named = context.split("in relation \"").nth(1).and_then(|rest| rest.split('"').next());
    named.unwrap_or("a row").to_owned()
}
