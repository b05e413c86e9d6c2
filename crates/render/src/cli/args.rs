//! What was typed: the command line as clap reads it. Nothing here is checked against anything else; see [`super::options`].

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use super::jobs::args::JobCommand;
use crate::config::{DatabaseArgs, FontsArgs, LogArgs, StorageArgs};

const EXAMPLES: &str = "\
Examples:
  render video quote.json
  render video quote.json -o offer.mp4 --size square --fps 25
  render still quote.json --at 2.5s -o frame.png
  cat quote.json | render video - -o - > offer.mp4
  render probe offer.mp4 --json

Exit status:
  0  done
  1  system failure: trying again may help
  2  wrong usage
  3  invalid input: trying again cannot help";

/// Turns a sales quotation into a short vertical video.
#[derive(Debug, Parser)]
#[command(name = "render", version, about, after_help = EXAMPLES, max_term_width = 100)]
#[command(disable_help_subcommand = true, subcommand_required = true, arg_required_else_help = true)]
pub(super) struct CommandLine {
    #[command(subcommand)]
    pub(super) command: Command,

    #[command(flatten)]
    pub(super) reporting: ReportingArgs,
}

/// How to report, whatever the command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Reporting")]
pub(super) struct ReportingArgs {
    /// Print one JSON object on stdout, errors included
    #[arg(long, global = true)]
    pub(super) json: bool,

    /// Print no progress and no warnings
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Log to stderr what happens inside; twice for more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,

    #[command(flatten)]
    pub(super) log: LogArgs,
}

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one of it in the life of the program")]
pub(super) enum Command {
    /// Render the video and its thumbnail
    Video(VideoArgs),
    /// Render one frame as a PNG
    Still(StillArgs),
    /// Render the key moments of every scene as one PNG
    Sheet(SheetArgs),
    /// Render one frame, and again whenever the snapshot, its pictures or its template change
    Watch(WatchArgs),
    /// Report every problem of a snapshot, and render nothing
    Validate(SourceArgs),
    /// Check an MP4 against the delivery rules
    Probe(ProbeArgs),
    /// Print the JSON Schema of a document, for editors
    Schema(SchemaArgs),
    /// List the built-in templates, or describe one
    Templates(TemplatesArgs),
    #[command(flatten)]
    Job(JobCommand),
    /// Measure how long renders take, and where the time goes
    Bench(BenchArgs),
    /// Check this machine, the database and the storage: what works, and what to do about the rest
    Doctor(DoctorArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Render one order of a worker
    #[command(hide = true)]
    RenderOne(RenderOneArgs),
}

/// What to render, and how large and fast.
#[derive(Args, Debug)]
pub(super) struct SourceArgs {
    /// The quote snapshot, a JSON file; `-` reads stdin
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) snapshot: PathBuf,

    /// A built-in template, or a folder (a path with a `/`) that holds a template.json
    #[arg(short, long, value_name = "NAME|FOLDER", default_value = "quote-summary", value_hint = ValueHint::AnyPath)]
    pub(super) template: String,

    /// Sets a parameter of the template; may be given again for another one (see `render templates NAME`)
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(super) params: Vec<String>,

    /// Canvas in pixels, or its name: story, portrait, square, landscape
    #[arg(long, value_name = "SIZE", default_value = "1080x1920")]
    pub(super) size: CanvasSize,

    /// Frames a second
    #[arg(long, value_name = "RATE", default_value = "30", value_parser = ["24", "25", "30", "50", "60"])]
    pub(super) fps: String,

    /// Let logos and pictures be fetched from private and local addresses
    #[arg(long)]
    pub(super) allow_private_network: bool,

    #[command(flatten)]
    pub(super) fonts: FontsArgs,
}

/// The sizes on offer, each with a name to type instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CanvasSize {
    /// 9:16, for stories, reels and chats
    #[value(name = "1080x1920", alias = "story")]
    Story,
    /// 4:5, for feeds
    #[value(name = "1080x1350", alias = "portrait")]
    Portrait,
    /// 1:1
    #[value(name = "1080x1080", alias = "square")]
    Square,
    /// 16:9, for screens and mail
    #[value(name = "1920x1080", alias = "landscape")]
    Landscape,
}

#[derive(Args, Debug)]
pub(super) struct VideoArgs {
    #[command(flatten)]
    pub(super) source: SourceArgs,

    /// The video: .mp4, a looping teaser for e-mail of at most 1 MB as .webp or .gif, or .y4m for every composed frame,
    /// uncompressed; `-` writes an MP4 to stdout [default: the snapshot's name with .mp4, in this folder]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,

    /// What `-o -` writes
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<VideoFormat>,

    /// The frame at 1 s as a JPEG [default: beside an MP4, with .jpg]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "no_thumbnail")]
    pub(super) thumbnail: Option<PathBuf>,

    /// Write no thumbnail
    #[arg(long)]
    pub(super) no_thumbnail: bool,

    /// The same frame as a JPEG of at most 320 px and 200 kB
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) small_thumbnail: Option<PathBuf>,

    /// What is heard, for MP4: WAV, MP3, AAC, FLAC or Ogg, cut or repeated to fit, faded, brought to -16 LUFS
    /// [default: the template's own, if it has one]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "silent_audio")]
    pub(super) audio: Option<PathBuf>,

    /// Write a silent sound track, which some players and forms want
    #[arg(long)]
    pub(super) silent_audio: bool,

    /// Threads to render with [default: as many as this process may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) threads: Option<u16>,

    /// How much the encoder tries: time against bytes [default: balanced]
    #[arg(long, value_name = "PRESET")]
    pub(super) preset: Option<Preset>,

    /// Frames at a constant distance, or none where nothing moves (not every service takes that) [default: cfr]
    #[arg(long, value_name = "TIMING")]
    pub(super) timing: Option<Timing>,
}

#[derive(Args, Debug)]
pub(super) struct BenchArgs {
    /// Quotes to render [default: one that is built in]
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub(super) snapshots: Vec<PathBuf>,

    /// Renders of each kind
    #[arg(long, value_name = "N", default_value = "30", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(super) runs: u16,

    /// Threads of a render; several numbers are measured one after another [default: 1 and as many as there are]
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) threads: Vec<u16>,

    /// Renders at the same time, each in a process of its own
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) jobs: u16,

    /// How much the encoder tries
    #[arg(long, value_name = "PRESET", default_value = "balanced")]
    pub(super) preset: Preset,

    /// A built-in template, or a folder (a path with a `/`) that holds a template.json
    #[arg(short, long, value_name = "NAME|FOLDER", default_value = "quote-summary", value_hint = ValueHint::AnyPath)]
    pub(super) template: String,

    /// Sets a parameter of the template; may be given again for another one
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(super) params: Vec<String>,

    #[command(flatten)]
    pub(super) fonts: FontsArgs,

    /// Also write all figures to a file, as JSON
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
}

/// How much the encoder tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Preset {
    /// Least time, larger files
    Fast,
    /// The default
    Balanced,
    /// Smaller files and finer gradients, for more time
    Quality,
}

/// How frames lie in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Timing {
    /// Constant frame rate
    Cfr,
    /// Variable frame rate
    Vfr,
}

/// Ways to write moving pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum VideoFormat {
    /// H.264 in MP4
    Mp4,
    /// Uncompressed 4:2:0 frames
    Y4m,
    /// A teaser for e-mail as an animated WebP
    Webp,
    /// A teaser for e-mail as an animated GIF
    Gif,
}

#[derive(Args, Debug)]
pub(super) struct StillArgs {
    #[command(flatten)]
    pub(super) source: SourceArgs,

    /// When: seconds, such as 1s, 2.5 or 1500ms
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub(super) at: String,

    /// The picture, a .png; `-` writes to stdout [default: the snapshot's name with .png, in this folder]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct SheetArgs {
    #[command(flatten)]
    pub(super) source: SourceArgs,

    /// The picture, a .png; `-` writes to stdout [default: the snapshot's name with -sheet.png, in this folder]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct WatchArgs {
    #[command(flatten)]
    pub(super) source: SourceArgs,

    /// When: seconds, such as 1s, 2.5 or 1500ms
    #[arg(long, value_name = "TIME", default_value = "1s", conflicts_with = "sheet")]
    pub(super) at: String,

    /// The key moments of every scene instead of one frame
    #[arg(long)]
    pub(super) sheet: bool,

    /// The picture, a .png [default: the snapshot's name with .png or -sheet.png, in this folder]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct ProbeArgs {
    /// The MP4 to check
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) file: PathBuf,
}

#[derive(Args, Debug)]
pub(super) struct SchemaArgs {
    /// Which document
    pub(super) document: SchemaDocument,
}

#[derive(Args, Debug)]
pub(super) struct TemplatesArgs {
    /// A built-in template, or a folder (a path with a `/`): prints its parameters and what else it is made of
    #[arg(value_name = "NAME|FOLDER", value_hint = ValueHint::AnyPath)]
    pub(super) template: Option<String>,
}

/// Documents that have a JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaDocument {
    /// The quote
    Snapshot,
    /// The template
    Template,
}

#[derive(Args, Debug)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    pub(super) fonts: FontsArgs,

    #[command(flatten)]
    pub(super) database: DatabaseArgs,

    #[command(flatten)]
    pub(super) storage: StorageArgs,
}

#[derive(Args, Debug)]
pub(super) struct CompletionsArgs {
    /// Which shell
    pub(super) shell: Shell,
}

/// What a worker allows its child; every value is given.
#[derive(Args, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RenderOneArgs {
    /// Address space in bytes
    #[arg(long)]
    pub(super) memory_bytes: u64,

    /// Processor time in seconds
    #[arg(long)]
    pub(super) cpu_s: u64,

    /// Largest file in bytes
    #[arg(long)]
    pub(super) file_bytes: u64,

    /// Open files
    #[arg(long)]
    pub(super) open_files: u64,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_holds_together() {
        CommandLine::command().debug_assert();
    }
}
