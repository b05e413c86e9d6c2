//! The command line as clap reads it. Options are checked against each other in [`super::options`].

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use super::jobs::args::{JobCommand, ServicesArgs};
use super::template_name::TemplateName;
use super::templates::args::TemplatesCommand;
use crate::config::{FontsArgs, LogArgs};

const EXAMPLES: &str = "\
Examples:
  render video quote.json
  render video quote.json -o offer.mp4 --size square --fps 25
  render still quote.json --at 2.5s -o frame.png
  cat quote.json | render video - -o - > offer.mp4
  render probe offer.mp4 --json

Exit status:
  0  done
  1  system failure or temporary limit: a retry may help
  2  wrong usage
  3  invalid input: a retry cannot help";

/// Turn a sales quotation into a short vertical video
#[derive(Debug, Parser)]
#[command(name = "render", version, after_help = EXAMPLES, max_term_width = 100)]
#[command(disable_help_subcommand = true, subcommand_required = true, arg_required_else_help = true)]
pub(super) struct CommandLine {
    #[command(subcommand)]
    pub(super) command: Command,

    #[command(flatten)]
    pub(super) reporting: ReportingArgs,
}

/// Options of every command for reports and logs.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Reporting")]
pub(super) struct ReportingArgs {
    /// Print one JSON object on stdout, errors included
    #[arg(long, global = true)]
    pub(super) json: bool,

    /// Print no progress and no warnings
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Verbose log on stderr; -vv for more
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,

    #[command(flatten)]
    pub(super) log: LogArgs,
}

#[derive(Debug, Subcommand)]
#[cfg_attr(feature = "jobs", expect(clippy::large_enum_variant, reason = "a process makes only one"))]
pub(super) enum Command {
    /// Render the video and its thumbnail
    Video(VideoArgs),
    /// Render one frame as a PNG
    Still(StillArgs),
    /// Render the key moments of every scene as one PNG
    Sheet(SheetArgs),
    /// Render one frame again whenever the quote, its pictures or its template change
    Watch(WatchArgs),
    /// Report every problem of a quote without rendering it
    Validate(SourceArgs),
    /// Check an MP4 against the delivery rules
    Probe(ProbeArgs),
    /// Print the JSON Schema of quotes or templates, for editors and validators
    Schema(SchemaArgs),
    /// List the built-in templates, describe or export one, or format the files of a template
    Templates(TemplatesArgs),
    #[command(flatten)]
    Job(JobCommand),
    /// Measure how long renders take, stage by stage
    Bench(BenchArgs),
    /// Check everything this program needs, and say how to fix what fails
    Doctor(DoctorArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// What to render, its size and its frame rate.
#[derive(Args, Debug)]
pub(super) struct SourceArgs {
    /// The quote, a JSON file; `-` reads stdin
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) snapshot: PathBuf,

    /// A built-in template (see `render templates`), or a folder with a template.json, given as a path with a `/`
    #[arg(short, long, value_name = "NAME|FOLDER", default_value = "quote-summary", value_parser = TemplateName)]
    #[arg(value_hint = ValueHint::AnyPath, hide_possible_values = true)]
    pub(super) template: String,

    /// Set a parameter of the template (see `render templates NAME`); repeat for several
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(super) params: Vec<String>,

    /// Width and height in pixels, or a name: story, portrait, square, landscape
    #[arg(long, value_name = "SIZE", default_value = "1080x1920")]
    pub(super) size: CanvasSize,

    /// Frames per second
    #[arg(long, value_name = "RATE", default_value = "30", value_parser = ["24", "25", "30", "50", "60"])]
    pub(super) fps: String,

    /// Allow logos and pictures from private and local network addresses
    #[arg(long)]
    pub(super) allow_private_network: bool,

    #[command(flatten)]
    pub(super) fonts: FontsArgs,
}

/// The supported sizes, each with a name.
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

    /// The video: .mp4; .webp or .gif for a looping e-mail teaser of at most 1 MB; .y4m for uncompressed frames; `-`
    /// writes to stdout, as --format says [default: the quote's name with .mp4, in this folder]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,

    /// Format for `-o -` [default: mp4]
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<VideoFormat>,

    /// Thumbnail: the frame at 1 s, as a JPEG [default: the name of the MP4 with .jpg]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "no_thumbnail")]
    pub(super) thumbnail: Option<PathBuf>,

    /// Write no thumbnail
    #[arg(long)]
    pub(super) no_thumbnail: bool,

    /// Small thumbnail: the same frame as a JPEG of at most 320 px a side and 200 kB
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) small_thumbnail: Option<PathBuf>,

    /// Audio file (MP4 only): WAV, MP3, AAC, FLAC or Ogg; cut or repeated to the video's length, faded, and set to -16
    /// LUFS [default: the template's audio, if it has any]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "silent_audio")]
    pub(super) audio: Option<PathBuf>,

    /// Write a silent audio track, which some players and upload forms require
    #[arg(long)]
    pub(super) silent_audio: bool,

    /// Render threads [default: all processors this process may use]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) threads: Option<u16>,

    /// Encoder effort: more makes smaller files and takes longer [default: balanced]
    #[arg(long, value_name = "PRESET")]
    pub(super) preset: Option<Preset>,

    /// Constant or variable frame rate; some services refuse a variable one [default: cfr]
    #[arg(long, value_name = "TIMING")]
    pub(super) timing: Option<Timing>,
}

#[derive(Args, Debug)]
pub(super) struct BenchArgs {
    /// Quotes to render [default: a built-in sample]
    #[arg(value_name = "SNAPSHOT", value_hint = ValueHint::FilePath)]
    pub(super) snapshots: Vec<PathBuf>,

    /// Renders of each kind (cold: a new process, warm: the same process)
    #[arg(long, value_name = "N", default_value = "30", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(super) runs: u16,

    /// Render threads; several numbers are measured in turn [default: 1 and all processors]
    #[arg(long, value_name = "N,…", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) threads: Vec<u16>,

    /// Renders at the same time, each in its own process
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(super) jobs: u16,

    /// Encoder effort
    #[arg(long, value_name = "PRESET", default_value = "balanced")]
    pub(super) preset: Preset,

    /// A built-in template (see `render templates`), or a folder with a template.json, given as a path with a `/`
    #[arg(short, long, value_name = "NAME|FOLDER", default_value = "quote-summary", value_parser = TemplateName)]
    #[arg(value_hint = ValueHint::AnyPath, hide_possible_values = true)]
    pub(super) template: String,

    /// Set a parameter of the template; repeat for several
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(super) params: Vec<String>,

    #[command(flatten)]
    pub(super) fonts: FontsArgs,

    /// Also write all figures to this file, as JSON
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
}

/// Encoder effort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Preset {
    /// Fastest, larger files
    Fast,
    /// A compromise
    Balanced,
    /// Smallest files and smoothest gradients, slowest
    Quality,
}

/// Frame timing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Timing {
    /// Constant frame rate
    Cfr,
    /// Variable frame rate
    Vfr,
}

/// Formats of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum VideoFormat {
    /// H.264 in MP4
    Mp4,
    /// Uncompressed 4:2:0 frames (YUV4MPEG2)
    Y4m,
    /// E-mail teaser: an animated WebP
    Webp,
    /// E-mail teaser: an animated GIF
    Gif,
}

#[derive(Args, Debug)]
pub(super) struct StillArgs {
    #[command(flatten)]
    pub(super) source: SourceArgs,

    /// Time of the frame in the video, such as 1s, 2.5 (seconds) or 1500ms
    #[arg(long, value_name = "TIME", default_value = "1s")]
    pub(super) at: String,

    /// The picture, a .png; `-` writes to stdout [default: the quote's name with .png, in this folder]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct SheetArgs {
    #[command(flatten)]
    pub(super) source: SourceArgs,

    /// The picture, a .png; `-` writes to stdout [default: the quote's name with -sheet.png, in this folder]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(mut_arg("snapshot", |snapshot| snapshot.help("The quote, a JSON file")))]
pub(super) struct WatchArgs {
    #[command(flatten)]
    pub(super) source: SourceArgs,

    /// Time of the frame in the video, such as 1s, 2.5 (seconds) or 1500ms
    #[arg(long, value_name = "TIME", default_value = "1s", conflicts_with = "sheet")]
    pub(super) at: String,

    /// Render the key moments of every scene instead of one frame
    #[arg(long)]
    pub(super) sheet: bool,

    /// The picture, a .png [default: the quote's name with .png or -sheet.png, in this folder]
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
    /// Kind of document
    pub(super) document: SchemaDocument,
}

#[derive(Args, Debug)]
#[command(disable_help_subcommand = true, override_usage = TEMPLATES_USAGE)]
pub(super) struct TemplatesArgs {
    /// Describe this built-in template, or the template in this folder (a path with a `/`), and its parameters
    #[arg(value_name = "NAME|FOLDER", value_parser = TemplateName, hide_possible_values = true)]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(super) template: Option<String>,

    #[command(subcommand)]
    pub(super) command: Option<TemplatesCommand>,
}

const TEMPLATES_USAGE: &str = "\
render templates [OPTIONS] [NAME|FOLDER]
       render templates fmt [--check] <PATH>...
       render templates export [--force] <NAME> <FOLDER>";

/// Documents with a JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaDocument {
    /// A quote
    Snapshot,
    /// A template
    Template,
}

#[derive(Args, Debug)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    pub(super) fonts: FontsArgs,

    #[command(flatten)]
    pub(super) services: ServicesArgs,
}

#[derive(Args, Debug)]
pub(super) struct CompletionsArgs {
    /// The shell
    pub(super) shell: Shell,
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
