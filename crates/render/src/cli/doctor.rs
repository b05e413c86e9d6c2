//! `render doctor`: checks everything that a render needs, with advice for what fails.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;
use serde_json::json;

use super::args::DoctorArgs;
use super::failure::{Failure, status};
use super::jobs;
use super::reporter::Reporter;
use quotereel::FrameRate;
use quotereel::Size;
use quotereel::compose::text::FontLibrary;
use quotereel::files::free_bytes;
use quotereel::fonts::{HOW_TO_ADD, inspect_pack};
use quotereel::ground::frame::{Damage, YuvFrame};
use quotereel::template;
use quotereel::video::encode::{
    EncodeError, EncoderConfig, SegmentEncoder, encode_sound, ffmpeg_license, ffmpeg_version,
};
use quotereel::video::sound::silence;

/// Minimum free space, in bytes: enough for the temporary files of a long video at high quality.
const MIN_FREE_BYTES: u64 = 256 << 20;

/// For each language that needs a font pack, a character that the others do not use.
const PACK_SAMPLES: [(&str, char); 4] =
    [("Japanese", 'あ'), ("Korean", '한'), ("simplified Chinese", '汉'), ("traditional Chinese", '灣')];
/// Length of the audio that is encoded as a test, in samples: a little more than two packets.
const SOME_SAMPLES: usize = 2500;

/// One check.
#[derive(Debug, Serialize)]
pub(super) struct Check {
    pub(super) name: &'static str,
    pub(super) ok: bool,
    /// Findings.
    pub(super) found: String,
    /// Remedy or remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

/// Runs and prints every check.
///
/// # Errors
/// [`Failure::Reported`] if one of them fails.
pub(super) fn run(args: &DoctorArgs, reporter: Reporter) -> Result<(), Failure> {
    let mut checks = vec![
        ffmpeg(),
        fonts(),
        font_pack(args.fonts.fonts.as_deref()),
        templates(),
        temporary_files(&std::env::temp_dir()),
        threads(),
    ];
    checks.extend(jobs::checks(&args.services)?);
    let healthy = checks.iter().all(|check| check.ok);
    reporter.result(healthy, &lines(&checks), json!({ "checks": checks }))?;
    if healthy { Ok(()) } else { Err(Failure::Reported(status::SYSTEM)) }
}

fn lines(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let verdict = if check.ok { "ok  " } else { "FAIL" };
        writeln!(text, "{verdict}  {:<16}  {}", check.name, check.found).expect("a String takes everything");
        if let Some(advice) = &check.advice {
            writeln!(text, "{:24}{advice}", "").expect("a String takes everything");
        }
    }
    text
}

/// Encodes one small picture and some audio: the only proof that the linked FFmpeg has what is needed.
fn ffmpeg() -> Check {
    let version = format!("{} ({})", ffmpeg_version(), ffmpeg_license());
    let tried = encode_one_picture().and_then(|()| encode_sound(&silence(SOME_SAMPLES)).map(drop));
    Check {
        name: "FFmpeg",
        ok: tried.is_ok(),
        found: match &tried {
            Ok(()) => format!("{version}; libx264 encodes H.264, its own encoder AAC"),
            Err(error) => format!("{version}; {error}"),
        },
        advice: Some(if tried.is_err() {
            "install an FFmpeg built with libx264 and its own AAC encoder, as Debian's libavcodec59 is".to_owned()
        } else {
            format!("distributing a program linked to this FFmpeg is subject to its licence, {}", ffmpeg_license())
        }),
    }
}

fn encode_one_picture() -> Result<(), EncodeError> {
    let size = Size::new(64, 64);
    let mut encoder = SegmentEncoder::open(&EncoderConfig::new(size, FrameRate::DEFAULT), &[])?;
    encoder.send(&YuvFrame::black(size), &Damage::Rects(vec![size.bounds()]))?;
    encoder.flush()?;
    while encoder.receive()?.is_some() {}
    Ok(())
}

fn fonts() -> Check {
    let library = FontLibrary::bundled();
    let glyphs: u64 = library.faces().map(|(_, face)| u64::from(face.glyph_count)).sum();
    let families: Vec<&str> = library.families().collect();
    Check {
        name: "fonts",
        ok: !families.is_empty(),
        found: format!("{} faces with {glyphs} glyphs: {}", library.faces().count(), families.join(", ")),
        advice: None,
    }
}

/// Reads every font of the pack, if one is set: a pack may be absent, but not broken.
fn font_pack(folder: Option<&Path>) -> Check {
    let name = "font pack";
    let Some(folder) = folder else {
        let found = "none: Chinese, Japanese and Korean characters are left out, with a warning".to_owned();
        return Check { name, ok: true, found, advice: Some(format!("to add one: {HOW_TO_ADD}")) };
    };
    let samples = PACK_SAMPLES.map(|(_, sample)| sample);
    match inspect_pack(folder, &samples) {
        Ok(pack) => {
            let has = |sample: &char| pack.has.contains(sample);
            let languages: Vec<&str> = PACK_SAMPLES.iter().filter(|(_, c)| has(c)).map(|(name, _)| *name).collect();
            let writes = if languages.is_empty() { "none of them East Asian".to_owned() } else { languages.join(", ") };
            let (folder, families) = (folder.display(), pack.families.join(", "));
            let found = format!("{folder}, {} faces for {writes}: {families}", pack.faces);
            Check { name, ok: true, found, advice: languages.is_empty().then(|| HOW_TO_ADD.to_owned()) }
        }
        Err(error) => Check { name, ok: false, found: error.to_string(), advice: Some(HOW_TO_ADD.to_owned()) },
    }
}

fn templates() -> Check {
    let mut broken = Vec::new();
    let mut names = Vec::new();
    for name in template::builtin_names() {
        match template::builtin(name) {
            Ok(_) => names.push(name),
            Err(error) => broken.push(format!("{name}: {error}")),
        }
    }
    Check {
        name: "templates",
        ok: broken.is_empty(),
        found: if broken.is_empty() { names.join(", ") } else { broken.join("; ") },
        advice: (!broken.is_empty()).then(|| "this program was built wrongly: build it again".to_owned()),
    }
}

fn temporary_files(folder: &Path) -> Check {
    let name = "temporary files";
    let place = folder.display();
    if let Err(error) = tempfile::tempfile_in(folder) {
        let advice = "point TMPDIR to a writable folder".to_owned();
        return Check { name, ok: false, found: format!("{place}: {error}"), advice: Some(advice) };
    }
    match free_bytes(folder) {
        Ok(free) => Check {
            name,
            ok: free >= MIN_FREE_BYTES,
            found: format!("{place}, {} MiB free", free >> 20),
            advice: (free < MIN_FREE_BYTES)
                .then(|| format!("make room, or point TMPDIR elsewhere: {} MiB are enough", MIN_FREE_BYTES >> 20)),
        },
        Err(error) => Check { name, ok: true, found: format!("{place}, free space unknown: {error}"), advice: None },
    }
}

/// The standard library respects CPU affinity and cgroup quotas.
fn threads() -> Check {
    match std::thread::available_parallelism() {
        Ok(threads) => Check { name: "threads", ok: true, found: format!("{threads} to render with"), advice: None },
        Err(error) => Check {
            name: "threads",
            ok: true,
            found: format!("number unknown ({error}): one is used"),
            advice: Some("give --threads N".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_is_reported_with_a_remedy() {
        let check = temporary_files(Path::new("/nowhere"));
        assert!(!check.ok);
        assert!(lines(&[check]).contains("TMPDIR"));
    }

    #[test]
    fn the_linked_ffmpeg_encodes() {
        let check = ffmpeg();
        assert!(check.ok, "{}", check.found);
    }
}
