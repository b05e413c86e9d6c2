//! Reads the bytes of a quote from a file or stdin, up to a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use anyhow::Context as _;

use super::failure::{Failure, unreadable};
use super::options::Input;

/// The bytes of a quote, and the folder that its `file` pictures are relative to.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) bytes: Vec<u8>,
    /// `None` for stdin: such a quote cannot name files.
    pub(super) folder: Option<PathBuf>,
}

/// Reads `input`, at most `limit_bytes` + 1 of it: the parser refuses what is too long.
///
/// # Errors
/// [`Failure::NotFound`] where there is no such file, [`Failure::System`] when it cannot be read.
pub(super) fn read(input: &Input, limit_bytes: usize) -> Result<Document, Failure> {
    match input {
        Input::Stdin => {
            let bytes = read_up_to(io::stdin().lock(), limit_bytes).context("cannot read the quote from stdin")?;
            Ok(Document { bytes, folder: None })
        }
        Input::File(path) => {
            let bytes = File::open(path).and_then(|file| read_up_to(file, limit_bytes));
            let bytes = bytes.map_err(|error| unreadable("the quote", path, error))?;
            Ok(Document { bytes, folder: Some(quotereel::files::folder_of(path).to_owned()) })
        }
    }
}

fn read_up_to(reader: impl Read, limit_bytes: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit_bytes as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_stops_one_byte_past_the_limit() {
        assert_eq!(read_up_to(io::repeat(7), 10).expect("readable").len(), 11);
        assert_eq!(read_up_to(&b"abc"[..], 10).expect("readable"), b"abc");
    }
}
