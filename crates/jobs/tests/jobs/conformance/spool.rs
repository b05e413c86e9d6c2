//! A finished file waits on the disk of one worker: that worker comes first, others come later and render.

use std::sync::Arc;
use std::time::Duration;

use quotereel_jobs::job::{LeaseEpoch, Stage, Status, WorkerId};
use quotereel_jobs::queue::{AdoptRequest, ClaimRequest, Claimed, Held, SpoolHold};

use crate::rig::{Rig, asks, broken, company, output, spool_of};

const PAUSE: Duration = Duration::from_secs(10);
const OTHERS: Duration = Duration::from_secs(600);

fn hold(worker: &str) -> SpoolHold {
    SpoolHold { spool_id: spool_of(worker), others_in: OTHERS }
}

/// A restarted process of that worker's host, which reads the same spool.
fn adoption(claimed: &Claimed, worker: &str) -> AdoptRequest {
    AdoptRequest {
        job_id: claimed.job.id,
        scope: claimed.lease.scope.clone(),
        epoch: claimed.lease.epoch,
        snapshot_hash: claimed.job.snapshot_hash.clone(),
        worker_id: WorkerId(format!("{worker}-restarted")),
        spool_id: spool_of(worker),
        max_rescues: 2,
        lease: Duration::from_secs(60),
        deadline: Duration::from_secs(720),
    }
}

/// Rendered by `own`, whose upload then failed.
async fn held_back(rig: &Rig) -> Claimed {
    let claimed = rig.running(&company("cmp-1"), "q-1", "own").await;
    for stage in [Stage::Render, Stage::Upload] {
        assert_eq!(rig.store.begin_stage(&claimed.lease, stage).await.expect("it answers"), Held::Yes);
    }
    let held = rig.store.retry_later(&claimed.lease, &broken(), PAUSE, Some(&hold("own"))).await;
    assert_eq!(held.expect("it answers"), Held::Yes);
    let row = rig.row(&claimed.lease.scope, claimed.job.id).await;
    assert_eq!((row.status, row.stage, row.spool_id), (Status::Queued, Stage::Upload, Some(spool_of("own"))));
    claimed
}

pub(crate) async fn the_own_worker_comes_first(rig: Arc<Rig>) {
    let claimed = held_back(&rig).await;
    assert_eq!(rig.claim("own").await, None, "not before its pause");
    rig.pass(claimed.job.id, PAUSE + Duration::from_secs(1)).await;
    assert_eq!(rig.claim("other").await, None, "not yet");
    let again = rig.claim("own").await.expect("its pause is over");
    assert_eq!((again.job.id, again.stage()), (claimed.job.id, Stage::Upload));
    assert_eq!((again.lease.epoch, again.job.attempts), (LeaseEpoch(2), 2));
    assert_eq!((again.job.render_attempts, again.job.upload_attempts), (1, 1));
    assert!(again.waited < Duration::from_secs(20), "{:?}", again.waited);
    assert_eq!(again.job.spool_id, Some(spool_of("own")));
}

pub(crate) async fn others_come_later_and_render(rig: Arc<Rig>) {
    let claimed = held_back(&rig).await;
    rig.pass(claimed.job.id, OTHERS + Duration::from_secs(1)).await;
    let again = rig.claim("other").await.expect("anybody may now");
    assert_eq!((again.job.id, again.stage()), (claimed.job.id, Stage::Render));
    assert_eq!(again.job.spool_id, Some(spool_of("other")), "a running job names its worker's spool");
    // The same by a release, and the own worker still uploads however late it is.
    let held = rig.store.release(&again.lease, "paused", PAUSE, Some(&hold("other"))).await;
    assert_eq!(held.expect("it answers"), Held::Yes);
    rig.pass(claimed.job.id, OTHERS + Duration::from_secs(1)).await;
    let last = rig.claim("other").await.expect("it waits");
    assert_eq!((last.job.id, last.stage(), last.job.attempts), (claimed.job.id, Stage::Upload, 2));
}

pub(crate) async fn own_files_come_before_other_work(rig: Arc<Rig>) {
    let claimed = held_back(&rig).await;
    let other = rig.enqueue(&company("cmp-2"), "q-2").await;
    rig.pass(other.id, Duration::from_secs(3_600)).await;
    rig.pass(claimed.job.id, PAUSE + Duration::from_secs(1)).await;
    let both = rig.store.claim(&ClaimRequest { max_jobs: 2, ..asks("own") }).await.expect("it answers");
    let ids: Vec<_> = both.iter().map(|claimed| claimed.job.id).collect();
    assert_eq!(ids, [claimed.job.id, other.id]);
}

pub(crate) async fn a_running_job_is_adopted(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let dead = rig.running(&scope, "q-1", "own").await;
    let _ = rig.store.begin_stage(&dead.lease, Stage::Render).await.expect("it answers");
    let adopted = rig.store.adopt(&adoption(&dead, "own")).await.expect("it answers").expect("the file is good");
    assert_eq!((adopted.job.id, adopted.stage()), (dead.job.id, Stage::Upload));
    assert_eq!((adopted.lease.epoch, adopted.job.attempts, adopted.job.rescue_count), (LeaseEpoch(2), 1, 1));
    assert_eq!(adopted.job.worker_id, Some(WorkerId("own-restarted".to_owned())));
    assert_eq!(rig.row(&scope, dead.job.id).await, adopted.job);
    assert_eq!(rig.store.succeed(&dead.lease, &output(&dead.lease)).await.expect("it answers"), Held::Lost);
    assert_eq!(rig.store.adopt(&adoption(&dead, "own")).await.expect("it answers"), None, "only once by one process");
    assert_eq!(rig.store.succeed(&adopted.lease, &output(&adopted.lease)).await.expect("it answers"), Held::Yes);
}

pub(crate) async fn a_queued_job_is_adopted(rig: Arc<Rig>) {
    let claimed = held_back(&rig).await;
    let adopted = rig.store.adopt(&adoption(&claimed, "own")).await.expect("it answers").expect("the file is good");
    assert_eq!((adopted.stage(), adopted.lease.epoch, adopted.job.attempts), (Stage::Upload, LeaseEpoch(2), 2));
    // Rescued by the reconciler before the host came back: still worth more than a new render.
    rig.lapse(claimed.job.id).await;
    assert_eq!(rig.store.expire(10, 2).await.expect("it answers").taken.len(), 1);
    let adopted = rig.store.adopt(&adoption(&claimed, "own")).await.expect("it answers").expect("the file is good");
    assert_eq!((adopted.stage(), adopted.lease.epoch, adopted.job.attempts), (Stage::Upload, LeaseEpoch(3), 3));
}

pub(crate) async fn a_worthless_file_is_not_adopted(rig: Arc<Rig>) {
    let (scope, other) = (company("cmp-1"), company("cmp-2"));
    let dead = rig.running(&scope, "q-1", "own").await;
    let good = adoption(&dead, "own");
    let worthless = [
        AdoptRequest { worker_id: WorkerId("own".to_owned()), ..good.clone() },
        AdoptRequest { max_rescues: 0, ..good.clone() },
        AdoptRequest { epoch: LeaseEpoch(2), ..good.clone() },
        AdoptRequest { snapshot_hash: "0".repeat(64), ..good.clone() },
        AdoptRequest { spool_id: spool_of("other"), ..good.clone() },
        AdoptRequest { scope: other, ..good.clone() },
        AdoptRequest { job_id: quotereel_jobs::job::JobId(uuid::Uuid::now_v7()), ..good.clone() },
    ];
    for request in &worthless {
        assert_eq!(rig.store.adopt(request).await.expect("it answers"), None, "{request:?}");
    }
    assert_eq!(rig.row(&scope, dead.job.id).await, dead.job);
    rig.store.request_cancel(&scope, dead.job.id).await.expect("it answers");
    assert_eq!(rig.store.adopt(&good).await.expect("it answers"), None, "somebody wants it stopped");
    let _ = rig.store.stopped(&dead.lease).await.expect("it answers");
    assert_eq!(rig.store.adopt(&good).await.expect("it answers"), None, "it has ended");
}

pub(crate) async fn a_file_survives_several_deaths_but_not_without_end(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let dead = rig.running(&scope, "q-1", "own").await;
    // Each process that adopts it dies at once; the file is still that of the first epoch.
    for death in 1..=2 {
        let heir = AdoptRequest { worker_id: WorkerId(format!("own-{death}")), ..adoption(&dead, "own") };
        let adopted = rig.store.adopt(&heir).await.expect("it answers").expect("the file is good");
        assert_eq!((adopted.lease.epoch, adopted.job.rescue_count), (LeaseEpoch(1 + i64::from(death)), death));
        assert_eq!((adopted.stage(), adopted.job.attempts), (Stage::Upload, 1));
    }
    let last = AdoptRequest { worker_id: WorkerId("own-3".to_owned()), ..adoption(&dead, "own") };
    assert_eq!(rig.store.adopt(&last).await.expect("it answers"), None, "it kills whoever takes it");
    rig.lapse(dead.job.id).await;
    rig.store.expire(10, 2).await.expect("it answers");
    assert_eq!(rig.row(&scope, dead.job.id).await.status, Status::Failed);
}

pub(crate) async fn a_rescued_file_is_uploaded_by_its_own_worker(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let dead = rig.running(&scope, "q-1", "own").await;
    for stage in [Stage::Render, Stage::Upload] {
        assert_eq!(rig.store.begin_stage(&dead.lease, stage).await.expect("it answers"), Held::Yes);
    }
    rig.lapse(dead.job.id).await;
    let row = rig.store.expire(10, 2).await.expect("it answers").taken.remove(0).job;
    assert_eq!((row.status, row.stage, row.spool_id), (Status::Queued, Stage::Upload, Some(spool_of("own"))));
    let again = rig.claim("own").await.expect("it need not wait");
    assert_eq!((again.job.id, again.stage(), again.job.render_attempts), (dead.job.id, Stage::Upload, 1));
}
