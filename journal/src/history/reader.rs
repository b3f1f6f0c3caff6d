//! Reader: asks a history, beside whoever writes it.

use engine::event::PrivateSequence;
use engine::ids::{AccountId, InstrumentId, TradeId};
use engine::stamp::Sequence;
use engine::symbol::Symbol;

use crate::fault::RecordFault;
use crate::history::key::Key;
use crate::history::{PrivateEvent, Trade, codec};
use crate::log::ReadError;

/// What may be asked of a history. Takes no lock, and reads from the disk: ask where waiting for it is allowed.
///
/// A history follows the journal at a small distance. Whoever needs what a command did waits until [`HistoryReader::last`] has
/// reached it.
pub trait HistoryReader: Send + Sync {
    /// The last command that is in the history.
    fn last(&self) -> Sequence;

    /// The last command before the history: 0, or another one after it was begun anew from a snapshot.
    fn begin(&self) -> Sequence;

    /// The events of an account after `after`, at most `max`, in order.
    ///
    /// # Errors
    /// When the history cannot be read.
    fn events(
        &self,
        account: AccountId,
        after: PrivateSequence,
        max: usize,
    ) -> Result<Vec<PrivateEvent>, ReadError>;

    /// The fills of an account after `after`, at most `max`, in order.
    ///
    /// # Errors
    /// When the history cannot be read.
    fn fills(
        &self,
        account: AccountId,
        after: PrivateSequence,
        max: usize,
    ) -> Result<Vec<PrivateEvent>, ReadError>;

    /// The fills of an account before `before`, at most `max`, the newest first.
    ///
    /// # Errors
    /// When the history cannot be read.
    fn fills_before(
        &self,
        account: AccountId,
        before: PrivateSequence,
        max: usize,
    ) -> Result<Vec<PrivateEvent>, ReadError>;

    /// The trades of an instrument after `after`, at most `max`, in order.
    ///
    /// # Errors
    /// When the history cannot be read.
    fn trades(&self, instrument: InstrumentId, after: TradeId, max: usize) -> Result<Vec<Trade>, ReadError>;

    /// What an instrument is called; `None` when there is none of that number.
    ///
    /// # Errors
    /// When the history cannot be read.
    fn symbol(&self, instrument: InstrumentId) -> Result<Option<Symbol>, ReadError>;
}

/// A key and its value, as they stand there.
pub type Entry = (Box<[u8]>, Box<[u8]>);

/// Values in the order of their keys.
pub trait Entries {
    /// The last command that is in the history.
    fn last(&self) -> Sequence;

    /// The last command before the history.
    fn begin(&self) -> Sequence;

    /// The entry at `key`, or else the one before it, and then those that follow; if there is none before it, all that follow.
    fn ascending(&self, key: Key) -> impl Iterator<Item = Result<Entry, ReadError>>;

    /// The entry at `key`, or else the one before it, and then those before that.
    fn descending(&self, key: Key) -> impl Iterator<Item = Result<Entry, ReadError>>;
}

impl<S: Entries + Send + Sync> HistoryReader for S {
    fn last(&self) -> Sequence {
        Entries::last(self)
    }

    fn begin(&self) -> Sequence {
        Entries::begin(self)
    }

    fn events(
        &self,
        account: AccountId,
        after: PrivateSequence,
        max: usize,
    ) -> Result<Vec<PrivateEvent>, ReadError> {
        let from = Key::Events(account, PrivateSequence(after.0.saturating_add(1)));
        items(
            owned(from, self.ascending(from)),
            |bytes| codec::events(account, bytes),
            |event| after < event.xseq,
            max,
        )
    }

    fn fills(
        &self,
        account: AccountId,
        after: PrivateSequence,
        max: usize,
    ) -> Result<Vec<PrivateEvent>, ReadError> {
        let from = Key::Fills(account, PrivateSequence(after.0.saturating_add(1)));
        items(
            owned(from, self.ascending(from)),
            |bytes| codec::events(account, bytes),
            |event| after < event.xseq,
            max,
        )
    }

    fn fills_before(
        &self,
        account: AccountId,
        before: PrivateSequence,
        max: usize,
    ) -> Result<Vec<PrivateEvent>, ReadError> {
        let Some(last) = before.0.checked_sub(1) else { return Ok(Vec::new()) };
        let from = Key::Fills(account, PrivateSequence(last));
        let newest_first = |bytes: &[u8]| {
            let mut events = codec::events(account, bytes)?;
            events.reverse();
            Ok(events)
        };
        items(owned(from, self.descending(from)), newest_first, |event| event.xseq < before, max)
    }

    fn trades(&self, instrument: InstrumentId, after: TradeId, max: usize) -> Result<Vec<Trade>, ReadError> {
        let from = Key::Trades(instrument, TradeId(after.0.saturating_add(1)));
        items(
            owned(from, self.ascending(from)),
            |bytes| codec::trades(instrument, bytes),
            |trade| after.0 < trade.trade.0,
            max,
        )
    }

    fn symbol(&self, instrument: InstrumentId) -> Result<Option<Symbol>, ReadError> {
        let key = Key::Symbol(instrument);
        let found = owned(key, self.ascending(key)).next().transpose()?;
        found.map(|value| codec::symbol_of(&value).map_err(damaged)).transpose()
    }
}

/// The values of the key's owner. Of entries that begin before the key, the first may be another's.
fn owned(
    key: Key,
    entries: impl Iterator<Item = Result<Entry, ReadError>>,
) -> impl Iterator<Item = Result<Box<[u8]>, ReadError>> {
    let other =
        move |entry: &Result<Entry, ReadError>| entry.as_ref().is_ok_and(|(found, _)| !key.continues(found));
    let mut first = true;
    let before = move |entry: &Result<Entry, ReadError>| std::mem::take(&mut first) && other(entry);
    entries
        .skip_while(before)
        .take_while(move |entry| !other(entry))
        .map(|entry| entry.map(|(_, value)| value))
}

/// The first `max` items of the values that are `asked` for.
fn items<T>(
    values: impl Iterator<Item = Result<Box<[u8]>, ReadError>>,
    decode: impl Fn(&[u8]) -> Result<Vec<T>, RecordFault>,
    asked: impl Fn(&T) -> bool,
    max: usize,
) -> Result<Vec<T>, ReadError> {
    let mut found = Vec::new();
    for value in values {
        if max <= found.len() {
            break;
        }
        found.extend(decode(&value?).map_err(damaged)?.into_iter().filter(&asked));
    }
    found.truncate(max);
    Ok(found)
}

fn damaged(fault: RecordFault) -> ReadError {
    ReadError::Failed { doing: "reading the history", cause: fault.to_string() }
}
