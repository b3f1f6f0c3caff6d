//! Pipeline: every thread of the exchange and who waits for whom.
//!
//! ```text
//!   producers -> inlet -> core -> journal -> publisher -> outlet
//!                          ^                     |
//!                          +---- empty batches --+        questions -> publisher
//! ```
//!
//! Behind the journal stands the keeper, which marks how far the journal reaches and looks for room on the disk. It takes
//! the latest end of the journal when it is ready for one; nobody waits for it.
//!
//! There are as many batches as [`BATCHES`]; every ring has room for all of them, so only two things ever wait: the core
//! for an empty batch, and a producer is told Busy. Nothing reaches the publisher before the journal has synced it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use engine::command::Stamped;
use engine::exchange::Exchange;
use engine::view::View;
use journal::keeper::{Keeper, NoKeeper};
use journal::log::{CommandLog, Tip};
use journal::recovery::{Recovered, RecoveryError, recover};

use crate::batch::Batch;
use crate::clock::Clock;
use crate::config::{BATCHES, MARK_INTERVAL, QUESTIONS_MAX, QUESTIONS_STEP_MAX, ROOM_INTERVAL};
use crate::entropy::Entropy;
use crate::fatal::Fatal;
use crate::inlet::Inlet;
use crate::latest::Latest;
use crate::outlet::Outlet;
use crate::ring::Ring;
use crate::stage::core::CoreStage;
use crate::stage::journal::JournalStage;
use crate::stage::keep::KeepStage;
use crate::stage::publish::PublishStage;

type BatchRing<O> = Arc<Ring<Box<Batch<<O as Outlet>::Origin>>>>;

/// A journal read back, ready to go on, and who keeps its mark.
pub struct Ready<L, K = NoKeeper> {
    log: L,
    recovered: Recovered,
    view: View,
    keeper: K,
}

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
        Ok(Ready { log, recovered, view, keeper: NoKeeper })
    }
}

impl<L, K> Ready<L, K> {
    /// The same, with a keeper.
    pub fn kept_by<N: Keeper>(self, keeper: N) -> Ready<L, N> {
        let Ready { log, recovered, view, .. } = self;
        Ready { log, recovered, view, keeper }
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

/// A running exchange.
pub struct Pipeline<L, O: Outlet> {
    inlet: Inlet<O::Origin>,
    questions: Arc<Ring<O::Question>>,
    journal_ring: BatchRing<O>,
    core: JoinHandle<Exchange>,
    journal: JoinHandle<L>,
    publisher: JoinHandle<View>,
    keeper: JoinHandle<()>,
    core_done: Arc<AtomicBool>,
    journal_done: Arc<AtomicBool>,
    durable: Arc<Latest<Tip>>,
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
    pub fn start<K: Keeper + 'static, C: Clock + 'static, E: Entropy + 'static>(
        ready: Ready<L, K>,
        outside: (C, E),
        outlet: O,
        failed: impl Fn(&Fatal) + Send + Sync + 'static,
    ) -> Pipeline<L, O> {
        let Ready { log, recovered, view, keeper } = ready;
        let mut core = CoreStage::new(recovered.exchange, recovered.outcome, outside);
        let mut journal = JournalStage::new(log, recovered.chain);
        let mut publish = PublishStage::new(view, outlet);
        let mut keep = KeepStage::new(keeper);
        let failed = Arc::new(failed);
        written(end_sessions(&mut core, &mut journal, &mut publish), &*failed);
        written(keep.step(Some(journal.tip())).map_err(Fatal::from), &*failed);
        let inlet = Inlet::default();
        inlet.set_low(keep.is_low());
        let questions = Arc::new(Ring::new(QUESTIONS_MAX));
        let [empty, journal_ring, publish_ring]: [BatchRing<O>; 3] =
            std::array::from_fn(|_| Arc::new(Ring::new(BATCHES)));
        for _ in 0..BATCHES {
            forward(&empty, Box::default());
        }
        let [core_done, journal_done]: [Arc<AtomicBool>; 2] = std::array::from_fn(|_| Arc::default());
        let durable: Arc<Latest<Tip>> = Arc::default();

        let source = Source { inlet: inlet.clone(), empty: Arc::clone(&empty) };
        let to_journal = Arc::clone(&journal_ring);
        let core = spawn("core", move || run_core(core, &source, &to_journal));
        let passage = Passage {
            from_core: Arc::clone(&journal_ring),
            to_publisher: Arc::clone(&publish_ring),
            durable: Arc::clone(&durable),
        };
        let (done, fails) = (Arc::clone(&core_done), Arc::clone(&failed));
        let journal = spawn("journal", move || written(run_journal(journal, &passage, &done), &*fails));
        let feed = Feed { batches: publish_ring, questions: Arc::clone(&questions), empty };
        let done = Arc::clone(&journal_done);
        let publisher = spawn("publisher", move || run_publisher(publish, &feed, &done));
        let (done, tips, low) = (Arc::clone(&journal_done), Arc::clone(&durable), inlet.clone());
        let keeper = spawn("keeper", move || written(run_keeper(keep, &tips, &low, &done), &*failed));
        Pipeline {
            inlet,
            questions,
            journal_ring,
            core,
            journal,
            publisher,
            keeper,
            core_done,
            journal_done,
            durable,
        }
    }

    /// Where commands enter.
    pub fn inlet(&self) -> Inlet<O::Origin> {
        self.inlet.clone()
    }

    /// Where questions are asked.
    pub fn questions(&self) -> Arc<Ring<O::Question>> {
        Arc::clone(&self.questions)
    }

    /// Stops: takes no more commands, finishes those taken, makes them durable and tells them.
    pub fn stop(self) -> Stopped<L> {
        self.inlet.stop();
        let exchange = self.core.join().expect("the core does not panic");
        self.core_done.store(true, Ordering::SeqCst);
        self.journal_ring.wake();
        let log = self.journal.join().expect("the journal does not panic");
        self.journal_done.store(true, Ordering::SeqCst);
        self.durable.wake();
        self.keeper.join().expect("the keeper does not panic");
        self.questions.wake();
        let view = self.publisher.join().expect("the publisher does not panic");
        Stopped { log, exchange, view }
    }
}

/// What the core takes from.
struct Source<T> {
    inlet: Inlet<T>,
    empty: Arc<Ring<Box<Batch<T>>>>,
}

/// What the journal takes from and passes on to.
struct Passage<T> {
    from_core: Arc<Ring<Box<Batch<T>>>>,
    to_publisher: Arc<Ring<Box<Batch<T>>>>,
    durable: Arc<Latest<Tip>>,
}

/// What the publisher takes from, and where it puts emptied batches.
struct Feed<O: Outlet> {
    batches: BatchRing<O>,
    questions: Arc<Ring<O::Question>>,
    empty: BatchRing<O>,
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

/// Ends the sessions of an earlier process, after the ticks that are due, makes that durable and folds it into the view.
fn end_sessions<C: Clock, E: Entropy, L: CommandLog, O: Outlet>(
    core: &mut CoreStage<C, E, O::Origin>,
    journal: &mut JournalStage<L>,
    publish: &mut PublishStage<O>,
) -> Result<(), Fatal> {
    let mut batch = [Box::<Batch<O::Origin>>::default()];
    loop {
        core.end_sessions(&mut batch[0]);
        if batch[0].is_empty() {
            return Ok(());
        }
        journal.step(&batch)?;
        publish.step(&mut batch[0]);
    }
}

fn forward<T>(ring: &Ring<Box<Batch<T>>>, batch: Box<Batch<T>>) {
    assert!(ring.push(batch).is_ok(), "every ring has room for all batches");
}

fn run_core<C: Clock, E: Entropy, T>(
    mut stage: CoreStage<C, E, T>,
    source: &Source<T>,
    journal: &Ring<Box<Batch<T>>>,
) -> Exchange {
    source.inlet.ring().consume_here();
    source.empty.consume_here();
    // The batch that the last round left empty: putting it back would wake this very thread.
    let mut spare = None;
    loop {
        let Some(mut batch) = spare.take().or_else(|| source.empty.pop()) else {
            std::thread::park();
            continue;
        };
        stage.step(source.inlet.ring(), &mut batch);
        if !batch.is_empty() {
            forward(journal, batch);
            continue;
        }
        spare = Some(batch);
        if source.inlet.is_stopping() && source.inlet.ring().is_empty() {
            return stage.into_exchange();
        }
        match stage.idle_nanos() {
            Some(nanos) => std::thread::park_timeout(Duration::from_nanos(nanos)),
            None => std::thread::park(),
        }
    }
}

fn run_journal<L: CommandLog, T>(
    mut stage: JournalStage<L>,
    passage: &Passage<T>,
    done: &AtomicBool,
) -> Result<L, Fatal> {
    passage.from_core.consume_here();
    let mut group = Vec::with_capacity(BATCHES);
    loop {
        let stopping = done.load(Ordering::SeqCst);
        group.extend(std::iter::from_fn(|| passage.from_core.pop()));
        if group.is_empty() {
            if stopping {
                return Ok(stage.into_log());
            }
            std::thread::park();
            continue;
        }
        stage.step(&group)?;
        passage.durable.put(stage.tip());
        group.drain(..).for_each(|batch| forward(&passage.to_publisher, batch));
    }
}

fn run_publisher<O: Outlet>(mut stage: PublishStage<O>, feed: &Feed<O>, done: &AtomicBool) -> View {
    feed.batches.consume_here();
    feed.questions.consume_here();
    loop {
        let stopping = done.load(Ordering::SeqCst);
        let mut idle = true;
        // Both are bounded, so that neither commands nor questions starve the other.
        for mut batch in std::iter::from_fn(|| feed.batches.pop()).take(BATCHES) {
            stage.step(&mut batch);
            forward(&feed.empty, batch);
            idle = false;
        }
        for question in std::iter::from_fn(|| feed.questions.pop()).take(QUESTIONS_STEP_MAX) {
            stage.answer(question);
            idle = false;
            // Orders do not wait for more than the question at hand.
            if !feed.batches.is_empty() {
                break;
            }
        }
        if idle {
            if stopping {
                return stage.into_view();
            }
            std::thread::park();
        }
    }
}

/// Marks the latest end of the journal, then sleeps, so that there is one mark for many writes.
fn run_keeper<K: Keeper, T>(
    mut stage: KeepStage<K>,
    durable: &Latest<Tip>,
    inlet: &Inlet<T>,
    done: &AtomicBool,
) -> Result<(), Fatal> {
    durable.consume_here();
    loop {
        let stopping = done.load(Ordering::SeqCst);
        let tip = durable.take();
        if tip.is_some() || stage.is_low() {
            stage.step(tip)?;
            inlet.set_low(stage.is_low());
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
