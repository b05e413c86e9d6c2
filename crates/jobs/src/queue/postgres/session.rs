//! One unit of work: a pooled connection, one transaction under one role, an end in bounded time. What breaks off in
//! between, by error, timeout or a dropped future, closes its connection, so that no open transaction goes back to the
//! pool (<https://github.com/launchbadge/sqlx/issues/4385>) and no lock outlives its caller.
//!
//! After an error the transaction is rolled back before the caller hears of it. PostgreSQL sends an error first and
//! releases the transaction's locks after: a caller that went on at once could find its own row still locked.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Connection, Executor};

use super::fault::{Fault, no_connection};
use super::unnamed::{Unnamed, literal};
use crate::job::TenantScope;
use crate::queue::error::QueueError;

/// Tries of a transaction that the server broke off before its commit.
const MAX_TRIES: u32 = 4;

/// How long the rollback of a transaction that failed may take before its connection is closed without it.
const ROLLBACK_LIMIT: Duration = Duration::from_secs(1);

/// In whose name a transaction runs. All limits are the transaction's own, since a pooler in between does not keep what is
/// set for a connection. They stay below the callers' [`call_timeout`](crate::queue::postgres::PostgresOptions::call_timeout): the server
/// lets go first. The one for idleness ends the transaction of a worker that was stopped half-way with locks in its hand.
const BEGIN_WORKER: &str = "begin; set local role quotereel_worker; set local statement_timeout = '9s'; \
     set local lock_timeout = '2s'; set local idle_in_transaction_session_timeout = '10s'";

const BEGIN_TENANT: &str = "begin; set local role quotereel_tenant; set local statement_timeout = '9s'; \
     set local lock_timeout = '5s'; set local idle_in_transaction_session_timeout = '10s'";

/// The call took longer than it may.
#[derive(Debug, thiserror::Error)]
#[error("no answer within {} s", .0.as_secs())]
struct Overdue(Duration);

/// An open transaction; dropping it closes the connection.
pub(super) struct Session {
    connection: Option<Unnamed>,
}

impl Session {
    /// A connection without a transaction, for one simple query that is its own; [`Self::done`] gives it back.
    pub(super) async fn single(pool: &PgPool) -> Result<Self, Fault> {
        match pool.acquire().await {
            Ok(connection) => Ok(Self { connection: Some(Unnamed::new(connection)) }),
            Err(sqlx::Error::PoolTimedOut) => Err(no_connection(pool).await.into()),
            Err(error) => Err(error.into()),
        }
    }

    /// For workers and maintenance: sees all companies.
    pub(super) async fn worker(pool: &PgPool) -> Result<Self, Fault> {
        let mut session = Self::single(pool).await?;
        session.execute(sqlx::raw_sql(BEGIN_WORKER)).await?;
        Ok(session)
    }

    /// The statement of [`Self::single`] was answered.
    pub(super) fn done(mut self) {
        drop(self.connection.take());
    }

    /// For a tenant: row-level security shows its rows alone.
    pub(super) async fn tenant(pool: &PgPool, scope: &TenantScope) -> Result<Self, Fault> {
        let mut session = Self::single(pool).await?;
        let (company, organization) = (scope.company_id(), scope.organization_id().unwrap_or_default());
        // In one message: beginning costs one way to the server and back.
        let begin = format!(
            "{BEGIN_TENANT}; select set_config('app.company_id', {}, true), set_config('app.organization_id', {}, true)",
            literal(company),
            literal(organization)
        );
        session.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await?;
        Ok(session)
    }

    /// Ends the transaction. An answer that got lost leaves open whether it was committed: that is never repeated here.
    pub(super) async fn commit(mut self) -> Result<(), Fault> {
        match self.execute(sqlx::raw_sql("commit")).await {
            Ok(_) => {
                drop(self.connection.take());
                Ok(())
            }
            Err(error) => Err(Fault::of_single(error)),
        }
    }
}

impl Deref for Session {
    type Target = Unnamed;

    fn deref(&self) -> &Unnamed {
        self.connection.as_ref().expect("only `commit` takes the connection, and it takes the session too")
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Unnamed {
        self.connection.as_mut().expect("only `commit` takes the connection, and it takes the session too")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            // Outside of `bounded`, and after its end, it is closed here.
            let connection = connection.detach();
            drop(BROKEN_OFF.try_with(|broken_off| broken_off.replace(Some(connection))));
        }
    }
}

tokio::task_local! {
    /// The connection of the transaction that broke off within [`bounded`].
    static BROKEN_OFF: RefCell<Option<PgConnection>>;
}

/// `work` in bounded time. Where it fails, its transaction has released its locks before this returns, unless the server
/// does not answer.
pub(super) async fn bounded<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, Fault>> + Send,
) -> Result<T, Fault> {
    let until_rolled_back = async {
        let done = work.await;
        let broken_off = BROKEN_OFF.with(RefCell::take);
        if done.is_err()
            && let Some(mut connection) = broken_off
        {
            let rollback = connection.execute(sqlx::raw_sql("rollback"));
            // Whatever comes of it, the connection is closed.
            drop(tokio::time::timeout(ROLLBACK_LIMIT, rollback).await);
        }
        done
    };
    match tokio::time::timeout(limit, BROKEN_OFF.scope(RefCell::new(None), until_rolled_back)).await {
        Ok(done) => done,
        Err(_) => Err(Fault { error: QueueError::Unavailable(Box::new(Overdue(limit))), repeat: false }),
    }
}

/// Whether to try once more, after a short random pause: those who collided should not meet again.
pub(super) async fn again(tries: &mut u32, fault: &Fault) -> bool {
    *tries += 1;
    if !fault.repeat || *tries >= MAX_TRIES {
        return false;
    }
    tracing::debug!(tries, error = %fault.error, "repeating a transaction that was not committed");
    let pause_ms = rand::random_range(1..=20_u64) << *tries;
    tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    true
}

/// Whether an idle connection still has its server: asked in a second, so that half-open ones are sorted out quickly.
pub(super) async fn is_alive(connection: &mut PgConnection, idle: Duration) -> bool {
    idle < Duration::from_secs(2)
        || tokio::time::timeout(Duration::from_secs(1), connection.ping()).await.is_ok_and(|answer| answer.is_ok())
}

/// Runs a body, a transaction from its beginning to its commit, in bounded time and again where that is safe.
macro_rules! transaction {
    ($database:expr, $body:block) => {{
        let mut tries = 0;
        loop {
            let work = async { $body };
            match $crate::queue::postgres::session::bounded($database.call_timeout, work).await {
                Ok(done) => break Ok(done),
                Err(fault) => {
                    if !$crate::queue::postgres::session::again(&mut tries, &fault).await {
                        break Err($crate::queue::postgres::locks::explained(&$database.pool, fault.error).await);
                    }
                }
            }
        }
    }};
}

pub(super) use transaction;
