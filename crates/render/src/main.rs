//! The program `render`. Everything it does lives in [`quotereel::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    quotereel::cli::main()
}
