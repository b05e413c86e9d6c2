//! The quote snapshot, version 1: what a video is made from. Types, reading with every problem at once, JSON Schema.
//!
//! A [`Snapshot`] is only ever made by [`parse`] or [`parse_with`], so whoever holds one holds a valid one. Assets are
//! named here and fetched elsewhere.

mod limits;
mod types;

pub use types::{
    AssetRef, Brand, Company, Customer, Item, Quote, QuoteStatus, SCHEMA_VERSION, Seller, Snapshot, Tax, Totals,
};
