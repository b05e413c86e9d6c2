//! The conversion against BT.709 in floating point, and parts against the whole.

use super::*;
use proptest::prelude::*;

/// BT.709 (ITU-R BT.709-6, item 3) with limited range quantisation, unrounded.
fn reference(rgb: [u8; 3]) -> [f64; 3] {
    let [r, g, b] = rgb.map(|channel| f64::from(channel) / 255.0);
    let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    [16.0 + 219.0 * luma, 128.0 + 224.0 * (b - luma) / 1.8556, 128.0 + 224.0 * (r - luma) / 1.5748]
}

fn picture(size: Size, mut color: impl FnMut(u32, u32) -> [u8; 3]) -> RgbaFrame {
    let mut pixels = Vec::new();
    for y in 0..size.height {
        for x in 0..size.width {
            let [r, g, b] = color(x, y);
            pixels.extend_from_slice(&[r, g, b, 255]);
        }
    }
    RgbaFrame::from_pixels(size, pixels).expect("as many as the size has")
}

fn converted(picture: &RgbaFrame) -> YuvFrame {
    let mut planes = YuvFrame::black(picture.size());
    Converter::new(picture.size()).convert(picture, &mut planes);
    planes
}

#[test]
fn flat_colours_are_the_standards_rounded() {
    let size = Size::new(4, 2);
    let steps = [0u8, 1, 16, 64, 100, 127, 128, 200, 235, 254, 255];
    let mut worst = 0f64;
    for r in steps {
        for g in steps {
            for b in steps {
                let planes = converted(&picture(size, |_, _| [r, g, b]));
                let expected = reference([r, g, b]);
                for (plane, value) in [&planes.y, &planes.u, &planes.v].into_iter().zip(expected) {
                    for sample in plane {
                        worst = worst.max((f64::from(*sample) - value).abs());
                    }
                }
            }
        }
    }
    assert!(worst < 0.52, "worst distance {worst}");
}

#[test]
fn black_white_and_grey_hit_their_codes() {
    for (grey, luma) in [(0, 16), (255, 235), (128, 126)] {
        let planes = converted(&picture(Size::new(2, 2), |_, _| [grey; 3]));
        assert_eq!((planes.y[0], planes.u[0], planes.v[0]), (luma, 128, 128), "grey {grey}");
    }
}

#[test]
fn chroma_lies_on_the_even_columns() {
    // A single red column: on an even column it is the centre of the filter (half of its weight), on an odd column it
    // counts a quarter for the samples on either side.
    let red_at = |column: u32| {
        let planes = converted(&picture(Size::new(8, 2), |x, _| if x == column { [255, 0, 0] } else { [0; 3] }));
        planes.v.iter().map(|v| f64::from(*v) - 128.0).collect::<Vec<_>>()
    };
    let full = reference([255, 0, 0])[2] - 128.0;
    let near = |got: &[f64], share: &[f64]| {
        for (got, share) in got.iter().zip(share) {
            assert!((got - share * full).abs() <= 1.0, "{got} is not {share} of {full}");
        }
    };
    near(&red_at(2), &[0.0, 0.5, 0.0, 0.0]);
    near(&red_at(3), &[0.0, 0.25, 0.25, 0.0]);
    near(&red_at(0), &[0.75, 0.0, 0.0, 0.0]);
}

#[test]
#[should_panic(expected = "even dimensions")]
fn odd_sizes_are_refused() {
    let _ = Converter::new(Size::new(3, 2));
}

proptest! {
    #[test]
    fn a_damaged_part_gives_what_the_whole_gives(
        seed in any::<u32>(), width in 1u32..70, height in 1u32..12,
        left in -4i32..140, top in -4i32..24, across in 0i32..150, down in 0i32..30,
    ) {
        let size = Size::new(width * 2, height * 2);
        let rect = IntRect { left, top, right: left + across, bottom: top + down };
        let noise = |x: u32, y: u32, turn: u32| {
            let hash = (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77) ^ seed ^ turn).wrapping_mul(0xc2b2_ae3d);
            let bytes = (hash ^ (hash >> 15)).to_be_bytes();
            [bytes[0], bytes[1], bytes[2]]
        };
        let inside = |x: u32, y: u32| {
            let (x, y) = (i32::try_from(x).unwrap_or(0), i32::try_from(y).unwrap_or(0));
            x >= rect.left && x < rect.right && y >= rect.top && y < rect.bottom
        };
        let before = picture(size, |x, y| noise(x, y, 0));
        let after = picture(size, |x, y| noise(x, y, if inside(x, y) { 77 } else { 0 }));
        let mut converter = Converter::new(size);
        let mut planes = YuvFrame::black(size);
        converter.convert(&before, &mut planes);
        converter.convert_rect(&after, &mut planes, rect);
        prop_assert!(planes == converted(&after));
    }
}
