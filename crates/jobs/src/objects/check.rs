//! Proof that storage works, step by step: what `render doctor` shows and what ends a pause of uploads.

use std::io::Write;
use std::time::Duration;

use super::error::{Asked, Refusal, StorageError};
use super::key::ObjectKey;
use super::object::{FileMeta, sha256_of_file};
use super::{ObjectStore, Result};

/// How one step went.
#[derive(Debug)]
pub struct CheckStep {
    /// `write`, `read`, `list`, `sign`, `private` (buckets only), `delete`, `missing`.
    pub name: &'static str,
    /// What was found, or what went wrong.
    pub outcome: Result<String>,
}

/// How a check went.
#[derive(Debug)]
pub struct StorageCheck {
    /// The place, without secrets.
    pub target: String,
    /// The steps in their order. After a failed `write` there are no others.
    pub steps: Vec<CheckStep>,
}

impl StorageCheck {
    /// Whether all went well.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.steps.iter().all(|step| step.outcome.is_ok())
    }

    /// The first failure.
    #[must_use]
    pub fn failure(&self) -> Option<&StorageError> {
        self.steps.iter().find_map(|step| step.outcome.as_ref().err())
    }
}

/// Runs all steps with an object of its own under `probe/`.
pub(super) async fn run(store: &dyn ObjectStore, patience: Duration) -> StorageCheck {
    let key = ObjectKey::probe();
    let content = format!("quotereel checks that it can store videos here: {key}\n").into_bytes();
    let mut steps = Vec::new();
    let mut note = |name, outcome: Result<String>| {
        let went_well = outcome.is_ok();
        steps.push(CheckStep { name, outcome });
        went_well
    };
    if note("write", write(store, &key, &content).await) {
        note("read", read(store, &key, &content).await);
        note("list", list(store, &key).await);
        let signed = store.sign_get(&key, Duration::from_secs(60), None).await;
        let url = signed.as_ref().ok().cloned();
        let fetched = match signed {
            Ok(url) => fetch_signed(store, &key, &url, &content, patience).await,
            Err(error) => Err(error),
        };
        note("sign", fetched);
        if let Some(url) = url.filter(|url| url.starts_with("http")) {
            note("private", fetch_unsigned(store, &key, &url, patience).await);
        }
        note("delete", store.delete(&key).await.map(|()| "removed".to_owned()));
        note("missing", missing(store, &key).await);
    } else {
        // A write that failed half-way may have left something.
        let _ = store.delete(&key).await;
    }
    StorageCheck { target: store.target().to_owned(), steps }
}

async fn write(store: &dyn ObjectStore, key: &ObjectKey, content: &[u8]) -> Result<String> {
    let asked = Asked { target: "this machine's temporary folder", action: "write", key: key.as_str() };
    let mut file = tempfile::NamedTempFile::new().map_err(|error| asked.unavailable(error))?;
    file.write_all(content).and_then(|()| file.flush()).map_err(|error| asked.unavailable(error))?;
    let (sha256, bytes) = sha256_of_file(file.path()).map_err(|error| asked.unavailable(error))?;
    let meta = FileMeta {
        sha256,
        bytes,
        snapshot_hash: "check".to_owned(),
        render_version: env!("CARGO_PKG_VERSION").to_owned(),
        duration_ms: None,
    };
    store.put_file(key, file.path(), &meta).await?;
    Ok(format!("{bytes} bytes with their description"))
}

async fn read(store: &dyn ObjectStore, key: &ObjectKey, content: &[u8]) -> Result<String> {
    let found = store.get(key, 4096).await?;
    same(key, &found, content)
}

fn same(key: &ObjectKey, found: &[u8], content: &[u8]) -> Result<String> {
    if found == content {
        return Ok(format!("{} bytes, as written", found.len()));
    }
    let (found, expected) = (format!("{} other bytes", found.len()), format!("the {} bytes written", content.len()));
    Err(StorageError::Mismatch { key: key.to_string(), what: "the content", found, expected })
}

async fn list(store: &dyn ObjectStore, key: &ObjectKey) -> Result<String> {
    let listing = store.list(key.as_str(), None, 2).await?;
    if listing.objects.iter().any(|object| object.key == key.as_str()) {
        return Ok("found".to_owned());
    }
    let expected = "the object just written".to_owned();
    Err(StorageError::Mismatch { key: key.to_string(), what: "the listing", found: "without it".to_owned(), expected })
}

async fn fetch_signed(
    store: &dyn ObjectStore,
    key: &ObjectKey,
    url: &str,
    content: &[u8],
    patience: Duration,
) -> Result<String> {
    let asked = Asked { target: store.target(), action: "fetch by signed URL", key: key.as_str() };
    if url.starts_with("http") {
        let (status, body) = fetch(asked, url, patience).await?;
        return if status == 200 { same(key, &body, content) } else { Err(asked.answer(status, "", "")) };
    }
    let path = reqwest::Url::parse(url).ok().and_then(|url| url.to_file_path().ok());
    let path = path.ok_or_else(|| asked.unavailable("the signed URL is none"))?;
    let found = tokio::fs::read(&path).await.map_err(|error| asked.unavailable(error))?;
    same(key, &found, content)
}

/// Without its signature the same URL must give nothing.
async fn fetch_unsigned(store: &dyn ObjectStore, key: &ObjectKey, url: &str, patience: Duration) -> Result<String> {
    let asked = Asked { target: store.target(), action: "keep secret", key: key.as_str() };
    let plain = url.split('?').next().unwrap_or(url);
    match fetch(asked, plain, patience).await? {
        (200..300, _) => Err(asked.refused(Refusal::Public, "anybody can read it without a signature")),
        (status, _) => Ok(format!("status {status} without a signature")),
    }
}

/// Status and at most 4096 bytes of the body. The URL itself stays out of every message.
async fn fetch(asked: Asked<'_>, url: &str, patience: Duration) -> Result<(u16, Vec<u8>)> {
    let unavailable = |error: reqwest::Error| asked.unavailable(error.without_url());
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(patience)
        .build()
        .map_err(unavailable)?;
    let mut response = client.get(url).send().await.map_err(unavailable)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
        body.extend_from_slice(&chunk);
        if body.len() > 4096 {
            break;
        }
    }
    Ok((response.status().as_u16(), body))
}

async fn missing(store: &dyn ObjectStore, key: &ObjectKey) -> Result<String> {
    match store.head(key).await? {
        None => Ok("a removed object is known to be missing".to_owned()),
        Some(_) => Err(StorageError::Mismatch {
            key: key.to_string(),
            what: "the object",
            found: "still there".to_owned(),
            expected: "removed".to_owned(),
        }),
    }
}
