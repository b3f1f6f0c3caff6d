//! Disk: a command log on bytes that a crash, a lying drive and age can change.
//!
//! Records stand one behind the other. What was synced survives; of what was only written a crash leaves a part, cut
//! anywhere, perhaps with noise behind it. When the log is opened again, what is no whole record beyond the last sync is
//! taken for torn and dropped. What was synced is never dropped: how far that was is remembered beside the bytes, as a
//! high-water mark is. Damage within it is left for recovery to find.

use engine::stamp::Sequence;
use journal::log::{AppendError, CommandLog, ReadError, Tip};
use journal::record::{HEADER_BYTES, Record};
use journal::sealed::SealedRecords;

use crate::kernel::choices::Choices;
use crate::kernel::fault::Damage;

/// Where a record says how many bytes it has.
const LENGTH: std::ops::Range<usize> = 8..12;
/// Bytes of noise that a crash leaves at the most.
const NOISE_MAX: u64 = 256;

/// A log and the bytes it is on.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    bytes: Vec<u8>,
    /// The last record written; none when there is none.
    tip: Option<Tip>,
    /// What was synced: bytes, and the last record.
    synced: (usize, Option<Tip>),
    /// Whether a write is durable only when [`Disk::finish_sync`] says so.
    slow: bool,
    /// Whether the sync that goes on will fail.
    failing: bool,
    /// Writes so far.
    writes: u64,
}

impl Disk {
    /// An empty disk that syncs at once.
    pub fn prompt() -> Disk {
        Disk::default()
    }

    /// From now on writes wait for [`Disk::finish_sync`].
    pub(super) fn slow_down(&mut self) {
        self.slow = true;
    }

    /// From now on writes are durable when they return.
    pub(super) fn speed_up(&mut self) {
        self.slow = false;
    }

    /// How many writes there were.
    pub(super) fn writes(&self) -> u64 {
        self.writes
    }

    /// The last command that is durable.
    pub(super) fn durable(&self) -> Sequence {
        self.synced.1.map_or(Sequence(0), |tip| tip.sequence)
    }

    /// The sync that goes on will fail.
    pub(super) fn fail_sync(&mut self) {
        self.failing = true;
    }

    /// The sync that goes on returns.
    ///
    /// # Errors
    /// When it failed: nobody knows what is durable.
    pub(super) fn finish_sync(&mut self) -> Result<(), AppendError> {
        if self.failing {
            return Err(AppendError::Unknown { cause: "the simulated sync failed".to_owned() });
        }
        self.synced = (self.bytes.len(), self.tip);
        Ok(())
    }

    /// The power is gone: a part is left of what was not synced, and perhaps noise behind it.
    pub(super) fn cut_power(&mut self, choices: &mut Choices) {
        let unsynced = self.bytes.len() - self.synced.0;
        self.bytes.truncate(self.synced.0 + choices.place(unsynced + 1));
        if 0 < unsynced && choices.happens(5_000) {
            let noise = choices.below(NOISE_MAX);
            self.bytes.extend((0..noise).map(|_| choices.word().to_le_bytes()[0]));
        }
    }

    /// Opens the log again, as the next process does.
    pub fn reopen(&mut self) {
        self.failing = false;
        let (mut end, mut tip) = self.synced;
        // What was not synced counts as far as it is whole.
        while let Some(length) = piece(&self.bytes[end..])
            && let Ok(record) = Record::open(&self.bytes[end..end + length])
        {
            tip = Some(record.tip());
            end += length;
        }
        self.bytes.truncate(end);
        (self.tip, self.synced) = (tip, (end, tip));
    }

    /// Changes what was synced, behind the back of the log. Returns whether anything changed.
    pub(super) fn damage(&mut self, damage: Damage, choices: &mut Choices) -> bool {
        let pieces: Vec<(usize, usize)> = self.pieces().collect();
        if pieces.len() < 2 {
            return false;
        }
        let before = self.bytes.clone();
        let (start, end) = pieces[choices.place(pieces.len())];
        match damage {
            Damage::Rotten => {
                let at = choices.place(self.bytes.len());
                self.bytes[at] ^= 1 << choices.below(8);
            }
            Damage::Lost => drop(self.bytes.drain(start..end)),
            Damage::Misdirected => {
                let (from, to) = pieces[choices.place(pieces.len())];
                let other = self.bytes[from..to].to_vec();
                self.bytes.splice(start..end, other);
            }
            Damage::Torn => {
                let cut = start + choices.place(end - start);
                self.bytes[cut..end].fill(0);
            }
            Damage::Shortened => {
                let left = choices.place(self.bytes.len());
                self.bytes.truncate(left);
            }
        }
        before != self.bytes
    }

    /// Where each piece begins and ends.
    fn pieces(&self) -> impl Iterator<Item = (usize, usize)> {
        let mut start = 0;
        std::iter::from_fn(move || {
            let length = piece(&self.bytes[start..])?;
            let begin = start;
            start += length;
            Some((begin, start))
        })
    }
}

/// How long the first record says it is. What cannot be is all that is left.
fn piece(bytes: &[u8]) -> Option<usize> {
    if bytes.is_empty() {
        return None;
    }
    let said = bytes.get(LENGTH).map(|said| u32::from_le_bytes(said.try_into().expect("four bytes")));
    let length = said.map_or(bytes.len(), |said| usize::try_from(said).unwrap_or(usize::MAX));
    Some(if HEADER_BYTES <= length && length <= bytes.len() { length } else { bytes.len() })
}

impl CommandLog for Disk {
    fn append(&mut self, expected_last: Sequence, records: &SealedRecords) -> Result<(), AppendError> {
        let found = self.tip.map_or(Sequence(0), |tip| tip.sequence);
        if found != expected_last {
            return Err(AppendError::Conflict { expected: expected_last, found });
        }
        records.assert_follow(expected_last);
        for record in records.iter() {
            self.bytes.extend_from_slice(record.bytes);
            self.tip = Some(Tip { sequence: record.last, hash: record.hash });
        }
        self.writes += 1;
        if self.slow { Ok(()) } else { self.finish_sync() }
    }

    fn last(&self) -> Result<Option<Tip>, ReadError> {
        Ok(self.tip)
    }

    fn read(&self, from: Sequence) -> impl Iterator<Item = Result<Box<[u8]>, ReadError>> {
        let before =
            move |bytes: &[u8]| Record::open(bytes).is_ok_and(|record| record.header().last() < from);
        let pieces = self.pieces().map(|(start, end)| &self.bytes[start..end]);
        pieces.skip_while(move |bytes| before(bytes)).map(|bytes| Ok(Box::from(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use engine::command::Command;
    use journal::contract::Live;
    use journal::recovery::recover;

    use super::*;
    use crate::kernel::choices::{Chooser, Source};

    const TICKS: [Command; 3] = [Command::Tick; 3];

    /// A disk on which so many records are synced, and so many more are only written.
    fn written(synced: usize, more: usize) -> Disk {
        let (mut live, mut disk) = (Live::default(), Disk::prompt());
        for _ in 0..synced {
            live.append(&mut disk, &[&TICKS]).expect("it follows");
        }
        disk.slow_down();
        for _ in 0..more {
            live.append(&mut disk, &[&TICKS]).expect("it follows");
        }
        disk
    }

    fn commands(disk: &Disk) -> u64 {
        recover(disk, &mut |_, _| {}).expect("it is sound").commands
    }

    #[test]
    fn a_power_cut_leaves_what_was_synced_and_a_part_of_the_rest() {
        let mut left = [0; 5];
        for crash in 0..400 {
            let mut disk = written(2, 4);
            disk.cut_power(&mut Source::new(3, "disk").stream(Chooser::Crash, crash));
            disk.reopen();
            let commands = commands(&disk);
            assert!((6..=18).contains(&commands) && commands.is_multiple_of(3), "{commands}");
            assert_eq!(disk.durable(), Sequence(commands));
            left[usize::try_from(commands / 3 - 2).expect("it is small")] += 1;
        }
        assert!(left.iter().all(|times| 0 < *times), "everything may be left: {left:?}");
    }

    #[test]
    fn what_is_written_is_durable_when_the_sync_returns() {
        let mut disk = written(1, 1);
        assert_eq!(disk.durable(), Sequence(3));
        disk.finish_sync().expect("it does not fail");
        assert_eq!(disk.durable(), Sequence(6));
        disk.fail_sync();
        assert!(disk.finish_sync().is_err());
        assert_eq!(commands(&written(1, 1)), 6, "a process that is killed leaves what it wrote");
    }

    #[test]
    fn damage_is_refused() {
        for (number, damage) in (0..).zip(Damage::ALL) {
            let mut changed = 0;
            for round in 0..60 {
                let mut disk = written(5, 0);
                let mut choices = Source::new(number, "damage").stream(Chooser::Crash, round);
                if disk.damage(damage, &mut choices) {
                    changed += 1;
                    assert!(recover(&disk, &mut |_, _| {}).is_err(), "{damage:?} {round}");
                }
            }
            assert!(30 < changed, "{damage:?} changes something");
        }
        let mut choices = Source::new(1, "damage").stream(Chooser::Crash, 0);
        assert!(!written(1, 0).damage(Damage::Rotten, &mut choices), "too little to damage");
    }
}
