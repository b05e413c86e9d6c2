//! What every storage does alike. Each function below is one test for each kind of storage.

use std::collections::BTreeSet;
use std::time::Duration;

use quotereel_jobs::job::{JobId, LeaseEpoch, TenantScope};
use quotereel_jobs::objects::{FileMeta, ObjectKey, StorageError, StorageErrorClass};

use crate::place::{Place, content, fetch, some_video, tenant};

macro_rules! for_every_storage {
    ($($name:ident)*) => {
        mod directory {
            $(#[tokio::test] async fn $name() { super::$name(super::Place::directory().await).await; })*
        }
        mod bucket {
            $(#[tokio::test] async fn $name() { super::$name(super::Place::bucket().await).await; })*
        }
    };
}

for_every_storage! {
    a_file_is_stored_with_its_description
    what_is_not_there_is_missing
    an_object_is_replaced_whole
    a_file_that_is_not_what_it_is_said_to_be_is_refused
    an_empty_file_is_a_file
    a_reader_takes_no_more_than_it_asked_for
    listings_give_every_object_once
    a_listing_gives_at_most_what_was_asked_for
    a_signed_url_gives_the_object
    a_signed_url_lives_between_a_second_and_a_week
    what_is_deleted_is_gone
    many_at_once_do_not_disturb_each_other
    a_tenant_reads_only_its_own_assets
    the_check_passes_and_leaves_nothing
}

async fn a_file_is_stored_with_its_description(place: Place) {
    let key = some_video();
    let bytes = content(300_000);
    let meta = place.put(&key, &bytes).await;
    let stored = place.store.head(&key).await.expect("an answer").expect("an object");
    assert_eq!((stored.bytes, stored.meta.as_ref()), (300_000, Some(&meta)));
    assert!(stored.is(&meta) && stored.modified.is_some());
    assert_eq!(place.store.get(&key, 300_000).await.expect("content"), bytes);

    let thumbnail = ObjectKey::thumbnail(&tenant("cmp_01"), JobId(uuid::Uuid::now_v7()), LeaseEpoch(i64::MAX));
    let (path, meta) = place.file(b"jpeg");
    let meta = FileMeta { duration_ms: None, ..meta };
    place.store.put_file(&thumbnail, &path, &meta).await.expect("stored");
    assert!(place.store.head(&thumbnail).await.expect("an answer").expect("an object").is(&meta));
}

async fn what_is_not_there_is_missing(place: Place) {
    let key = some_video();
    assert_eq!(place.store.head(&key).await.expect("an answer"), None);
    let error = place.store.get(&key, 10).await.expect_err("nothing to read");
    assert_eq!(error.class(), StorageErrorClass::Missing, "{error}");
    place.store.delete(&key).await.expect("fine");
    let listing = place.store.list("org/", None, 10).await.expect("an answer");
    assert_eq!((listing.objects.len(), listing.next), (0, None));
}

async fn an_object_is_replaced_whole(place: Place) {
    let key = some_video();
    place.put(&key, &content(100_000)).await;
    let meta = place.put(&key, b"short").await;
    assert!(place.store.head(&key).await.expect("an answer").expect("an object").is(&meta));
    assert_eq!(place.store.get(&key, 100_000).await.expect("content"), b"short");
}

async fn a_file_that_is_not_what_it_is_said_to_be_is_refused(place: Place) {
    let key = some_video();
    let (path, meta) = place.file(b"as rendered");
    let gone = path.with_extension("gone");
    let wrong = [
        (&path, FileMeta { bytes: meta.bytes + 1, ..meta.clone() }),
        (&path, FileMeta { sha256: "0".repeat(64), ..meta.clone() }),
        (&gone, meta.clone()),
    ];
    for (path, meta) in wrong {
        let error = place.store.put_file(&key, path, &meta).await.expect_err("a mismatch");
        assert_eq!(error.class(), StorageErrorClass::Mismatch, "{error}");
    }
    let not_for_headers = FileMeta { render_version: "a\nb".to_owned(), ..meta };
    let error = place.store.put_file(&key, &path, &not_for_headers).await.expect_err("not legal");
    assert_eq!(error.class(), StorageErrorClass::Invalid, "{error}");
    assert_eq!(place.store.head(&key).await.expect("an answer"), None);
    assert_eq!(place.keys("").await, [""; 0]);
}

async fn an_empty_file_is_a_file(place: Place) {
    let key = some_video();
    let meta = place.put(&key, b"").await;
    assert!(place.store.head(&key).await.expect("an answer").expect("an object").is(&meta));
    assert_eq!(place.store.get(&key, 0).await.expect("content"), b"");
}

async fn a_reader_takes_no_more_than_it_asked_for(place: Place) {
    let key = some_video();
    place.put(&key, &content(1000)).await;
    assert_eq!(place.store.get(&key, 1000).await.expect("it fits").len(), 1000);
    let error = place.store.get(&key, 999).await.expect_err("too large");
    assert!(matches!(error, StorageError::TooLarge { allowed_bytes: 999, .. }), "{error}");
}

async fn listings_give_every_object_once(place: Place) {
    // Companies whose names sort differently as folders and as parts of keys: `-` and `.` come before `/`.
    let mut expected = BTreeSet::new();
    for company in ["a", "a-b", "a.b", "a0", "aa"] {
        for organization in [None, Some("o")] {
            let scope = TenantScope::new(organization, company).expect("legal ids");
            for epoch in 1..=2 {
                let job_id = JobId(uuid::Uuid::now_v7());
                for key in [
                    ObjectKey::video(&scope, job_id, LeaseEpoch(epoch)),
                    ObjectKey::thumbnail(&scope, job_id, LeaseEpoch(epoch)),
                ] {
                    place.put(&key, b"x").await;
                    expected.insert(key.to_string());
                }
            }
        }
    }
    for limit in [1, 3, 7, 40, 41, 1001] {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = place.store.list("org/", after.as_deref(), limit).await.expect("a page");
            assert!(page.objects.len() <= limit as usize);
            found.extend(page.objects.into_iter().map(|object| object.key));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found.len(), expected.len(), "pages of {limit}: {found:#?}");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected, "pages of {limit}");
    }
    assert!(expected.iter().all(|key| ObjectKey::parse(key).is_some()));
    let of_company = place.keys(&ObjectKey::tenant_prefix(&TenantScope::new(None, "a").expect("legal ids"))).await;
    assert_eq!(of_company.len(), 4, "not those of a-b: {of_company:?}");
    assert_eq!(place.keys("org/-/company/a-").await.len(), 4, "a prefix may end within a name");
    assert_eq!(place.keys("org/../").await, [""; 0]);
}

async fn a_listing_gives_at_most_what_was_asked_for(place: Place) {
    for limit in [0, 10_001] {
        let error = place.store.list("org/", None, limit).await.expect_err("out of range");
        assert_eq!(error.class(), StorageErrorClass::Invalid, "{error}");
    }
}

async fn a_signed_url_gives_the_object(place: Place) {
    let key = some_video();
    place.put(&key, b"a video").await;
    let url = place.store.sign_get(&key, Duration::from_secs(600), Some("Cotización 1.mp4")).await.expect("a URL");
    let found = match url.strip_prefix("file://") {
        Some(_) => {
            let path = reqwest::Url::parse(&url).expect("a URL").to_file_path().expect("a path");
            std::fs::read(path).expect("a file")
        }
        None => fetch(&url).await.2,
    };
    assert_eq!(found, b"a video");
}

async fn a_signed_url_lives_between_a_second_and_a_week(place: Place) {
    let key = some_video();
    for life in [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(7 * 24 * 3600 + 1)] {
        let error = place.store.sign_get(&key, life, None).await.expect_err("out of range");
        assert_eq!(error.class(), StorageErrorClass::Invalid, "{error}");
    }
    for life in [Duration::from_secs(1), Duration::from_secs(7 * 24 * 3600)] {
        place.store.sign_get(&key, life, None).await.expect("in range");
    }
}

async fn what_is_deleted_is_gone(place: Place) {
    let job_id = JobId(uuid::Uuid::now_v7());
    let [old, new] = [1, 2].map(|epoch| ObjectKey::video(&tenant("cmp_01"), job_id, LeaseEpoch(epoch)));
    place.put(&old, b"old").await;
    place.put(&new, b"new").await;
    place.store.delete(&old).await.expect("deleted");
    place.store.delete(&old).await.expect("fine twice");
    assert_eq!(place.store.head(&old).await.expect("an answer"), None);
    assert_eq!(place.keys(&ObjectKey::job_prefix(&tenant("cmp_01"), job_id)).await, [new.as_str()]);
    place.store.delete(&new).await.expect("deleted");
    assert_eq!(place.keys("").await, [""; 0]);
}

async fn many_at_once_do_not_disturb_each_other(place: Place) {
    // The same few folders are filled and emptied all the time.
    let job_id = JobId(uuid::Uuid::now_v7());
    let mut tasks = tokio::task::JoinSet::new();
    for worker in 0..8 {
        let (path, meta) = place.file(&content(5_000 + worker));
        let store = std::sync::Arc::clone(&place.store);
        let epoch = LeaseEpoch(i64::try_from(worker).expect("small") / 2);
        let key = if worker % 2 == 0 {
            ObjectKey::video(&tenant("cmp_01"), job_id, epoch)
        } else {
            ObjectKey::thumbnail(&tenant("cmp_01"), job_id, epoch)
        };
        tasks.spawn(async move {
            for _ in 0..10 {
                store.put_file(&key, &path, &meta).await.expect("stored");
                assert!(store.head(&key).await.expect("an answer").expect("an object").is(&meta));
                store.delete(&key).await.expect("deleted");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("a worker");
    }
    assert_eq!(place.keys("").await, [""; 0]);
}

async fn a_tenant_reads_only_its_own_assets(place: Place) {
    let (mine, theirs) = (tenant("cmp_01"), tenant("cmp_02"));
    let name = format!("{}logos/año 1.png", ObjectKey::assets_prefix(&theirs));
    let of_them = ObjectKey::asset(&theirs, &name).expect("its own");
    place.put(&of_them, b"png").await;
    assert_eq!(place.store.get(&of_them, 10).await.expect("content"), b"png");

    // The other tenant hears the same of it as of a key that has nothing.
    let refused = ObjectKey::asset(&mine, &name).expect_err("not its own");
    let absent_name = format!("{}absent.png", ObjectKey::assets_prefix(&mine));
    let absent = ObjectKey::asset(&mine, &absent_name).expect("its own");
    let missing = place.store.get(&absent, 10).await.expect_err("nothing there");
    assert_eq!((refused.class(), missing.class()), (StorageErrorClass::Missing, StorageErrorClass::Missing));
    assert_eq!(refused.to_string().replace(&name, "K"), missing.to_string().replace(&absent_name, "K"));
}

async fn the_check_passes_and_leaves_nothing(place: Place) {
    let check = place.store.check().await;
    assert!(check.is_ok(), "{check:#?}");
    assert!(check.steps.len() >= 6 && check.failure().is_none(), "{check:#?}");
    assert_eq!(check.target, place.store.target());
    assert_eq!(place.keys("").await, [""; 0]);
}
