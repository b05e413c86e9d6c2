//! What a probe found: facts, and one result for each delivery rule.

use serde::Serialize;

/// Colour tags as code points of ITU-T H.273; 1, 1, 1 is BT.709.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ColourTags {
    /// Colour primaries.
    pub primaries: u16,
    /// Transfer characteristics.
    pub transfer: u16,
    /// Matrix coefficients.
    pub matrix: u16,
    /// Whether samples use the full range; `None` where that is not written.
    pub full_range: Option<bool>,
}

/// An audio track.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AudioTrack {
    /// `aac-lc`, `he-aac`, `mp3`, or the four letters of the sample entry.
    pub codec: String,
    /// Samples a second.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u32,
    /// When it sets in, in milliseconds, by its edit list.
    pub start_ms: u64,
    /// How long it is heard, in milliseconds: without what its edit list leaves out.
    pub duration_ms: u64,
}

/// What is in the file. Of several video tracks the first is described.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Brands, the major one first.
    pub brands: Vec<String>,
    /// Top-level boxes in their order.
    pub box_order: Vec<String>,
    /// Whether pictures lie in movie fragments.
    pub fragmented: bool,
    /// Whether a track other than one of sound has an edit list.
    pub edit_list: bool,
    /// Number of video tracks.
    pub video_tracks: usize,
    /// Tracks that are neither video nor audio, by handler.
    pub other_tracks: Vec<String>,
    /// Four letters of the sample entry, `avc1` for H.264.
    pub codec: Option<String>,
    /// H.264 profile, for example `Main`.
    pub profile: Option<String>,
    /// H.264 level, for example `4.0`.
    pub level: Option<String>,
    /// Lowest level that allows the picture size and frame rate.
    pub lowest_level: Option<String>,
    /// Width of the shown picture in pixels.
    pub width: u32,
    /// Height of the shown picture in pixels.
    pub height: u32,
    /// Frames a second as an exact ratio in lowest terms, for example `30/1`; the mean where frames differ in length.
    pub frame_rate: Option<String>,
    /// Whether all frames have the same length.
    pub constant_frame_rate: bool,
    /// Number of coded frames.
    pub frame_count: u32,
    /// Length of the video track in milliseconds, rounded.
    pub duration_ms: u64,
    /// Frames with a B slice.
    pub b_frames: u32,
    /// Whether frames are shown at other times than they are decoded.
    pub composition_offsets: bool,
    /// Number of IDR frames.
    pub idr_frames: u32,
    /// Longest time from an IDR frame to the next or to the end, in seconds.
    pub max_idr_interval_s: f64,
    /// Sync samples that are not IDR frames: the group before them is open.
    pub open_gop_starts: u32,
    /// Whether all pictures are whole frames.
    pub progressive: bool,
    /// `yuv420p` or what the parameter set says instead.
    pub pixel_format: Option<String>,
    /// Colour tags of the stream (VUI).
    pub vui_colour: Option<ColourTags>,
    /// Colour tags of the container (`colr`).
    pub colr: Option<ColourTags>,
    /// Tags and messages that name the encoder.
    pub encoder_tags: Vec<String>,
    /// Title in the metadata.
    pub title: Option<String>,
    /// Audio tracks.
    pub audio: Vec<AudioTrack>,
}

/// How much a broken rule weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The file must not be delivered.
    Error,
    /// The file plays; it could be better.
    Warning,
}

/// The outcome of one delivery rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleResult {
    /// Stable code, for example `no_b_frames`.
    pub rule: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// Whether the file keeps it.
    pub ok: bool,
    /// What the file has.
    pub found: String,
    /// What the rule asks for.
    pub expected: String,
}

/// Facts and rules of one file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What is in the file.
    pub facts: Facts,
    /// One entry for each delivery rule, always all and always in the same order.
    pub rules: Vec<RuleResult>,
}

impl Report {
    /// Whether every rule of severity [`Severity::Error`] is kept.
    #[must_use]
    pub fn deliverable(&self) -> bool {
        self.broken().next().is_none()
    }

    /// The rules of severity [`Severity::Error`] that are broken.
    pub fn broken(&self) -> impl Iterator<Item = &RuleResult> {
        self.rules.iter().filter(|rule| !rule.ok && rule.severity == Severity::Error)
    }

    /// The result of the rule with this code.
    #[must_use]
    pub fn rule(&self, code: &str) -> Option<&RuleResult> {
        self.rules.iter().find(|rule| rule.rule == code)
    }
}
