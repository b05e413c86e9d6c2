//! Object storage: one suite for every kind of it, and what only a bucket can go through. The bucket is of a real server
//! (`tests/servers/with.sh cargo nextest run --test storage`); the faults are made by a proxy before it.

#[path = "storage/bucket.rs"]
mod bucket;
#[path = "storage/conformance.rs"]
mod conformance;
#[path = "storage/directory.rs"]
mod directory;
#[path = "storage/faults.rs"]
mod faults;
#[path = "storage/place.rs"]
mod place;
#[path = "proxy/mod.rs"]
mod proxy;
