//! Recorded: what rests according to the file, by level and in order of file id, with each order's name at the venue.
//!
//! The queue at a price is ordered by file id and not by arrival: orders that came before the opening cross are shown
//! only after it, and keep the priority that their low ids tell.

use std::collections::BTreeMap;

use engine::ids::OrderId;
use engine::order::Side;
use engine::units::{Lots, Price};

use crate::lobster::message::{Change, FileId};

/// A level: the side and the price.
pub(super) type Level = (Side, Price);

/// An order of the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// Its name at the venue, once it was entered there.
    pub(super) order: Option<OrderId>,
    /// Lots left.
    pub(super) lots: Lots,
    /// Whether it was ever outside the recorded levels, where it may have ended unseen.
    uncertain: bool,
}

/// All that rests according to the file.
#[derive(Default)]
pub(super) struct Recorded {
    queues: BTreeMap<Level, BTreeMap<FileId, Standing>>,
    /// Where the orders stand that have an id of their own.
    levels: BTreeMap<FileId, Level>,
    /// Where the orders stand that have a name at the venue.
    names: BTreeMap<OrderId, Level>,
}

impl Recorded {
    /// The level of an order with an id of its own.
    pub(super) fn level(&self, order: FileId) -> Option<Level> {
        self.levels.get(&order).copied()
    }

    /// The order that a line means: the one it names, or else what rested there before the recording began.
    pub(super) fn meant(&self, change: &Change) -> Option<(FileId, Standing)> {
        let queue = self.queues.get(&(change.side, change.price))?;
        let found = |order: FileId| queue.get(&order).map(|standing| (order, *standing));
        found(change.order).or_else(|| found(FileId::EARLIER))
    }

    /// The orders of a level, oldest first.
    pub(super) fn queue(&self, level: Level) -> Vec<(FileId, Standing)> {
        let queue = self.queues.get(&level).into_iter().flatten();
        queue.map(|(order, standing)| (*order, *standing)).collect()
    }

    /// Whether `order` comes later than a younger one at its level.
    pub(super) fn is_late(&self, level: Level, order: FileId) -> bool {
        let youngest = self.queues.get(&level).and_then(|queue| queue.last_key_value());
        youngest.is_some_and(|(youngest, _)| order < *youngest)
    }

    /// Whether nothing rests at a level.
    pub(super) fn is_empty(&self, level: Level) -> bool {
        !self.queues.contains_key(&level)
    }

    /// The levels that an order on `side` limited at `limit` would meet.
    pub(super) fn facing(&self, side: Side, limit: Price) -> Vec<Level> {
        let faces = |level: &Level| level.0 == side.opposite() && side.accepts(limit, level.1);
        self.queues.keys().copied().filter(faces).collect()
    }

    /// The level of the order that the venue knows by this name.
    pub(super) fn level_of(&self, order: OrderId) -> Level {
        *self.names.get(&order).expect("every order at the venue was entered from the file")
    }

    /// Adds an order that is not in yet.
    pub(super) fn enter(&mut self, level: Level, order: FileId, lots: Lots) {
        let standing = Standing { order: None, lots, uncertain: false };
        let before = self.queues.entry(level).or_default().insert(order, standing);
        assert!(before.is_none(), "an order is entered once");
        if order != FileId::EARLIER {
            self.levels.insert(order, level);
        }
    }

    /// Notes the name that the venue gave an order.
    pub(super) fn name(&mut self, level: Level, order: FileId, name: OrderId) {
        let standing = self.at_mut(level, order);
        let before = standing.order.replace(name);
        if let Some(before) = before {
            self.names.remove(&before);
        }
        self.names.insert(name, level);
    }

    /// Takes lots off an order, at most all it has; one without lots is gone.
    pub(super) fn take(&mut self, level: Level, order: FileId, lots: Lots) {
        let standing = self.at_mut(level, order);
        standing.lots = standing.lots.less(lots.min(standing.lots));
        if !standing.lots.is_zero() {
            return;
        }
        let queue = self.queues.get_mut(&level).expect("a level with an order is there");
        let gone = queue.remove(&order).expect("the order is in its queue");
        if queue.is_empty() {
            self.queues.remove(&level);
        }
        self.levels.remove(&order);
        if let Some(name) = gone.order {
            self.names.remove(&name);
        }
    }

    /// Notes that an order is outside the recorded levels.
    pub(super) fn mark_uncertain(&mut self, level: Level, order: FileId) {
        self.at_mut(level, order).uncertain = true;
    }

    /// Whether an order at this level was ever outside the recorded levels.
    pub(super) fn is_uncertain(&self, level: Level) -> bool {
        self.queues.get(&level).is_some_and(|queue| queue.values().any(|standing| standing.uncertain))
    }

    fn at_mut(&mut self, level: Level, order: FileId) -> &mut Standing {
        let queue = self.queues.get_mut(&level).expect("a level with an order is there");
        queue.get_mut(&order).expect("the order is in its queue")
    }
}
