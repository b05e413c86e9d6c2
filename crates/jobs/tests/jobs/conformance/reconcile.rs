//! Jobs whose worker died or hangs.

use std::sync::Arc;
use std::time::Duration;

use quotereel_jobs::job::{ErrorClass, Job, LeaseEpoch, Stage, Status, WorkerId};
use quotereel_jobs::queue::{ExpiredHow, HeartbeatAnswer, Held, HeldLease};

use crate::rig::{Rig, company, output};

pub(crate) async fn a_dead_workers_job_is_rescued_and_then_failed(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.store.grant_credits(&scope, 1, "start").await.expect("a credit");
    let id = rig.enqueue(&scope, "q-1").await.id;
    for run in 1..=3_u32 {
        let claimed = rig.claim("w").await.expect("it waits");
        assert_eq!((claimed.lease.epoch, claimed.job.attempts), (LeaseEpoch(i64::from(run)), run));
        rig.lapse(id).await;
        let expired = rig.store.expire(10, 2).await.expect("it answers").taken;
        assert_eq!(expired.len(), 1);
        assert_eq!((expired[0].how, &expired[0].worker_id), (ExpiredHow::Lease, &Some(WorkerId("w".to_owned()))));
        let row = Job { input: None, ..rig.row(&scope, id).await };
        assert_eq!(expired[0].job, row, "without its snapshot");
        let expected = if run < 3 { (Status::Queued, run) } else { (Status::Failed, 2) };
        assert_eq!((expired[0].job.status, expired[0].job.rescue_count), expected);
    }
    assert_eq!(rig.claim("w").await, None, "it ran three times and never again");
    let row = rig.row(&scope, id).await;
    assert_eq!((row.error_class, row.error_code.as_deref()), (Some(ErrorClass::System), Some("worker_lost")));
    assert!(row.error_message.expect("a message").contains("No se cobró nada"), "in the snapshot's language");
    assert!(row.finished_at.is_some() && row.worker_id.is_none() && row.lease_expires_at.is_none());
    let credits = rig.store.credits(&scope).await.expect("it answers").expect("they count");
    assert_eq!((credits.balance, credits.frozen), (1, 0));
    rig.assert_books_balance(&scope).await;
}

pub(crate) async fn a_live_lease_is_left_alone(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let claimed = rig.running(&scope, "q-1", "w").await;
    rig.enqueue(&scope, "q-2").await;
    rig.pass(claimed.job.id, Duration::from_secs(40)).await;
    assert_eq!(rig.store.expire(10, 2).await.expect("it answers").taken, []);
    assert_eq!(rig.row(&scope, claimed.job.id).await.status, Status::Running);
}

pub(crate) async fn the_deadline_counts_despite_heartbeats(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let claimed = rig.running(&scope, "q-1", "w").await;
    rig.overrun(claimed.job.id).await;
    let mut heartbeat = rig.store.heartbeat().await.expect("a heartbeat");
    let beats = [HeldLease { lease: claimed.lease.clone(), progress: 50 }];
    let answers = heartbeat.extend(&beats, Duration::from_secs(60)).await.expect("it answers");
    assert_eq!(answers, [HeartbeatAnswer::Held]);
    let expired = rig.store.expire(10, 2).await.expect("it answers").taken;
    assert_eq!(expired.iter().map(|expired| expired.how).collect::<Vec<_>>(), [ExpiredHow::Deadline]);
    assert_eq!(expired[0].job.status, Status::Queued);
    let answers = heartbeat.extend(&beats, Duration::from_secs(60)).await.expect("it answers");
    assert_eq!(answers, [HeartbeatAnswer::Lost]);
}

pub(crate) async fn a_cancelled_job_is_not_rescued(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.store.grant_credits(&scope, 1, "start").await.expect("a credit");
    let claimed = rig.running(&scope, "q-1", "w").await;
    rig.store.request_cancel(&scope, claimed.job.id).await.expect("it answers");
    rig.lapse(claimed.job.id).await;
    let expired = rig.store.expire(10, 2).await.expect("it answers").taken;
    assert_eq!((expired[0].job.status, expired[0].job.rescue_count), (Status::Cancelled, 0));
    let credits = rig.store.credits(&scope).await.expect("it answers").expect("they count");
    assert_eq!((credits.balance, credits.frozen), (1, 0));
}

pub(crate) async fn the_limit_takes_the_rest_next_time(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    for number in 0..5 {
        let claimed = rig.running(&scope, &format!("q-{number}"), "w").await;
        rig.lapse(claimed.job.id).await;
    }
    let mut counts = Vec::new();
    for _ in 0..3 {
        counts.push(rig.store.expire(3, 2).await.expect("it answers").taken.len());
    }
    assert_eq!(counts, [3, 2, 0]);
}

pub(crate) async fn two_reconcilers_rescue_once(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    for number in 0..40 {
        let claimed = rig.running(&scope, &format!("q-{number}"), "w").await;
        rig.lapse(claimed.job.id).await;
    }
    let (first, second) = (rig.another().await, rig.another().await);
    let both = tokio::join!(
        tokio::spawn(async move { first.expire(100, 2).await.expect("it answers").taken.len() }),
        tokio::spawn(async move { second.expire(100, 2).await.expect("it answers").taken.len() }),
    );
    let mut sum = both.0.expect("no panic") + both.1.expect("no panic");
    // What one skipped because the other held it may be left when the other was quicker to look than to write.
    sum += rig.store.expire(100, 2).await.expect("it answers").taken.len();
    assert_eq!(sum, 40, "each once");
    assert_eq!(rig.number("select count(*) from video_render_jobs where rescue_count = 1").await, 40);
    assert_eq!(rig.number("select count(*) from video_render_events where source = 'reconciler'").await, 40);
}

pub(crate) async fn a_completion_is_never_undone(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.store.grant_credits(&scope, 100, "start").await.expect("credits");
    let (worker, reconciler) = (rig.another().await, rig.another().await);
    let mut succeeded = 0;
    for turn in 0..30 {
        let claimed = rig.running(&scope, &format!("q-{turn}"), "w").await;
        rig.lapse(claimed.job.id).await;
        let lease = claimed.lease.clone();
        let finish = tokio::spawn({
            let worker = Arc::clone(&worker);
            async move { worker.succeed(&lease, &output(&lease)).await.expect("it answers") }
        });
        let rescue = tokio::spawn({
            let reconciler = Arc::clone(&reconciler);
            async move { reconciler.expire(10, 2).await.expect("it answers").taken }
        });
        let (held, expired) = (finish.await.expect("no panic"), rescue.await.expect("no panic"));
        let row = rig.row(&scope, claimed.job.id).await;
        match held {
            Held::Yes => {
                assert_eq!((row.status, expired.len()), (Status::Succeeded, 0));
                succeeded += 1;
            }
            Held::Lost => {
                assert_eq!((row.status, row.output, expired.len()), (Status::Queued, None, 1));
                rig.store.request_cancel(&scope, row.id).await.expect("it answers");
            }
        }
    }
    let credits = rig.store.credits(&scope).await.expect("it answers").expect("they count");
    assert_eq!((credits.balance, credits.frozen), (100 - succeeded, 0));
    rig.assert_books_balance(&scope).await;
}

pub(crate) async fn a_rescued_file_is_rendered_again_elsewhere(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let dead = rig.running(&scope, "q-1", "dead").await;
    for stage in [Stage::Render, Stage::Upload] {
        let _ = rig.store.begin_stage(&dead.lease, stage).await.expect("it answers");
    }
    rig.lapse(dead.job.id).await;
    rig.store.expire(10, 2).await.expect("it answers");
    let heir = rig.claim("heir").await.expect("nobody has to wait for the dead");
    assert_eq!((heir.job.id, heir.stage()), (dead.job.id, Stage::Render));
}

pub(crate) async fn a_row_that_cannot_move_holds_up_no_other(rig: Arc<Rig>) {
    let (broken, sound) = (company("cmp-1"), company("cmp-2"));
    rig.store.grant_credits(&broken, 5, "start").await.expect("credits");
    let mut stuck = Vec::new();
    for number in 0..3 {
        let claimed = rig.running(&broken, &format!("q-{number}"), "w").await;
        rig.lapse(claimed.job.id).await;
        rig.pass(claimed.job.id, Duration::from_secs(600)).await;
        stuck.push(claimed.job.id);
    }
    let mut good = Vec::new();
    for number in 0..3 {
        let claimed = rig.running(&sound, &format!("q-{number}"), "w").await;
        rig.lapse(claimed.job.id).await;
        good.push(claimed.job.id);
    }
    let said = rig.spoil_books().await;
    for round in 0..2 {
        let expiry = rig.store.expire(2, 0).await.expect("it answers");
        let mut reported: Vec<_> = expiry.stuck.iter().map(|row| row.job_id).collect();
        reported.sort();
        assert_eq!(reported, stuck, "round {round}: they are reported");
        assert!(expiry.stuck.iter().all(|row| row.problem.contains(said)), "{expiry:?}");
        let moved: Vec<_> = expiry.taken.iter().map(|expired| expired.job.id).collect();
        assert_eq!(moved, if round == 0 { &good[..2] } else { &good[2..] }, "round {round}");
    }
    rig.repair_books(3).await;
    let expiry = rig.store.expire(10, 0).await.expect("it answers");
    assert_eq!((expiry.taken.len(), expiry.stuck.len()), (3, 0));
    rig.assert_books_balance(&broken).await;
}

pub(crate) async fn a_rescued_job_tells_what_happened(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let codes = [("worker_lost", false), ("render_timed_out", true)];
    let claimed = rig.running(&scope, "q-1", "w").await;
    for (code, deadline) in codes {
        if deadline {
            rig.overrun(claimed.job.id).await
        } else {
            rig.lapse(claimed.job.id).await
        }
        let taken = rig.store.expire(10, 1).await.expect("it answers").taken;
        let row = rig.row(&scope, claimed.job.id).await;
        assert_eq!(taken[0].job, Job { input: None, ..row.clone() }, "without its snapshot");
        assert_eq!((row.error_class, row.error_code.as_deref()), (Some(ErrorClass::System), Some(code)));
        assert_eq!(row.error_message.is_some(), row.status == Status::Failed, "the customer reads of the end alone");
        rig.claim("w").await;
    }
    assert_eq!(rig.row(&scope, claimed.job.id).await.status, Status::Failed);
}
