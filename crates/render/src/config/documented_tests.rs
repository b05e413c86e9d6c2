//! The settings against `.env.example` and the files in `deploy/`.

use std::collections::BTreeSet;
use std::path::Path;

use super::settings::every_setting;

fn read(path: &str) -> String {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_setting_stands_in_the_example_with_its_default() {
    let example = read(".env.example");
    let head: BTreeSet<&str> =
        example.lines().take_while(|line| line.starts_with('#')).flat_map(str::split_whitespace).collect();
    let settings = every_setting();
    let mut variables = BTreeSet::new();
    for argument in settings.get_arguments() {
        let Some(variable) = argument.get_env() else { continue };
        let variable = variable.to_str().expect("ASCII");
        variables.insert(variable);
        assert!(head.contains(variable), "{variable} is missing from the list at the top of .env.example");
        let line = example.lines().find_map(|line| line.strip_prefix('#')?.strip_prefix(variable)?.strip_prefix('='));
        let line = line.unwrap_or_else(|| panic!("{variable} has no line in .env.example"));
        if let [default] = argument.get_default_values()
            && !matches!(argument.get_action(), clap::ArgAction::SetTrue)
        {
            assert_eq!(line, default.to_str().expect("ASCII"), "{variable} has another default");
        }
    }
    let written = example.lines().filter_map(|line| line.strip_prefix("#QUOTEREEL_")?.split_once('='));
    let unknown: Vec<&str> = written
        .map(|(name, _)| name)
        .filter(|name| !variables.contains(format!("QUOTEREEL_{name}").as_str()))
        .collect();
    assert!(unknown.is_empty(), "no setting reads {unknown:?}");
}

#[test]
fn deployments_set_only_settings_that_exist() {
    let settings = every_setting();
    let known: BTreeSet<&str> = settings.get_arguments().filter_map(|argument| argument.get_env()?.to_str()).collect();
    let files = [
        "Dockerfile",
        "deploy/compose.yaml",
        "deploy/kubernetes/configmap.yaml",
        "deploy/kubernetes/secret.example.yaml",
    ];
    for path in files {
        let text = read(path);
        let words = text.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        let set = words.filter(|word| word.starts_with("QUOTEREEL_") && *word != "QUOTEREEL_IMAGE");
        let unknown: Vec<&str> = set.filter(|word| !known.contains(word)).collect();
        assert!(unknown.is_empty(), "{path} sets {unknown:?}");
    }
}
