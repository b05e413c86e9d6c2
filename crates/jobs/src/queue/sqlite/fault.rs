//! What SQLite's errors mean to a caller of the queue.

use super::migrations::latest;
use crate::queue::error::QueueError;

/// Folds an error of a statement or a connection.
pub(super) fn failed(error: sqlx::Error) -> QueueError {
    match &error {
        sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            QueueError::Unavailable(Box::new(error))
        }
        sqlx::Error::Database(database) => {
            // The low byte of an extended code is the primary one: https://www.sqlite.org/rescode.html
            let code = database.code().and_then(|code| code.parse::<u32>().ok()).unwrap_or(0) & 0xff;
            match code {
                // BUSY, LOCKED, IOERR, CANTOPEN, PROTOCOL.
                5 | 6 | 10 | 14 | 15 => QueueError::Unavailable(Box::new(error)),
                // NOMEM, READONLY, FULL.
                7 | 8 | 13 => QueueError::Hindered(Box::new(error)),
                // CONSTRAINT; a trigger's RAISE has the same code and the same wording.
                19 => {
                    let detail = database.message().to_owned();
                    let constraint = detail.rsplit(" failed: ").next().unwrap_or(&detail).to_owned();
                    QueueError::Constraint { constraint, detail }
                }
                _ if database.message().starts_with("no such table") => {
                    QueueError::Schema { found: "none".to_owned(), needed: latest().to_owned() }
                }
                _ => QueueError::Other(Box::new(error)),
            }
        }
        _ => QueueError::Other(Box::new(error)),
    }
}
