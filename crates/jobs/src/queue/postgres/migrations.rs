//! The migrations of this database: version, name and text. What they contain stands in `migrations/postgres`.

/// Version, name and text, ascending. A text that was released never changes: its checksum stands in every database.
pub(super) const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "0001_tables", include_str!("../../../migrations/postgres/0001_tables.sql")),
    (2, "0002_row_level_security", include_str!("../../../migrations/postgres/0002_row_level_security.sql")),
    (3, "0003_functions", include_str!("../../../migrations/postgres/0003_functions.sql")),
    (4, "0004_quote_ids_and_cooldown", include_str!("../../../migrations/postgres/0004_quote_ids_and_cooldown.sql")),
    (5, "0005_nobody_waits", include_str!("../../../migrations/postgres/0005_nobody_waits.sql")),
];

/// The version that this program needs.
pub(super) const fn newest() -> i64 {
    MIGRATIONS[MIGRATIONS.len() - 1].0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_their_versions_and_every_file_is_listed() {
        for (version, name, sql) in MIGRATIONS {
            assert!(name.starts_with(&format!("{version:04}_")), "{name}");
            assert!(sql.starts_with("-- "), "{name}: what it is for");
        }
        assert!(MIGRATIONS.is_sorted_by_key(|(version, ..)| *version));
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres");
        let files = std::fs::read_dir(folder).expect("the folder of the migrations").count();
        assert_eq!(files, MIGRATIONS.len());
    }
}
