//! The books: what was granted, held, paid and given back always adds up.

use std::sync::Arc;
use std::time::Duration;

use quotereel_jobs::job::TenantScope;
use quotereel_jobs::queue::{Credits, EnqueueError, QueueError};

use crate::rig::{Rig, broken, company, output, quote, rules};

async fn credits(rig: &Rig, scope: &TenantScope) -> (i64, i64) {
    let credits = rig.store.credits(scope).await.expect("it answers").expect("they count");
    (credits.balance, credits.frozen)
}

pub(crate) async fn no_row_means_unlimited(rig: Arc<Rig>) {
    let (free, counted) = (company("cmp-1"), company("cmp-2"));
    rig.store.grant_credits(&counted, 1, "start").await.expect("a credit");
    for number in 0..5 {
        rig.enqueue(&free, &format!("q-{number}")).await;
    }
    assert_eq!(rig.store.credits(&free).await.expect("it answers"), None);
    assert_eq!(rig.number("select count(*) from credit_entries where kind = 'freeze'").await, 0);
}

pub(crate) async fn grants_and_takings(rig: Arc<Rig>) {
    let (scope, other) = (company("cmp-1"), company("cmp-2"));
    let granted = rig.store.grant_credits(&scope, 5, "order-1").await.expect("it is written");
    assert_eq!(granted, Credits { balance: 5, frozen: 0 });
    let again = rig.store.grant_credits(&scope, 5, "order-1").await.expect("it is found");
    assert_eq!(again, granted, "the same order counts once");
    assert_eq!(rig.store.grant_credits(&other, 7, "order-1").await.expect("it is written").balance, 7);
    rig.enqueue(&scope, "q-1").await;
    let taken = rig.store.grant_credits(&scope, -3, "expiry-1").await.expect("so many are available");
    assert_eq!((taken, taken.available()), (Credits { balance: 2, frozen: 1 }, 1));
    for (amount, reference) in [(-2, "expiry-2"), (-100, "expiry-3")] {
        let refused = rig.store.grant_credits(&scope, amount, reference).await;
        assert!(matches!(refused, Err(QueueError::Constraint { .. })), "{refused:?}");
    }
    assert_eq!(credits(&rig, &scope).await, (2, 1));
    let refused = rig.store.grant_credits(&company("cmp-3"), -1, "nothing").await;
    assert!(matches!(refused, Err(QueueError::Constraint { .. })), "{refused:?}");
    assert_eq!(rig.store.credits(&company("cmp-3")).await.expect("it answers"), None);
    rig.assert_books_balance(&scope).await;
    rig.assert_books_balance(&other).await;
}

pub(crate) async fn every_end_settles_its_credit(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.store.grant_credits(&scope, 10, "start").await.expect("credits");
    let made = rig.succeeded(&scope, "q-1").await;
    assert_eq!(credits(&rig, &scope).await, (9, 0), "captured");
    rig.failed(&scope, "q-2").await;
    assert_eq!(credits(&rig, &scope).await, (9, 0), "released");
    let queued = rig.enqueue(&scope, "q-3").await;
    assert_eq!(credits(&rig, &scope).await, (9, 1), "frozen");
    rig.store.request_cancel(&scope, queued.id).await.expect("it answers");
    assert_eq!(credits(&rig, &scope).await, (9, 0), "released");
    let claimed = rig.running(&scope, "q-4", "w").await;
    let _ = rig.store.retry_later(&claimed.lease, &broken(), Duration::ZERO, None).await.expect("it answers");
    let claimed = rig.claim("w").await.expect("it waits");
    let _ = rig.store.release(&claimed.lease, "shutdown", Duration::ZERO, None).await.expect("it answers");
    assert_eq!(credits(&rig, &scope).await, (9, 1), "kept while it lives");
    let claimed = rig.claim("w").await.expect("it waits");
    let _ = rig.store.stopped(&claimed.lease).await.expect("it answers");
    assert_eq!(credits(&rig, &scope).await, (9, 0), "released");
    let key = made.output.expect("it has one").output_key;
    assert!(rig.store.output_lost(&scope, made.id, &key).await.expect("it answers"));
    assert_eq!(credits(&rig, &scope).await, (10, 0), "refunded");
    rig.assert_books_balance(&scope).await;
    let unsettled = "select count(*) from credit_entries e where kind = 'freeze' and not exists \
        (select 1 from credit_entries s where s.job_id = e.job_id and s.kind in ('capture', 'release'))";
    assert_eq!(rig.number(unsettled).await, 0);
}

pub(crate) async fn no_credit_no_job(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.store.grant_credits(&scope, 1, "start").await.expect("a credit");
    rig.enqueue(&scope, "q-1").await;
    let refused = rig.store.enqueue(&scope, &quote("q-2"), &rules()).await;
    assert!(matches!(refused, Err(EnqueueError::NoCredits { available: 0 })), "{refused:?}");
    assert_eq!(rig.number("select count(*) from video_render_jobs").await, 1);
    assert_eq!(rig.number("select count(*) from video_render_events").await, 1);
    assert_eq!(credits(&rig, &scope).await, (1, 1));
}

pub(crate) async fn parallel_enqueues_do_not_overdraw(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.store.grant_credits(&scope, 5, "start").await.expect("credits");
    let stores = [rig.another().await, rig.another().await];
    let mut asked = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (store, scope) = (Arc::clone(&stores[number % 2]), scope.clone());
        asked.spawn(async move { store.enqueue(&scope, &quote(&format!("q-{number}")), &rules()).await });
    }
    let mut taken = 0;
    while let Some(answer) = asked.join_next().await {
        match answer.expect("no panic") {
            Ok(_) => taken += 1,
            Err(EnqueueError::NoCredits { available: 0 }) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((taken, credits(&rig, &scope).await), (5, (5, 5)));
    rig.assert_books_balance(&scope).await;
}

pub(crate) async fn unlimited_jobs_cost_nothing_later(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let free = [rig.running(&scope, "q-1", "w").await, rig.running(&scope, "q-2", "w").await];
    rig.store.grant_credits(&scope, 3, "start").await.expect("credits count from now on");
    let _ = rig.store.succeed(&free[0].lease, &output(&free[0].lease)).await.expect("it answers");
    let _ = rig.store.fail(&free[1].lease, &broken(), "No.").await.expect("it answers");
    assert_eq!(credits(&rig, &scope).await, (3, 0));
    let key = output(&free[0].lease).output_key;
    assert!(rig.store.output_lost(&scope, free[0].job.id, &key).await.expect("it answers"));
    assert_eq!(credits(&rig, &scope).await, (3, 0), "what cost nothing is not refunded");
    rig.assert_books_balance(&scope).await;
}
