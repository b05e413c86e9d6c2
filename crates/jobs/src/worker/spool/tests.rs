//! Spools in temporary folders: what is listed is complete, what is torn or foreign goes, what is not ours stays.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use tempfile::TempDir;

use super::*;

fn job(number: u128) -> JobId {
    JobId(Uuid::from_u128(number))
}

fn root() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn spool(root: &TempDir) -> Spool {
    Spool::open(root.path()).expect("a spool")
}

/// A render as a worker makes it, with these files.
fn rendered(spool: &Spool, job: JobId, epoch: i64) -> NewRender {
    let epoch = LeaseEpoch(epoch);
    let folder = spool.begin(job, epoch).expect("begun");
    fs::write(folder.video(), format!("video of {job} {epoch}")).expect("written");
    fs::write(folder.thumbnail(), "thumbnail").expect("written");
    NewRender {
        job,
        scope: TenantScope::new(Some("org_1"), "cmp_1").expect("legal"),
        epoch,
        snapshot_hash: "ab".repeat(32),
        render_version: "0.1.0+1.0123456789ab".to_owned(),
        duration_ms: 21_000,
        video: RenderedFile::of(&folder.video()).expect("there"),
        thumbnail: RenderedFile::of(&folder.thumbnail()).expect("there"),
    }
}

fn finished(spool: &Spool, job: JobId, epoch: i64) -> FinishedRender {
    spool.finish(rendered(spool, job, epoch)).expect("finished")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_finished_render_is_there_after_a_restart_with_all_that_is_known_of_it() {
    let root = root();
    let (first, id) = {
        let spool = spool(&root);
        (finished(&spool, job(1), 3), spool.id().to_owned())
    };
    let again = spool(&root);
    assert_eq!(again.id(), id);
    assert_eq!(again.finished().expect("listed"), std::slice::from_ref(&first));
    assert_eq!(again.finished_of(job(1)).expect("read"), Some(first.clone()));
    assert_eq!(again.finished_of(job(2)).expect("read"), None);
    assert_eq!(names(first.folder.path()), [MANIFEST_FILE, THUMBNAIL_FILE, VIDEO_FILE]);
    again.remove(job(1), LeaseEpoch(3)).expect("removed");
    again.remove(job(1), LeaseEpoch(3)).expect("removed already");
    assert_eq!(again.finished().expect("listed"), []);
}

#[test]
fn a_second_worker_takes_the_next_spool_and_a_third_the_one_that_came_free() {
    let root = root();
    let (first, second) = (spool(&root), spool(&root));
    assert_ne!(first.id(), second.id());
    assert_ne!(first.folder(), second.folder());
    let id = first.id().to_owned();
    drop(first);
    assert_eq!(spool(&root).id(), id);
}

#[test]
fn what_is_not_finished_is_swept_and_what_is_not_ours_stays() {
    let root = root();
    let spool = spool(&root);
    let kept = finished(&spool, job(1), 1);
    rendered(&spool, job(2), 1);
    fs::write(spool.folder().join("notes.txt"), "mine").expect("written");
    assert_eq!(spool.finished().expect("listed"), std::slice::from_ref(&kept));
    assert_eq!(spool.remove_unfinished().expect("swept"), 1);
    assert_eq!(spool.remove_unfinished().expect("swept"), 0);
    let name = kept.folder.path().file_name().expect("named").to_string_lossy().into_owned();
    assert_eq!(names(spool.folder()), [name, LOCK_FILE.to_owned(), "notes.txt".to_owned(), ID_FILE.to_owned()]);
}

#[test]
fn a_render_that_begins_again_begins_empty_and_older_epochs_can_go() {
    let root = root();
    let spool = spool(&root);
    for epoch in [2, 11, 10] {
        finished(&spool, job(1), epoch);
    }
    assert_eq!(spool.finished_of(job(1)).expect("read").expect("there").render.epoch, LeaseEpoch(11));
    spool.remove_up_to(job(1), LeaseEpoch(10)).expect("removed");
    assert_eq!(spool.finished().expect("listed").len(), 1);
    let folder = spool.begin(job(1), LeaseEpoch(11)).expect("begun");
    assert_eq!(names(folder.path()), [ASSETS_FOLDER]);
    assert_eq!(spool.finished().expect("listed"), []);
}

#[test]
fn a_file_that_is_not_the_one_described_does_not_finish() {
    let root = root();
    let spool = spool(&root);
    let render = rendered(&spool, job(1), 1);
    let video = spool.job_folder(render.job, render.epoch).video();
    for spoilt in ["shorter", &"x".repeat(usize::try_from(render.video.bytes).expect("small"))] {
        fs::write(&video, spoilt).expect("written");
        assert!(matches!(spool.finish(render.clone()), Err(SpoolError::Mismatch { .. })), "{spoilt}");
    }
    assert_eq!(spool.finished().expect("listed"), []);
}

#[test]
fn torn_and_hostile_renders_are_removed_and_nothing_outside() {
    type Spoil = fn(&FinishedRender, &Path);
    fn manifest(finished: &FinishedRender) -> PathBuf {
        finished.folder.path().join(MANIFEST_FILE)
    }
    fn edit(finished: &FinishedRender, key: &str, value: serde_json::Value) {
        let path = manifest(finished);
        let mut fields: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).expect("there")).expect("a manifest is JSON");
        fields[key] = value;
        fs::write(path, fields.to_string()).expect("written");
    }
    let cases: [(&str, Spoil); 13] = [
        ("torn", |f, _| fs::write(manifest(f), &fs::read(manifest(f)).expect("there")[..40]).expect("written")),
        ("empty", |f, _| fs::write(manifest(f), "").expect("written")),
        ("huge", |f, _| fs::write(manifest(f), " ".repeat(100_000)).expect("written")),
        ("manifest is a folder", |f, _| {
            fs::remove_file(manifest(f)).expect("removed");
            fs::create_dir(manifest(f)).expect("made");
        }),
        ("unknown field", |f, _| edit(f, "more", 1.into())),
        ("other job", |f, _| edit(f, "job", job(9).to_string().into())),
        ("other epoch", |f, _| edit(f, "epoch", 9.into())),
        ("scope that leaves its folder", |f, _| edit(f, "companyId", "../x".into())),
        ("no hash", |f, _| edit(f, "video", serde_json::json!({ "sha256": "", "bytes": 3 }))),
        ("video gone", |f, _| fs::remove_file(f.folder.video()).expect("removed")),
        ("video cut", |f, _| fs::write(f.folder.video(), "v").expect("written")),
        ("thumbnail changed", |f, _| fs::write(f.folder.thumbnail(), "THUMBNAIL").expect("written")),
        ("video is a link", |f, outside| {
            fs::rename(f.folder.video(), outside).expect("moved");
            symlink(outside, f.folder.video()).expect("linked");
        }),
    ];
    let root = root();
    let outside = root.path().join("outside");
    let spool = spool(&root);
    for (number, (name, spoil)) in (1..).zip(cases) {
        let spoilt = finished(&spool, job(number), 1);
        spoil(&spoilt, &outside);
        assert_eq!(spool.finished().expect("listed"), [], "{name}");
        assert!(!spoilt.folder.path().exists(), "{name}");
    }
    assert!(outside.exists());

    let target = root.path().join("target");
    fs::create_dir(&target).expect("made");
    fs::write(target.join("precious"), "x").expect("written");
    symlink(&target, spool.job_folder(job(50), LeaseEpoch(1)).path()).expect("linked");
    assert_eq!(spool.finished().expect("listed"), []);
    assert!(target.join("precious").exists());
    assert_eq!(names(spool.folder()), [LOCK_FILE, ID_FILE]);
}

#[test]
fn an_id_that_is_none_is_replaced() {
    let root = root();
    let folder = spool(&root).folder().to_owned();
    for text in ["", "spool", "../../etc", &"0".repeat(1000)] {
        fs::write(folder.join(ID_FILE), text).expect("written");
        let id = spool(&root).id().to_owned();
        assert!(Uuid::parse_str(&id).is_ok(), "{id}");
        assert_eq!(spool(&root).id(), id);
    }
    fs::write(folder.join(ID_FILE), [0xFF, 0xFE]).expect("written");
    assert!(Uuid::parse_str(spool(&root).id()).is_ok());
}

#[test]
fn others_on_the_machine_see_nothing() {
    let root = root();
    let spool = spool(&root);
    let folder = finished(&spool, job(1), 1).folder;
    for folder in [spool.folder(), folder.path()] {
        assert_eq!(fs::metadata(folder).expect("there").permissions().mode() & 0o077, 0, "{}", folder.display());
    }
    assert!(spool.free_bytes().expect("told") > 0);
}

#[test]
fn only_names_of_our_own_form_are_job_folders() {
    let id = job(7);
    assert_eq!(job_and_epoch(&format!("{id}-e12")), Some((id, LeaseEpoch(12))));
    for name in [format!("{id}"), format!("{id}-e"), format!("{id}-e012"), format!("{id}-e+1"), format!("{{{id}}}-e1")]
    {
        assert_eq!(job_and_epoch(&name), None, "{name}");
    }
    assert_eq!(job_and_epoch(&format!("{}-e1", id.to_string().replace('-', ""))), None);
}
