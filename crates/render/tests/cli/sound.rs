//! Sound under a video: from `--audio`, from the template, or silence; and everything that can be wrong with it.

use serde_json::Value;

use crate::harness::Bench;
use crate::quotes::good;

/// A WAV file of 16-bit stereo: a tone of so many hertz for so many milliseconds.
fn tone(frequency_hz: f64, length_ms: u32) -> Vec<u8> {
    let turn = std::f64::consts::TAU * frequency_hz / 48_000.0;
    #[expect(clippy::cast_possible_truncation, reason = "a sample of 16 bits")]
    let sample = |at: u32| ((f64::from(at) * turn).sin() * 8000.0) as i16;
    let data: Vec<u8> = (0..length_ms * 48).flat_map(|at| [sample(at).to_le_bytes(); 2].concat()).collect();
    let length = u32::try_from(data.len()).expect("small");
    let mut file = b"RIFF".to_vec();
    file.extend((36 + length).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x02\0\x80\xbb\0\0\0\xee\x02\0\x04\0\x10\0data");
    file.extend(length.to_le_bytes());
    file.extend(data);
    file
}

/// A quote, and a template of two seconds in the folder `mine`, with sound if one is named.
fn bench(audio: Option<&str>) -> Bench {
    let bench = Bench::new();
    bench.put("q.json", good().to_string());
    let mut template: Value =
        serde_json::from_str(include_str!("../faults/templates/tiny/template.json")).expect("a template");
    if let Some(audio) = audio {
        template["audio"] = audio.into();
    }
    bench.put("mine/template.json", template.to_string());
    bench.put("mine/strings/en.json", "{}");
    bench
}

/// The sound track that `render probe` sees in a video.
fn track(bench: &Bench, video: &str) -> Value {
    let report = bench.render(&format!("probe {video} --json")).ends_with(0).json();
    report["probe"]["facts"]["audio"].clone()
}

#[test]
fn the_option_wins_over_the_template_and_silence_is_a_track() {
    let bench = bench(Some("music.wav"));
    bench.put("mine/music.wav", tone(440.0, 3000));
    bench.put("other.wav", tone(880.0, 3000));
    let video = |name: &str, options: &str| {
        let report = bench
            .render(&format!("video q.json -t ./mine -o {name} --no-thumbnail --json {options}"))
            .ends_with(0)
            .json();
        assert_eq!(track(&bench, name)[0]["codec"], "aac-lc");
        (report["sound"].clone(), std::fs::read(bench.work().join(name)).expect("written"))
    };
    let (own_levels, own) = video("own.mp4", "");
    let (other_levels, other) = video("other.mp4", "--audio other.wav");
    let (silent_levels, silent) = video("silent.mp4", "--silent-audio");
    for levels in [own_levels, other_levels] {
        let loudness = levels["loudnessLufs"].as_f64().expect("loud");
        assert!((loudness + 16.0).abs() < 0.3, "{levels}");
    }
    assert!(silent_levels["loudnessLufs"].is_null(), "{silent_levels}");
    assert!(own != other && silent.len() < own.len());
}

#[test]
fn without_sound_there_is_no_track() {
    let bench = bench(None);
    let report = bench.render("video q.json -t ./mine -o x.mp4 --json").ends_with(0).json();
    assert!(report["sound"].is_null());
    assert_eq!(track(&bench, "x.mp4"), Value::Array(Vec::new()));
}

#[test]
fn wrong_usage_of_sound_ends_with_2() {
    let bench = bench(None);
    bench.put("a.wav", tone(440.0, 100));
    let before = bench.listing();
    for (options, words) in [
        ("--audio a.wav --silent-audio", "cannot be used with"),
        ("-o x.y4m --audio a.wav", "--audio is for MP4"),
        ("-o x.y4m --silent-audio", "--silent-audio is for MP4"),
        ("--audio -", "give a file"),
    ] {
        bench.render(&format!("video q.json {options}")).ends_with(2).says(&[words]);
        assert_eq!(bench.listing(), before);
    }
    bench.put("song.mp4", tone(440.0, 100));
    bench.render("video q.json --audio song.mp4 -o song.mp4").ends_with(2).says(&["is the input"]);
}

#[test]
fn sound_that_cannot_be_used_is_named_and_leaves_nothing() {
    let bench = bench(None);
    bench.put("short.wav", tone(440.0, 200));
    bench.put("text.mp3", "these are words");
    bench.put("empty.ogg", "");
    bench.put("folder.wav/x", "x");
    bench.shell("mkfifo pipe.wav; truncate -s 65M large.wav").ends_with(0);
    let before = bench.listing();
    for (file, status, words) in [
        ("missing.wav", 3, "no such file"),
        ("short.wav", 3, "it lasts 200 ms"),
        ("text.mp3", 3, "none of WAV, MP3"),
        ("empty.ogg", 3, "0 bytes"),
        ("folder.wav", 3, "no regular file"),
        ("pipe.wav", 3, "no regular file"),
        ("large.wav", 3, "68157440 bytes"),
    ] {
        let run = bench.render(&format!("video q.json -t ./mine -o x.mp4 --audio {file}")).ends_with(status);
        run.says(&[words, file]);
        assert_eq!(bench.listing(), before, "{file}");
    }
}

#[test]
fn a_template_names_a_file_beside_it() {
    for (audio, words) in [
        ("missing.ogg", "no file `missing.ogg`"),
        ("../q.json", "no name of a file"),
        ("", "no name of a file"),
        ("link.wav", "leads out of"),
        ("strings", "no regular file"),
    ] {
        let bench = bench(Some(audio));
        bench.put("outside.wav", tone(440.0, 3000));
        std::os::unix::fs::symlink("../outside.wav", bench.work().join("mine/link.wav")).expect("linked");
        for command in ["video", "validate"] {
            bench.render(&format!("{command} q.json -t ./mine")).ends_with(3).says(&["template.json", "/audio", words]);
        }
    }
}
