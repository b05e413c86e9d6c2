//! The soundtrack of a render: from a sound file to samples at once, so that a bad file is reported before anything is
//! drawn; from samples to AAC beside the pictures.

use std::sync::{Arc, OnceLock};

use super::{RenderError, RenderJob};
use crate::ground::frame::FrameSource;
use crate::video::encode::{EncodedSound, decode_sound, encode_sound};
use crate::video::sound::{Levels, Master, SAMPLE_RATE, master, silence};
use crate::video::soundtrack::Soundtrack;

/// What a render has for a soundtrack: nothing, or samples and what they are encoded to.
pub(super) struct Sound {
    master: Option<Master>,
    coded: OnceLock<EncodedSound>,
}

impl Sound {
    /// Makes the soundtrack that a job asks for, as long as the video to the nearest sample.
    pub(super) fn prepare(job: &RenderJob, source: &dyn FrameSource) -> Result<Self, RenderError> {
        let length = length_samples(source);
        let master = match &job.soundtrack {
            None => None,
            Some(Soundtrack::Silence) => {
                let samples = silence(length);
                Some(Master { levels: Levels::of(&samples), samples })
            }
            Some(Soundtrack::Recording { name, bytes }) => {
                let made = decode_sound(Arc::clone(bytes), length).and_then(|recording| master(&recording, length));
                Some(made.map_err(|source| RenderError::Sound { name: name.clone(), source })?)
            }
        };
        Ok(Self { master, coded: OnceLock::new() })
    }

    /// How loud it is; `None` without a soundtrack.
    pub(super) fn levels(&self) -> Option<Levels> {
        self.master.as_ref().map(|master| master.levels)
    }

    /// The soundtrack as MP4 stores it, encoded when it is asked for the first time; `None` where there is none.
    pub(super) fn coded(&self) -> Result<Option<&EncodedSound>, RenderError> {
        let Some(master) = &self.master else { return Ok(None) };
        if let Some(coded) = self.coded.get() {
            return Ok(Some(coded));
        }
        let coded = encode_sound(&master.samples)?;
        Ok(Some(self.coded.get_or_init(|| coded)))
    }
}

fn length_samples(source: &dyn FrameSource) -> usize {
    let (numerator, denominator) =
        (u64::from(source.frame_rate().numerator()), u64::from(source.frame_rate().denominator()));
    let ticks = u64::from(source.frame_count()) * denominator * u64::from(SAMPLE_RATE);
    usize::try_from((ticks + numerator / 2) / numerator).unwrap_or(usize::MAX)
}
