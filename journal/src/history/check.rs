//! Check: whether a history says what its journal says.

use engine::command::Stamped;
use engine::event::{Event, PrivateSequence};
use engine::ids::TradeId;
use engine::stamp::Sequence;
use engine::view::View;
use engine::view::orders::OrderView;

use crate::history::group::HistoryGroup;
use crate::history::key::Key;
use crate::history::reader::HistoryReader;
use crate::history::{codec, note_order};
use crate::log::ReadError;

/// A history that is compared while its journal is read back.
pub struct HistoryCheck<'a, R> {
    history: &'a R,
    begin: Sequence,
    last: Sequence,
    view: View,
    /// `None` before the first command that the history has.
    group: Option<HistoryGroup>,
    orders: Vec<OrderView>,
    outcome: Result<(), ReadError>,
}

impl<'a, R: HistoryReader> HistoryCheck<'a, R> {
    /// Begins with the first command after `view`. What comes before the history's first command or after its last one is
    /// not compared.
    pub fn begin(history: &'a R, view: View) -> HistoryCheck<'a, R> {
        HistoryCheck {
            history,
            begin: history.begin(),
            last: history.last(),
            view,
            group: None,
            orders: Vec::new(),
            outcome: Ok(()),
        }
    }

    /// Takes the next command and what came of it.
    pub fn command(&mut self, stamped: &Stamped, events: &[Event]) {
        let sequence = stamped.stamp.sequence;
        if self.last < sequence || self.outcome.is_err() {
            return;
        }
        if sequence <= self.begin {
            return self.view.fold(stamped.stamp, events);
        }
        let group = self.group.get_or_insert_with(|| HistoryGroup::after(&self.view));
        self.orders.clear();
        self.view.begin(stamped.stamp);
        for event in events {
            self.view.apply(event);
            note_order(event, &self.view, &mut self.orders);
        }
        group.fold(stamped.stamp, events, &mut self.orders.iter());
        if group.is_full() {
            self.compare();
        }
    }

    /// Compares the rest.
    ///
    /// # Errors
    /// When the history cannot be read, ends after the journal, or says something else.
    pub fn finish(mut self) -> Result<(), ReadError> {
        if self.outcome.is_ok() {
            self.compare();
        }
        self.outcome?;
        match self.last <= self.view.stamp().sequence {
            true => Ok(()),
            false => Err(differs(format!("it ends at command {}, after its journal", self.last.0))),
        }
    }

    fn compare(&mut self) {
        let Some(group) = &mut self.group else { return };
        self.outcome = group.entries().try_for_each(|(key, value)| is_told(self.history, key, value));
        group.clear();
    }
}

/// Whether `history` says what stands in the value of this key.
fn is_told(history: &impl HistoryReader, key: Key, value: &[u8]) -> Result<(), ReadError> {
    const OWN: &str = "what was just written can be read";
    let equal = match key {
        Key::Events(account, PrivateSequence(first)) => {
            let expected = codec::events(account, value).expect(OWN);
            history.events(account, PrivateSequence(first - 1), expected.len())? == expected
        }
        Key::Fills(account, PrivateSequence(first)) => {
            let expected = codec::events(account, value).expect(OWN);
            history.fills(account, PrivateSequence(first - 1), expected.len())? == expected
        }
        Key::Trades(instrument, TradeId(first)) => {
            let expected = codec::trades(instrument, value).expect(OWN);
            history.trades(instrument, TradeId(first - 1), expected.len())? == expected
        }
        Key::Symbol(instrument) => history.symbol(instrument)? == Some(codec::symbol_of(value).expect(OWN)),
    };
    if equal { Ok(()) } else { Err(differs(format!("it says something else from {key:?} on"))) }
}

fn differs(cause: String) -> ReadError {
    ReadError::Failed { doing: "comparing the history with its journal", cause }
}
