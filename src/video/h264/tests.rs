//! Round trips, known parameter sets and hostile bytes.

use super::*;
use proptest::prelude::*;

/// An SPS for 1080x1920, Main 4.0, 30 fps, no reordering, BT.709, put together field by field. Those of a real encoder
/// are read in `tests/probe.rs`.
fn written_sps() -> Vec<u8> {
    let mut bits = BitWriter::new();
    bits.bits(77, 8);
    bits.bits(0x40, 8);
    bits.bits(40, 8);
    bits.ue(0); // id
    bits.ue(0); // log2_max_frame_num - 4
    bits.ue(2); // poc type
    bits.ue(1); // refs
    bits.flag(false);
    bits.ue(67); // 68 macroblocks
    bits.ue(119); // 120 macroblocks
    bits.flag(true);
    bits.flag(true);
    bits.flag(true); // cropping
    for offset in [0, 4, 0, 0] {
        bits.ue(offset);
    }
    bits.flag(true); // VUI
    bits.flag(false);
    bits.flag(false);
    bits.flag(true);
    bits.bits(5, 3);
    bits.flag(false);
    bits.flag(true);
    for _ in 0..3 {
        bits.bits(1, 8);
    }
    bits.flag(false);
    bits.flag(true);
    bits.bits(1, 32);
    bits.bits(60, 32);
    bits.flag(true);
    bits.flag(false);
    bits.flag(false);
    bits.flag(false);
    bits.flag(true);
    bits.flag(true);
    for value in [0, 0, 11, 11, 0, 1] {
        bits.ue(value);
    }
    escape(0x67, &bits.finish())
}

#[test]
fn a_parameter_set_says_what_was_written() {
    let unit = written_sps();
    assert!(unit.windows(3).any(|w| w == [0, 0, 3]), "the clock's zeros need emulation prevention");
    let sps = Sps::parse(&unit).expect("well formed");
    assert_eq!((sps.width(), sps.height(), sps.frame_size_mbs()), (1080, 1920, 8160));
    assert_eq!((sps.profile_idc, sps.level_idc, sps.poc_type, sps.max_ref_frames), (77, 40, 2, 1));
    let vui = sps.vui.expect("written");
    assert_eq!(vui.full_range, Some(false));
    assert_eq!(vui.colour, Some(Colour { primaries: 1, transfer: 1, matrix: 1 }));
    assert_eq!(vui.timing, Some(Timing { units_in_tick: 1, time_scale: 60, fixed_frame_rate: true }));
    assert_eq!((vui.max_reorder_frames, vui.max_buffered_frames), (Some(0), Some(1)));
}

#[test]
fn every_cut_of_a_parameter_set_is_refused() {
    let unit = written_sps();
    for length in 0..unit.len() - 1 {
        assert!(Sps::parse(&unit[..length]).is_err(), "{length} of {} bytes", unit.len());
    }
}

#[test]
fn a_slice_header_is_read_under_its_parameter_sets() {
    let sps = Sps::parse(&written_sps()).expect("well formed");
    let mut bits = BitWriter::new();
    bits.ue(1);
    bits.ue(0);
    bits.flag(false);
    bits.flag(false);
    bits.ue(0);
    bits.ue(0);
    bits.ue(0);
    bits.flag(false);
    bits.bits(0, 2);
    bits.se(-6);
    bits.se(0);
    bits.se(2);
    bits.flag(true);
    bits.flag(false);
    bits.flag(false);
    let pps = Pps::parse(&escape(0x68, &bits.finish())).expect("well formed");
    assert_eq!((pps.id, pps.cabac, pps.init_qp, pps.chroma_qp_offset, pps.deblocking_control), (1, false, -6, 2, true));

    let mut bits = BitWriter::new();
    bits.ue(0);
    bits.ue(5);
    bits.ue(1);
    bits.bits(9, 4);
    let unit = escape(0x61, &bits.finish());
    let slice = SliceHeader::parse(&unit, &sps, &pps).expect("well formed");
    assert_eq!((slice.idr, slice.kind, slice.frame_num, slice.ref_idc), (false, SliceKind::P, 9, 3));
    assert_eq!(SliceHeader::peek_kind(&unit), Ok((0, SliceKind::P)));
    assert_eq!(SliceHeader::peek_pps_id(&unit), Ok(1));
    assert!(matches!(SliceHeader::parse(&[0x09, 0xf0], &sps, &pps), Err(SyntaxError::WrongUnit { found: 9, .. })));
}

#[test]
fn units_are_split_at_both_start_codes() {
    let stream = [0, 0, 0, 1, 0x67, 1, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 0, 0, 3, 0];
    let units: Vec<&[u8]> = annex_b_units(&stream).collect();
    assert_eq!(units, [&[0x67, 1][..], &[0x68, 2], &[0x65, 0, 0, 3]]);
    assert_eq!(annex_b_units(&[0, 0, 1]).count(), 0);
    assert_eq!(annex_b_units(&[7, 7]).count(), 0);
}

#[test]
fn levels_follow_the_table() {
    assert_eq!(lowest_level(8160, 30, 1), Some(Level(40)));
    assert_eq!(lowest_level(8160, 60, 1), Some(Level(42)));
    assert_eq!(lowest_level(8160, 30000, 1001), Some(Level(40)));
    assert_eq!(lowest_level(139_265, 1, 1), None);
    assert_eq!(Level(42).to_string(), "4.2");
}

#[test]
fn a_record_survives_the_way_out_and_back() {
    let config = AvcConfig { length_size_bytes: 4, sps: vec![written_sps()], pps: vec![vec![0x68, 1], vec![0x68, 2]] };
    assert_eq!(AvcConfig::parse(&config.to_bytes().expect("fits")), Ok(config));
    assert!(AvcConfig::parse(&[1, 77, 0, 40, 0xfe, 0xe0, 0]).is_err());
    assert!(AvcConfig::parse(&[1, 77, 0, 40, 0xff, 0xe1, 0xff, 0xff, 0]).is_err());
}

proptest! {
    #[test]
    fn codes_survive_the_way_out_and_back(unsigned in proptest::collection::vec(0..u32::MAX, 1..20), signed in -i32::MAX..i32::MAX) {
        let mut writer = BitWriter::new();
        for value in &unsigned {
            writer.ue(*value);
        }
        writer.se(signed);
        let bytes = writer.finish();
        let mut reader = BitReader::new(&bytes, "test");
        for value in &unsigned {
            prop_assert_eq!(reader.ue(), Ok(*value));
        }
        prop_assert!(reader.more_data());
        prop_assert_eq!(reader.se(), Ok(signed));
        prop_assert!(!reader.more_data());
    }

    #[test]
    fn escaping_hides_start_codes_and_comes_back(payload in proptest::collection::vec(0u8..5, 0..200)) {
        let unit = escape(0x65, &payload);
        prop_assert!(!unit.windows(3).any(|w| w[0] == 0 && w[1] == 0 && w[2] < 3));
        prop_assert_eq!(&unescape(&unit)[1..], &payload[..]);
    }

    #[test]
    fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), header in any::<u8>()) {
        let sps = Sps::parse(&written_sps()).expect("well formed");
        let mut unit = vec![header];
        unit.extend_from_slice(&bytes);
        for first in [0x67, 0x68, 0x65, 0x41, header] {
            unit[0] = first;
            if let Ok(sps) = Sps::parse(&unit) {
                let _ = (sps.width(), sps.height(), sps.frame_size_mbs());
            }
            if let Ok(pps) = Pps::parse(&unit) {
                let _ = SliceHeader::parse(&unit, &sps, &pps);
            }
            let _ = (SliceHeader::peek_kind(&unit), SliceHeader::peek_pps_id(&unit));
        }
        let _ = AvcConfig::parse(&bytes);
        let _ = annex_b_units(&bytes).count();
        let mut record = vec![1, 77, 0, 40, 0xff];
        record.extend_from_slice(&bytes);
        let _ = AvcConfig::parse(&record);
    }
}
