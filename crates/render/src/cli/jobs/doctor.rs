//! The part of `render doctor` that is about jobs: the database and the storage.

use super::args::ServicesArgs;
use super::open;
use crate::cli::doctor::Check;
use crate::cli::failure::Failure;
use crate::config::{DatabaseArgs, StorageArgs};
use quotereel_jobs::queue::{Database, Pooling};

/// Checks the database and the storage.
///
/// # Errors
/// [`Failure::System`] if no runtime can be started.
pub(in crate::cli) fn checks(args: &ServicesArgs) -> Result<Vec<Check>, Failure> {
    crate::config::warn_of_unknown_variables();
    Ok(open::runtime()?.block_on(async {
        let mut checks = database(&args.database).await;
        checks.extend(storage(&args.storage, &args.database).await);
        checks
    }))
}

/// Opens the database as every other command does; an embedded one is created if it does not exist.
async fn database(args: &DatabaseArgs) -> Vec<Check> {
    let name = "database";
    let place = args.shown_url().unwrap_or_else(|error| error.to_string());
    match open::store(args).await {
        Ok(store) => {
            let answers =
                Check { name, ok: true, found: format!("{place} answers, its schema is current"), advice: None };
            let mut checks = vec![answers, able(&*store).await];
            checks.extend(pooler(args, &*store).await);
            checks.extend(open_transactions(args, &*store).await);
            checks
        }
        Err(failure) => {
            let advice =
                "check QUOTEREEL_DATABASE, whether the server runs, and whether `render migrate` has run".to_owned();
            vec![Check { name, ok: false, found: format!("{place}: {}", words(&failure)), advice: Some(advice) }]
        }
    }
}

/// Whether a worker could claim jobs.
async fn able(store: &dyn Database) -> Check {
    let able = store.can_work().await;
    let advice = || "a worker needs a database that can be written, and the role `quotereel_worker`".to_owned();
    Check {
        name: "claims",
        ok: able.is_ok(),
        found: able.as_ref().map_or_else(ToString::to_string, |()| "jobs can be claimed".to_owned()),
        advice: able.is_err().then(advice),
    }
}

/// What stands between this program and a server; nothing to say of an embedded database.
async fn pooler(args: &DatabaseArgs, store: &dyn Database) -> Option<Check> {
    let name = "pooler";
    args.url().ok().filter(|url| !url.starts_with("sqlite:"))?;
    let (found, advice) = match store.pooling().await {
        Ok(Pooling::Direct) => ("none shows in 20 transactions: prepared statements stay".to_owned(), None),
        Ok(Pooling::Transactions { keeps_prepared: true }) => {
            ("one that lends a connection for one transaction, and keeps prepared statements".to_owned(), None)
        }
        Ok(Pooling::Transactions { keeps_prepared: false }) => (
            "one that lends a connection for one transaction, and loses prepared statements".to_owned(),
            // For the backend alone; this program prepares nothing.
            Some("`render` works with it; a backend must not prepare statements: see docs/integration.md".to_owned()),
        ),
        Err(error) => return Some(Check { name, ok: false, found: error.to_string(), advice: None }),
    };
    Some(Check { name, ok: true, found, advice })
}

/// Whether what a backend forgets ends by itself; nothing to say of an embedded database.
async fn open_transactions(args: &DatabaseArgs, store: &dyn Database) -> Option<Check> {
    let name = "open transactions";
    args.url().ok().filter(|url| !url.starts_with("sqlite:"))?;
    let (ok, found, advice) = match store.logins_without_idle_limit().await {
        Ok(logins) if logins.is_empty() => (true, "every backend's login has a limit for idle ones".to_owned(), None),
        Ok(logins) => (
            true,
            format!("no limit for idle ones of {}", logins.join(", ")),
            Some(format!(
                "a transaction that a backend forgets keeps its company from enqueueing: \
                 alter role \"{}\" set idle_in_transaction_session_timeout = '60s'",
                logins[0].replace('"', "\"\"")
            )),
        ),
        Err(error) => (false, error.to_string(), None),
    };
    Some(Check { name, ok, found, advice })
}

/// Writes, reads, signs and deletes an object; one check per step.
async fn storage(args: &StorageArgs, database: &DatabaseArgs) -> Vec<Check> {
    let storage = match open::storage(args, database).await {
        Ok(storage) => storage,
        Err(failure) => {
            let advice = "check QUOTEREEL_STORAGE and the QUOTEREEL_S3 settings".to_owned();
            return vec![Check { name: "storage", ok: false, found: words(&failure), advice: Some(advice) }];
        }
    };
    let check = storage.check().await;
    let target = Check { name: "storage", ok: check.is_ok(), found: check.target.clone(), advice: None };
    let steps = check.steps.iter().map(|step| Check {
        name: step.name,
        ok: step.outcome.is_ok(),
        found: step.outcome.as_ref().map_or_else(ToString::to_string, Clone::clone),
        advice: None,
    });
    std::iter::once(target).chain(steps).collect()
}

/// A failure as one line.
fn words(failure: &Failure) -> String {
    match failure {
        Failure::System(error) => format!("{error:#}"),
        Failure::Usage(message) => message.clone(),
        other => format!("{other:?}"),
    }
}
