//! Who owns a job and who holds it: ids as types, so that two of them cannot be swapped.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The longest id of an organization or a company, in bytes.
const MAX_ID_BYTES: usize = 128;

/// An id that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// A job id is a UUID.
    #[error("job id `{0}` is no UUID such as 0198c5f0-9d5e-7cc3-a5a6-d3c1f1d5a8b2")]
    JobId(String),
    /// Ids of tenants become part of object keys, so their alphabet is small. Ids of quotes do not.
    #[error("{field} `{value}` must have 1 to 128 of the characters A-Z a-z 0-9 . _ : - and not begin with a dot")]
    Name {
        /// Which id, as the row names it.
        field: &'static str,
        /// What was given, shortened.
        value: String,
    },
}

/// Checks an id that other programs made: it must be harmless in an object key, a path, a log line and SQL.
fn checked(field: &'static str, value: &str) -> Result<String, IdentityError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
    if (1..=MAX_ID_BYTES).contains(&value.len()) && value.bytes().all(allowed) && !value.starts_with('.') {
        Ok(value.to_owned())
    } else {
        Err(IdentityError::Name { field, value: value.chars().take(64).collect() })
    }
}

/// A job's id. New ones are UUID version 7, so that they sort by the time of their making.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub Uuid);

impl FromStr for JobId {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        text.parse().map(Self).map_err(|_| IdentityError::JobId(text.chars().take(64).collect()))
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Counts the claims of one job and never goes back. Whoever writes must name the epoch of its own claim; an older one
/// changes no row. Unlike a number of attempts it survives a release or a retry by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeaseEpoch(pub i64);

impl fmt::Display for LeaseEpoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One process that renders: host and a random part, so that a restarted process is another worker.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(pub String);

impl fmt::Display for WorkerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The tenant in whose name something is asked. Every store function that a tenant can reach takes one; without it
/// nothing can be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Unchecked")]
pub struct TenantScope {
    organization_id: Option<String>,
    company_id: String,
}

impl TenantScope {
    /// A scope: the company decides, the organization narrows further where it is given.
    ///
    /// # Errors
    /// [`IdentityError::Name`] for an id with other than its characters.
    pub fn new(organization_id: Option<&str>, company_id: &str) -> Result<Self, IdentityError> {
        Ok(Self {
            organization_id: organization_id.map(|id| checked("organization_id", id)).transpose()?,
            company_id: checked("company_id", company_id)?,
        })
    }

    /// The organization; absent for rows from before organizations.
    #[must_use]
    pub fn organization_id(&self) -> Option<&str> {
        self.organization_id.as_deref()
    }

    /// The company.
    #[must_use]
    pub fn company_id(&self) -> &str {
        &self.company_id
    }
}

/// A scope as somebody wrote it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unchecked {
    organization_id: Option<String>,
    company_id: String,
}

impl TryFrom<Unchecked> for TenantScope {
    type Error = IdentityError;

    fn try_from(unchecked: Unchecked) -> Result<Self, IdentityError> {
        Self::new(unchecked.organization_id.as_deref(), &unchecked.company_id)
    }
}

/// The right to move one running job, until it is claimed again.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Id of the job.
    pub job_id: JobId,
    /// The tenant that owns it.
    pub scope: TenantScope,
    /// Number of the claim.
    pub epoch: LeaseEpoch,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_would_leave_their_folder_are_refused() {
        for id in ["", ".", "..", "../x", "a/b", "a b", "ñ", "a\n", "%2e", &"x".repeat(129)] {
            assert!(TenantScope::new(None, id).is_err(), "{id:?}");
            assert!(TenantScope::new(Some(id), "cmp").is_err(), "{id:?}");
        }
        let scope = TenantScope::new(Some("org_01"), "cmp.01:a-B").expect("legal ids");
        assert_eq!((scope.organization_id(), scope.company_id()), (Some("org_01"), "cmp.01:a-B"));
    }

    #[test]
    fn a_job_id_is_a_uuid() {
        assert!("0198c5f0-9d5e-7cc3-a5a6-d3c1f1d5a8b2".parse::<JobId>().is_ok());
        assert!("1".parse::<JobId>().is_err());
    }
}
