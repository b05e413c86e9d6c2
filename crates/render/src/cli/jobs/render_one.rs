//! `render render-one`: the child process of a worker, not for users; see [`quotereel_jobs::worker::render`].

use std::time::Duration;

use anyhow::Context as _;

use super::args::RenderOneArgs;
use crate::cli::failure::Failure;
use quotereel_jobs::worker::{self, ChildLimits};

/// Limits the process, then renders the one job on stdin.
///
/// # Errors
/// [`Failure::System`]; errors of the quote or the template are reported on stdout.
pub(super) fn run(args: &RenderOneArgs) -> Result<(), Failure> {
    let limits = ChildLimits {
        memory_bytes: args.memory_bytes,
        cpu: Duration::from_secs(args.cpu_s),
        file_bytes: args.file_bytes,
        open_files: args.open_files,
        ..ChildLimits::default()
    };
    worker::confine(&limits).context("cannot limit this process")?;
    worker::serve().context("the worker cannot be reached")?;
    Ok(())
}
