//! `render credits`: how many videos a company may still render.

use serde_json::json;

use super::args::{CreditsAction, CreditsTask};
use super::open;
use crate::cli::failure::Failure;
use crate::cli::reporter::Reporter;
use quotereel_jobs::queue::{Credits, QueueError};

/// Maximum length of a grant's reference, in bytes.
const MAX_REFERENCE_BYTES: usize = 200;

/// Shows or grants.
///
/// # Errors
/// [`Failure::Refused`] when more credits would be removed than are available, [`Failure::System`] for the database.
pub(super) fn run(task: &CreditsTask, reporter: Reporter) -> Result<(), Failure> {
    let credits = open::runtime()?.block_on(async {
        match &task.action {
            CreditsAction::Show { tenant, database } => {
                let scope = open::scope(tenant)?;
                Ok(open::store(database).await?.credits(&scope).await.map_err(anyhow::Error::from)?)
            }
            CreditsAction::Grant { amount, reference, tenant, database } => {
                if reference.is_empty() || reference.len() > MAX_REFERENCE_BYTES {
                    let length = reference.len();
                    return Err(Failure::Usage(format!(
                        "--reference has {length} bytes, expected 1 to {MAX_REFERENCE_BYTES}"
                    )));
                }
                let scope = open::scope(tenant)?;
                let store = open::store(database).await?;
                match store.grant_credits(&scope, *amount, reference).await {
                    Ok(credits) => Ok(Some(credits)),
                    Err(QueueError::Constraint { .. }) => Err(Failure::Refused {
                        code: "no_credits",
                        message: format!("cannot remove {} credits: fewer are available", amount.unsigned_abs()),
                        passes: false,
                        wait_seconds: None,
                    }),
                    Err(error) => Err(anyhow::Error::from(error).into()),
                }
            }
        }
    })?;
    let lines = credits.map_or_else(
        || "unlimited\n".to_owned(),
        |credits: Credits| {
            format!(
                "balance    {}\nfrozen     {}\navailable  {}\n",
                credits.balance,
                credits.frozen,
                credits.available()
            )
        },
    );
    let available = credits.map(Credits::available);
    reporter.result(true, &lines, json!({ "unlimited": credits.is_none(), "credits": credits, "available": available }))
}
