//! Options that passed every check that needs no file. Made from [`super::args`], used by the commands.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap_complete::Shell;

use super::args::{
    BenchArgs, CanvasSize, Command, DoctorArgs, Preset, SchemaDocument, SourceArgs, StillArgs, TemplatesArgs, Timing,
    VideoArgs, VideoFormat, WatchArgs,
};
use super::jobs::args::JobCommand;
use super::templates::args::TemplatesCommand;
use quotereel::{FrameRate, Quality, Repeats, Size, Sound, TemplateChoice, Tuning};

/// Maximum of `--at`, in milliseconds: an hour, far beyond any video.
const MAX_AT_MS: u64 = 3_600_000;

/// Name of output files when the quote comes from stdin.
const STDIN_STEM: &str = "quote";

/// An invalid option.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum UsageError {
    #[error("--at `{0}` is not a time: write seconds such as 1s, 2.5 or 1500ms, from 0 to 3600 s")]
    Time(String),
    #[error("{option} `{path}` must end in {allowed}")]
    Extension { option: &'static str, path: String, allowed: &'static str },
    #[error("{option} `-` is not possible: only --output can be stdout")]
    Stdout { option: &'static str },
    #[error("--format needs `-o -`: otherwise the file name decides")]
    FormatWithoutStdout,
    #[error("--json and `-o -` both write to stdout: write the output to a file")]
    TwoOnStdout,
    #[error("--template is empty: give a name (see `render templates`) or a folder")]
    EmptyTemplate,
    #[error("`{0}` before `fmt` or `export`: a template to describe goes without a command")]
    TemplateAndCommand(String),
    #[error("--param `{0}` is not a parameter: write NAME=VALUE")]
    Param(String),
    #[error("--param `{0}` is given twice")]
    SameParam(String),
    #[error("{option} is empty: give a file name")]
    EmptyPath { option: &'static str },
    #[error("`{0}` would be written twice: give every output its own name")]
    SameOutput(String),
    #[error("bench reads every quote several times: give files, not `-`")]
    BenchStdin,
    #[error("--timing vfr is for MP4: raw frames have a constant rate")]
    RawFramesVary,
    #[error("{option} is for MP4: a teaser (.webp, .gif) has its own rules")]
    Teaser { option: &'static str },
    #[error("watch reads the quote repeatedly: give a file, not `-`")]
    WatchStdin,
    #[error("watch writes the picture repeatedly: give --output a file, not `-`")]
    WatchStdout,
    #[error("{option} is for MP4: raw frames have no audio")]
    RawFramesSound { option: &'static str },
    #[error("--audio `-` is not possible: give a file")]
    SoundStdin,
    #[error("--fps {0}: choose one of 24, 25, 30, 50, 60")]
    FrameRate(String),
}

/// One checked command.
#[derive(Debug)]
pub(super) enum Task {
    Video(VideoTask),
    Still(StillTask),
    Sheet(SheetTask),
    Watch(WatchTask),
    Bench(BenchArgs),
    Validate(Source),
    Probe(PathBuf),
    Schema(SchemaDocument),
    Templates(Option<TemplateChoice>),
    WriteTemplates(TemplatesCommand),
    Job(Box<JobCommand>),
    Doctor(Box<DoctorArgs>),
    Completions(Shell),
}

/// Source of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Stdin,
    File(PathBuf),
}

/// Destination of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Output {
    Stdout,
    File(PathBuf),
}

/// What to render, its size and its frame rate.
#[derive(Debug, PartialEq)]
pub(super) struct Source {
    pub(super) snapshot: Input,
    pub(super) template: TemplateChoice,
    /// Parameters of the template by name, unchecked.
    pub(super) params: BTreeMap<String, String>,
    pub(super) size: Size,
    pub(super) frame_rate: FrameRate,
    pub(super) allow_private_network: bool,
    pub(super) fonts: Option<PathBuf>,
}

#[derive(Debug, PartialEq)]
pub(super) struct VideoTask {
    pub(super) source: Source,
    pub(super) format: VideoFormat,
    pub(super) output: Output,
    pub(super) thumbnail: Option<PathBuf>,
    pub(super) small_thumbnail: Option<PathBuf>,
    pub(super) sound: Sound,
    pub(super) threads: Option<NonZeroUsize>,
    pub(super) quality: Quality,
}

#[derive(Debug, PartialEq)]
pub(super) struct StillTask {
    pub(super) source: Source,
    pub(super) at_ms: u64,
    pub(super) output: Output,
}

#[derive(Debug, PartialEq)]
pub(super) struct SheetTask {
    pub(super) source: Source,
    pub(super) output: Output,
}

/// A picture to be made again whenever its sources change.
#[derive(Debug, PartialEq)]
pub(super) struct WatchTask {
    pub(super) source: Source,
    /// File of the quote.
    pub(super) snapshot: PathBuf,
    pub(super) view: View,
    /// File of the picture.
    pub(super) output: PathBuf,
}

/// Kind of picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// The frame at a time.
    Still { at_ms: u64 },
    /// The contact sheet.
    Sheet,
}

impl Task {
    /// Checks the arguments. `json` says whether a JSON report goes to stdout.
    ///
    /// # Errors
    /// The first [`UsageError`].
    pub(super) fn new(command: Command, json: bool) -> Result<Self, UsageError> {
        match command {
            Command::Video(args) => VideoTask::new(args, json).map(Self::Video),
            Command::Still(args) => StillTask::new(args, json).map(Self::Still),
            Command::Sheet(args) => {
                let source = Source::new(args.source)?;
                let output = picture_output(args.output, &source.snapshot, "-sheet.png", json)?;
                Ok(Self::Sheet(SheetTask { source, output }))
            }
            Command::Watch(args) => WatchTask::new(args, json).map(Self::Watch),
            Command::Bench(args) if args.snapshots.iter().any(|path| path.as_os_str() == "-") => {
                Err(UsageError::BenchStdin)
            }
            Command::Bench(args) => Ok(Self::Bench(args)),
            Command::Validate(args) => Source::new(args).map(Self::Validate),
            Command::Probe(args) => Ok(Self::Probe(args.file)),
            Command::Schema(args) => Ok(Self::Schema(args.document)),
            Command::Templates(TemplatesArgs { template: Some(name), command: Some(_) }) => {
                Err(UsageError::TemplateAndCommand(name))
            }
            Command::Templates(TemplatesArgs { command: Some(command), .. }) => Ok(Self::WriteTemplates(command)),
            Command::Templates(args) => args.template.map(template).transpose().map(Self::Templates),
            Command::Job(command) => Ok(Self::Job(Box::new(command))),
            Command::Doctor(args) => Ok(Self::Doctor(Box::new(args))),
            Command::Completions(args) => Ok(Self::Completions(args.shell)),
        }
    }
}

impl Input {
    fn new(path: PathBuf) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path) }
    }

    /// The file, unless it is stdin.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Stdin => None,
            Self::File(path) => Some(path),
        }
    }

    /// File name without folder and extension.
    fn stem(&self) -> &Path {
        match self {
            Self::Stdin => Path::new(STDIN_STEM),
            Self::File(path) => path.file_stem().map_or(Path::new(STDIN_STEM), Path::new),
        }
    }

    /// A file in the current folder, named after this input.
    fn sibling(&self, ending: &str) -> PathBuf {
        let mut name = self.stem().as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    }
}

impl Source {
    /// Checks the arguments.
    ///
    /// # Errors
    /// The first [`UsageError`].
    pub(super) fn new(args: SourceArgs) -> Result<Self, UsageError> {
        let frame_rate = args.fps.parse().ok().and_then(|fps| FrameRate::new(fps).ok());
        Ok(Self {
            snapshot: Input::new(args.snapshot),
            template: template(args.template)?,
            params: params(args.params)?,
            size: args.size.into(),
            frame_rate: frame_rate.ok_or(UsageError::FrameRate(args.fps))?,
            allow_private_network: args.allow_private_network,
            fonts: args.fonts.fonts,
        })
    }
}

/// A template by the name of a built-in one, or by its folder: `.`, `..` or anything with a separator.
fn template(typed: String) -> Result<TemplateChoice, UsageError> {
    Ok(match typed.as_str() {
        "" => return Err(UsageError::EmptyTemplate),
        "." | ".." => TemplateChoice::Folder(typed.into()),
        name if name.contains(std::path::MAIN_SEPARATOR) => TemplateChoice::Folder(typed.into()),
        _ => TemplateChoice::Builtin(typed),
    })
}

/// Splits each `NAME=VALUE`; the template checks them later.
fn params(typed: Vec<String>) -> Result<BTreeMap<String, String>, UsageError> {
    let mut params = BTreeMap::new();
    for one in typed {
        match one.split_once('=') {
            Some((name, value)) if !name.is_empty() => {
                if params.insert(name.to_owned(), value.to_owned()).is_some() {
                    return Err(UsageError::SameParam(name.to_owned()));
                }
            }
            _ => return Err(UsageError::Param(one)),
        }
    }
    Ok(params)
}

impl From<CanvasSize> for Size {
    fn from(size: CanvasSize) -> Self {
        match size {
            CanvasSize::Story => Self::PORTRAIT,
            CanvasSize::Portrait => Self::FEED,
            CanvasSize::Square => Self::SQUARE,
            CanvasSize::Landscape => Self::LANDSCAPE,
        }
    }
}

impl From<Preset> for Tuning {
    fn from(preset: Preset) -> Self {
        match preset {
            Preset::Fast => Self::FAST,
            Preset::Balanced => Self::BALANCED,
            Preset::Quality => Self::QUALITY,
        }
    }
}

impl From<Timing> for Repeats {
    fn from(timing: Timing) -> Self {
        match timing {
            Timing::Cfr => Self::Held,
            Timing::Vfr => Self::Omitted,
        }
    }
}

/// The requested audio.
fn sound(file: Option<PathBuf>, silent: bool, format: VideoFormat) -> Result<Sound, UsageError> {
    let refused = |option| if format == VideoFormat::Y4m { Err(UsageError::RawFramesSound { option }) } else { Ok(()) };
    match file {
        Some(path) if path.as_os_str() == "-" => Err(UsageError::SoundStdin),
        Some(path) => refused("--audio").map(|()| Sound::File(path)),
        None if silent => refused("--silent-audio").map(|()| Sound::Silence),
        None => Ok(Sound::Template),
    }
}

impl VideoTask {
    fn new(args: VideoArgs, json: bool) -> Result<Self, UsageError> {
        let source = Source::new(args.source)?;
        let output = match args.output {
            None => Output::File(source.snapshot.sibling(".mp4")),
            Some(path) => output_from(path, json)?,
        };
        let format = match (&output, args.format) {
            (Output::Stdout, format) => format.unwrap_or(VideoFormat::Mp4),
            (Output::File(_), Some(_)) => return Err(UsageError::FormatWithoutStdout),
            (Output::File(path), None) if has_extension(path, &["mp4"]) => VideoFormat::Mp4,
            (Output::File(path), None) if has_extension(path, &["y4m"]) => VideoFormat::Y4m,
            (Output::File(path), None) if has_extension(path, &["webp"]) => VideoFormat::Webp,
            (Output::File(path), None) if has_extension(path, &["gif"]) => VideoFormat::Gif,
            (Output::File(path), None) => {
                return Err(extension_error("--output", path, ".mp4, .webp, .gif or .y4m"));
            }
        };
        if matches!(format, VideoFormat::Webp | VideoFormat::Gif) {
            let given = [
                ("--preset", args.preset.is_some()),
                ("--timing", args.timing.is_some()),
                ("--audio", args.audio.is_some()),
                ("--silent-audio", args.silent_audio),
            ];
            if let Some((option, _)) = given.into_iter().find(|(_, given)| *given) {
                return Err(UsageError::Teaser { option });
            }
        }
        let thumbnail = match (args.thumbnail, &output) {
            (Some(path), _) => Some(jpeg("--thumbnail", path)?),
            (None, Output::File(video)) if format == VideoFormat::Mp4 && !args.no_thumbnail => {
                Some(video.with_extension("jpg"))
            }
            (None, _) => None,
        };
        let small_thumbnail = args.small_thumbnail.map(|path| jpeg("--small-thumbnail", path)).transpose()?;
        if thumbnail.is_some() && thumbnail == small_thumbnail {
            return Err(UsageError::SameOutput(thumbnail.unwrap_or_default().display().to_string()));
        }
        let threads = args.threads.and_then(|threads| NonZeroUsize::new(threads.into()));
        if format == VideoFormat::Y4m && args.timing == Some(Timing::Vfr) {
            return Err(UsageError::RawFramesVary);
        }
        let sound = sound(args.audio, args.silent_audio, format)?;
        let tuning = args.preset.unwrap_or(Preset::Balanced).into();
        let repeats = args.timing.unwrap_or(Timing::Cfr).into();
        let quality = Quality { tuning, repeats, ..Quality::default() };
        Ok(Self { source, format, output, thumbnail, small_thumbnail, sound, threads, quality })
    }

    /// Files that this task reads and must not overwrite.
    pub(super) fn inputs(&self) -> impl Iterator<Item = &Path> {
        let sound = match &self.sound {
            Sound::File(path) => Some(path.as_path()),
            Sound::Template | Sound::Silence => None,
        };
        self.source.snapshot.path().into_iter().chain(sound)
    }

    /// Files that this task writes.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let video = match &self.output {
            Output::Stdout => None,
            Output::File(path) => Some(path),
        };
        [video, self.thumbnail.as_ref(), self.small_thumbnail.as_ref()].into_iter().flatten().map(PathBuf::as_path)
    }
}

impl StillTask {
    fn new(args: StillArgs, json: bool) -> Result<Self, UsageError> {
        let source = Source::new(args.source)?;
        let at_ms = milliseconds(&args.at).ok_or(UsageError::Time(args.at))?;
        let output = picture_output(args.output, &source.snapshot, ".png", json)?;
        Ok(Self { source, at_ms, output })
    }
}

impl WatchTask {
    fn new(args: WatchArgs, json: bool) -> Result<Self, UsageError> {
        let source = Source::new(args.source)?;
        let Input::File(snapshot) = source.snapshot.clone() else { return Err(UsageError::WatchStdin) };
        if args.output.as_ref().is_some_and(|path| path.as_os_str() == "-") {
            return Err(UsageError::WatchStdout);
        }
        let (view, ending) = if args.sheet {
            (View::Sheet, "-sheet.png")
        } else {
            let at_ms = milliseconds(&args.at).ok_or(UsageError::Time(args.at))?;
            (View::Still { at_ms }, ".png")
        };
        match picture_output(args.output, &source.snapshot, ending, json)? {
            Output::File(output) => Ok(Self { source, snapshot, view, output }),
            Output::Stdout => Err(UsageError::WatchStdout),
        }
    }
}

fn picture_output(
    path: Option<PathBuf>,
    snapshot: &Input,
    default_ending: &str,
    json: bool,
) -> Result<Output, UsageError> {
    let Some(path) = path else { return Ok(Output::File(snapshot.sibling(default_ending))) };
    match output_from(path, json)? {
        Output::File(path) if !has_extension(&path, &["png"]) => Err(extension_error("--output", &path, ".png")),
        output => Ok(output),
    }
}

fn output_from(path: PathBuf, json: bool) -> Result<Output, UsageError> {
    if path.as_os_str().is_empty() {
        return Err(UsageError::EmptyPath { option: "--output" });
    }
    match (path.as_os_str() == "-", json) {
        (true, true) => Err(UsageError::TwoOnStdout),
        (true, false) => Ok(Output::Stdout),
        (false, _) => Ok(Output::File(path)),
    }
}

fn jpeg(option: &'static str, path: PathBuf) -> Result<PathBuf, UsageError> {
    if path.as_os_str().is_empty() {
        Err(UsageError::EmptyPath { option })
    } else if path.as_os_str() == "-" {
        Err(UsageError::Stdout { option })
    } else if has_extension(&path, &["jpg", "jpeg"]) {
        Ok(path)
    } else {
        Err(extension_error(option, &path, ".jpg or .jpeg"))
    }
}

fn extension_error(option: &'static str, path: &Path, allowed: &'static str) -> UsageError {
    UsageError::Extension { option, path: path.display().to_string(), allowed }
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|found| extensions.iter().any(|extension| found.eq_ignore_ascii_case(extension)))
}

/// Parses `1500ms`, `1s`, `2.5s` or `2.5` (seconds) exactly; seconds have at most three decimals.
fn milliseconds(text: &str) -> Option<u64> {
    let (number, decimals) = match text.strip_suffix("ms") {
        Some(number) => (number, 0),
        None => (text.strip_suffix('s').unwrap_or(text), 3),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let has_digits = !whole.is_empty() && number.contains('.') != fraction.is_empty();
    if !has_digits || !digits_only(whole) || !digits_only(fraction) || fraction.len() > decimals {
        return None;
    }
    let padded = format!("{whole}{fraction:0<decimals$}");
    padded.parse().ok().filter(|&ms| ms <= MAX_AT_MS)
}

#[cfg(test)]
mod tests;
