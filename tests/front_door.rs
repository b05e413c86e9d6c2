//! The front door as another program uses it: choices, warnings, progress, cancellation, frames, stills, errors.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use quotereel::probe::probe;
use quotereel::{Error, Options, Output, Quote, RenderError, Size, Sound, TeaserFormat, Video};
use tempfile::TempDir;

fn fixture(name: &str) -> Quote {
    Quote::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quotes").join(name)).expect("a fixture")
}

/// A small quote on a small template: two scenes.
fn short() -> Video {
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/thank-you");
    fixture("bare.json").template(template.as_path()).size(Size::SQUARE).prepare().expect("a good quote")
}

#[test]
fn a_video_is_written_whole_and_its_frames_are_counted() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("video.mp4");
    let video = short();
    let done = AtomicU32::new(0);
    let count = |frames| {
        done.fetch_add(frames, Ordering::Relaxed);
    };
    let rendered = video.write_mp4(&path, &count).expect("written");
    assert_eq!(done.into_inner(), video.frame_count());
    assert_eq!((rendered.frames, rendered.duration_ms), (video.frame_count(), video.duration_ms()));
    let report = probe(&path).expect("an MP4");
    assert!(report.deliverable() && report.facts.audio.is_empty());
    assert_eq!(report.facts.bytes, rendered.bytes);
}

#[test]
fn a_cancelled_render_leaves_nothing() {
    let folder = TempDir::new().expect("a folder");
    let options = Options { thumbnail: Some(folder.path().join("video.jpg")), ..Options::default() };
    let output = Output::mp4_file(folder.path().join("video.mp4"));
    let error = short().write(output, &options, &AtomicBool::new(true)).expect_err("cancelled");
    assert!(matches!(error, RenderError::Cancelled), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn thumbnails_and_sound_are_the_engines_business() {
    let folder = TempDir::new().expect("a folder");
    let [video, large, small] = ["v.mp4", "l.jpg", "s.jpg"].map(|name| folder.path().join(name));
    let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/thank-you");
    let prepared = fixture("bare.json").template(template).sound(Sound::Silence).prepare().expect("a good quote");
    let options =
        Options { thumbnail: Some(large.clone()), small_thumbnail: Some(small.clone()), ..Options::default() };
    prepared.write(Output::mp4_file(&video), &options, &()).expect("written");
    assert_eq!(probe(&video).expect("an MP4").facts.audio.len(), 1);
    assert_eq!(std::fs::read(&large).expect("a JPEG"), prepared.thumbnail().expect("encodes"));
    assert_eq!(std::fs::read(&small).expect("a JPEG"), prepared.small_thumbnail().expect("encodes"));
}

#[test]
fn frames_come_in_order_and_equal_the_stills() {
    let video = short();
    let frames = video.frames();
    assert_eq!(frames.len(), video.frame_count() as usize);
    let mut before = None;
    let mut seen = 0;
    for frame in frames {
        assert_eq!(frame.index, seen);
        seen += 1;
        let changed = before.as_ref() != Some(&frame.picture);
        assert!(frame.is_new || !changed, "frame {} changed unnoticed", frame.index);
        if frame.index.is_multiple_of(47) {
            assert_eq!(frame.picture, video.frame(frame.index), "frame {}", frame.index);
            assert_eq!(frame.picture, video.still(frame.at), "at {:?}", frame.at);
        }
        before = Some(frame.picture);
    }
    assert_eq!(seen, video.frame_count());
    assert_eq!(video.still(Duration::from_secs(3600)), video.frame(u32::MAX), "past the end it is the last one");
}

#[test]
fn a_teaser_fits_an_email() {
    let teaser = short().teaser(TeaserFormat::Gif).expect("fits");
    assert!(teaser.bytes.starts_with(b"GIF89a") && teaser.bytes.len() <= quotereel::TEASER_MAX_BYTES);
}

#[test]
fn pictures_by_file_need_a_folder() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/quotes/solar-es-cl.json");
    assert!(Quote::read(&path).expect("readable").check().is_ok());
    let without = Quote::from_json(std::fs::read(path).expect("readable"));
    let problems = without.check().expect_err("a picture by file, and no folder");
    assert!(problems.iter().all(|problem| problem.pointer.ends_with("/file")), "{problems}");
    assert!(matches!(without.prepare(), Err(Error::Quote(same)) if same.len() == problems.len()));
}

#[test]
fn errors_name_what_is_wrong_and_whose_fault_it_is() {
    let missing = Quote::read("no/such/quote.json").expect_err("there is none");
    assert!(missing.is_system() && missing.to_string().contains("no/such/quote.json"), "{missing}");
    let unknown = fixture("bare.json").template("quote-sumary").prepare().expect_err("a misspelt name");
    assert!(!unknown.is_system() && unknown.to_string().contains("quote-summary"), "{unknown}");
    let folder = fixture("bare.json").template(Path::new("no/such/template")).prepare().expect_err("no folder");
    assert!(!folder.is_system() && folder.to_string().contains("no/such/template"), "{folder}");
    let sound = fixture("bare.json").sound(Sound::File("no/such/sound.wav".into())).prepare().expect_err("no file");
    assert!(sound.is_system() && sound.to_string().contains("no/such/sound.wav"), "{sound}");
    let param = fixture("bare.json").param("nope", "1").prepare().expect_err("no such parameter");
    assert!(!param.is_system() && param.to_string().contains("nope"), "{param}");
}
