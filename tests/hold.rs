//! Frames that stand still: written as hold pictures, decoded again by decoders that are not ours, FFmpeg's and OpenH264.

use std::path::Path;
use std::process::Command;

use openh264::decoder::Decoder;
use openh264::formats::YUVSource as _;
use quotereel::ground::geometry::Size;
use quotereel::video::encode::{Profile, Repeats};
use quotereel::video::pipeline::{Output, Quality, RenderJob, render};
use quotereel::video::probe::probe;
use quotereel_test_support::synthetic::Synthetic;

/// Renders `source` to `path`.
fn written(source: &Synthetic, path: &Path, quality: Quality) {
    let job = RenderJob { quality, ..RenderJob::new(Output::mp4_file(path)) };
    render(source, &job, &()).unwrap_or_else(|error| panic!("{error}"));
}

fn ffmpeg(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("ffmpeg").args(["-v", "error"]).args(arguments).output().expect("ffmpeg is installed");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{arguments:?}: {complaints}");
    output.stdout
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are ASCII")
}

/// For each sample of the file, the frame it is first shown on and a hash of its picture.
fn pictures(path: &Path) -> Vec<(u32, String)> {
    let hashes = ffmpeg(&["-i", text(path), "-fps_mode", "passthrough", "-f", "framehash", "-hash", "murmur3", "-"]);
    let lines = String::from_utf8(hashes).expect("text");
    let lines = lines.lines().filter(|line| !line.starts_with('#'));
    let read = |line: &str| {
        let fields: Vec<&str> = line.split(',').map(str::trim).collect();
        let ticks: u32 = fields[2].parse().expect("a time");
        (ticks / 512, fields[5].to_owned())
    };
    lines.map(read).collect()
}

/// The same with every frame a picture is shown on.
fn every_frame(samples: &[(u32, String)], frames: u32) -> Vec<String> {
    let shown = |frame| samples.iter().rev().find(|(from, _)| *from <= frame).expect("the first starts at 0");
    (0..frames).map(|frame| shown(frame).1.clone()).collect()
}

#[test]
fn a_held_picture_is_the_one_before_it_to_the_last_bit() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = [
        (Size::new(1080, 1920), 30, Profile::Main),
        (Size::new(360, 640), 30, Profile::Baseline),
        (Size::new(362, 202), 60, Profile::Main),
    ];
    for (size, fps, profile) in cases {
        // More held pictures in a row than `frame_num` can count, and cuts amid stillness and motion.
        let source = Synthetic::new(size, fps, 180, vec![33, 77]).resting(20..60);
        let paths = ["held.mp4", "varying.mp4"].map(|name| folder.path().join(name));
        for (path, repeats) in paths.iter().zip([Repeats::Held, Repeats::Omitted]) {
            written(&source, path, Quality { profile, repeats, ..Quality::default() });
        }
        let [held, varying] = paths.each_ref().map(|path| pictures(path));
        assert_eq!(held.len(), 180, "constant frame rate: a sample for each frame");
        assert!(varying.len() < 110, "{} samples", varying.len());
        let held = every_frame(&held, 180);
        assert_eq!(held, every_frame(&varying, 180), "{size} at {fps}");
        let repeated = held.windows(2).filter(|pair| pair[0] == pair[1]).count();
        assert!(repeated >= 90, "{repeated} of 180 frames repeat the one before");
    }
}

#[test]
fn held_pictures_cost_next_to_nothing_and_break_no_rule() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = Synthetic::new(Size::new(1080, 1920), 30, 150, vec![]).resting(10..140);
    let bytes = [Repeats::Held, Repeats::Encoded, Repeats::Omitted].map(|repeats| {
        let path = folder.path().join("x.mp4");
        written(&source, &path, Quality { repeats, ..Quality::default() });
        let broken: Vec<_> = probe(&path).expect("ours").broken().map(|rule| rule.rule).collect();
        let expected: &[&str] = if repeats == Repeats::Omitted { &["constant_frame_rate"] } else { &[] };
        assert_eq!(broken, expected);
        std::fs::metadata(&path).expect("written").len()
    });
    // At most 20 bytes a picture and its entry in the index.
    assert!(bytes[0] < bytes[2] + 130 * 20, "{bytes:?}");
    assert!(bytes[0] <= bytes[1], "{bytes:?}");
}

#[test]
fn two_decoders_agree_on_every_frame() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.mp4");
    let size = Size::new(540, 960);
    for profile in [Profile::Main, Profile::Baseline] {
        written(
            &Synthetic::new(size, 30, 120, vec![50]).resting(20..70),
            &path,
            Quality { profile, ..Quality::default() },
        );
        let stream = ffmpeg(&["-i", text(&path), "-c", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "h264", "-"]);
        let raw = ffmpeg(&["-i", text(&path), "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]);
        let mut frames = raw.chunks_exact(540 * 960 * 3 / 2);
        assert_eq!(frames.len(), 120);
        let mut decoder = Decoder::new().expect("OpenH264 starts");
        let mut compared = 0;
        let mut compare = |picture: &openh264::decoder::DecodedYUV<'_>| {
            let frame = frames.next().expect("no more frames than FFmpeg found");
            assert_eq!(picture.dimensions(), (540, 960));
            let (luma, chroma) = frame.split_at(540 * 960);
            let (blue, red) = chroma.split_at(270 * 480);
            let (luma_stride, blue_stride, red_stride) = picture.strides();
            let planes = [
                (picture.y(), luma_stride, luma, 540),
                (picture.u(), blue_stride, blue, 270),
                (picture.v(), red_stride, red, 270),
            ];
            for (found, stride, expected, width) in planes {
                for (row, expected) in expected.chunks_exact(width).enumerate() {
                    assert!(found[row * stride..][..width] == *expected, "frame {compared}, row {row}");
                }
            }
            compared += 1;
        };
        for unit in openh264::nal_units(&stream) {
            if let Some(picture) = decoder.decode(unit).expect("a stream it understands") {
                compare(&picture);
            }
        }
        for picture in decoder.flush_remaining().expect("it ends") {
            compare(&picture);
        }
        assert_eq!(compared, 120, "{profile:?}");
    }
}
