//! Ready: a journal read back, and the history that goes with it, ready to go on.

use std::fmt;

use engine::command::Stamped;
use engine::event::Event;
use engine::outcome::OutcomeHash;
use engine::stamp::{Sequence, Stamp};
use engine::view::View;
use engine::view::orders::OrderView;
use journal::history::group::HistoryGroup;
use journal::history::log::{HistoryLog, NoHistory};
use journal::history::note_order;
use journal::keeper::{Keeper, NoKeeper};
use journal::log::{CommandLog, WriteError};
use journal::recovery::{Recovered, RecoveryError, resume};
use journal::snapshot::Snapshot;

use crate::config::{IDS_ROOM, ORDERS_ROOM};

/// A journal read back, ready to go on, and what is kept beside it.
pub struct Ready<L, K = NoKeeper, H = NoHistory> {
    pub(crate) log: L,
    pub(crate) recovered: Recovered,
    pub(crate) view: View,
    pub(crate) keeper: Option<K>,
    pub(crate) history: Option<(H, HistoryGroup)>,
}

/// Why a journal cannot be gone on with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadyError {
    /// It is damaged or of another logic version; nothing was changed.
    Recovery(RecoveryError),
    /// The history beside it cannot be completed.
    History(WriteError),
}

impl fmt::Display for ReadyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadyError::Recovery(error) => error.fmt(f),
            ReadyError::History(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReadyError {}

impl<L: CommandLog> Ready<L> {
    /// Reads `log` back: the exchange, its view and the end of the chain. `progress` sees every command, what came
    /// of it, and the view after it.
    ///
    /// # Errors
    /// The journal is damaged or of another logic version; nothing was changed.
    pub fn recover(
        log: L,
        progress: &mut impl FnMut(&Stamped, &[Event], &View),
    ) -> Result<Ready<L>, RecoveryError> {
        Ready::resume(log, Snapshot::default(), progress)
    }

    /// The same, from a snapshot on; all of it from the default one.
    ///
    /// # Errors
    /// Also when the journal ends before the snapshot, or is another one.
    pub fn resume(
        log: L,
        snapshot: Snapshot,
        progress: &mut impl FnMut(&Stamped, &[Event], &View),
    ) -> Result<Ready<L>, RecoveryError> {
        let (before, mut view) = snapshot.recovered();
        let mut recovered = resume(&log, before, &mut |stamped, events| {
            view.fold(stamped.stamp, events);
            progress(stamped, events, &view);
        })?;
        recovered.exchange.reserve(ORDERS_ROOM, IDS_ROOM);
        Ok(Ready { log, recovered, view, keeper: None, history: None })
    }
}

impl<L: CommandLog, H: HistoryLog> Ready<L, NoKeeper, H> {
    /// The same with a history. What the journal has after the snapshot and the history has not is added to it. A history
    /// that goes further than the journal is of another one, and one that ends before the snapshot would get a gap: both
    /// are begun anew, after the snapshot.
    ///
    /// # Errors
    /// Those of the journal, and when the history cannot be written.
    pub fn resume_with(
        log: L,
        snapshot: Snapshot,
        mut history: H,
        progress: &mut impl FnMut(&Stamped, &[Event], &View),
    ) -> Result<Ready<L, NoKeeper, H>, ReadyError> {
        let end = log.last().map_err(|error| ReadyError::Recovery(error.into()))?;
        let end = end.map_or(Sequence(0), |tip| tip.sequence);
        let (before, view) = snapshot.recovered();
        let begin = before.last.sequence;
        let mut group = None;
        if end < history.last() || history.last() < begin {
            history.clear(begin).map_err(ReadyError::History)?;
            group = Some(HistoryGroup::beginning(&view));
        }
        let mut completing = Completing { group, ..Completing::of(history, view) };
        let recovered = resume(&log, before, &mut |stamped, events| {
            completing.fold(stamped, events);
            progress(stamped, events, &completing.view);
        });
        let mut recovered = recovered.map_err(ReadyError::Recovery)?;
        recovered.exchange.reserve(ORDERS_ROOM, IDS_ROOM);
        let (history, view) = completing.finish().map_err(ReadyError::History)?;
        Ok(Ready { log, recovered, view, keeper: None, history: Some(history) })
    }
}

impl<L, K, H> Ready<L, K, H> {
    /// The same, with a keeper.
    pub fn kept_by<N: Keeper>(self, keeper: N) -> Ready<L, N, H> {
        let Ready { log, recovered, view, history, .. } = self;
        Ready { log, recovered, view, keeper: Some(keeper), history }
    }

    /// The history, if there is one.
    pub fn history(&self) -> Option<&H> {
        self.history.as_ref().map(|(history, _)| history)
    }

    /// What the journal says.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// The last command that was read back.
    pub fn last(&self) -> Stamp {
        self.recovered.last
    }

    /// The state hash of what was read back.
    pub fn state_hash(&self) -> OutcomeHash {
        self.recovered.exchange.state_hash()
    }

    /// How many commands were read back, those before the snapshot not counted.
    pub fn commands(&self) -> u64 {
        self.recovered.commands
    }
}

/// A history that is completed while the journal is read back.
struct Completing<H> {
    history: H,
    view: View,
    /// What is not in the history yet; `None` before the first command that is not.
    group: Option<HistoryGroup>,
    orders: Vec<OrderView>,
    /// Why the history could not be written: nothing more is then.
    failed: Option<WriteError>,
}

impl<H: HistoryLog> Completing<H> {
    fn of(history: H, view: View) -> Completing<H> {
        Completing { history, view, group: None, orders: Vec::new(), failed: None }
    }

    fn fold(&mut self, stamped: &Stamped, events: &[Event]) {
        if stamped.stamp.sequence <= self.history.last() || self.failed.is_some() {
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
            self.failed = self.history.append(group).err();
            group.clear();
        }
    }

    /// Writes the rest. Returns the history, with the group that comes next, and the view.
    fn finish(self) -> Result<((H, HistoryGroup), View), WriteError> {
        let Completing { mut history, view, group, failed, .. } = self;
        failed.map_or(Ok(()), Err)?;
        let mut group = group.unwrap_or_else(|| HistoryGroup::after(&view));
        if !group.is_empty() {
            history.append(&group)?;
            group.clear();
        }
        Ok(((history, group), view))
    }
}
