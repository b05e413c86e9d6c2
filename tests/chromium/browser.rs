//! A headless Chromium with a profile of its own, ended with all its processes when it is dropped.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tempfile::TempDir;

/// Nothing that asks, listens or talks to others.
const OPTIONS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-sync",
    "--no-proxy-server",
    "--force-color-profile=srgb",
    "--autoplay-policy=no-user-gesture-required",
    "--mute-audio",
];

/// A running browser.
pub(crate) struct Browser {
    process: Child,
    folder: TempDir,
}

impl Browser {
    /// Opens a page.
    pub(crate) fn start(address: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let complaints = File::create(folder.path().join("stderr")).expect("just made");
        let process = Command::new("chromium")
            .args(OPTIONS)
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .arg(address)
            .env("HOME", folder.path())
            .env("TMPDIR", folder.path())
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(complaints)
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("Chromium does not start (apt-get install chromium): {error}"));
        Self { process, folder }
    }

    /// The end of what it wrote to stderr.
    pub(crate) fn complaints(&self) -> String {
        let all = std::fs::read(self.folder.path().join("stderr")).unwrap_or_default();
        String::from_utf8_lossy(&all[all.len().saturating_sub(4000)..]).into_owned()
    }

    /// Processes that left the group, as those do that wait for crashes. Their command lines name the folder, which no
    /// others do.
    fn strays(&self) -> Vec<Pid> {
        let name = self.folder.path().as_os_str().as_encoded_bytes();
        let names_folder = |entry: &std::fs::DirEntry| {
            let command_line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            command_line.windows(name.len()).any(|part| part == name)
        };
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pid = |entry: std::fs::DirEntry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?);
        entries.filter(names_folder).filter_map(pid).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Not waited for yet, so the number is still its own.
        if let Some(group) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            kill_process_group(group, Signal::KILL).ok();
        }
        self.process.wait().ok();
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let strays = self.strays();
            if strays.is_empty() || Instant::now() > deadline {
                break;
            }
            for stray in strays {
                kill_process(stray, Signal::KILL).ok();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
