//! The files a template is made of, and their names.

use std::collections::BTreeMap;

/// The file of a template that holds its document.
pub const DOCUMENT_FILE: &str = "template.json";
/// The folder of a template that holds its strings, one file for each language.
pub const STRINGS_FOLDER: &str = "strings";
/// The folder of a template that holds its parts, one file each.
pub const PARTS_FOLDER: &str = "parts";
/// Largest file of a template, in bytes.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// The files of a template, read but not parsed.
#[derive(Clone, Debug)]
pub struct TemplateFiles {
    /// Name or folder, for messages.
    pub source: String,
    /// `template.json`.
    pub document: Vec<u8>,
    /// Strings files by language (`es`, `en`, `pt-PT`, …).
    pub strings: BTreeMap<String, Vec<u8>>,
    /// Files of parts by name.
    pub parts: BTreeMap<String, Vec<u8>>,
}
