//! Pipeline: every thread of the exchange and who waits for whom.
//!
//! ```text
//!   producers -> inlet -> core -> journal -> publisher -> outlet
//!                          ^         |           |  |
//!                          |         v           |  +---> history        questions -> publisher
//!                          |       keeper        |
//!                          +---- empty batches --+
//! ```
//!
//! Behind the journal stands the keeper, which marks how far the journal reaches and looks for room on the disk. It takes
//! the latest end of the journal when it is ready for one; nobody waits for it.
//!
//! Behind the publisher stands the history. What was told goes there as it is, and another batch goes round in its place:
//! there are [`HISTORY_BATCHES_MAX`] of them, and when the history has them all, the publisher waits too.
//!
//! There are as many batches as [`BATCHES`]; every ring has room for all of them, so only two things ever wait: the core
//! for an empty batch, and a producer is told Busy. Nothing reaches the publisher before the journal has synced it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use engine::exchange::Exchange;
use engine::view::View;
use journal::history::log::HistoryLog;
use journal::keeper::Keeper;
use journal::log::{CommandLog, Tip};

use crate::batch::Batch;
use crate::clock::Clock;
use crate::config::{
    BATCHES, HISTORY_BATCHES_MAX, HISTORY_INTERVAL, HISTORY_LOOKS, HISTORY_PAUSE, MARK_INTERVAL,
    QUESTIONS_MAX, QUESTIONS_STEP_MAX, ROOM_INTERVAL,
};
use crate::entropy::Entropy;
use crate::fatal::Fatal;
use crate::inlet::Inlet;
use crate::latest::Latest;
use crate::outlet::Outlet;
use crate::ready::Ready;
use crate::ring::Ring;
use crate::stage::core::CoreStage;
use crate::stage::history::HistoryStage;
use crate::stage::journal::JournalStage;
use crate::stage::keep::KeepStage;
use crate::stage::publish::PublishStage;

type BatchRing<T> = Ring<Box<Batch<T>>>;

/// A running exchange.
pub struct Pipeline<L, O: Outlet> {
    shared: Arc<Shared<O>>,
    core: JoinHandle<Exchange>,
    journal: JoinHandle<L>,
    publisher: JoinHandle<View>,
    keeper: JoinHandle<()>,
    history: Option<JoinHandle<()>>,
}

/// What a stopped exchange leaves.
pub struct Stopped<L> {
    /// Its log, everything in it durable.
    pub log: L,
    /// Its last state.
    pub exchange: Exchange,
    /// Its last view, which says the same.
    pub view: View,
}

/// Where threads meet.
struct Shared<O: Outlet> {
    inlet: Inlet<O::Origin>,
    questions: Arc<Ring<O::Question>>,
    /// Batches for the core to fill.
    empty: BatchRing<O::Origin>,
    /// Batches that were applied.
    applied: BatchRing<O::Origin>,
    /// Batches that are durable.
    durable: BatchRing<O::Origin>,
    /// Batches that were told.
    told: BatchRing<O::Origin>,
    /// Batches that are in the history. Nobody is woken for them.
    kept: BatchRing<O::Origin>,
    /// The end of the journal.
    tip: Latest<Tip>,
    core_done: AtomicBool,
    journal_done: AtomicBool,
    publisher_done: AtomicBool,
}

impl<O: Outlet> Default for Shared<O> {
    fn default() -> Shared<O> {
        let shared = Shared {
            inlet: Inlet::default(),
            questions: Arc::new(Ring::new(QUESTIONS_MAX)),
            empty: Ring::new(BATCHES),
            applied: Ring::new(BATCHES),
            durable: Ring::new(BATCHES),
            told: Ring::new(HISTORY_BATCHES_MAX),
            kept: Ring::new(HISTORY_BATCHES_MAX),
            tip: Latest::default(),
            core_done: AtomicBool::default(),
            journal_done: AtomicBool::default(),
            publisher_done: AtomicBool::default(),
        };
        (0..BATCHES).for_each(|_| forward(&shared.empty, Box::default()));
        shared
    }
}

impl<L, O> Pipeline<L, O>
where
    L: CommandLog + Send + 'static,
    O: Outlet + 'static,
    O::Origin: 'static,
    O::Question: 'static,
{
    /// Starts the threads, with time and seeds from `outside`. Before it returns, the sessions that open orders name have
    /// ended: their connections are gone. `failed` is called when a write failed: it has to end the process, because what is
    /// on disk is unknown then.
    pub fn start<K: Keeper + 'static, H: HistoryLog + 'static, C: Clock + 'static, E: Entropy + 'static>(
        ready: Ready<L, K, H>,
        outside: (C, E),
        outlet: O,
        failed: impl Fn(&Fatal) + Send + Sync + 'static,
    ) -> Pipeline<L, O> {
        let Ready { log, recovered, view, keeper, history } = ready;
        let mut stages = Stages {
            core: CoreStage::new(recovered.exchange, recovered.outcome, outside),
            journal: JournalStage::new(log, recovered.chain),
            publish: PublishStage::new(view, outlet),
            keep: KeepStage::new(keeper),
            history: history.map(|(history, group)| HistoryStage::new(history, group)),
        };
        let failed = Arc::new(failed);
        written(stages.begin(), &*failed);
        let shared: Arc<Shared<O>> = Arc::default();
        shared.inlet.set_low(stages.keep.is_low());

        let Stages { core, journal, publish, keep, history } = stages;
        let on = Arc::clone(&shared);
        let core = spawn("core", move || run_core(core, &on));
        let (on, fails) = (Arc::clone(&shared), Arc::clone(&failed));
        let journal = spawn("journal", move || written(run_journal(journal, &on), &*fails));
        let (on, spares) = (Arc::clone(&shared), history.as_ref().map(|_| Spares::default()));
        let publisher = spawn("publisher", move || run_publisher(publish, &on, spares));
        let (on, fails) = (Arc::clone(&shared), Arc::clone(&failed));
        let keeper = spawn("keeper", move || written(run_keeper(keep, &on), &*fails));
        let history = history.map(|history| {
            let on = Arc::clone(&shared);
            spawn("history", move || written(run_history(history, &on), &*failed))
        });
        Pipeline { shared, core, journal, publisher, keeper, history }
    }

    /// Where commands enter.
    pub fn inlet(&self) -> Inlet<O::Origin> {
        self.shared.inlet.clone()
    }

    /// Where questions are asked.
    pub fn questions(&self) -> Arc<Ring<O::Question>> {
        Arc::clone(&self.shared.questions)
    }

    /// Stops: takes no more commands, finishes those taken, makes them durable and tells them.
    pub fn stop(self) -> Stopped<L> {
        let shared = self.shared;
        shared.inlet.stop();
        let exchange = self.core.join().expect("the core does not panic");
        shared.core_done.store(true, Ordering::SeqCst);
        shared.applied.wake();
        let log = self.journal.join().expect("the journal does not panic");
        shared.journal_done.store(true, Ordering::SeqCst);
        shared.tip.wake();
        shared.questions.wake();
        let view = self.publisher.join().expect("the publisher does not panic");
        shared.publisher_done.store(true, Ordering::SeqCst);
        shared.told.wake();
        self.keeper.join().expect("the keeper does not panic");
        if let Some(history) = self.history {
            history.join().expect("the history does not panic");
        }
        Stopped { log, exchange, view }
    }
}

/// What each thread does, before there are threads.
struct Stages<L, O: Outlet, K, H, C, E> {
    core: CoreStage<C, E, O::Origin>,
    journal: JournalStage<L>,
    publish: PublishStage<O>,
    keep: KeepStage<K>,
    history: Option<HistoryStage<H>>,
}

impl<L: CommandLog, O: Outlet, K: Keeper, H: HistoryLog, C: Clock, E: Entropy> Stages<L, O, K, H, C, E> {
    /// Ends the sessions of an earlier process, after the ticks that are due, makes that durable, folds it into the view,
    /// and marks how far the journal reaches.
    fn begin(&mut self) -> Result<(), Fatal> {
        let mut batch = [Box::<Batch<O::Origin>>::default()];
        loop {
            self.core.end_sessions(&mut batch[0]);
            if batch[0].is_empty() {
                return Ok(self.keep.step(Some(self.journal.tip()))?);
            }
            self.journal.step(&batch)?;
            match &mut self.history {
                None => self.publish.step(&mut batch[0]),
                Some(history) => {
                    self.publish.step_for_history(&mut batch[0]);
                    history.step(&batch[0])?;
                    batch[0].clear();
                }
            }
        }
    }
}

fn spawn<R: Send + 'static>(name: &str, run: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
    std::thread::Builder::new().name(name.into()).spawn(run).expect("the machine has room for a thread")
}

/// What was written, when it was. Else nothing may go on.
fn written<R>(written: Result<R, Fatal>, failed: &impl Fn(&Fatal)) -> R {
    written.unwrap_or_else(|error| {
        failed(&error);
        panic!("the process stops when a write fails: {error}");
    })
}

fn forward<T>(ring: &BatchRing<T>, batch: Box<Batch<T>>) {
    assert!(ring.push(batch).is_ok(), "every ring has room for all batches");
}

fn run_core<C: Clock, E: Entropy, O: Outlet>(
    mut stage: CoreStage<C, E, O::Origin>,
    shared: &Shared<O>,
) -> Exchange {
    let inlet = &shared.inlet;
    inlet.ring().consume_here();
    shared.empty.consume_here();
    // The batch that the last round left empty: putting it back would wake this very thread.
    let mut spare = None;
    loop {
        let Some(mut batch) = spare.take().or_else(|| shared.empty.pop()) else {
            std::thread::park();
            continue;
        };
        stage.step(inlet.ring(), &mut batch);
        if !batch.is_empty() {
            forward(&shared.applied, batch);
            continue;
        }
        spare = Some(batch);
        if inlet.is_stopping() && inlet.ring().is_empty() {
            return stage.into_exchange();
        }
        match stage.idle_nanos() {
            Some(nanos) => std::thread::park_timeout(Duration::from_nanos(nanos)),
            None => std::thread::park(),
        }
    }
}

fn run_journal<L: CommandLog, O: Outlet>(mut stage: JournalStage<L>, shared: &Shared<O>) -> Result<L, Fatal> {
    shared.applied.consume_here();
    let mut group = Vec::with_capacity(BATCHES);
    loop {
        let stopping = shared.core_done.load(Ordering::SeqCst);
        group.extend(std::iter::from_fn(|| shared.applied.pop()));
        if group.is_empty() {
            if stopping {
                return Ok(stage.into_log());
            }
            std::thread::park();
            continue;
        }
        stage.step(&group)?;
        shared.tip.put(stage.tip());
        group.drain(..).for_each(|batch| forward(&shared.durable, batch));
    }
}

/// Batches that go round in the place of those that the history has.
struct Spares<T> {
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
fn publish_next<O: Outlet>(
    stage: &mut PublishStage<O>,
    shared: &Shared<O>,
    spares: &mut Option<Spares<O::Origin>>,
) -> Published {
    let Some(spares) = spares else {
        let Some(mut batch) = shared.durable.pop() else { return Published::Nothing };
        stage.step(&mut batch);
        forward(&shared.empty, batch);
        return Published::Told;
    };
    let Some(spare) = spares.take(&shared.kept) else { return Published::Blocked };
    let Some(mut batch) = shared.durable.pop() else {
        spares.stock.push(spare);
        return Published::Nothing;
    };
    stage.step_for_history(&mut batch);
    forward(&shared.empty, spare);
    forward(&shared.told, batch);
    Published::Told
}

fn run_publisher<O: Outlet>(
    mut stage: PublishStage<O>,
    shared: &Shared<O>,
    mut spares: Option<Spares<O::Origin>>,
) -> View {
    shared.durable.consume_here();
    shared.questions.consume_here();
    loop {
        let stopping = shared.journal_done.load(Ordering::SeqCst);
        let mut idle = true;
        // Both are bounded, so that neither commands nor questions starve the other.
        let mut published = Published::Nothing;
        for _ in 0..BATCHES {
            published = publish_next(&mut stage, shared, &mut spares);
            if published != Published::Told {
                break;
            }
            idle = false;
        }
        for question in std::iter::from_fn(|| shared.questions.pop()).take(QUESTIONS_STEP_MAX) {
            stage.answer(question);
            idle = false;
            // Orders do not wait for more than the question at hand.
            if !shared.durable.is_empty() {
                break;
            }
        }
        match published {
            Published::Blocked if idle => std::thread::park_timeout(HISTORY_PAUSE),
            Published::Nothing if idle && stopping => return stage.into_view(),
            Published::Nothing if idle => std::thread::park(),
            _ => {}
        }
    }
}

/// Adds to the history what was told. While more comes it sleeps a little and gathers, so that there is one write for much.
fn run_history<H: HistoryLog, O: Outlet>(
    mut stage: HistoryStage<H>,
    shared: &Shared<O>,
) -> Result<(), Fatal> {
    shared.told.consume_here();
    let mut looks = 0;
    loop {
        let stopping = shared.publisher_done.load(Ordering::SeqCst);
        let mut idle = true;
        while let Some(mut batch) = shared.told.pop() {
            stage.step(&batch)?;
            batch.clear();
            forward(&shared.kept, batch);
            idle = false;
        }
        looks += 1;
        if idle || looks == HISTORY_LOOKS {
            stage.write()?;
            looks = 0;
        }
        match (idle, stopping) {
            (true, true) => return Ok(()),
            (true, false) => std::thread::park(),
            (false, true) => {}
            (false, false) => std::thread::sleep(HISTORY_INTERVAL),
        }
    }
}

/// Marks the latest end of the journal, then sleeps, so that there is one mark for many writes.
fn run_keeper<K: Keeper, O: Outlet>(mut stage: KeepStage<K>, shared: &Shared<O>) -> Result<(), Fatal> {
    shared.tip.consume_here();
    loop {
        let stopping = shared.journal_done.load(Ordering::SeqCst);
        let tip = shared.tip.take();
        if tip.is_some() || stage.is_low() {
            stage.step(tip)?;
            shared.inlet.set_low(stage.is_low());
        }
        match (tip, stopping) {
            (None, true) => return Ok(()),
            (Some(_), true) => {}
            (Some(_), false) => std::thread::sleep(MARK_INTERVAL),
            (None, false) if stage.is_low() => std::thread::park_timeout(ROOM_INTERVAL),
            (None, false) => std::thread::park(),
        }
    }
}
