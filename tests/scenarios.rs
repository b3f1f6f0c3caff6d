//! Scenarios: what a trader expects of the exchange, as text that looks like an order book.
//!
//! `scenarios/*.txt` begin with the rule they show. Lines in column one act (`scenarios/verbs.rs` says how), indented
//! lines say what came of it; `UPDATE=1 cargo test -p engine --test scenarios` writes those. Orders are named by their
//! number in the scenario, rejected ones too. Unless a scenario has lines of its own for it, there is a market H (hours, the gate ten minutes before delivery, bond 0.5, fees of 200 ppm for makers and 500 ppm for takers)
//! and these accounts. A scenario that begins with `bare` begins with nothing at all.

#[path = "../engine/tests/agreement/mod.rs"]
mod agreement;
#[path = "scenarios/decimal.rs"]
mod decimal;
#[path = "scenarios/desk.rs"]
mod desk;
#[path = "scenarios/report.rs"]
mod report;
#[path = "scenarios/verbs.rs"]
mod verbs;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use engine::reject::RejectReason;

use crate::desk::Desk;
use crate::verbs::act;

/// What a scenario takes for granted, unless it has lines of its own with that verb. The exchange comes first; the
/// accounts come after the scenario's own markets.
const EXCHANGE: Granted = &[("found", &["found"]), ("market", &["market"])];
const ACCOUNTS: Granted = &[
    ("open", &["open ann", "open bob", "open cyd", "open pat provider", "open quin provider"]),
    (
        "deposit",
        &[
            "deposit ann 1000",
            "deposit bob 1000",
            "deposit cyd 1000",
            "deposit pat 1000",
            "deposit quin 1000",
        ],
    ),
    ("capacity", &["capacity pat 100", "capacity quin 100"]),
];

/// Lines by the verb that stands for them.
type Granted = &'static [(&'static str, &'static [&'static str])];

/// Reasons that no scenario shows, and why.
const NOT_SHOWN: &[(RejectReason, &str)] = &[
    (RejectReason::VenueFull, "takes millions of accounts or orders"),
    (RejectReason::OpenOrderLimit, "takes 8,192 orders; engine/tests/exchange.rs places them"),
];

/// The repository, found from where the test runs.
fn root() -> PathBuf {
    let start = env::current_dir().expect("the test runs in a folder");
    let is_root = |folder: &&Path| folder.join("tests/scenarios").is_dir();
    start.ancestors().find(is_root).expect("the test runs inside the repository").to_path_buf()
}

/// Every scenario with its text, in order of name.
fn scenarios() -> Vec<(PathBuf, String)> {
    let folder = fs::read_dir(root().join("tests/scenarios")).expect("the scenarios can be listed");
    let paths = folder.map(|entry| entry.expect("every scenario can be listed").path());
    let mut paths: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|kind| kind == "txt")).collect();
    paths.sort();
    let text = |path: &PathBuf| fs::read_to_string(path).expect("every scenario can be read");
    paths.into_iter().map(|path| (path.clone(), text(&path))).collect()
}

/// Whether a line asks for something.
fn acts(line: &str) -> bool {
    !(line.is_empty() || line.starts_with(' ') || line.starts_with("# "))
}

fn verb(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}

/// The line that acts. Says so when that makes the exchange panic.
struct Place<'a> {
    path: &'a Path,
    line: usize,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let _ = writeln!(std::io::stderr(), "{}:{}: here", self.path.display(), self.line);
        }
    }
}

/// The scenario as it should read: its own lines in column one, and below each what came of it.
fn rendered(path: &Path, text: &str) -> String {
    let mut desk = Desk::new();
    let mut lines = Vec::new();
    let mut ready = text.lines().find(|line| acts(line)) == Some("bare");
    if !ready {
        grant(&mut desk, text, EXCHANGE);
    }
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with(' ')) {
        lines.push(line.to_string());
        if !acts(line) || line == "bare" {
            continue;
        }
        if !ready && verb(line) != "market" {
            grant(&mut desk, text, ACCOUNTS);
            ready = true;
        }
        let place = Place { path, line: number + 1 };
        let outcome = act(&mut desk, line).unwrap_or_else(|| panic!("`{line}` reads"));
        drop(place);
        lines.extend(outcome.into_iter().map(|line| format!("  {line}")));
    }
    lines.join("\n") + "\n"
}

/// Does what the scenario leaves out. Accounts of its own start without credit and capacity.
fn grant(desk: &mut Desk, text: &str, granted: Granted) {
    let own = |word: &str| text.lines().any(|line| acts(line) && verb(line) == word);
    for (word, lines) in granted {
        let replaced = own(word) || own("open") && ["deposit", "capacity"].contains(word);
        for line in lines.iter().filter(|_| !replaced) {
            act(desk, line).unwrap_or_else(|| panic!("`{line}` reads"));
        }
    }
}

#[test]
fn every_scenario_holds() {
    let mut differences = Vec::new();
    for (path, text) in scenarios() {
        assert!(text.starts_with("# "), "{}: the first line says the rule", path.display());
        let rendered = rendered(&path, &text);
        if env::var_os("UPDATE").is_some() {
            fs::write(&path, rendered).expect("a scenario can be written");
            continue;
        }
        let lines = text.lines().chain([""]).zip(rendered.lines().chain([""])).zip(1..);
        let first = lines.into_iter().find(|((has, becomes), _)| has != becomes);
        if let Some(((has, becomes), number)) = first {
            let place = format!("{}:{number}", path.display());
            differences.push(format!("{place}\n  has      {has}\n  becomes  {becomes}"));
        }
    }
    let advice = "UPDATE=1 writes what came of it: read the difference before you keep it";
    assert!(differences.is_empty(), "{advice}\n{}\n", differences.join("\n"));
}

#[test]
fn every_reject_reason_has_a_scenario() {
    let texts: Vec<String> = scenarios().into_iter().map(|(_, text)| text).collect();
    for reason in RejectReason::ALL {
        let line = format!("\n  rejected {} {reason:?}\n", reason.code());
        let shown = texts.iter().any(|text| text.contains(&line));
        let excused = NOT_SHOWN.iter().any(|(other, _)| other == reason);
        assert!(shown != excused, "{reason:?} has a scenario, or a line in NOT_SHOWN, and not both");
    }
}

#[test]
fn every_scenario_stands_beside_its_rule() {
    let contract = fs::read_to_string(root().join("docs/contract.md")).expect("the contract can be read");
    for (path, _) in scenarios() {
        let name = path.file_name().expect("a scenario has a name").to_string_lossy().into_owned();
        let link = format!("(../tests/scenarios/{name})");
        assert!(contract.contains(&link), "docs/contract.md says which rule {name} shows");
    }
}
