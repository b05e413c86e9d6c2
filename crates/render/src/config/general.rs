//! Settings of commands that need no jobs: log lines and fonts.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::telemetry::LogFormat;

/// Log settings of every command.
#[derive(Args, Clone, Debug)]
pub(crate) struct LogArgs {
    /// Format of the log lines on stderr: text or json
    #[arg(
        long,
        global = true,
        env = "QUOTEREEL_LOG_FORMAT",
        hide_env_values = true,
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub(crate) log_format: LogFormat,

    /// Filter for log lines, such as info,quotereel_jobs::worker=debug; overrides -v and -q
    #[arg(long, global = true, env = "QUOTEREEL_LOG", hide_env_values = true, value_name = "FILTER")]
    pub(crate) log: Option<String>,
}

/// Fonts that are not bundled, for every command that renders.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct FontsArgs {
    /// Folder with fonts for characters that the bundled fonts lack: Chinese, Japanese, Korean
    #[arg(long, env = "QUOTEREEL_FONTS", hide_env_values = true, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub(crate) fonts: Option<PathBuf>,
}
