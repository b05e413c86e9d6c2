//! Chromium plays our files to the end and seeks in them: a page in a headless browser shows a video that mostly stands
//! still, and sends back what it decoded and what it painted, frame by frame. Needs Debian's `chromium` and `ffmpeg`.

mod browser;
mod server;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use browser::Browser;
use quotereel::ground::frame::{FramePainter, FrameSource, Step};
use quotereel::ground::geometry::Size;
use quotereel::ground::time::FrameRate;
use quotereel::video::encode::{Profile, Repeats};
use quotereel::video::pipeline::{Output, Quality, RenderJob, render};
use quotereel_test_support::synthetic::{BLOCK, Synthetic, patch_color, patch_rect};
use serde::Deserialize;
use server::{Report, Server};

const SIZE: Size = Size::new(540, 960);
const FPS: u32 = 30;
const FRAMES: u32 = 180;
/// Bytes of a frame in Y'CbCr 4:2:0, and of its luma alone.
const YUV_BYTES: usize = LUMA_BYTES * 3 / 2;
const LUMA_BYTES: usize = 540 * 960;
/// A sample of at most so many bytes is a hold picture.
const HOLD_BYTES: usize = 32;
/// How long the browser may take for everything.
const DEADLINE: Duration = Duration::from_secs(90);
/// By how much the luma of a painted picture may differ from that of the file, in the mean of all pixels: what rounding
/// to RGB and back costs.
const PAINTED_TOLERANCE: f64 = 0.75;

/// The synthetic video, planned as if all of it changed with each movement, which makes for several segments.
struct Busy(Synthetic);

impl FrameSource for Busy {
    fn size(&self) -> Size {
        self.0.size()
    }

    fn frame_rate(&self) -> FrameRate {
        self.0.frame_rate()
    }

    fn frame_count(&self) -> u32 {
        self.0.frame_count()
    }

    fn steps(&self) -> Vec<Step> {
        let whole = |step: Step| Step { changed_px: step.changed_px.min(1) * SIZE.width * SIZE.height, ..step };
        self.0.steps().into_iter().map(whole).collect()
    }

    fn painter(&self) -> Box<dyn FramePainter + '_> {
        self.0.painter()
    }
}

/// What the page says after the video has ended.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Played {
    duration: f64,
    width: u32,
    height: u32,
    ended_at: f64,
    /// Time of each frame that was presented.
    presented: Vec<f64>,
}

/// What the page says of a frame it sought, with the pixels after it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sought {
    frame: u32,
    /// Where the video stands, in seconds.
    current_time: f64,
    /// When the sample it shows begins.
    timestamp_us: i64,
    /// Layout of the decoded picture, `I420` when it comes as the decoder made it.
    format: Option<String>,
    /// Length of the decoded picture; the painted one follows it as RGBA.
    decoded_bytes: usize,
}

/// A rendered file as FFmpeg sees it.
struct Expected {
    /// Y'CbCr 4:2:0 of all pictures.
    raw: Vec<u8>,
    /// The frames at which pictures begin, ascending.
    begins: Vec<u32>,
    /// First frames of the segments.
    keys: Vec<u32>,
    /// Frames in a row that show the one before, as hold pictures or because there is none; longest stretches only.
    holds: Vec<std::ops::Range<u32>>,
}

impl Expected {
    fn read(path: &Path) -> Self {
        let path = path.to_str().expect("temporary paths are ASCII");
        let pictures =
            ["-v", "error", "-i", path, "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"];
        let raw = stdout("ffmpeg", &pictures);
        let packets = stdout(
            "ffprobe",
            &["-v", "error", "-show_entries", "packet=pts_time,size,flags", "-of", "compact=p=0", path],
        );
        let packets = String::from_utf8(packets).expect("text");
        let (mut begins, mut keys, mut still) = (Vec::new(), Vec::new(), vec![true; FRAMES as usize]);
        for packet in packets.lines() {
            let field = |name| packet.split('|').find_map(|field| field.strip_prefix(name)).expect("asked for");
            let begin = field("pts_time=").parse::<f64>().expect("seconds") * f64::from(FPS);
            let frame =
                (0..FRAMES).find(|frame| (f64::from(*frame) - begin).abs() < 0.01).expect("a frame begins there");
            begins.push(frame);
            if field("flags=").starts_with('K') {
                keys.push(frame);
            }
            still[frame as usize] = field("size=").parse::<usize>().expect("a number") <= HOLD_BYTES;
        }
        assert_eq!(raw.len(), YUV_BYTES * begins.len());
        let mut holds = stretches(&still);
        // The test is about these: it means nothing without them.
        let held: u32 = holds.iter().map(|run| run.end - run.start).sum();
        assert!(held >= 90, "{held} frames are held");
        assert!(holds.iter().any(|run| run.len() >= 35), "{holds:?}");
        assert!(keys.len() >= 3, "{keys:?}");
        holds.retain(|run| run.len() >= 4);
        Self { raw, begins, keys, holds }
    }

    /// The number of the picture that is seen on a frame.
    fn shown(&self, frame: u32) -> usize {
        self.begins.partition_point(|begin| *begin <= frame) - 1
    }

    fn picture(&self, frame: u32) -> &[u8] {
        &self.raw[self.shown(frame) * YUV_BYTES..][..YUV_BYTES]
    }

    /// Frames to seek, in order: forwards through all places where something could go wrong, then backwards, then to
    /// and fro.
    fn tour(&self) -> Vec<u32> {
        let mut places = vec![0, 1, FRAMES - 2, FRAMES - 1];
        places.extend(self.keys.iter().flat_map(|key| [key.saturating_sub(1), *key, key + 1]));
        // Three stretches suffice, if the longest is among them.
        let mut holds = self.holds.clone();
        holds.sort_by_key(|run| (std::cmp::Reverse(run.len()), run.start));
        for run in holds.iter().take(3) {
            places.extend([run.start - 1, run.start, run.start.midpoint(run.end), run.end - 1]);
            places.extend((run.end < FRAMES).then_some(run.end));
        }
        places.sort_unstable();
        places.dedup();
        let backwards: Vec<u32> = places.iter().rev().copied().collect();
        let to_and_fro = (0..places.len()).map(|at| places[at * 7 % places.len()]).step_by(2).collect();
        [places, backwards, to_and_fro].concat()
    }
}

/// Where `still` holds, in a row.
fn stretches(still: &[bool]) -> Vec<std::ops::Range<u32>> {
    let mut runs = Vec::<std::ops::Range<u32>>::new();
    for (frame, _) in (0..).zip(still).filter(|(_, still)| **still) {
        match runs.last_mut() {
            Some(run) if run.end == frame => run.end += 1,
            _ => runs.push(frame..frame + 1),
        }
    }
    runs
}

fn stdout(program: &str, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program} (apt-get install ffmpeg): {error}"));
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaints.is_empty(), "{program} {arguments:?}: {complaints}");
    output.stdout
}

/// Mean difference between a painted picture's luma, by BT.709 in limited range, and that of a file.
fn luma_difference(painted: &[u8], luma: &[u8]) -> f64 {
    let luma_of = |pixel: &[u8]| {
        let [r, g, b] = [0, 1, 2].map(|at| f64::from(pixel[at]));
        16.0 + (0.2126 * r + 0.7152 * g + 0.0722 * b) * 219.0 / 255.0
    };
    let pairs = painted.as_chunks::<4>().0.iter().zip(luma);
    pairs.map(|(pixel, luma)| (luma_of(pixel) - f64::from(*luma)).abs()).sum::<f64>() / LUMA_BYTES as f64
}

/// Whether a painted picture has a colour at a point; losses of the encoder and of the conversion aside.
fn has_color(painted: &[u8], (x, y): (i32, i32), color: [u8; 3]) -> bool {
    let at = usize::try_from(y * 540 + x).expect("inside") * 4;
    painted[at..at + 3].iter().zip(color).all(|(found, expected)| found.abs_diff(expected) <= 12)
}

/// Compares what a page played with what was rendered.
fn check_played(played: &Played, expected: &Expected) {
    let length = f64::from(FRAMES) / f64::from(FPS);
    assert!((played.duration - length).abs() < 0.001, "{} s long instead of {length} s", played.duration);
    assert!((played.ended_at - length).abs() < 0.05, "ended at {} s of {length} s", played.ended_at);
    assert_eq!((played.width, played.height), (SIZE.width, SIZE.height));
    // A loaded machine may skip many, so their number says nothing.
    assert!(played.presented.len() >= 2, "nothing was presented: {:?}", played.presented);
    assert!(played.presented.is_sorted_by(|before, after| before < after), "{:?}", played.presented);
    for time in &played.presented {
        let frame = time * f64::from(FPS);
        let begins = expected.begins.iter().any(|begin| (f64::from(*begin) - frame).abs() < 0.01);
        assert!(begins, "no picture begins at {time} s");
    }
}

/// Compares a frame that the page sought with the file and with what was drawn.
fn check_sought(sought: &Sought, pixels: &[u8], source: &Synthetic, expected: &Expected) {
    let frame = sought.frame;
    let moment = (f64::from(frame) + 0.5) / f64::from(FPS);
    // Amid the last frame nothing more is to come: the video counts as ended and stands at its end.
    let stands_at = if frame == FRAMES - 1 { f64::from(FRAMES) / f64::from(FPS) } else { moment };
    let found = sought.current_time;
    assert!([moment, stands_at].iter().any(|at| (found - at).abs() < 0.001), "frame {frame}: at {found} s");
    let begins_us = i64::from(expected.begins[expected.shown(frame)]) * 1_000_000 / i64::from(FPS);
    assert!((sought.timestamp_us - begins_us).abs() <= 1, "frame {frame}: shows that of {} us", sought.timestamp_us);

    // What the decoder made: equal to the last bit.
    let (decoded, painted) = pixels.split_at(sought.decoded_bytes);
    assert_eq!(sought.format.as_deref(), Some("I420"), "frame {frame}: not as the decoder made it");
    assert!(decoded == expected.picture(frame), "frame {frame} is decoded to another picture than FFmpeg's");

    // What the page painted: the same but for the conversion to RGB, and unlike any frame with the block elsewhere.
    assert_eq!(painted.len(), LUMA_BYTES * 4);
    let luma = |frame: u32| &expected.picture(frame)[..LUMA_BYTES];
    let difference = luma_difference(painted, luma(frame));
    assert!(difference < PAINTED_TOLERANCE, "frame {frame} is painted off by {difference:.2} in the mean");
    let moved = |other: &u32| source.block(*other) != source.block(frame);
    let before = (0..frame).rev().find(moved);
    let after = (frame + 1..FRAMES).find(moved);
    assert!(before.is_some() || after.is_some());
    for other in before.into_iter().chain(after) {
        let other_difference = luma_difference(painted, luma(other));
        assert!(other_difference > 2.0 * PAINTED_TOLERANCE, "{frame} and {other}: {other_difference:.2}");
    }
    let block = source.block(frame);
    // In the middle between strokes.
    let in_block = (block.left + 60 + 7, block.top + 64 + 14);
    assert!(has_color(painted, in_block, BLOCK), "frame {frame}: no block at {block:?}");
    for patch in 0..6 {
        let rect = patch_rect(patch);
        let middle = (rect.left.midpoint(rect.right), rect.top.midpoint(rect.bottom));
        assert!(has_color(painted, middle, patch_color(patch)), "frame {frame}: patch {patch} has another colour");
    }
}

fn plays_and_seeks(profile: Profile, repeats: Repeats) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("video.mp4");
    let source = Busy(Synthetic::new(SIZE, FPS, FRAMES, vec![65, 131]).resting(20..60));
    let quality = Quality { qp: 10, profile, repeats, ..Quality::default() };
    let rendered = render(&source, &RenderJob { quality, ..RenderJob::new(Output::mp4_file(&path)) }, &());
    rendered.unwrap_or_else(|error| panic!("{error}"));
    let expected = Expected::read(&path);
    let tour = expected.tour();

    let places: Vec<[u32; 2]> = tour.iter().map(|frame| [*frame, expected.begins[expected.shown(*frame)]]).collect();
    let plan = serde_json::json!({"fps": FPS, "tour": places}).to_string();
    let page = include_str!("page.html").replace("PLAN", &plan);
    let server = Server::start(page, std::fs::read(&path).expect("just written"));
    let started = Instant::now();
    let browser = Browser::start(&server.address());
    let mut played = false;
    let mut reached = 0;
    loop {
        match server.next_report(DEADLINE.saturating_sub(started.elapsed())) {
            Some(Report::Played(facts)) => {
                check_played(&serde_json::from_str(&facts).expect("as the page writes it"), &expected);
                played = true;
            }
            Some(Report::Sought(facts, pixels)) => {
                let sought: Sought = serde_json::from_str(&facts).expect("as the page writes it");
                assert_eq!(tour.get(reached), Some(&sought.frame));
                check_sought(&sought, &pixels, &source.0, &expected);
                reached += 1;
            }
            Some(Report::Failed(what)) => panic!("the page after {reached} frames: {what}\n{}", browser.complaints()),
            Some(Report::Done) => break,
            None => panic!(
                "Chromium did not finish within {DEADLINE:?}: played: {played}, {reached} of {} frames sought\n{}",
                tour.len(),
                browser.complaints()
            ),
        }
    }
    assert!(played);
    assert_eq!(reached, tour.len());
}

#[test]
fn chromium_plays_held_pictures_and_seeks_in_them() {
    plays_and_seeks(Profile::Main, Repeats::Held);
}

#[test]
fn chromium_plays_held_pictures_of_the_baseline_profile() {
    plays_and_seeks(Profile::Baseline, Repeats::Held);
}

#[test]
fn chromium_plays_a_variable_frame_rate_and_seeks_in_it() {
    plays_and_seeks(Profile::Main, Repeats::Omitted);
}
