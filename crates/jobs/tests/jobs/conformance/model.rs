//! Random histories, checked step by step against a model whose only knowledge of states is `job::transition`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use quotereel_jobs::job::{CreditMove, Event, Facts, JobId, Lease, Status, TenantScope, transition};
use quotereel_jobs::queue::{
    AdoptRequest, CancelOutcome, ClaimRequest, EnqueueError, EnqueueRules, Enqueued, HeartbeatAnswer,
    HeartbeatConnection, Held, HeldLease, JobFilter,
};

use crate::rig::{Rig, asks, broken, company, output, quote, rules, spool_of};

const MAX_RESCUES: u32 = 2;

/// What a worker does with a lease it was given at some time.
#[derive(Clone, Copy, Debug)]
enum Write {
    HeldLease,
    Succeed,
    Fail,
    RetryLater,
    Release,
    Stopped,
    Adopt,
}

/// Numbers choose among what is there, modulo how many there are.
#[derive(Clone, Debug)]
enum Step {
    Enqueue {
        tenant: usize,
        entity: u8,
    },
    Claim,
    Write {
        lease: usize,
        write: Write,
    },
    Cancel {
        job: usize,
    },
    Retry {
        job: usize,
    },
    /// The workers of these jobs have died; the reconciler comes by.
    Expire {
        job: usize,
    },
    OutputLost {
        job: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let write = prop_oneof![
        2 => Just(Write::HeldLease),
        3 => Just(Write::Succeed),
        1 => Just(Write::Fail),
        2 => Just(Write::RetryLater),
        2 => Just(Write::Release),
        1 => Just(Write::Stopped),
        1 => Just(Write::Adopt),
    ];
    let step = prop_oneof![
        4 => (0..2_usize, 0..4_u8).prop_map(|(tenant, entity)| Step::Enqueue { tenant, entity }),
        5 => Just(Step::Claim),
        6 => (any::<usize>(), write).prop_map(|(lease, write)| Step::Write { lease, write }),
        1 => any::<usize>().prop_map(|job| Step::Cancel { job }),
        1 => any::<usize>().prop_map(|job| Step::Retry { job }),
        2 => any::<usize>().prop_map(|job| Step::Expire { job }),
        1 => any::<usize>().prop_map(|job| Step::OutputLost { job }),
    ];
    prop::collection::vec(step, 1..50)
}

/// One job as it should be.
#[derive(Clone, Debug)]
struct Expected {
    id: JobId,
    tenant: usize,
    entity: u8,
    status: Status,
    epoch: i64,
    attempts: u32,
    rescues: u32,
    retries: u32,
    cancel_requested: bool,
    retried_as: Option<usize>,
}

struct Model<'a> {
    rig: &'a Rig,
    tenants: [TenantScope; 2],
    /// The first tenant's balance and frozen; the second's are unlimited.
    credits: (i64, i64),
    jobs: Vec<Expected>,
    leases: Vec<(usize, Lease)>,
    heartbeat: Box<dyn HeartbeatConnection>,
}

impl Model<'_> {
    /// Applies an event as `transition` has it; `false` where it may not happen.
    fn apply(&mut self, job: usize, event: Event) -> bool {
        let expected = &mut self.jobs[job];
        let facts = Facts {
            cancel_requested: expected.cancel_requested,
            rescue_count: expected.rescues,
            max_rescues: MAX_RESCUES,
        };
        let Ok(next) = transition(expected.status, facts, event) else { return false };
        let was = std::mem::replace(&mut expected.status, next.to);
        expected.epoch += i64::from(next.new_epoch);
        expected.rescues += u32::from(next.rescue);
        match event {
            Event::Claim => expected.attempts += 1,
            Event::Adopt if was == Status::Queued => expected.attempts += 1,
            Event::Release if next.to == Status::Queued => expected.attempts -= 1,
            Event::Cancel if next.to == Status::Running => expected.cancel_requested = true,
            _ => {}
        }
        if expected.tenant == 0 {
            let (balance, frozen) = &mut self.credits;
            match next.credit {
                CreditMove::Keep => {}
                CreditMove::Capture => (*balance, *frozen) = (*balance - 1, *frozen - 1),
                CreditMove::Release => *frozen -= 1,
                CreditMove::Refund => *balance += 1,
            }
        }
        true
    }

    fn active(&self, tenant: usize, entity: u8) -> Option<usize> {
        self.jobs.iter().position(|job| job.tenant == tenant && job.entity == entity && !job.status.is_final())
    }

    /// What an enqueue or a retry that finds nothing of its own must come to.
    fn enqueued(&mut self, tenant: usize, entity: u8, retry_of: Option<usize>, answer: Result<Enqueued, EnqueueError>) {
        let broke = tenant == 0 && self.credits.0 - self.credits.1 < 1;
        match (self.active(tenant, entity), answer) {
            (Some(dying), Err(EnqueueError::Cooldown { .. })) => assert!(self.jobs[dying].cancel_requested),
            (Some(found), Ok(Enqueued::Existing(job))) => {
                assert_eq!(self.jobs[found].id, job.id);
                assert!(!self.jobs[found].cancel_requested, "it makes no video any more");
            }
            (None, Err(EnqueueError::NoCredits { available: 0 })) => assert!(broke, "credits are there"),
            (None, Ok(Enqueued::New(job))) => {
                assert!(!broke, "no credits are there");
                let retries = retry_of.map_or(0, |original| self.jobs[original].retries + 1);
                if let Some(original) = retry_of {
                    self.jobs[original].retried_as = Some(self.jobs.len());
                }
                self.jobs.push(Expected {
                    id: job.id,
                    tenant,
                    entity,
                    status: Status::Queued,
                    epoch: 0,
                    attempts: 0,
                    rescues: 0,
                    retries,
                    cancel_requested: false,
                    retried_as: None,
                });
                self.credits.1 += i64::from(tenant == 0);
            }
            (found, answer) => panic!("active: {found:?}, broke: {broke}, answer: {answer:?}"),
        }
    }

    async fn step(&mut self, step: &Step) {
        let store = &self.rig.store;
        match *step {
            Step::Enqueue { tenant, entity } => {
                let answer = store.enqueue(&self.tenants[tenant], &quote(&format!("q-{entity}")), &rules()).await;
                self.enqueued(tenant, entity, None, answer);
            }
            Step::Claim => {
                let claimed = store.claim(&ClaimRequest { max_jobs: 2, ..asks("w") }).await.expect("it answers");
                let waiting = self.jobs.iter().filter(|job| job.status == Status::Queued).count();
                assert_eq!(claimed.len(), waiting.min(2));
                for claimed in claimed {
                    let job = self.jobs.iter().position(|job| job.id == claimed.job.id).expect("a known job");
                    assert!(self.apply(job, Event::Claim), "it was queued");
                    self.leases.push((job, claimed.lease));
                }
            }
            Step::Write { lease, write } if !self.leases.is_empty() => {
                let (job, lease) = self.leases[lease % self.leases.len()].clone();
                self.write(job, &lease, write).await;
            }
            Step::Cancel { job } if !self.jobs.is_empty() => {
                let job = job % self.jobs.len();
                let (scope, id) = (&self.tenants[self.jobs[job].tenant], self.jobs[job].id);
                let outcome = store.request_cancel(scope, id).await.expect("it answers");
                let before = self.jobs[job].status;
                self.apply(job, Event::Cancel);
                match (before, outcome) {
                    (Status::Queued, CancelOutcome::Cancelled(_)) | (Status::Running, CancelOutcome::Requested(_)) => {}
                    (before, CancelOutcome::AlreadyFinal(_)) => assert!(before.is_final()),
                    other => panic!("{other:?}"),
                }
            }
            Step::Retry { job } if !self.jobs.is_empty() => {
                let job = job % self.jobs.len();
                let Expected { tenant, entity, id, status, retried_as, retries, .. } = self.jobs[job];
                let limits = EnqueueRules { max_retries: 2, ..rules() };
                let answer = store.retry(&self.tenants[tenant], id, &limits).await;
                match (status, retried_as, answer) {
                    (Status::Failed | Status::Cancelled, Some(again), Ok(Enqueued::Existing(found))) => {
                        assert_eq!(self.jobs[again].id, found.id);
                    }
                    (Status::Failed | Status::Cancelled, None, Err(EnqueueError::TooManyRetries { .. })) => {
                        assert!(retries >= 2);
                    }
                    (Status::Failed | Status::Cancelled, None, answer) => {
                        self.enqueued(tenant, entity, Some(job), answer);
                    }
                    (status, _, Err(EnqueueError::NotRetriable { status: found })) => {
                        assert!(status == found && !matches!(status, Status::Failed | Status::Cancelled));
                    }
                    other => panic!("{other:?}"),
                }
            }
            Step::Expire { job } if !self.jobs.is_empty() => {
                let job = job % self.jobs.len();
                let running = self.jobs[job].status == Status::Running;
                if running {
                    self.rig.lapse(self.jobs[job].id).await;
                }
                let expired = store.expire(10, MAX_RESCUES).await.expect("it answers").taken;
                assert_eq!(expired.len(), usize::from(running));
                assert_eq!(self.apply(job, Event::Expire), running);
            }
            Step::OutputLost { job } if !self.jobs.is_empty() => {
                let job = job % self.jobs.len();
                let scope = self.tenants[self.jobs[job].tenant].clone();
                let row = self.rig.row(&scope, self.jobs[job].id).await;
                let key = row.output.map_or_else(|| "none".to_owned(), |output| output.output_key);
                let lost = store.output_lost(&scope, row.id, &key).await.expect("it answers");
                assert_eq!(lost, self.apply(job, Event::OutputLost));
            }
            _ => {}
        }
    }

    async fn write(&mut self, job: usize, lease: &Lease, write: Write) {
        let store = &self.rig.store;
        let held = self.jobs[job].status == Status::Running && self.jobs[job].epoch == lease.epoch.0;
        let none = Duration::ZERO;
        let (answer, event) = match write {
            Write::HeldLease => {
                let beats = [HeldLease { lease: lease.clone(), progress: 50 }];
                let expected = match (held, self.jobs[job].cancel_requested) {
                    (false, _) => HeartbeatAnswer::Lost,
                    (true, true) => HeartbeatAnswer::CancelRequested,
                    (true, false) => HeartbeatAnswer::Held,
                };
                assert_eq!(
                    self.heartbeat.extend(&beats, Duration::from_secs(60)).await.expect("it answers"),
                    [expected]
                );
                return;
            }
            Write::Adopt => {
                let hash = self.rig.row(&lease.scope, lease.job_id).await.snapshot_hash;
                let request = AdoptRequest {
                    job_id: lease.job_id,
                    scope: lease.scope.clone(),
                    epoch: lease.epoch,
                    snapshot_hash: hash,
                    // Another process on the same spool each time.
                    worker_id: quotereel_jobs::job::WorkerId(format!("w-{}", self.leases.len())),
                    spool_id: spool_of("w"),
                    max_rescues: MAX_RESCUES,
                    lease: Duration::from_secs(60),
                    deadline: Duration::from_secs(720),
                };
                let good = !self.jobs[job].status.is_final() && !self.jobs[job].cancel_requested;
                let adopted = store.adopt(&request).await.expect("it answers");
                assert_eq!(adopted.is_some(), good && self.apply(job, Event::Adopt));
                self.leases.extend(adopted.map(|adopted| (job, adopted.lease)));
                return;
            }
            Write::Succeed => (store.succeed(lease, &output(lease)).await, Event::Succeed),
            Write::Fail => (store.fail(lease, &broken(), "No.").await, Event::Fail),
            Write::RetryLater => (store.retry_later(lease, &broken(), none, None).await, Event::RetryLater),
            Write::Release => (store.release(lease, "shutdown", none, None).await, Event::Release),
            Write::Stopped => (store.stopped(lease).await, Event::Stopped),
        };
        let done = held && self.apply(job, event);
        assert_eq!(answer.expect("it answers"), if done { Held::Yes } else { Held::Lost });
    }

    /// Every row is as the model has it, and the books add up.
    async fn check(&self, finals: &mut BTreeMap<JobId, quotereel_jobs::job::Job>) {
        let mut rows = BTreeMap::new();
        for scope in &self.tenants {
            let all = JobFilter { limit: 500, ..JobFilter::default() };
            let listed = self.rig.store.jobs(scope, &all).await.expect("it answers");
            rows.extend(listed.into_iter().map(|row| (row.id, row)));
        }
        assert_eq!(rows.len(), self.jobs.len());
        for expected in &self.jobs {
            let row = rows.remove(&expected.id).expect("the row is there");
            assert_eq!(row.scope, self.tenants[expected.tenant]);
            assert_eq!(
                (row.status, row.lease_epoch.0, row.attempts, row.rescue_count),
                (expected.status, expected.epoch, expected.attempts, expected.rescues),
                "{}",
                row.id
            );
            if let Some(before) = finals.get(&row.id) {
                let lost = before.status == Status::Succeeded && row.status == Status::Failed;
                assert!(lost || *before == row, "a final state is final: {before:?} {row:?}");
            }
            if row.status.is_final() {
                finals.insert(row.id, row);
            }
        }
        let credits = self.rig.store.credits(&self.tenants[0]).await.expect("it answers").expect("they count");
        assert_eq!((credits.balance, credits.frozen), self.credits);
        self.rig.assert_books_balance(&self.tenants[0]).await;
        for (tenant, scope) in self.tenants.iter().enumerate() {
            for status in [Status::Queued, Status::Running] {
                let count = self.jobs.iter().filter(|job| job.tenant == tenant && job.status == status).count();
                let lane = self.rig.lane(Some(scope), status.as_str()).await;
                assert_eq!(lane, i64::try_from(count).expect("few"), "lane of {tenant}");
            }
        }
    }
}

async fn history(rig: &Rig, steps: &[Step]) {
    for table in ["video_render_jobs", "credit_entries", "tenant_credits"] {
        rig.change(format!("delete from {table}")).await;
    }
    let tenants = [company("cmp-counted"), company("cmp-unlimited")];
    rig.store.grant_credits(&tenants[0], 4, "start").await.expect("credits");
    let heartbeat = rig.store.heartbeat().await.expect("a heartbeat");
    let mut model = Model { rig, tenants, heartbeat, credits: (4, 0), jobs: Vec::new(), leases: Vec::new() };
    let mut finals = BTreeMap::new();
    for step in steps {
        model.step(step).await;
        model.check(&mut finals).await;
    }
}

pub(crate) async fn random_histories_obey_the_state_machine(rig: Arc<Rig>) {
    let config = Config { cases: 24, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        let outcome = TestRunner::new(config).run(&steps(), |steps| {
            runtime.block_on(history(&rig, &steps));
            Ok::<(), TestCaseError>(())
        });
        if let Err(failure) = outcome {
            panic!("{failure}");
        }
    });
}
