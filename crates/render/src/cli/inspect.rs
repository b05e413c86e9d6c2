//! Commands that only print information: probe, schema, templates.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::args::SchemaDocument;
use super::failure::{Failure, status, unreadable};
use super::prepare;
use super::reporter::{self, Reporter};
use quotereel::probe::{self, ProbeError, Report, Severity};
use quotereel::template::{ParamValue, Template};
use quotereel::{Problem, SIZES, TemplateChoice, snapshot, template};

/// Checks an MP4 against the delivery rules and prints every one.
///
/// # Errors
/// [`Failure::Reported`] with status 3 when a rule is broken, [`Failure::Invalid`] for a file that is not an MP4, [`Failure::System`]
/// when the file cannot be read.
pub(super) fn probe(file: &Path, reporter: Reporter) -> Result<(), Failure> {
    let mut reader = File::open(file).map_err(|error| unreadable("the video", file, error))?;
    let report = match probe::probe_reader(&mut reader) {
        Ok(report) => report,
        Err(ProbeError::Read(error)) => return Err(unreadable("the video", file, error)),
        Err(error) => {
            let found = format!("{}: {error}", file.display());
            return Err(Failure::Invalid(Problem::error("not_mp4", "", found, "a complete MP4 file").into()));
        }
    };
    reporter.result(report.deliverable(), &rule_lines(&report), json!({ "probe": report }))?;
    if report.deliverable() { Ok(()) } else { Err(Failure::Reported(status::INVALID)) }
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
        0 => text.push_str("all delivery rules are met\n"),
        _ => writeln!(text, "{broken} of {} rules broken", report.rules.len()).expect("a String takes everything"),
    }
    text
}

/// Prints a JSON Schema, indented for people; `--json` changes nothing, since a schema is data already.
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
/// [`Failure::System`] when one is broken (tests rule that out) or stdout cannot be written.
pub(super) fn templates(reporter: Reporter) -> Result<(), Failure> {
    let mut lines = String::new();
    let mut values = Vec::new();
    for name in template::builtin_names() {
        let template = template::builtin(name).with_context(|| format!("the built-in template {name} is broken"))?;
        lines.push_str(&outline_of(&template));
        values.push(value_of(&template));
    }
    reporter.result(true, &lines, json!({ "templates": values }))
}

/// Describes one template: its entry in the list, its parameters and its canvas sizes.
///
/// # Errors
/// [`Failure::Invalid`] and [`Failure::Template`] if the template does not exist or is broken, [`Failure::System`]
/// when something cannot be read or written.
pub(super) fn template(choice: &TemplateChoice, reporter: Reporter) -> Result<(), Failure> {
    let template = choice.load().map_err(prepare::failure)?;
    let sizes: Vec<String> = SIZES.iter().map(ToString::to_string).collect();
    let mut text = outline_of(&template);
    writeln!(text, "  sizes      {}", sizes.join(", ")).expect("a String takes everything");
    let params = &template.document().params;
    if !params.is_empty() {
        text.push_str("  parameters\n");
    }
    let mut values = Vec::new();
    for (name, param) in params {
        let default = param.default.as_ref().map_or("none".to_owned(), |value| format!("`{value}`"));
        let (takes, description) = (param.allowed(), &param.description);
        let line = writeln!(text, "    {name}\n      {description}\n      {}: {takes}; default {default}", param.kind);
        line.expect("a String takes everything");
        values.push(json!({
            "name": name,
            "type": param.kind.to_string(),
            "description": description,
            "default": param.default.as_ref().map(default_value),
            "choices": param.choices,
            "min": param.min,
            "max": param.max,
        }));
    }
    let mut value = value_of(&template);
    value["sizes"] = json!(sizes);
    value["params"] = json!(values);
    reporter.result(true, &text, json!({ "template": value }))
}

fn default_value(value: &ParamValue) -> Value {
    match value {
        ParamValue::Boolean(value) => json!(value),
        ParamValue::Number(value) => json!(value),
        ParamValue::Text(value) => json!(value),
    }
}

fn outline_of(template: &Template) -> String {
    let document = template.document();
    let (languages, fields): (Vec<&str>, Vec<&str>) = (template.languages().collect(), template.fields().collect());
    format!(
        "{}\n  {}\n  length     {} to {} s\n  languages  {}\n  fields     {}\n",
        document.name,
        document.description,
        document.duration.min,
        document.duration.max,
        languages.join(", "),
        fields.join(", ")
    )
}

fn value_of(template: &Template) -> Value {
    let document = template.document();
    json!({
        "name": document.name,
        "description": document.description,
        "minSeconds": document.duration.min,
        "maxSeconds": document.duration.max,
        "languages": template.languages().collect::<Vec<_>>(),
        "fields": template.fields().collect::<Vec<_>>(),
    })
}
