//! Level move: a level of a book before and after a command.

use engine::ids::InstrumentId;
use engine::order::Side;
use engine::units::{Price, Volume};
use engine::view::View;
use engine::view::depth::LevelChange;

/// A level that has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LevelMove {
    /// Whose book.
    pub(super) instrument: InstrumentId,
    /// Which side.
    pub(super) side: Side,
    /// Which level.
    pub(super) price: Price,
    /// Lots before the command.
    pub(super) before: Volume,
}

/// Every level that the last command left otherwise than it found it, sorted.
pub(super) fn moves(view: &View) -> Vec<LevelMove> {
    let mut changes: Vec<&LevelChange> = view.changes().iter().collect();
    changes.sort_by_key(|change| (change.instrument, change.side, change.price));
    let levels = changes.chunk_by(|one, other| {
        (one.instrument, one.side, one.price) == (other.instrument, other.side, other.price)
    });
    let moved = levels.filter_map(|level| {
        let LevelChange { instrument, side, price, .. } = *level[0];
        let after = view.depth(instrument).expect("changes are of listed instruments").at(side, price);
        // What left is put back first, so that nothing is taken that is not there.
        let left = level.iter().filter(|change| !change.joined);
        let joined = level.iter().filter(|change| change.joined);
        let with = left.fold(after, |lots, change| lots.plus(change.lots));
        let before = joined.fold(with, |lots, change| lots.less(change.lots));
        (before != after).then_some(LevelMove { instrument, side, price, before })
    });
    moved.collect()
}
