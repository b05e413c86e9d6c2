//! The backend's folder: its files, its packages, the programs that run in it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::blocks::Blocks;

const LOCK: &str = include_str!("package-lock.json");
/// Time after which a script is ended, in seconds.
const PATIENCE_S: &str = "240";
/// How long a program has to end by itself.
const GRACE: Duration = Duration::from_secs(10);

/// The folder.
pub(crate) struct Project {
    pub(crate) folder: PathBuf,
    path: OsString,
    superuser: String,
}

/// A program in the background; it ends with this value.
pub(crate) struct Running {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Project {
    /// A folder with no files but the packages of an earlier run; scripts find `superuser` in SUPERUSER_DATABASE.
    pub(crate) fn new(superuser: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("integration_guide");
        fs::create_dir_all(&folder).expect("a folder");
        for entry in fs::read_dir(&folder).expect("its entries").flatten() {
            let path = entry.path();
            match path.is_dir() {
                _ if entry.file_name() == "node_modules" => {}
                true => fs::remove_dir_all(path).expect("an old folder goes"),
                false => fs::remove_file(path).expect("an old file goes"),
            }
        }
        let render = Path::new(env!("CARGO_BIN_EXE_render")).parent().expect("it is in a folder").to_owned();
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let path = [render, node()].into_iter().chain(std::env::split_paths(&inherited));
        Self { path: std::env::join_paths(path).expect("no colon in a path"), folder, superuser: superuser.to_owned() }
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Writes a file of the document with some of its words replaced; each must be there.
    pub(crate) fn write_with(&self, blocks: &Blocks, name: &str, replacements: &[(&str, &str)]) {
        let mut text = blocks.file(name).to_owned();
        for (from, to) in replacements {
            assert!(text.contains(from), "{name} has no `{from}`");
            text = text.replace(from, to);
        }
        self.write(name, &text);
    }

    /// Writes a file of settings with other values. The names must be those that the document has, no more and no less.
    pub(crate) fn write_settings(&self, blocks: &Blocks, name: &str, values: &[(&str, &str)]) {
        let mut left = values.to_vec();
        let lines = blocks.file(name).lines().map(|line| {
            let Some((variable, _)) = line.split_once('=').filter(|_| !line.starts_with('#')) else {
                return line.to_owned();
            };
            let found = left.iter().position(|(name, _)| *name == variable.trim_start_matches("export "));
            let (_, value) = left.remove(found.unwrap_or_else(|| panic!("{name} has {variable}, unknown to the test")));
            format!("{variable}={value}")
        });
        let text = lines.collect::<Vec<_>>().join("\n") + "\n";
        assert!(left.is_empty(), "{name} does not name {left:?}");
        self.write(name, &text);
    }

    /// Writes the script that builds, so that it installs the packages of the lock file; or none where they are there.
    pub(crate) fn write_build(&self, blocks: &Blocks) {
        self.write("package-lock.json", LOCK);
        let wanted = LOCK.to_owned() + blocks.file("package.json");
        let installed = self.folder.join("node_modules/.quotereel");
        let there = fs::read_to_string(&installed).is_ok_and(|text| text == wanted);
        let install = if there {
            "true"
        } else {
            "npm ci --ignore-scripts --prefer-offline --no-audit --no-fund && cp .quotereel node_modules/"
        };
        self.write(".quotereel", &wanted);
        self.write_with(blocks, "build.sh", &[("npm install", install)]);
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let own = |name: &OsString| ["QUOTEREEL_", "AWS_"].iter().any(|own| name.to_string_lossy().starts_with(own));
        for (name, _) in std::env::vars_os().filter(|(name, _)| own(name)) {
            command.env_remove(name);
        }
        command.current_dir(&self.folder).env("PATH", &self.path).env("NO_PROXY", "127.0.0.1").stdin(Stdio::null());
        command.env("SUPERUSER_DATABASE", &self.superuser);
        // As the document says for networks that do not let a program be downloaded.
        command.env("PRISMA_SCHEMA_ENGINE_BINARY", "package.json");
        // Not part of the settings: no other worker on this machine is in the way.
        command.env("QUOTEREEL_METRICS", "off").env("QUOTEREEL_DATA", self.folder.join("data"));
        command
    }

    /// Runs a program to its end.
    pub(crate) fn output(&self, program: &str, arguments: &[&str]) -> Output {
        let run = self.command("timeout").arg(PATIENCE_S).arg(program).args(arguments).output();
        run.unwrap_or_else(|error| panic!("{program}: {error}"))
    }

    /// Runs a script of the document; gives what it prints on stdout.
    pub(crate) fn script(&self, name: &str) -> String {
        let output = self.output("sh", &["-eu", name]);
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{name}: {}\n{out}\n{err}", output.status);
        out.into_owned()
    }

    /// Starts a script of the document that goes on until it is stopped.
    pub(crate) fn start(&self, name: &'static str) -> Running {
        let log = self.folder.join(format!("{name}.log"));
        let out = File::create(&log).expect("a log");
        let err = out.try_clone().expect("the same file");
        let child = self.command("sh").args(["-eu", name]).stdout(out).stderr(err).spawn();
        Running { name, child: child.unwrap_or_else(|error| panic!("{name}: {error}")), log }
    }
}

/// The folder of `node` and `npm`.
fn node() -> PathBuf {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/servers/node.sh");
    let run = Command::new(script).output().expect("node.sh starts");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    PathBuf::from(String::from_utf8_lossy(&run.stdout).trim())
}

impl Drop for Running {
    fn drop(&mut self) {
        let Ok(None) = self.child.try_wait() else { return };
        let asked = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let began = Instant::now();
        while asked.is_ok() && began.elapsed() < GRACE && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            println!("--- {}\n{}", self.name, fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

#[test]
fn the_lock_file_names_no_registry() {
    assert!(LOCK.contains("\"integrity\""), "its packages are pinned");
    assert!(!LOCK.contains("\"resolved\""), "where a package comes from is for the machine to say");
}
