//! Who gets which job next.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use quotereel_jobs::job::{LeaseEpoch, Stage, Status, WorkerId};
use quotereel_jobs::queue::{ClaimRequest, EnqueueRules};

use crate::rig::{Rig, asks, company, output, quote, rules, snapshot};

pub(crate) async fn a_claim_takes_the_lease(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let job = rig.enqueue(&scope, "q-1").await;
    rig.pass(job.id, Duration::from_secs(30)).await;
    let claimed = rig.claim("w-1").await.expect("it waits");
    let row = rig.row(&scope, job.id).await;
    assert_eq!(claimed.job, row);
    assert_eq!((&claimed.lease.scope, claimed.lease.job_id), (&scope, job.id));
    assert_eq!((claimed.lease.epoch, row.lease_epoch), (LeaseEpoch(1), LeaseEpoch(1)));
    assert_eq!((row.status, row.stage, claimed.stage()), (Status::Running, Stage::Render, Stage::Render));
    assert_eq!((row.attempts, row.render_attempts, row.progress), (1, 0, 0));
    assert_eq!((row.worker_id, row.spool_id), (Some(WorkerId("w-1".to_owned())), Some("spool-w-1".to_owned())));
    let started = row.started_at.expect("it has begun");
    assert_eq!(row.lease_expires_at.expect("a lease") - started, ::time::Duration::seconds(60));
    assert_eq!(row.deadline_at.expect("a deadline") - started, ::time::Duration::seconds(720));
    assert!((30..40).contains(&claimed.waited.as_secs()), "{:?}", claimed.waited);
    assert_eq!(claimed.today_last, (started - ::time::Duration::hours(12)).date());
    assert_eq!(rig.claim("w-2").await, None, "nobody else gets it");
}

pub(crate) async fn an_empty_queue_gives_nothing(rig: Arc<Rig>) {
    assert_eq!(rig.store.claim(&asks("w")).await.expect("it answers"), []);
    rig.succeeded(&company("cmp-1"), "q-1").await;
    assert_eq!(rig.store.claim(&ClaimRequest { max_jobs: 10, ..asks("w") }).await.expect("it answers"), []);
    rig.enqueue(&company("cmp-1"), "q-2").await;
    assert_eq!(rig.store.claim(&ClaimRequest { max_jobs: 0, ..asks("w") }).await.expect("it answers"), []);
}

pub(crate) async fn a_job_for_later_waits(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let claimed = rig.running(&scope, "q-1", "w").await;
    let pause = Duration::from_secs(100);
    let _ = rig.store.retry_later(&claimed.lease, &crate::rig::broken(), pause, None).await.expect("it answers");
    assert_eq!(rig.claim("w").await, None);
    // Another job of the same company does not wait with it.
    let other = rig.enqueue(&scope, "q-2").await;
    assert_eq!(rig.claim("w").await.map(|claimed| claimed.job.id), Some(other.id));
    rig.pass(claimed.job.id, pause + Duration::from_secs(1)).await;
    let again = rig.claim("w").await.expect("its time has come");
    assert_eq!((again.job.id, again.lease.epoch), (claimed.job.id, LeaseEpoch(2)));
    assert!(again.waited < Duration::from_secs(20), "only since it might be claimed: {:?}", again.waited);
}

pub(crate) async fn the_oldest_goes_first(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let mut ids = Vec::new();
    for number in 0..4 {
        ids.push(rig.enqueue(&scope, &format!("q-{number}")).await.id);
    }
    rig.pass(ids[2], Duration::from_secs(60)).await;
    let mut claimed = Vec::new();
    while let Some(next) = rig.claim("w").await {
        claimed.push(next.job.id);
    }
    assert_eq!(claimed, [ids[2], ids[0], ids[1], ids[3]]);
}

pub(crate) async fn the_tenant_with_the_fewest_running_goes_first(rig: Arc<Rig>) {
    let tenants = [company("cmp-1"), company("cmp-2"), company("cmp-3")];
    for (tenant, jobs) in tenants.iter().zip([3, 2, 1]) {
        for number in 0..jobs {
            rig.enqueue(tenant, &format!("q-{number}")).await;
        }
    }
    let mut order = Vec::new();
    let mut last = None;
    while let Some(next) = rig.claim("w").await {
        order.push(next.job.scope.company_id().to_owned());
        last = Some(next);
    }
    assert_eq!(order, ["cmp-1", "cmp-2", "cmp-3", "cmp-1", "cmp-2", "cmp-1"]);
    // A job that ends makes room: cmp-1 runs two now, as cmp-2 does, and cmp-3 one.
    let last = last.expect("there were jobs");
    let _ = rig.store.succeed(&last.lease, &output(&last.lease)).await.expect("it answers");
    for tenant in &tenants {
        rig.enqueue(tenant, "q-new").await;
    }
    let next = rig.claim("w").await.expect("jobs wait");
    assert_eq!(next.job.scope.company_id(), "cmp-3");
}

pub(crate) async fn one_job_is_not_behind_a_thousand(rig: Arc<Rig>) {
    let (many, one) = (company("cmp-many"), company("cmp-one"));
    let limits = EnqueueRules { max_queued: 1_000, ..rules() };
    for number in 0..1_000 {
        rig.store.enqueue(&many, &quote(&format!("q-{number}")), &limits).await.expect("there is room");
    }
    let first = rig.store.claim(&ClaimRequest { max_jobs: 4, ..asks("w") }).await.expect("it answers");
    assert_eq!(first.len(), 4);
    let job = rig.enqueue(&one, "q-1").await;
    assert_eq!(rig.claim("w").await.map(|claimed| claimed.job.id), Some(job.id));
}

pub(crate) async fn a_tenant_has_a_cap(rig: Arc<Rig>) {
    let (capped, other) = (company("cmp-1"), company("cmp-2"));
    for number in 0..4 {
        rig.enqueue(&capped, &format!("q-{number}")).await;
    }
    let request = ClaimRequest { max_jobs: 10, tenant_cap: 2, ..asks("w") };
    let first = rig.store.claim(&request).await.expect("it answers");
    assert_eq!(first.len(), 2);
    assert_eq!(rig.store.claim(&request).await.expect("it answers"), []);
    rig.enqueue(&other, "q-1").await;
    assert_eq!(rig.store.claim(&request).await.expect("it answers").len(), 1, "the cap is each tenant's own");
    let _ = rig.store.fail(&first[0].lease, &crate::rig::broken(), "No.").await.expect("it answers");
    assert_eq!(rig.store.claim(&request).await.expect("it answers").len(), 1, "one slot is free");
}

pub(crate) async fn a_claim_takes_several(rig: Arc<Rig>) {
    for number in 0..3 {
        rig.enqueue(&company("cmp-1"), &format!("q-{number}")).await;
    }
    let claimed = rig.store.claim(&ClaimRequest { max_jobs: 5, ..asks("w") }).await.expect("it answers");
    let ids: BTreeSet<_> = claimed.iter().map(|claimed| claimed.job.id).collect();
    assert_eq!(ids.len(), 3);
    assert!(claimed.iter().all(|claimed| claimed.job.status == Status::Running && claimed.lease.epoch.0 == 1));
}

pub(crate) async fn sixteen_claimers_and_two_thousand_jobs(rig: Arc<Rig>) {
    let mut enqueuers = tokio::task::JoinSet::new();
    for tenant in 0..8 {
        let rig = Arc::clone(&rig);
        enqueuers.spawn(async move {
            let scope = company(&format!("cmp-{tenant}"));
            for number in 0..250 {
                rig.enqueue(&scope, &format!("q-{number}")).await;
            }
        });
    }
    while let Some(done) = enqueuers.join_next().await {
        done.expect("no panic");
    }
    let mut claimers = tokio::task::JoinSet::new();
    for number in 0..16 {
        let store = rig.another().await;
        claimers.spawn(async move {
            let request = ClaimRequest { max_jobs: 1 + number % 4, ..asks(&format!("w-{number}")) };
            let (mut mine, mut empty) = (Vec::new(), 0);
            // A claim may come back empty-handed because others hold what it looked at: three in a row mean the end.
            while empty < 3 {
                let claimed = store.claim(&request).await.expect("it answers");
                empty = if claimed.is_empty() { empty + 1 } else { 0 };
                mine.extend(claimed.into_iter().map(|claimed| (claimed.job.id, claimed.lease.epoch)));
            }
            mine
        });
    }
    let mut all = Vec::new();
    while let Some(mine) = claimers.join_next().await {
        all.extend(mine.expect("no panic"));
    }
    assert!(all.iter().all(|(_, epoch)| epoch.0 == 1));
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "no job was claimed twice");
    assert_eq!(all.len(), 2_000, "no job was left");
    assert_eq!(rig.number("select sum(lease_epoch) from video_render_jobs where status = 'running'").await, 2_000);
    assert_eq!(rig.lane(None, "running").await, 2_000);
    assert_eq!(rig.lane(None, "queued").await, 0);
}

pub(crate) async fn a_snapshot_that_nobody_can_read_stops_no_claim(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let deep = format!(r#"{{"locale": "es-CL", "a": {}1{}}}"#, "[".repeat(300), "]".repeat(300));
    let mut ids =
        vec![rig.by_hand(&scope, "q-deep", &deep).await, rig.by_hand(&scope, "q-huge", r#"{"n": 1e400}"#).await];
    ids.push(rig.enqueue(&scope, "q-good").await.id);
    let claimed = rig.store.claim(&ClaimRequest { max_jobs: 5, ..asks("w") }).await.expect("it answers");
    assert_eq!(claimed.iter().map(|claimed| claimed.job.id).collect::<Vec<_>>(), ids);
    assert_eq!(snapshot(&claimed[2].job), quote("q-good").input);
    for claimed in &claimed {
        rig.lapse(claimed.job.id).await;
    }
    let expired = rig.store.expire(10, 0).await.expect("it answers");
    assert_eq!((expired.taken.len(), expired.stuck.len()), (3, 0), "nor the reconciler");
    let row = rig.row(&scope, ids[0]).await;
    assert!(row.error_message.expect("a message").contains("No se cobró nada"), "in the snapshot's language");
}
