//! Verify: asks receipts every question there is, and says which was answered with no.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use attestation::check::{Checked, Consumed, Outcome};
use attestation::receipt::Receipt;
use clap::Args;
use serde::Serialize;

use crate::argument;
use crate::auditor::{Auditor, Extent, check};
use crate::failure::Failure;
use crate::screen::Screen;
use crate::table::{Align, Table};

/// The largest receipt that is read.
const BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What an answer is called that is no.
const FAILED: &str = "failed";

const EXAMPLES: &str = "\
A receipt holds what was assigned, what the provider committed to and opened, and what an auditor found. One line says
for each question whether it passed, failed or was skipped, and why; docs/attestation.md says what each one asks. Nothing
but the receipt is believed: whose keys sign it is printed. With --exchange it has to be the key that `hourbook status` shows, or
one that you wrote down.

With --model, the sequences that were drawn are computed again, with --all every one that is open. Several receipts are
taken together: a batch that is shown twice fails. Exits with 5 when any question failed.

Examples:
  hourbook receipt verify batch.receipt
  hourbook receipt verify batch.receipt --exchange b46db914615ab73d947277599a53c6d7a3ff1f75d4102d8613b7c3fe12c0f853
  hourbook receipt verify batch.receipt --model models/smollm2-135m-instruct.gguf
  hourbook receipt verify one.receipt two.receipt --model tiny --all --json";

/// Check receipts: trees, signatures, beacon, sample and, with the model, tokens and fingerprints
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Verify {
    /// The receipts
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The model file, or `tiny` for the model that is built in
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// The key with which the exchange has to have signed, in hex
    #[arg(long, value_name = "KEY", value_parser = argument::receipt_key)]
    exchange: Option<String>,
    /// Compute every open sequence again, not only those that were drawn
    #[arg(long, requires = "model")]
    all: bool,
}

/// All receipts.
#[derive(Serialize)]
struct Verified {
    sound: bool,
    receipts: Vec<Told>,
}

/// One receipt.
#[derive(Serialize)]
struct Told {
    file: String,
    sound: bool,
    #[serde(flatten)]
    facts: Option<Facts>,
    checks: Vec<Line>,
}

/// Whose it is.
#[derive(Serialize)]
struct Facts {
    batch: String,
    exchange: String,
    provider: String,
    taker: String,
    model: String,
    sequences: u32,
    open: usize,
    /// How the arbiter decided, where somebody asked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    ruled: Option<&'static str>,
    /// What the tokens count for, in nanoseconds of one GPU; absent beyond 64 bits.
    work_ns: Option<u64>,
}

/// One question.
#[derive(Serialize)]
struct Line {
    check: &'static str,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Verify {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let auditor = self.model.as_deref().map(Auditor::open).transpose()?;
        let extent = if self.all { Extent::Open } else { Extent::Drawn };
        let mut consumed = Consumed::default();
        let mut receipts = Vec::new();
        for file in &self.files {
            let bytes = read(file)?;
            if auditor.is_some() {
                screen.remark(&format!("computing what is in {}", file.display()));
            }
            receipts.push(match Receipt::decode(&bytes) {
                Ok(receipt) => {
                    let mut lines: Vec<Line> =
                        self.exchange.iter().map(|key| of_exchange(&receipt, key)).collect();
                    let checked = check(&receipt, &mut consumed, auditor.as_ref(), extent);
                    lines.extend(checked.into_iter().map(Line::of));
                    told(file, &receipt, lines)
                }
                Err(malformed) => unreadable(file, malformed.to_string()),
            });
        }
        let failed = receipts.iter().filter(|told| !told.sound).count();
        let verified = Verified { sound: failed == 0, receipts };
        screen.show(&verified, Verified::text)?;
        match failed {
            0 => Ok(()),
            1 if self.files.len() == 1 => Err(Failure::local("the receipt is not sound".to_owned())),
            _ => Err(Failure::local(format!("{failed} of {} receipts are not sound", self.files.len()))),
        }
    }
}

/// The bytes of a file that is not too large to be a receipt.
fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::local(format!("reading {} failed: {error}", file.display()));
    let metadata = fs::metadata(file).map_err(failed)?;
    if metadata.is_dir() {
        return Err(Failure::local(format!("{} is a folder, not a receipt", file.display())));
    }
    let mut bytes = Vec::new();
    // A pipe says nothing of its size, and a file may grow.
    File::open(file).and_then(|opened| opened.take(BYTES_MAX + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= BYTES_MAX) {
        Ok(bytes)
    } else {
        Err(Failure::local(format!("{} has more than {BYTES_MAX} bytes: it is no receipt", file.display())))
    }
}

/// Is it the exchange whose key this is that asked for the batch?
fn of_exchange(receipt: &Receipt, key: &str) -> Line {
    let against =
        (receipt.assign.exchange.to_string() != key).then(|| format!("the exchange's key is not {key}"));
    let outcome = if against.is_some() { FAILED } else { "passed" };
    Line { check: "exchange", outcome, why: against }
}

fn told(file: &Path, receipt: &Receipt, checks: Vec<Line>) -> Told {
    let (assign, commit) = (&receipt.assign, &receipt.commit);
    let facts = Facts {
        batch: assign.batch.to_string(),
        exchange: assign.exchange.to_string(),
        provider: assign.provider.to_string(),
        taker: assign.taker.to_string(),
        model: assign.model.to_string(),
        sequences: assign.count,
        open: receipt.open.len(),
        ruled: receipt.ruling.as_ref().map(|ruling| ruling.ruled.name()),
        work_ns: assign.meter.work_ns(commit.prompt_tokens, commit.answer_tokens),
    };
    Told {
        file: file.display().to_string(),
        sound: !checks.iter().any(|line| line.outcome == FAILED),
        facts: Some(facts),
        checks,
    }
}

fn unreadable(file: &Path, why: String) -> Told {
    let line = Line { check: "bytes", outcome: FAILED, why: Some(why) };
    Told { file: file.display().to_string(), sound: false, facts: None, checks: vec![line] }
}

impl Line {
    fn of(checked: Checked) -> Line {
        let (outcome, why) = match checked.outcome {
            Outcome::Passed => ("passed", None),
            Outcome::Failed(why) => (FAILED, Some(why)),
            Outcome::Skipped(why) => ("skipped", Some(why.to_owned())),
        };
        Line { check: checked.check.name(), outcome, why }
    }
}

impl Verified {
    fn text(&self) -> String {
        self.receipts.iter().map(Told::text).collect::<Vec<_>>().join("\n")
    }
}

impl Told {
    fn text(&self) -> String {
        let mut text = format!("{}\n", self.file);
        if let Some(facts) = &self.facts {
            let mut rows = vec![
                ("batch", facts.batch.clone()),
                ("exchange", facts.exchange.clone()),
                ("provider", facts.provider.clone()),
                ("taker", facts.taker.clone()),
                ("model", facts.model.clone()),
                ("sequences", format!("{}, {} open", facts.sequences, facts.open)),
                (
                    "work",
                    facts.work_ns.map_or_else(|| "-".to_owned(), |work| format!("{work} ns of one GPU")),
                ),
            ];
            rows.extend(facts.ruled.map(|ruled| ("ruled", format!("{ruled}, by the arbiter"))));
            text += &crate::table::facts(Align::Left, rows);
        }
        let columns = ["check", "outcome", "why"].map(|name| (name, Align::Left));
        let mut table = Table::new(columns);
        for line in &self.checks {
            let why = line.why.clone().unwrap_or_default();
            table.row([line.check.to_owned(), line.outcome.to_owned(), why]);
        }
        text + "\n" + &table.to_string()
    }
}
