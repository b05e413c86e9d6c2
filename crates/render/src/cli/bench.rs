//! `render bench`: repeated renders, with percentiles of the total and of every stage.
//!
//! A cold run is what a user waits for: a whole process that loads everything again, with only the disk cache warm. A warm
//! run is the engine alone, in this process, which has rendered before.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use serde::Serialize;
use serde_json::{Value, json};

use super::args::{BenchArgs, CanvasSize, Preset, SourceArgs};
use super::destination;
use super::failure::Failure;
use super::options::Source;
use super::prepare::prepare;
use super::reporter::Reporter;
use super::signals::Signals;
use super::usage::Usage;
use quotereel::files::write_whole;
use quotereel::{FrameRate, Options, Output, Quality, Sound, default_threads};

/// The quote to measure if none is given.
const BUILT_IN: &str = include_str!("../../../../fixtures/quotes/solar-es-cl.json");

/// One render, measured.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    wall_ms: f64,
    cpu_ms: f64,
    peak_memory_bytes: u64,
    bytes: u64,
    frames: u64,
    coded_frames: u64,
    duration_ms: u64,
    /// Milliseconds of each stage, added up over threads, in the order of the work.
    stages: Vec<(&'static str, f64)>,
}

/// The stages of a run: section and key in the report.
const STAGES: [(&str, &str); 10] = [
    ("prepare", "validate"),
    ("prepare", "resolve"),
    ("prepare", "layout"),
    ("stages", "raster"),
    ("stages", "convert"),
    ("stages", "encode"),
    ("stages", "sound"),
    ("stages", "mux"),
    ("stages", "thumbnail"),
    ("stages", "publish"),
];

/// All runs of one kind.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Series {
    snapshot: String,
    /// `cold` or `warm`.
    kind: &'static str,
    threads: u16,
    jobs: u16,
    /// From the first start to the last end.
    total_ms: f64,
    runs: Vec<Run>,
}

/// Measures, prints and writes the figures.
///
/// # Errors
/// [`Failure::Invalid`] for a quote that cannot be rendered, [`Failure::System`] for the machine.
pub(super) fn run(args: &BenchArgs, reporter: Reporter, signals: &Signals) -> Result<(), Failure> {
    if let Some(path) = &args.output {
        destination::check([path.as_path()], args.snapshots.iter().map(PathBuf::as_path))?;
    }
    let folder =
        tempfile::Builder::new().prefix("quotereel-bench-").tempdir().context("cannot make a temporary folder")?;
    let snapshots = if args.snapshots.is_empty() {
        let path = folder.path().join("built-in.json");
        fs::write(&path, without_files(BUILT_IN)?).context("cannot write the built-in quote")?;
        vec![path]
    } else {
        args.snapshots.clone()
    };
    let all = u16::try_from(default_threads().get()).unwrap_or(u16::MAX);
    let threads = match args.threads.as_slice() {
        [] if all == 1 => vec![1],
        [] => vec![1, all],
        given => given.to_vec(),
    };
    let mut series = Vec::new();
    for snapshot in &snapshots {
        for threads in &threads {
            let source = Source::new(SourceArgs {
                snapshot: snapshot.clone(),
                template: args.template.clone(),
                params: args.params.clone(),
                size: CanvasSize::Story,
                fps: FrameRate::DEFAULT.numerator().to_string(),
                allow_private_network: false,
                fonts: args.fonts.clone(),
            })?;
            let bench = Bench { args, snapshot, source, threads: *threads, folder: folder.path(), signals };
            // A quote that cannot be rendered is reported as by every other command.
            prepare(&bench.source, &Sound::Template, NonZeroUsize::MIN)?;
            // Once unmeasured: the disk's cache, and in this process fonts and glyphs, are warm afterwards.
            bench.cold_run(0)?;
            series.push(bench.series("cold")?);
            if args.jobs == 1 {
                bench.warm_run()?;
                series.push(bench.series("warm")?);
            }
        }
    }
    let lines: String = series.iter().map(Series::table).collect();
    let report = json!({ "preset": preset_name(args.preset), "template": args.template, "series": summaries(&series) });
    if let Some(path) = &args.output {
        let bytes = serde_json::to_vec_pretty(&report).context("cannot write the figures as JSON")?;
        write_whole(path, &bytes).map_err(anyhow::Error::new)?;
    }
    reporter.result(true, &lines, report)
}

/// The quote without pictures from files, which its temporary folder does not have.
fn without_files(quote: &str) -> Result<Vec<u8>, Failure> {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.retain(|_, field| field.get("file").is_none());
                fields.values_mut().for_each(strip);
            }
            Value::Array(entries) => entries.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut quote: Value = serde_json::from_str(quote).context("the built-in quote is damaged")?;
    strip(&mut quote);
    Ok(serde_json::to_vec(&quote).context("the built-in quote cannot be written")?)
}

fn preset_name(preset: Preset) -> &'static str {
    match preset {
        Preset::Fast => "fast",
        Preset::Balanced => "balanced",
        Preset::Quality => "quality",
    }
}

/// What one series measures.
struct Bench<'a> {
    args: &'a BenchArgs,
    snapshot: &'a Path,
    /// The same for the warm runs.
    source: Source,
    threads: u16,
    folder: &'a Path,
    signals: &'a Signals,
}

impl Bench<'_> {
    fn series(&self, kind: &'static str) -> Result<Series, Failure> {
        let begun = Instant::now();
        let runs = if kind == "cold" { self.cold_runs()? } else { self.warm_runs()? };
        Ok(Series {
            snapshot: self.snapshot.display().to_string(),
            kind,
            threads: self.threads,
            jobs: self.args.jobs,
            total_ms: ms(begun),
            runs,
        })
    }

    fn warm_runs(&self) -> Result<Vec<Run>, Failure> {
        (0..self.args.runs).map(|_| self.stop_if_asked().and_then(|()| self.warm_run())).collect()
    }

    /// As many runs at a time as `--jobs` says; the first failure ends them all.
    fn cold_runs(&self) -> Result<Vec<Run>, Failure> {
        let runs = usize::from(self.args.runs);
        let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(runs)));
        let work = |lane: u16| -> Result<(), Failure> {
            while next.fetch_add(1, Ordering::Relaxed) < runs {
                self.stop_if_asked()?;
                let run = self.cold_run(lane).inspect_err(|_| next.store(runs, Ordering::Relaxed))?;
                done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(run);
            }
            Ok(())
        };
        thread::scope(|scope| {
            let lanes: Vec<_> = (0..self.args.jobs).map(|lane| scope.spawn(move || work(lane))).collect();
            let ended = lanes.into_iter().map(|lane| lane.join().unwrap_or_else(|_| Err(anyhow!("a bug").into())));
            ended.collect::<Result<Vec<()>, Failure>>()
        })?;
        Ok(done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn stop_if_asked(&self) -> Result<(), Failure> {
        self.signals.received().map_or(Ok(()), |signal| Err(Failure::Interrupted(signal)))
    }

    fn cold_run(&self, lane: u16) -> Result<Run, Failure> {
        let program = std::env::current_exe().context("cannot find the program's own file")?;
        let video = self.folder.join(format!("cold-{lane}.mp4"));
        let begun = Instant::now();
        let mut command = Command::new(program);
        if let Some(fonts) = &self.args.fonts.fonts {
            command.env("QUOTEREEL_FONTS", fonts);
        }
        let output = command
            .args(["video", "--json", "--quiet", "--preset", preset_name(self.args.preset)])
            .args(["--template", &self.args.template, "--threads", &self.threads.to_string(), "--output"])
            .arg(&video)
            .args(self.args.params.iter().flat_map(|param| ["--param", param]))
            .arg("--")
            .arg(self.snapshot)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("cannot start a render")?;
        let wall_ms = ms(begun);
        self.stop_if_asked()?;
        let report: Value = serde_json::from_slice(&output.stdout).context("a render printed no report")?;
        if !output.status.success() {
            return Err(anyhow!("cannot render {}: {}", self.snapshot.display(), report["problems"]).into());
        }
        Ok(Run::read(&report, wall_ms))
    }

    fn warm_run(&self) -> Result<Run, Failure> {
        let file = self.folder.join("warm.mp4");
        let before = Usage::now();
        let begun = Instant::now();
        let threads = NonZeroUsize::new(self.threads.into()).unwrap_or(NonZeroUsize::MIN);
        let video = prepare(&self.source, &Sound::Template, threads)?;
        let options = Options {
            thumbnail: Some(file.with_extension("jpg")),
            threads: Some(threads),
            quality: Quality { tuning: self.args.preset.into(), ..Quality::default() },
            ..Options::default()
        };
        let rendered = video.write(Output::mp4_file(&file), &options, &()).map_err(anyhow::Error::new)?;
        let wall_ms = ms(begun);
        let after = Usage::now();
        let report = json!({
            "prepare": video.times(),
            "stages": rendered.stages,
            "bytes": rendered.bytes,
            "frames": rendered.frames,
            "codedFrames": rendered.coded_frames,
            "durationMs": rendered.duration_ms,
            "process": { "cpuMs": after.cpu_ms - before.cpu_ms, "peakMemoryBytes": after.peak_memory_bytes },
        });
        Ok(Run::read(&report, wall_ms))
    }
}

impl Run {
    /// From the report of a render.
    fn read(report: &Value, wall_ms: f64) -> Self {
        let count = |value: &Value| value.as_u64().unwrap_or(0);
        Self {
            wall_ms,
            cpu_ms: report["process"]["cpuMs"].as_f64().unwrap_or(0.0),
            peak_memory_bytes: count(&report["process"]["peakMemoryBytes"]),
            bytes: count(&report["bytes"]),
            frames: count(&report["frames"]),
            coded_frames: count(&report["codedFrames"]),
            duration_ms: count(&report["durationMs"]),
            stages: STAGES.map(|(part, name)| (name, report[part][name].as_f64().unwrap_or(0.0))).to_vec(),
        }
    }
}

/// Percentile by nearest rank.
fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).clamp(1, sorted.len().max(1));
    sorted.get(rank - 1).copied().unwrap_or(0.0)
}

impl Series {
    fn values(&self, of: impl Fn(&Run) -> f64) -> Vec<f64> {
        self.runs.iter().map(of).collect()
    }

    fn median(&self, of: impl Fn(&Run) -> f64) -> f64 {
        percentile(&self.values(of), 50)
    }

    fn stage(&self, index: usize) -> Vec<f64> {
        self.values(|run| run.stages.get(index).map_or(0.0, |stage| stage.1))
    }

    /// Text for people.
    fn table(&self) -> String {
        let Some(first) = self.runs.first() else { return String::new() };
        let row = |name: &str, values: &[f64]| {
            let [p50, p95, p99] = [50, 95, 99].map(|percent| percentile(values, percent));
            format!("  {name:<12}{p50:>10.1}{p95:>10.1}{p99:>10.1}\n")
        };
        let mut text = format!(
            "{} · {:.1} s, {} frames, {} of them encoded · {} thread{}, {} at a time · {} {} runs\n",
            self.snapshot,
            first.duration_ms as f64 / 1000.0,
            first.frames,
            first.coded_frames,
            self.threads,
            if self.threads == 1 { "" } else { "s" },
            self.jobs,
            self.runs.len(),
            self.kind,
        );
        text.push_str(&format!("  {:<12}{:>10}{:>10}{:>10}\n", "ms", "p50", "p95", "p99"));
        text.push_str(&row("wall", &self.values(|run| run.wall_ms)));
        text.push_str(&row("cpu", &self.values(|run| run.cpu_ms)));
        for (index, (_, name)) in STAGES.iter().enumerate() {
            text.push_str(&row(name, &self.stage(index)));
        }
        let wall_s = self.median(|run| run.wall_ms) / 1000.0;
        text.push_str(&format!(
            "  {:.0} fps, {:.1} x real time, {:.1} videos a minute, {:.1} MB at most in memory, {} bytes\n",
            first.frames as f64 / wall_s,
            first.duration_ms as f64 / 1000.0 / wall_s,
            self.runs.len() as f64 / self.total_ms * 60_000.0,
            percentile(&self.values(|run| run.peak_memory_bytes as f64), 100) / 1e6,
            first.bytes,
        ));
        text
    }
}

/// Percentiles and all runs, for programs.
fn summaries(series: &[Series]) -> Vec<Value> {
    let percentiles = |values: &[f64]| json!({ "p50": percentile(values, 50), "p95": percentile(values, 95), "p99": percentile(values, 99) });
    let summary = |series: &Series| {
        let stages: serde_json::Map<String, Value> = STAGES
            .iter()
            .enumerate()
            .map(|(index, (_, name))| ((*name).to_owned(), percentiles(&series.stage(index))))
            .collect();
        let wall_s = series.median(|run| run.wall_ms) / 1000.0;
        let median = |of: fn(&Run) -> f64| series.median(of);
        json!({
            "snapshot": series.snapshot,
            "kind": series.kind,
            "threads": series.threads,
            "jobs": series.jobs,
            "totalMs": series.total_ms,
            "wallMs": percentiles(&series.values(|run| run.wall_ms)),
            "cpuMs": percentiles(&series.values(|run| run.cpu_ms)),
            "stagesMs": stages,
            "fps": median(|run| run.frames as f64) / wall_s,
            "timesRealTime": median(|run| run.duration_ms as f64) / 1000.0 / wall_s,
            "peakMemoryBytes": percentile(&series.values(|run| run.peak_memory_bytes as f64), 100),
            "bytes": median(|run| run.bytes as f64),
            "runs": series.runs,
        })
    };
    series.iter().map(summary).collect()
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        assert_eq!([50, 95, 99, 100].map(|percent| percentile(&values, percent)), [10.0, 19.0, 20.0, 20.0]);
        assert_eq!(percentile(&[7.0], 50), 7.0);
        assert_eq!(percentile(&[], 50), 0.0);
    }

    #[test]
    fn the_built_in_quote_names_no_file() {
        let quote = without_files(BUILT_IN).expect("JSON");
        quotereel::snapshot::parse(&quote).expect("a good quote");
        assert!(!String::from_utf8(quote).expect("text").contains("\"file\""));
    }
}
