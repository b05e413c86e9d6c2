//! Reads a snapshot from a file or stdin, up to a limit. What the bytes mean is decided elsewhere.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use anyhow::{Context as _, anyhow};

use super::failure::Failure;
use super::options::Input;

/// A snapshot as it came: its bytes, and the folder that its `file` assets are relative to.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) bytes: Vec<u8>,
    /// `None` for stdin: no file may be named there.
    pub(super) folder: Option<PathBuf>,
}

/// Reads all of `input`, or the first `limit_bytes` + 1 of it: the reader of the document refuses what is too long.
///
/// # Errors
/// [`Failure::System`] when it cannot be read.
pub(super) fn read(input: &Input, limit_bytes: usize) -> Result<Document, Failure> {
    match input {
        Input::Stdin => {
            let bytes = read_up_to(io::stdin().lock(), limit_bytes).context("cannot read the snapshot from stdin")?;
            Ok(Document { bytes, folder: None })
        }
        Input::File(path) => {
            let cannot_read = || format!("cannot read the snapshot {}", path.display());
            if path.is_dir() {
                return Err(anyhow!("it is a folder").context(cannot_read()).into());
            }
            let bytes = File::open(path).and_then(|file| read_up_to(file, limit_bytes)).with_context(cannot_read)?;
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
