//! History: what happened, in memory; it can be made to have a hole, or to be behind.

use std::sync::{Arc, RwLock};

use engine::event::PrivateSequence;
use engine::ids::{AccountId, InstrumentId, TradeId};
use engine::stamp::Sequence;
use engine::symbol::Symbol;
use journal::history::group::HistoryGroup;
use journal::history::log::HistoryLog;
use journal::history::memory::MemoryHistory;
use journal::history::reader::HistoryReader;
use journal::history::{PrivateEvent, Trade};
use journal::log::{ReadError, WriteError};

/// A history in memory that is read while it is written, and outlives the exchange.
#[derive(Clone, Default)]
pub struct SharedHistory {
    log: Arc<RwLock<MemoryHistory>>,
    veil: Arc<RwLock<Veil>>,
}

/// What a history does not show to whoever reads it.
#[derive(Clone, Copy, Default)]
pub struct Veil {
    /// The event of this number, of every account.
    pub hole: Option<u64>,
    /// The events after this one: it is behind.
    pub behind: Option<u64>,
}

impl SharedHistory {
    pub fn veil(&self, veil: Veil) {
        *self.veil.write().unwrap() = veil;
    }
}

impl HistoryLog for SharedHistory {
    fn last(&self) -> Sequence {
        HistoryLog::last(&*self.log.read().unwrap())
    }

    fn append(&mut self, group: &HistoryGroup) -> Result<(), WriteError> {
        self.log.write().unwrap().append(group)
    }

    fn clear(&mut self, begin: Sequence) -> Result<(), WriteError> {
        self.log.write().unwrap().clear(begin)
    }
}

impl HistoryReader for SharedHistory {
    fn last(&self) -> Sequence {
        if self.veil.read().unwrap().behind.is_some() {
            return Sequence(0);
        }
        HistoryReader::last(&*self.log.read().unwrap())
    }

    fn begin(&self) -> Sequence {
        self.log.read().unwrap().begin()
    }

    fn events(
        &self,
        account: AccountId,
        after: PrivateSequence,
        max: usize,
    ) -> Result<Vec<PrivateEvent>, ReadError> {
        let mut events = self.log.read().unwrap().events(account, after, max)?;
        let Veil { hole, behind } = *self.veil.read().unwrap();
        events.retain(|event| Some(event.xseq.0) != hole && behind.is_none_or(|last| event.xseq.0 <= last));
        Ok(events)
    }

    fn fills(
        &self,
        account: AccountId,
        after: PrivateSequence,
        max: usize,
    ) -> Result<Vec<PrivateEvent>, ReadError> {
        self.log.read().unwrap().fills(account, after, max)
    }

    fn fills_before(
        &self,
        account: AccountId,
        before: PrivateSequence,
        max: usize,
    ) -> Result<Vec<PrivateEvent>, ReadError> {
        self.log.read().unwrap().fills_before(account, before, max)
    }

    fn trades(&self, instrument: InstrumentId, after: TradeId, max: usize) -> Result<Vec<Trade>, ReadError> {
        self.log.read().unwrap().trades(instrument, after, max)
    }

    fn symbol(&self, instrument: InstrumentId) -> Result<Option<Symbol>, ReadError> {
        self.log.read().unwrap().symbol(instrument)
    }
}
