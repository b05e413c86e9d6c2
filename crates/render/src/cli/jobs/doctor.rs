//! The part of `render doctor` that is about jobs: the database and the storage.

use super::args::ServicesArgs;
use super::open;
use crate::cli::doctor::Check;
use crate::cli::failure::Failure;
use crate::config::{DatabaseArgs, StorageArgs};

/// Checks the database and the storage.
///
/// # Errors
/// [`Failure::System`] if no runtime can be started.
pub(in crate::cli) fn checks(args: &ServicesArgs) -> Result<Vec<Check>, Failure> {
    crate::config::warn_of_unknown_variables();
    Ok(open::runtime()?.block_on(async {
        let mut checks = vec![database(&args.database).await];
        checks.extend(storage(&args.storage, &args.database).await);
        checks
    }))
}

/// Opens the database as every other command does; an embedded one is created if it does not exist.
async fn database(args: &DatabaseArgs) -> Check {
    let name = "database";
    let place = args.shown_url().unwrap_or_else(|error| error.to_string());
    match open::store(args).await {
        Ok(_) => Check { name, ok: true, found: format!("{place} answers, its schema is current"), advice: None },
        Err(failure) => {
            let advice =
                "check QUOTEREEL_DATABASE, whether the server runs, and whether `render migrate` has run".to_owned();
            Check { name, ok: false, found: format!("{place}: {}", words(&failure)), advice: Some(advice) }
        }
    }
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
