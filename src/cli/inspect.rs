//! Commands that only look and tell: probe, schema, templates.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use serde_json::json;

use super::args::SchemaDocument;
use super::failure::{Failure, status};
use super::reporter::{self, Reporter};
use crate::probe::{self, ProbeError, Report, Severity};
use crate::problem::Problem;
use crate::{snapshot, template};

/// Checks an MP4 against the delivery rules and prints every one.
///
/// # Errors
/// [`Failure::Told`] with status 3 when a rule is broken, [`Failure::Invalid`] for what is no MP4, [`Failure::System`]
/// when the file cannot be read.
pub(super) fn probe(file: &Path, reporter: Reporter) -> Result<(), Failure> {
    let cannot_read = || format!("cannot read {}", file.display());
    if file.is_dir() {
        return Err(anyhow!("it is a folder").context(cannot_read()).into());
    }
    let mut reader = File::open(file).with_context(cannot_read)?;
    let report = match probe::probe_reader(&mut reader) {
        Ok(report) => report,
        Err(ProbeError::Read(error)) => return Err(anyhow::Error::new(error).context(cannot_read()).into()),
        Err(error) => {
            let found = format!("{}: {error}", file.display());
            return Err(Failure::Invalid(Problem::error("not_mp4", "", found, "a whole MP4 file").into()));
        }
    };
    reporter.result(report.deliverable(), &rule_lines(&report), json!({ "probe": report }))?;
    if report.deliverable() { Ok(()) } else { Err(Failure::Told(status::INVALID)) }
}

fn rule_lines(report: &Report) -> String {
    let mut text = String::new();
    for rule in &report.rules {
        let verdict = match (rule.ok, rule.severity) {
            (true, _) => "ok  ",
            (false, Severity::Warning) => "warn",
            (false, Severity::Error) => "FAIL",
        };
        write!(text, "{verdict}  {:<24}  {}", rule.rule, rule.found).expect("a String takes everything");
        if !rule.ok {
            write!(text, " (expected {})", rule.expected).expect("a String takes everything");
        }
        text.push('\n');
    }
    let broken = report.broken().count();
    match broken {
        0 => text.push_str("every delivery rule is kept\n"),
        _ => writeln!(text, "{broken} of {} rules broken", report.rules.len()).expect("a String takes everything"),
    }
    text
}

/// Prints a JSON Schema, indented for people; `--json` changes nothing, a schema being data already.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn schema(document: SchemaDocument) -> Result<(), Failure> {
    let schema = match document {
        SchemaDocument::Snapshot => snapshot::schema(),
        SchemaDocument::Template => template::schema(),
    };
    reporter::print(format!("{schema:#}\n").as_bytes())
}

/// Lists the built-in templates.
///
/// # Errors
/// [`Failure::System`] when one is broken, which the tests exclude, or when stdout cannot be written.
pub(super) fn templates(reporter: Reporter) -> Result<(), Failure> {
    let mut lines = String::new();
    let mut values = Vec::new();
    for name in template::builtin_names() {
        let template = template::builtin(name).with_context(|| format!("the built-in template {name} is broken"))?;
        let document = template.document();
        let languages: Vec<&str> = template.languages().collect();
        let fields: Vec<&str> = template.fields().collect();
        let line = writeln!(
            lines,
            "{name}\n  {}\n  length     {} to {} s\n  languages  {}\n  fields     {}",
            document.description,
            document.duration.min,
            document.duration.max,
            languages.join(", "),
            fields.join(", ")
        );
        line.expect("a String takes everything");
        values.push(json!({
            "name": name,
            "description": document.description,
            "minSeconds": document.duration.min,
            "maxSeconds": document.duration.max,
            "languages": languages,
            "fields": fields,
        }));
    }
    reporter.result(true, &lines, json!({ "templates": values }))
}
