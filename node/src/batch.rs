//! Batch: commands and what came of them, carried from stage to stage and used again.

use engine::command::Stamped;
use engine::event::Event;
use engine::outcome::OutcomeHash;

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
            outcome: OutcomeHash::default(),
        }
    }
}

impl<T> Batch<T> {
    /// Whether it holds as many commands as it may.
    pub fn is_full(&self) -> bool {
        BATCH_COMMANDS_MAX <= self.entries.len()
    }

    /// Whether it holds no command.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The list to which the next command's events are appended.
    pub(crate) fn events(&mut self) -> &mut Vec<Event> {
        &mut self.events
    }

    /// Takes what was appended to the events since the last command as this one's; returns it.
    pub(crate) fn close(&mut self, origin: Option<T>, stamped: Stamped) -> &[Event] {
        let start = self.entries.last().map_or(0, |entry| entry.events_end);
        self.entries.push(Entry { origin, stamped, events_end: self.events.len() });
        &self.events[start..]
    }

    /// The commands in order.
    pub fn commands(&self) -> impl Iterator<Item = &Stamped> {
        self.entries.iter().map(|entry| &entry.stamped)
    }

    /// Forgets the commands and keeps the memory: the process that had them is gone.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.events.clear();
    }

    /// Empties the batch, giving each command to `tell`; the memory stays.
    pub(crate) fn drain(&mut self, mut tell: impl FnMut(Told<'_, T>)) {
        let mut start = 0;
        for Entry { origin, stamped, events_end } in self.entries.drain(..) {
            tell(Told { origin, stamped, events: &self.events[start..events_end] });
            start = events_end;
        }
        self.events.clear();
    }
}
