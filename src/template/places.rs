//! Where the fields of a template were written: in which file, and in which override.

use std::collections::BTreeSet;

use serde_json::Value;

use super::files::PARTS_FOLDER;
use super::overrides::{self, CanvasShape};
use super::shared;

/// Leads a pointer into a document back to the file and the place in it that an author knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    part_files: BTreeSet<String>,
    shared_parts: BTreeSet<String>,
    /// The document with its overrides, where it has any.
    with_overrides: Option<Value>,
}

impl Places {
    /// `part_files` are parts that came from files of the template, `shared_parts` those of the program.
    pub(super) fn new(
        part_files: BTreeSet<String>,
        shared_parts: BTreeSet<String>,
        with_overrides: Option<Value>,
    ) -> Self {
        Self { part_files, shared_parts, with_overrides }
    }

    /// The file and the pointer in it of what stands at `pointer` of the document for `shape`.
    pub(super) fn written(&self, shape: Option<CanvasShape>, file: &str, pointer: &str) -> (String, String) {
        let pointer = match (&self.with_overrides, shape) {
            (Some(document), Some(shape)) => overrides::written_at(document, shape, pointer),
            _ => pointer.to_owned(),
        };
        self.in_part(&pointer).unwrap_or_else(|| (file.to_owned(), pointer))
    }

    /// Whether the part of that name is a shared one.
    pub(super) fn is_shared(&self, part: &str) -> bool {
        self.shared_parts.contains(part)
    }

    /// The place in the file of a part, where the pointer leads into a part that came from a file.
    fn in_part(&self, pointer: &str) -> Option<(String, String)> {
        let rest = pointer.strip_prefix("/parts/")?;
        let (name, inner) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if self.part_files.contains(name) {
            Some((format!("{PARTS_FOLDER}/{name}.json"), inner.to_owned()))
        } else if self.shared_parts.contains(name) {
            Some((shared::file_name(name), inner.to_owned()))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_part_from_a_file_is_a_place_in_that_file() {
        let named = |name: &str| BTreeSet::from([name.to_owned()]);
        let places = Places::new(named("row"), named("taxes"), None);
        let place = |pointer| places.written(None, "template.json", pointer);
        let at = |file: &str, pointer: &str| (file.to_owned(), pointer.to_owned());
        assert_eq!(place("/parts/row/children/0"), at("parts/row.json", "/children/0"));
        assert_eq!(place("/parts/row"), at("parts/row.json", ""));
        assert_eq!(place("/parts/taxes/args"), at("shared/parts/taxes.json", "/args"));
        assert_eq!(place("/parts/cell/children/0"), at("template.json", "/parts/cell/children/0"));
        assert_eq!(place("/scenes/0"), at("template.json", "/scenes/0"));
    }
}
