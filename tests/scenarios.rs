//! Scenarios: what a trader expects of the exchange, as text that looks like an order book.
//!
//! `scenarios/*.txt` begin with the rule they show. Lines in column one act (`scenarios/verbs.rs` says how), indented
//! lines say what came of it; `UPDATE=1 cargo test -p engine --test scenarios` writes those. Orders are named by their
//! number in the scenario, rejected ones too. Unless a scenario has lines of its own for it, there is a market H (hours,
//! the gate ten minutes before delivery, bond 0.5, fees of 200 ppm for makers and 500 ppm for takers) and these
//! accounts, and deliveries are drawn as soon as they can be, with the seeds 1, 2, 3. A scenario that begins with `bare`
//! begins with nothing at all. Of a line that tells more than [`LINES_MAX`] only the first and the last are kept.

#[path = "../simulator/src/agreement.rs"]
mod agreement;
#[path = "scenarios/controls.rs"]
mod controls;
#[path = "scenarios/decimal.rs"]
mod decimal;
#[path = "scenarios/deeds.rs"]
mod deeds;
#[path = "scenarios/desk.rs"]
mod desk;
#[path = "scenarios/kinds.rs"]
mod kinds;
#[path = "scenarios/questions.rs"]
mod questions;
#[path = "scenarios/report.rs"]
mod report;
#[path = "scenarios/trading.rs"]
mod trading;
#[path = "scenarios/verbs.rs"]
mod verbs;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, fs};

use engine::reject::RejectReason;

use crate::desk::Desk;
use crate::kinds::KINDS;
use crate::verbs::act;

/// Of more lines than these that one line tells, the middle is left out.
const LINES_MAX: usize = 40;
/// How many are kept at both ends then.
const LINES_KEPT: usize = 2;

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

/// What came of a scenario.
struct Played {
    path: PathBuf,
    text: String,
    /// The scenario as it should read: its own lines in column one, and below each what came of it.
    rendered: String,
    /// Kinds of all that happened.
    kinds: BTreeSet<&'static str>,
}

/// Every scenario, played once for all tests.
fn played() -> &'static [Played] {
    static PLAYED: OnceLock<Vec<Played>> = OnceLock::new();
    PLAYED.get_or_init(|| scenarios().into_iter().map(|(path, text)| play(path, text)).collect())
}

fn play(path: PathBuf, text: String) -> Played {
    let mut desk = Desk::new(!has_own(&text, "draw"));
    let mut lines = Vec::new();
    let mut ready = text.lines().find(|line| acts(line)) == Some("bare");
    if !ready {
        grant(&mut desk, &text, EXCHANGE);
    }
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with(' ')) {
        lines.push(line.to_string());
        if !acts(line) || line == "bare" {
            continue;
        }
        if !ready && verb(line) != "market" {
            grant(&mut desk, &text, ACCOUNTS);
            ready = true;
        }
        let place = Place { path: &path, line: number + 1 };
        let outcome = act(&mut desk, line).unwrap_or_else(|| panic!("`{line}` reads"));
        drop(place);
        lines.extend(elided(outcome).into_iter().map(|line| format!("  {line}")));
    }
    Played { path, text, rendered: lines.join("\n") + "\n", kinds: desk.kinds }
}

/// Lines without their middle, if they are many.
fn elided(mut lines: Vec<String>) -> Vec<String> {
    if LINES_MAX < lines.len() {
        let end = lines.len() - LINES_KEPT;
        let middle = format!("... {} lines ...", end - LINES_KEPT);
        lines.splice(LINES_KEPT..end, [middle]);
    }
    lines
}

/// Whether a scenario has lines of its own with a verb.
fn has_own(text: &str, word: &str) -> bool {
    text.lines().any(|line| acts(line) && verb(line) == word)
}

/// Does what the scenario leaves out. Accounts of its own start without credit and capacity.
fn grant(desk: &mut Desk, text: &str, granted: Granted) {
    for (word, lines) in granted {
        let replaced = has_own(text, word) || has_own(text, "open") && ["deposit", "capacity"].contains(word);
        for line in lines.iter().filter(|_| !replaced) {
            act(desk, line).unwrap_or_else(|| panic!("`{line}` reads"));
        }
    }
}

#[test]
fn every_scenario_holds() {
    let mut differences = Vec::new();
    for Played { path, text, rendered, .. } in played() {
        assert!(text.starts_with("# "), "{}: the first line says the rule", path.display());
        if env::var_os("UPDATE").is_some() {
            fs::write(path, rendered).expect("a scenario can be written");
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
    let missing = |reason: &&RejectReason| {
        let word = format!(" rejected {} {reason:?}", reason.code());
        !played().iter().any(|played| played.rendered.contains(&word))
    };
    let missing: Vec<&RejectReason> = RejectReason::ALL.iter().filter(missing).collect();
    assert!(missing.is_empty(), "these reasons have no scenario: {missing:?}");
}

#[test]
fn every_kind_of_event_has_a_scenario() {
    let missing = |kind: &&&str| !played().iter().any(|played| played.kinds.contains(**kind));
    let missing: Vec<&&str> = KINDS.iter().filter(missing).collect();
    assert!(missing.is_empty(), "these events have no scenario: {missing:?}");
}

#[test]
fn the_contract_names_every_scenario_beside_its_rule() {
    let contract = fs::read_to_string(root().join("docs/contract.md")).expect("the contract can be read");
    let (_, table) = contract.split_once("\n## Rule and scenario\n").expect("the contract has the table");
    let table = table.split("\n## ").next().unwrap_or_default();
    let linked = |(name, rest): (&str, &str)| {
        let file = rest.split(')').next().unwrap_or_default().to_string();
        assert_eq!(file, format!("../tests/scenarios/{name}.txt"), "a link says its scenario's name");
        file
    };
    let named = table.split('[').skip(1).filter_map(|part| part.split_once("]("));
    let named: BTreeSet<String> = named.map(linked).collect();
    let file = |(path, _): (PathBuf, String)| {
        let name = path.file_name().expect("a scenario has a name").to_string_lossy().into_owned();
        format!("../tests/scenarios/{name}")
    };
    let there: BTreeSet<String> = scenarios().into_iter().map(file).collect();
    let differ: Vec<&String> = there.symmetric_difference(&named).collect();
    assert!(differ.is_empty(), "docs/contract.md and tests/scenarios do not both have: {differ:?}");
}
