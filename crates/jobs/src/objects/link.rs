//! What signed URLs of all storages have in common: how long they live, and the spelling of names in them.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::StorageError;

/// Shortest and longest life of a signed URL; the upper end is S3's limit.
pub const SIGNED_URL_LIFE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(7 * 24 * 3600);

/// Longest name of a download, in characters.
const MAX_DOWNLOAD_NAME_CHARS: usize = 150;

pub(super) fn check_life(life: Duration) -> Result<(), StorageError> {
    if SIGNED_URL_LIFE.contains(&life) {
        Ok(())
    } else {
        Err(StorageError::invalid("life of a signed URL", format!("{life:?}"), "1 s to 7 days"))
    }
}

/// A Content-Disposition (RFC 6266) that saves under that name: once for old browsers, once as RFC 8187 has it.
pub(super) fn attachment(name: &str) -> String {
    // A long name keeps its extension.
    let (stem, extension) = name.rsplit_once('.').filter(|(_, extension)| extension.len() <= 8).unwrap_or((name, ""));
    let dot = if extension.is_empty() { "" } else { "." };
    let room = MAX_DOWNLOAD_NAME_CHARS - dot.len() - extension.chars().count();
    let name: String = stem
        .chars()
        .take(room)
        .chain(dot.chars())
        .chain(extension.chars())
        .map(|c| if c.is_control() || matches!(c, '/' | '\\' | '"') { '_' } else { c })
        .collect();
    let plain: String = name.chars().map(|c| if c.is_ascii() { c } else { '_' }).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", percent_encoded(&name, b""))
}

/// RFC 3986: everything but letters, digits, `-._~` and `also_plain` as `%XX`.
pub(super) fn percent_encoded(text: &str, also_plain: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || also_plain.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_downloads_cannot_leave_their_quotes() {
        assert_eq!(
            attachment("Cotización \"1\"\r\n; ñ.mp4"),
            "attachment; filename=\"Cotizaci_n _1___; _.mp4\"; filename*=UTF-8''Cotizaci%C3%B3n%20_1___%3B%20%C3%B1.mp4"
        );
    }

    #[test]
    fn a_long_name_of_a_download_keeps_its_extension() {
        let long = attachment(&format!("{}.mp4", "9".repeat(200)));
        assert!(long.starts_with(&format!("attachment; filename=\"{}.mp4\"", "9".repeat(146))), "{long}");
        assert!(attachment("Angebot 118/2026.mp4").contains("\"Angebot 118_2026.mp4\""));
    }

    #[test]
    fn paths_become_urls() {
        assert_eq!(percent_encoded("/a b/ñ:1%", b"/:"), "/a%20b/%C3%B1:1%25");
    }
}
