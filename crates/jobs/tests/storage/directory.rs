//! What only a folder can go through.

use std::fs;

use quotereel_jobs::objects::{ObjectKey, Refusal, StorageErrorClass, StorageSettings, open};

use crate::place::{Place, some_video, tenant};

#[tokio::test]
async fn a_lost_mount_is_not_taken_for_lost_videos() {
    let place = Place::directory().await;
    let key = some_video();
    place.put(&key, b"a video").await;
    // The folder stays, as where a disk was mounted; what was in it is gone.
    fs::rename(&place.root, place.files.path().join("elsewhere")).expect("moved");
    fs::create_dir(&place.root).expect("an empty folder");
    let (path, meta) = place.file(b"next");
    for error in [
        place.store.head(&key).await.expect_err("not missing"),
        place.store.get(&key, 10).await.expect_err("not missing"),
        place.store.delete(&key).await.expect_err("not done"),
        place.store.list("org/", None, 10).await.expect_err("not empty"),
        place.store.put_file(&key, &path, &meta).await.expect_err("not stored"),
    ] {
        assert_eq!(error.refusal(), Some(Refusal::Folder), "{error}");
    }
    assert_eq!(fs::read_dir(&place.root).expect("a folder").count(), 0, "nothing is written beside the mount");
}

#[tokio::test]
async fn a_folder_that_cannot_be_one_is_refused() {
    let files = tempfile::tempdir().expect("a temporary folder");
    let file = files.path().join("file");
    fs::write(&file, b"").expect("a file");
    for path in [file.clone(), file.join("below")] {
        let error = open(&StorageSettings::Directory { path }).await.expect_err("no folder");
        assert_eq!(error.refusal(), Some(Refusal::Folder), "{error}");
    }
}

#[tokio::test]
async fn a_link_does_not_lead_out() {
    let place = Place::directory().await;
    let secret = place.files.path().join("secret.txt");
    fs::write(&secret, b"secret").expect("a file");
    let scope = tenant("cmp_01");
    let prefix = ObjectKey::assets_prefix(&scope);
    fs::create_dir_all(place.root.join(&prefix)).expect("a folder");
    std::os::unix::fs::symlink(&secret, place.root.join(&prefix).join("logo.png")).expect("a link");
    std::os::unix::fs::symlink(place.files.path(), place.root.join(&prefix).join("folder")).expect("a link");
    for name in ["logo.png", "folder/secret.txt"] {
        let key = ObjectKey::asset(&scope, &format!("{prefix}{name}")).expect("its own");
        let error = place.store.get(&key, 100).await.expect_err("not inside");
        assert_eq!(error.class(), StorageErrorClass::Missing, "{error}");
        assert_eq!(place.store.head(&key).await.expect("an answer"), None);
    }
    assert_eq!(place.keys("").await, [""; 0]);
}

#[tokio::test]
async fn what_a_crash_leaves_is_no_object() {
    let place = Place::directory().await;
    let key = some_video();
    let meta = place.put(&key, b"a video").await;
    let path = place.root.join(key.as_str());
    let folder = path.parent().expect("a folder");
    // Killed before the file got its name: the description is there and a file without a name.
    fs::rename(&path, folder.join(".half.tmp")).expect("renamed");
    assert_eq!(place.store.head(&key).await.expect("an answer"), None);
    assert_eq!(place.keys("").await, [""; 0]);
    // A file of another size than the description beside it.
    fs::write(&path, b"another video").expect("a file");
    let stored = place.store.head(&key).await.expect("an answer").expect("an object");
    assert_eq!((stored.bytes, stored.meta.clone()), (13, None));
    assert!(!stored.is(&meta));
    // The next upload makes it whole.
    let meta = place.put(&key, b"a video").await;
    assert!(place.store.head(&key).await.expect("an answer").expect("an object").is(&meta));
}

#[tokio::test]
async fn the_check_says_what_is_wrong() {
    let place = Place::directory().await;
    fs::remove_dir_all(&place.root).expect("removed");
    let check = place.store.check().await;
    assert!(!check.is_ok());
    assert_eq!(check.steps.len(), 1, "{check:#?}");
    let message = check.failure().expect("a failure").to_string();
    assert!(message.contains(place.root.to_str().expect("UTF-8")) && message.contains("mount"), "{message}");
}
