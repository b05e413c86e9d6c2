//! The rows in PostgreSQL: every statement of this database. The schema stands in `migrations/postgres`; what must hold
//! whoever writes (lanes, credits, outbox) is done there by triggers, and enqueueing is a SQL function, so that a backend
//! can enqueue in the transaction in which it writes its quote.

mod expiry;
mod fault;
mod heartbeat;
mod lease;
mod locks;
mod maintenance;
mod migrations;
mod pooling;
mod row;
mod schema;
mod session;
mod tenant;
mod unnamed;
mod webhook;

use std::io;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};

use self::fault::unreachable;
use self::session::{Session, is_alive, transaction};
use super::address::without_password;
use super::error::{QueueError, Result};
use super::roles::Database;
use super::server_error::ServerError;
use super::types::Pooling;

/// Time between two tries to reach a server that is just starting.
const CONNECT_PAUSE: Duration = Duration::from_millis(250);

/// How a database is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresOptions {
    /// Connections at most, besides one for heartbeats and one while migrations run. Default: 8.
    pub max_connections: u32,
    /// How long a call waits for one of them, 1 s or more. Default: 5 s.
    pub acquire_timeout: Duration,
    /// How long one try of a call may take, waiting included; well below the lease, and above the 9 s after which the
    /// server itself ends a statement. Default: 15 s.
    pub call_timeout: Duration,
    /// What the server's list of connections shows. Default: `quotereel`.
    pub application_name: String,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            max_connections: 8,
            acquire_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(15),
            application_name: "quotereel".to_owned(),
        }
    }
}

/// A PostgreSQL database of jobs.
#[derive(Clone, Debug)]
pub struct PostgresDatabase {
    pool: PgPool,
    options: PgConnectOptions,
    call_timeout: Duration,
}

impl PostgresDatabase {
    /// Connects to `postgres://user:password@host:port/database`; the schema may still be missing.
    ///
    /// # Errors
    /// [`QueueError::Address`] for an address that cannot be one, a database that does not exist or a login that is
    /// refused; [`QueueError::Unavailable`] where no server answers.
    pub async fn connect(url: &str, options: PostgresOptions) -> Result<Self> {
        let address = |reason: String| QueueError::Address { url: without_password(url), reason };
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(address("it does not begin with postgres://".to_owned()));
        }
        let connect: PgConnectOptions = url.parse().map_err(|error: sqlx::Error| address(error.to_string()))?;
        // PgBouncer refuses connections that set what it does not know; shortest floats are the server's default anyway.
        let connect = connect.application_name(&options.application_name).extra_float_digits(None);
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections.max(1))
            .acquire_timeout(options.acquire_timeout)
            // Few idle connections: each may be half-open, and costs a second to find out.
            .idle_timeout(Duration::from_secs(60))
            .max_lifetime(Duration::from_secs(1800))
            .test_before_acquire(false)
            .before_acquire(|connection, about| Box::pin(async move { Ok(is_alive(connection, about.idle_for).await) }))
            .connect_lazy_with(connect.clone());
        let database = Self { pool, options: connect, call_timeout: options.call_timeout };
        match first_connection(&database.options, options.acquire_timeout).await {
            Ok(()) => Ok(database),
            Err(sqlx::Error::Database(error))
                if error.code().is_some_and(|code| code.starts_with("28") || code == "3D000") =>
            {
                Err(address(error.message().to_owned()))
            }
            Err(error) => Err(unreachable(&database.options, error)),
        }
    }

    /// Closes all connections, once those who use them are done.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Whether the server takes a connection; one that is just starting has until `patience`. Not by the pool, which reports
/// at the end that time is up and not why.
async fn first_connection(options: &PgConnectOptions, patience: Duration) -> sqlx::Result<()> {
    let began = Instant::now();
    loop {
        let left = patience.saturating_sub(began.elapsed());
        let error = match tokio::time::timeout(left, options.connect()).await {
            Ok(Ok(connection)) => return connection.close().await,
            Ok(Err(error)) => error,
            Err(_) => {
                let waited = format!("no answer within {} s", patience.as_secs());
                return Err(io::Error::new(io::ErrorKind::TimedOut, waited).into());
            }
        };
        let starting = match &error {
            sqlx::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
            sqlx::Error::Database(error) => error.code().as_deref() == Some("57P03"),
            _ => false,
        };
        if !starting || began.elapsed() + CONNECT_PAUSE >= patience {
            return Err(error);
        }
        tokio::time::sleep(CONNECT_PAUSE).await;
    }
}

#[async_trait]
impl Database for PostgresDatabase {
    async fn migrate(&self) -> Result<Vec<String>> {
        schema::migrate(&self.options).await
    }

    async fn ping(&self) -> Result<()> {
        let found: i64 = transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
            let found = schema::found(&mut *session).await?;
            session.commit().await?;
            Ok(found)
        })?;
        schema::expect_newest(found)
    }

    async fn logins_without_idle_limit(&self) -> Result<Vec<String>> {
        transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
            let logins = sqlx::query_scalar(
                "select rolname::text from pg_roles login
                 where rolcanlogin and not rolsuper and pg_has_role(oid, 'quotereel_tenant', 'member')
                   and not exists (
                     select from pg_db_role_setting, unnest(setconfig) setting
                     where setrole in (0, login.oid)
                       and setdatabase in (0, (select oid from pg_database where datname = current_database()))
                       and setting ~ '^idle_in_transaction_session_timeout=.*[1-9]')
                   and not exists (
                     select from pg_settings where name = 'idle_in_transaction_session_timeout' and reset_val <> '0'
                       and source in ('configuration file', 'command line'))
                 order by rolname",
            )
            .fetch_all(&mut *session)
            .await?;
            session.commit().await?;
            Ok(logins)
        })
    }

    async fn can_work(&self) -> Result<()> {
        let (read_only, may_claim): (bool, bool) = transaction!(self, {
            let mut session = Session::worker(&self.pool).await?;
            let found = sqlx::query_as(
                "select current_setting('transaction_read_only') = 'on',
                   (select count(*) = 2 from pg_proc
                    where proname in ('claim_video_renders', 'fold_video_render_lanes') and pg_function_is_visible(oid)
                      and has_function_privilege(session_user, oid, 'execute'))",
            )
            .fetch_one(&mut *session)
            .await?;
            session.commit().await?;
            Ok(found)
        })?;
        if read_only {
            return Err(QueueError::Hindered(Box::new(ServerError::new("25006", "the database is read-only", None))));
        }
        if !may_claim {
            let refused = "permission denied for function claim_video_renders";
            return Err(QueueError::Other(Box::new(ServerError::new("42501", refused, None))));
        }
        Ok(())
    }

    async fn pooling(&self) -> Result<Pooling> {
        pooling::of(&self.options).await
    }
}
