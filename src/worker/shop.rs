//! What every job and duty of one worker shares.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::{mpsc, watch};

use super::gate::Gate;
use super::heart::Heart;
use super::render::Program;
use super::settings::WorkerSettings;
use super::spool::Spool;
use crate::health::Health;
use crate::job::{JobId, WorkerId};
use crate::metrics::Metrics;
use crate::storage::ObjectStore;
use crate::store::{Claimed, Store, TemplateVersion};
use crate::studio::TemplateChoice;

/// How far a worker is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stopping {
    /// Not at all.
    No,
    /// It claims nothing more; what runs may end.
    Draining,
    /// What runs is given back.
    GivingBack,
}

/// One worker's means.
#[derive(Debug)]
pub(super) struct Shop {
    pub(super) worker_id: WorkerId,
    pub(super) store: Arc<dyn Store>,
    pub(super) storage: Arc<dyn ObjectStore>,
    pub(super) spool: Spool,
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: Health,
    pub(super) settings: WorkerSettings,
    pub(super) templates: Templates,
    pub(super) heart: Heart,
    pub(super) gate: Gate,
    pub(super) program: Program,
    pub(super) stopping: watch::Receiver<Stopping>,
    /// Jobs taken up from the spool, with the time of the asking, go to the loop through here.
    pub(super) adopted: mpsc::UnboundedSender<(Claimed, Instant)>,
    pub(super) cursors: Cursors,
}

/// The templates that jobs may name, and the version of each.
#[derive(Clone, Debug, Default)]
pub(super) struct Templates(pub(super) BTreeMap<String, (TemplateChoice, String)>);

impl Templates {
    /// The template of that name and its render version.
    pub(super) fn get(&self, name: &str) -> Option<(&TemplateChoice, &str)> {
        self.0.get(name).map(|(choice, version)| (choice, version.as_str()))
    }

    /// All versions, for the store.
    pub(super) fn versions(&self) -> Vec<TemplateVersion> {
        let version = |(template, (_, render_version)): (&String, &(TemplateChoice, String))| TemplateVersion {
            template: template.clone(),
            render_version: render_version.clone(),
        };
        self.0.iter().map(version).collect()
    }
}

/// Where the sweeps that look at a part each round go on. A worker that starts begins anew.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    outputs: Mutex<Option<JobId>>,
    orphans: Mutex<Option<String>>,
}

impl Cursors {
    pub(super) fn outputs(&self) -> Option<JobId> {
        *self.outputs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_outputs(&self, next: Option<JobId>) {
        *self.outputs.lock().unwrap_or_else(PoisonError::into_inner) = next;
    }

    pub(super) fn orphans(&self) -> Option<String> {
        self.orphans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_orphans(&self, next: Option<String>) {
        *self.orphans.lock().unwrap_or_else(PoisonError::into_inner) = next;
    }
}
