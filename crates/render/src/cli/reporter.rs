//! Reports: text for people on stderr, or one JSON object for programs on stdout. Colour only marks severity.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;
use serde_json::{Value, json};

use super::failure::Failure;
use quotereel::ground::bidi::is_bidi_control;
use quotereel::template::TemplateProblem;
use quotereel::{Problem, Problems, Severity};

/// Code of the problem that a named file is not there.
const FILE_NOT_FOUND: &str = "file_not_found";

/// How a command reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reporter {
    /// One JSON object on stdout instead of text.
    pub(super) json: bool,
    /// Neither warnings nor progress.
    pub(super) quiet: bool,
    /// ANSI colours on stderr.
    pub(super) color: bool,
}

impl Reporter {
    /// Colours go to a terminal only, and not where `NO_COLOR` is set or the terminal is dumb.
    pub(super) fn new(json: bool, quiet: bool) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        Self { json, quiet, color: io::stderr().is_terminal() && !unwanted }
    }

    /// Prints warnings. With `--json` they belong in the result instead.
    pub(super) fn warn(self, warnings: &Problems) {
        if !self.json && !self.quiet {
            self.say(&self.paragraphs(warnings));
        }
    }

    /// Prints a result: `lines` for people, the fields of `value` and `"ok": ok` for programs.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub(super) fn result(self, ok: bool, lines: &str, value: impl Serialize) -> Result<(), Failure> {
        if self.json {
            return print_json(ok, value);
        }
        // A script gets paths as they are; a terminal gets nothing that it would obey.
        if io::stdout().is_terminal() { print(legible(lines).as_bytes()) } else { print(lines.as_bytes()) }
    }

    /// Prints why a command failed.
    pub(super) fn failure(self, failure: &Failure) {
        if matches!(failure, Failure::Reported(_) | Failure::ReaderGone) {
            return;
        }
        // Where stdout itself has failed, stderr has to do.
        if self.json && print_json(false, json!({ "problems": problems_of(failure) })).is_ok() {
            return;
        }
        match failure {
            Failure::Invalid(problems) => self.say(&self.paragraphs(problems)),
            Failure::Template(problems) => {
                for TemplateProblem { template, file, pointer, reason } in problems {
                    let mark = self.mark(Severity::Error, "template");
                    let place = if pointer.is_empty() { String::new() } else { format!(" at {pointer}") };
                    let place = legible(&format!("{template}/{file}{place}"));
                    self.say(&format!("{mark} in {place}\n  reason    {}\n", indented(reason)));
                }
            }
            Failure::Usage(message) => {
                self.say(&format!(
                    "{} {}\n  hint      see `render --help`\n",
                    self.mark(Severity::Error, "usage"),
                    indented(message)
                ));
            }
            Failure::NotFound(message) => {
                self.say(&format!("{} {}\n", self.mark(Severity::Error, FILE_NOT_FOUND), indented(message)));
            }
            Failure::Refused { code, message, .. } => {
                self.say(&format!("{} {}\n", self.mark(Severity::Error, code), indented(message)));
            }
            Failure::System(error) => {
                self.say(&format!("{} {}\n", self.mark(Severity::Error, "system"), indented(&format!("{error:#}"))));
            }
            Failure::Interrupted(_) if !self.quiet => self.say("interrupted: no files were left behind\n"),
            Failure::Interrupted(_) | Failure::Reported(_) | Failure::ReaderGone => {}
        }
    }

    /// Writes to stderr. Nothing can be done about a closed stderr.
    pub(super) fn say(self, text: &str) {
        drop(io::stderr().lock().write_all(text.as_bytes()));
    }

    fn mark(self, severity: Severity, code: &str) -> String {
        let (word, color) = match severity {
            Severity::Error => ("error", "\x1b[1;31m"),
            Severity::Warning => ("warning", "\x1b[1;33m"),
        };
        if self.color { format!("{color}{word}[{code}]\x1b[0m") } else { format!("{word}[{code}]") }
    }

    /// One paragraph per problem, and the number of errors if there are several.
    fn paragraphs(self, problems: &Problems) -> String {
        let mut text = String::new();
        for problem in problems {
            self.paragraph(problem, &mut text);
        }
        let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
        if errors > 1 {
            line(&mut text, format_args!("{errors} errors"));
        }
        text
    }

    fn paragraph(self, problem: &Problem, text: &mut String) {
        line(text, format_args!("{} at {}", self.mark(problem.severity, problem.code), legible(&problem.place())));
        line(text, format_args!("  found     {}", indented(&problem.found)));
        line(text, format_args!("  expected  {}", indented(&problem.expected)));
        if let Some(hint) = &problem.hint {
            line(text, format_args!("  hint      {}", indented(hint)));
        }
    }
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    writeln!(text, "{content}").expect("a String takes everything");
}

/// A text for people: legible, its later lines starting where its first one does.
fn indented(text: &str) -> String {
    legible(text).replace('\n', "\n            ")
}

/// A text without anything that a terminal obeys: control characters are escaped, line breaks and tabs excepted.
pub(super) fn legible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if (c.is_control() && !matches!(c, '\n' | '\t')) || is_bidi_control(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A failure as problems: what a JSON report lists, whatever went wrong.
fn problems_of(failure: &Failure) -> Value {
    let single = |code: &str, message: String| json!([{ "code": code, "message": message, "severity": "error" }]);
    match failure {
        Failure::Invalid(problems) => json!(problems),
        Failure::Template(problems) => problems
            .iter()
            .map(|TemplateProblem { template, file, pointer, reason }| {
                json!({
                    "code": "template",
                    "template": template,
                    "file": file,
                    "pointer": pointer,
                    "message": reason,
                    "severity": "error",
                })
            })
            .collect(),
        Failure::Usage(message) => single("usage", message.clone()),
        Failure::Refused { code, message, wait_seconds, .. } => {
            json!([{ "code": code, "message": message, "severity": "error", "waitSeconds": wait_seconds }])
        }
        Failure::NotFound(message) => single(FILE_NOT_FOUND, message.clone()),
        Failure::System(error) => single("system", format!("{error:#}")),
        Failure::Interrupted(_) => single("interrupted", "interrupted: no files were left behind".to_owned()),
        Failure::Reported(_) | Failure::ReaderGone => json!([]),
    }
}

fn print_json(ok: bool, value: impl Serialize) -> Result<(), Failure> {
    let value = serde_json::to_value(value).expect("reports have string keys and finite numbers");
    let mut report = serde_json::Map::from_iter([("ok".to_owned(), Value::Bool(ok))]);
    match value {
        Value::Object(fields) => report.extend(fields),
        other => drop(report.insert("result".to_owned(), other)),
    }
    let mut text = serde_json::to_string(&report).expect("a map of JSON values");
    text.push('\n');
    print(text.as_bytes())
}

/// Writes to stdout at once.
///
/// # Errors
/// [`Failure::ReaderGone`] when nobody reads any more, [`Failure::System`] for anything else, a full disk for example.
pub(super) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(stdout_failure)
}

/// What a failed write to stdout means.
pub(super) fn stdout_failure(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe {
        Failure::ReaderGone
    } else {
        Failure::System(anyhow::Error::new(error).context("cannot write to stdout"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quotereel::Warning;

    #[test]
    fn a_problem_is_legible_without_colour() {
        let reporter = Reporter { json: false, quiet: false, color: false };
        let problems = Problems::from_iter([
            Problem::error("unknown_field", "/quote/validUntill", "`validUntill`", "a known field")
                .with_hint("did you mean `validUntil`?"),
            Problem::warning(Warning::BadFile, "", "two\nlines", "one"),
        ]);
        assert_eq!(
            reporter.paragraphs(&problems),
            "error[unknown_field] at /quote/validUntill\n  found     `validUntill`\n  expected  a known field\n  \
             hint      did you mean `validUntil`?\nwarning[asset_bad_file] at the document\n  found     two\n            lines\n  \
             expected  one\n"
        );
        let coloured = Reporter { color: true, ..reporter };
        assert!(coloured.paragraphs(&problems).starts_with("\x1b[1;31merror[unknown_field]\x1b[0m at "));
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(legible("a\u{1b}[2J\u{202e}\r\nb\tc"), "a\\u{1b}[2J\\u{202e}\\u{d}\nb\tc");
    }

    #[test]
    fn several_errors_are_counted() {
        let reporter = Reporter { json: false, quiet: false, color: false };
        let twice = Problems::from_iter([Problem::error("a", "/x", "1", "2"), Problem::error("b", "/y", "3", "4")]);
        assert!(reporter.paragraphs(&twice).ends_with("  expected  4\n2 errors\n"));
    }

    #[test]
    fn every_failure_lists_a_problem_for_programs() {
        let usage = problems_of(&Failure::Usage("no".to_owned()));
        assert_eq!(usage, json!([{ "code": "usage", "message": "no", "severity": "error" }]));
        let error = anyhow::anyhow!("disk full").context("cannot write x.mp4");
        assert_eq!(problems_of(&Failure::System(error))[0]["message"], "cannot write x.mp4: disk full");
    }
}
