//! The address of a database, fit to be shown.

/// The address of a database without its user, password and query. What looks like no address of ours is not shown at all: a mistyped
/// one may have its password anywhere.
#[must_use]
pub fn without_password(url: &str) -> String {
    if url.starts_with("sqlite:") {
        return url.to_owned();
    }
    let Some((scheme, rest)) = url.split_once("://").filter(|(scheme, _)| scheme.starts_with("postgres")) else {
        return "(not shown)".to_owned();
    };
    // A password may contain any mark; the last @ ends it.
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    let user = if place.len() < rest.len() { "(hidden)@" } else { "" };
    format!("{scheme}://{user}{}", place.split('?').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_printed() {
        let cases = [
            ("postgres://ana:s3cr3t@db/jobs", "postgres://(hidden)@db/jobs"),
            ("postgres://ana:s3@c/r3t?@db/jobs?sslmode=require", "postgres://(hidden)@db/jobs"),
            ("postgres://db/jobs?user=ana&password=s3cr3t", "postgres://db/jobs"),
            ("postgres:ana:s3cr3t@db/jobs", "(not shown)"),
            ("postgresql://db", "postgresql://db"),
            ("sqlite:/x/jobs.db", "sqlite:/x/jobs.db"),
        ];
        for (url, expected) in cases {
            assert_eq!(without_password(url), expected);
        }
    }
}
