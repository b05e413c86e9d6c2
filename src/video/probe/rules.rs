//! The delivery rules, each as a check of the facts: what WhatsApp, Instagram, Telegram and Safari take without
//! converting. Nothing is read here.

use super::report::{AudioTrack, ColourTags, Facts, RuleResult, Severity};
use crate::video::h264::MAX_IDR_INTERVAL_S;

/// Hard cap of a file in bytes: WhatsApp takes 16 MB.
pub const MAX_BYTES: u64 = 16_000_000;
/// Size aimed at, in bytes for each second: 5 MB for 30 s.
const TARGET_BYTES_PER_30_S: u64 = 5_000_000;
/// How far the lengths of sound and pictures may lie apart, in milliseconds: a frame and a half at 30 fps.
const MAX_LENGTH_DIFFERENCE_MS: u64 = 50;
/// The rule that all frames are of one length.
pub const CONSTANT_FRAME_RATE: &str = "constant_frame_rate";
/// BT.709 in the numbering of ITU-T H.273.
const BT709: u16 = 1;

/// Checks every rule.
pub(super) fn check(facts: &Facts) -> Vec<RuleResult> {
    let mut rules = container(facts).to_vec();
    rules.extend(sound(facts));
    rules.extend(stream(facts));
    rules.extend(timing(facts));
    rules.extend(colour(facts));
    rules.extend(weight(facts));
    rules
}

fn rule(rule: &'static str, ok: bool, found: impl Into<String>, expected: impl Into<String>) -> RuleResult {
    RuleResult { rule, severity: Severity::Error, ok, found: found.into(), expected: expected.into() }
}

fn warning(code: &'static str, ok: bool, found: impl Into<String>, expected: impl Into<String>) -> RuleResult {
    RuleResult { severity: Severity::Warning, ..rule(code, ok, found, expected) }
}

fn container(facts: &Facts) -> [RuleResult; 7] {
    let position = |kind: &str| facts.box_order.iter().position(|found| found == kind);
    let moov_first = match (position("moov"), position("mdat")) {
        (Some(moov), Some(mdat)) => moov < mdat,
        _ => false,
    };
    let has = |brand: &str| facts.brands.iter().any(|found| found == brand);
    let extra_tracks = facts.other_tracks.is_empty();
    [
        rule("brands", has("isom") || has("mp42"), list(&facts.brands), "isom or mp42 among the brands"),
        rule("moov_first", moov_first, list(&facts.box_order), "moov before mdat"),
        rule(
            "not_fragmented",
            !facts.fragmented,
            if facts.fragmented { "fragments" } else { "one index" },
            "one index",
        ),
        rule("no_edit_list", !facts.edit_list, presence(facts.edit_list), "none but of the sound"),
        rule(
            "one_video_track",
            facts.video_tracks == 1 && extra_tracks,
            format!("{} video, other: {}", facts.video_tracks, list(&facts.other_tracks)),
            "1 video track and nothing but audio beside it",
        ),
        rule("no_encoder_tag", facts.encoder_tags.is_empty(), list(&facts.encoder_tags), "none"),
        warning("title", facts.title.is_some(), facts.title.as_deref().unwrap_or("none"), "a title"),
    ]
}

/// A video may be mute; sound that it has starts and ends with the pictures.
fn sound(facts: &Facts) -> [RuleResult; 3] {
    let tracks = &facts.audio;
    let found = |text: &dyn Fn(&AudioTrack) -> String| list(&tracks.iter().map(text).collect::<Vec<_>>());
    let usual = |track: &AudioTrack| track.codec == "aac-lc" && track.sample_rate == 48_000 && track.channels == 2;
    let apart_ms = |track: &AudioTrack| track.duration_ms.abs_diff(facts.duration_ms);
    [
        rule(
            "audio",
            tracks.len() <= 1 && tracks.iter().all(usual),
            found(&|track| format!("{} {} Hz {} ch", track.codec, track.sample_rate, track.channels)),
            "none, or one AAC-LC track, 48000 Hz, 2 channels",
        ),
        rule(
            "audio_start",
            tracks.iter().all(|track| track.start_ms == 0),
            found(&|track| format!("{} ms", track.start_ms)),
            "0 ms",
        ),
        rule(
            "audio_length",
            tracks.iter().all(|track| apart_ms(track) <= MAX_LENGTH_DIFFERENCE_MS),
            found(&|track| format!("{} ms", track.duration_ms)),
            format!("{} ms of the video, within {MAX_LENGTH_DIFFERENCE_MS} ms", facts.duration_ms),
        ),
    ]
}

fn stream(facts: &Facts) -> [RuleResult; 6] {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
    let profile_ok = matches!(facts.profile.as_deref(), Some("Main" | "Constrained Baseline"));
    let even = facts.width > 0 && facts.width.is_multiple_of(2) && facts.height > 0 && facts.height.is_multiple_of(2);
    let (level_ok, level_expected) = level(facts);
    [
        rule("codec", matches!(facts.codec.as_deref(), Some("avc1")), text(&facts.codec), "avc1 (H.264)"),
        rule("profile", profile_ok, text(&facts.profile), "Main or Constrained Baseline"),
        rule("level", level_ok, text(&facts.level), level_expected),
        rule("even_dimensions", even, format!("{}x{}", facts.width, facts.height), "even width and height"),
        rule(
            "progressive",
            facts.progressive,
            if facts.progressive { "progressive" } else { "interlaced" },
            "progressive",
        ),
        rule("pixel_format", facts.pixel_format.as_deref() == Some("yuv420p"), text(&facts.pixel_format), "yuv420p"),
    ]
}

/// Whether the level allows the picture and is no higher than phones take: 4.0 up to 30 fps, 4.2 above. The mean rate
/// of frames that vary in length says nothing about the highest.
fn level(facts: &Facts) -> (bool, String) {
    let number = |level: &Option<String>| level.as_ref().and_then(|text| text.parse::<f64>().ok());
    let ceiling = if !facts.constant_frame_rate || rate(facts).is_some_and(|rate| rate > 30.0) { 4.2 } else { 4.0 };
    let Some(lowest) = number(&facts.lowest_level) else {
        return (false, format!("at most {ceiling:.1}"));
    };
    let ok = number(&facts.level).is_some_and(|level| level >= lowest && level <= ceiling);
    (ok, format!("{lowest:.1} to {ceiling:.1} for {}x{} at this rate", facts.width, facts.height))
}

fn rate(facts: &Facts) -> Option<f64> {
    let (numerator, denominator) = facts.frame_rate.as_deref()?.split_once('/')?;
    Some(numerator.parse::<f64>().ok()? / denominator.parse::<f64>().ok()?)
}

fn timing(facts: &Facts) -> [RuleResult; 5] {
    let rate = facts.frame_rate.as_deref().unwrap_or("unknown");
    [
        rule(
            "no_b_frames",
            facts.b_frames == 0 && facts.frame_count > 0,
            format!("{} of {} frames", facts.b_frames, facts.frame_count),
            "0",
        ),
        rule("no_composition_offsets", !facts.composition_offsets, presence(facts.composition_offsets), "none"),
        rule(
            "closed_gop",
            facts.open_gop_starts == 0 && facts.idr_frames > 0,
            format!("{} sync samples are no IDR, {} IDR frames", facts.open_gop_starts, facts.idr_frames),
            "every sync sample an IDR",
        ),
        rule(
            "idr_interval",
            facts.idr_frames > 0 && facts.max_idr_interval_s <= f64::from(MAX_IDR_INTERVAL_S),
            format!("{:.3} s", facts.max_idr_interval_s),
            "at most 5 s",
        ),
        rule(
            CONSTANT_FRAME_RATE,
            facts.constant_frame_rate,
            if facts.constant_frame_rate { rate.to_owned() } else { format!("varies, mean {rate}") },
            "all frames of one length",
        ),
    ]
}

fn colour(facts: &Facts) -> [RuleResult; 3] {
    let bt709 = |tags: &ColourTags| tags.primaries == BT709 && tags.transfer == BT709 && tags.matrix == BT709;
    let tags = |tags: &Option<ColourTags>| match tags {
        None => "not written".to_owned(),
        Some(tags) => format!("{}/{}/{}", tags.primaries, tags.transfer, tags.matrix),
    };
    let full = |tags: &Option<ColourTags>| tags.and_then(|tags| tags.full_range);
    let range = match (full(&facts.vui_colour), full(&facts.colr)) {
        (Some(true), _) | (_, Some(true)) => "full",
        (Some(false), Some(false)) => "limited",
        _ => "not written in both places",
    };
    [
        rule("colour_vui", facts.vui_colour.as_ref().is_some_and(bt709), tags(&facts.vui_colour), "1/1/1 (BT.709)"),
        rule("colour_colr", facts.colr.as_ref().is_some_and(bt709), tags(&facts.colr), "1/1/1 (BT.709)"),
        rule("limited_range", range == "limited", range, "limited in VUI and colr"),
    ]
}

fn weight(facts: &Facts) -> [RuleResult; 2] {
    // A clip shorter than 30 s may have the target of 30 s: its first frame alone can be large.
    let target = (u128::from(TARGET_BYTES_PER_30_S) * u128::from(facts.duration_ms.max(30_000)) / 30_000)
        .try_into()
        .unwrap_or(u64::MAX);
    let bytes = format!("{} bytes", facts.bytes);
    [
        rule("size_cap", facts.bytes <= MAX_BYTES, bytes.clone(), format!("at most {MAX_BYTES} bytes")),
        warning("size_target", facts.bytes <= target, bytes, format!("at most {target} bytes")),
    ]
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

fn presence(found: bool) -> &'static str {
    if found { "present" } else { "none" }
}
