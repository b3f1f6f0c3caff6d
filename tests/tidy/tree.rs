//! Tree: the text files of the repository, and every path in it, tracked or not.

use crate::rust::code_of;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[derive(Default)]
pub(crate) struct Tree {
    pub(crate) sources: Vec<Source>,
    pub(crate) paths: BTreeSet<String>,
}

pub(crate) struct Source {
    /// Relative to the root, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text with blanks for comments and literals; empty unless it is Rust.
    pub(crate) code: String,
}

impl Tree {
    pub(crate) fn read(root: &Path) -> Tree {
        let mut tree = Tree { sources: Vec::new(), paths: BTreeSet::from([String::new()]) };
        tree.enter(root, "");
        tree
    }

    fn enter(&mut self, root: &Path, folder: &str) {
        for entry in fs::read_dir(root.join(folder)).expect("every folder of the tree can be listed") {
            let entry = entry.expect("every entry of a folder can be read");
            let name = entry.file_name().into_string().expect("names in the tree are UTF-8");
            let path = resolve(folder, &name);
            if is_foreign(&name, &path) {
                continue;
            }
            self.paths.insert(path.clone());
            if entry.file_type().expect("every entry has a type").is_dir() {
                self.enter(root, &path);
            } else if is_text(&name)
                // A file that is not UTF-8, or that another program has just removed, is none of ours.
                && let Ok(text) = fs::read_to_string(entry.path())
            {
                self.sources.push(Source::new(&path, text));
            }
        }
    }

    pub(crate) fn rust(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| source.path.ends_with(".rs"))
    }

    /// Our crates by the name of their folder, with their manifests.
    pub(crate) fn crates(&self) -> impl Iterator<Item = (&str, &Source)> {
        self.sources.iter().filter_map(|source| Some((source.path.strip_suffix("/Cargo.toml")?, source)))
    }

    /// The text of a file, or nothing when it is missing.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.sources.iter().find(|source| source.path == path).map_or("", |source| &source.text)
    }
}

impl Source {
    pub(crate) fn new(path: &str, text: String) -> Source {
        let code = if path.ends_with(".rs") { code_of(&text) } else { String::new() };
        Source { path: path.to_string(), text, code }
    }

    pub(crate) fn is_markdown(&self) -> bool {
        self.path.ends_with(".md")
    }

    pub(crate) fn violation(&self, line: usize, rule: &str, advice: &str) -> String {
        format!("{}:{line}: {rule}: {advice}", self.path)
    }
}

/// What builds, runs, git and editors leave in the tree.
fn is_foreign(name: &str, path: &str) -> bool {
    let hidden = name.starts_with('.') && ![".ci", ".cargo"].contains(&name);
    hidden || name == "target" || path == "data"
}

fn is_text(name: &str) -> bool {
    let known = ["rs", "md", "toml", "txt", "sh", "html", "css", "js", "json", "yml", "yaml"];
    name.rsplit_once('.').is_none_or(|(_, extension)| known.contains(&extension))
}

/// The folder that holds the workspace, found from where the test runs: a path compiled in would name another
/// clone when several share a target directory.
pub(crate) fn root() -> PathBuf {
    let start = env::current_dir().expect("the test runs in a folder");
    let is_root = |folder: &&Path| {
        fs::read_to_string(folder.join("Cargo.toml")).is_ok_and(|manifest| manifest.contains("[workspace]"))
    };
    start.ancestors().find(is_root).expect("the test runs inside the workspace").to_path_buf()
}

/// A path relative to the root, without `.` and `..`.
pub(crate) fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            // A path that climbs out of the repository keeps its dots, and is then found nowhere.
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}
