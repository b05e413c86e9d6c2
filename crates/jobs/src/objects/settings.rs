//! Where videos are stored: plain data, checked once before anything is opened.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::error::StorageError;

/// The kind of storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageSettings {
    /// A folder of this machine: for trying things out, and for one machine alone.
    Directory {
        /// The folder; it is made when it is missing.
        path: PathBuf,
    },
    /// A bucket of S3 or of a store that speaks its language.
    S3(Box<S3Settings>),
}

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Settings {
    /// Its name: 3 to 63 of a-z, 0-9, `.` and `-`.
    pub bucket: String,
    /// Its region, such as `us-east-1`; R2 wants `auto`. Default: what the credential chain says; with an endpoint and
    /// without a chain `us-east-1`.
    pub region: Option<String>,
    /// Address of a store that is not AWS, such as `https://s3.example.com`, without a path.
    pub endpoint: Option<String>,
    /// Address that signed URLs carry where browsers reach the store by another one than this machine.
    pub public_endpoint: Option<String>,
    /// Whether the bucket stands in the path instead of in the host's name. Most stores that are not AWS need it.
    pub force_path_style: bool,
    /// Keys; without them the usual chain is asked: environment, profile, web identity, container, machine.
    pub keys: Option<S3Keys>,
    /// Goes before every key, such as `videos/`; rows do not contain it.
    pub prefix: Option<String>,
    /// How long things may take.
    pub timeouts: S3Timeouts,
}

impl S3Settings {
    /// A bucket with defaults for everything else.
    #[must_use]
    pub fn new(bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            region: None,
            endpoint: None,
            public_endpoint: None,
            force_path_style: false,
            keys: None,
            prefix: None,
            timeouts: S3Timeouts::default(),
        }
    }

    /// # Errors
    /// [`StorageError::Invalid`] with the first setting that is out of its range.
    pub(super) fn check(&self) -> Result<(), StorageError> {
        let bucket_byte = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
        if !(3..=63).contains(&self.bucket.len())
            || !self.bucket.bytes().all(bucket_byte)
            || self.bucket.starts_with(['.', '-'])
            || self.bucket.ends_with(['.', '-'])
        {
            let expected = "3 to 63 of the characters a-z 0-9 . - and begin and end with a letter or a digit";
            return Err(StorageError::invalid("bucket", &self.bucket, expected));
        }
        for (field, endpoint) in [("endpoint", &self.endpoint), ("public_endpoint", &self.public_endpoint)] {
            if let Some(endpoint) = endpoint {
                check_endpoint(field, endpoint)?;
            }
        }
        let name_byte = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if let Some(region) = &self.region
            && !((1..=64).contains(&region.len()) && region.bytes().all(name_byte))
        {
            return Err(StorageError::invalid("region", region, "a name such as us-east-1 or auto"));
        }
        if let Some(prefix) = &self.prefix {
            let parts = prefix.strip_suffix('/').unwrap_or_default();
            let harmless = |part: &str| {
                !part.is_empty() && !part.starts_with('.') && part.bytes().all(|byte| name_byte(byte) || byte == b'.')
            };
            if prefix.len() > 128 || !parts.split('/').all(harmless) {
                let expected = "at most 128 characters like `videos/` or `a/b/`: parts of A-Z a-z 0-9 . _ - that do not begin with a dot, each followed by a slash";
                return Err(StorageError::invalid("prefix", prefix, expected));
            }
        }
        self.timeouts.check()
    }
}

fn check_endpoint(field: &'static str, endpoint: &str) -> Result<(), StorageError> {
    let plain = |url: &reqwest::Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.path() == "/"
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    match reqwest::Url::parse(endpoint) {
        Ok(url) if plain(&url) => Ok(()),
        // A password may stand in it, so the message does not repeat it.
        _ => Err(StorageError::invalid(
            field,
            "…",
            "an address such as https://s3.example.com:9000 without user, path and query",
        )),
    }
}

/// Keys of a bucket. Their secret parts never show.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Keys {
    /// Access key id.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: String,
    /// Token of temporary keys.
    pub session_token: Option<String>,
}

impl fmt::Debug for S3Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Keys").field("access_key", &self.access_key).finish_non_exhaustive()
    }
}

/// How long things may take, each 1 ms to 1 h. The SDK alone would wait for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct S3Timeouts {
    /// Until a connection stands. Default: 5 s.
    pub connect: Duration,
    /// A request that carries no file, from its beginning to the end of its answer. Default: 20 s.
    pub request: Duration,
    /// A request that carries a file, likewise. Default: 3 min, enough for 30 MB at 1.4 Mbit/s.
    pub transfer: Duration,
    /// How long a file may stand still on its way. Default: 20 s.
    pub stall: Duration,
}

impl Default for S3Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(20),
            transfer: Duration::from_secs(180),
            stall: Duration::from_secs(20),
        }
    }
}

impl S3Timeouts {
    fn check(&self) -> Result<(), StorageError> {
        let Self { connect, request, transfer, stall } = *self;
        let range = Duration::from_millis(1)..=Duration::from_secs(3600);
        for (field, value) in [
            ("timeout connect", connect),
            ("timeout request", request),
            ("timeout transfer", transfer),
            ("timeout stall", stall),
        ] {
            if !range.contains(&value) {
                return Err(StorageError::invalid(field, format!("{value:?}"), "1 ms to 1 h"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_out_of_range_are_named() {
        let base = S3Settings::new("videos");
        base.check().expect("defaults are legal");
        let broken: [(&str, S3Settings); 9] = [
            ("bucket", S3Settings::new("a")),
            ("bucket", S3Settings::new("Videos")),
            ("endpoint", S3Settings { endpoint: Some("s3.example.com".to_owned()), ..base.clone() }),
            ("endpoint", S3Settings { endpoint: Some("https://u:hunter2@s3.example.com".to_owned()), ..base.clone() }),
            ("public_endpoint", S3Settings { public_endpoint: Some("ftp://x".to_owned()), ..base.clone() }),
            ("region", S3Settings { region: Some("us east".to_owned()), ..base.clone() }),
            ("prefix", S3Settings { prefix: Some("videos".to_owned()), ..base.clone() }),
            ("prefix", S3Settings { prefix: Some("../".to_owned()), ..base.clone() }),
            (
                "timeout stall",
                S3Settings { timeouts: S3Timeouts { stall: Duration::ZERO, ..S3Timeouts::default() }, ..base.clone() },
            ),
        ];
        for (field, settings) in broken {
            let message = settings.check().expect_err(field).to_string();
            assert!(message.starts_with(&format!("{field} `")), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn secrets_do_not_show() {
        let keys = S3Keys {
            access_key: "AK".to_owned(),
            secret_key: "hunter2".to_owned(),
            session_token: Some("hunter3".to_owned()),
        };
        let shown = format!("{:?}", S3Settings { keys: Some(keys), ..S3Settings::new("videos") });
        assert!(shown.contains("AK") && !shown.contains("hunter"), "{shown}");
    }
}
