//! Ready: a journal read back, and the history that goes with it, ready to go on.

use std::fmt;

use engine::command::Stamped;
use engine::event::Event;
use engine::stamp::Sequence;
use engine::view::View;
use engine::view::orders::OrderView;
use journal::history::group::HistoryGroup;
use journal::history::log::{HistoryLog, NoHistory};
use journal::history::note_order;
use journal::keeper::{Keeper, NoKeeper};
use journal::log::{CommandLog, WriteError};
use journal::recovery::{Recovered, RecoveryError, recover};

/// A journal read back, ready to go on, and what is kept beside it.
pub struct Ready<L, K = NoKeeper, H = NoHistory> {
    pub(crate) log: L,
    pub(crate) recovered: Recovered,
    pub(crate) view: View,
    pub(crate) keeper: K,
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
    /// Reads `log` back: the exchange, its view and the end of the chain. `progress` sees every command.
    ///
    /// # Errors
    /// The journal is damaged or of another logic version; nothing was changed.
    pub fn recover(log: L, progress: &mut impl FnMut(&Stamped)) -> Result<Ready<L>, RecoveryError> {
        let mut view = View::default();
        let recovered = recover(&log, &mut |stamped, events| {
            view.fold(stamped.stamp, events);
            progress(stamped);
        })?;
        Ok(Ready { log, recovered, view, keeper: NoKeeper, history: None })
    }
}

impl<L: CommandLog, H: HistoryLog> Ready<L, NoKeeper, H> {
    /// The same with a history. What the journal has and the history has not is added to it; a history that goes further
    /// than the journal is of another one, and begun anew.
    ///
    /// # Errors
    /// Those of the journal, and when the history cannot be written.
    pub fn recover_with(
        log: L,
        mut history: H,
        progress: &mut impl FnMut(&Stamped),
    ) -> Result<Ready<L, NoKeeper, H>, ReadyError> {
        let end = log.last().map_err(|error| ReadyError::Recovery(error.into()))?;
        if end.map_or(Sequence(0), |tip| tip.sequence) < history.last() {
            history.clear().map_err(ReadyError::History)?;
        }
        let mut completing = Completing::of(history);
        let recovered = recover(&log, &mut |stamped, events| {
            completing.fold(stamped, events);
            progress(stamped);
        });
        let recovered = recovered.map_err(ReadyError::Recovery)?;
        let Completing { mut history, view, group, failed, .. } = completing;
        let group = group.unwrap_or_else(|| HistoryGroup::after(&view));
        let rest = failed.map_or(Ok(()), Err).and_then(|()| match group.is_empty() {
            true => Ok(()),
            false => history.append(&group),
        });
        rest.map_err(ReadyError::History)?;
        let history = Some((history, HistoryGroup::after(&view)));
        Ok(Ready { log, recovered, view, keeper: NoKeeper, history })
    }
}

impl<L, K, H> Ready<L, K, H> {
    /// The same, with a keeper.
    pub fn kept_by<N: Keeper>(self, keeper: N) -> Ready<L, N, H> {
        let Ready { log, recovered, view, history, .. } = self;
        Ready { log, recovered, view, keeper, history }
    }

    /// What the journal says.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// How many commands were read back.
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
    fn of(history: H) -> Completing<H> {
        Completing { history, view: View::default(), group: None, orders: Vec::new(), failed: None }
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
}
