//! Where finished videos and thumbnails lie: a bucket of S3, or a folder, behind one trait. It knows nothing of rows;
//! `worker` decides what is uploaded when, and how often it is tried again.
//!
//! Both storages are held to the same behaviour by one suite, `tests/storage.rs`. Neither tries anything twice: whoever
//! calls counts, and [`StorageError::class`] says whether trying again can help.

mod check;
mod directory;
mod error;
mod key;
mod link;
mod object;
mod prefix;
mod s3;
mod s3_fault;
mod settings;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use check::{CheckStep, StorageCheck};
pub use error::{Refusal, StorageError, StorageErrorClass};
pub use key::{JobFile, JobObject, ObjectKey};
pub use link::SIGNED_URL_LIFE;
pub use object::{FileMeta, ListedObject, Listing, StoredObject, sha256_of_file};
pub use prefix::TENANTS_PREFIX;
pub use settings::{S3Keys, S3Settings, S3Timeouts, StorageSettings};

/// Most objects that one call of [`ObjectStore::list`] gives.
pub const MAX_LISTED: u32 = 10_000;

/// What storage answers.
pub type Result<T, E = StorageError> = std::result::Result<T, E>;

/// One place for objects. Every call ends within the times of its settings.
///
/// # Errors
/// Every function: [`StorageError`], each with a message for the operator that names the place and has no secret in it.
#[async_trait]
pub trait ObjectStore: Send + Sync + std::fmt::Debug {
    /// The place, for logs: endpoint and bucket, or folder. No secrets.
    fn target(&self) -> &str;

    /// Where an object lies, for people: the path of a file, or `s3://bucket/key`. Not a way to fetch it.
    fn place(&self, key: &ObjectKey) -> String;

    /// Stores the file at `path` whole or not at all, and proves it: the file is hashed before, and the object's size and
    /// description are read back after. An object of that key is replaced; keys are fenced, so it can only be the same
    /// claim's own.
    ///
    /// # Errors
    /// [`StorageError::Mismatch`] when file or object is not what `meta` says.
    async fn put_file(&self, key: &ObjectKey, path: &Path, meta: &FileMeta) -> Result<()>;

    /// What is stored under that key; `None` only when storage is well and has no such object.
    async fn head(&self, key: &ObjectKey) -> Result<Option<StoredObject>>;

    /// A whole object of at most `max_bytes`.
    ///
    /// # Errors
    /// [`StorageError::Missing`], [`StorageError::TooLarge`].
    async fn get(&self, key: &ObjectKey, max_bytes: u64) -> Result<Vec<u8>>;

    /// Removes an object; succeeds if it does not exist.
    async fn delete(&self, key: &ObjectKey) -> Result<()>;

    /// At most `limit` objects (1 to [`MAX_LISTED`]) whose keys begin with `prefix`, each of them once over all pages;
    /// `after` is the `next` of the page before.
    async fn list(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Listing>;

    /// A URL under which anybody can read the object for that long ([`SIGNED_URL_LIFE`]), whether it exists or not. With
    /// a `download_name` a browser saves it under that name instead of showing it. The URL is a secret: never stored,
    /// never logged. A folder has no such thing and gives the `file://` path, which does not expire.
    async fn sign_get(&self, key: &ObjectKey, life: Duration, download_name: Option<&str>) -> Result<String>;

    /// Writes, reads, lists, signs and deletes a small object of its own, and says how each step went.
    async fn check(&self) -> StorageCheck;
}

/// Opens the storage of these settings. A bucket is not asked for anything yet: that is [`ObjectStore::check`]'s.
///
/// # Errors
/// [`StorageError::Invalid`] for settings out of their range; [`StorageError::Refused`] for a folder that cannot be made.
pub async fn open(settings: &StorageSettings) -> Result<Arc<dyn ObjectStore>> {
    Ok(match settings {
        StorageSettings::Directory { path } => Arc::new(directory::Directory::open(path).await?),
        StorageSettings::S3(settings) => Arc::new(s3::S3::open(settings).await?),
    })
}

fn check_limit(limit: u32) -> Result<()> {
    if (1..=MAX_LISTED).contains(&limit) {
        Ok(())
    } else {
        Err(StorageError::invalid("limit of a listing", limit, "1 to 10000"))
    }
}
