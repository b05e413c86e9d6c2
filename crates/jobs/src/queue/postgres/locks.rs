//! Says who holds the lock for which a call has waited in vain.

use std::time::Duration;

use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Executor, Row};

use crate::queue::error::QueueError;

/// How long the question may take: whoever asks has waited already.
const LIMIT: Duration = Duration::from_secs(2);
/// The oldest transactions that hold a lock of a writer on our tables.
const HOLDERS: &str = r"select format('pid %s (%s, role %s%s)', activity.pid,
    coalesce(nullif(activity.application_name, ''), 'no application_name'), coalesce(activity.usename, '?'),
    coalesce(format(', %s, open for %s s', activity.state,
      floor(extract(epoch from clock_timestamp() - activity.xact_start))), ''))
  from pg_stat_activity activity
  where activity.pid <> pg_backend_pid() and activity.datname = current_database() and activity.pid in (
    select lock.pid from pg_locks lock join pg_class class on class.oid = lock.relation
    where lock.granted and lock.locktype = 'relation' and class.relkind = 'r'
      and lock.mode in ('RowShareLock', 'RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      and (class.relname like 'video\_render\_%' or class.relname like 'tenant\_credit%'
        or class.relname like 'credit\_%' or class.relname like 'webhook\_%'))
  order by activity.xact_start nulls last, activity.pid limit 3";

/// Names the transactions that may hold the lock, if `error` is that one was waited for. Which of them it is, the server no
/// longer knows: the wait is over. A login that is no member of `pg_read_all_stats` sees pid, role and program alone.
pub(super) async fn explained(pool: &PgPool, error: QueueError) -> QueueError {
    let QueueError::Locked { what, .. } = error else { return error };
    let asked = tokio::time::timeout(LIMIT, holders(pool)).await;
    let holders = asked.ok().and_then(Result::ok).unwrap_or_default();
    QueueError::Locked { what, holders }
}

/// One simple query: it needs no transaction, and prepares nothing.
async fn holders(pool: &PgPool) -> Result<String, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let rows: Vec<PgRow> = connection.fetch_all(sqlx::raw_sql(HOLDERS)).await?;
    let named: Vec<String> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    Ok(named.join(", "))
}
