//! A retry is a new row; the failed one stays.

use std::sync::Arc;

use quotereel_jobs::job::{EventKind, EventSource, JobId, Status};
use quotereel_jobs::queue::{EnqueueError, EnqueueRules, Enqueued};

use crate::rig::{Rig, broken, company, rules};

pub(crate) async fn a_retry_is_a_new_row_that_points_back(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let failed = rig.failed(&scope, "q-1").await;
    let Enqueued::New(again) = rig.store.retry(&scope, failed.id, &rules()).await.expect("it is taken") else {
        panic!("it is new");
    };
    assert_ne!(again.id, failed.id);
    assert_eq!((again.retry_of, again.status), (Some(failed.id), Status::Queued));
    assert_eq!((&again.input, &again.snapshot_hash), (&failed.input, &failed.snapshot_hash));
    assert_eq!((&again.entity_id, &again.template, again.attempts), (&failed.entity_id, &failed.template, 0));
    assert_eq!((again.idempotency_key.clone(), &again.created_by_id), (None, &failed.created_by_id));
    assert_eq!(rig.row(&scope, failed.id).await, failed, "the failed row stays as it was");
    let same = rig.store.retry(&scope, failed.id, &rules()).await.expect("it is found");
    assert_eq!(same, Enqueued::Existing(again.clone()));
    let events = rig.store.events(&scope, again.id).await.expect("it answers").expect("it is there");
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].kind, events[0].source), (EventKind::Requested, EventSource::Tenant));
    assert_eq!((events[0].old_status, events[0].new_status), (None, Status::Queued));
    let events = rig.store.events(&scope, failed.id).await.expect("it answers").expect("it is there");
    let last = events.last().expect("events");
    assert_eq!(
        (last.kind, last.old_status, last.new_status),
        (EventKind::Retried, Some(Status::Failed), Status::Failed)
    );
}

pub(crate) async fn only_what_failed_is_retried(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let refused = async |id: JobId| match rig.store.retry(&scope, id, &rules()).await {
        Err(EnqueueError::NotRetriable { status }) => status,
        other => panic!("it is refused: {other:?}"),
    };
    let succeeded = rig.succeeded(&scope, "q-1").await.id;
    assert_eq!(refused(succeeded).await, Status::Succeeded);
    let running = rig.running(&scope, "q-2", "w").await.job.id;
    assert_eq!(refused(running).await, Status::Running);
    let queued = rig.enqueue(&scope, "q-3").await.id;
    assert_eq!(refused(queued).await, Status::Queued);
    rig.store.request_cancel(&scope, queued).await.expect("it answers");
    assert!(matches!(rig.store.retry(&scope, queued, &rules()).await, Ok(Enqueued::New(_))));
}

pub(crate) async fn a_chain_of_retries_has_an_end(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let limits = EnqueueRules { max_retries: 2, ..rules() };
    let mut id = rig.failed(&scope, "q-1").await.id;
    for _ in 0..2 {
        let again = rig.store.retry(&scope, id, &limits).await.expect("it is allowed").job().id;
        let claimed = rig.claim("w").await.expect("it waits");
        assert_eq!(claimed.job.id, again);
        let _ = rig.store.fail(&claimed.lease, &broken(), "No.").await.expect("it answers");
        id = again;
    }
    let refused = rig.store.retry(&scope, id, &limits).await;
    assert!(matches!(refused, Err(EnqueueError::TooManyRetries { retries: 2, allowed: 2 })), "{refused:?}");
}

pub(crate) async fn a_retry_freezes_a_credit_of_its_own(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.store.grant_credits(&scope, 1, "start").await.expect("a credit");
    let failed = rig.failed(&scope, "q-1").await.id;
    rig.store.retry(&scope, failed, &rules()).await.expect("the credit came back");
    let credits = rig.store.credits(&scope).await.expect("it answers").expect("they count");
    assert_eq!((credits.balance, credits.frozen), (1, 1));
    let other = rig.store.enqueue(&scope, &crate::rig::quote("q-2"), &rules()).await;
    assert!(matches!(other, Err(EnqueueError::NoCredits { available: 0 })), "{other:?}");
    rig.assert_books_balance(&scope).await;
}
