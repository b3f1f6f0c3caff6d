//! Evidence: what providers have shown of their slots, on a shelf beside the journal's disk, with all that a crash and age do to it.
//!
//! It stands for what a real shelf keeps: a hash for each thing. What was synced survives a crash, of the rest a power cut leaves what it
//! likes. Nothing repeats it: what is damaged is lost.

use std::collections::{BTreeMap, BTreeSet};

use engine::delivery::outcome::Outcome;
use engine::delivery::slot::{SlotNumber, SlotState};
use engine::ids::{DeliveryId, Digest};
use engine::index::mix64;

use crate::kernel::choices::Choices;
use crate::kernel::fault::Damage;

/// A slot of a delivery.
pub(super) type SlotOf = (DeliveryId, SlotNumber);

/// What is shown of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    /// What was computed, sworn to.
    Commitment,
    /// What was drawn of it, in the open.
    Opening,
}

/// The shelf.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    kept: BTreeMap<(SlotOf, Piece), Digest>,
    /// Writes whose sync goes on, in order.
    unsynced: BTreeMap<u64, (SlotOf, Piece)>,
    writes: u64,
    /// Slots of which something was damaged.
    damaged: BTreeSet<SlotOf>,
}

impl Piece {
    /// What a provider shows: of one slot always the same.
    pub(super) fn digest(self, (delivery, slot): SlotOf) -> Digest {
        let kind = match self {
            Piece::Commitment => 1,
            Piece::Opening => 2,
        };
        let word = mix64(kind, u64::from(delivery.0) << 8 | u64::from(slot.number()));
        let mut bytes = [kind.to_le_bytes()[0]; 32];
        bytes[..8].copy_from_slice(&word.to_le_bytes());
        Digest(bytes)
    }
}

/// What somebody still has to see of a slot that stands there.
pub(super) fn named(state: SlotState) -> Option<Piece> {
    match state {
        SlotState::Opened | SlotState::Flagged => Some(Piece::Opening),
        SlotState::Committed | SlotState::Unaudited | SlotState::Decided(Outcome::Unopened) => {
            Some(Piece::Commitment)
        }
        _ => None,
    }
}

impl Evidence {
    /// Begins to keep something. Returns the number of the write.
    pub(super) fn put(&mut self, of: SlotOf, piece: Piece, digest: Digest) -> u64 {
        self.writes += 1;
        // The same again changes nothing that was synced.
        if self.kept.insert((of, piece), digest) != Some(digest) {
            self.unsynced.insert(self.writes, (of, piece));
        }
        self.writes
    }

    /// A write is there for good, and with it those before it.
    pub(super) fn sync(&mut self, write: u64) {
        self.unsynced.retain(|other, _| write < *other);
    }

    /// Whether this is there for good.
    pub(super) fn holds(&self, of: SlotOf, piece: Piece, digest: Digest) -> bool {
        self.kept.get(&(of, piece)) == Some(&digest)
            && !self.unsynced.values().any(|other| *other == (of, piece))
    }

    /// Whether all up to this can be shown.
    pub(super) fn is_whole(&self, of: SlotOf, up_to: Piece) -> bool {
        let pieces = [Piece::Commitment, Piece::Opening].into_iter().filter(|piece| *piece <= up_to);
        let mut pieces = pieces.map(|piece| self.kept.get(&(of, piece)) == Some(&piece.digest(of)));
        pieces.all(|whole| whole)
    }

    /// Whether something of the slot was damaged.
    pub(super) fn was_damaged(&self, of: SlotOf) -> bool {
        self.damaged.contains(&of)
    }

    /// The process is killed: what it wrote is there.
    pub(super) fn settle(&mut self) {
        self.unsynced.clear();
    }

    /// The machine loses its power: of what was not synced some is there, some not, and some is torn.
    pub(super) fn cut_power(&mut self, choices: &mut Choices) {
        for (_, place) in std::mem::take(&mut self.unsynced) {
            match choices.below(3) {
                0 => {}
                1 => drop(self.kept.remove(&place)),
                _ => drop(self.kept.insert(place, Digest([0; 32]))),
            }
        }
    }

    /// Something that was synced is damaged, of a slot for which `is_meant`. Returns whether there was anything.
    pub(super) fn damage(
        &mut self,
        damage: Damage,
        is_meant: impl Fn(SlotOf) -> bool,
        choices: &mut Choices,
    ) -> bool {
        let meant: Vec<(SlotOf, Piece)> = self.kept.keys().copied().filter(|(of, _)| is_meant(*of)).collect();
        if meant.is_empty() {
            return false;
        }
        let (of, piece) = meant[choices.place(meant.len())];
        match damage {
            Damage::Rotten | Damage::Torn => drop(self.kept.insert((of, piece), Digest([0; 32]))),
            Damage::Lost => drop(self.kept.remove(&(of, piece))),
            Damage::Misdirected => {
                let other = *self.kept.values().next().expect("there is one");
                self.kept.insert((of, piece), other);
            }
            Damage::Shortened => self.kept.retain(|(kept, _), _| *kept != of),
        }
        self.damaged.insert(of);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::choices::{Chooser, Source};

    fn of(slot: u64) -> SlotOf {
        (DeliveryId(3), SlotNumber::new(slot).expect("it is one of twelve"))
    }

    fn put(evidence: &mut Evidence, slot: u64) -> u64 {
        evidence.put(of(slot), Piece::Commitment, Piece::Commitment.digest(of(slot)))
    }

    #[test]
    fn what_is_synced_survives_a_power_cut_and_the_rest_may_not() {
        let mut left = 0;
        for crash in 0..60 {
            let mut evidence = Evidence::default();
            let write = put(&mut evidence, 0);
            assert!(!evidence.holds(of(0), Piece::Commitment, Piece::Commitment.digest(of(0))));
            evidence.sync(write);
            put(&mut evidence, 1);
            evidence.cut_power(&mut Source::new(1, "shelf").stream(Chooser::Crash, crash));
            assert!(evidence.is_whole(of(0), Piece::Commitment));
            left += usize::from(evidence.is_whole(of(1), Piece::Commitment));
        }
        assert!((10..50).contains(&left), "{left}");
    }

    #[test]
    fn what_is_damaged_is_not_whole() {
        for (number, damage) in (0..).zip(Damage::ALL) {
            let mut evidence = Evidence::default();
            for slot in 0..5 {
                let write = put(&mut evidence, slot);
                evidence.sync(write);
            }
            let mut choices = Source::new(number, "shelf").stream(Chooser::Crash, 9);
            assert!(evidence.damage(damage, |_| true, &mut choices), "{damage:?}");
            let lost: Vec<u64> =
                (0..5).filter(|slot| !evidence.is_whole(of(*slot), Piece::Commitment)).collect();
            assert!(
                evidence.damaged.len() == 1
                    && lost.len() <= 1
                    && lost.iter().all(|slot| evidence.was_damaged(of(*slot))),
                "{damage:?}"
            );
        }
        assert!(!Evidence::default().damage(
            Damage::Lost,
            |_| true,
            &mut Source::new(1, "a").stream(Chooser::Crash, 0)
        ));
    }

    #[test]
    fn a_slot_that_is_opened_is_whole_with_both() {
        let mut evidence = Evidence::default();
        put(&mut evidence, 0);
        assert!(evidence.is_whole(of(0), Piece::Commitment) && !evidence.is_whole(of(0), Piece::Opening));
        evidence.put(of(0), Piece::Opening, Piece::Opening.digest(of(0)));
        assert!(evidence.is_whole(of(0), Piece::Opening));
    }
}
