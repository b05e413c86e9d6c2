//! Whole renders, checked by decoders that are not ours: the `ffmpeg` and `ffprobe` programs.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use quotereel::ground::geometry::Size;
use quotereel::video::pipeline::{Destination, Output, Progress, Quality, RenderError, RenderJob, Rendered, render};
use quotereel::video::probe::probe;
use quotereel_test_support::synthetic::{self, Synthetic, patch_color, patch_rect};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("the test needs a temporary folder")
}

/// Output of a program that must succeed: stdout, then stderr.
fn run(program: &str, arguments: &[&str]) -> (Vec<u8>, String) {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {stderr}");
    (output.stdout, stderr)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are ASCII")
}

fn job(path: &Path, threads: usize) -> RenderJob {
    RenderJob {
        title: Some("Cotización COT-147".to_owned()),
        threads: NonZeroUsize::new(threads).expect("not zero"),
        ..RenderJob::new(Output::mp4_file(path))
    }
}

fn rendered(source: &Synthetic, path: &Path, threads: usize) -> Rendered {
    render(source, &job(path, threads), &()).unwrap_or_else(|error| panic!("{error}"))
}

fn ffprobe(path: &Path) -> serde_json::Value {
    let arguments = ["-v", "error", "-count_frames", "-show_streams", "-show_format", "-of", "json", text(path)];
    serde_json::from_slice(&run("ffprobe", &arguments).0).expect("ffprobe writes JSON")
}

/// Names of files in a folder, temporary ones included.
fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn ffprobe_sees_what_the_rules_ask_for() {
    let folder = folder();
    let path = folder.path().join("out: 1%.mp4");
    let source = Synthetic::new(Size::new(360, 640), 30, 200, vec![60, 61, 130]);
    let answer = rendered(&source, &path, 2);
    assert_eq!((answer.frames, answer.duration_ms), (200, 6667));
    assert!(answer.segments > 1 && answer.coded_frames < 120, "{answer:?}");
    assert_eq!(answer.bytes, std::fs::metadata(&path).expect("written").len());

    let found = ffprobe(&path);
    let stream = &found["streams"][0];
    for (key, value) in [
        ("codec_name", "h264"),
        ("profile", "Main"),
        ("pix_fmt", "yuv420p"),
        ("color_range", "tv"),
        ("color_space", "bt709"),
        ("color_transfer", "bt709"),
        ("color_primaries", "bt709"),
        ("chroma_location", "left"),
        ("field_order", "progressive"),
        ("r_frame_rate", "30/1"),
        ("avg_frame_rate", "30/1"),
        ("nb_read_frames", "200"),
        ("nb_frames", "200"),
        ("time_base", "1/15360"),
    ] {
        assert_eq!(stream[key], value, "{key}");
    }
    assert_eq!((&stream["width"], &stream["height"]), (&360.into(), &640.into()));
    assert_eq!((&stream["has_b_frames"], &stream["level"]), (&0.into(), &40.into()));
    assert_eq!(stream["duration_ts"], 200 * 512);
    let tags = &found["format"]["tags"];
    assert_eq!((&tags["title"], &tags["major_brand"]), (&"Cotización COT-147".into(), &"mp42".into()));
    assert!(tags.get("encoder").is_none() && stream["tags"].get("encoder").is_none(), "{tags}");

    let report = probe(&path).expect("ours");
    assert!(report.rules.iter().all(|rule| rule.ok), "{:#?}", report.rules);
    let facts = &report.facts;
    assert_eq!(facts.box_order.first().map(String::as_str), Some("ftyp"));
    assert_eq!(
        (facts.frame_count, facts.duration_ms, facts.idr_frames),
        (200, 6667, u32::try_from(answer.segments).expect("small"))
    );
    assert_eq!((facts.level.as_deref(), facts.frame_rate.as_deref()), (Some("4.0"), Some("30/1")));
    assert!(facts.brands.contains(&"isom".to_owned()) && facts.brands.contains(&"mp42".to_owned()));
    assert!(facts.max_idr_interval_s > 0.0 && facts.max_idr_interval_s <= 5.0, "{}", facts.max_idr_interval_s);
    let bytes = std::fs::read(&path).expect("written");
    for name in [&b"x264"[..], b"Lavf", b"Lavc"] {
        assert!(!bytes.windows(4).any(|window| window == name), "the file names {}", String::from_utf8_lossy(name));
    }
    assert_eq!(files(folder.path()), ["out: 1%.mp4"]);
}

#[test]
fn the_picture_survives() {
    let folder = folder();
    let (video, raw) = (folder.path().join("out.mp4"), folder.path().join("out.y4m"));
    let source = Synthetic::new(Size::new(540, 960), 30, 90, vec![40]);
    rendered(&source, &video, 2);
    render(&source, &RenderJob::new(Output::y4m_file(&raw)), &()).expect("renders");
    for (filter, floor) in [("ssim", 0.98), ("psnr", 36.0)] {
        let arguments = ["-hide_banner", "-i", text(&video), "-i", text(&raw), "-lavfi", filter, "-f", "null", "-"];
        let (_, log) = run("ffmpeg", &arguments);
        let key = if filter == "ssim" { "All:" } else { "average:" };
        let value = log.rsplit(key).next().and_then(|rest| rest.split_whitespace().next()).expect("a score");
        let score: f64 = value.parse().unwrap_or(f64::INFINITY);
        assert!(score >= floor && (filter == "psnr" || score <= 1.0), "{filter} {value} below {floor}");
    }
}

#[test]
fn colours_come_back_through_somebody_elses_matrix() {
    let folder = folder();
    let path = folder.path().join("out.mp4");
    let source = Synthetic::new(Size::new(640, 640), 30, 4, vec![]);
    let fine = RenderJob { quality: Quality { qp: 4, ..Quality::default() }, ..job(&path, 1) };
    render(&source, &fine, &()).expect("renders");
    let filter = "scale=in_color_matrix=bt709:in_range=tv:out_range=pc:flags=accurate_rnd+full_chroma_int,format=rgb24";
    let arguments = ["-v", "error", "-i", text(&path), "-vf", filter, "-frames:v", "1", "-f", "rawvideo", "-"];
    let (rgb, _) = run("ffmpeg", &arguments);
    assert_eq!(rgb.len(), 640 * 640 * 3);
    for patch in 0..synthetic::PATCHES {
        let rect = patch_rect(patch);
        let (x, y) = (rect.left + rect.right, rect.top + rect.bottom);
        let at = usize::try_from((y / 2 * 640 + x / 2) * 3).expect("inside");
        let (found, expected) = (&rgb[at..at + 3], patch_color(patch));
        let worst = found.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max().expect("three channels");
        assert!(worst <= 4, "patch {patch}: {found:?} instead of {expected:?}");
    }
}

#[test]
fn threads_and_repetition_change_no_byte() {
    let folder = folder();
    let source = Synthetic::new(Size::new(360, 640), 25, 170, vec![30, 70, 110]);
    let bytes = |name: &str, threads| {
        let path = folder.path().join(name);
        rendered(&source, &path, threads);
        std::fs::read(path).expect("written")
    };
    let one = bytes("1.mp4", 1);
    for (name, threads) in [("1b.mp4", 1), ("2.mp4", 2), ("2b.mp4", 2), ("3.mp4", 3)] {
        assert!(bytes(name, threads) == one, "{name}");
    }
}

#[test]
fn every_rate_and_size_is_deliverable() {
    let folder = folder();
    let cases = [(24, 1080, 1920), (25, 1080, 1350), (30, 1080, 1080), (50, 1920, 1080), (60, 1080, 1920)];
    for (fps, width, height) in cases {
        let path = folder.path().join(format!("{fps}.mp4"));
        rendered(&Synthetic::new(Size::new(width, height), fps, 5, vec![]), &path, 1);
        let found = ffprobe(&path);
        let stream = &found["streams"][0];
        assert_eq!(stream["avg_frame_rate"], format!("{fps}/1"));
        assert_eq!(stream["nb_read_frames"], "5");
        assert_eq!((&stream["width"], &stream["height"]), (&width.into(), &height.into()));
        assert_eq!(stream["level"], if fps > 30 { 42 } else { 40 });
    }
}

#[test]
fn one_frame_is_a_video() {
    let folder = folder();
    let path = folder.path().join("one.mp4");
    rendered(&Synthetic::new(Size::new(64, 64), 30, 1, vec![]), &path, 2);
    assert_eq!(ffprobe(&path)["streams"][0]["nb_read_frames"], "1");
}

#[test]
fn the_baseline_profile_is_constrained() {
    let folder = folder();
    let path = folder.path().join("baseline.mp4");
    let source = Synthetic::new(Size::new(320, 320), 30, 10, vec![]);
    let quality = Quality { profile: quotereel::video::encode::Profile::Baseline, ..Quality::default() };
    render(&source, &RenderJob { quality, ..job(&path, 1) }, &()).expect("renders");
    assert_eq!(ffprobe(&path)["streams"][0]["profile"], "Constrained Baseline");
}

#[test]
fn a_file_too_large_is_made_again() {
    let folder = folder();
    let path = folder.path().join("out.mp4");
    let source = Synthetic::new(Size::new(640, 640), 30, 12, vec![]);
    let whole = rendered(&source, &path, 1);
    let with_limit = |max_bytes| {
        render(&source, &RenderJob { quality: Quality { max_bytes, ..Quality::default() }, ..job(&path, 1) }, &())
    };
    let smaller = with_limit(whole.bytes - 1).expect("fits at a higher quantiser");
    assert!(smaller.bytes < whole.bytes && smaller.qp == whole.qp + 6, "{smaller:?}");
    let kept = std::fs::read(&path).expect("written");
    let refused = with_limit(1000).expect_err("no video is that small");
    assert!(matches!(refused, RenderError::TooLarge { max_bytes: 1000, .. }) && refused.is_user_fault(), "{refused}");
    assert_eq!(std::fs::read(&path).expect("still there"), kept, "a failed render leaves the old file alone");
    assert_eq!(files(folder.path()), ["out.mp4"]);
}

/// Stops after some frames.
struct StopAfter {
    frames: AtomicU32,
    limit: u32,
}

impl Progress for StopAfter {
    fn frames_done(&self, n: u32) {
        self.frames.fetch_add(n, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.frames.load(Ordering::Relaxed) >= self.limit
    }
}

fn with_thumbnails(folder: &Path, output: Output) -> RenderJob {
    RenderJob {
        thumbnail: Some(folder.join("large.jpg")),
        small_thumbnail: Some(folder.join("small.jpg")),
        thumbnail_at_frame: 30,
        ..RenderJob::new(output)
    }
}

#[test]
fn a_cancelled_render_leaves_nothing() {
    for limit in [0, 1, 20, 60] {
        let folder = folder();
        let source = Synthetic::new(Size::new(128, 128), 30, 60, vec![30]);
        let job = with_thumbnails(folder.path(), Output::mp4_file(folder.path().join("out.mp4")));
        let monitor = StopAfter { frames: AtomicU32::new(0), limit };
        let stopped = render(&source, &job, &monitor).expect_err("cancelled");
        assert!(matches!(stopped, RenderError::Cancelled) && !stopped.is_user_fault(), "{stopped}");
        assert!(files(folder.path()).is_empty(), "after {limit} frames");
    }
}

#[test]
fn a_panic_becomes_an_error_and_leaves_nothing() {
    for output in ["out.mp4", "out.y4m"] {
        let folder = folder();
        let source = Synthetic::new(Size::new(128, 128), 30, 60, vec![30]).panicking_at(40);
        let path = folder.path().join(output);
        let output = if output.ends_with("y4m") { Output::y4m_file(path) } else { Output::mp4_file(path) };
        let error = render(&source, &with_thumbnails(folder.path(), output), &()).expect_err("a panic");
        let RenderError::Panicked { first: 0, last: 59, message } = error else { panic!("{error}") };
        assert_eq!(message, "no frame 40");
        assert!(files(folder.path()).is_empty());
    }
}

#[test]
fn thumbnails_show_the_frame_asked_for() {
    let folder = folder();
    let source = Synthetic::new(Size::new(720, 1280), 30, 45, vec![20]);
    let job = with_thumbnails(folder.path(), Output::mp4_file(folder.path().join("out.mp4")));
    render(&source, &job, &()).expect("renders");
    assert_eq!(files(folder.path()), ["large.jpg", "out.mp4", "small.jpg"]);
    let open = |name: &str| image::open(folder.path().join(name)).expect("a JPEG").to_rgb8();
    let (large, small) = (open("large.jpg"), open("small.jpg"));
    assert_eq!((large.dimensions(), small.dimensions()), ((720, 1280), (180, 320)));
    assert!(std::fs::metadata(folder.path().join("small.jpg")).expect("written").len() < 200_000);
    let block = source.block(30);
    let (x, y) = ((block.left + block.right) / 2, (block.top + block.bottom) / 2);
    let (x, y) = (u32::try_from(x).expect("inside"), u32::try_from(y).expect("inside"));
    for (picture, scale) in [(&large, 1), (&small, 4)] {
        let found = picture.get_pixel(x / scale, y / scale).0;
        let near = found.iter().zip(&synthetic::BLOCK).all(|(a, b)| a.abs_diff(*b) < 12);
        assert!(near, "{found:?} where the block is");
    }
}

#[test]
fn streams_carry_the_same_bytes_as_files() {
    #[derive(Clone, Default)]
    struct Memory(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);
    impl std::io::Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("one writer").extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let folder = folder();
    let source = Synthetic::new(Size::new(128, 128), 30, 20, vec![]);
    type Make = fn(Destination) -> Output;
    for (name, make) in [("a.mp4", Output::Mp4 as Make), ("a.y4m", Output::Y4m as Make)] {
        let path = folder.path().join(name);
        render(&source, &RenderJob::new(make(Destination::File(path.clone()))), &()).expect("renders");
        let memory = Memory::default();
        let answer = render(&source, &RenderJob::new(make(Destination::stream(memory.clone()))), &());
        assert_eq!(answer.expect("renders").output, None);
        assert!(*memory.0.lock().expect("done") == std::fs::read(&path).expect("written"), "{name}");
    }
}

#[test]
fn a_path_that_cannot_be_written_is_named() {
    let folder = folder();
    let source = Synthetic::new(Size::new(64, 64), 30, 4, vec![]);
    for path in [folder.path().join("missing/out.mp4"), folder.path().to_path_buf(), PathBuf::from("/proc/out.mp4")] {
        let error = render(&source, &job(&path, 1), &()).expect_err("not writable");
        assert!(matches!(&error, RenderError::Write { .. }) && !error.is_user_fault(), "{error:?}");
        assert!(error.to_string().contains(text(&path)), "{error}");
    }
    assert!(files(folder.path()).is_empty());
}

#[test]
fn a_full_disk_is_told_with_its_path() {
    // /dev/full takes no byte: opening works, writing says that no space is left.
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let source = Synthetic::new(Size::new(64, 64), 30, 4, vec![]);
    let job = RenderJob::new(Output::Y4m(Destination::stream(full)));
    let error = render(&source, &job, &()).expect_err("full");
    let RenderError::Write { source: cause, target } = error else { panic!("{error:?}") };
    assert_eq!((cause.raw_os_error(), target.as_str()), (Some(28), "the output stream"));
    let config =
        quotereel::video::encode::EncoderConfig::new(Size::new(64, 64), quotereel::ground::time::FrameRate::DEFAULT);
    let encoder = quotereel::video::encode::SegmentEncoder::open(&config, &[]).expect("opens");
    let settings = quotereel::video::encode::Mp4Settings { config: &config, title: None, sound: None };
    let written =
        quotereel::video::encode::Mp4Writer::create(Path::new("/dev/full"), &settings, encoder.parameter_sets())
            .and_then(|mut writer| writer.write(&[0; 100_000], true, 1).and_then(|()| writer.finish()));
    assert!(written.expect_err("full").to_string().contains("/dev/full"));
}

#[test]
fn settings_outside_their_range_are_the_callers_fault() {
    let folder = folder();
    let path = folder.path().join("out.mp4");
    let good = Synthetic::new(Size::new(64, 64), 30, 4, vec![]);
    let poor = RenderJob { quality: Quality { qp: 60, ..Quality::default() }, ..job(&path, 1) };
    let error = render(&good, &poor, &()).expect_err("qp");
    assert!(error.is_user_fault() && error.to_string() == "qp is 60, allowed is 1 to 45", "{error}");
    let odd = Synthetic::new(Size::new(65, 64), 30, 4, vec![]);
    assert!(render(&odd, &job(&path, 1), &()).expect_err("odd").is_user_fault());
    let none = Synthetic::new(Size::new(64, 64), 30, 0, vec![]);
    assert!(matches!(render(&none, &job(&path, 1), &()), Err(RenderError::NoFrames)));
}
