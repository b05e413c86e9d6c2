//! README's commands do what README says: each is run or, where it needs more than a folder, known to the program.

use crate::harness::Bench;

fn readme() -> String {
    read("README.md")
}

fn read(path: &str) -> String {
    let path = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The first block of code in a language after a heading.
fn block<'a>(readme: &'a str, heading: &str, language: &str) -> &'a str {
    let section = readme.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no section {heading}")).1;
    let start = section.split_once(&format!("\n```{language}\n")).unwrap_or_else(|| panic!("no block in {heading}")).1;
    start.split_once("```").expect("an end").0
}

/// The lines of a block without their comments.
fn commands(block: &str) -> Vec<String> {
    let bare = block.lines().map(|line| line.split(" #").next().unwrap_or_default().trim());
    bare.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn the_sample_is_the_example_and_renders_without_a_warning() {
    let readme = readme();
    let sample: serde_json::Value = serde_json::from_str(block(&readme, "A quote", "json")).expect("JSON");
    let example: serde_json::Value = serde_json::from_str(&read("examples/quote.json")).expect("JSON");
    assert_eq!(sample, example);
    let bench = Bench::new();
    bench.put("quote.json", sample.to_string());
    for arguments in ["validate quote.json --json", "validate - --json"] {
        let run = bench.render_with_stdin(arguments, sample.to_string().as_bytes()).ends_with(0);
        assert_eq!(run.json()["warnings"], serde_json::json!([]), "{arguments}");
    }
}

#[test]
fn every_command_of_the_block_works() {
    let readme = readme();
    let bench = Bench::new();
    bench.put("quote.json", read("examples/quote.json"));
    let commands = commands(block(&readme, "Command line", "sh"));
    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands {
        // It ends with Ctrl-C only: the tests of `watch` run it.
        if command.starts_with("render watch") {
            continue;
        }
        let command = command.replace("--runs 10", "--runs 1 --threads 2");
        let run = bench.shell(&format!("render() {{ \"$RENDER\" \"$@\"; }}; set -o pipefail; {command}")).ends_with(0);
        assert!(!run.stderr.contains("warning["), "{command}: {}", run.stderr);
    }
    for file in
        ["quote.mp4", "quote.jpg", "square.mp4", "teaser.gif", "silent.mp4", "frame.png", "sheet.png", "piped.mp4"]
    {
        assert!(bench.work().join(file).is_file(), "{file} was not written");
    }
}

#[test]
fn a_job_is_enqueued_found_again_and_rendered() {
    let bench = Bench::new();
    bench.put("quote.json", read("examples/quote.json"));
    let first = bench.render("enqueue quote.json").ends_with(0);
    let again = bench.render("enqueue quote.json").ends_with(0);
    assert_eq!(first.text().split_whitespace().next(), again.text().split_whitespace().next());
    assert!(again.text().contains("already queued"), "{}", again.text());
    let worked = bench.render("worker --drain --metrics off").ends_with(0);
    let video = worked.text().trim();
    assert!(std::path::Path::new(video).is_file(), "{video}");
}

/// Commands in tables: each exists, with the options named beside it.
#[test]
fn every_command_of_the_tables_exists() {
    let readme = readme();
    let bench = Bench::new();
    let mut checked = 0;
    for row in readme.lines().filter(|line| line.starts_with("| `render ")) {
        let code: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let mut help = String::new();
        let first = row.split(['`', ' ']).nth(3).unwrap_or_default();
        for code in &code {
            // Another action of the same command, such as `grant N --reference TEXT` beside `render credits show`.
            let action = code.contains(" --") && code.starts_with(|c: char| c.is_ascii_lowercase());
            let command = match code.strip_prefix("render ") {
                Some(command) => command.to_owned(),
                None if action => format!("{first} {code}"),
                None => continue,
            };
            let is_name = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
            let mut words: Vec<&str> = command.split(' ').take_while(is_name).collect();
            // The last word may be a value, such as the name of a shell.
            if ["schema", "completions"].contains(words.first().unwrap_or(&"")) {
                words.truncate(1);
            }
            help.push_str(bench.render(&format!("{} --help", words.join(" "))).ends_with(0).text());
            checked += 1;
        }
        for option in code.iter().flat_map(|code| code.split(' ')).filter(|word| word.starts_with("--")) {
            assert!(help.contains(option), "{row}: no {option}");
        }
    }
    assert!(checked >= 15, "{checked} commands");
}
