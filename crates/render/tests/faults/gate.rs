//! A gate in the test's own PostgreSQL: the statement that would change a job's row in a certain way waits before it.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::rig::{Rig, until};

/// Key of the advisory lock that is the gate.
const LOCK: i32 = 4711;

/// A shut gate; it opens at the latest when it is dropped.
pub(crate) struct Gate {
    holder: PgConnection,
}

/// Where statements wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before the row is changed.
    Change,
    /// At the commit, when everything is done but that.
    Commit,
}

impl Gate {
    /// Lets updates of job rows wait for which `condition`, in terms of `old` and `new`, holds.
    pub(crate) async fn shut(rig: &Rig, moment: Moment, condition: &str) -> Self {
        let mut holder = PgConnection::connect(&rig.url).await.expect("the server answers");
        sqlx::query(AssertSqlSafe(format!("select pg_advisory_lock({LOCK})")))
            .execute(&mut holder)
            .await
            .expect("a lock");
        rig.change(&format!(
            "create function gate() returns trigger language plpgsql as $$
             begin
               perform pg_advisory_xact_lock_shared({LOCK});
               return new;
             end $$"
        ))
        .await;
        let when = match moment {
            Moment::Change => "create trigger gate before update on video_render_jobs",
            Moment::Commit => {
                "create constraint trigger gate after update on video_render_jobs deferrable initially deferred"
            }
        };
        rig.change(&format!("{when} for each row when ({condition}) execute function gate()")).await;
        Self { holder }
    }

    async fn waiting(&mut self) -> i64 {
        let count = "select count(*) from pg_locks where locktype = 'advisory' and not granted
                     and database = (select oid from pg_database where datname = current_database())";
        sqlx::query_scalar(count).fetch_one(&mut self.holder).await.expect("the query runs")
    }

    /// Waits until somebody stands before it.
    pub(crate) async fn reached(&mut self) {
        until("a statement reaches the gate", async || (self.waiting().await > 0).then_some(())).await;
    }

    /// Whoever waits goes on.
    pub(crate) async fn open(self) {
        self.holder.close().await.expect("the connection closes");
    }

    /// Whoever waits is sent home, and the way is free: its process is dead, which the server cannot know.
    pub(crate) async fn open_for_the_living(mut self) {
        let end = "select count(pg_terminate_backend(pid)) from pg_locks where locktype = 'advisory' and not granted
                   and database = (select oid from pg_database where datname = current_database())";
        let ended: i64 = sqlx::query_scalar(end).fetch_one(&mut self.holder).await.expect("the query runs");
        assert!(ended > 0, "somebody waited");
        until("they have gone", async || (self.waiting().await == 0).then_some(())).await;
        self.open().await;
    }
}
