//! Renders in child processes of the real program: whatever a child does, the worker gets one verdict and no stray file.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quotereel::TemplateChoice;
use quotereel::ground::geometry::Size;
use quotereel::ground::time::FrameRate;
use quotereel::video::probe;
use quotereel_jobs::job::FailureCode;
use quotereel_jobs::worker::{
    ChildLimits, NotRendered, Program, RenderRequest, RenderedFile, RenderedFiles, Verdict, render,
};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;

/// After this a test gives up. What it waits for takes milliseconds; the rest is for loaded machines.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with an empty output folder and templates.
struct Bench {
    root: TempDir,
}

impl Bench {
    fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(root.path().join("out")).expect("made");
        Self { root }
    }

    fn out(&self) -> PathBuf {
        self.root.path().join("out")
    }

    /// A template that moves from its first to its last frame, so that every frame takes its time.
    fn template(&self, seconds: f64) -> TemplateChoice {
        let folder = self.root.path().join("moving");
        std::fs::create_dir_all(folder.join("strings")).expect("made");
        std::fs::write(folder.join("strings/en.json"), "{}").expect("written");
        std::fs::write(folder.join("template.json"), moving(seconds).to_string()).expect("written");
        TemplateChoice::Folder(folder)
    }

    /// A small and short video.
    fn request(&self, seconds: f64) -> RenderRequest {
        RenderRequest {
            input: text(&quote()),
            template: self.template(seconds),
            fonts: None,
            size: Size::new(1080, 1080),
            frame_rate: FrameRate::new(24).expect("offered"),
            threads: NonZeroUsize::new(2).expect("not zero"),
            output_folder: self.out(),
            asset_files: BTreeMap::new(),
            allow_private_network: false,
            limits: ChildLimits { wall: PATIENCE, ..ChildLimits::default() },
        }
    }

    /// A program that says `script`'s words instead of rendering.
    fn pretender(&self, script: &str) -> Program {
        let path = self.root.path().join("pretender");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("executable");
        Program::at(path)
    }

    #[track_caller]
    fn expect_no_file(&self) {
        assert_eq!(names(&self.out()), [""; 0]);
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn quote() -> Value {
    json!({
        "schemaVersion": 1, "companyId": "cmp_01", "locale": "es-CL", "currency": "CLP",
        "quote": { "id": "q_01", "number": "COT-1", "status": "ISSUED", "issuedAt": "2026-11-20" },
        "company": { "name": "Solar del Sur" }, "customer": { "name": "Viña Los Robles" },
        "items": [{ "name": "Panel" }], "totals": { "total": "2000" }
    })
}

fn text(quote: &Value) -> Arc<str> {
    quote.to_string().into()
}

fn moving(seconds: f64) -> Value {
    json!({
        "formatVersion": 1, "name": "moving", "version": "1", "description": "Moves.",
        "duration": { "min": seconds, "max": seconds },
        "transition": { "kind": "none" },
        "scenes": [{
            "id": "only", "duration": { "min": seconds, "max": seconds }, "fill": "#102030",
            "children": [
                { "type": "shape", "surface": { "fill": "#F5A623" }, "layout": { "width": 400, "height": 400 },
                  "motion": { "keyframes": { "x": [{ "t": 0, "v": 0 }, { "t": seconds, "v": 600 }],
                                             "rotation": [{ "t": 0, "v": 0 }, { "t": seconds, "v": 360 }] } } },
                { "type": "image", "source": "company.logo", "monogram": "{{ company.name }}",
                  "layout": { "width": 200, "height": 200 } }
            ]
        }]
    })
}

fn program() -> Program {
    Program::at(env!("CARGO_BIN_EXE_render"))
}

async fn uncancelled(program: &Program, request: RenderRequest) -> Result<RenderedFiles, NotRendered> {
    let (_never, cancel) = watch::channel(false);
    render(program, request, cancel, |_| ()).await
}

#[track_caller]
fn failure(end: Result<RenderedFiles, NotRendered>) -> Verdict {
    match end {
        Err(NotRendered::Failed(verdict)) => verdict,
        other => panic!("{other:?}"),
    }
}

/// The child of this process that was started with `--open-files NUMBER`.
fn child_with(open_files: u64) -> i32 {
    let wanted = format!("--open-files\0{open_files}\0");
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        for entry in std::fs::read_dir("/proc").expect("Linux").flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
            if std::fs::read_to_string(entry.path().join("cmdline")).is_ok_and(|line| line.contains(&wanted)) {
                return pid;
            }
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("no child with {open_files} open files");
}

fn send(signal: Signal, pid: i32) {
    kill_process(Pid::from_raw(pid).expect("a process"), signal).expect("sent");
}

/// Waits until a process has ended; one that nobody has reaped has ended as well.
#[track_caller]
fn expect_end_of(pid: i32) {
    let started = Instant::now();
    loop {
        match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
            Err(_) => return,
            Ok(stat) if stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')) => return,
            Ok(stat) => assert!(started.elapsed() < PATIENCE, "still there: {stat}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Renders `request` and does `act` once, when drawing has begun.
async fn at_first_frame(
    request: RenderRequest,
    act: impl FnOnce(&watch::Sender<bool>),
) -> Result<RenderedFiles, NotRendered> {
    let (cancel, cancelled) = watch::channel(false);
    let mut act = Some(act);
    render(&program(), request, cancelled, |_| {
        if let Some(act) = act.take() {
            act(&cancel);
        }
    })
    .await
}

#[tokio::test]
async fn a_child_makes_the_same_video_as_the_command_and_tells_how_far_it_is() {
    let bench = Bench::new();
    let request = bench.request(2.0);
    let mut told = Vec::new();
    let (_never, cancel) = watch::channel(false);
    let files = render(&program(), request.clone(), cancel, |percent| told.push(percent)).await.expect("rendered");
    assert_eq!(told.first(), Some(&0));
    assert!(told.is_sorted_by(|a, b| a < b) && told.last().is_some_and(|last| (50..=99).contains(last)), "{told:?}");
    assert_eq!(names(&bench.out()), ["thumbnail.jpg", "video.mp4"]);
    assert_eq!(RenderedFile::of(&files.video_path).expect("readable"), files.video);
    assert_eq!(RenderedFile::of(&files.thumbnail_path).expect("readable"), files.thumbnail);
    assert_eq!((files.frames, files.duration_ms), (48, 2000));
    assert!(files.times.prepare > 0.0 && files.times.wall >= files.times.render, "{:?}", files.times);
    assert!(probe::probe(&files.video_path).expect("readable").broken().next().is_none());

    std::fs::write(bench.root.path().join("q.json"), quote().to_string()).expect("written");
    let direct = Command::new(env!("CARGO_BIN_EXE_render"))
        .current_dir(bench.root.path())
        .args(["video", "q.json", "-t", "./moving", "-o", "x.mp4", "--size", "square", "--fps", "24"])
        .output()
        .expect("render starts");
    assert!(direct.status.success(), "{}", String::from_utf8_lossy(&direct.stderr));
    assert_eq!(RenderedFile::of(&bench.root.path().join("x.mp4")).expect("written"), files.video);
    assert_eq!(RenderedFile::of(&bench.root.path().join("x.jpg")).expect("written"), files.thumbnail);
}

#[tokio::test]
async fn a_child_takes_the_sound_of_its_template() {
    let bench = Bench::new();
    let request = bench.request(2.0);
    let folder = bench.root.path().join("moving");
    let mut template = moving(2.0);
    template["audio"] = "music.ogg".into();
    std::fs::write(folder.join("template.json"), template.to_string()).expect("written");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "sine=frequency=440:duration=3"])
        .arg(folder.join("music.ogg"))
        .status();
    assert!(made.expect("ffmpeg is installed").success());
    let files = uncancelled(&program(), request.clone()).await.expect("rendered");
    let report = probe::probe(&files.video_path).expect("readable");
    assert!(report.broken().next().is_none(), "{:#?}", report.rules);
    assert_eq!(report.facts.audio.len(), 1);

    std::fs::write(folder.join("music.ogg"), "noise").expect("written");
    let verdict = failure(uncancelled(&program(), request).await);
    assert_eq!(verdict.failure.code, FailureCode::TemplateFailed);
    assert!(verdict.failure.detail.contains("music.ogg"), "{}", verdict.failure);
    bench.expect_no_file();
}

#[tokio::test]
async fn a_cancel_stops_a_render_and_leaves_nothing() {
    let bench = Bench::new();
    let end = at_first_frame(bench.request(60.0), |cancel| cancel.send(true).expect("listened to")).await;
    assert_eq!(end.expect_err("cancelled"), NotRendered::Cancelled);
    bench.expect_no_file();

    // Before it starts, and while it does not listen.
    let (_sender, cancelled) = watch::channel(true);
    let end = render(&program(), bench.request(60.0), cancelled, |_| ()).await;
    assert_eq!(end.expect_err("cancelled"), NotRendered::Cancelled);
    let (cancel, cancelled) = watch::channel(false);
    let deaf = bench.pretender("echo '{\"progress\":0}'; exec sleep 600");
    let end = render(&deaf, bench.request(60.0), cancelled, |_| cancel.send(true).expect("listened to")).await;
    assert_eq!(end.expect_err("cancelled"), NotRendered::Cancelled);
}

#[tokio::test]
async fn a_render_that_nobody_waits_for_is_killed() {
    let bench = Bench::new();
    let mut request = bench.request(60.0);
    request.limits.open_files = 201;
    let (begun, mut has_begun) = watch::channel(false);
    let mut rendering = Box::pin(at_first_frame(request, |_| begun.send(true).expect("listened to")));
    tokio::select! {
        end = &mut rendering => panic!("{end:?}"),
        _ = has_begun.wait_for(|begun| *begun) => {}
    }
    let pid = child_with(201);
    drop(rendering);
    expect_end_of(pid);
    bench.expect_no_file();
}

#[test]
fn a_child_whose_worker_is_killed_ends_and_leaves_nothing() {
    let bench = Bench::new();
    bench.template(60.0);
    let root = bench.root.path();
    let snapshot = quote().to_string();
    let order = json!({
        "snapshotBytes": snapshot.len(), "template": { "folder": root.join("moving") }, "width": 1080, "height": 1080,
        "framesASecond": 24, "threads": 2, "outputFolder": bench.out(), "assetFiles": {},
        "allowPrivateNetwork": false, "wallMs": 600_000
    });
    std::fs::write(root.join("order"), format!("{order}\n{snapshot}")).expect("written");
    // The shell is the worker: it alone holds the child's stdin open. stdout is a file, so that only stdin can tell.
    let script = "mkfifo in; \"$RENDER\" render-one --memory-bytes 2147483648 --cpu-s 600 --file-bytes 67108864 \
        --open-files 202 < in > told & exec 3> in; cat order >&3; wait";
    let mut worker = Command::new("bash")
        .args(["-c", script])
        .env("RENDER", env!("CARGO_BIN_EXE_render"))
        .current_dir(root)
        .spawn()
        .expect("bash starts");
    let child = child_with(202);
    let started = Instant::now();
    while names(&bench.out()).is_empty()
        || !std::fs::read_to_string(root.join("told")).is_ok_and(|told| told.len() > 15)
    {
        assert!(started.elapsed() < PATIENCE, "the child does not draw");
        std::thread::sleep(Duration::from_millis(5));
    }
    worker.kill().expect("killed");
    worker.wait().expect("reaped");
    expect_end_of(child);
    bench.expect_no_file();
    assert!(!std::fs::read_to_string(root.join("told")).expect("there").contains("done"));
}

#[tokio::test]
async fn a_child_that_hangs_is_killed_when_its_time_is_up() {
    let bench = Bench::new();
    let mut request = bench.request(60.0);
    request.limits = ChildLimits { open_files: 203, wall: Duration::from_secs(4), ..request.limits };
    let mut pid = 0;
    let end = at_first_frame(request, |_| {
        pid = child_with(203);
        send(Signal::STOP, pid);
    })
    .await;
    assert_eq!(failure(end).failure.code, FailureCode::RenderTimedOut);
    expect_end_of(pid);
    bench.expect_no_file();
}

#[tokio::test]
async fn a_child_that_uses_more_than_its_limits_ends_alone() {
    let bench = Bench::new();
    for memory_bytes in [1 << 20, 150 << 20] {
        let mut request = bench.request(5.0);
        request.limits.memory_bytes = memory_bytes;
        let verdict = failure(uncancelled(&program(), request).await);
        assert_eq!(verdict.failure.code, FailureCode::RenderCrashed, "{memory_bytes}: {}", verdict.failure);
        bench.expect_no_file();
    }

    let mut request = bench.request(5.0);
    request.limits.file_bytes = 4096;
    let verdict = failure(uncancelled(&program(), request).await);
    assert_eq!(verdict.failure.code, FailureCode::RenderCrashed, "{}", verdict.failure);
    bench.expect_no_file();

    let mut request = bench.request(120.0);
    request.limits.cpu = Duration::from_secs(1);
    let verdict = failure(uncancelled(&program(), request).await);
    assert_eq!(verdict.failure.code, FailureCode::RenderTimedOut, "{}", verdict.failure);
    bench.expect_no_file();

    uncancelled(&program(), bench.request(2.0)).await.expect("the next one renders");
}

#[tokio::test]
async fn a_child_that_crashes_is_told_as_that() {
    for signal in [Signal::ILL, Signal::KILL, Signal::ABORT] {
        let bench = Bench::new();
        let mut request = bench.request(60.0);
        request.limits.open_files = 204;
        let end = at_first_frame(request, |_| send(signal, child_with(204))).await;
        let verdict = failure(end);
        assert_eq!(verdict.failure.code, FailureCode::RenderCrashed, "{}", verdict.failure);
        assert!(verdict.failure.detail.contains(&format!("signal {}", signal.as_raw())), "{}", verdict.failure);
        bench.expect_no_file();
    }
}

#[tokio::test]
async fn nonsense_on_stdout_is_a_crash() {
    let file = format!("{{\"sha256\":\"{}\",\"bytes\":3}}", "ab".repeat(32));
    let done = format!(
        "echo '{{\"done\":{{\"video\":{file},\"thumbnail\":{file},\"durationMs\":1,\"frames\":1,\"warnings\":[],\"times\":\
         {{\"start\":0,\"prepare\":0,\"paint\":0,\"convert\":0,\"encode\":0,\"mux\":0,\"render\":0,\"hash\":0,\"wall\":0}}}}}}'"
    );
    for script in [
        "exit 0",
        "exit 3",
        "echo panicked at the disco >&2; exit 101",
        "echo hello",
        "echo '{\"progress\":101}'",
        "echo '{\"progress\":-1}'",
        "echo '{\"progress\":1,\"done\":1}'",
        "echo '{\"failed\":{\"code\":\"sudo\",\"detail\":\"\",\"problems\":[]}}'",
        "printf '{\"progress\":5'",
        "head -c 3000000 /dev/zero | tr '\\0' 'x'",
        "exec cat /dev/zero",
        &done,
    ] {
        let bench = Bench::new();
        let verdict = failure(uncancelled(&bench.pretender(script), bench.request(2.0)).await);
        assert_eq!(verdict.failure.code, FailureCode::RenderCrashed, "{script}: {}", verdict.failure);
        assert!(!verdict.failure.detail.is_empty());
    }
    let bench = Bench::new();
    let missing = Program::at(bench.root.path().join("missing"));
    assert_eq!(failure(uncancelled(&missing, bench.request(2.0)).await).failure.code, FailureCode::RenderFailed);
}

#[tokio::test]
async fn what_the_quote_or_the_template_is_to_blame_for_has_its_own_word() {
    let bench = Bench::new();
    let code = |verdict: &Verdict| verdict.failure.code;

    let mut request = bench.request(2.0);
    request.template = TemplateChoice::Builtin("quote-sumary".to_owned());
    let verdict = failure(uncancelled(&program(), request.clone()).await);
    assert_eq!(code(&verdict), FailureCode::TemplateUnknown);
    assert!(verdict.failure.detail.contains("quote-sumary"), "{}", verdict.failure);
    request.template = TemplateChoice::Folder(bench.root.path().join("nowhere"));
    assert_eq!(code(&failure(uncancelled(&program(), request.clone()).await)), FailureCode::TemplateUnknown);

    let broken = bench.root.path().join("broken");
    std::fs::create_dir(&broken).expect("made");
    std::fs::write(broken.join("template.json"), "{}").expect("written");
    request.template = TemplateChoice::Folder(broken);
    assert_eq!(code(&failure(uncancelled(&program(), request).await)), FailureCode::TemplateFailed);

    let mut quote = quote();
    quote["quote"]["issuedAt"] = "yesterday".into();
    quote["customer"]["password"] = "hunter2hunter2".into();
    let request = RenderRequest { input: text(&quote), ..bench.request(2.0) };
    let verdict = failure(uncancelled(&program(), request).await);
    assert_eq!(code(&verdict), FailureCode::SnapshotInvalid);
    for pointer in ["/quote/issuedAt", "/customer/password"] {
        assert!(verdict.failure.detail.contains(pointer), "{}", verdict.failure);
        assert!(verdict.problems.iter().any(|problem| problem.pointer == pointer), "{:?}", verdict.problems);
    }
    assert!(!format!("{verdict:?}").contains("hunter2"));

    let mut request = bench.request(2.0);
    request.output_folder = bench.root.path().join("missing");
    assert_eq!(code(&failure(uncancelled(&program(), request).await)), FailureCode::RenderFailed);
    bench.expect_no_file();
}

#[tokio::test]
async fn an_asset_given_by_key_comes_from_its_file_and_else_is_a_warning() {
    let bench = Bench::new();
    let logo = bench.root.path().join("logo");
    let picture = image::RgbImage::from_pixel(96, 96, image::Rgb([200, 10, 10]));
    picture.save_with_format(&logo, image::ImageFormat::Png).expect("written");
    let mut quote = quote();
    quote["company"]["logo"] = json!({ "key": "logos/a.png" });
    let mut request = RenderRequest { input: text(&quote), ..bench.request(2.0) };
    let without = uncancelled(&program(), request.clone()).await.expect("a placeholder");
    assert_eq!(without.warnings.len(), 1, "{:?}", without.warnings);
    assert_eq!(without.warnings[0].code, "asset_key_not_available");
    assert_eq!(without.warnings[0].pointer, "/company/logo");
    request.asset_files.insert("logos/a.png".to_owned(), logo);
    let with = uncancelled(&program(), request).await.expect("rendered");
    assert_eq!(with.warnings, []);
    assert_ne!(with.video, without.video);
}

#[tokio::test]
async fn a_child_sets_text_in_the_fonts_of_its_order() {
    let bench = Bench::new();
    let mut quote = quote();
    quote["company"]["name"] = json!("大空 Sky");
    let request = RenderRequest { input: text(&quote), ..bench.request(2.0) };
    let codes = |files: &RenderedFiles| files.warnings.iter().map(|w| w.code.clone()).collect::<Vec<_>>();
    let without = uncancelled(&program(), request.clone()).await.expect("a video");
    assert_eq!(codes(&without), ["missing_glyph", "font_pack_missing"], "the monogram of the company has no font");
    // Debian's `fonts-noto-cjk`; `make setup-tests` installs it.
    let fonts = Some("/usr/share/fonts/opentype/noto".into());
    let with = uncancelled(&program(), RenderRequest { fonts, ..request }).await.expect("a video");
    assert_eq!(codes(&with), [""; 0]);
    assert_ne!(with.video, without.video);
}

#[tokio::test]
async fn a_child_knows_no_secret_and_has_its_limits() {
    let kept =
        ["LANG", "TZ", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "MALLOC_ARENA_MAX", "RAYON_NUM_THREADS"];
    assert!(std::env::vars_os().any(|(name, _)| !kept.iter().any(|kept| name == *kept)), "nothing to hide");
    let bench = Bench::new();
    let mut request = bench.request(60.0);
    request.limits = ChildLimits { open_files: 205, memory_bytes: 1_500_000_000, ..request.limits };
    let mut seen = (String::new(), String::new(), String::new());
    let end = at_first_frame(request, |cancel| {
        let folder = PathBuf::from(format!("/proc/{}", child_with(205)));
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a process of ours");
        seen = (read("environ"), read("limits"), read("cmdline"));
        cancel.send(true).expect("listened to");
    })
    .await;
    assert_eq!(end.expect_err("cancelled"), NotRendered::Cancelled);
    let (environment, limits, arguments) = seen;
    for variable in environment.split('\0').filter(|variable| !variable.is_empty()) {
        let name = variable.split('=').next().unwrap_or_default();
        assert!(kept.contains(&name), "{variable}");
    }
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {limits}"));
        line[name.len()..].split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(limit("Max core file size"), ["0", "0"]);
    assert_eq!(limit("Max address space"), ["1500000000", "1500000000"]);
    assert_eq!(limit("Max cpu time"), ["600", "605"]);
    assert_eq!(limit("Max file size"), ["67108864", "67108864"]);
    assert_eq!(limit("Max open files"), ["205", "205"]);
    // Everybody on the machine can read these.
    assert!(!arguments.contains("cmp_01") && !arguments.contains("out"), "{arguments}");
}
