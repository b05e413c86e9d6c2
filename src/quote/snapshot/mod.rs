//! The quote snapshot, version 1: what a video is made from. Types, reading with every problem at once, JSON Schema.
//!
//! A [`Snapshot`] is only ever made by [`parse`] or [`parse_with`], so every one is valid. Assets are
//! named here and fetched elsewhere.

mod address;
mod credential;
mod document;
mod invisible;
mod json;
mod limits;
mod reader;
mod sums;
mod types;

pub use types::{
    AssetRef, Brand, Company, Customer, Item, Quote, QuoteStatus, SCHEMA_VERSION, Seller, Snapshot, Tax, Totals,
};

use crate::ground::json::{SCHEMA_KEY, ranges_for_formats};
use crate::ground::problem::Problems;

/// What a reader of snapshots lets pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParseOptions {
    /// Whether assets may be files beside the snapshot: only for a user's own machine. Default: no.
    pub allow_files: bool,
}

/// A valid snapshot and what was odd about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The snapshot.
    pub snapshot: Snapshot,
    /// Warnings only.
    pub warnings: Problems,
}

/// Reads a snapshot from JSON; files are not allowed as assets, warnings are dropped.
///
/// # Errors
/// Every problem of the document at once, warnings included, if one of them is an error.
pub fn parse(bytes: &[u8]) -> Result<Snapshot, Problems> {
    parse_with(bytes, ParseOptions::default()).map(|parsed| parsed.snapshot)
}

/// Reads a snapshot from JSON.
///
/// # Errors
/// Every problem of the document at once, warnings included, if one of them is an error. Problems of the text itself
/// (`too_large`, `not_utf8`, `too_deep`, `too_many_values`, `syntax`, `duplicate_key`) hide those of the content.
pub fn parse_with(bytes: &[u8], options: ParseOptions) -> Result<Parsed, Problems> {
    let value = json::read(bytes)?;
    let mut reader = reader::Reader::new(credential::find(&value));
    let snapshot = document::Document::new(&mut reader, options.allow_files).snapshot(&value);
    let sound = reader.errors() == 0;
    match snapshot {
        Some(snapshot) if sound => Ok(Parsed { snapshot, warnings: reader.finish() }),
        _ => Err(reader.finish()),
    }
}

/// The JSON Schema (draft 2020-12) of a snapshot, from the types that it is read into.
///
/// It states structure, lengths and patterns. That amounts add up, that a currency fits, that days exist and that no
/// secret strays in is beyond it: [`parse`] checks that as well.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Snapshot);
    schema.insert("title".to_owned(), "Quote snapshot, version 1".into());
    let mut schema = schema.to_value();
    ranges_for_formats(&mut schema);
    let link =
        serde_json::json!({ "description": "Link to this JSON Schema, for editors; ignored.", "type": "string" });
    schema["properties"][SCHEMA_KEY] = link;
    schema
}
