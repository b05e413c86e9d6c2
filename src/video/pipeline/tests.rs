//! The segment plan; whole renders are in `tests/encode.rs`.

use super::*;
use crate::ground::frame::{FramePainter, FrameSource, Step};
use crate::ground::geometry::Size;
use crate::ground::time::FrameRate;
use proptest::prelude::*;

/// A source of which only the steps matter.
struct Steps(Vec<Step>);

impl Steps {
    /// Nothing moves but what is said: frames of motion, and frames on which a scene starts.
    fn new(frames: u32, moving: impl Fn(u32) -> bool, scenes: &[u32]) -> Self {
        let step = |frame| Step {
            changed_px: if frame == 0 || moving(frame) { 500 } else { 0 },
            scene_start: frame == 0 || scenes.contains(&frame),
        };
        Self((0..frames).map(step).collect())
    }

    fn planned(&self) -> Vec<Segment> {
        plan(self, 150)
    }

    fn starts(&self) -> Vec<u32> {
        self.planned().iter().map(|segment| segment.first).collect()
    }
}

impl FrameSource for Steps {
    fn size(&self) -> Size {
        Size::new(64, 64)
    }

    fn frame_rate(&self) -> FrameRate {
        FrameRate::DEFAULT
    }

    fn frame_count(&self) -> u32 {
        u32::try_from(self.0.len()).expect("small")
    }

    fn steps(&self) -> Vec<Step> {
        self.0.clone()
    }

    fn painter(&self) -> Box<dyn FramePainter + '_> {
        unreachable!("a plan paints nothing")
    }
}

#[test]
fn a_picture_that_stands_still_is_cut_only_where_it_must_be() {
    assert_eq!(Steps::new(150, |_| false, &[]).starts(), [0]);
    assert_eq!(Steps::new(151, |_| false, &[]).starts().len(), 2);
    assert_eq!(Steps::new(450, |_| false, &[]).starts(), [0, 150, 300]);
}

#[test]
fn a_cut_waits_for_motion_to_set_in() {
    // Motion for a second, stillness for three, four times over; the second half of the stillness is a new scene.
    let source = Steps::new(480, |frame| frame % 120 < 30, &[60, 180]);
    for start in source.starts() {
        assert_eq!(start % 120, 0, "{:?}", source.starts());
    }
}

#[test]
fn long_motion_is_cut_into_segments_of_about_equal_work() {
    let segments = Steps::new(600, |_| true, &[]).planned();
    assert!((8..=20).contains(&segments.len()), "{segments:?}");
    let works: Vec<u64> = segments.iter().map(|segment| segment.work).collect();
    let (least, most) = (works.iter().min().expect("some"), works.iter().max().expect("some"));
    assert!(most - least <= most / 10, "{works:?}");
}

#[test]
fn a_single_frame_joins_its_neighbour() {
    assert_eq!(Steps::new(1, |_| true, &[]).starts(), [0]);
    assert_eq!(Steps::new(2, |_| true, &[1]).starts(), [0]);
    assert!(!Steps::new(151, |frame| frame == 150, &[150]).starts().contains(&150));
}

proptest! {
    #[test]
    fn segments_cover_every_frame_once(steps in proptest::collection::vec((0u32..9000, proptest::bool::weighted(0.02)), 1..900)) {
        let frames = u32::try_from(steps.len()).expect("small");
        let steps = steps.into_iter().map(|(px, scene_start)| Step { changed_px: px.saturating_sub(4000), scene_start });
        let segments = Steps(steps.collect()).planned();
        let mut next = 0;
        for segment in &segments {
            prop_assert_eq!(segment.first, next);
            prop_assert!(segment.frames <= 150);
            prop_assert!(segment.frames >= 2 || frames == 1);
            next += segment.frames;
        }
        prop_assert_eq!(next, frames);
    }
}

#[test]
fn a_written_file_is_whole_and_readable_by_the_mask() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.png");
    write_whole(&path, b"abc").expect("written");
    assert_eq!(std::fs::read(&path).expect("readable"), b"abc");
    assert_ne!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o400, 0);
    assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 1);
    assert!(write_whole(&folder.path().join("missing/x.png"), b"abc").is_err());
}
