//! What must hold after every fault: no job lost, none doubled, each credit settled once, nothing left lying about.

use quotereel_jobs::job::JobId;
use sha2::{Digest as _, Sha256};

use crate::rig::{CREDITS, Rig};

impl Rig {
    /// Entries of that kind for a job.
    async fn entries(&self, id: JobId, kind: &str) -> i64 {
        self.number(&format!("select count(*) from credit_entries where job_id = '{id}' and kind = '{kind}'")).await
    }

    /// Events of that kind for a job.
    pub(crate) async fn events(&self, id: JobId, kind: &str) -> i64 {
        let kind = format!("VIDEO_RENDER_{kind}");
        self.number(&format!("select count(*) from video_render_events where job_id = '{id}' and kind = '{kind}'"))
            .await
    }

    /// The job ended well, once, and its video is what the row says.
    pub(crate) async fn assert_succeeded(&self, id: JobId) {
        let row = self.row(id).await;
        assert_eq!(row.status, "succeeded", "{row:?}");
        assert_eq!(self.events(id, "SUCCEEDED").await, 1, "told once");
        assert_eq!(self.events(id, "FAILED").await + self.events(id, "CANCELLED").await, 0);
        let video = self.bytes(&row.key).await;
        let sha256: String = Sha256::digest(&video).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(sha256, row.sha256, "the bytes that the row promises");
        assert!(!self.bytes(&row.thumbnail).await.is_empty());
        for (kind, count) in [("freeze", 1), ("capture", 1), ("release", 0), ("refund", 0)] {
            assert_eq!(self.entries(id, kind).await, count, "{kind} of {id}");
        }
        self.assert_books().await;
    }

    /// The job ended in that state, once, without a video, and cost nothing.
    pub(crate) async fn assert_ended_without(&self, id: JobId, status: &str) {
        let row = self.row(id).await;
        assert_eq!(row.status, status, "{row:?}");
        let told = match status {
            "cancelled" => self.events(id, "CANCELLED").await,
            // A reconciler that fails a job tells so in its own kind.
            _ => self.events(id, "FAILED").await + self.failed_by_reconciler(id).await,
        };
        assert_eq!((told, self.events(id, "SUCCEEDED").await), (1, 0), "told once");
        for (kind, count) in [("freeze", 1), ("capture", 0), ("release", 1), ("refund", 0)] {
            assert_eq!(self.entries(id, kind).await, count, "{kind} of {id}");
        }
        assert_eq!(self.keys_of(id).await, [""; 0], "no object");
        self.assert_books().await;
    }

    async fn failed_by_reconciler(&self, id: JobId) -> i64 {
        self.number(&format!(
            "select count(*) from video_render_events
             where job_id = '{id}' and kind = 'VIDEO_RENDER_RECONCILED' and new_status = 'failed'"
        ))
        .await
    }

    /// Keys of a job's objects.
    pub(crate) async fn keys_of(&self, id: JobId) -> Vec<String> {
        let part = format!("/jobs/{id}/");
        self.keys().await.into_iter().filter(|key| key.contains(&part)).collect()
    }

    /// A job's objects are the two that its row names.
    pub(crate) async fn assert_no_other_objects(&self, id: JobId) {
        let row = self.row(id).await;
        let mut named = vec![row.key, row.thumbnail];
        named.sort();
        assert_eq!(self.keys_of(id).await, named);
    }

    /// Sums of entries are balances, for every company; what is frozen is held by jobs that have not ended.
    pub(crate) async fn assert_books(&self) {
        let credits = self.credits();
        let wrong = format!(
            "select count(*) from {credits} c where
            c.balance <> (select coalesce(sum(balance_delta), 0) from credit_entries e where e.company_id = c.company_id)
            or c.frozen <> (select coalesce(sum(frozen_delta), 0) from credit_entries e where e.company_id = c.company_id)
            or c.frozen <> (select coalesce(sum(credits_held), 0) from video_render_jobs j
                            where j.company_id = c.company_id and status in ('queued', 'running'))"
        );
        assert_eq!(self.number(&wrong).await, 0, "the books balance");
    }

    /// Balance and frozen credits of each company, as a table.
    pub(crate) fn credits(&self) -> &'static str {
        if self.is_embedded() {
            "tenant_credits"
        } else {
            "(select company.company_id, credits.balance, credits.frozen
              from tenant_credits company cross join lateral video_render_credits(company.company_id) credits)"
        }
    }

    /// That many credits of a company are spent, and none is frozen.
    pub(crate) async fn assert_spent(&self, company: &str, spent: i64) {
        let credits = self.credits();
        let of = |column: &str| format!("select {column} from {credits} credits where company_id = '{company}'");
        assert_eq!(self.number(&of("balance")).await, CREDITS - spent, "balance of {company}");
        assert_eq!(self.number(&of("frozen")).await, 0, "frozen of {company}");
    }

    /// No worker kept a file. Called after the workers have ended, or for a job that is done.
    pub(crate) async fn assert_spools_empty(&self) {
        crate::rig::until("the spools are empty", async || self.spooled().is_empty().then_some(())).await;
    }
}
