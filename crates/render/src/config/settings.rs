//! The settings as clap reads them from flags and environment, and their checks.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Command, CommandFactory as _, Parser, ValueHint};

use super::general::{FontsArgs, LogArgs};
use super::span::Span;
use quotereel_jobs::observe::health::{Address, DEFAULT_ADDRESS};
use quotereel_jobs::queue::without_password;

/// A setting that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A value breaks its own rule or goes against another one.
    #[error("--{setting} is `{value}`: {expected}")]
    Value {
        /// Name of the flag.
        setting: &'static str,
        /// What was given.
        value: String,
        /// What would be right.
        expected: String,
    },
    /// There is no place for the data.
    #[error("there is no home folder to keep jobs and videos in: give --data-dir or QUOTEREEL_DATA")]
    NoHome,
}

/// Every setting there is: what `render config` shows.
#[derive(Clone, Debug, Parser)]
#[command(name = "render config")]
pub(crate) struct Settings {
    /// Where the jobs are.
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// Where the videos go.
    #[command(flatten)]
    pub(crate) storage: StorageArgs,
    /// What an enqueue must respect.
    #[command(flatten)]
    pub(crate) enqueue: EnqueueArgs,
    /// How a worker behaves.
    #[command(flatten)]
    pub(crate) worker: WorkerArgs,
}

/// Every setting, those of all commands included, as one command line: for lists of them.
#[must_use]
pub(crate) fn every_setting() -> Command {
    LogArgs::augment_args(Settings::command())
}

/// Where the jobs are.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Database")]
pub(crate) struct DatabaseArgs {
    /// Folder of the embedded database, the videos and the spool, where these have no place of their own
    /// [default: quotereel in the user's data folder]
    #[arg(long, env = "QUOTEREEL_DATA", hide_env_values = true, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) data_dir: Option<PathBuf>,

    /// `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/NAME` [default: sqlite:jobs.db in the data folder]
    #[arg(long, env = "QUOTEREEL_DATABASE", value_name = "URL", hide_env_values = true)]
    pub(crate) database: Option<String>,
}

/// Where the videos go.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Storage")]
pub(crate) struct StorageArgs {
    /// A folder, or `s3://BUCKET` [default: videos in the data folder]
    #[arg(long, env = "QUOTEREEL_STORAGE", hide_env_values = true, value_name = "FOLDER|URL")]
    pub(crate) storage: Option<String>,

    /// Address of an S3 server other than Amazon's
    #[arg(long, env = "QUOTEREEL_S3_ENDPOINT", hide_env_values = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub s3_endpoint: Option<String>,

    /// Address that signed URLs carry, where their readers reach the store by another one
    #[arg(long, env = "QUOTEREEL_S3_PUBLIC_ENDPOINT", hide_env_values = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub s3_public_endpoint: Option<String>,

    /// Region; `auto` for stores that have none [default: what the AWS configuration says, else us-east-1]
    #[arg(long, env = "QUOTEREEL_S3_REGION", hide_env_values = true, value_name = "NAME")]
    pub s3_region: Option<String>,

    /// Name the bucket in the path and not in the host, as most servers other than Amazon's want it
    #[arg(long, env = "QUOTEREEL_S3_FORCE_PATH_STYLE", hide_env_values = true)]
    pub s3_force_path_style: bool,

    /// Access key [default: the AWS credential chain: environment, profile, web identity, container, instance]
    #[arg(long, env = "QUOTEREEL_S3_ACCESS_KEY_ID", value_name = "ID", hide_env_values = true)]
    pub s3_access_key_id: Option<String>,

    /// Secret of the access key; better in the environment, where no list of processes shows it
    #[arg(long, env = "QUOTEREEL_S3_SECRET_ACCESS_KEY", value_name = "SECRET", hide_env_values = true)]
    pub s3_secret_access_key: Option<String>,

    /// How long a signed address of a video works, 1s to 7d
    #[arg(long, env = "QUOTEREEL_URL_TTL", hide_env_values = true, value_name = "TIME", default_value = "10m", value_parser = Span::finite)]
    pub(crate) url_ttl: Duration,
}

/// What an enqueue must respect.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Enqueueing")]
pub(crate) struct EnqueueArgs {
    /// Shortest time between two different renders of one quote with one template
    #[arg(long, env = "QUOTEREEL_COOLDOWN", hide_env_values = true, value_name = "TIME", default_value = "3m", value_parser = Span::finite)]
    pub(crate) cooldown: Duration,

    /// Retries of one failed job, counted over the whole chain
    #[arg(long, env = "QUOTEREEL_MAX_RETRIES", hide_env_values = true, value_name = "N", default_value_t = 3)]
    pub(crate) max_retries: u32,

    /// Jobs of one company that may wait
    #[arg(long, env = "QUOTEREEL_MAX_QUEUED", hide_env_values = true, value_name = "N", default_value_t = 20_000)]
    pub(crate) max_queued: u32,

    /// Take quotes that are not ISSUED: drafts, accepted ones
    #[arg(long, env = "QUOTEREEL_ALLOW_UNISSUED", hide_env_values = true)]
    pub(crate) allow_unissued: bool,

    /// Take quotes whose validity is over
    #[arg(long, env = "QUOTEREEL_ALLOW_EXPIRED", hide_env_values = true)]
    pub(crate) allow_expired: bool,
}

/// How a worker behaves.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Worker")]
pub(crate) struct WorkerArgs {
    /// Jobs at the same time [default: one for every two processors]
    #[arg(long, env = "QUOTEREEL_CONCURRENCY", hide_env_values = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) concurrency: Option<u16>,

    /// Threads of one render [default: processors divided by --concurrency]
    #[arg(long, env = "QUOTEREEL_RENDER_THREADS", hide_env_values = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) render_threads: Option<u16>,

    /// Folder for unfinished and not yet uploaded videos [default: spool in the data folder]
    #[arg(long, env = "QUOTEREEL_SPOOL", hide_env_values = true, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) spool: Option<PathBuf>,

    /// Free space of the spool below which no job is claimed, in MiB
    #[arg(long, env = "QUOTEREEL_MIN_FREE_MIB", hide_env_values = true, value_name = "MIB", default_value_t = 512)]
    pub(crate) min_free_mib: u64,

    /// Folder of further templates, one folder each, by name
    #[arg(long, env = "QUOTEREEL_TEMPLATES", hide_env_values = true, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) templates: Option<PathBuf>,

    /// Fonts that are not bundled.
    #[command(flatten)]
    pub(crate) fonts: FontsArgs,

    /// How long a job stays a worker's without a heartbeat
    #[arg(long, env = "QUOTEREEL_LEASE", hide_env_values = true, value_name = "TIME", default_value = "75s", value_parser = Span::finite)]
    pub(crate) lease: Duration,

    /// Time between two heartbeats, at most a third of the lease
    #[arg(long, env = "QUOTEREEL_HEARTBEAT", hide_env_values = true, value_name = "TIME", default_value = "15s", value_parser = Span::finite)]
    pub(crate) heartbeat: Duration,

    /// How long one claim of a job may last, whatever the heartbeat says
    #[arg(long, env = "QUOTEREEL_DEADLINE", hide_env_values = true, value_name = "TIME", default_value = "12m", value_parser = Span::finite)]
    pub(crate) deadline: Duration,

    /// How long one render may last
    #[arg(long, env = "QUOTEREEL_RENDER_TIMEOUT", hide_env_values = true, value_name = "TIME", default_value = "5m", value_parser = Span::finite)]
    pub(crate) render_timeout: Duration,

    /// Time between two looks at an empty queue, give or take a fifth
    #[arg(long, env = "QUOTEREEL_POLL", hide_env_values = true, value_name = "TIME", default_value = "1s", value_parser = Span::finite)]
    pub(crate) poll: Duration,

    /// Time between two rounds of reconciling rows and objects
    #[arg(long, env = "QUOTEREEL_RECONCILE", hide_env_values = true, value_name = "TIME", default_value = "2m", value_parser = Span::finite)]
    pub(crate) reconcile: Duration,

    /// How long running jobs may go on after SIGTERM before they are given back
    #[arg(long, env = "QUOTEREEL_GRACE", hide_env_values = true, value_name = "TIME", default_value = "30s", value_parser = Span::finite)]
    pub(crate) grace: Duration,

    /// Jobs of one company that may run at the same time, over all workers
    #[arg(long, env = "QUOTEREEL_TENANT_CAP", hide_env_values = true, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) tenant_cap: u32,

    /// Claims of one job that may end in a system failure before it fails
    #[arg(long, env = "QUOTEREEL_MAX_ATTEMPTS", hide_env_values = true, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_attempts: u32,

    /// Times that a job is rescued from a dead worker before it fails
    #[arg(long, env = "QUOTEREEL_MAX_RESCUES", hide_env_values = true, value_name = "N", default_value_t = 2)]
    pub(crate) max_rescues: u32,

    /// Memory one render may address, in MiB
    #[arg(
        long,
        env = "QUOTEREEL_RENDER_MEMORY_MIB",
        hide_env_values = true,
        value_name = "MIB",
        default_value_t = 2048
    )]
    pub(crate) render_memory_mib: u64,

    /// Let logos and pictures be fetched from private and local addresses, and webhooks be sent there
    #[arg(long, env = "QUOTEREEL_ALLOW_PRIVATE_NETWORK", hide_env_values = true)]
    pub(crate) allow_private_network: bool,

    /// How long videos are kept, `never` to keep them for ever
    #[arg(long, env = "QUOTEREEL_KEEP_VIDEOS", hide_env_values = true, value_name = "TIME", default_value = "90d")]
    pub(crate) keep_videos: Span,

    /// How long rows of succeeded jobs are kept, not shorter than their videos
    #[arg(long, env = "QUOTEREEL_KEEP_SUCCEEDED", hide_env_values = true, value_name = "TIME", default_value = "400d")]
    pub(crate) keep_succeeded: Span,

    /// How long rows of failed jobs are kept
    #[arg(long, env = "QUOTEREEL_KEEP_FAILED", hide_env_values = true, value_name = "TIME", default_value = "30d")]
    pub(crate) keep_failed: Span,

    /// How long rows of cancelled jobs are kept
    #[arg(long, env = "QUOTEREEL_KEEP_CANCELLED", hide_env_values = true, value_name = "TIME", default_value = "7d")]
    pub(crate) keep_cancelled: Span,

    /// Where /metrics, /healthz and /readyz are served; `off` for nowhere
    #[arg(
        long,
        env = "QUOTEREEL_METRICS",
        hide_env_values = true,
        value_name = "ADDRESS",
        default_value = DEFAULT_ADDRESS
    )]
    pub(crate) metrics: Address,
}

impl DatabaseArgs {
    /// The data folder.
    ///
    /// # Errors
    /// [`ConfigError::NoHome`].
    pub(crate) fn data_folder(&self) -> Result<PathBuf, ConfigError> {
        if let Some(folder) = &self.data_dir {
            return Ok(folder.clone());
        }
        let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        // https://specifications.freedesktop.org/basedir-spec/latest/
        let home = absolute("XDG_DATA_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/share")));
        Ok(home.ok_or(ConfigError::NoHome)?.join("quotereel"))
    }

    /// Address of the database.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub(crate) fn url(&self) -> Result<String, ConfigError> {
        match self.database.as_deref() {
            None => Ok(format!("sqlite:{}", self.data_folder()?.join("jobs.db").display())),
            Some(url) if ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) => {
                Ok(url.to_owned())
            }
            // A password could stand anywhere in it: it is not repeated.
            Some(_) => Err(ConfigError::Value {
                setting: "database",
                value: "(not shown)".to_owned(),
                expected: "write sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME".to_owned(),
            }),
        }
    }
}

impl DatabaseArgs {
    /// Address of the database as it may be printed.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub(crate) fn shown_url(&self) -> Result<String, ConfigError> {
        Ok(without_password(&self.url()?))
    }
}

impl WorkerArgs {
    /// Checks values against one another.
    ///
    /// # Errors
    /// [`ConfigError::Value`].
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |setting, value: Span, expected: String| {
            Err(ConfigError::Value { setting, value: value.to_string(), expected })
        };
        let span = |duration| Span(Some(duration));
        if self.lease < Duration::from_secs(1) {
            return wrong("lease", span(self.lease), "at least 1s".to_owned());
        }
        if self.heartbeat.is_zero() || self.heartbeat * 3 > self.lease {
            return wrong(
                "heartbeat",
                span(self.heartbeat),
                format!("more than 0s and at most a third of the lease, {}", span(self.lease)),
            );
        }
        if self.deadline < self.lease {
            return wrong("deadline", span(self.deadline), format!("not shorter than the lease, {}", span(self.lease)));
        }
        if self.poll.is_zero() || self.reconcile.is_zero() {
            let (setting, value) =
                if self.poll.is_zero() { ("poll", self.poll) } else { ("reconcile", self.reconcile) };
            return wrong(setting, span(value), "more than 0s".to_owned());
        }
        let longer = |row: Span, video: Span| match (row.0, video.0) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(row), Some(video)) => row >= video,
        };
        if !longer(self.keep_succeeded, self.keep_videos) {
            let expected = format!("not shorter than --keep-videos, {}", self.keep_videos);
            return wrong("keep-succeeded", self.keep_succeeded, expected);
        }
        Ok(())
    }

    /// The spool's folder.
    ///
    /// # Errors
    /// [`ConfigError::NoHome`].
    pub(crate) fn spool_folder(&self, database: &DatabaseArgs) -> Result<PathBuf, ConfigError> {
        match &self.spool {
            Some(folder) => Ok(folder.clone()),
            None => Ok(database.data_folder()?.join("spool")),
        }
    }
}
