//! Teasers for e-mail, decoded again by readers that are not ours: the `image` crate and the `ffmpeg` programs.

use std::io::Cursor;
use std::path::Path;
use std::process::Command;

use image::codecs::webp::WebPDecoder;
use image::{AnimationDecoder as _, RgbImage};
use serde_json::Value;

use crate::harness::Bench;
use crate::quotes::good;

/// Two quotes unlike each other: one with a logo and pages, one with nothing optional.
const FIXTURES: [&str; 2] = ["solar-es-cl", "bare"];

fn fixture(name: &str) -> String {
    format!("{}/../../fixtures/quotes/{name}.json", env!("CARGO_MANIFEST_DIR"))
}

/// Pictures and how long each is shown, in milliseconds.
type Decoded = Vec<(RgbImage, u64)>;

/// Output of a program that must succeed.
fn output_of(program: &str, arguments: &[&str], file: &Path) -> Vec<u8> {
    let output = Command::new(program).args(arguments).arg(file).output().expect("the program starts");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn decoded_webp(file: &Path) -> Decoded {
    let decoder = WebPDecoder::new(Cursor::new(std::fs::read(file).expect("there"))).expect("a WebP");
    let frames = decoder.into_frames().collect_frames().expect("readable");
    let decoded = |frame: image::Frame| {
        let (numerator, denominator) = frame.delay().numer_denom_ms();
        assert_eq!(denominator, 1, "whole milliseconds");
        (image::DynamicImage::from(frame.into_buffer()).to_rgb8(), u64::from(numerator))
    };
    frames.into_iter().map(decoded).collect()
}

fn decoded_gif(file: &Path) -> Decoded {
    let arguments = ["-v", "error", "-show_frames", "-show_streams", "-of", "json"];
    let probed: Value = serde_json::from_slice(&output_of("ffprobe", &arguments, file)).expect("JSON");
    let side = |name: &str| u32::try_from(probed["streams"][0][name].as_u64().expect("a number")).expect("small");
    let (width, height) = (side("width"), side("height"));
    let script = r#"ffmpeg -v error -ignore_loop 1 -i "$0" -f rawvideo -pix_fmt rgb24 -vsync passthrough -"#;
    let raw = output_of("bash", &["-c", script], file);
    let seconds = |text: &Value| text.as_str().and_then(|text| text.parse::<f64>().ok()).expect("seconds");
    let durations = probed["frames"].as_array().expect("frames").iter().map(|frame| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a second or so")]
        let ms = (seconds(&frame["pkt_duration_time"]) * 1000.0).round() as u64;
        ms
    });
    let pictures = raw.chunks_exact(width as usize * height as usize * 3);
    assert_eq!(pictures.len(), durations.len());
    let picture = |bytes: &[u8]| RgbImage::from_raw(width, height, bytes.to_vec()).expect("as many bytes");
    pictures.map(picture).zip(durations).collect()
}

/// Whether the file says that it repeats for ever, by the letter of both formats.
fn repeats_for_ever(file: &Path) -> bool {
    let bytes = std::fs::read(file).expect("there");
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    holds(b"ANIM\x06\0\0\0\0\0\0\0\0\0") || holds(b"NETSCAPE2.0\x03\x01\0\0\0")
}

fn brightness(picture: &RgbImage, x: u32, y: u32) -> u32 {
    picture.get_pixel(x, y).0.iter().map(|channel| u32::from(*channel)).sum::<u32>() / 3
}

#[test]
fn a_teaser_is_small_short_endless_and_begins_with_a_play_mark() {
    let bench = Bench::new();
    for name in FIXTURES {
        for format in ["webp", "gif"] {
            let output = format!("{name}.{format}");
            let line = format!("video {} -o {output} --json --threads 2", fixture(name));
            let report = bench.render(&line).ends_with(0).json();
            let file = bench.work().join(&output);
            let bytes = std::fs::metadata(&file).expect("there").len();
            assert_eq!(report["bytes"].as_u64(), Some(bytes), "{output}");
            assert!(bytes <= 1_000_000, "{output}: {bytes} bytes");
            assert!(repeats_for_ever(&file), "{output}");

            let frames = if format == "webp" { decoded_webp(&file) } else { decoded_gif(&file) };
            let length_ms: u64 = frames.iter().map(|(_, ms)| ms).sum();
            assert_eq!(report["durationMs"].as_u64(), Some(length_ms), "{output}");
            assert!((3000..=4000).contains(&length_ms), "{output}: {length_ms} ms");
            assert_eq!(report["frames"].as_u64(), Some(frames.len() as u64), "{output}");
            let (first, first_ms) = &frames[0];
            assert!(first.width() <= 540 && first.height() <= 960, "{output}: {:?}", first.dimensions());
            assert!(*first_ms >= 500, "{output} stands still at first");

            // The middle of the opening is dark and empty: the triangle's white there is the mark, and it goes.
            let (x, y) = (first.width() / 2, first.height() / 2);
            assert!(brightness(first, x, y) > 200, "{output}: no triangle");
            let (second, _) = &frames[1];
            assert!(brightness(second, x, y) < 128, "{output}: the mark stays");
            // Half of the ground shows through the button, beside the triangle.
            let beside = x - first.width() / 12;
            assert!(brightness(first, beside, y) < brightness(second, beside, y), "{output}: no button");
        }
    }
    let written = FIXTURES.iter().flat_map(|name| [format!("work/{name}.gif"), format!("work/{name}.webp")]);
    let mut written: Vec<String> = written.collect();
    written.sort();
    assert_eq!(bench.listing(), written, "no thumbnail, no unfinished file");
}

#[test]
fn a_teaser_has_the_same_bytes_on_any_number_of_threads_and_on_stdout() {
    let bench = Bench::new();
    bench.put("q.json", good().to_string());
    for format in ["webp", "gif"] {
        bench.render(&format!("video q.json -o two.{format} --size square --threads 2")).ends_with(0);
        let line = format!("video q.json -o - --format {format} --size square --threads 1");
        let one = bench.render(&line).ends_with(0);
        assert!(one.stdout == std::fs::read(bench.work().join(format!("two.{format}"))).expect("there"), "{format}");
    }
}

#[test]
fn a_teaser_comes_with_the_thumbnails_that_are_asked_for_and_refuses_what_is_for_mp4() {
    let bench = Bench::new();
    bench.put("q.json", good().to_string());
    let run = bench.render("video q.json -o t.webp --thumbnail t.jpg --small-thumbnail s.jpg").ends_with(0);
    assert_eq!(run.text(), "t.webp\nt.jpg\ns.jpg\n");
    assert_eq!(bench.listing(), ["work/q.json", "work/s.jpg", "work/t.jpg", "work/t.webp"]);
    for option in ["--timing cfr", "--preset balanced"] {
        let name = option.split(' ').next().expect("a word");
        bench.render(&format!("video q.json -o x.gif {option}")).ends_with(2).says(&[name, "teaser"]);
    }
}
