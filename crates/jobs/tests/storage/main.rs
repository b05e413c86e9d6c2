//! Object storage: one suite for every kind of it, and what only a bucket can go through. The bucket is of a real server
//! (`tests/servers/with.sh cargo nextest run --test storage`); the faults are made by a proxy before it.

mod bucket;
mod conformance;
mod directory;
mod faults;
mod place;
