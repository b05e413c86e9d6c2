//! The quote: its snapshot, how its locale writes amounts and dates, its logo and its pictures.

pub mod asset;
pub mod locale;
pub mod logo;
pub mod snapshot;
