//! Worker processes: started, signalled, watched, and ended with the test.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use quotereel_jobs::job::JobId;
use rustix::process::{Pid, Signal, kill_process};

use crate::rig::{Rig, until};

/// How a worker will be started.
pub(crate) struct Plan {
    folder: PathBuf,
    spool: PathBuf,
    variables: BTreeMap<String, String>,
    arguments: Vec<String>,
    wrapper: Vec<String>,
}

/// A worker process.
pub(crate) struct Worker {
    child: Child,
    log: PathBuf,
    spool: PathBuf,
    ended: Option<ExitStatus>,
}

impl Rig {
    /// A worker with the spool of that name; two of one spool root take a spool each.
    pub(crate) fn worker(&self, spool: &str) -> Plan {
        let spool = self.folder.path().join("spools").join(spool);
        let plan = Plan {
            folder: self.folder.path().to_owned(),
            spool: spool.clone(),
            variables: self.environment().into_iter().collect(),
            arguments: vec!["worker".to_owned()],
            wrapper: Vec::new(),
        };
        plan.set("QUOTEREEL_SPOOL", &spool.display().to_string())
            .set("QUOTEREEL_CONCURRENCY", "1")
            .set("QUOTEREEL_RENDER_THREADS", "1")
            .set("QUOTEREEL_POLL", "100ms")
            .set("QUOTEREEL_RECONCILE", "1s")
            // Long, so that a busy machine loses no lease; a test that wants one to end says so.
            .set("QUOTEREEL_LEASE", "30s")
            .set("QUOTEREEL_HEARTBEAT", "500ms")
            .set("QUOTEREEL_MIN_FREE_MIB", "1")
            .set("NO_COLOR", "1")
    }

    /// Folders of jobs in all spools.
    pub(crate) fn spooled(&self) -> Vec<PathBuf> {
        let list = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        list(self.folder.path().join("spools")).flat_map(list).flat_map(list).filter(|path| path.is_dir()).collect()
    }
}

impl Plan {
    /// A setting by its variable.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// One more argument.
    pub(crate) fn with(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Started by another program, which gets this one's path and arguments after its own.
    pub(crate) fn through(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(|&part| part.to_owned()).collect();
        self
    }

    /// With a short lease.
    pub(crate) fn lease(self, seconds: u32) -> Self {
        self.set("QUOTEREEL_LEASE", &format!("{seconds}s"))
    }

    /// Starts it.
    pub(crate) fn start(self) -> Worker {
        let logs = self.folder.join("logs");
        fs::create_dir_all(&logs).expect("a folder");
        let log = logs.join(format!("{}.log", uuid::Uuid::now_v7().simple()));
        let file = File::create(&log).expect("a file");
        let mut words = self.wrapper.clone();
        words.push(env!("CARGO_BIN_EXE_render").to_owned());
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .args(&self.arguments)
            .env_clear()
            .envs(&self.variables)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(file.try_clone().expect("a file"))
            .stderr(file);
        Worker { child: command.spawn().expect("it starts"), log, spool: self.spool, ended: None }
    }
}

impl Worker {
    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it runs");
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.ended = Some(self.child.wait().expect("it ends"));
    }

    /// Waits for its end.
    pub(crate) async fn ends(&mut self) -> ExitStatus {
        let status = until("the worker ends", async || self.child.try_wait().expect("a child")).await;
        self.ended = Some(status);
        status
    }

    /// Asks it to end, and waits; it ends well.
    pub(crate) async fn stop(mut self) {
        self.signal(Signal::TERM);
        let status = self.ends().await;
        assert!(status.success(), "{status}");
    }

    /// Whether it still runs.
    pub(crate) fn lives(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// What it said so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).expect("a log")).into_owned()
    }

    /// Waits until it has said that.
    pub(crate) async fn says(&self, words: &str) {
        until(&format!("the worker says `{words}`"), async || self.log().contains(words).then_some(())).await;
    }

    /// Its renders at this moment.
    pub(crate) fn renders(&self) -> Vec<Pid> {
        let of = |pid: &str| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let parent = stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse::<i32>().ok()?;
            (parent == self.pid().as_raw_nonzero().get()).then(|| Pid::from_raw(pid.parse().ok()?)).flatten()
        };
        let entries = fs::read_dir("/proc").expect("a list of processes").flatten();
        entries.filter_map(|entry| of(&entry.file_name().to_string_lossy())).collect()
    }

    /// Waits until frames of that job are being drawn, and gives the process that draws them.
    pub(crate) async fn draws(&self, id: JobId) -> Pid {
        until("a render is at work", async || {
            let folder = spool_folder(&self.spool, id)?;
            let writes = fs::read_dir(&folder).ok()?.flatten().any(|entry| entry.path().is_file());
            let children = self.renders();
            children.into_iter().find(|pid| writes && has_open(*pid, &folder))
        })
        .await
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            println!("--- the worker said:\n{}", lines[lines.len().saturating_sub(60)..].join("\n"));
        }
        if self.ended.is_none() {
            // It may be stopped by a signal; this one it cannot miss.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Whether a process has a file of that folder open.
fn has_open(pid: Pid, folder: &Path) -> bool {
    let files = fs::read_dir(format!("/proc/{}/fd", pid.as_raw_nonzero())).into_iter().flatten().flatten();
    files.filter_map(|file| fs::read_link(file.path()).ok()).any(|file| file.starts_with(folder))
}

/// The folder of a job below a spool's root.
pub(crate) fn spool_folder(root: &Path, id: JobId) -> Option<PathBuf> {
    let spools = fs::read_dir(root).ok()?.flatten();
    let folders = spools.flat_map(|spool| fs::read_dir(spool.path()).into_iter().flatten().flatten());
    folders
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&id.to_string())))
}

/// Whether a process is there and no zombie.
pub(crate) fn lives(pid: Pid) -> bool {
    fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()))
        .is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| !rest.starts_with('Z')))
}

/// A port that nobody uses.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// One figure of a worker's metrics; 0 where there is none.
pub(crate) async fn figure(port: u16, name: &str) -> f64 {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let page =
        until("the metrics answer", async || client.get(format!("http://127.0.0.1:{port}/metrics")).send().await.ok())
            .await;
    let page = page.text().await.expect("text");
    let line = page.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0.0)
}

/// Status and body of one of a worker's pages.
pub(crate) async fn page(port: u16, path: &str) -> Option<(u16, String)> {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let answer = client.get(format!("http://127.0.0.1:{port}{path}")).send().await.ok()?;
    Some((answer.status().as_u16(), answer.text().await.ok()?))
}
