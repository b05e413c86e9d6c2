//! What is special behind a pooler that lends a connection for one transaction; everything else is the conformance suite,
//! which runs there too.

use std::sync::Arc;

use quotereel_jobs::queue::{Pooling, connect};
use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Executor};

use crate::rig::{Backend, database_of, run};

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run the tests through tests/servers/with.sh"))
}

#[test]
fn a_pooler_is_found_and_leaves_no_statement_behind() {
    run(Backend::Pooled, |rig| async move {
        // Several times: what one try left on the server's connections would be in the way of the next.
        for _ in 0..3 {
            let found = rig.store.pooling().await.expect("it answers");
            assert!(matches!(found, Pooling::Transactions { .. }), "{found:?}");
        }
    });
    run(Backend::Postgres, |rig| async move {
        assert_eq!(rig.store.pooling().await.expect("it answers"), Pooling::Direct);
    });
}

/// Two that migrate at once, behind the pooler, then one that finds nothing to do; no lock stays on the server.
#[test]
fn migrating_works_behind_a_pooler() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let server = variable("QUOTEREEL_TEST_POSTGRES");
        let admin = PgPool::connect(&server).await.expect("the server answers");
        let name = format!("t_{}", uuid::Uuid::now_v7().simple());
        admin.execute(AssertSqlSafe(format!("create database {name}"))).await.expect("a new database");
        let url = database_of(&variable("QUOTEREEL_TEST_PGBOUNCER"), &name);
        let stores = [connect(&url).await.expect("it opens"), connect(&url).await.expect("it opens")];
        let migrating = stores.iter().map(|store| {
            let store = Arc::clone(store);
            tokio::spawn(async move { store.migrate().await.expect("the schema is made").len() })
        });
        let migrating: Vec<_> = migrating.collect();
        let mut applied = 0;
        for done in migrating {
            applied += done.await.expect("no panic");
        }
        assert!(applied >= 4, "each migration once: {applied}");
        assert_eq!(stores[0].migrate().await.expect("it answers"), Vec::<String>::new());
        let direct = PgPool::connect(&database_of(&server, &name)).await.expect("it opens");
        let twice: i64 = sqlx::query_scalar("select count(*) from video_render_migrations")
            .fetch_one(&direct)
            .await
            .expect("a count");
        assert_eq!(usize::try_from(twice).expect("a count"), applied, "each migration once");
        let locks = "select count(*) from pg_locks where locktype = 'advisory'
                     and database = (select oid from pg_database where datname = current_database())";
        let locks: i64 = sqlx::query_scalar(locks).fetch_one(&direct).await.expect("a count");
        assert_eq!(locks, 0, "no lock outlives its transaction");
        direct.close().await;
        admin.execute(AssertSqlSafe(format!("drop database {name} with (force)"))).await.expect("the database goes");
    });
}
