//! History: what books were before their last changes, so that a client which was away is told only the difference.
//!
//! One ring holds the changes of all markets, each linked to the one before it in its market. It is bounded for the whole
//! venue, however many markets there are: a busy market pushes out what is old everywhere, a quiet one keeps its past
//! for as long as nothing else happens. Whoever comes too late gets a snapshot, which is as correct.

use std::collections::{BTreeMap, HashMap};

use engine::ids::InstrumentId;
use engine::order::Side;
use engine::units::{Price, Volume};

use crate::config::{HISTORY_CHANGES_MAX, HISTORY_UPDATES_MAX};
use crate::feed::level_move::LevelMove;

/// A level as it was before a command.
#[derive(Clone, Copy, Debug)]
struct Change {
    /// Of which command.
    sequence: u64,
    side: Side,
    price: Price,
    before: Volume,
    /// The number of the change before it in the same market.
    previous: Option<u64>,
}

/// The ring.
#[derive(Debug, Default)]
pub(super) struct History {
    /// A change's place is its number, modulo the ring's length.
    changes: Vec<Change>,
    /// Changes ever noted.
    noted: u64,
    /// Number of each market's last change.
    heads: HashMap<InstrumentId, u64>,
}

/// Levels as they were, those that have changed since.
pub(super) type Levels = BTreeMap<(Side, Price), Volume>;

impl History {
    /// Notes what a command has changed.
    pub(super) fn note(&mut self, sequence: u64, moved: &LevelMove) {
        let LevelMove { instrument, side, price, before } = *moved;
        let previous = self.heads.insert(instrument, self.noted);
        let change = Change { sequence, side, price, before, previous };
        let place = place(self.noted);
        match self.changes.get_mut(place) {
            Some(old) => *old = change,
            None => self.changes.push(change),
        }
        self.noted += 1;
    }

    /// Forgets a market that is over.
    pub(super) fn forget(&mut self, instrument: InstrumentId) {
        self.heads.remove(&instrument);
    }

    /// What the levels that have changed since a command were just after it; `None` when that is not known any more.
    /// Looks at no more changes than `patience` has, and takes those off.
    pub(super) fn since(
        &self,
        instrument: InstrumentId,
        sequence: u64,
        patience: &mut usize,
    ) -> Option<Levels> {
        let mut levels = Levels::new();
        let mut next = self.heads.get(&instrument).copied();
        let (mut updates, mut last) = (0, None);
        while let Some(number) = next {
            let change = self.change(number)?;
            if change.sequence <= sequence {
                break;
            }
            if last.replace(change.sequence) != Some(change.sequence) {
                updates += 1;
            }
            if HISTORY_UPDATES_MAX < updates || *patience == 0 {
                return None;
            }
            *patience -= 1;
            // An older change says what was there before.
            levels.insert((change.side, change.price), change.before);
            next = change.previous;
        }
        Some(levels)
    }

    fn change(&self, number: u64) -> Option<&Change> {
        let kept = u64::try_from(HISTORY_CHANGES_MAX).expect("lengths fit in 64 bits");
        if number + kept < self.noted { None } else { self.changes.get(place(number)) }
    }
}

fn place(number: u64) -> usize {
    let length = u64::try_from(HISTORY_CHANGES_MAX).expect("lengths fit in 64 bits");
    usize::try_from(number % length).expect("it is below a length")
}

#[cfg(test)]
mod tests {
    use engine::units::Lots;

    use super::*;

    const FIRST: InstrumentId = InstrumentId(0);
    const OTHER: InstrumentId = InstrumentId(1);

    fn lots(count: u64) -> Volume {
        Volume::ZERO.plus(Lots::new(count).unwrap())
    }

    fn change(instrument: InstrumentId, ticks: u64, before: u64) -> LevelMove {
        let price = Price::new(ticks).unwrap();
        LevelMove { instrument, side: Side::Bid, price, before: lots(before) }
    }

    fn known(history: &History, sequence: u64) -> Option<Vec<(u32, u64)>> {
        let levels = history.since(FIRST, sequence, &mut usize::MAX.clone())?;
        Some(levels.into_iter().map(|((_, price), lots)| (price.ticks(), lots.count())).collect())
    }

    #[test]
    fn the_oldest_change_since_then_says_what_was() {
        let mut history = History::default();
        for (sequence, moved) in [
            (3, change(FIRST, 10, 0)),
            (4, change(OTHER, 10, 7)),
            (5, change(FIRST, 10, 1)),
            (5, change(FIRST, 11, 0)),
            (6, change(FIRST, 10, 2)),
        ] {
            history.note(sequence, &moved);
        }
        assert_eq!(known(&history, 2), Some(vec![(10, 0), (11, 0)]));
        assert_eq!(known(&history, 3), Some(vec![(10, 1), (11, 0)]));
        assert_eq!(known(&history, 4), Some(vec![(10, 1), (11, 0)]));
        assert_eq!(known(&history, 5), Some(vec![(10, 2)]));
        assert_eq!(known(&history, 6), Some(Vec::new()));
        assert_eq!(history.since(FIRST, 2, &mut 3), None);
        history.forget(FIRST);
        assert_eq!(known(&history, 2), Some(Vec::new()));
    }

    #[test]
    fn what_is_too_far_back_is_not_known() {
        let mut history = History::default();
        let updates = u64::try_from(HISTORY_UPDATES_MAX).unwrap();
        for sequence in 1..=updates + 1 {
            history.note(sequence, &change(FIRST, 10, sequence));
        }
        assert_eq!(known(&history, 0), None);
        assert_eq!(known(&history, 1), Some(vec![(10, 2)]));
        for sequence in 0..u64::try_from(HISTORY_CHANGES_MAX).unwrap() {
            history.note(updates + 2 + sequence, &change(OTHER, 10, 1));
        }
        assert_eq!(known(&history, updates), None);
        // The last change itself is pushed out, so nothing is known at all; not even that nothing has changed.
        assert_eq!(known(&history, updates + 1), None);
    }
}
