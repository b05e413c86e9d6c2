//! The faults that jobs must survive: the real program, killed, stopped, cut off and lied to, over a real PostgreSQL and
//! a real S3 server (`tests/servers/with.sh cargo nextest run --test faults`), and over the embedded database and a
//! folder where the fault exists there.
//!
//! No fault is made inside the program. What is outside waits, refuses or vanishes at the moment in question: a trigger in
//! the test's own database (`gate`), a proxy before a server, a signal to a process. What came of it is read by SQL and
//! from the storage itself.

#![expect(clippy::print_stdout, reason = "a test that fails shows what the worker said")]

mod books;
mod certificate;
mod database;
mod gate;
mod hostile;
mod killed;
mod limits;
mod outage;
mod pooler;
mod prompt;
mod ready;
mod receiver;
mod rig;
mod several;
mod storage;
mod storm;
mod worker;
