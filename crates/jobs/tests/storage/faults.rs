//! What goes wrong between the program and a bucket, and what it is taken for.

use std::time::Duration;

use quotereel_jobs::objects::{
    ObjectStore, Refusal, Result, S3Keys, S3Settings, S3Timeouts, StorageError, StorageErrorClass,
};

use crate::place::{Place, content, new_bucket, no_bucket, plain_client, server, some_video};
use quotereel_test_support::proxy::{Answer, Mode, Proxy};

/// A bucket behind a proxy; the same bucket without it.
async fn behind_proxy(timeouts: S3Timeouts) -> (Proxy, Place, Place) {
    let bucket = new_bucket().await;
    let proxy = Proxy::http(&server());
    let through = S3Settings { endpoint: Some(proxy.url()), timeouts, ..bucket.clone() };
    (proxy, Place::of(through).await, Place::of(bucket).await)
}

/// Short, so that a test of a hang ends soon; nothing that should work is tried with them.
fn impatient() -> S3Timeouts {
    let short = Duration::from_millis(400);
    S3Timeouts { connect: short, request: short, transfer: short, stall: short }
}

fn class_of<T: std::fmt::Debug>(result: Result<T>) -> StorageErrorClass {
    let error = result.expect_err("a failure");
    eprintln!("{error}"); // shown where the test fails
    error.class()
}

/// Every call, with what became of it.
async fn every_call(place: &Place) -> Vec<(&'static str, StorageError)> {
    let key = some_video();
    let (path, meta) = place.file(b"a video");
    let store: &dyn ObjectStore = &*place.store;
    vec![
        ("put", store.put_file(&key, &path, &meta).await.expect_err("put")),
        ("head", store.head(&key).await.expect_err("head")),
        ("get", store.get(&key, 10).await.expect_err("get")),
        ("delete", store.delete(&key).await.expect_err("delete")),
        ("list", store.list("org/", None, 10).await.expect_err("list")),
    ]
}

#[tokio::test]
async fn a_store_that_fails_k_times_is_tried_again_by_nobody_but_the_caller() {
    let (proxy, place, _) = behind_proxy(S3Timeouts::default()).await;
    let key = some_video();
    let (path, meta) = place.file(&content(200_000));
    proxy.answer(Answer::s3_error(500, "InternalError").to("PUT").times(2));
    proxy.answer(Answer::s3_error(503, "SlowDown").to("PUT").times(2));
    proxy.answer(Answer::status(502).to("PUT"));
    for failures in 1..=5 {
        assert_eq!(class_of(place.store.put_file(&key, &path, &meta).await), StorageErrorClass::Transient);
        assert_eq!(proxy.requests(Some("PUT")), failures, "one request for one call");
    }
    place.store.put_file(&key, &path, &meta).await.expect("the sixth works");
    assert_eq!((proxy.requests(Some("PUT")), proxy.answered()), (6, 5));
    for method in ["HEAD", "GET", "DELETE"] {
        proxy.answer(Answer::status(503).to(method));
    }
    assert_eq!(class_of(place.store.head(&key).await), StorageErrorClass::Transient);
    assert_eq!(class_of(place.store.get(&key, 10).await), StorageErrorClass::Transient);
    assert_eq!(class_of(place.store.delete(&key).await), StorageErrorClass::Transient);
    assert!(place.store.head(&key).await.expect("an answer").expect("an object").is(&meta));
}

#[tokio::test]
async fn a_store_that_hangs_ends_in_time() {
    let (proxy, place, direct) = behind_proxy(impatient()).await;
    proxy.set(Mode::BlackHole);
    for (call, error) in every_call(&place).await {
        assert_eq!(error.class(), StorageErrorClass::Transient, "{call}: {error}");
    }
    assert!(proxy.connections() >= 5, "no call waits on another's dead connection");
    assert_eq!(direct.keys("").await, [""; 0]);
}

#[tokio::test]
async fn a_connection_that_dies_in_silence_is_not_used_again() {
    let (proxy, place, _) = behind_proxy(impatient()).await;
    let key = some_video();
    proxy.set(Mode::BlackHole);
    assert_eq!(class_of(place.store.head(&key).await), StorageErrorClass::Transient);
    proxy.set(Mode::Forward);
    let patient = S3Timeouts::default();
    let settings = S3Settings { endpoint: Some(proxy.url()), timeouts: patient, ..no_bucket() };
    let refused = Place::of(settings).await.store.head(&key).await.expect_err("there is no bucket");
    assert_eq!(refused.refusal(), Some(Refusal::Bucket), "the proxy forwards again: {refused}");
}

#[tokio::test]
async fn a_store_that_trickles_ends_in_time() {
    let (proxy, place, direct) = behind_proxy(impatient()).await;
    let key = some_video();
    direct.put(&key, &content(2_000_000)).await;
    let other = some_video();
    let (path, meta) = place.file(&content(2_000_000));
    proxy.set(Mode::Throttle(100_000));
    assert_eq!(class_of(place.store.put_file(&other, &path, &meta).await), StorageErrorClass::Transient);
    assert!(proxy.bytes_up() > 0);
    assert_eq!(class_of(place.store.get(&key, 2_000_000).await), StorageErrorClass::Transient);
    assert_eq!(direct.keys("").await, [key.as_str()], "half an upload is no object");
}

#[tokio::test]
async fn an_upload_that_is_cut_leaves_no_object() {
    let (proxy, place, direct) = behind_proxy(S3Timeouts::default()).await;
    let key = some_video();
    let (path, meta) = place.file(&content(1_000_000));
    proxy.set(Mode::CutAfter(200_000));
    assert_eq!(class_of(place.store.put_file(&key, &path, &meta).await), StorageErrorClass::Transient);
    assert_eq!(direct.store.head(&key).await.expect("an answer"), None);
    proxy.set(Mode::Forward);
    place.store.put_file(&key, &path, &meta).await.expect("the next works");
    assert!(direct.store.head(&key).await.expect("an answer").expect("an object").is(&meta));
}

#[tokio::test]
async fn a_store_that_is_not_there_may_come_back() {
    let (proxy, place, _) = behind_proxy(S3Timeouts::default()).await;
    proxy.set(Mode::Refuse);
    for (call, error) in every_call(&place).await {
        assert_eq!(error.class(), StorageErrorClass::Transient, "{call}: {error}");
        assert!(error.to_string().contains(&proxy.url()), "{error}");
    }
    proxy.set(Mode::Forward);
    place.put(&some_video(), b"a video").await;
}

#[tokio::test]
async fn wrong_keys_are_refused_everywhere_and_never_shown() {
    let bucket = new_bucket().await;
    let right = bucket.keys.clone().expect("keys");
    for keys in [
        S3Keys { secret_key: "hunter2-wrong".to_owned(), ..right.clone() },
        S3Keys { access_key: "nobody".to_owned(), secret_key: "hunter2-wrong".to_owned(), session_token: None },
    ] {
        let place = Place::of(S3Settings { keys: Some(keys), ..bucket.clone() }).await;
        for (call, error) in every_call(&place).await {
            assert_eq!(error.refusal(), Some(Refusal::Keys), "{call}: {error}");
            let message = error.to_string();
            assert!(message.contains(&bucket.bucket) && message.contains(&server()), "{message}");
            assert!(!format!("{message} {error:?} {:?}", place.store).contains("hunter2"), "{message}");
        }
        let check = place.store.check().await;
        assert_eq!(check.failure().and_then(StorageError::refusal), Some(Refusal::Keys), "{check:#?}");
    }
}

#[tokio::test]
async fn a_missing_bucket_is_not_taken_for_missing_objects() {
    let place = Place::of(no_bucket()).await;
    for (call, error) in every_call(&place).await {
        assert_eq!(error.refusal(), Some(Refusal::Bucket), "{call}: {error}");
        assert!(error.to_string().contains("create the bucket"), "{error}");
    }
}

#[tokio::test]
async fn a_wrong_clock_is_refused_and_no_fault_of_the_file() {
    let (proxy, place, _) = behind_proxy(S3Timeouts::default()).await;
    let skewed = || Answer::s3_error(403, "RequestTimeTooSkewed").times(1);
    // An answer to HEAD has no body, so the storage asks once more by GET.
    for method in ["PUT", "GET", "HEAD", "GET", "DELETE", "GET"] {
        proxy.answer(skewed().to(method));
    }
    for (call, error) in every_call(&place).await {
        assert_eq!(error.refusal(), Some(Refusal::Clock), "{call}: {error}");
        assert!(error.to_string().contains("clock"), "{error}");
    }
    assert_eq!(proxy.answered(), 6);
    place.put(&some_video(), b"a video").await;
}

#[tokio::test]
async fn a_right_that_lacks_is_named() {
    let (proxy, place, _) = behind_proxy(S3Timeouts::default()).await;
    proxy.answer(Answer::s3_error(403, "AccessDenied").to("PUT"));
    let (path, meta) = place.file(b"a video");
    let error = place.store.put_file(&some_video(), &path, &meta).await.expect_err("denied");
    assert_eq!(error.refusal(), Some(Refusal::Rights), "{error}");
    assert!(error.to_string().contains("s3:PutObject"), "{error}");
    let full = Answer::s3_error(507, "XMinioStorageFull").to("PUT");
    proxy.answer(full);
    assert_eq!(class_of(place.store.put_file(&some_video(), &path, &meta).await), StorageErrorClass::Full);
}

#[tokio::test]
async fn a_store_that_knows_no_checksum_trailers_works() {
    const UNKNOWN: [&str; 4] =
        ["x-amz-trailer", "x-amz-sdk-checksum-algorithm", "x-amz-checksum-", "x-amz-checksum-mode"];
    let (proxy, place, _) = behind_proxy(S3Timeouts::default()).await;
    for name in UNKNOWN {
        proxy.answer(Answer::s3_error(501, "NotImplemented").where_a_header_begins(name).times(u64::MAX));
    }
    // Such a store turns the SDK's defaults down.
    let bucket = no_bucket();
    let plain = plain_client(&S3Settings { endpoint: Some(proxy.url()), ..bucket });
    let refused = plain.put_object().bucket("any").key("k").body(b"x".to_vec().into()).send().await;
    let status = refused.expect_err("turned down").raw_response().map(|answer| answer.status().as_u16());
    assert_eq!(status, Some(501));
    let answered = proxy.answered();
    assert!(answered > 0);

    let key = some_video();
    let bytes = content(3_000_000);
    place.put(&key, &bytes).await;
    assert_eq!(place.store.get(&key, 3_000_000).await.expect("content"), bytes);
    assert!(place.store.check().await.is_ok());
    assert_eq!(proxy.answered(), answered);
    for request in proxy.seen().iter().filter(|request| request.path.contains(key.as_str())) {
        let names = || request.headers.iter().map(|(name, _)| name.as_str());
        assert!(!names().any(|name| UNKNOWN.iter().any(|unknown| name.starts_with(unknown))), "{request:?}");
        assert!(!names().any(|name| matches!(name, "transfer-encoding" | "content-encoding")), "{request:?}");
        assert!(!names().any(|name| name.starts_with("if-")), "no conditional writes: {request:?}");
    }
    assert_eq!(proxy.requests(Some("POST")), 0, "one PutObject, no multipart upload");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_not_taken_for_the_object() {
    let (proxy, place, direct) = behind_proxy(S3Timeouts::default()).await;
    let key = some_video();
    direct.put(&key, b"0123456789").await;
    proxy.answer(Answer::status(200).to("GET").with_body("01234").announcing(10));
    let error = place.store.get(&key, 100).await.expect_err("half an object");
    assert_eq!(error.class(), StorageErrorClass::Transient, "{error}");
    assert_eq!(place.store.get(&key, 100).await.expect("the next works"), b"0123456789");
}

#[tokio::test]
async fn an_object_that_is_not_the_file_is_found_out() {
    let (proxy, place, _) = behind_proxy(S3Timeouts::default()).await;
    // A store that says yes and keeps nothing, and one that keeps something else.
    let (path, meta) = place.file(b"a video");
    proxy.answer(Answer::status(200).to("PUT"));
    assert_eq!(class_of(place.store.put_file(&some_video(), &path, &meta).await), StorageErrorClass::Transient);
    proxy.answer(Answer::status(200).to("HEAD").announcing(3));
    assert_eq!(class_of(place.store.put_file(&some_video(), &path, &meta).await), StorageErrorClass::Mismatch);
}
