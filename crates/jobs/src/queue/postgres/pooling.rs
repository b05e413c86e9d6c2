//! Finds out whether a pooler lends connections for one transaction, and whether it keeps prepared statements.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Executor};

use super::fault::{database_error, unreachable};
use crate::queue::error::{QueueError, Result};
use crate::queue::types::Pooling;

/// How many transactions use the same prepared statement.
const TRANSACTIONS: u32 = 20;

/// How long all of it may take.
const LIMIT: Duration = Duration::from_secs(15);

/// Prepared by name on purpose, as programs do that know of no pooler.
const STATEMENT: &str = "select pg_backend_pid() where $1";

const FORGET: &str = "do $$
     declare v_name text;
     begin
       for v_name in select name from pg_prepared_statements where statement = 'select pg_backend_pid() where $1' loop
         execute format('deallocate %I', v_name);
       end loop;
     end $$";

pub(super) async fn of(options: &PgConnectOptions) -> Result<Pooling> {
    tokio::time::timeout(LIMIT, try_out(options))
        .await
        .unwrap_or_else(|overdue| Err(QueueError::Unavailable(Box::new(overdue))))
}

async fn try_out(options: &PgConnectOptions) -> Result<Pooling> {
    let connect = async || options.connect().await.map_err(|error| unreachable(options, error));
    let (mut asking, mut other) = (connect().await?, connect().await?);
    let mut servers = Vec::new();
    let mut keeps_prepared = true;
    for _ in 0..TRANSACTIONS {
        let holds = take_turns(&mut other).await.map_err(database_error)?;
        asking.execute(sqlx::raw_sql("begin")).await.map_err(database_error)?;
        match sqlx::query_scalar::<_, i32>(STATEMENT).bind(true).fetch_one(&mut asking).await {
            Ok(pid) => servers.push(pid),
            // No such statement here, or somebody else's of that name, with other values.
            Err(sqlx::Error::Database(error))
                if error.code().is_some_and(|code| ["26000", "42P05", "08P01"].contains(&&*code)) =>
            {
                keeps_prepared = false;
            }
            Err(error) => return Err(database_error(error)),
        }
        // `commit` ends a transaction that has failed too.
        asking.execute(sqlx::raw_sql("commit")).await.map_err(database_error)?;
        if holds {
            other.execute(sqlx::raw_sql("commit")).await.map_err(database_error)?;
        }
        if !keeps_prepared {
            break;
        }
    }
    if !keeps_prepared {
        forget(&mut asking, &mut other).await.map_err(database_error)?;
    }
    close(asking).await;
    close(other).await;
    servers.sort_unstable();
    servers.dedup();
    Ok(if keeps_prepared && servers.len() <= 1 { Pooling::Direct } else { Pooling::Transactions { keeps_prepared } })
}

/// Uses a pooler's connections out of turn, and may keep one (`true`): whether it lends them in turn or the last one first,
/// the next transaction of somebody else should get another one sooner or later.
async fn take_turns(other: &mut PgConnection) -> sqlx::Result<bool> {
    for _ in 0..rand::random_range(0..3) {
        other.execute(sqlx::raw_sql("select 1")).await?;
    }
    let holds = rand::random();
    if holds {
        other.execute(sqlx::raw_sql("begin; select 1")).await?;
    }
    Ok(holds)
}

/// Removes the statement from the connection that has it, where nobody else would.
async fn forget(asking: &mut PgConnection, other: &mut PgConnection) -> sqlx::Result<()> {
    for _ in 0..TRANSACTIONS {
        let holds = take_turns(other).await?;
        asking.execute(sqlx::raw_sql(FORGET)).await?;
        if holds {
            other.execute(sqlx::raw_sql("commit")).await?;
        }
    }
    Ok(())
}

async fn close(connection: PgConnection) {
    // Whatever comes of it, the connection is gone.
    drop(connection.close().await);
}
