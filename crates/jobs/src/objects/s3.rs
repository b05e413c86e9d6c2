//! Objects in a bucket of S3, or of a store that speaks its language.
//!
//! Nothing is sent that only AWS understands: no CRC32 trailers (R2, Ceph, GCS and older MinIO refuse them), no
//! conditional writes (keys are fenced by the epoch, so nothing is won by them), one PutObject a file.

use std::path::Path;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::{ByteStream, DateTime, Length};

use super::check::{self, StorageCheck};
use super::error::{Asked, Refusal, StorageError, source_error};
use super::key::ObjectKey;
use super::link::{attachment, check_life};
use super::object::{FileMeta, ListedObject, Listing, StoredObject, sha256_of_file};
use super::settings::{S3Settings, S3Timeouts};
use super::{ObjectStore, Result, check_limit};

/// The region of stores that have none.
const ANY_REGION: &str = "us-east-1";
/// Most objects in one answer of S3.
const MAX_PAGE: u32 = 1000;
/// Minimum speed of a connection, in bytes per second: an eighth of 1 Mbit/s. A slower one counts as broken.
const SLOWEST_BYTES_S: u64 = 16 * 1024;

/// A bucket.
#[derive(Debug)]
pub(super) struct S3 {
    client: Client,
    /// Signs for the address that browsers use.
    signer: Client,
    bucket: String,
    prefix: String,
    target: String,
    timeouts: S3Timeouts,
}

impl S3 {
    pub(super) async fn open(settings: &S3Settings) -> Result<Self> {
        settings.check()?;
        let builder = base(settings).await?;
        let timeouts = settings.timeouts;
        let builder = builder
            .force_path_style(settings.force_path_style)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            // Tries are counted outside, where they are distinguished from renders and survive the process.
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::enabled().grace_period(timeouts.stall).build())
            .timeout_config(timeout_config(timeouts.connect, timeouts.request));
        let at = |address: &Option<String>| match address {
            Some(address) => builder.clone().endpoint_url(address),
            None => builder.clone(),
        };
        let client = Client::from_conf(at(&settings.endpoint).build());
        let signer = Client::from_conf(at(&settings.public_endpoint.clone().or(settings.endpoint.clone())).build());
        let place = match (&settings.endpoint, client.config().region()) {
            (Some(endpoint), _) => format!("at {endpoint}"),
            (None, Some(region)) => format!("in {region}"),
            (None, None) => {
                let expected = "given, in the settings, AWS_REGION or a profile";
                return Err(StorageError::invalid("region", "", expected));
            }
        };
        Ok(Self {
            client,
            signer,
            bucket: settings.bucket.clone(),
            prefix: settings.prefix.clone().unwrap_or_default(),
            target: format!("bucket `{}` {place}", settings.bucket),
            timeouts,
        })
    }

    fn asked<'a>(&'a self, action: &'static str, key: &'a str) -> Asked<'a> {
        Asked { target: &self.target, action, key }
    }

    fn full_key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Settings of one request that carries a file of at most that many bytes: a small one that gets no answer is given
    /// up long before the time that a large one may take.
    fn transfer(&self, bytes: u64) -> Builder {
        let S3Timeouts { connect, request, transfer, .. } = self.timeouts;
        let whole = request.saturating_add(Duration::from_secs(bytes / SLOWEST_BYTES_S)).min(transfer);
        Builder::new().timeout_config(timeout_config(connect, whole))
    }

    /// An answer to HEAD has no body, so a missing bucket looks like a missing object and a wrong secret like a missing
    /// right. Asking for the first byte tells them apart, and needs no right of its own.
    async fn explain(&self, key: &ObjectKey) -> StorageError {
        let asked = self.asked("look up", key.as_str());
        let asking = self.client.get_object().bucket(&self.bucket).key(self.full_key(key.as_str())).range("bytes=0-0");
        match asking.send().await {
            Ok(_) => asked.unavailable("it changes its answers"),
            Err(error) => asked.fault(&error),
        }
    }

    /// An object, at most `max_bytes` of it.
    async fn read(&self, key: &ObjectKey, max_bytes: u64) -> Result<Vec<u8>> {
        let asked = self.asked("read", key.as_str());
        let too_large = || StorageError::TooLarge { key: key.to_string(), allowed_bytes: max_bytes };
        let asking = self.client.get_object().bucket(&self.bucket).key(self.full_key(key.as_str()));
        let mut answer = asking
            .customize()
            .config_override(self.transfer(max_bytes))
            .send()
            .await
            .map_err(|error| asked.fault(&error))?;
        if answer.content_length().and_then(|bytes| u64::try_from(bytes).ok()).is_some_and(|bytes| bytes > max_bytes) {
            return Err(too_large());
        }
        let mut content = Vec::new();
        while let Some(chunk) = answer.body.try_next().await.map_err(|error| asked.unavailable(error))? {
            if (content.len() + chunk.len()) as u64 > max_bytes {
                return Err(too_large());
            }
            content.extend_from_slice(&chunk);
        }
        match answer.content_length {
            Some(announced) if u64::try_from(announced).is_ok_and(|announced| announced != content.len() as u64) => {
                Err(asked.unavailable(format!("it broke off after {} of {announced} bytes", content.len())))
            }
            _ => Ok(content),
        }
    }
}

/// Region and keys.
async fn base(settings: &S3Settings) -> Result<Builder> {
    let behavior = BehaviorVersion::v2026_01_12();
    let region = settings.region.clone().map(Region::new);
    let any_region = || settings.endpoint.as_ref().map(|_| Region::from_static(ANY_REGION));
    Ok(match &settings.keys {
        Some(keys) => Builder::new()
            .behavior_version(behavior)
            .region(region.or_else(any_region))
            .credentials_provider(Credentials::new(
                &keys.access_key,
                &keys.secret_key,
                keys.session_token.clone(),
                None,
                "quotereel settings",
            )),
        None => {
            let mut chain = aws_config::defaults(behavior);
            if let Some(region) = region {
                chain = chain.region(region);
            }
            let chain = chain.load().await;
            Builder::from(&chain).region(chain.region().cloned().or_else(any_region))
        }
    })
}

/// There is one attempt, so attempt and operation end together; the operation also contains the fetching of keys. The
/// read timeout runs from the beginning of the request, body included.
fn timeout_config(connect: Duration, whole: Duration) -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(connect)
        .read_timeout(whole)
        .operation_attempt_timeout(whole)
        .operation_timeout(whole)
        .build()
}

#[async_trait]
impl ObjectStore for S3 {
    fn target(&self) -> &str {
        &self.target
    }

    fn place(&self, key: &ObjectKey) -> String {
        format!("s3://{}/{}", self.bucket, self.full_key(key.as_str()))
    }

    async fn put_file(&self, key: &ObjectKey, path: &Path, meta: &FileMeta) -> Result<()> {
        meta.check()?;
        let asked = self.asked("write", key.as_str());
        verify(asked, path, meta).await?;
        let body = ByteStream::read_from().path(path).length(Length::Exact(meta.bytes)).build().await;
        let body = body.map_err(|error| asked.unavailable(error))?;
        let asking = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(self.full_key(key.as_str()))
            .content_type(key.content_type())
            .cache_control(key.cache_control())
            .set_metadata(Some(meta.to_headers()))
            .body(body);
        asking
            .customize()
            .config_override(self.transfer(meta.bytes))
            .send()
            .await
            .map_err(|error| asked.fault(&error))?;
        let Some(stored) = self.head(key).await? else {
            return Err(asked.unavailable("it took the object and does not have it"));
        };
        let sha256 = stored.meta.map_or_else(|| "unknown".to_owned(), |meta| meta.sha256);
        meta.compare(key.as_str(), &sha256, stored.bytes)
    }

    async fn head(&self, key: &ObjectKey) -> Result<Option<StoredObject>> {
        let asking = self.client.head_object().bucket(&self.bucket).key(self.full_key(key.as_str()));
        let answer = match asking.send().await {
            Ok(answer) => answer,
            Err(SdkError::ServiceError(answer)) if (300..500).contains(&answer.raw().status().as_u16()) => {
                return match self.explain(key).await {
                    StorageError::Missing { .. } => Ok(None),
                    error => Err(error),
                };
            }
            Err(error) => return Err(self.asked("look up", key.as_str()).fault(&error)),
        };
        let bytes = length(answer.content_length);
        let meta = answer.metadata.and_then(|headers| FileMeta::from_headers(&headers, bytes));
        Ok(Some(StoredObject { bytes, modified: time(answer.last_modified), meta }))
    }

    async fn get(&self, key: &ObjectKey, max_bytes: u64) -> Result<Vec<u8>> {
        // The SDK's times end where the body begins.
        match tokio::time::timeout(self.timeouts.transfer, self.read(key, max_bytes)).await {
            Ok(content) => content,
            Err(_) => Err(self.asked("read", key.as_str()).unavailable("no end in time")),
        }
    }

    async fn delete(&self, key: &ObjectKey) -> Result<()> {
        let asked = self.asked("delete", key.as_str());
        let asking = self.client.delete_object().bucket(&self.bucket).key(self.full_key(key.as_str()));
        match asking.send().await.map_err(|error| asked.fault(&error)) {
            // Some stores complain about what is not there.
            Ok(_) | Err(StorageError::Missing { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn list(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Listing> {
        check_limit(limit)?;
        let asked = self.asked("list", prefix);
        let mut objects = Vec::new();
        let mut token = None;
        loop {
            let wanted = limit - u32::try_from(objects.len()).unwrap_or(limit);
            let page = self
                .client
                .list_objects_v2()
                .bucket(&self.bucket)
                .prefix(self.full_key(prefix))
                .set_start_after(after.map(|after| self.full_key(after)))
                .set_continuation_token(token)
                .max_keys(i32::try_from(wanted.min(MAX_PAGE)).unwrap_or(i32::MAX))
                .send()
                .await
                .map_err(|error| asked.fault(&error))?;
            token = page.next_continuation_token.filter(|_| page.is_truncated == Some(true));
            objects.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| {
                let key = object.key?.strip_prefix(&self.prefix)?.to_owned();
                Some(ListedObject { key, bytes: length(object.size), modified: time(object.last_modified) })
            }));
            if token.is_none() || objects.len() >= limit as usize {
                break;
            }
        }
        let next = objects.last().map(|object| object.key.clone()).filter(|_| token.is_some());
        Ok(Listing { objects, next })
    }

    async fn sign_get(&self, key: &ObjectKey, life: Duration, download_name: Option<&str>) -> Result<String> {
        check_life(life)?;
        let asked = self.asked("sign a URL of", key.as_str());
        let config = PresigningConfig::expires_in(life).map_err(|error| asked.refused(Refusal::Clock, error))?;
        let asking = self.signer.get_object().bucket(&self.bucket).key(self.full_key(key.as_str()));
        let asking = asking.set_response_content_disposition(download_name.map(attachment));
        Ok(asking.presigned(config).await.map_err(|error| asked.fault(&error))?.uri().to_owned())
    }

    async fn check(&self) -> StorageCheck {
        check::run(self, self.timeouts.request).await
    }
}

/// Proves that the file is what it is said to be, before a byte is sent.
async fn verify(asked: Asked<'_>, path: &Path, meta: &FileMeta) -> Result<()> {
    let of_task = path.to_owned();
    let hashed = tokio::task::spawn_blocking(move || sha256_of_file(&of_task)).await;
    match hashed.map_err(|error| asked.unavailable(error))? {
        Ok((sha256, bytes)) => meta.compare(asked.key, &sha256, bytes),
        Err(error) => Err(source_error(asked, path, &error)),
    }
}

fn length(bytes: Option<i64>) -> u64 {
    bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0)
}

fn time(time: Option<DateTime>) -> Option<SystemTime> {
    time.and_then(|time| SystemTime::try_from(time).ok())
}
