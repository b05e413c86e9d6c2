//! The sample tables of a track: when each sample is shown, how large it is, and where in the file it lies.

use super::ProbeError;
use super::boxes::{BoxRef, first, required};
use super::table::{Fields, sample_count, word};

/// Sample tables (`stbl`), checked against each other.
#[derive(Debug, Default)]
pub(super) struct SampleTable {
    /// Bytes of each sample.
    pub(super) sizes: Vec<u32>,
    /// File position of each sample.
    pub(super) offsets: Vec<u64>,
    /// Runs of (samples, ticks each), as written.
    pub(super) durations: Vec<(u32, u32)>,
    /// Whether any sample is shown at another time than it is decoded, or a table says it might be.
    pub(super) composition_offsets: bool,
    /// Indices of samples where decoding can start, ascending; `None` where every sample is one.
    pub(super) sync: Option<Vec<u32>>,
}

impl SampleTable {
    pub(super) fn parse(stbl: &[BoxRef<'_>]) -> Result<Self, ProbeError> {
        let sizes = sizes(stbl)?;
        let offsets = offsets(stbl, &sizes)?;
        let mut stts = Fields::new(required(stbl, b"stts", "stbl")?, "stts");
        stts.version()?;
        let runs = stts.u32()?;
        let durations: Vec<_> = stts.entries::<8>(runs)?.iter().map(|run| (word(run, 0), word(run, 1))).collect();
        let timed: u64 = durations.iter().map(|(count, _)| u64::from(*count)).sum();
        if timed != sizes.len() as u64 {
            return Err(ProbeError::Damaged(format!("{timed} samples have a duration and {} a size", sizes.len())));
        }
        Ok(Self {
            composition_offsets: first(stbl, b"ctts").is_some() || first(stbl, b"cslg").is_some(),
            sync: sync(stbl, sizes.len())?,
            sizes,
            offsets,
            durations,
        })
    }

    /// Length of all samples, in ticks.
    pub(super) fn total_ticks(&self) -> u64 {
        self.durations.iter().map(|(count, ticks)| u64::from(*count) * u64::from(*ticks)).sum()
    }

    /// File position behind the sample that lies last.
    pub(super) fn end(&self) -> u64 {
        let ends = self.offsets.iter().zip(&self.sizes).map(|(offset, size)| offset.saturating_add(u64::from(*size)));
        ends.max().unwrap_or(0)
    }

    /// Start of each sample of `indices` (ascending), in ticks.
    pub(super) fn starts(&self, indices: &[u32]) -> Vec<u64> {
        let mut starts = Vec::with_capacity(indices.len());
        let (mut run, mut first_of_run, mut ticks_before) = (0, 0u64, 0u64);
        for index in indices {
            while let Some((count, ticks)) = self.durations.get(run) {
                let (count, ticks) = (u64::from(*count), u64::from(*ticks));
                if u64::from(*index) < first_of_run + count {
                    starts.push(ticks_before + (u64::from(*index) - first_of_run) * ticks);
                    break;
                }
                first_of_run += count;
                ticks_before += count * ticks;
                run += 1;
            }
        }
        starts
    }
}

fn sizes(stbl: &[BoxRef<'_>]) -> Result<Vec<u32>, ProbeError> {
    let Some(payload) = first(stbl, b"stsz") else {
        return Err(ProbeError::Damaged("`stbl` has no `stsz`".to_owned()));
    };
    let mut stsz = Fields::new(payload, "stsz");
    stsz.version()?;
    let common = stsz.u32()?;
    let count = sample_count(u64::from(stsz.u32()?))?;
    if common != 0 {
        return Ok(vec![common; count as usize]);
    }
    Ok(stsz.entries::<4>(count)?.iter().map(|entry| u32::from_be_bytes(*entry)).collect())
}

/// Walks the chunks: each holds as many samples as `stsc` says, one after another.
fn offsets(stbl: &[BoxRef<'_>], sizes: &[u32]) -> Result<Vec<u64>, ProbeError> {
    let chunks = chunk_offsets(stbl)?;
    let mut stsc = Fields::new(required(stbl, b"stsc", "stbl")?, "stsc");
    stsc.version()?;
    let count = stsc.u32()?;
    let runs = stsc.entries::<12>(count)?;
    let mut offsets = Vec::with_capacity(sizes.len());
    for (position, run) in runs.iter().enumerate() {
        let first_chunk = word(run, 0);
        let end_chunk = runs.get(position + 1).map_or(u64::MAX, |next| u64::from(word(next, 0)));
        if first_chunk == 0 || end_chunk <= u64::from(first_chunk) {
            return Err(ProbeError::Damaged("`stsc` does not ascend from chunk 1".to_owned()));
        }
        let from = usize::try_from(first_chunk - 1).unwrap_or(usize::MAX);
        let to = usize::try_from(end_chunk - 1).unwrap_or(usize::MAX).min(chunks.len());
        for chunk in chunks.get(from..to).unwrap_or_default() {
            let mut at = *chunk;
            for _ in 0..word(run, 1) {
                let Some(size) = sizes.get(offsets.len()) else { break };
                offsets.push(at);
                at = at
                    .checked_add(u64::from(*size))
                    .ok_or_else(|| ProbeError::Damaged("a chunk lies beyond what a file can hold".to_owned()))?;
            }
            if offsets.len() == sizes.len() {
                return Ok(offsets);
            }
        }
    }
    if offsets.len() == sizes.len() {
        return Ok(offsets);
    }
    Err(ProbeError::Damaged(format!("{} samples, but the chunks hold {}", sizes.len(), offsets.len())))
}

fn chunk_offsets(stbl: &[BoxRef<'_>]) -> Result<Vec<u64>, ProbeError> {
    if let Some(payload) = first(stbl, b"co64") {
        let mut co64 = Fields::new(payload, "co64");
        co64.version()?;
        let count = co64.u32()?;
        return Ok(co64.entries::<8>(count)?.iter().map(|entry| u64::from_be_bytes(*entry)).collect());
    }
    let mut stco = Fields::new(required(stbl, b"stco", "stbl")?, "stco");
    stco.version()?;
    let count = stco.u32()?;
    Ok(stco.entries::<4>(count)?.iter().map(|entry| u64::from(u32::from_be_bytes(*entry))).collect())
}

fn sync(stbl: &[BoxRef<'_>], samples: usize) -> Result<Option<Vec<u32>>, ProbeError> {
    let Some(payload) = first(stbl, b"stss") else { return Ok(None) };
    let mut stss = Fields::new(payload, "stss");
    stss.version()?;
    let count = stss.u32()?;
    let numbers: Vec<u32> = stss.entries::<4>(count)?.iter().map(|entry| u32::from_be_bytes(*entry)).collect();
    let ascending = numbers.windows(2).all(|pair| pair[0] < pair[1]);
    let within = numbers.first().is_none_or(|number| *number >= 1)
        && numbers.last().is_none_or(|number| *number as usize <= samples);
    if !ascending || !within {
        return Err(ProbeError::Damaged("`stss` does not ascend within the samples".to_owned()));
    }
    Ok(Some(numbers.iter().map(|number| number - 1).collect()))
}
