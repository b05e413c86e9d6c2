//! What every store does, whatever the database. A case takes a fresh database and knows no SQL but the rig's.

pub(crate) mod claim;
pub(crate) mod credits;
pub(crate) mod enqueue;
pub(crate) mod events;
pub(crate) mod lease;
pub(crate) mod maintenance;
pub(crate) mod model;
pub(crate) mod outcome;
pub(crate) mod reconcile;
pub(crate) mod retry;
pub(crate) mod spool;
pub(crate) mod tenants;
pub(crate) mod webhooks;
