//! The probe against files made wrong on purpose by the `ffmpeg` program: each breaks the rule it should, by name.

use std::path::{Path, PathBuf};
use std::process::Command;

use quotereel::video::probe::{ProbeError, Report, Severity, probe};

/// What makes a good file out of the test picture; later options of the same name win.
const GOOD: &[&str] = &[
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-profile:v",
    "main",
    "-level",
    "4.0",
    "-bf",
    "0",
    "-g",
    "30",
    "-pix_fmt",
    "yuv420p",
    "-color_range",
    "tv",
    "-colorspace",
    "bt709",
    "-color_primaries",
    "bt709",
    "-color_trc",
    "bt709",
    "-use_editlist",
    "0",
    "-movflags",
    "+faststart",
    "-fflags",
    "+bitexact",
    "-flags:v",
    "+bitexact",
    "-metadata",
    "title=Test",
    "-bsf:v",
    "filter_units=remove_types=6",
];

/// Runs ffmpeg: a picture of 256x256 at 30 fps for `seconds`, more inputs, then the good options and the others.
fn made(folder: &Path, seconds: &str, inputs: &[&str], options: &[&str]) -> PathBuf {
    let path = folder.join("made.mp4");
    let picture = format!("testsrc2=size=256x256:rate=30:duration={seconds},format=yuv420p");
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", &picture])
        .args(inputs)
        .args(GOOD)
        .args(options)
        .arg(&path)
        .output()
        .expect("ffmpeg is installed");
    assert!(output.status.success(), "{options:?}: {}", String::from_utf8_lossy(&output.stderr));
    path
}

fn report(seconds: &str, inputs: &[&str], options: &[&str]) -> Report {
    let folder = tempfile::tempdir().expect("a temporary folder");
    probe(&made(folder.path(), seconds, inputs, options)).unwrap_or_else(|error| panic!("{options:?}: {error}"))
}

/// Codes of all broken rules, warnings included.
fn broken(report: &Report) -> Vec<&'static str> {
    report.rules.iter().filter(|rule| !rule.ok).map(|rule| rule.rule).collect()
}

#[test]
fn a_good_file_of_another_encoder_breaks_nothing() {
    let report = report("1", &[], &[]);
    // FFmpeg's command line signs the stream even where it is told to be exact.
    let others: Vec<_> = broken(&report).into_iter().filter(|code| *code != "no_encoder_tag").collect();
    assert!(others.is_empty(), "{:#?}", report.rules);
    assert_eq!((report.facts.frame_count, report.facts.width), (30, 256));
}

#[test]
fn each_fault_breaks_its_rule() {
    let tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"];
    let two_tones = [&tone[..], &tone].concat();
    let late = [&["-itsoffset", "0.5"][..], &tone].concat();
    let long = ["-f", "lavfi", "-i", "sine=frequency=440:duration=2"];
    let aac = ["-c:a", "aac", "-ar", "48000", "-ac", "2"];
    let cases: &[(&str, &[&str], &[&str])] = &[
        ("profile", &[], &["-profile:v", "high", "-preset", "medium"]),
        ("level", &[], &["-level", "5.1"]),
        ("level", &[], &["-vf", "scale=1080:1920", "-level", "3.0", "-frames:v", "3"]),
        ("no_b_frames", &[], &["-bf", "2", "-preset", "medium", "-b_strategy", "0"]),
        ("no_composition_offsets", &[], &["-bf", "2", "-preset", "medium", "-b_strategy", "0"]),
        ("no_edit_list", &[], &["-bf", "2", "-preset", "medium", "-use_editlist", "1"]),
        ("limited_range", &[], &["-color_range", "pc"]),
        ("colour_vui", &[], &["-colorspace", "smpte170m", "-color_primaries", "smpte170m", "-color_trc", "smpte170m"]),
        ("colour_colr", &[], &["-colorspace", "smpte170m", "-color_primaries", "smpte170m", "-color_trc", "smpte170m"]),
        ("moov_first", &[], &["-movflags", "-faststart"]),
        ("constant_frame_rate", &[], &["-vf", "select='not(eq(n,7))'", "-vsync", "vfr"]),
        ("pixel_format", &[], &["-pix_fmt", "yuv444p", "-profile:v", "high444"]),
        ("progressive", &[], &["-flags:v", "+ildct+ilme", "-x264-params", "tff=1"]),
        (
            "closed_gop",
            &[],
            &["-x264-params", "open-gop=1:bframes=2:keyint=10:min-keyint=2", "-bf", "2", "-preset", "medium"],
        ),
        ("no_encoder_tag", &[], &["-fflags", "-bitexact"]),
        ("no_encoder_tag", &[], &["-bsf:v", "null"]),
        ("audio", &tone, &["-c:a", "libmp3lame"]),
        ("audio", &tone, &["-c:a", "aac", "-ar", "44100", "-ac", "1"]),
        ("audio", &two_tones, &["-map", "0", "-map", "1", "-map", "2", "-c:a", "aac", "-ar", "48000", "-ac", "2"]),
        ("audio_start", &late, &[&aac[..], &["-use_editlist", "1"]].concat()),
        ("audio_length", &long, &aac),
        ("not_fragmented", &[], &["-movflags", "+frag_keyframe+empty_moov"]),
        ("codec", &[], &["-c:v", "mpeg4", "-profile:v", "0", "-level", "1", "-bsf:v", "null"]),
        ("title", &[], &["-metadata", "title="]),
        ("one_video_track", &[], &["-map", "0", "-map", "0"]),
    ];
    for (code, inputs, options) in cases {
        let report = report("1", inputs, options);
        assert!(broken(&report).contains(code), "{options:?} keeps {code}: {:#?}", report.rules);
        let rule = report.rule(code).expect("always there");
        assert_eq!(rule.severity == Severity::Warning, *code == "title");
    }
}

#[test]
fn one_track_of_the_right_audio_is_welcome() {
    let tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"];
    let report = report("1", &tone, &["-c:a", "aac", "-ar", "48000", "-ac", "2"]);
    assert!(report.rule("audio").expect("always there").ok, "{:?}", report.facts.audio);
    assert_eq!(report.facts.audio[0].codec, "aac-lc");
}

#[test]
fn an_edit_list_may_cut_off_the_encoders_delay() {
    let tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=1"];
    let report = report("1", &tone, &["-c:a", "aac", "-ar", "48000", "-ac", "2", "-use_editlist", "1"]);
    let track = &report.facts.audio[0];
    assert_eq!((track.start_ms, track.duration_ms), (0, 1000));
    assert!(["audio", "audio_start", "audio_length"].iter().all(|code| report.rule(code).expect("always there").ok));
    assert!(broken(&report).contains(&"no_edit_list"), "the ffmpeg program gives the video one too");
}

#[test]
fn sound_that_lies_beyond_the_end_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=3"];
    let path = made(folder.path(), "1", &tone, &["-c:a", "aac", "-ar", "48000", "-ac", "2"]);
    let mut whole = std::fs::read(&path).expect("made");
    // Less at the end, and a box that says so: only the sound is cut off.
    let at = whole.windows(4).position(|window| window == b"mdat").expect("faststart") - 4;
    whole.truncate(whole.len() - 2000);
    let length = u32::try_from(whole.len() - at).expect("small");
    whole[at..at + 4].copy_from_slice(&length.to_be_bytes());
    std::fs::write(&path, whole).expect("room");
    let error = probe(&path).expect_err("cut off").to_string();
    assert!(error.contains("the sound"), "{error}");
}

#[test]
fn a_long_group_of_pictures_is_found() {
    let report = report("7", &[], &["-g", "300", "-x264-params", "keyint=300:scenecut=0"]);
    assert!(broken(&report).contains(&"idr_interval"), "{:#?}", report.facts);
    assert!((report.facts.max_idr_interval_s - 7.0).abs() < 0.001);
}

#[test]
fn a_file_too_heavy_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = made(folder.path(), "1", &[], &[]);
    let mut bytes = std::fs::read(&path).expect("made");
    // A free box of 17 MB behind the rest.
    bytes.extend_from_slice(&17_000_000u32.to_be_bytes());
    bytes.extend_from_slice(b"free");
    bytes.resize(bytes.len() + 17_000_000 - 8, 0);
    std::fs::write(&path, bytes).expect("room for it");
    let report = probe(&path).expect("well formed");
    assert!(broken(&report).contains(&"size_cap") && broken(&report).contains(&"size_target"));
    assert!(!report.deliverable());
}

#[test]
fn what_cannot_be_examined_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = made(folder.path(), "1", &[], &[]);
    let whole = std::fs::read(&path).expect("made");
    let cut = folder.path().join("cut.mp4");
    for part in 1..40 {
        std::fs::write(&cut, &whole[..whole.len() * part / 40]).expect("room");
        let error = probe(&cut).expect_err("cut off");
        assert!(matches!(error, ProbeError::Truncated { .. } | ProbeError::NotMp4(_)), "{error:?}");
    }
    // Every byte of the index in turn, set to its extremes: an answer or an error, in bounded time.
    let moov = whole.windows(4).position(|window| window == b"mdat").expect("faststart");
    for at in 0..moov {
        for value in [0, 0x7f, 0xff] {
            let mut changed = whole.clone();
            changed[at] = value;
            let _ = quotereel::video::probe::probe_reader(&mut std::io::Cursor::new(changed));
        }
    }
    assert!(matches!(probe(Path::new("/nowhere/at/all.mp4")), Err(ProbeError::Read(_))));
}

#[test]
fn the_report_is_camel_case_json() {
    let json = serde_json::to_value(report("1", &[], &[])).expect("plain data");
    assert_eq!(json["facts"]["frameRate"], "30/1");
    assert_eq!(json["facts"]["boxOrder"][0], "ftyp");
    assert_eq!(json["rules"][0]["severity"], "error");
}
