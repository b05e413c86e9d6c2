//! Removes objects that no row needs, a part of the storage each time: those of claims that lost their lease, and those
//! whose rows are gone.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use super::super::context::Context;
use super::outcome::TaskOutcome;
use crate::job::JobId;
use crate::objects::{ListedObject, ObjectKey, TENANTS_PREFIX};
use crate::queue::ObjectUse;

/// Objects checked in one run.
const BATCH: u32 = 1000;
/// An object without a row is removed when it is this old: far older than any claim, and than any clock is wrong.
const WITHOUT_ROW: Duration = Duration::from_secs(24 * 3600);
/// An object that its job's row does not name is removed when the job ended this long ago.
const AFTER_END: Duration = Duration::from_secs(3600);
/// Where more than this part of a round's jobs have no row, or all of them, this may not be the database that the objects
/// belong to: nothing is removed then. A bucket, or a prefix in it, belongs to one database.
const SUSPICIOUS_PART: usize = 4;

/// Checks the next objects.
pub(super) async fn remove(context: &Context) -> TaskOutcome {
    let listing = match context.storage.list(TENANTS_PREFIX, context.cursors.orphans().as_deref(), BATCH).await {
        Ok(listing) => listing,
        Err(error) => return TaskOutcome::failed(error),
    };
    let objects: Vec<(ObjectKey, JobId, ListedObject)> = listing
        .objects
        .into_iter()
        .filter_map(|object| {
            let key = ObjectKey::parse(&object.key)?;
            let job_id = key.job_object()?.job_id;
            Some((key, job_id, object))
        })
        .collect();
    let mut ids: Vec<JobId> = objects.iter().map(|(_, job_id, _)| *job_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows: HashMap<JobId, ObjectUse> = match context.database.objects_in_use(&ids).await {
        Ok(rows) => rows.into_iter().map(|row| (row.job_id, row)).collect(),
        Err(error) => {
            context.metrics.store_error();
            return TaskOutcome::failed(error);
        }
    };
    context.cursors.set_orphans(listing.next);
    let strangers = ids.len() - rows.len();
    if strangers > 0 && strangers * SUSPICIOUS_PART > ids.len() {
        let all = ids.len();
        return TaskOutcome::failed(format!(
            "{strangers} of {all} jobs with objects have no row: is it the right database? Nothing was removed"
        ));
    }
    let mut done = TaskOutcome::default();
    for (key, job_id, object) in objects {
        if !is_orphan(&key, &object, rows.get(&job_id)) {
            continue;
        }
        match context.storage.delete(&key).await {
            Ok(()) => {
                done.corrected += 1;
                tracing::info!(event = "RECONCILE", jobId = %job_id, key = key.as_str(), reason = "orphan", "an object that no row needs is removed");
            }
            Err(error) => done.add_error(error),
        }
    }
    done
}

fn is_orphan(key: &ObjectKey, object: &ListedObject, row: Option<&ObjectUse>) -> bool {
    let Some(row) = row else {
        let age = object.modified.and_then(|modified| SystemTime::now().duration_since(modified).ok());
        return age.is_some_and(|age| age > WITHOUT_ROW);
    };
    let named = [&row.output_key, &row.thumbnail_key].into_iter().flatten().any(|named| named == key.as_str());
    row.status.is_final() && !named && row.finished_ago.is_some_and(|ago| ago > AFTER_END)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{LeaseEpoch, Status, TenantScope};

    fn scope(company: &str) -> TenantScope {
        TenantScope::new(None, company).expect("a legal id")
    }

    fn row(status: Status, finished_s: Option<u64>) -> ObjectUse {
        let id = JobId(uuid::Uuid::nil());
        ObjectUse {
            job_id: id,
            scope: scope("a"),
            status,
            lease_epoch: LeaseEpoch(2),
            output_key: (status == Status::Succeeded)
                .then(|| ObjectKey::video(&scope("a"), id, LeaseEpoch(2)).to_string()),
            thumbnail_key: None,
            finished_ago: finished_s.map(Duration::from_secs),
        }
    }

    fn orphan(company: &str, epoch: i64, age_s: u64, row: Option<&ObjectUse>) -> bool {
        let key = ObjectKey::video(&scope(company), JobId(uuid::Uuid::nil()), LeaseEpoch(epoch));
        let modified = SystemTime::now().checked_sub(Duration::from_secs(age_s));
        let object = ListedObject { key: key.to_string(), bytes: 1, modified };
        is_orphan(&key, &object, row)
    }

    #[test]
    fn only_what_nobody_can_need_is_removed() {
        let succeeded = row(Status::Succeeded, Some(7200));
        assert!(!orphan("a", 2, 90_000, Some(&succeeded)), "the video itself");
        assert!(orphan("a", 1, 90_000, Some(&succeeded)), "a loser's");
        assert!(orphan("b", 2, 90_000, Some(&succeeded)), "the same name under another tenant's prefix");
        assert!(!orphan("a", 1, 90_000, Some(&row(Status::Succeeded, Some(60)))), "ended a moment ago");
        assert!(!orphan("a", 1, 90_000, Some(&row(Status::Running, None))), "may be adopted");
        assert!(orphan("a", 1, 90_000, Some(&row(Status::Failed, Some(7200)))), "of a failed job");
        assert!(orphan("a", 1, 90_000, None), "no row for a day");
        assert!(!orphan("a", 1, 3600, None), "no row yet");
    }
}
