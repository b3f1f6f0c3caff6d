//! Outcome: the rolling hash over everything that commands did.

use engine::event::Event;
use engine::outcome::OutcomeHash;
use engine::stamp::Sequence;

/// Folds what one command did into `outcome`: its sequence, how many events there were, and each event.
///
/// The live exchange and recovery both call this, for every command, in order.
pub fn fold(outcome: &mut OutcomeHash, sequence: Sequence, events: &[Event]) {
    let count = u64::try_from(events.len()).expect("events are counted in 64 bits");
    outcome.words([sequence.0, count]);
    for event in events {
        event.fold(outcome);
    }
}
