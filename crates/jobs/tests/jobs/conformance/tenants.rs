//! Another tenant's job and a job that does not exist get the same answer, everywhere.

use std::sync::Arc;

use quotereel_jobs::job::{Job, JobId, Lease, Stage, Status, TenantScope};
use quotereel_jobs::queue::{CancelOutcome, EnqueueError, Enqueued, HeartbeatAnswer, Held, HeldLease, JobFilter};

use crate::rig::{Rig, broken, company, output, quote, rules};

/// Jobs that the company cannot have: another's, and none.
fn foreign_and_missing(foreign: JobId) -> [JobId; 2] {
    [foreign, JobId(uuid::Uuid::now_v7())]
}

pub(crate) async fn a_job_is_seen_by_its_tenant_alone(rig: Arc<Rig>) {
    let (mine, theirs) = (company("cmp-1"), company("cmp-2"));
    let job = rig.enqueue(&theirs, "q-1").await;
    for id in foreign_and_missing(job.id) {
        assert_eq!(rig.store.job(&mine, id).await.expect("it answers"), None);
        assert_eq!(rig.store.events(&mine, id).await.expect("it answers"), None);
    }
    assert_eq!(rig.store.jobs(&mine, &JobFilter::default()).await.expect("it answers"), []);
    assert_eq!(rig.row(&theirs, job.id).await.id, job.id);
}

pub(crate) async fn lists_are_newest_first_and_paged(rig: Arc<Rig>) {
    let (mine, theirs) = (company("cmp-1"), company("cmp-2"));
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(rig.enqueue(&mine, &format!("q-{number}")).await.id);
        rig.enqueue(&theirs, &format!("q-{number}")).await;
    }
    made.reverse();
    let ids = async |filter: JobFilter| -> Vec<JobId> {
        rig.store.jobs(&mine, &filter).await.expect("it answers").iter().map(|job| job.id).collect()
    };
    assert_eq!(ids(JobFilter::default()).await, made);
    assert_eq!(ids(JobFilter { limit: 2, ..JobFilter::default() }).await, made[..2]);
    assert_eq!(ids(JobFilter { limit: 2, before: Some(made[1]), ..JobFilter::default() }).await, made[2..4]);
    assert_eq!(ids(JobFilter { before: Some(made[4]), ..JobFilter::default() }).await, []);
    assert_eq!(ids(JobFilter { entity_id: Some("q-3".to_owned()), ..JobFilter::default() }).await, made[1..2]);
    rig.store.request_cancel(&mine, made[2]).await.expect("it answers");
    assert_eq!(ids(JobFilter { status: Some(Status::Cancelled), ..JobFilter::default() }).await, made[2..3]);
    assert_eq!(ids(JobFilter { status: Some(Status::Queued), ..JobFilter::default() }).await.len(), 4);
    let listed = rig.store.jobs(&mine, &JobFilter { limit: 1, ..JobFilter::default() }).await.expect("it answers");
    let row = Job { input: None, ..rig.row(&mine, made[0]).await };
    assert_eq!(listed, [row], "a list carries no snapshots");
}

pub(crate) async fn a_page_before_a_foreign_job_is_as_before_none(rig: Arc<Rig>) {
    let (mine, theirs) = (company("cmp-1"), company("cmp-2"));
    rig.enqueue(&mine, "q-1").await;
    let foreign = rig.enqueue(&theirs, "q-1").await.id;
    let mut answers = Vec::new();
    for id in foreign_and_missing(foreign) {
        let filter = JobFilter { before: Some(id), ..JobFilter::default() };
        answers.push(rig.store.jobs(&mine, &filter).await.expect("it answers"));
    }
    assert_eq!(answers[0], answers[1]);
}

pub(crate) async fn a_cancel_needs_the_tenant(rig: Arc<Rig>) {
    let (mine, theirs) = (company("cmp-1"), company("cmp-2"));
    let queued = rig.enqueue(&theirs, "q-1").await.id;
    for id in foreign_and_missing(queued) {
        assert_eq!(rig.store.request_cancel(&mine, id).await.expect("it answers"), CancelOutcome::NotFound);
    }
    assert_eq!(rig.row(&theirs, queued).await.status, Status::Queued);
    rig.claim("w").await.expect("it waits");
    assert_eq!(rig.store.request_cancel(&mine, queued).await.expect("it answers"), CancelOutcome::NotFound);
    assert_eq!(rig.row(&theirs, queued).await.cancel_requested_at, None);
}

pub(crate) async fn a_retry_needs_the_tenant(rig: Arc<Rig>) {
    let (mine, theirs) = (company("cmp-1"), company("cmp-2"));
    let failed = rig.failed(&theirs, "q-1").await.id;
    for id in foreign_and_missing(failed) {
        let refused = rig.store.retry(&mine, id, &rules()).await;
        assert!(matches!(refused, Err(EnqueueError::NotFound)), "{refused:?}");
    }
    assert_eq!(rig.number("select count(*) from video_render_jobs").await, 1);
}

pub(crate) async fn an_output_needs_the_tenant(rig: Arc<Rig>) {
    let (mine, theirs) = (company("cmp-1"), company("cmp-2"));
    let made = rig.succeeded(&theirs, "q-1").await;
    let key = made.output.clone().expect("it has one").output_key;
    for id in foreign_and_missing(made.id) {
        assert!(!rig.store.output_lost(&mine, id, &key).await.expect("it answers"));
        assert!(!rig.store.output_expired(&mine, id).await.expect("it answers"));
    }
    assert_eq!(rig.row(&theirs, made.id).await, made);
}

pub(crate) async fn a_lease_of_another_company_is_lost(rig: Arc<Rig>) {
    let (mine, theirs) = (company("cmp-1"), company("cmp-2"));
    let claimed = rig.running(&theirs, "q-1", "w").await;
    let store = &rig.store;
    for id in foreign_and_missing(claimed.job.id) {
        let lease = Lease { job_id: id, scope: mine.clone(), epoch: claimed.lease.epoch };
        let pause = std::time::Duration::ZERO;
        assert_eq!(store.begin_stage(&lease, Stage::Render).await.expect("it answers"), Held::Lost);
        assert_eq!(store.count_upload(&lease).await.expect("it answers"), Held::Lost);
        assert_eq!(store.succeed(&lease, &output(&lease)).await.expect("it answers"), Held::Lost);
        assert_eq!(store.fail(&lease, &broken(), "No.").await.expect("it answers"), Held::Lost);
        assert_eq!(store.retry_later(&lease, &broken(), pause, None).await.expect("it answers"), Held::Lost);
        assert_eq!(store.release(&lease, "shutdown", pause, None).await.expect("it answers"), Held::Lost);
        assert_eq!(store.stopped(&lease).await.expect("it answers"), Held::Lost);
        let mut heartbeat = store.heartbeat().await.expect("a heartbeat");
        let beats = [HeldLease { lease, progress: 50 }];
        let answers = heartbeat.extend(&beats, std::time::Duration::from_secs(60)).await.expect("it answers");
        assert_eq!(answers, [HeartbeatAnswer::Lost]);
    }
    assert_eq!(rig.row(&theirs, claimed.job.id).await, claimed.job);
}

pub(crate) async fn an_organization_narrows_further(rig: Arc<Rig>) {
    let inside = TenantScope::new(Some("org-1"), "cmp-1").expect("legal ids");
    let beside = TenantScope::new(Some("org-2"), "cmp-1").expect("legal ids");
    let whole = company("cmp-1");
    let job = rig.enqueue(&inside, "q-1").await;
    assert_eq!(rig.store.job(&beside, job.id).await.expect("it answers"), None);
    assert_eq!(rig.store.jobs(&beside, &JobFilter::default()).await.expect("it answers"), []);
    assert_eq!(rig.store.request_cancel(&beside, job.id).await.expect("it answers"), CancelOutcome::NotFound);
    assert_eq!(rig.row(&inside, job.id).await, rig.row(&whole, job.id).await);
}

pub(crate) async fn a_row_from_before_organizations_is_the_companys(rig: Arc<Rig>) {
    let (inside, whole) = (TenantScope::new(Some("org-1"), "cmp-1").expect("legal ids"), company("cmp-1"));
    let old = rig.enqueue(&whole, "q-1").await;
    assert_eq!(rig.store.job(&inside, old.id).await.expect("it answers"), None);
    assert_eq!(rig.row(&whole, old.id).await, old);
    rig.change(format!("update video_render_jobs set organization_id = 'org-1' where id = '{}'", old.id)).await;
    assert_eq!(rig.row(&inside, old.id).await.scope, inside, "an operator gave it its organization");
}

pub(crate) async fn a_sibling_organizations_equal_job_is_a_clean_refusal(rig: Arc<Rig>) {
    let inside = TenantScope::new(Some("org-1"), "cmp-1").expect("legal ids");
    let beside = TenantScope::new(Some("org-2"), "cmp-1").expect("legal ids");
    let job = rig.enqueue(&inside, "q-1").await;
    let refused = rig.store.enqueue(&beside, &quote("q-1"), &rules()).await;
    assert!(matches!(refused, Err(EnqueueError::OtherOrganization)), "{refused:?}");
    let other = rig.store.enqueue(&beside, &quote("q-2"), &rules()).await;
    assert!(matches!(other, Ok(Enqueued::New(_))), "{other:?}");
    rig.store.request_cancel(&inside, job.id).await.expect("it answers");
    let free = rig.store.enqueue(&beside, &quote("q-1"), &rules()).await;
    assert!(matches!(free, Ok(Enqueued::New(_))), "{free:?}");
}

pub(crate) async fn no_reference_leads_to_another_company(rig: Arc<Rig>) {
    let (mine, theirs) = (company("cmp-1"), company("cmp-2"));
    let foreign = rig.failed(&theirs, "q-1").await.id;
    let own = rig.enqueue(&mine, "q-2").await.id;
    let forged = [
        format!("update video_render_jobs set retry_of = '{foreign}' where id = '{own}'"),
        format!(
            "insert into video_render_events (job_id, company_id, kind, new_status, source)
             values ('{foreign}', 'cmp-1', 'VIDEO_RENDER_STARTED', 'running', 'operator')"
        ),
        format!(
            "insert into webhook_deliveries (id, job_id, company_id, payload)
             values ('00000000-0000-7000-8000-000000000001', '{foreign}', 'cmp-1', '')"
        ),
    ];
    for sql in forged {
        let refused = rig.refused(sql.clone()).await;
        assert!(refused.to_lowercase().contains("foreign key"), "{sql}: {refused}");
    }
}
