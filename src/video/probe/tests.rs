//! Hostile and broken files; the files of real encoders are in `tests/probe.rs`.

use std::io::Cursor;

use super::*;
use proptest::prelude::*;

fn atom(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len() + 8).expect("small");
    [&length.to_be_bytes(), &kind[..], payload].concat()
}

fn probed(bytes: &[u8]) -> Result<Report, ProbeError> {
    probe_reader(&mut Cursor::new(bytes))
}

/// A file of one video track with no codec we know and these sample tables.
fn movie(stbl: &[Vec<u8>]) -> Vec<u8> {
    let entry = [vec![0; 78], vec![]].concat();
    let stsd = atom(b"stsd", &[vec![0, 0, 0, 0, 0, 0, 0, 1], atom(b"hvc1", &entry)].concat());
    let stbl = atom(b"stbl", &[vec![stsd], stbl.to_vec()].concat().concat());
    let mut mdhd = vec![0; 24];
    mdhd[15] = 30;
    let mut hdlr = vec![0; 24];
    hdlr[8..12].copy_from_slice(b"vide");
    let mdia = [atom(b"mdhd", &mdhd), atom(b"hdlr", &hdlr), atom(b"minf", &stbl)].concat();
    let moov = [atom(b"mvhd", &[0; 100]), atom(b"trak", &atom(b"mdia", &mdia))].concat();
    [atom(b"ftyp", b"mp42\0\0\0\0isom"), atom(b"moov", &moov), atom(b"mdat", &[0; 64])].concat()
}

fn words(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_be_bytes()).collect()
}

fn tables() -> Vec<Vec<u8>> {
    vec![
        atom(b"stts", &words(&[0, 1, 3, 1])),
        atom(b"stsc", &words(&[0, 1, 1, 3, 1])),
        atom(b"stsz", &words(&[0, 0, 3, 4, 5, 6])),
        atom(b"stco", &words(&[0, 1, 0])),
    ]
}

#[test]
fn a_foreign_codec_is_described_and_fails_its_rule() {
    let report = probed(&movie(&tables())).expect("well formed");
    assert_eq!((report.facts.frame_count, report.facts.duration_ms), (3, 100));
    assert_eq!(report.facts.frame_rate.as_deref(), Some("30/1"));
    assert_eq!(report.facts.codec.as_deref(), Some("hvc1"));
    assert!(report.rule("brands").expect("always there").ok);
    assert!(!report.rule("codec").expect("always there").ok);
    assert!(!report.deliverable());
}

#[test]
fn what_is_no_mp4_is_said_plainly() {
    for bytes in [&b""[..], b"hello, world, this is text", b"\x89PNG\r\n\x1a\n0000IHDR", &[0; 40]] {
        assert!(matches!(probed(bytes), Err(ProbeError::NotMp4(_))), "{bytes:?}");
    }
    assert!(matches!(probed(&atom(b"ftyp", b"mp42\0\0\0\0")), Err(ProbeError::NotMp4(_))));
}

#[test]
fn every_cut_is_an_error() {
    let whole = movie(&tables());
    for length in 0..whole.len() - 1 {
        // Between two boxes the file is whole, only shorter: then the index is missing or only the pictures are.
        let cut = probed(&whole[..length]);
        assert!(cut.is_err() || length == whole.len() - 72, "{length} bytes of {}", whole.len());
    }
}

#[test]
fn lying_tables_are_refused() {
    let with = |at: usize, table: Vec<u8>| {
        let mut tables = tables();
        tables[at] = table;
        probed(&movie(&tables)).expect_err("a lie").to_string()
    };
    assert!(with(0, atom(b"stts", &words(&[0, 1, 2, 1]))).contains("2 samples have a duration and 3"));
    assert!(with(0, atom(b"stts", &words(&[0, u32::MAX, 3, 1]))).contains("`stts`"));
    assert!(with(1, atom(b"stsc", &words(&[0, 1, 0, 3, 1]))).contains("stsc"));
    assert!(with(1, atom(b"stsc", &words(&[0, 1, 1, 2, 1]))).contains("chunks hold 2"));
    assert!(with(2, atom(b"stsz", &words(&[0, 7, u32::MAX]))).contains("number of samples is 4294967295"));
    assert!(with(2, atom(b"stsz", &words(&[0, 0, 900_000]))).contains("`stsz`"));
    assert!(with(3, atom(b"stco", &words(&[0, 9, 0]))).contains("`stco`"));
}

#[test]
fn box_sizes_that_lie_are_refused() {
    let mut whole = movie(&tables());
    whole[20..24].copy_from_slice(&u32::MAX.to_be_bytes());
    assert!(matches!(probed(&whole), Err(ProbeError::Truncated { .. })));
    whole[20..24].copy_from_slice(&4u32.to_be_bytes());
    assert!(matches!(probed(&whole), Err(ProbeError::Truncated { .. })));
    let endless = [&atom(b"ftyp", b"mp42\0\0\0\0")[..], &words(&[1]), b"mdat", &u64::MAX.to_be_bytes()].concat();
    assert!(matches!(probed(&endless), Err(ProbeError::Truncated { .. })));
}

#[test]
fn nesting_costs_nothing() {
    let mut nested = Vec::new();
    for _ in 0..5000 {
        nested = atom(b"trak", &nested);
    }
    let file = [atom(b"ftyp", b"mp42\0\0\0\0"), atom(b"moov", &[atom(b"mvhd", &[0; 100]), nested].concat())].concat();
    assert!(matches!(probed(&file), Err(ProbeError::Damaged(_))));
    let many = [atom(b"ftyp", b"mp42\0\0\0\0"), atom(b"free", &[]).repeat(20_000)].concat();
    assert!(matches!(probed(&many), Err(ProbeError::TooLarge { .. })));
}

proptest! {
    #[test]
    fn changed_bytes_never_panic(changes in proptest::collection::vec((any::<u16>(), any::<u8>()), 1..12)) {
        let mut whole = movie(&tables());
        for (at, value) in changes {
            let at = usize::from(at) % whole.len();
            whole[at] = value;
        }
        let _ = probed(&whole);
    }

    #[test]
    fn foreign_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = probed(&bytes);
        let _ = probed(&[atom(b"ftyp", b"mp42\0\0\0\0"), atom(b"moov", &bytes)].concat());
    }
}
