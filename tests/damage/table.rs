//! Table: what came of each damage, and whether the document says the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{env, fs};

const HEAD: &str = "\
# What damage leads to

Every row is tried by `tests/damage.rs`: on a small data folder whose journal has records in a table and in the write-ahead log, and a mark at
its end. *Recovered*: every command is there again. *Refused*: the start changes nothing, says what is wrong, and what to
do. *`verify` finds the damage*: it is where a start need not read, in the history, in a snapshot, or in the journal behind one; nothing is missing of
the exchange. There is no other: nothing gets silently shorter.

What providers, takers and auditors have shown is kept beside the journal, and two slots of such a folder are under way: one is committed to, and of
one the sample is open. *Kept*: both can be shown again. *Ruled inconclusive*: the exchange starts, says which slots' evidence it has lost, and
rules them so; their money goes back, nobody is to blame, and nobody is slashed.

A bit is flipped at every 97th place of each file, of the evidence at every 997th. Files are cut there too; the write-ahead log at the end of each of its records too, and
within each. Garbage is 100 bytes of noise.

";

/// Outcomes by what was damaged and how.
#[derive(Default)]
pub(crate) struct Table {
    rows: BTreeMap<(String, String), BTreeSet<String>>,
    /// What this machine could not try, and what should come of it.
    skipped: BTreeSet<(String, String)>,
}

impl Table {
    /// Notes what came of one damage.
    pub(crate) fn note(&mut self, what: &str, how: &str, outcome: impl Into<String>) {
        self.rows.entry((what.to_owned(), how.to_owned())).or_default().insert(outcome.into());
    }

    /// Notes that this machine cannot try it.
    pub(crate) fn skip(&mut self, what: &str, how: &str) {
        self.skipped.insert((what.to_owned(), how.to_owned()));
    }

    /// Panics unless the document says the same. What could not be tried is taken from it.
    pub(crate) fn compare(&self) {
        let path = document();
        let before = fs::read_to_string(&path).unwrap_or_default();
        let mut lines: BTreeMap<(String, String), String> = BTreeMap::new();
        for ((what, how), outcomes) in &self.rows {
            let outcomes: Vec<&str> = outcomes.iter().map(String::as_str).collect();
            let line = format!("| {what} | {how} | {} |", outcomes.join("; or ").to_lowercase());
            lines.insert((what.clone(), how.clone()), line);
        }
        for (what, how) in &self.skipped {
            let begin = format!("| {what} | {how} | ");
            let line = before.lines().find(|line| line.starts_with(&begin));
            let line = line.expect("what this machine cannot try stands in the document").to_owned();
            lines.insert((what.clone(), how.clone()), line);
        }
        let rows: Vec<&str> = lines.values().map(String::as_str).collect();
        let text =
            format!("{HEAD}| what | damage | what comes of it |\n|---|---|---|\n{}\n", rows.join("\n"));
        if env::var_os("UPDATE").is_some() {
            return fs::write(&path, text).unwrap();
        }
        assert_eq!(before, text, "UPDATE=1 writes {}", path.display());
    }
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/damage.md")
}
