//! The program `render`: arguments in, one command carried out, an exit status out.

mod cli;
mod config;
mod telemetry;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
