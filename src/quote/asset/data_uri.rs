//! `data:` URIs (RFC 2397). The declared media type is skipped, never believed.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::AssetError;

/// Longest media type and parameters, bytes; `image/svg+xml;charset=utf-8;base64` has 34.
const MAX_HEAD_BYTES: usize = 256;

/// Standard alphabet; padding may be missing, as in many hand-made URIs.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The part before the comma, for messages; all of it where there is no comma.
pub(super) fn head(uri: &str) -> &str {
    uri.split(',').next().unwrap_or_default()
}

/// The bytes a URI carries. A bare `#` in unescaped SVG counts as content, as its authors mean it.
///
/// # Errors
/// [`AssetError::BadDataUri`] where the form is wrong, [`AssetError::TooManyBytes`] above `max_bytes`.
pub(super) fn read(uri: &str, source_name: &str, max_bytes: u64) -> Result<Vec<u8>, AssetError> {
    let bad = |reason: &str| AssetError::BadDataUri { source_name: source_name.to_owned(), reason: reason.to_owned() };
    let too_many = || AssetError::TooManyBytes { source_name: source_name.to_owned(), limit_bytes: max_bytes };
    // Every byte written as %XX is the longest honest form.
    if uri.len() as u64 > max_bytes.saturating_mul(3).saturating_add(MAX_HEAD_BYTES as u64) {
        return Err(too_many());
    }
    let rest = match uri.split_at_checked(5) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("data:") => rest,
        _ => return Err(bad("it does not begin with `data:`")),
    };
    let (head, body) = rest.split_once(',').ok_or_else(|| bad("the comma before the content is missing"))?;
    if head.len() > MAX_HEAD_BYTES {
        return Err(bad(&format!("its media type has {} bytes, allowed are {MAX_HEAD_BYTES}", head.len())));
    }
    let is_base64 = head.rsplit(';').next().is_some_and(|last| last.trim().eq_ignore_ascii_case("base64"));
    let mut bytes = percent_decoded(body.as_bytes()).ok_or_else(|| bad("a `%` is not followed by two hex digits"))?;
    if is_base64 {
        bytes.retain(|byte| !byte.is_ascii_whitespace());
        if bytes.len() as u64 / 4 * 3 > max_bytes.saturating_add(3) {
            return Err(too_many());
        }
        bytes = BASE64.decode(&bytes).map_err(|e| bad(&format!("its base64 is broken ({e})")))?;
    }
    if bytes.len() as u64 > max_bytes { Err(too_many()) } else { Ok(bytes) }
}

/// RFC 3986 section 2.1; `None` for a `%` without two hexadecimal digits after it.
fn percent_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        if *byte != b'%' {
            decoded.push(*byte);
            continue;
        }
        let [high, low, after @ ..] = rest else { return None };
        let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
        decoded.push(digit(*high)? << 4 | digit(*low)?);
        rest = after;
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_and_percent_forms_are_read() {
        for uri in [
            "data:image/png;base64,aGk=",
            "data:image/png;base64,aGk",
            "DATA:;BASE64,aG\n k=",
            "data:;base64,aGk%3D",
            "data:,hi",
            "data:text/plain;charset=utf-8,%68i",
        ] {
            assert_eq!(read(uri, "x", 100).as_deref(), Ok(&b"hi"[..]), "{uri}");
        }
        assert_eq!(
            read("data:image/svg+xml;utf8,<svg fill='#fff'/>", "x", 100).as_deref(),
            Ok(&b"<svg fill='#fff'/>"[..])
        );
    }

    #[test]
    fn broken_forms_are_refused() {
        for uri in
            ["", "data", "data:", "data:image/png;base64", "data:;base64,!!!!", "data:,%4", "data:,%zz", "dätä:,x"]
        {
            assert_eq!(read(uri, "x", 100).map_err(|e| e.code()), Err("asset_bad_data_uri"), "{uri}");
        }
        let long_head = format!("data:{},x", "a".repeat(MAX_HEAD_BYTES + 1));
        assert_eq!(read(&long_head, "x", 10_000).map_err(|e| e.code()), Err("asset_bad_data_uri"));
    }

    #[test]
    fn size_is_capped_exactly() {
        assert_eq!(read("data:,123456", "x", 6).map(|b| b.len()), Ok(6));
        assert_eq!(read("data:,1234567", "x", 6).map_err(|e| e.code()), Err("asset_too_large"));
        assert_eq!(read("data:;base64,MTIzNDU2", "x", 6).map(|b| b.len()), Ok(6));
        assert_eq!(read("data:;base64,MTIzNDU2Nw==", "x", 6).map_err(|e| e.code()), Err("asset_too_large"));
        let huge = format!("data:,{}", "%20".repeat(1000));
        assert_eq!(read(&huge, "x", 6).map_err(|e| e.code()), Err("asset_too_large"));
    }
}
