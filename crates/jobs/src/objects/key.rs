//! Names of objects. They are typed, so that no text from outside becomes the name of another tenant's object, and fenced
//! by the lease's epoch, so that two claims of one job never write the same object. No disk, no network.

use std::fmt;

use crate::job::{JobId, LeaseEpoch, TenantScope};

use super::error::{StorageError, one_line};
use super::prefix::TENANTS_PREFIX;

/// S3's limit for a key, in bytes.
const MAX_KEY_BYTES: usize = 1024;
/// What Linux allows as the name of a file, less the room for the names of sidecars, in bytes.
const MAX_PART_BYTES: usize = 200;

/// Which of a job's objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobFile {
    /// The video.
    Video,
    /// Its thumbnail.
    Thumbnail,
}

impl JobFile {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Video, Self::Thumbnail];

    /// The last part of the key, also the name in a spool.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Video => "video.mp4",
            Self::Thumbnail => "thumbnail.jpg",
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Video => "video/mp4",
            Self::Thumbnail => "image/jpeg",
        }
    }
}

/// What the key of a job's object says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobObject {
    /// The tenant that owns it.
    pub scope: TenantScope,
    /// Id of the job.
    pub job_id: JobId,
    /// Which claim of it.
    pub epoch: LeaseEpoch,
    /// Video or thumbnail.
    pub file: JobFile,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Job(JobObject),
    Asset,
    Probe,
}

/// The name of an object, without the prefix that a bucket's settings may add.
///
/// `org/{org}/company/{company}/jobs/{job}/e{epoch}/video.mp4` and `…/thumbnail.jpg`; a tenant's own pictures are
/// `org/{org}/company/{company}/assets/…`. A tenant without an organization has `-` in its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectKey {
    text: String,
    kind: Kind,
}

impl ObjectKey {
    /// One of a job's objects.
    #[must_use]
    pub fn of_job(scope: &TenantScope, job_id: JobId, epoch: LeaseEpoch, file: JobFile) -> Self {
        let text = format!("{}e{epoch}/{}", Self::job_prefix(scope, job_id), file.file_name());
        Self { text, kind: Kind::Job(JobObject { scope: scope.clone(), job_id, epoch, file }) }
    }

    /// A job's video.
    #[must_use]
    pub fn video(scope: &TenantScope, job_id: JobId, epoch: LeaseEpoch) -> Self {
        Self::of_job(scope, job_id, epoch, JobFile::Video)
    }

    /// A job's thumbnail.
    #[must_use]
    pub fn thumbnail(scope: &TenantScope, job_id: JobId, epoch: LeaseEpoch) -> Self {
        Self::of_job(scope, job_id, epoch, JobFile::Thumbnail)
    }

    /// The key that a tenant's document gives for a picture of its own.
    ///
    /// # Errors
    /// [`StorageError::Missing`] for every key outside of the tenant's `assets/`, whether something lies there or not, so
    /// that nobody learns what others have.
    pub fn asset(scope: &TenantScope, key: &str) -> Result<Self, StorageError> {
        let missing = || StorageError::Missing { key: one_line(key, MAX_KEY_BYTES) };
        let rest = key.strip_prefix(&Self::assets_prefix(scope)).ok_or_else(missing)?;
        let harmless = |part: &str| {
            (1..=MAX_PART_BYTES).contains(&part.len())
                && !part.starts_with('.')
                && !part.contains(|c: char| c.is_control() || c == '\\')
        };
        if key.len() <= MAX_KEY_BYTES && rest.split('/').all(harmless) {
            Ok(Self { text: key.to_owned(), kind: Kind::Asset })
        } else {
            Err(missing())
        }
    }

    /// An object that belongs to nobody, for a check.
    pub(super) fn probe() -> Self {
        Self { text: format!("probe/{}", uuid::Uuid::now_v7()), kind: Kind::Probe }
    }

    /// The key of a job's object as a row or a listing has it; `None` for every other text. What is accepted is exactly
    /// what [`Self::of_job`] makes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('/').collect();
        let ["org", organization, "company", company, "jobs", job_id, epoch, file] = parts[..] else { return None };
        let scope = TenantScope::new(organization_of_part(organization), company).ok()?;
        let epoch = LeaseEpoch(epoch.strip_prefix('e')?.parse().ok()?);
        let file = JobFile::ALL.into_iter().find(|known| known.file_name() == file)?;
        let key = Self::of_job(&scope, job_id.parse().ok()?, epoch, file);
        (key.text == text).then_some(key)
    }

    /// Everything of a tenant lies below; ends with a slash.
    #[must_use]
    pub fn tenant_prefix(scope: &TenantScope) -> String {
        format!("{TENANTS_PREFIX}{}/company/{}/", organization_part(scope.organization_id()), scope.company_id())
    }

    /// A tenant's own pictures lie below; ends with a slash.
    #[must_use]
    pub fn assets_prefix(scope: &TenantScope) -> String {
        Self::tenant_prefix(scope) + "assets/"
    }

    /// All epochs of a job lie below; ends with a slash.
    #[must_use]
    pub fn job_prefix(scope: &TenantScope, job_id: JobId) -> String {
        format!("{}jobs/{job_id}/", Self::tenant_prefix(scope))
    }

    /// The key as a row has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the key says, where it is one of a job's objects.
    #[must_use]
    pub const fn job_object(&self) -> Option<&JobObject> {
        match &self.kind {
            Kind::Job(object) => Some(object),
            Kind::Asset | Kind::Probe => None,
        }
    }

    /// Whether it is an object of that job of that tenant.
    #[must_use]
    pub fn is_of(&self, scope: &TenantScope, job_id: JobId) -> bool {
        self.job_object().is_some_and(|object| object.scope == *scope && object.job_id == job_id)
    }

    /// The object's media type.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        match &self.kind {
            Kind::Job(object) => object.file.content_type(),
            Kind::Asset | Kind::Probe => "application/octet-stream",
        }
    }

    /// The object's Cache-Control. A job's objects never change, and only their receivers may keep them.
    #[must_use]
    pub const fn cache_control(&self) -> &'static str {
        match &self.kind {
            Kind::Job(_) => "private, max-age=31536000, immutable",
            Kind::Asset | Kind::Probe => "private, no-cache",
        }
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// `-` stands for no organization; an organization whose id is made of nothing but hyphens gets one more.
fn organization_part(id: Option<&str>) -> String {
    match id {
        None => "-".to_owned(),
        Some(id) if id.bytes().all(|byte| byte == b'-') => format!("{id}-"),
        Some(id) => id.to_owned(),
    }
}

fn organization_of_part(part: &str) -> Option<&str> {
    match part {
        "-" => None,
        hyphens if hyphens.bytes().all(|byte| byte == b'-') => hyphens.strip_suffix('-'),
        id => Some(id),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JOB: &str = "0198c5f0-9d5e-7cc3-a5a6-d3c1f1d5a8b2";

    fn scope(organization: Option<&str>, company: &str) -> TenantScope {
        TenantScope::new(organization, company).expect("legal ids")
    }

    #[test]
    fn keys_have_the_documented_form() {
        let job: JobId = JOB.parse().expect("an id");
        let key = ObjectKey::video(&scope(Some("o1"), "c1"), job, LeaseEpoch(3));
        assert_eq!(key.as_str(), format!("org/o1/company/c1/jobs/{JOB}/e3/video.mp4"));
        assert_eq!(key.content_type(), "video/mp4");
        let key = ObjectKey::thumbnail(&scope(None, "c1"), job, LeaseEpoch(12));
        assert_eq!(key.as_str(), format!("org/-/company/c1/jobs/{JOB}/e12/thumbnail.jpg"));
    }

    proptest! {
        #[test]
        fn keys_parse_back(organization in "(-{1,3}|[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,20})?", company in "[A-Za-z0-9_:-][A-Za-z0-9._:-]{0,20}", epoch in 0..i64::MAX, video: bool) {
            let scope = scope((!organization.is_empty()).then_some(organization.as_str()), &company);
            let file = if video { JobFile::Video } else { JobFile::Thumbnail };
            let key = ObjectKey::of_job(&scope, JOB.parse().expect("an id"), LeaseEpoch(epoch), file);
            let parsed = ObjectKey::parse(key.as_str());
            prop_assert_eq!(parsed.as_ref(), Some(&key));
            let object = parsed.as_ref().and_then(ObjectKey::job_object);
            prop_assert_eq!(object.map(|object| &object.scope), Some(&scope));
        }

        #[test]
        fn what_parses_is_what_is_made(text in "org/[-a.]{0,3}/company/[a/.]{0,3}/jobs/0198C5F0-9d5e-7cc3-a5a6-d3c1f1d5a8b2/e[+0]?[0-9]{0,2}/video.mp4") {
            prop_assert!(ObjectKey::parse(&text).is_none_or(|key| key.text == text));
        }
    }

    #[test]
    fn only_what_we_make_parses() {
        let good = format!("org/o/company/c/jobs/{JOB}/e1/video.mp4");
        assert!(ObjectKey::parse(&good).is_some());
        for bad in [
            good.replace("e1", "e01"),
            good.replace("e1", "1"),
            good.replace("e1", "e+1"),
            good.replace("video.mp4", "video.mp4.tmp"),
            good.replace("/c/", "/../"),
            good.replace(JOB, &JOB.to_uppercase()),
            format!("/{good}"),
            format!("{good}/x"),
            String::new(),
        ] {
            assert_eq!(ObjectKey::parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn organizations_do_not_collide_with_none() {
        let prefixes = [None, Some("-"), Some("--"), Some("a")].map(|id| ObjectKey::tenant_prefix(&scope(id, "c")));
        for (index, prefix) in prefixes.iter().enumerate() {
            assert!(!prefixes[index + 1..].contains(prefix), "{prefix}");
        }
    }

    #[test]
    fn a_tenant_reaches_only_its_own_assets() {
        let tenant = scope(Some("o1"), "c1");
        for good in ["org/o1/company/c1/assets/logo.png", "org/o1/company/c1/assets/a/b/año 1.png"] {
            assert_eq!(ObjectKey::asset(&tenant, good).expect("its own").as_str(), good);
        }
        let long = format!("org/o1/company/c1/assets/{}", "x".repeat(201));
        for bad in [
            "org/o1/company/c2/assets/logo.png",
            "org/o2/company/c1/assets/logo.png",
            "org/-/company/c1/assets/logo.png",
            "org/o1/company/c1/assets",
            "org/o1/company/c1/assets/",
            "org/o1/company/c1/assets//x",
            "org/o1/company/c1/assets/../jobs/x",
            "org/o1/company/c1/assets/./x",
            "org/o1/company/c1/assets/.x.json",
            "org/o1/company/c1/assets/a\\b",
            "org/o1/company/c1/assets/a\nb",
            "org/o1/company/c1/jobs/x/e1/video.mp4",
            "/org/o1/company/c1/assets/logo.png",
            "ORG/o1/company/c1/assets/logo.png",
            "logo.png",
            "",
            &long,
        ] {
            let refused = ObjectKey::asset(&tenant, bad).expect_err(bad);
            assert!(matches!(refused, StorageError::Missing { .. }), "{bad}: {refused}");
        }
    }
}
