//! Verify: replays a journal and says whether it is sound.

use std::cell::RefCell;
use std::path::PathBuf;

use clap::Args;
use journal::history::check::HistoryCheck;
use journal::history::reader::HistoryReader;
use persistence::data::{Glance, snapshots};
use serde::Serialize;

use crate::command::caught::caught;
use crate::custody::{self, Looked};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::screen::Screen;
use crate::snapshots::audit::{Audit, Checked};
use crate::table::{Align, facts};

const EXAMPLES: &str = "\
Opens the journal read-only, beside a running exchange or without one, applies every command again, and checks the
chain of records, the outcome of each, and at the end the whole exchange: that credits are conserved, that holds back
every open order, that claims and obligations are equal. Compares every snapshot with what the journal comes to there, and the
history with what it told. Reads all evidence, and asks for what the journal names of slots that are under way. A journal whose
beginning was dropped is replayed from its oldest snapshot. Exits with 5 and says why when the journal, its mark, a snapshot, the
history or the evidence is not sound.

Examples:
  hourbook verify --data data
  hourbook verify --data data --json";

/// Replay a journal and say whether it, its snapshots, its history and the evidence are sound
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Verify {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// What a journal amounts to. The hashes are absent unless it was replayed to its end.
#[derive(Serialize)]
struct Verdict {
    /// The last command that was reached.
    commands: u64,
    journal_from: u64,
    replayed_from: u64,
    state_hash: Option<String>,
    outcome_hash: Option<String>,
    snapshots: Vec<SnapshotVerdict>,
    /// The command that the journal is known to reach.
    mark: u64,
    /// The command that the history reaches on disk.
    history: u64,
    /// Pieces of evidence that were read.
    evidence: Option<u64>,
    epoch: Option<String>,
    sound: bool,
}

/// What became of a snapshot.
#[derive(Serialize)]
struct SnapshotVerdict {
    after: u64,
    sound: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

impl Verify {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::local(error.to_string());
        let mut audit = Audit::new(snapshots(&self.data)).map_err(|error| failed(&error))?;
        let glance = Glance::at(&self.data).map_err(|error| failed(&error))?;
        // A history is not worth a refusal: the next start makes it anew.
        let history = glance.history().ok().flatten();
        let check = RefCell::new(None);
        let mut progress = Progress::of(screen, "verifying");
        let replayed = caught(|| {
            let begun = |view| {
                *check.borrow_mut() = history.as_ref().map(|history| HistoryCheck::begin(history, view));
            };
            let recovered = audit.run(&glance.log, begun, &mut |stamped, events| {
                progress.reached(stamped.stamp.sequence);
                if let Some(check) = &mut *check.borrow_mut() {
                    check.command(stamped, events);
                }
            });
            let recovered = recovered.map_err(|error| error.to_string())?;
            recovered.exchange.assert_sound();
            let told = check.take().map_or(Ok(()), HistoryCheck::finish);
            told.map_err(|error| {
                format!("{error}. The journal is sound: stop the exchange and remove the folder history, and the next start makes it \
                         anew")
            })?;
            let hashes = [recovered.exchange.state_hash(), recovered.outcome];
            Ok((hashes.map(|hash| hash.to_string()), custody::look(&self.data, &recovered.exchange)))
        });
        let (hashes, evidence, unsound) = match replayed {
            Ok((hashes, Looked { kept, fault: lost })) => {
                let fault = audit.checked.iter().find_map(|checked| fault(checked, &self.data));
                (Some(hashes), Some(kept), fault.or(lost))
            }
            Err(cause) => (None, None, Some(cause)),
        };
        let [state_hash, outcome_hash] = hashes.map_or([None, None], |hashes| hashes.map(Some));
        let verdict = Verdict {
            commands: audit.last.0.max(audit.replayed_from.0 - 1),
            journal_from: audit.journal_from.0,
            replayed_from: audit.replayed_from.0,
            state_hash,
            outcome_hash,
            snapshots: audit.checked.into_iter().map(SnapshotVerdict::of).collect(),
            mark: glance.mark.map_or(0, |mark| mark.tip.sequence.0),
            history: history.map_or(0, |history| HistoryReader::last(&history).0),
            evidence,
            epoch: glance.mark.map(|mark| format!("{:016x}", mark.epoch)),
            sound: unsound.is_none(),
        };
        screen.show(&verdict, Verdict::text)?;
        match unsound {
            None => Ok(()),
            Some(cause) => Err(Failure::local(cause)),
        }
    }
}

/// What to say of a snapshot that is not sound.
fn fault(checked: &Checked, data: &std::path::Path) -> Option<String> {
    let fault = checked.fault.as_ref()?;
    let (after, path) = (checked.sequence.0, snapshots(data).path().display().to_string());
    Some(format!(
        "the journal is sound, but the snapshot after command {after} is not: {fault}. When the journal is the right one, \
         remove the snapshot from {path}"
    ))
}

impl SnapshotVerdict {
    fn of(checked: Checked) -> SnapshotVerdict {
        let Checked { sequence, fault } = checked;
        SnapshotVerdict { after: sequence.0, sound: fault.is_none(), fault }
    }

    fn text(&self) -> String {
        let SnapshotVerdict { after, sound, .. } = self;
        if *sound { format!("{after}: sound") } else { format!("{after}: not sound") }
    }
}

impl Verdict {
    fn text(&self) -> String {
        let hash = |hash: &Option<String>| hash.clone().unwrap_or_else(|| "-".to_owned());
        let snapshots: Vec<String> = self.snapshots.iter().map(SnapshotVerdict::text).collect();
        facts(
            Align::Left,
            [
                ("commands", self.commands.to_string()),
                ("journal from", self.journal_from.to_string()),
                ("replayed from", self.replayed_from.to_string()),
                ("state hash", hash(&self.state_hash)),
                ("outcome hash", hash(&self.outcome_hash)),
                ("snapshots", if snapshots.is_empty() { "none".to_owned() } else { snapshots.join(", ") }),
                ("marked", self.mark.to_string()),
                ("history", self.history.to_string()),
                ("evidence", self.evidence.map_or("-".to_owned(), |kept| kept.to_string())),
                ("epoch", hash(&self.epoch)),
                ("sound", if self.sound { "yes" } else { "no" }.to_owned()),
            ],
        )
    }
}
