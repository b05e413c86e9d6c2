//! The settings as clap reads them from flags and environment, and their checks.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Command, CommandFactory as _, Parser, ValueHint};

use super::general::{FontsArgs, LogArgs};
use super::span::Span;
use quotereel_jobs::observe::health::{Address, DEFAULT_ADDRESS};
use quotereel_jobs::queue::without_password;

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A value is out of its range, or contradicts another setting.
    #[error("--{setting} is `{value}`: {expected}")]
    Value {
        /// Name of the flag.
        setting: &'static str,
        /// The given value.
        value: String,
        /// Allowed values.
        expected: String,
    },
    /// No folder for the data is known.
    #[error("no home folder to keep jobs and videos in: give --data-dir or QUOTEREEL_DATA")]
    NoHome,
}

/// All settings: what `render config` prints.
#[derive(Clone, Debug, Parser)]
#[command(name = "render config")]
pub(crate) struct Settings {
    /// The database.
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// The storage of videos.
    #[command(flatten)]
    pub(crate) storage: StorageArgs,
    /// Rules for new jobs.
    #[command(flatten)]
    pub(crate) enqueue: EnqueueArgs,
    /// The worker.
    #[command(flatten)]
    pub(crate) worker: WorkerArgs,
}

/// All settings, including those of every command, as one command line: for lists.
#[must_use]
pub(crate) fn every_setting() -> Command {
    LogArgs::augment_args(Settings::command())
}

/// The database.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Database")]
pub(crate) struct DatabaseArgs {
    /// Folder of the embedded database, the videos and the spool, unless these are set separately [default: quotereel
    /// in the user's data folder]
    #[arg(long, env = "QUOTEREEL_DATA", hide_env_values = true, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) data_dir: Option<PathBuf>,

    /// Database: `sqlite:FILE` or `postgres://USER:PASSWORD@HOST/NAME` [default: sqlite:jobs.db in the data folder]
    #[arg(long, env = "QUOTEREEL_DATABASE", value_name = "URL", hide_env_values = true)]
    pub(crate) database: Option<String>,
}

/// The storage of videos.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Storage")]
pub(crate) struct StorageArgs {
    /// Storage of videos: a folder, or `s3://BUCKET` [default: videos in the data folder]
    #[arg(long, env = "QUOTEREEL_STORAGE", hide_env_values = true, value_name = "FOLDER|URL")]
    pub(crate) storage: Option<String>,

    /// URL of an S3 server other than Amazon's
    #[arg(long, env = "QUOTEREEL_S3_ENDPOINT", hide_env_values = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub s3_endpoint: Option<String>,

    /// URL of the S3 server in signed URLs, if browsers reach it by another one than the worker
    #[arg(long, env = "QUOTEREEL_S3_PUBLIC_ENDPOINT", hide_env_values = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub s3_public_endpoint: Option<String>,

    /// S3 region; `auto` for servers without regions [default: that of the AWS configuration, else us-east-1]
    #[arg(long, env = "QUOTEREEL_S3_REGION", hide_env_values = true, value_name = "NAME")]
    pub s3_region: Option<String>,

    /// Put the bucket into the path instead of the host name, as most servers other than Amazon's require
    #[arg(long, env = "QUOTEREEL_S3_FORCE_PATH_STYLE", hide_env_values = true)]
    pub s3_force_path_style: bool,

    /// S3 access key [default: the AWS credential chain: environment, profile, web identity, container, instance]
    #[arg(long, env = "QUOTEREEL_S3_ACCESS_KEY_ID", value_name = "ID", hide_env_values = true)]
    pub s3_access_key_id: Option<String>,

    /// Secret of the access key; better set in the environment, since process lists show arguments
    #[arg(long, env = "QUOTEREEL_S3_SECRET_ACCESS_KEY", value_name = "SECRET", hide_env_values = true)]
    pub s3_secret_access_key: Option<String>,

    /// Lifetime of a signed URL of a video, 1s to 7d
    #[arg(long, env = "QUOTEREEL_URL_TTL", hide_env_values = true, value_name = "TIME", default_value = "10m", value_parser = Span::finite)]
    pub(crate) url_ttl: Duration,
}

/// Rules for new jobs.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Enqueueing")]
pub(crate) struct EnqueueArgs {
    /// Minimum time between two different renders of one quote with one template
    #[arg(long, env = "QUOTEREEL_COOLDOWN", hide_env_values = true, value_name = "TIME", default_value = "3m", value_parser = Span::finite)]
    pub(crate) cooldown: Duration,

    /// Maximum retries of a failed job, retries of retries included
    #[arg(long, env = "QUOTEREEL_MAX_RETRIES", hide_env_values = true, value_name = "N", default_value_t = 3)]
    pub(crate) max_retries: u32,

    /// Maximum waiting jobs per company
    #[arg(long, env = "QUOTEREEL_MAX_QUEUED", hide_env_values = true, value_name = "N", default_value_t = 20_000)]
    pub(crate) max_queued: u32,

    /// Accept quotes whose status is not ISSUED, such as drafts
    #[arg(long, env = "QUOTEREEL_ALLOW_UNISSUED", hide_env_values = true)]
    pub(crate) allow_unissued: bool,

    /// Accept quotes past their last valid day
    #[arg(long, env = "QUOTEREEL_ALLOW_EXPIRED", hide_env_values = true)]
    pub(crate) allow_expired: bool,
}

/// The worker.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Worker")]
pub(crate) struct WorkerArgs {
    /// Jobs at the same time [default: one per two processors]
    #[arg(long, env = "QUOTEREEL_CONCURRENCY", hide_env_values = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) concurrency: Option<u16>,

    /// Threads per render [default: processors divided by --concurrency]
    #[arg(long, env = "QUOTEREEL_RENDER_THREADS", hide_env_values = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) render_threads: Option<u16>,

    /// Folder for videos in progress or waiting for upload [default: spool in the data folder]
    #[arg(long, env = "QUOTEREEL_SPOOL", hide_env_values = true, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) spool: Option<PathBuf>,

    /// Claim no jobs while the spool has less free space than this, in MiB
    #[arg(long, env = "QUOTEREEL_MIN_FREE_MIB", hide_env_values = true, value_name = "MIB", default_value_t = 512)]
    pub(crate) min_free_mib: u64,

    /// Folder of additional templates: one subfolder per template, named like it
    #[arg(long, env = "QUOTEREEL_TEMPLATES", hide_env_values = true, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) templates: Option<PathBuf>,

    /// Fonts that are not bundled.
    #[command(flatten)]
    pub(crate) fonts: FontsArgs,

    /// Time after the last heartbeat until other workers may take over a job
    #[arg(long, env = "QUOTEREEL_LEASE", hide_env_values = true, value_name = "TIME", default_value = "75s", value_parser = Span::finite)]
    pub(crate) lease: Duration,

    /// Time between heartbeats, at most a third of the lease
    #[arg(long, env = "QUOTEREEL_HEARTBEAT", hide_env_values = true, value_name = "TIME", default_value = "15s", value_parser = Span::finite)]
    pub(crate) heartbeat: Duration,

    /// Maximum duration of one claim of a job, even with heartbeats
    #[arg(long, env = "QUOTEREEL_DEADLINE", hide_env_values = true, value_name = "TIME", default_value = "12m", value_parser = Span::finite)]
    pub(crate) deadline: Duration,

    /// Maximum duration of one render
    #[arg(long, env = "QUOTEREEL_RENDER_TIMEOUT", hide_env_values = true, value_name = "TIME", default_value = "5m", value_parser = Span::finite)]
    pub(crate) render_timeout: Duration,

    /// Time between two checks of an empty queue, varied by up to a fifth
    #[arg(long, env = "QUOTEREEL_POLL", hide_env_values = true, value_name = "TIME", default_value = "1s", value_parser = Span::finite)]
    pub(crate) poll: Duration,

    /// Time between two rounds that reconcile rows and objects
    #[arg(long, env = "QUOTEREEL_RECONCILE", hide_env_values = true, value_name = "TIME", default_value = "2m", value_parser = Span::finite)]
    pub(crate) reconcile: Duration,

    /// Time running jobs get to finish after SIGTERM before they are released
    #[arg(long, env = "QUOTEREEL_GRACE", hide_env_values = true, value_name = "TIME", default_value = "30s", value_parser = Span::finite)]
    pub(crate) grace: Duration,

    /// Maximum running jobs per company, over all workers
    #[arg(long, env = "QUOTEREEL_TENANT_CAP", hide_env_values = true, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) tenant_cap: u32,

    /// Maximum claims of a job that end in a system failure; then the job fails
    #[arg(long, env = "QUOTEREEL_MAX_ATTEMPTS", hide_env_values = true, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_attempts: u32,

    /// Maximum rescues of a job from dead workers; then the job fails
    #[arg(long, env = "QUOTEREEL_MAX_RESCUES", hide_env_values = true, value_name = "N", default_value_t = 2)]
    pub(crate) max_rescues: u32,

    /// Maximum address space of one render, in MiB
    #[arg(
        long,
        env = "QUOTEREEL_RENDER_MEMORY_MIB",
        hide_env_values = true,
        value_name = "MIB",
        default_value_t = 2048
    )]
    pub(crate) render_memory_mib: u64,

    /// Allow pictures from, and webhooks to, private and local network addresses
    #[arg(long, env = "QUOTEREEL_ALLOW_PRIVATE_NETWORK", hide_env_values = true)]
    pub(crate) allow_private_network: bool,

    /// Delete videos after this time; `never` keeps them for ever
    #[arg(long, env = "QUOTEREEL_KEEP_VIDEOS", hide_env_values = true, value_name = "TIME", default_value = "90d")]
    pub(crate) keep_videos: Span,

    /// Delete rows of succeeded jobs after this time, not shorter than --keep-videos
    #[arg(long, env = "QUOTEREEL_KEEP_SUCCEEDED", hide_env_values = true, value_name = "TIME", default_value = "400d")]
    pub(crate) keep_succeeded: Span,

    /// Delete rows of failed jobs after this time
    #[arg(long, env = "QUOTEREEL_KEEP_FAILED", hide_env_values = true, value_name = "TIME", default_value = "30d")]
    pub(crate) keep_failed: Span,

    /// Delete rows of cancelled jobs after this time
    #[arg(long, env = "QUOTEREEL_KEEP_CANCELLED", hide_env_values = true, value_name = "TIME", default_value = "7d")]
    pub(crate) keep_cancelled: Span,

    /// Address that serves /metrics, /healthz and /readyz; `off` disables them
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
    /// The data folder: as set, or in the user's data folder.
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

    /// URL of the database.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub(crate) fn url(&self) -> Result<String, ConfigError> {
        match self.database.as_deref() {
            None => Ok(format!("sqlite:{}", self.data_folder()?.join("jobs.db").display())),
            Some(url) if ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) => {
                Ok(url.to_owned())
            }
            // It may contain a password anywhere, so it is not repeated.
            Some(_) => Err(ConfigError::Value {
                setting: "database",
                value: "(not shown)".to_owned(),
                expected: "write sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME".to_owned(),
            }),
        }
    }
}

impl DatabaseArgs {
    /// URL of the database without its password.
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
