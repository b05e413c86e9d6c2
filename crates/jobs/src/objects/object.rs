//! What is known of an object: the description that travels with it, and what storage answers.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::StorageError;
use crate::digest::{hex, is_sha256};

const SHA256: &str = "quotereel-sha256";
const SNAPSHOT_HASH: &str = "quotereel-snapshot-hash";
const RENDER_VERSION: &str = "quotereel-render-version";
const DURATION_MS: &str = "quotereel-duration-ms";

/// What a file is said to be, kept beside it as the object's metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FileMeta {
    /// SHA-256, 64 hexadecimal digits in lower case.
    pub sha256: String,
    /// Size.
    pub bytes: u64,
    /// What it shows, as the row has it: 1 to 128 visible ASCII characters.
    pub snapshot_hash: String,
    /// Engine and template that made it: 1 to 128 visible ASCII characters.
    pub render_version: String,
    /// Length of a video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

impl FileMeta {
    pub(super) fn check(&self) -> Result<(), StorageError> {
        if !is_sha256(&self.sha256) {
            return Err(StorageError::invalid("sha256", &self.sha256, "64 hexadecimal digits in lower case"));
        }
        for (field, value) in [("snapshot_hash", &self.snapshot_hash), ("render_version", &self.render_version)] {
            if !(1..=128).contains(&value.len()) || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(StorageError::invalid(field, value, "1 to 128 visible ASCII characters"));
            }
        }
        Ok(())
    }

    /// As headers carry it, names without their prefix.
    pub(super) fn to_headers(&self) -> HashMap<String, String> {
        let fixed =
            [(SHA256, &self.sha256), (SNAPSHOT_HASH, &self.snapshot_hash), (RENDER_VERSION, &self.render_version)];
        let mut headers: HashMap<_, _> = fixed.map(|(name, value)| (name.to_owned(), value.clone())).into();
        headers.extend(self.duration_ms.map(|ms| (DURATION_MS.to_owned(), ms.to_string())));
        headers
    }

    /// `None` for objects that other programs wrote.
    pub(super) fn from_headers(headers: &HashMap<String, String>, bytes: u64) -> Option<Self> {
        let value = |wanted: &str| {
            headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.clone())
        };
        let meta = Self {
            sha256: value(SHA256)?,
            bytes,
            snapshot_hash: value(SNAPSHOT_HASH)?,
            render_version: value(RENDER_VERSION)?,
            duration_ms: value(DURATION_MS).map(|ms| ms.parse()).transpose().ok()?,
        };
        meta.check().is_ok().then_some(meta)
    }

    /// What differs between this description and a file, if anything.
    pub(super) fn compare(&self, key: &str, sha256: &str, bytes: u64) -> Result<(), StorageError> {
        let mismatch = |what, found: String, expected: String| {
            Err(StorageError::Mismatch { key: key.to_owned(), what, found, expected })
        };
        if bytes != self.bytes {
            return mismatch("the size in bytes", bytes.to_string(), self.bytes.to_string());
        }
        if sha256 != self.sha256 {
            return mismatch("the SHA-256", sha256.to_owned(), self.sha256.clone());
        }
        Ok(())
    }
}

/// What is stored under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    /// Size.
    pub bytes: u64,
    /// When it was written, by the storage's clock.
    pub modified: Option<SystemTime>,
    /// Its description; `None` for objects that other programs wrote.
    pub meta: Option<FileMeta>,
}

impl StoredObject {
    /// Whether it is that very file, so that it need not be uploaded again.
    #[must_use]
    pub fn is(&self, meta: &FileMeta) -> bool {
        self.bytes == meta.bytes && self.meta.as_ref() == Some(meta)
    }
}

/// One object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedObject {
    /// Its key; [`ObjectKey::parse`](super::ObjectKey::parse) tells whether it is one of ours.
    pub key: String,
    /// Size.
    pub bytes: u64,
    /// When it was written, by the storage's clock.
    pub modified: Option<SystemTime>,
}

/// One page of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The objects.
    pub objects: Vec<ListedObject>,
    /// Where the next page goes on; `None` when this is the last.
    pub next: Option<String>,
}

/// SHA-256 (64 hexadecimal digits in lower case) and size of a file. Blocks while it reads.
///
/// # Errors
/// Those of reading.
pub fn sha256_of_file(path: &Path) -> io::Result<(String, u64)> {
    copy_hashed(&mut File::open(path)?, &mut io::sink())
}

/// Copies everything; gives SHA-256 and size.
pub(super) fn copy_hashed(from: &mut impl Read, to: &mut impl io::Write) -> io::Result<(String, u64)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let length = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&buffer[..length]);
        to.write_all(&buffer[..length])?;
        bytes += length as u64;
    }
    Ok((hex(&hash.finalize()), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meta() -> FileMeta {
        let (sha256, bytes) = copy_hashed(&mut &b"abc"[..], &mut io::sink()).expect("memory can be read");
        FileMeta {
            sha256,
            bytes,
            snapshot_hash: "s".to_owned(),
            render_version: "0.1.0+a".to_owned(),
            duration_ms: Some(25_000),
        }
    }

    #[test]
    fn hashes_are_those_of_fips_180() {
        assert_eq!(meta().sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_description_travels_in_headers() {
        let found = FileMeta::from_headers(&meta().to_headers(), 3).expect("a description");
        assert_eq!(found, meta());
        let mut broken = meta().to_headers();
        broken.insert(DURATION_MS.to_owned(), "long".to_owned());
        assert_eq!(FileMeta::from_headers(&broken, 3), None);
        assert_eq!(FileMeta::from_headers(&HashMap::new(), 3), None);
    }

    #[test]
    fn descriptions_that_break_headers_are_refused() {
        for broken in [
            FileMeta { sha256: "ABC".to_owned(), ..meta() },
            FileMeta { snapshot_hash: String::new(), ..meta() },
            FileMeta { render_version: "a\r\nx: y".to_owned(), ..meta() },
            FileMeta { render_version: "é".to_owned(), ..meta() },
        ] {
            assert!(matches!(broken.check(), Err(StorageError::Invalid { .. })), "{broken:?}");
        }
    }

    #[test]
    fn an_object_is_that_file_only_where_everything_agrees() {
        let stored = StoredObject { bytes: 3, modified: None, meta: Some(meta()) };
        assert!(stored.is(&meta()));
        assert!(!stored.is(&FileMeta { snapshot_hash: "t".to_owned(), ..meta() }));
        assert!(!StoredObject { meta: None, ..stored.clone() }.is(&meta()));
        assert!(!StoredObject { bytes: 4, ..stored }.is(&meta()));
    }
}
