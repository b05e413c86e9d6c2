//! A write needs the present lease: a zombie changes nothing, whatever it tries.

use std::sync::Arc;
use std::time::Duration;

use quotereel_jobs::job::{Job, Lease, LeaseEpoch, Stage, Status};
use quotereel_jobs::queue::{CancelOutcome, HeartbeatAnswer, Held, HeldLease};

use crate::rig::{Rig, broken, company, output, spool_of};

const LEASE: Duration = Duration::from_secs(60);

/// Tries every write that needs a lease; all must find it lost, and the row as it was.
async fn assert_lost(rig: &Rig, lease: &Lease, row: &Job) {
    let store = &rig.store;
    let hold = quotereel_jobs::queue::SpoolHold { spool_id: spool_of("zombie"), others_in: LEASE };
    for stage in Stage::ALL {
        assert_eq!(store.begin_stage(lease, stage).await.expect("it answers"), Held::Lost, "begin {stage}");
    }
    assert_eq!(store.count_upload(lease).await.expect("it answers"), Held::Lost, "count_upload");
    assert_eq!(store.succeed(lease, &output(lease)).await.expect("it answers"), Held::Lost, "succeed");
    assert_eq!(store.fail(lease, &broken(), "No.").await.expect("it answers"), Held::Lost, "fail");
    for hold in [None, Some(&hold)] {
        assert_eq!(store.retry_later(lease, &broken(), LEASE, hold).await.expect("it answers"), Held::Lost, "retry");
        assert_eq!(store.release(lease, "shutdown", LEASE, hold).await.expect("it answers"), Held::Lost, "release");
    }
    assert_eq!(store.stopped(lease).await.expect("it answers"), Held::Lost, "stopped");
    let mut heartbeat = store.heartbeat().await.expect("a heartbeat");
    let beats = [HeldLease { lease: lease.clone(), progress: 99 }];
    assert_eq!(heartbeat.extend(&beats, LEASE).await.expect("it answers"), [HeartbeatAnswer::Lost], "beat");
    assert_eq!(&rig.row(&lease.scope, lease.job_id).await, row, "the row is untouched");
}

pub(crate) async fn every_write_needs_the_present_epoch(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    rig.store.grant_credits(&scope, 5, "start").await.expect("credits");
    let zombie = rig.running(&scope, "q-1", "zombie").await;
    rig.lapse(zombie.job.id).await;
    assert_eq!(rig.store.expire(10, 2).await.expect("it answers").taken.len(), 1);
    // Queued again: nobody holds it.
    assert_lost(&rig, &zombie.lease, &rig.row(&scope, zombie.job.id).await).await;
    let heir = rig.claim("heir").await.expect("it waits again");
    assert_eq!(heir.lease.epoch, LeaseEpoch(2));
    assert_lost(&rig, &zombie.lease, &heir.job).await;
    // Nor does an epoch of the future.
    let ahead = Lease { epoch: LeaseEpoch(3), ..heir.lease.clone() };
    assert_lost(&rig, &ahead, &heir.job).await;
    let _ = rig.store.succeed(&heir.lease, &output(&heir.lease)).await.expect("it answers");
    let done = rig.row(&scope, heir.job.id).await;
    assert_lost(&rig, &zombie.lease, &done).await;
    assert_eq!(done.output, Some(output(&heir.lease)));
    assert_eq!(rig.number("select count(*) from credit_entries where kind <> 'grant'").await, 2, "freeze, capture");
}

pub(crate) async fn the_same_worker_twice_is_two_leases(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let first = rig.running(&scope, "q-1", "w").await;
    rig.lapse(first.job.id).await;
    rig.store.expire(10, 2).await.expect("it answers");
    let second = rig.claim("w").await.expect("it waits again");
    assert_eq!(second.job.worker_id, first.job.worker_id);
    assert_lost(&rig, &first.lease, &second.job).await;
    // Released and claimed again: attempts are back where they were, the epoch is not.
    let _ = rig.store.release(&second.lease, "shutdown", Duration::ZERO, None).await.expect("it answers");
    let third = rig.claim("w").await.expect("it waits again");
    assert_eq!((third.job.attempts, third.lease.epoch), (second.job.attempts, LeaseEpoch(3)));
    assert_lost(&rig, &second.lease, &third.job).await;
}

pub(crate) async fn stages_and_their_counters(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let claimed = rig.running(&scope, "q-1", "w").await;
    let counted = async |stage: Stage| {
        assert_eq!(rig.store.begin_stage(&claimed.lease, stage).await.expect("it answers"), Held::Yes);
        let row = rig.row(&scope, claimed.job.id).await;
        assert_eq!(row.stage, stage);
        (row.render_attempts, row.upload_attempts)
    };
    assert_eq!(counted(Stage::Render).await, (1, 0));
    assert_eq!(counted(Stage::Upload).await, (1, 1));
    for _ in 0..2 {
        assert_eq!(rig.store.count_upload(&claimed.lease).await.expect("it answers"), Held::Yes);
    }
    assert_eq!(counted(Stage::Finalize).await, (1, 3));
    let row = rig.row(&scope, claimed.job.id).await;
    assert_eq!((row.status, row.attempts, row.lease_epoch), (Status::Running, 1, LeaseEpoch(1)));
}

pub(crate) async fn a_heartbeat_extends_and_answers(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let (held, wanted_stopped, ended) = (
        rig.running(&scope, "q-1", "w").await,
        rig.running(&scope, "q-2", "w").await,
        rig.running(&scope, "q-3", "w").await,
    );
    let asked = rig.store.request_cancel(&scope, wanted_stopped.job.id).await.expect("it answers");
    assert!(matches!(asked, CancelOutcome::Requested(_)));
    let _ = rig.store.fail(&ended.lease, &broken(), "No.").await.expect("it answers");
    rig.pass(held.job.id, Duration::from_secs(50)).await;
    let before = rig.row(&scope, held.job.id).await;
    let beats = [(&held, 40), (&ended, 50), (&wanted_stopped, 60)]
        .map(|(claimed, progress)| HeldLease { lease: claimed.lease.clone(), progress });
    let mut heartbeat = rig.store.heartbeat().await.expect("a heartbeat");
    let answers = heartbeat.extend(&beats, LEASE).await.expect("it answers");
    assert_eq!(answers, [HeartbeatAnswer::Held, HeartbeatAnswer::Lost, HeartbeatAnswer::CancelRequested]);
    let after = rig.row(&scope, held.job.id).await;
    assert_eq!((after.progress, after.lease_epoch), (40, before.lease_epoch));
    let gained = after.lease_expires_at.expect("a lease") - before.lease_expires_at.expect("a lease");
    assert!((45..=60).contains(&gained.whole_seconds()), "{gained}");
    assert_eq!(after.deadline_at, before.deadline_at, "no heartbeat moves the deadline");
    assert_eq!(rig.row(&scope, wanted_stopped.job.id).await.progress, 60, "it is held until it stops");
    assert_eq!(heartbeat.extend(&[], LEASE).await.expect("it answers"), []);
}

pub(crate) async fn a_look_sees_a_cancel_and_changes_nothing(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let (held, other, ended) = (
        rig.running(&scope, "q-1", "w").await,
        rig.running(&scope, "q-2", "w").await,
        rig.running(&scope, "q-3", "w").await,
    );
    let _ = rig.store.fail(&ended.lease, &broken(), "No.").await.expect("it answers");
    let looked_at = [&held, &ended, &other].map(|claimed| HeldLease { lease: claimed.lease.clone(), progress: 70 });
    let before = rig.row(&scope, held.job.id).await;
    let mut heartbeat = rig.store.heartbeat().await.expect("a heartbeat");
    let answers = heartbeat.look(&looked_at).await.expect("it answers");
    assert_eq!(answers, [HeartbeatAnswer::Held, HeartbeatAnswer::Lost, HeartbeatAnswer::Held]);
    rig.store.request_cancel(&scope, other.job.id).await.expect("it answers");
    let answers = heartbeat.look(&looked_at).await.expect("it answers");
    assert_eq!(answers, [HeartbeatAnswer::Held, HeartbeatAnswer::Lost, HeartbeatAnswer::CancelRequested]);
    assert_eq!(rig.row(&scope, held.job.id).await, before, "neither lease nor progress nor updated_at");
    // Another company's lease, and one of an earlier claim, are lost.
    let foreign = Lease { scope: company("cmp-2"), ..held.lease.clone() };
    let earlier = Lease { epoch: LeaseEpoch(0), ..held.lease.clone() };
    let strangers = [foreign, earlier].map(|lease| HeldLease { lease, progress: 0 });
    let answers = heartbeat.look(&strangers).await.expect("it answers");
    assert_eq!(answers, [HeartbeatAnswer::Lost, HeartbeatAnswer::Lost]);
    assert_eq!(heartbeat.look(&[]).await.expect("it answers"), []);
    // An extension after looks works on the same connection.
    assert_eq!(heartbeat.extend(&looked_at[..1], LEASE).await.expect("it answers"), [HeartbeatAnswer::Held]);
}

pub(crate) async fn a_heartbeat_after_the_lease_holds_until_somebody_takes_it(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let claimed = rig.running(&scope, "q-1", "w").await;
    rig.lapse(claimed.job.id).await;
    let mut heartbeat = rig.store.heartbeat().await.expect("a heartbeat");
    let beats = [HeldLease { lease: claimed.lease.clone(), progress: 10 }];
    assert_eq!(heartbeat.extend(&beats, LEASE).await.expect("it answers"), [HeartbeatAnswer::Held]);
    assert_eq!(rig.store.expire(10, 2).await.expect("it answers").taken, [], "the lease is good again");
}

pub(crate) async fn a_job_that_ended_takes_no_writes(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    for (number, status) in [Status::Succeeded, Status::Failed, Status::Cancelled].into_iter().enumerate() {
        let claimed = rig.running(&scope, &format!("q-{number}"), "w").await;
        let held = match status {
            Status::Succeeded => rig.store.succeed(&claimed.lease, &output(&claimed.lease)).await,
            Status::Failed => rig.store.fail(&claimed.lease, &broken(), "No.").await,
            _ => rig.store.stopped(&claimed.lease).await,
        };
        assert_eq!(held.expect("it answers"), Held::Yes);
        let row = rig.row(&scope, claimed.job.id).await;
        assert_eq!(row.status, status);
        assert_lost(&rig, &claimed.lease, &row).await;
    }
}

pub(crate) async fn a_repeated_write_says_lost_and_the_row_says_why(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let claimed = rig.running(&scope, "q-1", "w").await;
    let made = output(&claimed.lease);
    assert_eq!(rig.store.succeed(&claimed.lease, &made).await.expect("it answers"), Held::Yes);
    // As if that answer had been lost.
    assert_eq!(rig.store.succeed(&claimed.lease, &made).await.expect("it answers"), Held::Lost);
    let row = rig.row(&scope, claimed.job.id).await;
    assert_eq!((row.status, row.lease_epoch, row.output), (Status::Succeeded, claimed.lease.epoch, Some(made)));
    assert_eq!(rig.number("select count(*) from video_render_events where new_status = 'succeeded'").await, 1);
}
