//! One run of `render` in an empty folder with an empty folder for temporary files, and what is left there afterwards.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// After this a run is killed and its test fails. The promise for bad input is 2 s; the rest is for loaded machines.
const PATIENCE: Duration = Duration::from_secs(120);

/// An empty working folder and an empty folder for temporary files.
pub(crate) struct Bench {
    root: TempDir,
}

/// A run that has ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(root.path().join("work")).expect("a folder");
        std::fs::create_dir(root.path().join("temporary")).expect("a folder");
        Self { root }
    }

    /// The folder that `render` is started in.
    pub(crate) fn work(&self) -> PathBuf {
        self.root.path().join("work")
    }

    /// Puts a file into the working folder.
    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, content).expect("written");
        path
    }

    /// Everything in both folders, as sorted paths relative to their root.
    pub(crate) fn listing(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(self.root.path(), self.root.path(), &mut found);
        found.sort();
        found
    }

    /// `program` as it will be started, without arguments.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.work())
            .env("TMPDIR", self.root.path().join("temporary"))
            .env("QUOTEREEL_DATA", self.root.path().join("data"))
            .env_remove("QUOTEREEL_FONTS")
            .env_remove("COLUMNS")
            .env_remove("NO_COLOR")
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs `render` with arguments separated by blanks.
    pub(crate) fn render(&self, arguments: &str) -> Run {
        let mut command = self.command(env!("CARGO_BIN_EXE_render"));
        command.args(arguments.split_whitespace());
        finish(command.spawn().expect("render starts"), b"")
    }

    /// Runs `render` with arguments separated by blanks and `input` on stdin.
    pub(crate) fn render_with_stdin(&self, arguments: &str, input: &[u8]) -> Run {
        let mut command = self.command(env!("CARGO_BIN_EXE_render"));
        command.args(arguments.split_whitespace()).stdin(Stdio::piped());
        finish(command.spawn().expect("render starts"), input)
    }

    /// Runs a shell script; `$RENDER` is the program.
    pub(crate) fn shell(&self, script: &str) -> Run {
        let mut command = self.command("bash");
        command.args(["-c", script]).env("RENDER", env!("CARGO_BIN_EXE_render"));
        finish(command.spawn().expect("bash starts"), b"")
    }
}

fn list(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path == root.join("data") {
            // The embedded database and its storage, where a command makes them.
        } else if path.is_dir() {
            list(root, &path, found);
        } else {
            found.push(path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned());
        }
    }
}

/// Feeds and reads a child until it ends; kills it when that takes too long.
pub(crate) fn finish(mut child: Child, input: &[u8]) -> Run {
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let stdin = child.stdin.take();
    thread::scope(|scope| {
        let stdout = scope.spawn(move || read(stdout));
        let stderr = scope.spawn(move || read(stderr));
        if let Some(mut stdin) = stdin {
            // The program may refuse after the first bytes and close its end: no fault of the test.
            drop(stdin.write_all(input));
        }
        let status = wait(&mut child);
        let stderr = String::from_utf8(stderr.join().expect("read")).expect("UTF-8");
        Run { status, stdout: stdout.join().expect("read"), stderr }
    })
}

fn read(stream: Option<impl Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        stream.read_to_end(&mut bytes).expect("readable");
    }
    bytes
}

fn wait(child: &mut Child) -> ExitStatus {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child") {
            return status;
        }
        if started.elapsed() > PATIENCE {
            child.kill().expect("killed");
            child.wait().expect("reaped");
            panic!("render had not ended after {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

impl Run {
    /// The exit status; panics when a signal ended the run.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by a signal: {self:?}"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("UTF-8")
    }

    /// stdout as one JSON object on one line.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.text().lines().count(), 1, "{self:?}");
        serde_json::from_str(self.text()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts the exit status, showing everything when it is another.
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{}\n{}", self.stderr, String::from_utf8_lossy(&self.stdout));
        self
    }

    /// Asserts that stderr contains each of `parts`.
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not in:\n{}", self.stderr);
        }
        self
    }
}
