//! Tidy: the rules of the house that no compiler checks.
//!
//! A rule is a function from the tree to its violations: where, which rule, what to do. How long a function
//! is and how many arguments it takes is left to clippy (`clippy.toml`), which parses what we could only guess.

#[path = "tidy/manifest.rs"]
mod manifest;
#[path = "tidy/markdown.rs"]
mod markdown;
#[path = "tidy/rust.rs"]
mod rust;
#[path = "tidy/tree.rs"]
mod tree;

use crate::manifest::{dependencies, in_family, table};
use crate::markdown::{links, without_spans};
use crate::rust::{code_of, imports, line_at, reexports, word_at, words};
use crate::tree::{Source, Tree, resolve, root};

/// What a rule forgives. An exception that forgives nothing is a violation itself.
struct Exception {
    rule: &'static str,
    path: &'static str,
    reason: &'static str,
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        rule: "reexport",
        path: "node/src/sync.rs",
        reason: "all that threads meet in has one name, so that a test can put something else under it",
    },
    Exception {
        rule: "reexport",
        path: "node/tests/interleavings/sync.rs",
        reason: "what the test puts there",
    },
    Exception {
        rule: "lints",
        path: "engine/Cargo.toml",
        reason: "denies unsafe code instead of forbidding it, so that the one audited file can allow it",
    },
    Exception {
        rule: "unsafe",
        path: "engine/src/processor.rs",
        reason: "the one audited file: instructions that every processor of the kind has, of which none reads memory",
    },
];

type Rule = fn(&Tree) -> Vec<String>;

const RULES: &[Rule] = &[
    module_line,
    file_size,
    unfinished,
    unsafe_code,
    machine_path,
    name,
    layer,
    lints,
    pure_engine,
    reexport,
    readme,
    link,
];

const HEADER_LINES_MAX: usize = 40;
const FILE_LINES_MAX: usize = 700;
const README_CODE_LINE_MAX: usize = 20;

// Spelled in pieces, so that neither this file nor a plain search for these words finds the list itself.
const WORDS_UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
const CODE_UNFINISHED: [&str; 4] = [
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("#[", "ignore"),
    concat!("#[", "should_panic"),
];
const MACHINE_FOLDERS: [&str; 4] = ["work", "root", "home", "Users"];
const NAMES_EMPTY: [&str; 6] = ["common", "utils", "util", "helpers", "prelude", "types"];

/// Which of our crates each crate may name; arrows point down only. Tests may name anything.
const LAYERS: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("attestation", &[]),
    ("fuzz", &["attestation", "engine", "inference", "journal", "protocol"]),
    ("inference", &[]),
    ("inference/witness", &["attestation", "inference"]),
    ("protocol", &[]),
    ("journal", &["engine"]),
    ("client", &["protocol"]),
    ("node", &["engine", "journal"]),
    ("settlement", &["attestation"]),
    ("persistence", &["engine", "journal", "settlement"]),
    ("api", &["attestation", "engine", "journal", "node", "protocol", "settlement"]),
    ("simulator", &["client", "engine", "journal", "node", "protocol"]),
    (
        "hourbook",
        &[
            "api",
            "attestation",
            "client",
            "engine",
            "inference",
            "journal",
            "node",
            "persistence",
            "protocol",
            "settlement",
            "simulator",
        ],
    ),
];

/// Which of our crates may name a foreign one, with its family: `tokio` is also `tokio-tungstenite`.
const GUESTS: &[(&str, &[&str])] = &[
    ("rocksdb", &["persistence"]),
    ("librocksdb", &["persistence"]),
    ("rustix", &["hourbook", "persistence"]),
    ("libfuzzer", &["fuzz"]),
    ("crossbeam", &["api", "node"]),
    ("pulp", &["inference"]),
    ("rayon", &["inference"]),
    ("tokio", &["api", "client", "hourbook", "simulator"]),
];

const ENGINE_ROOTS: [&str; 6] = ["std", "core", "alloc", "crate", "super", "self"];
const ENGINE_BANNED: [&str; 6] =
    ["std::time", "std::thread", "std::net", "std::fs", "std::io", "std::collections::Hash"];

fn module_line(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for source in tree.rust() {
        let first = source.text.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") || !(first.contains(": ") || first.ends_with('.')) {
            found.push(source.violation(1, "module line", "begin the file with `//! Noun: what it is.`"));
        }
        let header = source.text.lines().take_while(|line| line.starts_with("//!")).count();
        if HEADER_LINES_MAX < header {
            found.push(source.violation(header, "module line", "keep the header within 40 lines"));
        }
    }
    found
}

fn file_size(tree: &Tree) -> Vec<String> {
    let advice = "over 700 lines: find the second noun and give it a file";
    let long = tree.rust().filter(|source| FILE_LINES_MAX < source.text.lines().count());
    long.map(|source| source.violation(FILE_LINES_MAX + 1, "file size", advice)).collect()
}

fn unfinished(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    let mut report = |source: &Source, text: &str, word: &str| {
        for at in words(text, word) {
            let advice = format!("`{word}`: finish it, remove it, or say what is missing in plain words");
            found.push(source.violation(line_at(text, at), "unfinished", &advice));
        }
    };
    for source in &tree.sources {
        // In Markdown, what stands between backticks is mentioned, not used.
        let text = if source.is_markdown() { without_spans(&source.text) } else { source.text.clone() };
        WORDS_UNFINISHED.iter().for_each(|word| report(source, &text, word));
        CODE_UNFINISHED.iter().for_each(|word| report(source, &source.code, word));
    }
    found
}

fn machine_path(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for source in &tree.sources {
        for folder in MACHINE_FOLDERS.map(|folder| format!("/{folder}/")) {
            let absolute = |at: usize| {
                !source.text[..at].ends_with(|c: char| c.is_alphanumeric() || "_-.~/})*".contains(c))
            };
            for (at, _) in source.text.match_indices(&folder).filter(|&(at, _)| absolute(at)) {
                let advice = format!("`{folder}` stands on one machine only: name it from the repository");
                found.push(source.violation(line_at(&source.text, at), "machine path", &advice));
            }
        }
    }
    found
}

fn name(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for source in tree.rust() {
        for part in source.path.trim_end_matches(".rs").split('/').filter(|part| NAMES_EMPTY.contains(part)) {
            let advice = format!("`{part}` says nothing: name what the file holds");
            found.push(source.violation(1, "name", &advice));
        }
        for at in words(&source.code, "mod") {
            let module = word_at(source.code[at + "mod".len()..].trim_start());
            if NAMES_EMPTY.contains(&module) {
                let advice = format!("`{module}` says nothing: name what the module holds");
                found.push(source.violation(line_at(&source.code, at), "name", &advice));
            }
        }
    }
    found
}

fn layer(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (member, manifest) in tree.crates() {
        let Some((_, below)) = LAYERS.iter().find(|(name, _)| *name == member) else {
            found.push(manifest.violation(
                1,
                "layer",
                "a new crate: give it a row in LAYERS (tests/tidy.rs)",
            ));
            continue;
        };
        for (line, dependency) in dependencies(&manifest.text) {
            let ours = LAYERS.iter().any(|(name, _)| *name == dependency);
            let guest = GUESTS.iter().find(|(family, _)| in_family(&dependency, family));
            if ours && !below.contains(&dependency.as_str()) {
                let advice = format!("`{member}` may not name `{dependency}`: arrows point down only");
                found.push(manifest.violation(line, "layer", &advice));
            } else if !ours && member == "engine" {
                let advice = format!("`engine` depends on nothing: do without `{dependency}`");
                found.push(manifest.violation(line, "layer", &advice));
            } else if let Some((_, hosts)) = guest.filter(|(_, hosts)| !hosts.contains(&member)) {
                let advice = format!("`{dependency}` belongs in {} only", hosts.join(", "));
                found.push(manifest.violation(line, "layer", &advice));
            }
        }
    }
    found
}

fn lints(tree: &Tree) -> Vec<String> {
    let root = tree.text("Cargo.toml");
    let mut found = Vec::new();
    for (_, manifest) in tree.crates() {
        if table(&manifest.text, "lints").contains(&"workspace = true") {
            continue;
        }
        for group in ["rust", "clippy"] {
            let own = table(&manifest.text, &format!("lints.{group}"));
            let shared = table(root, &format!("workspace.lints.{group}"));
            for lint in shared.iter().filter(|lint| !own.contains(lint)) {
                let advice = format!("add `{lint}` to [lints.{group}], or inherit the workspace's lints");
                found.push(manifest.violation(1, "lints", &advice));
            }
        }
    }
    found
}

/// Lints can be allowed anywhere; the exceptions say where.
fn unsafe_code(tree: &Tree) -> Vec<String> {
    let in_file = |source: &Source| -> Option<String> {
        let at = words(&source.code, "unsafe").next()?;
        Some(source.violation(line_at(&source.code, at), "unsafe", "write it without unsafe code"))
    };
    tree.rust().filter_map(in_file).collect()
}

fn pure_engine(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for source in tree.rust().filter(|source| source.path.starts_with("engine/src/")) {
        let banned = |at: usize, path: &str| {
            let advice = format!("`{path}`: the engine is a function of its journal: let a command bring it");
            source.violation(line_at(&source.code, at), "pure engine", &advice)
        };
        for (at, path) in imports(&source.code) {
            let root = path.split("::").next().unwrap_or_default();
            if !ENGINE_ROOTS.contains(&root) {
                let advice =
                    format!("`{path}`: the engine names std and itself: begin with `std` or `crate`");
                found.push(source.violation(line_at(&source.code, at), "pure engine", &advice));
            }
            let start = ENGINE_BANNED.iter().find(|start| path.starts_with(**start));
            found.extend(start.map(|start| banned(at, start)));
        }
        for path in ENGINE_BANNED {
            found.extend(source.code.match_indices(path).map(|(at, _)| banned(at, path)));
        }
    }
    found.sort();
    found.dedup();
    found
}

fn reexport(tree: &Tree) -> Vec<String> {
    let advice = "`pub use` stands in lib.rs only: import from the module that defines";
    let elsewhere = tree.rust().filter(|source| !source.path.ends_with("src/lib.rs"));
    let report = |source: &Source, at| source.violation(line_at(&source.code, at), "reexport", advice);
    elsewhere
        .flat_map(|source| reexports(&source.code).map(|at| report(source, at)).collect::<Vec<_>>())
        .collect()
}

fn readme(tree: &Tree) -> Vec<String> {
    let first = tree.text("README.md").lines().position(|line| line.starts_with("```"));
    if first.is_some_and(|line| line < README_CODE_LINE_MAX) {
        return Vec::new();
    }
    vec!["README.md:1: readme: how to run it comes first: a code block by line 20".to_string()]
}

fn link(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for source in tree.sources.iter().filter(|source| source.is_markdown()) {
        let folder = source.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (line, target) in links(&source.text) {
            if !tree.paths.contains(&resolve(folder, &target)) {
                let advice = format!("`{target}` is not there: mend the path");
                found.push(source.violation(line, "link", &advice));
            }
        }
    }
    found
}

/// What is left after the exceptions, and the exceptions that forgave nothing.
fn forgive(violations: Vec<String>, exceptions: &[Exception]) -> Vec<String> {
    let covers = |exception: &Exception, violation: &str| {
        violation.starts_with(&format!("{}:", exception.path))
            && violation.contains(&format!(": {}: ", exception.rule))
    };
    let is_idle = |exception: &&Exception| !violations.iter().any(|violation| covers(exception, violation));
    let is_left = |violation: &&String| !exceptions.iter().any(|exception| covers(exception, violation));
    let idle = exceptions.iter().filter(is_idle);
    let idle = idle.map(|idle| format!("tests/tidy.rs: exception: {} needs none: remove it", idle.path));
    violations.iter().filter(is_left).cloned().chain(idle).collect()
}

#[test]
fn tree_is_tidy() {
    let tree = Tree::read(&root());
    assert!(tree.paths.contains("tests/tidy.rs"), "the walk sees the whole tree");
    let violations = forgive(RULES.iter().flat_map(|rule| rule(&tree)).collect(), EXCEPTIONS);
    assert!(violations.is_empty(), "{} to mend:\n{}\n", violations.len(), violations.join("\n"));
    assert!(
        EXCEPTIONS.iter().all(|exception| !exception.reason.is_empty()),
        "every exception has its reason"
    );
}

/// Runs one rule over a tree of these files, and expects violations at these places.
fn check(rule: Rule, files: &[(&str, &str)], places: &[&str]) {
    let mut tree = Tree::default();
    for (path, text) in files {
        tree.paths.extend(["".to_string(), path.to_string()]);
        tree.sources.push(Source::new(path, text.to_string()));
    }
    let found = rule(&tree);
    let found: Vec<&str> = found.iter().filter_map(|violation| violation.split(": ").next()).collect();
    assert_eq!(found, places, "in {files:?}");
}

#[test]
fn code_is_read_without_comments_and_literals() {
    let cases = [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        (r#"a "b \" c" d"#, "a          d"),
        (r#"a "b \\" c"#, "a        c"),
        (r##"a r#"b " c"# d"##, "a            d"),
        ("r#mod a", "r#mod a"),
        (r"a '\'' '\u{22}' '\\' b", "a                    b"),
        ("a '\"' b: &'c str", "a     b: &'c str"),
        ("a \"b // c\nd\" e", "a        \n   e"),
    ];
    for (text, code) in cases {
        assert_eq!(code_of(text), code, "of {text}");
    }
}

#[test]
fn module_line_is_required() {
    check(module_line, &[("a.rs", "//! Book: what rests.\n//!\n//! Invariant: no crossing\n")], &[]);
    check(module_line, &[("a.rs", "//! What rests.\n")], &[]);
    check(
        module_line,
        &[("a.rs", "//! what rests\n"), ("b.rs", "use std::fs;\n"), ("c.rs", "")],
        &["a.rs:1", "b.rs:1", "c.rs:1"],
    );
    check(module_line, &[("a.rs", &"//! Book: long.\n".repeat(41))], &["a.rs:41"]);
}

#[test]
fn file_size_is_bounded() {
    check(file_size, &[("a.rs", &"\n".repeat(700)), ("a.md", &"\n".repeat(701))], &[]);
    check(file_size, &[("a.rs", &"\n".repeat(701))], &["a.rs:701"]);
}

#[test]
fn unfinished_work_is_found() {
    let [later, broken, unclear] = WORDS_UNFINISHED;
    check(unfinished, &[("a.md", &format!("No `{later}` here, nor {later}S, nor A{later}.\n"))], &[]);
    check(
        unfinished,
        &[("a.rs", &format!("// {later}\n\"{broken}\"")), ("Makefile", unclear)],
        &["a.rs:1", "a.rs:2", "Makefile:1"],
    );
    let [macro_call, ..] = CODE_UNFINISHED;
    check(unfinished, &[("a.rs", &format!("{macro_call}x)"))], &["a.rs:1"]);
    for code in CODE_UNFINISHED {
        check(unfinished, &[("a.rs", &format!("\nfn f() {{ {code} x) }}\n"))], &["a.rs:2"]);
        check(
            unfinished,
            &[("a.rs", &format!("/* /* */ {code} */ r#\"\"{code}\"#; '\"'; \"\\\"{code}\" // {code}"))],
            &[],
        );
    }
}

#[test]
fn machine_path_is_found() {
    for folder in MACHINE_FOLDERS {
        check(machine_path, &[("a.md", &format!("\nin `/{folder}/x`"))], &["a.md:2"]);
        check(
            machine_path,
            &[("a.sh", &format!("$HOME/{folder}/x ~/{folder}/ ../{folder}/ ${{to}}/{folder}/"))],
            &[],
        );
    }
}

#[test]
fn name_must_say_something() {
    check(name, &[("engine/src/book/arena.rs", "mod tests { fn typestate() {} }")], &[]);
    check(name, &[("a/common/mod.rs", ""), ("a/types.rs", "")], &["a/common/mod.rs:1", "a/types.rs:1"]);
    check(name, &[("a.rs", "// mod util;\npub(crate) mod  helpers {}")], &["a.rs:2"]);
}

#[test]
fn layer_is_kept() {
    let manifest = |lines: &str| format!("[package]\nname = \"x\"\n{lines}\n");
    let good = manifest(
        "[dependencies]\nengine.workspace = true\ncrossbeam.workspace = true\n[dev-dependencies]\nrocksdb = \"1\"\n[lints]\nworkspace = true",
    );
    check(
        layer,
        &[("Cargo.toml", "[workspace.dependencies]\ntokio = \"1\""), ("node/Cargo.toml", &good)],
        &[],
    );
    check(layer, &[("surprise/Cargo.toml", &manifest(""))], &["surprise/Cargo.toml:1"]);
    let cases = [
        ("engine/Cargo.toml:4", "[dependencies]\nserde.workspace = true"),
        ("engine/Cargo.toml:4", "[dependencies]\njournal = { path = \"../journal\" }"),
        ("client/Cargo.toml:4", "[dependencies]\nengine.workspace = true"),
        ("node/Cargo.toml:4", "[dependencies]\n\"tokio-tungstenite\" = \"1\""),
        ("node/Cargo.toml:3", "[dependencies.rocksdb]\nversion = \"1\""),
        ("persistence/Cargo.toml:4", "[target.'cfg(unix)'.dependencies]\ncrossbeam-channel = \"1\""),
        ("api/Cargo.toml:4", "[build-dependencies]\nstore = { package = \"rocksdb\", version = \"1\" }"),
    ];
    for (place, lines) in cases {
        let path = place.split(':').next().unwrap_or_default();
        check(layer, &[(path, &manifest(lines))], &[place]);
    }
}

#[test]
fn lints_are_shared() {
    let root = (
        "Cargo.toml",
        "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n[workspace.lints.clippy]\ntodo = \"deny\"\n",
    );
    check(lints, &[root, ("a/Cargo.toml", "[lints]\nworkspace = true\n")], &[]);
    check(
        lints,
        &[
            root,
            ("a/Cargo.toml", "[lints.rust]\nunsafe_code = \"forbid\"\n\n[lints.clippy]\ntodo = \"deny\""),
        ],
        &[],
    );
    check(
        lints,
        &[root, ("a/Cargo.toml", "[lints.rust]\nunsafe_code = \"warn\"\n")],
        &["a/Cargo.toml:1", "a/Cargo.toml:1"],
    );
}

#[test]
fn unsafe_code_is_found() {
    check(unsafe_code, &[("a/src/a.rs", "// unsafe\nfn unsafe_code() { \"unsafe\"; }")], &[]);
    check(unsafe_code, &[("a/src/a.rs", "fn a() {\n    unsafe { b() }\n}")], &["a/src/a.rs:2"]);
}

#[test]
fn engine_is_pure() {
    for code in [
        "use crate::{units::Price, ids};\nuse ::std::collections::{BTreeMap, VecDeque as Line};",
        "fn reuse() -> impl Fn() + use<'a> { std::mem::take(); }\n// use rand::Rng;",
    ] {
        check(pure_engine, &[("engine/src/a.rs", code)], &[]);
    }
    check(pure_engine, &[("node/src/a.rs", "use std::time::Instant;")], &[]);
    for code in [
        "use rand::Rng;",
        "use std::{mem, io::{self, Read}};",
        "use std::{collections::{BTreeMap, HashMap}, mem};",
        "use std::collections::{BTreeMap, HashMap};",
        "fn f() { std::time::Instant::now(); }",
    ] {
        check(pure_engine, &[("engine/src/a.rs", &format!("\n{code}"))], &["engine/src/a.rs:2"]);
    }
}

#[test]
fn reexport_stands_in_lib() {
    check(
        reexport,
        &[
            ("a/src/lib.rs", "pub use crate::x::Y;"),
            ("a/src/b.rs", "pub fn f() {}\nuse crate::Y;\n// pub use\n"),
        ],
        &[],
    );
    check(
        reexport,
        &[("a/src/b.rs", "pub use crate::x::Y;\npub(crate)  use crate::Z;")],
        &["a/src/b.rs:1", "a/src/b.rs:2"],
    );
}

#[test]
fn readme_shows_how_to_run() {
    check(readme, &[("README.md", &format!("{}```sh\nmake run\n```\n", "\n".repeat(19)))], &[]);
    check(readme, &[("README.md", &format!("{}```sh\nmake run\n```\n", "\n".repeat(20)))], &["README.md:1"]);
    check(readme, &[], &["README.md:1"]);
}

#[test]
fn link_leads_somewhere() {
    let good = "[a](b.md#part) [b](https://x.y/z) [c](#here) [d](..) `[e](gone.md)`
```
[f](gone.md)
```
[^1]: note
[g]: ../Makefile
";
    check(link, &[("docs/a.md", good), ("docs/b.md", "[up](../docs/./a.md)"), ("Makefile", "")], &[]);
    check(
        link,
        &[("docs/a.md", "[a](b.md)\n[out](../../a.md)\n[f]: gone.md\n")],
        &["docs/a.md:1", "docs/a.md:2", "docs/a.md:3"],
    );
}

#[test]
fn exception_forgives_one_rule_in_one_file() {
    let exception = || [Exception { rule: "name", path: "a.rs", reason: "a sample" }];
    let violations = |texts: [&str; 2]| texts.map(str::to_string).to_vec();
    assert_eq!(
        forgive(violations(["a.rs:1: name: x", "a.rs:1: link: x"]), &exception()),
        ["a.rs:1: link: x"]
    );
    assert_eq!(forgive(violations(["b.rs:1: name: x", "b.rs:1: link: x"]), &exception()).len(), 3);
}
