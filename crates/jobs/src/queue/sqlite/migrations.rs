//! The migrations of a file: version, name and text. What they contain stands in `migrations/sqlite`.

/// Number, name and text of each migration, in order.
pub(super) const MIGRATIONS: [(i64, &str, &str); 3] = [
    (1, "0001_tables", include_str!("../../../migrations/sqlite/0001_tables.sql")),
    (2, "0002_triggers", include_str!("../../../migrations/sqlite/0002_triggers.sql")),
    (3, "0003_quote_ids", include_str!("../../../migrations/sqlite/0003_quote_ids.sql")),
];

/// The name of the last migration.
pub(super) const fn latest() -> &'static str {
    MIGRATIONS[MIGRATIONS.len() - 1].1
}
