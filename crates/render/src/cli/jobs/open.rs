//! Opens what the settings name: database, storage, and a runtime for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::runtime::Runtime;

use super::args::TenantArgs;
use crate::cli::failure::Failure;
use crate::config::{ConfigError, DatabaseArgs, EnqueueArgs, StorageArgs};
use quotereel_jobs::job::{IdentityError, JobId, TenantScope};
use quotereel_jobs::objects::{self, ObjectStore, S3Keys, S3Settings, StorageSettings};
use quotereel_jobs::queue::{self, Database, EnqueueRules, QueueError};

/// Time between two tries to open a database that does not answer.
const WAIT_FOR_DATABASE: Duration = Duration::from_secs(1);

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<IdentityError> for Failure {
    fn from(error: IdentityError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// A runtime for one command.
pub(in crate::cli) fn runtime() -> Result<Runtime, Failure> {
    Ok(Runtime::new().context("cannot start the runtime")?)
}

/// The database. An embedded one is created and migrated when opened, since nobody else does that.
pub(in crate::cli) async fn store(args: &DatabaseArgs) -> Result<Arc<dyn Database>, Failure> {
    let url = args.url()?;
    let embedded = folder_of_embedded(&url)?;
    Ok(opened(&url, embedded).await.map_err(anyhow::Error::from)?)
}

/// The database, for a program that may start before it: waits up to `patience` for one that does not answer.
pub(super) async fn store_within(args: &DatabaseArgs, patience: Duration) -> Result<Arc<dyn Database>, Failure> {
    let url = args.url()?;
    let embedded = folder_of_embedded(&url)?;
    let began = Instant::now();
    loop {
        match opened(&url, embedded).await {
            Err(error) if error.is_transient() && began.elapsed() + WAIT_FOR_DATABASE < patience => {
                tracing::warn!(event = "ERROR", error = %error, "waiting for the database");
                tokio::time::sleep(WAIT_FOR_DATABASE).await;
            }
            opened => return Ok(opened.map_err(anyhow::Error::from)?),
        }
    }
}

/// What fails says itself that it is the database's, cause first.
async fn opened(url: &str, embedded: bool) -> Result<Arc<dyn Database>, QueueError> {
    let store = queue::connect(url).await?;
    if embedded {
        store.migrate().await?;
    } else {
        store.ping().await?;
    }
    Ok(store)
}

/// Creates the folder of an embedded database; `false` for a database on a server.
pub(super) fn folder_of_embedded(url: &str) -> Result<bool, Failure> {
    let Some(path) = url.strip_prefix("sqlite:") else { return Ok(false) };
    if let Some(folder) = Path::new(path).parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot create the folder {}", folder.display()))?;
    }
    Ok(true)
}

/// The storage of videos.
pub(in crate::cli) async fn storage(
    args: &StorageArgs,
    database: &DatabaseArgs,
) -> Result<Arc<dyn ObjectStore>, Failure> {
    let settings = storage_settings(args, database)?;
    Ok(objects::open(&settings).await.context("cannot open the storage")?)
}

/// The storage settings.
pub(super) fn storage_settings(args: &StorageArgs, database: &DatabaseArgs) -> Result<StorageSettings, Failure> {
    let named = match &args.storage {
        None => return Ok(StorageSettings::Directory { path: database.data_folder()?.join("videos") }),
        Some(named) => named,
    };
    let Some(bucket) = named.strip_prefix("s3://") else {
        if named.contains("://") {
            let expected = "a folder or s3://BUCKET".to_owned();
            return Err(ConfigError::Value { setting: "storage", value: named.clone(), expected }.into());
        }
        return Ok(StorageSettings::Directory { path: PathBuf::from(named) });
    };
    let (bucket, prefix) =
        bucket.trim_end_matches('/').split_once('/').map_or((bucket, None), |(bucket, prefix)| (bucket, Some(prefix)));
    let keys = match (&args.s3_access_key_id, &args.s3_secret_access_key) {
        (Some(access_key), Some(secret_key)) => {
            Some(S3Keys { access_key: access_key.clone(), secret_key: secret_key.clone(), session_token: None })
        }
        (None, None) => None,
        _ => {
            let expected = "give key and secret together, or neither".to_owned();
            let value = "(half of it)".to_owned();
            return Err(ConfigError::Value { setting: "s3-access-key-id", value, expected }.into());
        }
    };
    Ok(StorageSettings::S3(Box::new(S3Settings {
        region: args.s3_region.clone(),
        endpoint: args.s3_endpoint.clone(),
        public_endpoint: args.s3_public_endpoint.clone(),
        force_path_style: args.s3_force_path_style,
        keys,
        prefix: prefix.map(|prefix| format!("{prefix}/")),
        ..S3Settings::new(bucket.trim_end_matches('/'))
    })))
}

/// The company.
pub(super) fn scope(tenant: &TenantArgs) -> Result<TenantScope, Failure> {
    Ok(TenantScope::new(tenant.organization.as_deref(), &tenant.company)?)
}

/// Parses a job's id.
pub(super) fn job_id(text: &str) -> Result<JobId, Failure> {
    Ok(text.parse()?)
}

/// The rules of an enqueue.
pub(super) fn rules(args: &EnqueueArgs, when_allowed: bool) -> EnqueueRules {
    EnqueueRules {
        cooldown: args.cooldown,
        when_allowed,
        max_retries: args.max_retries,
        max_queued: args.max_queued,
        correlation_id: uuid::Uuid::now_v7().to_string(),
    }
}
