//! A storage of a test's own, and files to put into it.

use std::path::PathBuf;
use std::sync::Arc;

use quotereel_jobs::job::{JobId, LeaseEpoch, TenantScope};
use quotereel_jobs::objects::{
    FileMeta, ObjectKey, ObjectStore, S3Keys, S3Settings, StorageSettings, open, sha256_of_file,
};

/// A storage that nobody else uses, with a folder for files on their way in.
pub(crate) struct Place {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) files: tempfile::TempDir,
    /// Where the objects of a [`Self::directory`] lie.
    pub(crate) root: PathBuf,
}

impl Place {
    pub(crate) async fn directory() -> Self {
        let files = tempfile::tempdir().expect("a temporary folder");
        let root = files.path().join("storage ñ");
        let store = open(&StorageSettings::Directory { path: root.clone() }).await.expect("a folder");
        Self { store, files, root }
    }

    pub(crate) async fn bucket() -> Self {
        Self::of(new_bucket().await).await
    }

    pub(crate) async fn of(settings: S3Settings) -> Self {
        let store = open(&StorageSettings::S3(Box::new(settings))).await.expect("legal settings");
        Self { store, files: tempfile::tempdir().expect("a temporary folder"), root: PathBuf::new() }
    }

    /// A file of that content and its description.
    pub(crate) fn file(&self, content: &[u8]) -> (PathBuf, FileMeta) {
        let path = self.files.path().join(uuid::Uuid::now_v7().to_string());
        std::fs::write(&path, content).expect("a file");
        let (sha256, bytes) = sha256_of_file(&path).expect("a hash");
        let meta = FileMeta {
            sha256,
            bytes,
            snapshot_hash: "5eed".repeat(16),
            render_version: "0.1.0+flagship.1".to_owned(),
            duration_ms: Some(25_000),
        };
        (path, meta)
    }

    pub(crate) async fn put(&self, key: &ObjectKey, content: &[u8]) -> FileMeta {
        let (path, meta) = self.file(content);
        self.store.put_file(key, &path, &meta).await.expect("storage takes a file");
        meta
    }

    /// All keys below a prefix.
    pub(crate) async fn keys(&self, prefix: &str) -> Vec<String> {
        let listing = self.store.list(prefix, None, 10_000).await.expect("a listing");
        assert_eq!(listing.next, None);
        listing.objects.into_iter().map(|object| object.key).collect()
    }
}

pub(crate) fn tenant(company: &str) -> TenantScope {
    TenantScope::new(Some("org_01"), company).expect("legal ids")
}

pub(crate) fn some_video() -> ObjectKey {
    ObjectKey::video(&tenant("cmp_01"), JobId(uuid::Uuid::now_v7()), LeaseEpoch(1))
}

/// Bytes that do not repeat, so that a shifted or doubled part shows.
pub(crate) fn content(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests through tests/servers/with.sh"))
}

/// Address of the server, such as `http://127.0.0.1:8333`.
pub(crate) fn server() -> String {
    variable("QUOTEREEL_TEST_S3")
}

/// Settings of a bucket that does not exist.
pub(crate) fn no_bucket() -> S3Settings {
    S3Settings {
        endpoint: Some(server()),
        force_path_style: true,
        keys: Some(S3Keys {
            access_key: variable("QUOTEREEL_TEST_S3_ACCESS_KEY"),
            secret_key: variable("QUOTEREEL_TEST_S3_SECRET_KEY"),
            session_token: None,
        }),
        ..S3Settings::new(format!("t-{}", uuid::Uuid::now_v7().simple()))
    }
}

/// Settings of a new bucket.
pub(crate) async fn new_bucket() -> S3Settings {
    let settings = no_bucket();
    plain_client(&settings).create_bucket().bucket(&settings.bucket).send().await.expect("a bucket can be made");
    settings
}

/// The SDK as it comes, for what the storage itself never does.
pub(crate) fn plain_client(settings: &S3Settings) -> aws_sdk_s3::Client {
    let keys = settings.keys.as_ref().expect("tests have keys");
    let keys = aws_sdk_s3::config::Credentials::new(&keys.access_key, &keys.secret_key, None, None, "test");
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(aws_sdk_s3::config::BehaviorVersion::v2026_01_12())
        .region(aws_sdk_s3::config::Region::new("us-east-1"))
        .endpoint_url(settings.endpoint.clone().expect("tests have an endpoint"))
        .force_path_style(true)
        .credentials_provider(keys);
    aws_sdk_s3::Client::from_conf(config.build())
}

/// What a browser gets: status, headers, body.
pub(crate) async fn fetch(url: &str) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let response = client.get(url).send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.bytes().await.expect("a body").to_vec())
}
