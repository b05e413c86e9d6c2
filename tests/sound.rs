//! Soundtracks of whole renders, made from files of the `ffmpeg` program and judged by it: when, how loud, and for how long.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;

use quotereel::ground::geometry::Size;
use quotereel::video::pipeline::{Output, RenderError, RenderJob, Rendered, render};
use quotereel::video::probe::probe;
use quotereel::video::sound::SoundError;
use quotereel::video::soundtrack::Soundtrack;
use quotereel_test_support::synthetic::Synthetic;

/// Samples a second of every soundtrack.
const RATE: usize = 48_000;
/// A beep of 1 kHz at 1.0 s and at 2.5 s of 6 s, stillness in between.
const BEEPS: &str = "aevalsrc=exprs='0.5*sin(2*PI*1000*t)*(between(t,1,1.1)+between(t,2.5,2.6))':s=48000:d=6";
/// What each kind of file needs to be told to ffmpeg.
const KINDS: [(&str, &[&str]); 8] = [
    ("wav", &[]),
    ("wav", &["-c:a", "pcm_f32le", "-ar", "96000"]),
    ("mp3", &["-c:a", "libmp3lame"]),
    ("m4a", &["-c:a", "aac"]),
    ("m4a", &["-c:a", "alac"]),
    ("flac", &[]),
    ("ogg", &["-c:a", "libvorbis"]),
    ("opus", &["-c:a", "libopus"]),
];

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("the test needs a temporary folder")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are ASCII")
}

/// Output of a program that must succeed: stdout, then stderr.
fn run(program: &str, arguments: &[&str]) -> (Vec<u8>, String) {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {stderr}");
    (output.stdout, stderr)
}

/// A file that ffmpeg makes of one of its sources.
fn made(folder: &Path, name: &str, source: &str, options: &[&str]) -> PathBuf {
    let path = folder.join(name);
    let arguments = [&["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", source][..], options, &[text(&path)]];
    run("ffmpeg", &arguments.concat());
    path
}

fn recording(path: &Path) -> Soundtrack {
    let bytes = std::fs::read(path).expect("the sound is there");
    Soundtrack::Recording { name: "music".to_owned(), bytes: bytes.into() }
}

/// Renders a small video of so many frames at 24 a second.
fn rendered(
    folder: &Path,
    frames: u32,
    threads: usize,
    soundtrack: Option<Soundtrack>,
) -> Result<PathBuf, RenderError> {
    let path = folder.join(format!("out-{threads}.mp4"));
    render_to(&path, frames, threads, soundtrack).map(|_| path)
}

fn render_to(
    path: &Path,
    frames: u32,
    threads: usize,
    soundtrack: Option<Soundtrack>,
) -> Result<Rendered, RenderError> {
    let source = Synthetic::new(Size::new(64, 64), 24, frames, vec![frames / 2]);
    let job = RenderJob {
        threads: NonZeroUsize::new(threads).expect("not zero"),
        title: Some("Sound".to_owned()),
        soundtrack,
        ..RenderJob::new(Output::mp4_file(path))
    };
    render(&source, &job, &())
}

/// What a player hears: the left channel, decoded by ffmpeg.
fn heard(video: &Path) -> Vec<f32> {
    let arguments = ["-v", "error", "-i", text(video), "-map", "0:a", "-f", "f32le", "-ac", "1", "-"];
    let (bytes, _) = run("ffmpeg", &arguments);
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Integrated loudness in LUFS and true peak in dBTP, by ffmpeg's meter.
fn measured(video: &Path) -> (f64, f64) {
    let arguments =
        ["-hide_banner", "-nostats", "-i", text(video), "-map", "0:a", "-af", "ebur128=peak=true", "-f", "null", "-"];
    let (_, log) = run("ffmpeg", &arguments);
    let summary = log.rsplit("Summary:").next().expect("a summary");
    let value = |key: &str| -> f64 {
        let rest = summary.split(key).nth(1).expect("the meter tells it");
        rest.split_whitespace().next().and_then(|number| number.parse().ok()).expect("a number")
    };
    (value("I:"), value("Peak:"))
}

#[test]
fn a_beep_is_heard_when_it_should_be_from_every_kind_of_file() {
    let folder = folder();
    for (kind, options) in KINDS {
        let sound = made(folder.path(), &format!("beeps.{kind}"), BEEPS, options);
        let video = rendered(folder.path(), 96, 2, Some(recording(&sound))).expect("renders");
        let samples = heard(&video);
        let loudest = samples.iter().fold(0f32, |highest, value| value.abs().max(highest));
        let first = samples.iter().position(|value| value.abs() > loudest / 5.0).expect("a beep");
        let late_ms = (first as f64 - RATE as f64) / RATE as f64 * 1000.0;
        assert!(late_ms.abs() < 10.0, "{kind} {options:?}: {late_ms} ms");
        // A second at the end, beginning at 3 s: nothing of the beep at 2.5 s is left there.
        assert!(samples[3 * RATE..].iter().all(|value| value.abs() < loudest / 20.0), "{kind} {options:?}");
    }
}

#[test]
fn the_track_is_what_phones_take() {
    let folder = folder();
    let sound = made(folder.path(), "noise.flac", "anoisesrc=d=3:c=pink:a=0.4", &[]);
    for frames in [1, 24, 101] {
        let video = rendered(folder.path(), frames, 2, Some(recording(&sound))).expect("renders");
        let arguments = ["-v", "error", "-show_streams", "-of", "json", text(&video)];
        let found: serde_json::Value = serde_json::from_slice(&run("ffprobe", &arguments).0).expect("JSON");
        let (picture, sound) = (&found["streams"][0], &found["streams"][1]);
        for (key, value) in [
            ("codec_name", "aac"),
            ("profile", "LC"),
            ("sample_rate", "48000"),
            ("channel_layout", "stereo"),
            ("start_time", "0.000000"),
        ] {
            assert_eq!(sound[key], value, "{key}");
        }
        assert_eq!(picture["start_time"], "0.000000");
        let seconds = |stream: &serde_json::Value| -> f64 {
            stream["duration"].as_str().and_then(|text| text.parse().ok()).expect("a length")
        };
        assert!((seconds(picture) - seconds(sound)).abs() < 0.002, "{} {}", seconds(picture), seconds(sound));
        // Players that do not trim the last packet have a part of it more.
        let (samples, expected) = (heard(&video).len(), frames as usize * RATE / 24);
        assert!((expected..expected + 1024).contains(&samples), "{samples} samples instead of {expected}");

        let report = probe(&video).expect("ours");
        assert!(report.rules.iter().all(|rule| rule.ok), "{:#?}", report.rules);
        let track = &report.facts.audio[0];
        assert_eq!((track.codec.as_str(), track.start_ms), ("aac-lc", 0));
        assert!(track.duration_ms.abs_diff(report.facts.duration_ms) <= 1, "{track:?}");
        let bytes = std::fs::read(&video).expect("written");
        assert!(!bytes.windows(4).any(|window| window == b"Lavc"), "the encoder signs its stream");
    }
}

#[test]
fn sound_and_pictures_lie_side_by_side() {
    let folder = folder();
    let sound = made(folder.path(), "noise.flac", "anoisesrc=d=3:c=pink:a=0.4", &[]);
    let video = rendered(folder.path(), 120, 1, Some(recording(&sound))).expect("renders");
    let arguments =
        ["-v", "error", "-show_entries", "packet=stream_index,dts_time,pos", "-of", "csv=p=0", text(&video)];
    let packets = String::from_utf8(run("ffprobe", &arguments).0).expect("text");
    let mut packets: Vec<(u64, usize, f64)> = packets
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            (
                fields[2].parse().expect("a place"),
                fields[0].parse().expect("a track"),
                fields[1].parse().expect("a time"),
            )
        })
        .collect();
    packets.sort_by_key(|packet| packet.0);
    let mut reached = [0f64; 2];
    for (_, track, time) in packets {
        reached[track] = time;
        assert!((reached[0] - reached[1]).abs() < 0.6, "pictures at {} s, sound at {} s", reached[0], reached[1]);
    }
}

#[test]
fn loud_and_quiet_recordings_become_equally_loud() {
    let folder = folder();
    let beat = "aevalsrc=exprs='0.9*sin(2*PI*110*t)*exp(-12*mod(t,0.5))+0.1*sin(2*PI*660*t)|0.9*sin(2*PI*110*t)*exp(-12*mod(t,0.5))':s=44100:d=6";
    for source in ["anoisesrc=d=6:c=pink:a=0.05", "anoisesrc=d=6:c=pink:a=0.9", "sine=frequency=440:duration=6", beat] {
        let sound = made(folder.path(), "sound.wav", source, &[]);
        let video = rendered(folder.path(), 120, 2, Some(recording(&sound))).expect("renders");
        let (loudness, peak) = measured(&video);
        assert!((loudness + 16.0).abs() <= 0.5, "{source}: {loudness} LUFS");
        assert!(peak <= -1.0, "{source}: {peak} dBTP");
    }
}

#[test]
fn a_tone_of_three_seconds_lasts_for_twenty() {
    let folder = folder();
    let sound = made(folder.path(), "tone.wav", "sine=frequency=440:duration=3", &[]);
    let samples = heard(&rendered(folder.path(), 480, 2, Some(recording(&sound))).expect("renders"));
    assert!(samples.len() >= 20 * RATE);
    let middle = &samples[RATE / 10..19 * RATE - RATE / 10];
    let power = |piece: &[f32]| piece.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>() / piece.len() as f64;
    let levels: Vec<f64> = middle.chunks_exact(RATE / 50).map(|piece| 10.0 * power(piece).log10()).collect();
    let (lowest, highest) = levels.iter().fold((f64::MAX, f64::MIN), |(low, high), db| (low.min(*db), high.max(*db)));
    assert!(highest - lowest < 1.0, "between {lowest} and {highest} dB");
    let amplitude = middle.iter().fold(0f32, |highest, value| value.abs().max(highest));
    // A tone of 440 Hz moves by 5.8 % of its amplitude from sample to sample at most.
    let step = middle.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0f32, f32::max);
    assert!(step < amplitude * 0.07, "a step of {step} at an amplitude of {amplitude}");
    // It ends softly: half a second before the end it is about half as loud, and at the end it is gone.
    let half = power(&samples[19 * RATE + RATE / 2 - 480..19 * RATE + RATE / 2 + 480]) / power(&middle[..960]);
    assert!((half - 0.25).abs() < 0.05, "{half}");
    assert!(samples[20 * RATE - 200..20 * RATE].iter().all(|value| value.abs() < 0.01));
}

#[test]
fn any_channels_and_rates_are_mixed_to_stereo() {
    let folder = folder();
    for (name, options) in [
        ("surround.wav", &["-ac", "6"][..]),
        ("bare.aac", &["-c:a", "aac"]),
        ("mono.mp3", &["-ac", "1", "-ar", "22050", "-c:a", "libmp3lame"]),
        ("telephone.wav", &["-ac", "1", "-ar", "8000", "-c:a", "pcm_alaw"]),
    ] {
        let sound = made(folder.path(), name, "sine=frequency=440:duration=3", options);
        let video = rendered(folder.path(), 48, 1, Some(recording(&sound))).expect("renders");
        let (loudness, _) = measured(&video);
        assert!((loudness + 16.0).abs() <= 0.7, "{name}: {loudness} LUFS");
    }
}

#[test]
fn threads_and_repetition_change_no_byte() {
    let folder = folder();
    let sound = made(folder.path(), "sound.mp3", "anoisesrc=d=2:c=pink:a=0.4", &["-c:a", "libmp3lame"]);
    let bytes = |threads| {
        let video = rendered(folder.path(), 96, threads, Some(recording(&sound))).expect("renders");
        std::fs::read(video).expect("written")
    };
    let one = bytes(1);
    for threads in [1, 2, 3] {
        assert!(bytes(threads) == one, "{threads} threads");
    }
}

#[test]
fn silence_is_a_track_and_nothing_is_none() {
    let folder = folder();
    let video = rendered(folder.path(), 48, 2, Some(Soundtrack::Silence)).expect("renders");
    assert!(heard(&video).iter().all(|value| value.abs() < 1e-6));
    assert!(probe(&video).expect("ours").rules.iter().all(|rule| rule.ok));

    let mute = rendered(folder.path(), 48, 2, None).expect("renders");
    assert!(probe(&mute).expect("ours").facts.audio.is_empty());
    let bytes = std::fs::read(&mute).expect("written");
    assert!(!bytes.windows(4).any(|window| window == b"edts" || window == b"soun"));
}

#[test]
fn a_silent_recording_is_not_turned_up() {
    let folder = folder();
    let sound = made(folder.path(), "silence.flac", "anullsrc=d=3", &[]);
    let answer = render_to(&folder.path().join("x.mp4"), 48, 1, Some(recording(&sound))).expect("renders");
    assert_eq!(answer.sound.map(|levels| levels.loudness_lufs), Some(None));
    assert!(heard(&folder.path().join("x.mp4")).iter().all(|value| value.abs() < 1e-6));
}

#[test]
fn a_file_that_is_cut_off_gives_what_it_has() {
    let folder = folder();
    for (name, options) in
        [("cut.mp3", &["-c:a", "libmp3lame"][..]), ("cut.wav", &[]), ("cut.flac", &[]), ("cut.ogg", &[])]
    {
        let whole = std::fs::read(made(folder.path(), name, "anoisesrc=d=6:c=pink:a=0.4", options)).expect("made");
        let cut = Soundtrack::Recording { name: name.to_owned(), bytes: whole[..whole.len() / 2].into() };
        let video = rendered(folder.path(), 120, 1, Some(cut)).expect("renders");
        let (loudness, _) = measured(&video);
        assert!((loudness + 16.0).abs() <= 0.5, "{name}: {loudness} LUFS");
    }
}

/// What a render says of a sound that it refuses; nothing is left behind.
#[track_caller]
fn refusal(bytes: &[u8]) -> SoundError {
    let folder = folder();
    let sound = Soundtrack::Recording { name: "music".to_owned(), bytes: bytes.into() };
    let error = rendered(folder.path(), 48, 2, Some(sound)).expect_err("refused");
    assert!(error.is_user_fault() && error.to_string().contains("`music`"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0);
    match error {
        RenderError::Sound { source, .. } => source,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_no_sound_is_refused_by_name() {
    let folder = folder();
    let bytes =
        |name, source, options: &[&str]| std::fs::read(made(folder.path(), name, source, options)).expect("made");
    let film = bytes("film.mp4", "testsrc2=size=64x64:duration=1", &["-f", "lavfi", "-i", "sine", "-shortest"]);
    let picture = bytes("picture.png", "testsrc2=size=64x64:duration=0.04", &["-frames:v", "1"]);
    let song = bytes("song.m4a", "sine=duration=3", &[]);
    let short = bytes("short.wav", "sine=duration=0.3", &[]);
    let matroska = bytes("song.mka", "sine=duration=3", &[]);
    assert_eq!(refusal(&film), SoundError::Video);
    assert_eq!(refusal(&short), SoundError::TooShort { found_ms: 300 });
    for unknown in [&picture[..], &matroska, &song[..song.len() / 2], b"", b"a text", b"#EXTM3U\nfile:///etc/passwd\n"]
    {
        assert_eq!(refusal(unknown), SoundError::Unknown);
    }
}

/// A WAV file of 32-bit floats, mono.
fn float_wav(rate: u32, samples: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let length = u32::try_from(data.len()).expect("small");
    let mut file = b"RIFF".to_vec();
    file.extend((36 + length).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x03\0\x01\0");
    file.extend(rate.to_le_bytes());
    file.extend((rate * 4).to_le_bytes());
    file.extend(b"\x04\0\x20\0data");
    file.extend(length.to_le_bytes());
    file.extend(data);
    file
}

#[test]
fn samples_that_are_no_numbers_and_rates_beyond_reason_are_refused() {
    let tone: Vec<f32> = (0..2 * RATE).map(|at| (at as f32 * 0.05).sin() * 0.3).collect();
    for bad in [f32::NAN, f32::INFINITY] {
        let mut samples = tone.clone();
        samples[RATE] = bad;
        assert_eq!(refusal(&float_wav(48_000, &samples)), SoundError::NotFinite { at_ms: 1000 });
    }
    assert!(matches!(refusal(&float_wav(48_000, &[])), SoundError::NoSound | SoundError::Unknown));
    let field = |rate| match refusal(&float_wav(rate, &tone)) {
        SoundError::OutOfRange { field, found, .. } => (field, found),
        other => panic!("{other}"),
    };
    assert_eq!(field(4000), ("sample rate", 4000));
    assert_eq!(field(400_000), ("sample rate", 400_000));
}
