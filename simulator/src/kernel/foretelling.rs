//! Foretelling: the model hears every command as the exchange does, and says what must come of it.

use std::collections::VecDeque;

use engine::command::{Command, Stamped};
use engine::event::Event;
use engine::exchange::Exchange;

use crate::model::Model;
use crate::model::told::{names, plain};

/// The model, and what it has foretold that did not happen yet.
#[derive(Default)]
pub(super) struct Foretelling {
    model: Model,
    /// What is due, and is told by this tick or the next.
    due: VecDeque<Event>,
    told: Vec<Event>,
}

impl Foretelling {
    /// Hears a command. Returns what was told otherwise than foretold.
    pub(super) fn hear(&mut self, stamped: &Stamped, events: &[Event]) -> Option<String> {
        self.told.clear();
        self.told.extend(events.iter().filter_map(plain));
        self.due.extend(self.model.wait(stamped.stamp.time.0));
        if stamped.command == Command::Tick {
            // A tick tells a portion of what is due.
            let portion = self.told.len().min(self.due.len());
            let foretold: Vec<Event> = self.due.drain(..portion).collect();
            return difference(&foretold, &self.told);
        }
        if let Some(event) = self.due.front() {
            return Some(format!("{event:?} was due before {:?}", stamped.command));
        }
        let foretold = self.model.ask(&stamped.command, &names(&self.told));
        difference(&foretold, &self.told)
    }

    /// Panics unless the exchange counts what the model counts.
    pub(super) fn compare(&self, exchange: &Exchange) {
        self.model.assert_counts(exchange);
    }
}

/// The first place where what was told is not what was foretold.
fn difference(foretold: &[Event], told: &[Event]) -> Option<String> {
    let place = (0..foretold.len().max(told.len())).find(|place| foretold.get(*place) != told.get(*place))?;
    let words =
        |events: &[Event]| events.get(place).map_or("nothing".to_owned(), |event| format!("{event:?}"));
    Some(format!("told {}, foretold {}", words(told), words(foretold)))
}
