//! Sound files in, AAC out: the two ends of a soundtrack. What happens in between is `sound`'s matter.

use std::sync::Arc;

use super::EncodeError;
use super::ffi::{AacEncoder, decode_sound as decode};
use crate::video::sound::{SAMPLE_RATE, SoundError, Stereo};

/// Bits of sound a second: AAC-LC at which music in stereo keeps what a phone can play.
const BIT_RATE: u32 = 128_000;

/// A soundtrack as MP4 stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedSound {
    /// AAC-LC packets in order, without headers of their own.
    pub packets: Vec<Vec<u8>>,
    /// The `AudioSpecificConfig` (ISO/IEC 14496-3).
    pub config: Vec<u8>,
    /// Samples that a packet holds.
    pub packet_samples: u32,
    /// Samples that decoders have to drop at the start: the encoder's delay.
    pub priming_samples: u32,
    /// Samples of the signal, without those.
    pub samples: u64,
    /// Bits a second, as asked for.
    pub bit_rate: u32,
}

/// A packet, the sample at which it begins, below 0 for the delay, and how many of its samples count.
pub(super) type TimedPacket<'a> = (&'a [u8], i64, i64);

impl EncodedSound {
    /// All packets, in order.
    pub(super) fn timed_packets(&self) -> impl Iterator<Item = TimedPacket<'_>> {
        let end = i64::try_from(self.samples).unwrap_or(i64::MAX);
        let (step, priming) = (i64::from(self.packet_samples), i64::from(self.priming_samples));
        let starts = (0..).map(move |number: i64| number * step - priming);
        self.packets.iter().zip(starts).map(move |(packet, start)| (packet.as_slice(), start, step.min(end - start)))
    }
}

/// Decodes a sound file of any kind that [`SoundError::Unknown`] names, at most `length` samples of it: one stream,
/// mixed to stereo, at [`SAMPLE_RATE`]. A file that is cut off gives what it has.
///
/// # Errors
/// [`SoundError`], for what is no sound file or mostly damaged.
pub fn decode_sound(bytes: Arc<[u8]>, length: usize) -> Result<Vec<Stereo>, SoundError> {
    let samples = decode(bytes, length)?;
    if samples.is_empty() { Err(SoundError::NoSound) } else { Ok(samples) }
}

/// Encodes a soundtrack as AAC-LC, 48 kHz, stereo, about 128 kbit/s. The encoder does not sign it.
///
/// # Errors
/// [`EncodeError`] where the linked FFmpeg lacks the encoder, or refuses.
pub fn encode_sound(samples: &[Stereo]) -> Result<EncodedSound, EncodeError> {
    let bit_rate = BIT_RATE.to_string();
    // `bitexact` leaves the encoder's name out of the stream.
    let options = [("b", bit_rate.as_str()), ("profile", "aac_low"), ("flags", "+bitexact"), ("threads", "1")];
    let mut encoder = AacEncoder::open(SAMPLE_RATE, &options)?;
    let (step, priming_samples) = (encoder.packet_samples(), encoder.priming_samples());
    if step == 0 {
        return Err(EncodeError::Stream("an AAC packet holds no samples".to_owned()));
    }
    let mut packets = Vec::new();
    for (number, piece) in samples.chunks(step).enumerate() {
        encoder.send(piece, number * step)?;
        drain(&mut encoder, &mut packets)?;
    }
    encoder.flush()?;
    drain(&mut encoder, &mut packets)?;
    // The encoder may end with packets that hold nothing of the signal any more.
    let needed = (samples.len() + priming_samples as usize).div_ceil(step);
    if packets.len() < needed {
        return Err(EncodeError::Stream(format!("{} AAC packets instead of {needed}", packets.len())));
    }
    packets.truncate(needed);
    Ok(EncodedSound {
        packets,
        config: encoder.config().to_vec(),
        packet_samples: u32::try_from(step).unwrap_or(u32::MAX),
        priming_samples,
        samples: samples.len() as u64,
        bit_rate: BIT_RATE,
    })
}

fn drain(encoder: &mut AacEncoder, packets: &mut Vec<Vec<u8>>) -> Result<(), EncodeError> {
    while let Some(packet) = encoder.receive()? {
        packets.push(packet.to_vec());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::video::sound::silence;

    #[test]
    fn packets_cover_the_signal_and_the_delay_before_it() {
        for length in [1, 1023, 1024, 1025, 48_000, 96_001] {
            let sound = encode_sound(&silence(length)).expect("encodes");
            let timed: Vec<(i64, i64)> = sound.timed_packets().map(|(_, start, count)| (start, count)).collect();
            assert_eq!(timed[0].0, -i64::from(sound.priming_samples), "{length}");
            assert!(timed.windows(2).all(|pair| pair[0].0 + pair[0].1 == pair[1].0), "{length}");
            let (start, count) = timed[timed.len() - 1];
            assert_eq!(usize::try_from(start + count), Ok(length));
        }
    }

    #[test]
    fn what_is_no_sound_is_said_plainly() {
        for bytes in [&b""[..], b"hello, world", &[0; 4096], b"RIFF\x24\0\0\0WAVE"] {
            let error = decode_sound(bytes.into(), 1000).expect_err("no sound");
            assert!(matches!(error, SoundError::Unknown | SoundError::NoSound), "{error}");
        }
    }
}
