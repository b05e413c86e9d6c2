//! Level limits (table A-1 of ITU-T H.264): which level a picture size and frame rate need.

use std::fmt;

/// A level, as `level_idc`: ten times its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(pub u8);

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0 / 10, self.0 % 10)
    }
}

/// (level_idc, MaxMBPS in macroblocks a second, MaxFS in macroblocks a frame)
const LIMITS: [(u8, u64, u64); 19] = [
    (10, 1_485, 99),
    (11, 3_000, 396),
    (12, 6_000, 396),
    (13, 11_880, 396),
    (20, 11_880, 396),
    (21, 19_800, 792),
    (22, 20_250, 1_620),
    (30, 40_500, 1_620),
    (31, 108_000, 3_600),
    (32, 216_000, 5_120),
    (40, 245_760, 8_192),
    (41, 245_760, 8_192),
    (42, 522_240, 8_704),
    (50, 589_824, 22_080),
    (51, 983_040, 36_864),
    (52, 2_073_600, 36_864),
    (60, 4_177_920, 139_264),
    (61, 8_355_840, 139_264),
    (62, 16_711_680, 139_264),
];

/// The lowest level that allows `frame_mbs` macroblocks a frame at `numerator/denominator` frames a second; `None`
/// where no level does. Bit rate limits are not looked at.
#[must_use]
pub fn lowest_level(frame_mbs: u32, numerator: u32, denominator: u32) -> Option<Level> {
    let (frame_mbs, denominator) = (u64::from(frame_mbs), u64::from(denominator));
    LIMITS
        .iter()
        .find(|(_, per_second, per_frame)| {
            frame_mbs <= *per_frame && frame_mbs * u64::from(numerator) <= per_second * denominator
        })
        .map(|(level_idc, _, _)| Level(*level_idc))
}
