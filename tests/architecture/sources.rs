//! The source files of a crate, the modules they are, and which of them names which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::reader::{Named, count_of, paths};

/// A crate of the workspace, read.
pub(crate) struct Crate {
    files: BTreeMap<Vec<String>, SourceFile>,
}

/// A file of a crate.
pub(crate) struct SourceFile {
    /// Its path from the root of the repository.
    pub(crate) path: String,
    /// Every path it names outside its tests.
    pub(crate) named: BTreeSet<Named>,
    /// Names of what it only passes on with `pub use`.
    passed_on: BTreeSet<String>,
}

impl Crate {
    /// Reads every file in `folder`, but for those of tests. Those may read files and name whatever they test.
    pub(crate) fn read(folder: &str) -> Self {
        let mut files = BTreeMap::new();
        for file in rust_files(&root().join(folder)) {
            let module = module_of(&file, folder);
            let is_tests = module.last().is_some_and(|name| name == "tests" || name.ends_with("_tests"));
            if is_tests {
                continue;
            }
            let source = fs::read_to_string(&file).expect("a readable source");
            let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let named = paths(code, &module);
            let exported = named.iter().filter_map(|named| named.exported_as.clone());
            let passed_on = exported.filter(|name| name == "*" || count_of(name, code) == 1).collect();
            files.insert(module, SourceFile { path: relative(&file), named, passed_on });
        }
        assert!(files.len() > 3, "no sources in {folder}");
        Self { files }
    }

    /// Its files by module: `src/text/mod.rs` is [text], `src/text/block.rs` is [text, block], the crate's root is [].
    pub(crate) fn files(&self) -> impl Iterator<Item = (&Vec<String>, &SourceFile)> {
        self.files.iter()
    }

    /// The modules that a file names, without its own. A name that modules pass on counts where it is defined.
    pub(crate) fn imports(&self, module: &[String]) -> BTreeSet<Vec<String>> {
        let file = &self.files[module];
        let only_passed_on =
            |named: &&Named| named.exported_as.as_ref().is_some_and(|name| file.passed_on.contains(name));
        let named = file.named.iter().filter(|named| !only_passed_on(named));
        named.filter_map(|named| self.home(module, &named.path)).filter(|home| home != module).collect()
    }

    fn imports_beside(&self, module: &[String]) -> BTreeSet<Vec<String>> {
        self.imports(module).into_iter().filter(|imported| !module.starts_with(imported)).collect()
    }

    /// The module whose file defines what `path` names in a file of `module`; `None` where that is another crate's.
    fn home(&self, module: &[String], path: &[String]) -> Option<Vec<String>> {
        let child: Vec<String> = module.iter().chain(path.first()).cloned().collect();
        if path.first().is_some_and(|first| first == "crate") {
            return Some(self.find(&[], &path[1..], MAX_HOPS));
        }
        (!path.is_empty() && self.files.contains_key(&child)).then(|| self.find(&child, &path[1..], MAX_HOPS))
    }

    fn find(&self, module: &[String], rest: &[String], hops: u32) -> Vec<String> {
        let Some((name, after)) = rest.split_first().filter(|_| hops > 0) else { return module.to_vec() };
        let child: Vec<String> = module.iter().chain([name]).cloned().collect();
        if self.files.contains_key(&child) {
            return self.find(&child, after, hops);
        }
        let exports = self.files.get(module).into_iter().flat_map(|file| &file.named);
        let export = exports.clone().find(|named| named.exported_as.as_ref() == Some(name));
        match export {
            Some(export) if export.path.last() == Some(name) || export.exported_as.is_some() => {
                let target: Vec<String> = export.path.iter().chain(after).cloned().collect();
                match target.first().map(String::as_str) {
                    Some("crate") => self.find(&[], &target[1..], hops - 1),
                    // Of another crate, or of a module in here.
                    _ => self.find(module, &target, hops - 1),
                }
            }
            _ => module.to_vec(),
        }
    }

    /// The sets of files that name each other in a circle, each as the paths of its files. What a file takes from the
    /// module that it is a part of does not count: a parent and its parts are one piece.
    pub(crate) fn circles(&self) -> Vec<BTreeSet<String>> {
        let imports: BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> =
            self.files.keys().map(|module| (module, self.imports_beside(module))).collect();
        let reach: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> =
            imports.keys().map(|module| (*module, reachable(module, &imports))).collect();
        let in_a_circle = reach.keys().filter(|module| reach[**module].contains(**module));
        let circle_of = |module: &&Vec<String>| {
            let back = reach[*module].iter().filter(|other| reach[**other].contains(*module));
            back.map(|other| self.files[*other].path.clone()).collect()
        };
        let circles: BTreeSet<BTreeSet<String>> = in_a_circle.map(circle_of).collect();
        circles.into_iter().collect()
    }
}

/// Re-exports that are followed one after another.
const MAX_HOPS: u32 = 8;

fn reachable<'a>(
    from: &Vec<String>,
    imports: &'a BTreeMap<&Vec<String>, BTreeSet<Vec<String>>>,
) -> BTreeSet<&'a Vec<String>> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Vec<String>> = imports[from].iter().collect();
    while let Some(module) = open.pop() {
        if found.insert(module) {
            open.extend(imports.get(module).into_iter().flatten());
        }
    }
    found
}

pub(crate) fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn relative(file: &Path) -> String {
    file.strip_prefix(root()).expect("a file of the repository").display().to_string()
}

fn module_of(file: &Path, folder: &str) -> Vec<String> {
    let within = file.strip_prefix(root().join(folder)).expect("a file of the folder").with_extension("");
    let module: Vec<String> = within.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let is_root = matches!(&module[..], [name] if name == "lib" || name == "main");
    module.into_iter().filter(|part| part != "mod" && !is_root).collect()
}
