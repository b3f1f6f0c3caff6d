//! Batch: commands and what came of them, carried from stage to stage and used again.

use engine::command::Stamped;
use engine::event::Event;
use engine::outcome::OutcomeHash;
use engine::view::orders::OrderView;

use crate::config::{BATCH_COMMANDS_MAX, BATCH_EVENTS};

/// A command in a batch.
#[derive(Debug)]
struct Entry<T> {
    /// Who waits for the outcome; nobody for what the core inserted.
    origin: Option<T>,
    stamped: Stamped,
    /// Where its events end.
    events_end: usize,
}

/// Up to [`BATCH_COMMANDS_MAX`] commands with their events, in order.
#[derive(Debug)]
pub struct Batch<T> {
    entries: Vec<Entry<T>>,
    events: Vec<Event>,
    /// Orders as they were after the events that say something of them, for the history.
    orders: Vec<OrderView>,
    /// The rolling outcome hash after the last command.
    pub(crate) outcome: OutcomeHash,
}

/// One command of a batch with its events and whoever waits for them.
#[derive(Debug)]
pub struct Told<'a, T> {
    /// Who waits for the outcome; nobody for what the core inserted.
    pub origin: Option<T>,
    /// The command with place and time.
    pub stamped: Stamped,
    /// What came of it.
    pub events: &'a [Event],
}

impl<T> Default for Batch<T> {
    fn default() -> Batch<T> {
        Batch {
            entries: Vec::with_capacity(BATCH_COMMANDS_MAX),
            events: Vec::with_capacity(BATCH_EVENTS),
            orders: Vec::new(),
            outcome: OutcomeHash::default(),
        }
    }
}

impl<T> Batch<T> {
    /// Whether it holds as many commands as it may.
    pub fn is_full(&self) -> bool {
        BATCH_COMMANDS_MAX <= self.entries.len()
    }

    /// Whether it has room for so many commands together.
    pub fn has_room_for(&self, commands: usize) -> bool {
        self.entries.len() + commands <= BATCH_COMMANDS_MAX
    }

    /// Whether it holds no command.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The list of events: lent to the exchange while it carries out what fills the batch.
    pub(crate) fn events(&mut self) -> &mut Vec<Event> {
        &mut self.events
    }

    /// Takes a command whose events are those that end there; returns where they begin.
    pub(crate) fn close(&mut self, origin: Option<T>, stamped: Stamped, events_end: usize) -> usize {
        let start = self.entries.last().map_or(0, |entry| entry.events_end);
        self.entries.push(Entry { origin, stamped, events_end });
        start
    }

    /// The commands in order.
    pub fn commands(&self) -> impl Iterator<Item = &Stamped> {
        self.entries.iter().map(|entry| &entry.stamped)
    }

    /// The commands with their events, in order.
    pub fn told(&self) -> impl Iterator<Item = (&Stamped, &[Event])> {
        let mut start = 0;
        self.entries.iter().map(move |Entry { stamped, events_end, .. }| {
            let events = &self.events[start..*events_end];
            start = *events_end;
            (stamped, events)
        })
    }

    /// The orders that were noted.
    pub fn orders(&self) -> impl Iterator<Item = &OrderView> {
        self.orders.iter()
    }

    /// Gives each command, with whoever waits for it, to `tell`, and a place where orders are noted. The batch stays as it
    /// is, but nobody waits any more.
    pub(crate) fn tell(&mut self, mut tell: impl FnMut(Told<'_, T>, &mut Vec<OrderView>)) {
        let mut start = 0;
        for Entry { origin, stamped, events_end } in &mut self.entries {
            let told =
                Told { origin: origin.take(), stamped: *stamped, events: &self.events[start..*events_end] };
            tell(told, &mut self.orders);
            start = *events_end;
        }
    }

    /// Empties the batch; the memory stays. Nobody who waited is told.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.events.clear();
        self.orders.clear();
    }
}
