//! Drives the real `render` as a shell would: exit status, stdout, stderr, and what lies on the disk afterwards.

mod bad_input;
mod commands;
mod fonts;
mod harness;
mod help;
mod interrupted;
mod quotes;
mod readme;
mod sound;
mod teaser;
mod templates;
mod unwritable;
mod warnings;
mod watch;
