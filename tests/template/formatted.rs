//! The files of the built-in templates, of the shared parts and of the words are in the one style.

use std::path::{Path, PathBuf};

use quotereel::template::format;

/// Every JSON file below a folder.
fn json_files(folder: &Path) -> Vec<PathBuf> {
    let paths = std::fs::read_dir(folder).expect("readable").map(|entry| entry.expect("readable").path());
    paths
        .flat_map(|path| if path.is_dir() { json_files(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect()
}

#[test]
fn every_file_of_the_built_in_templates_is_formatted() {
    let files = json_files(&super::templates());
    assert!(files.len() > 30, "{} files", files.len());
    let differing: Vec<String> = files
        .iter()
        .filter(|file| {
            let text = std::fs::read(file).expect("readable");
            let formatted = format("templates", &file.display().to_string(), &text);
            formatted.unwrap_or_else(|problems| panic!("{problems:?}")).as_bytes() != text
        })
        .map(|file| file.display().to_string())
        .collect();
    assert!(differing.is_empty(), "`render templates fmt templates/*` formats {}", differing.join(", "));
}
