//! What only a bucket has: signatures, a prefix, a public address, keys from the environment.

use std::time::{Duration, Instant};

use quotereel_jobs::objects::{ObjectKey, S3Settings, StorageErrorClass, StorageSettings, open};

use crate::place::{Place, fetch, new_bucket, plain_client, some_video, tenant};
use quotereel_test_support::proxy::Proxy;

#[tokio::test]
async fn a_signed_url_says_how_to_save_the_video() {
    let place = Place::bucket().await;
    let key = some_video();
    place.put(&key, b"a video").await;
    let life = Duration::from_secs(60);
    let (status, headers, body) =
        fetch(&place.store.sign_get(&key, life, Some("Cotización 1.mp4")).await.expect("a URL")).await;
    assert_eq!((status, body.as_slice()), (200, &b"a video"[..]));
    let header = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let disposition = header("content-disposition").expect("a disposition");
    assert_eq!(disposition, "attachment; filename=\"Cotizaci_n 1.mp4\"; filename*=UTF-8''Cotizaci%C3%B3n%201.mp4");
    assert_eq!(header("content-type").as_deref(), Some("video/mp4"));
    assert_eq!(header("cache-control").as_deref(), Some(key.cache_control()));

    let (_, headers, _) = fetch(&place.store.sign_get(&key, life, None).await.expect("a URL")).await;
    assert!(!headers.get("content-disposition").is_some_and(|value| value.as_bytes().starts_with(b"attachment")));
}

#[tokio::test]
async fn a_signed_url_that_was_tampered_with_gives_nothing() {
    let place = Place::bucket().await;
    let (mine, theirs) = (some_video(), ObjectKey::video(&tenant("cmp_02"), job(), quotereel_jobs::job::LeaseEpoch(1)));
    place.put(&mine, b"mine").await;
    place.put(&theirs, b"theirs").await;
    let url = place.store.sign_get(&mine, Duration::from_secs(60), None).await.expect("a URL");
    assert_eq!(fetch(&url).await.2, b"mine");
    for tampered in [
        url.replace(mine.as_str(), theirs.as_str()),
        url.replace("X-Amz-Expires=60", "X-Amz-Expires=600"),
        url.replace("X-Amz-Signature=", "X-Amz-Signature=0"),
        url.split('?').next().expect("a path").to_owned(),
    ] {
        assert_ne!(tampered, url);
        let (status, _, body) = fetch(&tampered).await;
        assert_eq!(status, 403, "{}", String::from_utf8_lossy(&body));
    }
}

#[tokio::test]
async fn a_signed_url_expires() {
    let place = Place::bucket().await;
    let key = some_video();
    place.put(&key, b"a video").await;
    let url = place.store.sign_get(&key, Duration::from_secs(1), None).await.expect("a URL");
    let started = Instant::now();
    while fetch(&url).await.0 != 403 {
        assert!(started.elapsed() < Duration::from_secs(30), "a URL of 1 s still works after 30 s");
    }
    assert_eq!(place.store.get(&key, 100).await.expect("the object stays"), b"a video");
}

#[tokio::test]
async fn rows_do_not_know_a_bucket_s_prefix() {
    let bucket = new_bucket().await;
    let below = |prefix: &str| S3Settings { prefix: Some(prefix.to_owned()), ..bucket.clone() };
    let (place, other) = (Place::of(below("videos/")).await, Place::of(below("videos/b/")).await);
    let key = some_video();
    let meta = place.put(&key, b"a video").await;
    assert_eq!(place.keys("org/").await, [key.as_str()]);
    assert!(place.store.head(&key).await.expect("an answer").expect("an object").is(&meta));
    assert_eq!(other.store.head(&key).await.expect("an answer"), None);
    assert_eq!(other.keys("").await, [""; 0]);
    let url = place.store.sign_get(&key, Duration::from_secs(60), None).await.expect("a URL");
    assert_eq!(fetch(&url).await.2, b"a video");
    let all = Place::of(bucket).await.keys("").await;
    assert_eq!(all, [format!("videos/{key}")]);
}

#[tokio::test]
async fn signed_urls_carry_the_public_address() {
    let bucket = new_bucket().await;
    let public = Proxy::http(bucket.endpoint.as_deref().expect("an endpoint"));
    let place = Place::of(S3Settings { public_endpoint: Some(public.url()), ..bucket }).await;
    let key = some_video();
    place.put(&key, b"a video").await;
    assert_eq!(public.connections(), 0, "the worker itself goes the direct way");
    let url = place.store.sign_get(&key, Duration::from_secs(60), None).await.expect("a URL");
    assert!(url.starts_with(&public.url()), "{url}");
    assert_eq!(fetch(&url).await.2, b"a video");
    assert_eq!(public.requests(Some("GET")), 1);
}

#[tokio::test]
async fn objects_of_other_programs_have_no_description() {
    let bucket = new_bucket().await;
    let scope = tenant("cmp_01");
    let key = ObjectKey::asset(&scope, &format!("{}logo.png", ObjectKey::assets_prefix(&scope))).expect("its own");
    let put = plain_client(&bucket).put_object().bucket(&bucket.bucket).key(key.as_str());
    put.body(b"png".to_vec().into()).send().await.expect("stored");
    let place = Place::of(bucket).await;
    let stored = place.store.head(&key).await.expect("an answer").expect("an object");
    assert_eq!((stored.bytes, stored.meta), (3, None));
    assert_eq!(place.store.get(&key, 10).await.expect("content"), b"png");
}

#[tokio::test]
async fn a_bucket_without_a_region_is_refused() {
    let settings = S3Settings { endpoint: None, region: None, ..crate::place::no_bucket() };
    let error = open(&StorageSettings::S3(Box::new(settings))).await.expect_err("no region");
    assert_eq!(error.class(), StorageErrorClass::Invalid, "{error}");
    assert!(error.to_string().contains("AWS_REGION"), "{error}");
}

/// Names the bucket that [`with_keys_of_the_environment`] is to use.
const BUCKET: &str = "QUOTEREEL_TEST_BUCKET_OF_CHAIN";

#[tokio::test]
async fn keys_come_from_the_environment() {
    let bucket = new_bucket().await;
    let keys = bucket.keys.clone().expect("keys");
    let child = |secret: &str| {
        let mut child = std::process::Command::new(std::env::current_exe().expect("this program"));
        child
            .args(["--exact", "bucket::with_keys_of_the_environment", "--ignored", "--nocapture"])
            .env(BUCKET, &bucket.bucket)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_ACCESS_KEY_ID", &keys.access_key)
            .env("AWS_SECRET_ACCESS_KEY", secret);
        child.output().expect("it runs")
    };
    let good = child(&keys.secret_key);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    let bad = child("not the secret");
    let said = String::from_utf8_lossy(&bad.stderr).into_owned();
    assert!(!bad.status.success() && said.contains("SignatureDoesNotMatch"), "{said}");
}

#[tokio::test]
#[ignore = "runs as a child of keys_come_from_the_environment"]
async fn with_keys_of_the_environment() {
    let bucket = std::env::var(BUCKET).expect("the parent names a bucket");
    let settings = S3Settings { bucket, keys: None, ..crate::place::no_bucket() };
    let place = Place::of(settings).await;
    let check = place.store.check().await;
    assert!(check.is_ok(), "{check:#?}");
}

fn job() -> quotereel_jobs::job::JobId {
    quotereel_jobs::job::JobId(uuid::Uuid::now_v7())
}
