//! Arguments of the commands for jobs. Settings they share are in `config`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use crate::cli::template_name::TemplateName;
use crate::config::{DatabaseArgs, EnqueueArgs, Settings, StorageArgs};
use quotereel_jobs::observe::health::{Address, DEFAULT_ADDRESS};

/// Commands for jobs.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum JobCommand {
    /// Render jobs from the queue until stopped
    Worker(WorkerTask),
    /// Put a quote into the queue
    Enqueue(EnqueueTask),
    /// List, show, retry or cancel jobs
    Jobs(JobsTask),
    /// Show a company's credits, or grant some
    Credits(CreditsTask),
    /// Set the address of a company's webhooks
    Webhook(WebhookTask),
    /// Run one round of maintenance now: expired leases, missing videos, orphans
    Reconcile(ReconcileTask),
    /// Update the database schema
    Migrate(MigrateTask),
    /// Print the settings in force, secrets hidden
    Config(ConfigTask),
    /// Check a running worker, as a container health check does
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

/// The company.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Company")]
pub(in crate::cli) struct TenantArgs {
    /// The company that owns the jobs
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) company: String,

    /// The company's organization, if it has one
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) organization: Option<String>,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct WorkerTask {
    /// Work on one job, then stop
    #[arg(long, conflicts_with = "drain")]
    pub(in crate::cli) once: bool,

    /// Stop when no job can be claimed; jobs that wait for a later attempt stay in the queue
    #[arg(long)]
    pub(in crate::cli) drain: bool,

    #[command(flatten)]
    pub(in crate::cli) settings: Settings,
}

#[derive(Args, Debug)]
pub(in crate::cli) struct EnqueueTask {
    /// The quote, a JSON file; `-` reads stdin. Pictures given by `file` become part of the job
    #[arg(value_hint = ValueHint::FilePath)]
    pub(in crate::cli) snapshot: PathBuf,

    /// The company that owns the job [default: the quote's]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) company: Option<String>,

    /// The company's organization [default: the quote's]
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) organization: Option<String>,

    /// Template: a built-in one, one of --templates, or one that a worker of this database has
    #[arg(short, long, value_name = "NAME", default_value = "quote-summary", value_parser = TemplateName)]
    #[arg(hide_possible_values = true)]
    pub(in crate::cli) template: String,

    /// Folder of additional templates, as the workers have it: one subfolder per template, named like it
    #[arg(long, env = "QUOTEREEL_TEMPLATES", hide_env_values = true, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) templates: Option<PathBuf>,

    /// Accept a template that neither this machine nor a worker of this database has, for a worker that starts later
    #[arg(long)]
    pub(in crate::cli) any_template: bool,

    /// During the cooldown, enqueue the job to start when it ends, instead of refusing it
    #[arg(long)]
    pub(in crate::cli) when_allowed: bool,

    /// Key of this request, 1 to 255 bytes: the same key finds the same job again
    #[arg(long, value_name = "KEY")]
    pub(in crate::cli) idempotency_key: Option<String>,

    /// User recorded as the requester
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
        /// Only jobs with this status
        #[arg(long, value_name = "STATUS", value_parser = ["queued", "running", "succeeded", "failed", "cancelled"])]
        status: Option<String>,
        /// Only jobs of this quote
        #[arg(long, value_name = "ID")]
        quote: Option<String>,
        /// Only jobs older than this one, for the next page
        #[arg(long, value_name = "JOB")]
        before: Option<String>,
        /// Maximum number of jobs
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
        #[command(flatten)]
        tenant: TenantArgs,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Show one job, with signed URLs of its video
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
    /// Show the history of one job, oldest first
    Events {
        /// The job's id
        job: String,
        #[command(flatten)]
        tenant: TenantArgs,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Enqueue a failed or cancelled job again, as a new one
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
    /// Show the balance, frozen and available credits; a company without credits is unlimited
    Show {
        #[command(flatten)]
        tenant: TenantArgs,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Add credits, or remove some with a negative number; the first grant limits the company to its credits
    Grant {
        /// Number of credits; a video costs one
        #[arg(allow_negative_numbers = true)]
        amount: i64,
        /// Reference of the grant, such as an invoice number; a repeated reference changes nothing
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
    /// An https URL; `off` removes the current one
    #[arg(value_hint = ValueHint::Url)]
    pub(in crate::cli) url: String,

    /// File with the signing secret, `whsec_` and the base64 of 24 to 64 bytes [default: a new one, which is printed]
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
    /// Address of the worker's metrics and health pages
    #[arg(
        long,
        env = "QUOTEREEL_METRICS",
        hide_env_values = true,
        value_name = "ADDRESS",
        default_value = DEFAULT_ADDRESS
    )]
    pub(in crate::cli) metrics: Address,

    /// Check whether it can take jobs, not only whether it is alive
    #[arg(long)]
    pub(in crate::cli) ready: bool,
}

/// Limits that a worker sets for its child process; all are given.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct RenderOneArgs {
    /// Address space in bytes
    #[arg(long)]
    pub(in crate::cli) memory_bytes: u64,

    /// Processor time in seconds
    #[arg(long)]
    pub(in crate::cli) cpu_s: u64,

    /// Maximum file size in bytes
    #[arg(long)]
    pub(in crate::cli) file_bytes: u64,

    /// Maximum open files
    #[arg(long)]
    pub(in crate::cli) open_files: u64,
}
