//! Where the objects of tenants lie in the storage, beside those of this program itself.

/// Everything of tenants lies below.
pub const TENANTS_PREFIX: &str = "org/";
