//! Threads: what each thread of an exchange does until it is stopped, and when it sleeps.

use std::time::Duration;

use engine::exchange::Exchange;
use engine::outcome::OutcomeHash;
use engine::view::View;
use journal::chain::Chain;
use journal::history::log::HistoryLog;
use journal::keeper::Keeper;
use journal::log::CommandLog;

use crate::batch::Batch;
use crate::clock::Clock;
use crate::config::{
    BATCHES, HISTORY_BATCHES_MAX, HISTORY_INTERVAL, HISTORY_LOOKS, HISTORY_PAUSE, MARK_INTERVAL,
    QUESTIONS_STEP_MAX, ROOM_INTERVAL,
};
use crate::entropy::Entropy;
use crate::fatal::Fatal;
use crate::meeting::{BatchRing, Meeting, forward};
use crate::outlet::Outlet;
use crate::stage::core::CoreStage;
use crate::stage::history::HistoryStage;
use crate::stage::journal::JournalStage;
use crate::stage::keep::KeepStage;
use crate::stage::publish::PublishStage;
use crate::sync::{Ordering, park, park_timeout, sleep};

/// Applies what comes in.
pub(crate) fn run_core<C: Clock, E: Entropy, O: Outlet>(
    mut stage: CoreStage<C, E, O::Origin>,
    meeting: &Meeting<O>,
) -> (Exchange, OutcomeHash) {
    let inlet = &meeting.inlet;
    // The batch that the last round left empty: putting it back would wake this very thread.
    let mut spare = None;
    loop {
        let Some(mut batch) = spare.take().or_else(|| meeting.empty.pop()) else {
            park();
            continue;
        };
        stage.step(inlet.ring(), &mut batch);
        if !batch.is_empty() {
            forward(&meeting.applied, batch);
            continue;
        }
        spare = Some(batch);
        if inlet.is_stopping() && inlet.ring().is_empty() {
            return stage.into_end();
        }
        park_until_due(stage.idle_nanos());
    }
}

/// Makes durable what was applied.
pub(crate) fn run_journal<L: CommandLog, O: Outlet>(
    mut stage: JournalStage<L>,
    meeting: &Meeting<O>,
) -> Result<(L, Chain), Fatal> {
    let mut group = Vec::with_capacity(BATCHES);
    loop {
        let stopping = meeting.core_done.load(Ordering::SeqCst);
        group.extend(std::iter::from_fn(|| meeting.applied.pop()));
        if group.is_empty() {
            if stopping {
                return Ok(stage.into_end());
            }
            park();
            continue;
        }
        stage.step(&group)?;
        meeting.tip.put(stage.tip());
        group.drain(..).for_each(|batch| forward(&meeting.durable, batch));
    }
}

/// Batches that go round in the place of those that the history has.
pub(crate) struct Spares<T> {
    #[allow(clippy::vec_box, reason = "rings carry boxes, and only the box is moved")]
    stock: Vec<Box<Batch<T>>>,
    made: usize,
}

impl<T> Default for Spares<T> {
    fn default() -> Spares<T> {
        Spares { stock: Vec::with_capacity(HISTORY_BATCHES_MAX), made: 0 }
    }
}

impl<T> Spares<T> {
    /// An empty batch, unless the history has them all.
    fn take(&mut self, kept: &BatchRing<T>) -> Option<Box<Batch<T>>> {
        if self.stock.is_empty() {
            self.stock.extend(std::iter::from_fn(|| kept.pop()));
        }
        if self.stock.is_empty() && self.made < HISTORY_BATCHES_MAX {
            self.made += 1;
            self.stock.push(Box::default());
        }
        self.stock.pop()
    }
}

/// How the publisher fared with the next batch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Published {
    /// It was told.
    Told,
    /// There is none.
    Nothing,
    /// There may be one, but the history has all batches.
    Blocked,
}

/// Tells the next batch. It goes on to the history, if there is one, and a spare goes round in its place.
fn publish_next<C: Clock, O: Outlet>(
    stage: &mut PublishStage<C, O>,
    meeting: &Meeting<O>,
    spares: &mut Option<Spares<O::Origin>>,
) -> Published {
    let Some(spares) = spares else {
        let Some(mut batch) = meeting.durable.pop() else { return Published::Nothing };
        stage.step(&mut batch);
        forward(&meeting.empty, batch);
        return Published::Told;
    };
    let Some(spare) = spares.take(&meeting.kept) else { return Published::Blocked };
    let Some(mut batch) = meeting.durable.pop() else {
        spares.stock.push(spare);
        return Published::Nothing;
    };
    stage.step_for_history(&mut batch);
    forward(&meeting.empty, spare);
    forward(&meeting.told, batch);
    Published::Told
}

/// Tells what is durable, and answers questions about it.
pub(crate) fn run_publisher<C: Clock, O: Outlet>(
    mut stage: PublishStage<C, O>,
    meeting: &Meeting<O>,
    mut spares: Option<Spares<O::Origin>>,
) -> View {
    loop {
        let stopping = meeting.journal_done.load(Ordering::SeqCst);
        let mut idle = true;
        // Both are bounded, so that neither commands nor questions starve the other.
        let mut published = Published::Nothing;
        for _ in 0..BATCHES {
            published = publish_next(&mut stage, meeting, &mut spares);
            if published != Published::Told {
                break;
            }
            idle = false;
        }
        for question in std::iter::from_fn(|| meeting.questions.pop()).take(QUESTIONS_STEP_MAX) {
            stage.answer(question);
            idle = false;
            // Orders do not wait for more than the question at hand.
            if !meeting.durable.is_empty() {
                break;
            }
        }
        stage.flush();
        match published {
            Published::Blocked if idle => park_timeout(HISTORY_PAUSE),
            Published::Nothing if idle && stopping => return stage.into_view(),
            Published::Nothing if idle => park_until_due(stage.idle_nanos()),
            _ => {}
        }
    }
}

/// Adds to the history what was told. While more comes it sleeps a little and gathers, so that there is one write for much.
pub(crate) fn run_history<H: HistoryLog, O: Outlet>(
    mut stage: HistoryStage<H>,
    meeting: &Meeting<O>,
) -> Result<(), Fatal> {
    let mut looks = 0;
    loop {
        let stopping = meeting.publisher_done.load(Ordering::SeqCst);
        let mut idle = true;
        while let Some(mut batch) = meeting.told.pop() {
            stage.step(&batch)?;
            batch.clear();
            forward(&meeting.kept, batch);
            idle = false;
        }
        looks += 1;
        if idle || looks == HISTORY_LOOKS {
            stage.write()?;
            looks = 0;
        }
        match (idle, stopping) {
            (true, true) => return Ok(()),
            (true, false) => park(),
            (false, true) => {}
            (false, false) => sleep(HISTORY_INTERVAL),
        }
    }
}

/// Marks the latest end of the journal, then sleeps, so that there is one mark for many writes.
pub(crate) fn run_keeper<K: Keeper, O: Outlet>(
    mut stage: KeepStage<K>,
    meeting: &Meeting<O>,
) -> Result<(), Fatal> {
    loop {
        let stopping = meeting.journal_done.load(Ordering::SeqCst);
        let tip = meeting.tip.take();
        if tip.is_some() || stage.is_low() {
            stage.step(tip)?;
            meeting.inlet.set_low(stage.is_low());
        }
        match (tip, stopping) {
            (None, true) => return Ok(()),
            (Some(_), true) => {}
            (Some(_), false) => sleep(MARK_INTERVAL),
            (None, false) if stage.is_low() => park_timeout(ROOM_INTERVAL),
            (None, false) => park(),
        }
    }
}

/// Sleeps until something is pushed, or falls due.
fn park_until_due(nanos: Option<u64>) {
    match nanos {
        Some(nanos) => park_timeout(Duration::from_nanos(nanos)),
        None => park(),
    }
}
