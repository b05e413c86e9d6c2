//! How a running job ends or goes back, and what a cancellation does to it.

use std::sync::Arc;
use std::time::Duration;

use quotereel_jobs::job::{ErrorClass, Failure, FailureCode, Job, LeaseEpoch, Stage, Status};
use quotereel_jobs::queue::{CancelOutcome, Held};

use crate::rig::{Rig, broken, company, output};

/// Whether nothing of a lease is left on the row.
fn unheld(row: &quotereel_jobs::job::Job) -> bool {
    row.lease_expires_at.is_none() && row.deadline_at.is_none() && row.worker_id.is_none()
}

pub(crate) async fn success_is_written_once(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let claimed = rig.running(&scope, "q-1", "w").await;
    let made = output(&claimed.lease);
    assert_eq!(rig.store.succeed(&claimed.lease, &made).await.expect("it answers"), Held::Yes);
    let row = rig.row(&scope, claimed.job.id).await;
    assert_eq!((row.status, row.progress, row.output.as_ref()), (Status::Succeeded, 100, Some(&made)));
    assert!(row.finished_at.is_some() && unheld(&row) && row.spool_id.is_none());
    assert_eq!((row.error_class, row.error_code, row.error_message), (None, None, None));
    assert_eq!(rig.store.succeed(&claimed.lease, &made).await.expect("it answers"), Held::Lost);
    assert_eq!(rig.number("select count(*) from video_render_events where new_status = 'succeeded'").await, 1);
}

pub(crate) async fn failure_is_written_once(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let claimed = rig.running(&scope, "q-1", "w").await;
    let failure = Failure::new(FailureCode::QuoteExpired, "valid until yesterday");
    assert_eq!(rig.store.fail(&claimed.lease, &failure, "Vencida.").await.expect("it answers"), Held::Yes);
    let row = rig.row(&scope, claimed.job.id).await;
    assert_eq!((row.status, row.output.as_ref()), (Status::Failed, None));
    assert_eq!((row.error_class, row.error_code.as_deref()), (Some(ErrorClass::User), Some("quote_expired")));
    assert_eq!(row.error_message.as_deref(), Some("Vencida."));
    assert!(row.finished_at.is_some() && unheld(&row) && row.spool_id.is_none());
    assert_eq!(rig.store.fail(&claimed.lease, &failure, "Vencida.").await.expect("it answers"), Held::Lost);
    assert_eq!(rig.number("select count(*) from video_render_events where new_status = 'failed'").await, 1);
}

pub(crate) async fn a_later_try_waits_and_counts(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let claimed = rig.running(&scope, "q-1", "w").await;
    let _ = rig.store.begin_stage(&claimed.lease, Stage::Render).await.expect("it answers");
    let pause = Duration::from_secs(30);
    assert_eq!(rig.store.retry_later(&claimed.lease, &broken(), pause, None).await.expect("it answers"), Held::Yes);
    let row = rig.row(&scope, claimed.job.id).await;
    assert_eq!((row.status, row.stage, row.attempts, row.render_attempts), (Status::Queued, Stage::Render, 1, 1));
    assert_eq!((row.lease_epoch, row.spool_id.clone(), row.finished_at), (LeaseEpoch(1), None, None));
    assert!(unheld(&row));
    let why = |row: &Job| (row.error_class, row.error_code.clone(), row.error_message.clone());
    let failed = (Some(ErrorClass::System), Some("render_failed".to_owned()), None);
    assert_eq!(why(&row), failed, "why the last try failed");
    let waits = row.run_after - row.created_at;
    assert!((30..60).contains(&waits.whole_seconds()), "{waits}");
    rig.pass(row.id, pause).await;
    let again = rig.claim("w").await.expect("it waits");
    assert_eq!((again.job.attempts, why(&again.job)), (2, failed.clone()), "the next worker knows");
    let _ = rig.store.release(&again.lease, "shutdown", Duration::ZERO, None).await.expect("it answers");
    assert_eq!(why(&rig.row(&scope, row.id).await), failed, "a release says nothing about it");
    let last = rig.claim("w").await.expect("it waits").lease;
    assert_eq!(rig.store.succeed(&last, &output(&last)).await.expect("it answers"), Held::Yes);
    assert_eq!(why(&rig.row(&scope, row.id).await), (None, None, None), "it is over");
}

pub(crate) async fn a_cancelled_job_tells_of_no_failure(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    for turn in 0..4 {
        let claimed = rig.running(&scope, &format!("q-{turn}"), "w").await;
        let id = claimed.job.id;
        let _ = rig.store.retry_later(&claimed.lease, &broken(), Duration::ZERO, None).await.expect("it answers");
        if turn > 0 {
            let lease = rig.claim("w").await.expect("it waits").lease;
            rig.store.request_cancel(&scope, id).await.expect("it answers");
            let _ = match turn {
                1 => rig.store.stopped(&lease).await,
                2 => rig.store.retry_later(&lease, &broken(), Duration::ZERO, None).await,
                _ => {
                    rig.lapse(id).await;
                    rig.store.expire(10, 2).await.map(|_| Held::Yes)
                }
            }
            .expect("it answers");
        } else {
            rig.store.request_cancel(&scope, id).await.expect("it answers");
        }
        let row = rig.row(&scope, id).await;
        assert_eq!((row.status, row.error_class, row.error_code), (Status::Cancelled, None, None), "turn {turn}");
    }
}

pub(crate) async fn a_release_burns_no_attempt(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let claimed = rig.running(&scope, "q-1", "w").await;
    for turn in 1..=3 {
        let lease = if turn == 1 { claimed.lease.clone() } else { rig.claim("w").await.expect("it waits").lease };
        assert_eq!(lease.epoch, LeaseEpoch(turn));
        assert_eq!(rig.row(&scope, claimed.job.id).await.attempts, 1);
        assert_eq!(rig.store.release(&lease, "shutdown", Duration::ZERO, None).await.expect("it answers"), Held::Yes);
        let row = rig.row(&scope, claimed.job.id).await;
        assert_eq!((row.status, row.attempts, row.rescue_count), (Status::Queued, 0, 0));
        assert!(unheld(&row));
    }
}

pub(crate) async fn a_cancelled_job_is_not_queued_again(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.store.grant_credits(&scope, 5, "start").await.expect("credits");
    for entity in ["q-1", "q-2"] {
        let claimed = rig.running(&scope, entity, "w").await;
        rig.store.request_cancel(&scope, claimed.job.id).await.expect("it answers");
        let held = match entity {
            "q-1" => rig.store.retry_later(&claimed.lease, &broken(), Duration::ZERO, None).await,
            _ => rig.store.release(&claimed.lease, "shutdown", Duration::ZERO, None).await,
        };
        assert_eq!(held.expect("it answers"), Held::Yes);
        let row = rig.row(&scope, claimed.job.id).await;
        assert_eq!(row.status, Status::Cancelled);
        assert!(row.finished_at.is_some() && unheld(&row) && row.spool_id.is_none());
        assert_eq!(rig.claim("w").await, None);
    }
    let credits = rig.store.credits(&scope).await.expect("it answers").expect("they count");
    assert_eq!((credits.balance, credits.frozen), (5, 0));
}

pub(crate) async fn cancel_of_a_queued_job(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let job = rig.enqueue(&scope, "q-1").await;
    let CancelOutcome::Cancelled(row) = rig.store.request_cancel(&scope, job.id).await.expect("it answers") else {
        panic!("it is cancelled at once");
    };
    assert_eq!((row.status, row.finished_at.is_some()), (Status::Cancelled, true));
    assert_eq!(rig.row(&scope, job.id).await, row);
    assert_eq!(rig.claim("w").await, None);
}

pub(crate) async fn cancel_of_a_running_job(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let claimed = rig.running(&scope, "q-1", "w").await;
    let CancelOutcome::Requested(row) = rig.store.request_cancel(&scope, claimed.job.id).await.expect("it answers")
    else {
        panic!("its worker is asked");
    };
    assert_eq!((row.status, row.cancel_requested_at.is_some()), (Status::Running, true));
    // Asking twice changes nothing.
    let CancelOutcome::Requested(again) = rig.store.request_cancel(&scope, claimed.job.id).await.expect("it answers")
    else {
        panic!("its worker is asked");
    };
    assert_eq!(again.cancel_requested_at, row.cancel_requested_at);
    assert_eq!(rig.store.stopped(&claimed.lease).await.expect("it answers"), Held::Yes);
    let row = rig.row(&scope, claimed.job.id).await;
    assert_eq!(row.status, Status::Cancelled);
    assert!(row.finished_at.is_some() && unheld(&row));
}

pub(crate) async fn cancel_of_a_final_job_changes_nothing(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let succeeded = rig.succeeded(&scope, "q-1").await;
    let failed = rig.failed(&scope, "q-2").await;
    let cancelled = rig.enqueue(&scope, "q-3").await;
    rig.store.request_cancel(&scope, cancelled.id).await.expect("it answers");
    let cancelled = rig.row(&scope, cancelled.id).await;
    for row in [succeeded, failed, cancelled] {
        let outcome = rig.store.request_cancel(&scope, row.id).await.expect("it answers");
        assert_eq!(outcome, CancelOutcome::AlreadyFinal(row.clone()));
        assert_eq!(rig.row(&scope, row.id).await, row);
    }
}

pub(crate) async fn cancel_racing_finish_has_one_outcome(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.store.grant_credits(&scope, 100, "start").await.expect("credits");
    let (first, second) = (rig.another().await, rig.another().await);
    let mut paid = 0;
    for turn in 0..20 {
        let claimed = rig.running(&scope, &format!("q-{turn}"), "w").await;
        let id = claimed.job.id;
        let cancel = {
            let (store, scope) = (Arc::clone(&first), scope.clone());
            tokio::spawn(async move { store.request_cancel(&scope, id).await.expect("it answers") })
        };
        let finish = {
            let (store, lease) = (Arc::clone(&second), claimed.lease.clone());
            // The worker tries to finish; if it is told to stop first, it stops.
            tokio::spawn(async move {
                match turn % 2 {
                    0 => store.succeed(&lease, &output(&lease)).await.expect("it answers"),
                    _ => store.retry_later(&lease, &broken(), Duration::ZERO, None).await.expect("it answers"),
                }
            })
        };
        let (cancel, finish) = (cancel.await.expect("no panic"), finish.await.expect("no panic"));
        assert_eq!(finish, Held::Yes, "the lease is held either way");
        let row = rig.row(&scope, id).await;
        if turn % 2 == 0 {
            assert_eq!(row.status, Status::Succeeded, "a finished video counts");
            assert!(matches!(cancel, CancelOutcome::Requested(_) | CancelOutcome::AlreadyFinal(_)));
            paid += 1;
        } else {
            assert!(matches!(cancel, CancelOutcome::Requested(_) | CancelOutcome::Cancelled(_)));
            // A request that came while the worker gave the job back is carried out by the next round of the reconciler.
            rig.store.expire(10, 2).await.expect("it answers");
            assert_eq!(rig.row(&scope, id).await.status, Status::Cancelled, "in either order");
        }
        let settled = format!("select count(*) from credit_entries where job_id = '{id}' and kind <> 'freeze'");
        assert_eq!(rig.number(&settled).await, 1);
        let ends = format!(
            "select count(*) from video_render_events where job_id = '{id}' and new_status in ('succeeded', 'cancelled')"
        );
        assert_eq!(rig.number(&ends).await, 1);
    }
    let credits = rig.store.credits(&scope).await.expect("it answers").expect("they count");
    assert_eq!((credits.balance, credits.frozen), (100 - paid, 0));
    rig.assert_books_balance(&scope).await;
}

pub(crate) async fn cancel_racing_a_claim_has_one_outcome(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let (first, second) = (rig.another().await, rig.another().await);
    for turn in 0..20 {
        let job = rig.enqueue(&scope, &format!("q-{turn}")).await;
        let cancel = {
            let (store, scope) = (Arc::clone(&first), scope.clone());
            tokio::spawn(async move { store.request_cancel(&scope, job.id).await.expect("it answers") })
        };
        let claim = tokio::spawn({
            let store = Arc::clone(&second);
            async move { store.claim(&crate::rig::asks("w")).await.expect("it answers") }
        });
        let (cancel, claimed) = (cancel.await.expect("no panic"), claim.await.expect("no panic"));
        match (&cancel, claimed.as_slice()) {
            (CancelOutcome::Cancelled(_), []) => {}
            (CancelOutcome::Requested(_), [claimed]) => {
                assert_eq!(rig.store.stopped(&claimed.lease).await.expect("it answers"), Held::Yes);
            }
            other => panic!("either cancelled or claimed: {other:?}"),
        }
        assert_eq!(rig.row(&scope, job.id).await.status, Status::Cancelled);
    }
}
