//! Boxes of ISO/IEC 14496-12: the top level read from a file, the index (`moov`) from memory.

use std::io::{Read, Seek, SeekFrom};

use super::ProbeError;

/// Four letters that name a box.
pub(super) type FourCc = [u8; 4];

/// A four-letter name for people: bytes outside ASCII as dots, the copyright sign as itself.
pub(super) fn display(kind: FourCc) -> String {
    kind.iter()
        .map(|byte| match byte {
            0xa9 => '©',
            0x20..=0x7e => char::from(*byte),
            _ => '.',
        })
        .collect()
}

/// Largest index read into memory: an hour at 60 fps needs about 4 MB.
const MAX_MOOV_BYTES: u64 = 64 << 20;
/// Most boxes on one level.
const MAX_BOXES: usize = 10_000;

/// What lies at the top level of a file.
pub(super) struct FileLayout {
    pub(super) file_bytes: u64,
    pub(super) order: Vec<FourCc>,
    pub(super) brands: Vec<FourCc>,
    pub(super) moov: Vec<u8>,
}

impl FileLayout {
    pub(super) fn read<R: Read + Seek>(reader: &mut R) -> Result<Self, ProbeError> {
        let file_bytes = reader.seek(SeekFrom::End(0))?;
        let mut layout = Self { file_bytes, order: Vec::new(), brands: Vec::new(), moov: Vec::new() };
        let mut at = 0;
        while at < file_bytes {
            if layout.order.len() == MAX_BOXES {
                return Err(too_large("number of top-level boxes", MAX_BOXES as u64 + 1, MAX_BOXES as u64));
            }
            at = layout.take_box(reader, at)?;
        }
        if layout.order.is_empty() {
            return Err(ProbeError::NotMp4("the file is empty".to_owned()));
        }
        if layout.moov.is_empty() {
            return Err(ProbeError::NotMp4("it has no moov box".to_owned()));
        }
        Ok(layout)
    }

    /// Reads the box at `at` and returns where the next begins.
    fn take_box<R: Read + Seek>(&mut self, reader: &mut R, at: u64) -> Result<u64, ProbeError> {
        let left = self.file_bytes - at;
        let mut head = [0u8; 16];
        let head_bytes = usize::try_from(left.min(16)).unwrap_or(16);
        reader.seek(SeekFrom::Start(at))?;
        reader.read_exact(&mut head[..head_bytes])?;
        let parsed = BoxHead::parse(&head[..head_bytes], left);
        let first = self.order.is_empty();
        let head = match parsed {
            Some(head) => head,
            None if first => return Err(ProbeError::NotMp4("it does not begin with a box".to_owned())),
            None => return Err(ProbeError::Truncated { what: "a box".to_owned(), at }),
        };
        if first && !matches!(&head.kind, b"ftyp" | b"styp" | b"moov" | b"mdat" | b"free" | b"skip" | b"wide" | b"pnot")
        {
            return Err(ProbeError::NotMp4(format!("it begins with `{}`, not with ftyp", display(head.kind))));
        }
        if head.total > left {
            return Err(ProbeError::Truncated { what: format!("box `{}`", display(head.kind)), at });
        }
        let payload = head.total - head.header;
        match &head.kind {
            b"ftyp" if self.brands.is_empty() => {
                let bytes = read_payload(reader, at + head.header, payload, "ftyp size in bytes", 4096)?;
                self.brands = brands(&bytes)?;
            }
            b"moov" if self.moov.is_empty() => {
                self.moov = read_payload(reader, at + head.header, payload, "moov size in bytes", MAX_MOOV_BYTES)?;
                if self.moov.is_empty() {
                    return Err(ProbeError::Damaged("the moov box is empty".to_owned()));
                }
            }
            b"moov" => return Err(ProbeError::Damaged("there are two moov boxes".to_owned())),
            _ => {}
        }
        self.order.push(head.kind);
        Ok(at + head.total)
    }
}

fn read_payload<R: Read + Seek>(
    reader: &mut R,
    at: u64,
    length: u64,
    what: &'static str,
    limit: u64,
) -> Result<Vec<u8>, ProbeError> {
    if length > limit {
        return Err(too_large(what, length, limit));
    }
    reader.seek(SeekFrom::Start(at))?;
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| too_large(what, length, limit))?];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Major brand first, then the compatible ones; the minor version between them is no brand.
fn brands(ftyp: &[u8]) -> Result<Vec<FourCc>, ProbeError> {
    let (codes, _) = ftyp.as_chunks::<4>();
    match codes {
        [major, _version, compatible @ ..] => Ok(std::iter::once(*major).chain(compatible.iter().copied()).collect()),
        _ => Err(ProbeError::Truncated { what: "box `ftyp`".to_owned(), at: 0 }),
    }
}

pub(super) fn too_large(what: &'static str, found: u64, limit: u64) -> ProbeError {
    ProbeError::TooLarge { what, found, limit }
}

struct BoxHead {
    kind: FourCc,
    header: u64,
    total: u64,
}

impl BoxHead {
    /// Size and name of a box of which `left` bytes can exist; `None` where no box fits.
    fn parse(bytes: &[u8], left: u64) -> Option<Self> {
        let (size, rest) = bytes.split_first_chunk::<4>()?;
        let (kind, rest) = rest.split_first_chunk::<4>()?;
        let (header, total) = match u32::from_be_bytes(*size) {
            0 => (8, left),
            1 => (16, u64::from_be_bytes(*rest.first_chunk::<8>()?)),
            size => (8, u64::from(size)),
        };
        (total >= header).then_some(Self { kind: *kind, header, total })
    }
}

/// A box inside the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct BoxRef<'a> {
    pub(super) kind: FourCc,
    pub(super) payload: &'a [u8],
}

/// The boxes of one level. Each must fit its parent; nothing is descended into, so nesting costs nothing.
pub(super) fn children(mut bytes: &[u8]) -> Result<Vec<BoxRef<'_>>, ProbeError> {
    let whole = bytes.len();
    let mut found = Vec::new();
    // Up to seven bytes of zeros may end a level (the terminator of QuickTime user data).
    while bytes.len() >= 8 {
        let at = (whole - bytes.len()) as u64;
        let left = bytes.len() as u64;
        let head = BoxHead::parse(bytes, left)
            .ok_or_else(|| ProbeError::Damaged(format!("a box at byte {at} of its parent is smaller than its head")))?;
        let (Ok(header), Ok(total)) = (usize::try_from(head.header), usize::try_from(head.total)) else {
            return Err(ProbeError::Truncated { what: format!("box `{}`", display(head.kind)), at });
        };
        if total > bytes.len() {
            return Err(ProbeError::Truncated { what: format!("box `{}`", display(head.kind)), at });
        }
        if found.len() == MAX_BOXES {
            return Err(too_large("number of boxes on one level", MAX_BOXES as u64 + 1, MAX_BOXES as u64));
        }
        found.push(BoxRef { kind: head.kind, payload: &bytes[header..total] });
        bytes = &bytes[total..];
    }
    Ok(found)
}

/// The payload of the first box of a kind.
pub(super) fn first<'a>(boxes: &[BoxRef<'a>], kind: &FourCc) -> Option<&'a [u8]> {
    boxes.iter().find(|found| found.kind == *kind).map(|found| found.payload)
}

/// The payload of the first box of a kind that must be there.
pub(super) fn required<'a>(boxes: &[BoxRef<'a>], kind: &FourCc, parent: &str) -> Result<&'a [u8], ProbeError> {
    first(boxes, kind).ok_or_else(|| ProbeError::Damaged(format!("`{parent}` has no `{}`", display(*kind))))
}
