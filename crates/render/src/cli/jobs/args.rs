//! What was typed for the commands around jobs. The settings they share stand in `config`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use crate::config::{DatabaseArgs, EnqueueArgs, Settings, StorageArgs};
use quotereel_jobs::observe::health::{Address, DEFAULT_ADDRESS};

/// Commands around jobs.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum JobCommand {
    /// Render jobs from the queue until stopped
    Worker(WorkerTask),
    /// Put a quote into the queue
    Enqueue(EnqueueTask),
    /// Look at jobs, retry or cancel them
    Jobs(JobsTask),
    /// Look at a company's credits, or grant some
    Credits(CreditsTask),
    /// Set where a company's webhooks go
    Webhook(WebhookTask),
    /// Correct rows and objects once, now: expired leases, missing videos, orphans
    Reconcile(ReconcileTask),
    /// Bring the database's schema up to date
    Migrate(MigrateTask),
    /// Print the settings in force, secrets hidden
    Config(ConfigTask),
    /// Ask a running worker how it is; for container health checks
    Health(HealthTask),
    /// Render one job of a worker
    #[command(hide = true)]
    RenderOne(RenderOneArgs),
}

/// The database and the storage, which `render doctor` checks.
#[derive(Args, Debug)]
pub(in crate::cli) struct ServicesArgs {
    #[command(flatten)]
    pub(in crate::cli) database: DatabaseArgs,

    #[command(flatten)]
    pub(in crate::cli) storage: StorageArgs,
}

/// Whose jobs.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Company")]
pub(in crate::cli) struct TenantArgs {
    /// The company whose jobs these are
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) company: String,

    /// The company's organization, where it has one
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) organization: Option<String>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct WorkerTask {
    /// Take one job, carry it to its end and stop
    #[arg(long, conflicts_with = "drain")]
    pub(in crate::cli) once: bool,

    /// Stop when no job can be claimed any more; jobs that wait for a later try stay in the queue
    #[arg(long)]
    pub(in crate::cli) drain: bool,

    #[command(flatten)]
    pub(in crate::cli) settings: Settings,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct EnqueueTask {
    /// The quote snapshot, a JSON file; `-` reads stdin. Pictures given as files go into the job with it
    #[arg(value_hint = ValueHint::FilePath)]
    pub(in crate::cli) snapshot: PathBuf,

    /// The company whose job it is [default: the snapshot's]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) company: Option<String>,

    /// The company's organization [default: the snapshot's]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) organization: Option<String>,

    /// Name of the template: a built-in one, one of --templates, or one that a worker of this database has
    #[arg(short, long, value_name = "NAME", default_value = "quote-summary")]
    pub(in crate::cli) template: String,

    /// Folder of further templates, one folder each, by name; as the workers have it
    #[arg(long, env = "QUOTEREEL_TEMPLATES", hide_env_values = true, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) templates: Option<PathBuf>,

    /// Take a template that is known neither here nor to a worker that used this database: for one that starts later
    #[arg(long)]
    pub(in crate::cli) any_template: bool,

    /// During the cooldown, enqueue the job to begin when it ends, where it would be refused otherwise
    #[arg(long)]
    pub(in crate::cli) when_allowed: bool,

    /// Finds the same job when the same request comes again, 1 to 200 bytes
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) idempotency_key: Option<String>,

    /// Who asks
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) created_by: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) rules: EnqueueArgs,

    #[command(flatten)]
    pub(in crate::cli) database: DatabaseArgs,
}

#[derive(Args, Debug)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(in crate::cli) struct JobsTask {
    #[command(subcommand)]
    pub(in crate::cli) action: JobsAction,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum JobsAction {
    /// List jobs, newest first
    List {
        /// Only jobs that are queued, running, succeeded, failed or cancelled
        #[arg(long, value_name = "STATUS", value_parser = ["queued", "running", "succeeded", "failed", "cancelled"])]
        status: Option<String>,
        /// Only jobs of this quote
        #[arg(long, value_name = "ID")]
        quote: Option<String>,
        /// Only jobs older than this one: the next page
        #[arg(long, value_name = "JOB")]
        before: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
        #[command(flatten)]
        tenant: TenantArgs,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Show one job, with addresses of its video
    Show {
        /// The job's id
        job: String,
        #[command(flatten)]
        tenant: TenantArgs,
        #[command(flatten)]
        database: DatabaseArgs,
        #[command(flatten)]
        storage: StorageArgs,
    },
    /// Show what happened to one job, oldest first
    Events {
        /// The job's id
        job: String,
        #[command(flatten)]
        tenant: TenantArgs,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Enqueue a failed or cancelled job once more, as a new one
    Retry {
        /// The job's id
        job: String,
        /// During the cooldown, enqueue the job to begin when it ends, where it would be refused otherwise
        #[arg(long)]
        when_allowed: bool,
        #[command(flatten)]
        tenant: TenantArgs,
        #[command(flatten)]
        rules: EnqueueArgs,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Cancel a job; a running one stops within about a second
    Cancel {
        /// The job's id
        job: String,
        #[command(flatten)]
        tenant: TenantArgs,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

#[derive(Args, Debug)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(in crate::cli) struct CreditsTask {
    #[command(subcommand)]
    pub(in crate::cli) action: CreditsAction,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum CreditsAction {
    /// Balance, frozen and available; a company without credits is unlimited
    Show {
        #[command(flatten)]
        tenant: TenantArgs,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Add credits, or with a negative number take some away; the first grant makes credits count for the company
    Grant {
        /// How many; a video costs one
        #[arg(allow_negative_numbers = true)]
        amount: i64,
        /// What the grant is for, such as an invoice number: the same one again changes nothing
        #[arg(long, value_name = "TEXT")]
        reference: String,
        #[command(flatten)]
        tenant: TenantArgs,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

#[derive(Args, Debug)]
pub(in crate::cli) struct WebhookTask {
    /// An https address; `off` removes the one that is set
    #[arg(value_hint = ValueHint::Url)]
    pub(in crate::cli) url: String,

    /// File with the signing secret: `whsec_` and the base64 of 24 to 64 bytes [default: a new one is made and printed]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) secret_file: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) tenant: TenantArgs,

    #[command(flatten)]
    pub(in crate::cli) database: DatabaseArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ReconcileTask {
    #[command(flatten)]
    pub(in crate::cli) settings: Settings,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct MigrateTask {
    #[command(flatten)]
    pub(in crate::cli) database: DatabaseArgs,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct ConfigTask {
    #[command(flatten)]
    pub(in crate::cli) settings: Settings,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct HealthTask {
    /// The worker's address
    #[arg(
        long,
        env = "QUOTEREEL_METRICS",
        hide_env_values = true,
        value_name = "ADDRESS",
        default_value = DEFAULT_ADDRESS
    )]
    pub(in crate::cli) metrics: Address,

    /// Ask whether it can take jobs, not only whether it lives
    #[arg(long)]
    pub(in crate::cli) ready: bool,
}

/// What a worker allows its child; every value is given.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct RenderOneArgs {
    /// Address space in bytes
    #[arg(long)]
    pub(in crate::cli) memory_bytes: u64,

    /// Processor time in seconds
    #[arg(long)]
    pub(in crate::cli) cpu_s: u64,

    /// Largest file in bytes
    #[arg(long)]
    pub(in crate::cli) file_bytes: u64,

    /// Open files
    #[arg(long)]
    pub(in crate::cli) open_files: u64,
}
