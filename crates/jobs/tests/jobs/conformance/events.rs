//! The history: each change of state, with the state before and after, who and why.

use std::sync::Arc;
use std::time::Duration;

use quotereel_jobs::job::{EventKind, EventSource, Failure, FailureCode, Job, Lease, Status, TenantScope};
use quotereel_jobs::queue::{Held, SpoolHold};

use crate::rig::{Rig, broken, company, output, spool_of};

type Seen = (EventKind, Option<Status>, Status, EventSource);

async fn events_of(rig: &Rig, scope: &TenantScope, job: &Job) -> Vec<Seen> {
    let events = rig.store.events(scope, job.id).await.expect("it answers").expect("it is there");
    assert!(events.iter().all(|event| event.job_id == job.id && event.created_at >= job.created_at));
    assert!(events.iter().all(|event| event.detail.is_object()));
    events.iter().map(|event| (event.kind, event.old_status, event.new_status, event.source)).collect()
}

pub(crate) async fn a_life_is_recorded_with_old_and_new_state(rig: Arc<Rig>) {
    use EventSource::{Tenant, Worker};
    use Status::{Cancelled, Failed, Queued, Running, Succeeded};
    let scope = company("cmp-1");
    let job = rig.enqueue(&scope, "q-1").await;
    let claimed = rig.claim("w").await.expect("it waits");
    let _ = rig.store.retry_later(&claimed.lease, &broken(), Duration::ZERO, None).await.expect("it answers");
    let claimed = rig.claim("w").await.expect("it waits");
    let _ = rig.store.release(&claimed.lease, "shutdown", Duration::ZERO, None).await.expect("it answers");
    let claimed = rig.claim("w").await.expect("it waits");
    let _ = rig.store.succeed(&claimed.lease, &output(&claimed.lease)).await.expect("it answers");
    let expected = [
        (EventKind::Requested, None, Queued, Tenant),
        (EventKind::Started, Some(Queued), Running, Worker),
        (EventKind::Retried, Some(Running), Queued, Worker),
        (EventKind::Started, Some(Queued), Running, Worker),
        (EventKind::Retried, Some(Running), Queued, Worker),
        (EventKind::Started, Some(Queued), Running, Worker),
        (EventKind::Succeeded, Some(Running), Succeeded, Worker),
    ];
    assert_eq!(events_of(&rig, &scope, &job).await, expected);
    let events = rig.store.events(&scope, job.id).await.expect("it answers").expect("it is there");
    assert_eq!(events[0].correlation_id, "request-1");

    let failed = rig.failed(&scope, "q-2").await;
    let last = (EventKind::Failed, Some(Running), Failed, Worker);
    assert_eq!(events_of(&rig, &scope, &failed).await.last(), Some(&last));
    let called_off = rig.enqueue(&scope, "q-3").await;
    rig.store.request_cancel(&scope, called_off.id).await.expect("it answers");
    let last = (EventKind::Cancelled, Some(Queued), Cancelled, Tenant);
    assert_eq!(events_of(&rig, &scope, &called_off).await.last(), Some(&last));
    let stopped = rig.running(&scope, "q-4", "w").await;
    rig.store.request_cancel(&scope, stopped.job.id).await.expect("it answers");
    let _ = rig.store.stopped(&stopped.lease).await.expect("it answers");
    let last = (EventKind::Cancelled, Some(Running), Cancelled, Worker);
    assert_eq!(events_of(&rig, &scope, &stopped.job).await.last(), Some(&last));
    // What changes no state tells nothing.
    let before = rig.number("select count(*) from video_render_events").await;
    rig.store.request_cancel(&scope, stopped.job.id).await.expect("it answers");
    let _ = rig.store.stopped(&stopped.lease).await.expect("it answers");
    assert_eq!(rig.number("select count(*) from video_render_events").await, before);
}

pub(crate) async fn a_rescue_is_recorded(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let claimed = rig.running(&scope, "q-1", "w").await;
    rig.lapse(claimed.job.id).await;
    rig.store.expire(10, 1).await.expect("it answers");
    rig.claim("w").await.expect("it waits");
    rig.lapse(claimed.job.id).await;
    rig.store.expire(10, 1).await.expect("it answers");
    let expected = [
        (EventKind::Reconciled, Some(Status::Running), Status::Queued, EventSource::Reconciler),
        (EventKind::Started, Some(Status::Queued), Status::Running, EventSource::Worker),
        (EventKind::Reconciled, Some(Status::Running), Status::Failed, EventSource::Reconciler),
    ];
    assert_eq!(events_of(&rig, &scope, &claimed.job).await[2..], expected);
    let made = rig.succeeded(&scope, "q-2").await;
    let key = made.output.clone().expect("it has one").output_key;
    rig.store.output_lost(&scope, made.id, &key).await.expect("it answers");
    let last = (EventKind::Reconciled, Some(Status::Succeeded), Status::Failed, EventSource::Reconciler);
    assert_eq!(events_of(&rig, &scope, &made).await.last(), Some(&last));
    let events = rig.store.events(&scope, made.id).await.expect("it answers").expect("it is there");
    assert_eq!(events.last().expect("events").detail["reconciled_to"], "failed");
}

pub(crate) async fn events_are_the_tenants_own(rig: Arc<Rig>) {
    let (mine, theirs) = (company("cmp-1"), company("cmp-2"));
    let (own, foreign) = (rig.enqueue(&mine, "q-1").await, rig.enqueue(&theirs, "q-1").await);
    assert_eq!(events_of(&rig, &mine, &own).await.len(), 1);
    assert_eq!(rig.store.events(&mine, foreign.id).await.expect("it answers"), None);
    assert_eq!(rig.store.events(&theirs, own.id).await.expect("it answers"), None);
}

pub(crate) async fn an_event_tells_nothing_of_the_inside(rig: Arc<Rig>) {
    let scope = company("cmp-1");
    let inside = Failure::new(FailureCode::RenderFailed, "bucket hidden at http://10.0.0.7/hidden");
    let worker = "hidden-host-1";
    let id = rig.running(&scope, "q-1", worker).await.job.id;
    let lease = async || match rig.claim(worker).await {
        Some(claimed) => claimed.lease,
        None => {
            let row = rig.row(&scope, id).await;
            Lease { job_id: id, scope: scope.clone(), epoch: row.lease_epoch }
        }
    };
    let hold = SpoolHold { spool_id: spool_of(worker), others_in: Duration::ZERO };
    let none = Duration::ZERO;
    assert_eq!(rig.store.retry_later(&lease().await, &inside, none, Some(&hold)).await.expect("it answers"), Held::Yes);
    assert_eq!(rig.store.release(&lease().await, &inside.detail, none, None).await.expect("it answers"), Held::Yes);
    rig.claim(worker).await.expect("it waits");
    rig.lapse(id).await;
    rig.store.expire(10, 2).await.expect("it answers");
    assert_eq!(rig.store.fail(&lease().await, &inside, "No.").await.expect("it answers"), Held::Yes);
    let made = rig.succeeded(&scope, "q-2").await;
    let key = made.output.clone().expect("it has one").output_key;
    rig.store.output_lost(&scope, made.id, &key).await.expect("it answers");
    let mut events = Vec::new();
    for job in [id, made.id] {
        events.extend(rig.store.events(&scope, job).await.expect("it answers").expect("it is there"));
    }
    let known = ["epoch", "attempt", "stage", "errorClass", "errorCode", "reason", "how", "reconciled_to"];
    for event in &events {
        let text = event.detail.to_string();
        assert!(!text.contains("hidden") && !text.contains("http"), "{text}");
        let detail = event.detail.as_object().expect("an object");
        assert!(detail.keys().all(|key| known.contains(&key.as_str())), "{text}");
        let by_worker = event.source != EventSource::Tenant;
        assert_eq!(detail.contains_key("epoch") && detail.contains_key("attempt"), by_worker, "{text}");
    }
    let failed = events.iter().find(|event| event.kind == EventKind::Failed).expect("it failed");
    assert_eq!(
        (&failed.detail["errorCode"], &failed.detail["errorClass"]),
        (&"render_failed".into(), &"system".into())
    );
}
