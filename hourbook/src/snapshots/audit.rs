//! Audit: replays a journal from where it begins, and compares every snapshot with what it comes to there.

use engine::command::Stamped;
use engine::event::Event;
use engine::stamp::Sequence;
use engine::view::View;
use journal::log::CommandLog;
use journal::record::{Record, RecordHash};
use journal::recovery::{Recovered, RecoveryError, replay};
use journal::snapshot::Snapshot;
use persistence::snapshots::error::{SnapshotCause, SnapshotError};
use persistence::snapshots::{Snapshots, begin};

/// What was found so far.
pub(crate) struct Audit {
    snapshots: Snapshots,
    /// The first command that the journal holds.
    pub(crate) journal_from: Sequence,
    /// The first command that is replayed: the first one, or the one after a snapshot.
    pub(crate) replayed_from: Sequence,
    /// The last command that was replayed.
    pub(crate) last: Sequence,
    /// Every snapshot that the journal has reached, the oldest first.
    pub(crate) checked: Vec<Checked>,
    /// Those that it has not reached, the newest first.
    ahead: Vec<Sequence>,
}

/// A snapshot that was compared.
pub(crate) struct Checked {
    /// The last command before it.
    pub(crate) sequence: Sequence,
    /// What is wrong with it.
    pub(crate) fault: Option<String>,
}

impl Audit {
    /// An audit of the snapshots that there are now. The journal is opened after it, so that it reaches them.
    pub(crate) fn new(snapshots: Snapshots) -> Result<Audit, SnapshotError> {
        let ahead = snapshots.list()?;
        let [journal_from, replayed_from] = [Sequence(1); 2];
        let (last, checked) = (Sequence(0), Vec::new());
        Ok(Audit { snapshots, journal_from, replayed_from, last, checked, ahead })
    }

    /// Replays `log`, and compares. `begun` is told from which view on, `observer` of every command with what came of it.
    /// Returns what the log amounts to.
    pub(crate) fn run(
        &mut self,
        log: &impl CommandLog,
        begun: impl FnOnce(View),
        observer: &mut impl FnMut(&Stamped, &[Event]),
    ) -> Result<Recovered, RecoveryError> {
        self.journal_from = begin(log)?;
        let base = if self.journal_from == Sequence(1) { Snapshot::default() } else { self.base(log)? };
        let (base, view) = base.recovered();
        begun(view);
        self.replayed_from = base.last.sequence.next();
        // Both closures change it.
        let audit = std::cell::RefCell::new(self);
        let recovered = replay(
            log,
            base,
            &mut |stamped, events| {
                audit.borrow_mut().last = stamped.stamp.sequence;
                observer(stamped, events);
            },
            &mut |recovered| audit.borrow_mut().compare(recovered),
        )?;
        let audit = audit.into_inner();
        while let Some(sequence) = audit.ahead.pop() {
            audit.note(sequence, Some("the journal ends before it: its end is lost".to_owned()));
        }
        Ok(recovered)
    }

    fn note(&mut self, sequence: Sequence, fault: Option<String>) {
        self.checked.push(Checked { sequence, fault });
    }

    /// The oldest sound snapshot that the journal reaches back to. What the journal has before it is checked by its chain
    /// alone.
    fn base(&mut self, log: &impl CommandLog) -> Result<Snapshot, RecoveryError> {
        while let Some(sequence) = self.ahead.pop() {
            if sequence < self.journal_from {
                self.note(sequence, Some("the journal does not reach back to it".to_owned()));
                continue;
            }
            match self.snapshots.read(sequence) {
                Ok(snapshot) => {
                    self.ahead.push(sequence);
                    check_chain(log, sequence)?;
                    return Ok(snapshot);
                }
                Err(error) => self.note(sequence, Some(error.to_string())),
            }
        }
        Err(RecoveryError::Beginning { found: self.journal_from })
    }

    /// Compares the snapshot that was made here, if one was.
    fn compare(&mut self, recovered: &Recovered) {
        while let Some(sequence) = self.ahead.pop_if(|next| *next <= recovered.last.sequence) {
            let fault = match self.snapshots.read(sequence) {
                // Whoever made another one meanwhile has removed it.
                Err(SnapshotError { cause: SnapshotCause::Gone, .. }) => continue,
                Err(error) => Some(error.to_string()),
                Ok(snapshot) => {
                    let Recovered { exchange, chain, outcome, .. } = recovered;
                    let same = (snapshot.chain, snapshot.outcome) == (*chain, *outcome)
                        && snapshot.exchange.state_hash() == exchange.state_hash();
                    (!same).then(|| "it is not what the journal comes to there".to_owned())
                }
            };
            self.note(sequence, fault);
        }
    }
}

/// Checks that records are whole and follow each other, as far as the one that holds `until`.
fn check_chain(log: &impl CommandLog, until: Sequence) -> Result<(), RecoveryError> {
    let mut before: Option<(Sequence, RecordHash)> = None;
    for bytes in log.read(Sequence(1)) {
        let bytes = bytes?;
        let after = before.map_or(Sequence(0), |(last, _)| last);
        let record = Record::open(&bytes).map_err(|fault| RecoveryError::Damaged { after, fault })?;
        let (first, previous) = (record.header().first, record.header().previous);
        if let Some((last, hash)) = before {
            if first != last.next() {
                return Err(RecoveryError::Gap { expected: last.next(), found: first });
            }
            if previous != hash {
                return Err(RecoveryError::Chain { first, expected: hash, found: previous });
            }
        }
        if until <= record.header().last() {
            return Ok(());
        }
        before = Some((record.header().last(), record.hash()));
    }
    Ok(())
}
