//! The segment plan; whole renders are in `tests/encode.rs`.

use super::*;
use crate::frame::{FramePainter, FrameSource};
use crate::geometry::Size;
use crate::time::FrameRate;
use proptest::prelude::*;

struct Cuts {
    frames: u32,
    cuts: Vec<u32>,
}

impl FrameSource for Cuts {
    fn size(&self) -> Size {
        Size::new(64, 64)
    }

    fn frame_rate(&self) -> FrameRate {
        FrameRate::DEFAULT
    }

    fn frame_count(&self) -> u32 {
        self.frames
    }

    fn cuts(&self) -> Vec<u32> {
        self.cuts.clone()
    }

    fn painter(&self) -> Box<dyn FramePainter + '_> {
        unreachable!("a plan paints nothing")
    }
}

fn planned(frames: u32, cuts: &[u32]) -> Vec<(u32, u32)> {
    let source = Cuts { frames, cuts: cuts.to_vec() };
    plan(&source, 150).iter().map(|segment| (segment.first, segment.frames)).collect()
}

#[test]
fn scenes_are_cut_and_long_ones_halved() {
    assert_eq!(planned(300, &[90, 120]), [(0, 90), (90, 30), (120, 90), (210, 90)]);
    assert_eq!(planned(150, &[]), [(0, 150)]);
    assert_eq!(planned(151, &[]), [(0, 76), (76, 75)]);
}

#[test]
fn a_single_frame_joins_its_neighbour() {
    assert_eq!(planned(100, &[1, 50, 51, 99]), [(0, 50), (50, 50)]);
    assert_eq!(planned(151, &[150]), [(0, 76), (76, 75)]);
    assert_eq!(planned(1, &[]), [(0, 1)]);
}

proptest! {
    #[test]
    fn segments_cover_every_frame_once(frames in 1u32..2000, mut cuts in proptest::collection::vec(1u32..2000, 0..12)) {
        cuts.retain(|cut| *cut < frames);
        cuts.sort_unstable();
        cuts.dedup();
        let segments = plan(&Cuts { frames, cuts }, 150);
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
