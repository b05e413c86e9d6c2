//! What was typed for the commands that write templates.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

/// Commands that write templates.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TemplatesCommand {
    /// Bring the JSON files of templates into one style
    Fmt(FmtArgs),
    /// Write a built-in template into a folder, as the start of one of your own
    Export(ExportArgs),
}

const FMT_STYLE: &str = "\
An object or list stands on one line if it fits within 100 characters; otherwise each member has a
line of its own. Order, numbers and texts stay as they are. If one file cannot be read, none is
written.

Examples:
  render templates fmt ./my-offer
  render templates fmt --check templates/*";

#[derive(Args, Debug)]
#[command(after_help = FMT_STYLE)]
pub(in crate::cli) struct FmtArgs {
    /// A template's folder (with its strings and parts), another folder of JSON files, or a file
    #[arg(required = true, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(in crate::cli) paths: Vec<PathBuf>,

    /// Write nothing: list the files that are not in the style, and exit with status 3 if there are any
    #[arg(long)]
    pub(in crate::cli) check: bool,
}

const EXPORT_NOTES: &str = "\
The folder holds the template's own files and strings/en.json, all the words it may say. Copy that
to strings/da.json and translate it, and the template speaks Danish.

Examples:
  render templates export quote-summary my-quote
  render still quote.json -t ./my-quote";

#[derive(Args, Debug)]
#[command(after_help = EXPORT_NOTES)]
pub(in crate::cli) struct ExportArgs {
    /// The built-in template; `render templates` lists them
    #[arg(value_name = "NAME")]
    pub(in crate::cli) template: String,

    /// The folder that becomes the template; new, or empty
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(in crate::cli) folder: PathBuf,

    /// Replace the template in a folder that is not empty: its template.json, strings and parts
    #[arg(long)]
    pub(in crate::cli) force: bool,
}
