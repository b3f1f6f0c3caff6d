//! Pipeline: every thread of the exchange and who waits for whom.
//!
//! ```text
//!   producers -> inlet -> core -> journal -> publisher -> outlet
//!                          ^                     |
//!                          +---- empty batches --+        questions -> publisher
//! ```
//!
//! There are as many batches as [`BATCHES`]; every ring has room for all of them, so only two things ever wait: the core
//! for an empty batch, and a producer is told Busy. Nothing reaches the publisher before the journal has synced it.

use std::sync::Arc;
use std::time::Duration;

use engine::command::Stamped;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::outcome::OutcomeHash;
use engine::stamp::Stamp;
use engine::view::View;
use journal::chain::Chain;
use journal::log::{AppendError, CommandLog};
use journal::recovery::{Recovered, RecoveryError, resume};
use journal::snapshot::Snapshot;

use crate::batch::Batch;
use crate::clock::Clock;
use crate::config::{BATCHES, IDS_ROOM, ORDERS_ROOM, QUESTIONS_MAX, QUESTIONS_STEP_MAX};
use crate::entropy::Entropy;
use crate::inlet::Inlet;
use crate::outlet::Outlet;
use crate::ring::Ring;
use crate::stage::core::CoreStage;
use crate::stage::journal::JournalStage;
use crate::stage::publish::PublishStage;
use crate::sync::{AtomicBool, JoinHandle, Ordering, channel, park, park_timeout, spawn};

type BatchRing<O> = Arc<Ring<Box<Batch<<O as Outlet>::Origin>>>>;

/// A journal read back, ready to go on.
pub struct Ready<L> {
    log: L,
    recovered: Recovered,
    view: View,
}

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
        let (recovered, mut view) = snapshot.recovered();
        let mut recovered = resume(&log, recovered, &mut |stamped, events| {
            view.fold(stamped.stamp, events);
            progress(stamped, events, &view);
        })?;
        recovered.exchange.reserve(ORDERS_ROOM, IDS_ROOM);
        Ok(Ready { log, recovered, view })
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

/// A running exchange.
pub struct Pipeline<L, O: Outlet> {
    inlet: Inlet<O::Origin>,
    questions: Arc<Ring<O::Question>>,
    journal_ring: BatchRing<O>,
    core: JoinHandle<(Exchange, OutcomeHash)>,
    journal: JoinHandle<(L, Chain)>,
    publisher: JoinHandle<View>,
    core_done: Arc<AtomicBool>,
    journal_done: Arc<AtomicBool>,
}

/// What a stopped exchange leaves.
pub struct Stopped<L> {
    /// Its log, everything in it durable.
    pub log: L,
    /// Its last state.
    pub exchange: Exchange,
    /// Its last view, which says the same.
    pub view: View,
    /// The end of its chain of records.
    pub chain: Chain,
    /// The rolling outcome hash after its last command.
    pub outcome: OutcomeHash,
}

impl<L> Stopped<L> {
    /// What a snapshot is made of, and the log.
    pub fn snapshot(self) -> (L, Snapshot) {
        let Stopped { log, exchange, view, chain, outcome } = self;
        (log, Snapshot { exchange, view, chain, outcome })
    }
}

impl<L, O> Pipeline<L, O>
where
    L: CommandLog + Send + 'static,
    O: Outlet + 'static,
    O::Origin: 'static,
    O::Question: 'static,
{
    /// Starts the three threads, with time and seeds from `outside`. Before it returns, the sessions that open orders
    /// name have ended: their connections are gone. `failed` is called when a write failed: it has to end the process,
    /// because what is on disk is unknown then.
    pub fn start<C: Clock + Clone + 'static, E: Entropy + 'static>(
        ready: Ready<L>,
        outside: (C, E),
        outlet: O,
        failed: impl Fn(&AppendError) + Send + 'static,
    ) -> Pipeline<L, O> {
        let Ready { log, recovered, view } = ready;
        let mut publish = PublishStage::new(view, outlet, outside.0.clone());
        let mut core = CoreStage::new(recovered.exchange, recovered.outcome, outside);
        let mut journal = JournalStage::new(log, recovered.chain);
        durable(end_sessions(&mut core, &mut journal, &mut publish), &failed);
        let inlet = Inlet::default();
        let questions = Arc::new(Ring::new(QUESTIONS_MAX));
        let [empty, journal_ring, publish_ring]: [BatchRing<O>; 3] =
            std::array::from_fn(|_| Arc::new(Ring::new(BATCHES)));
        for _ in 0..BATCHES {
            forward(&empty, Box::default());
        }
        let [core_done, journal_done]: [Arc<AtomicBool>; 2] = std::array::from_fn(|_| Arc::default());

        // Who takes starts before who gives.
        let feed = Arc::new(Feed {
            batches: Arc::clone(&publish_ring),
            questions: Arc::clone(&questions),
            empty: Arc::clone(&empty),
        });
        let (taking, done) = (Arc::clone(&feed), Arc::clone(&journal_done));
        let publisher =
            start("publisher", move || taking.consume_here(), move || run_publisher(publish, &feed, &done));
        let passage = Arc::new(Passage { from_core: Arc::clone(&journal_ring), to_publisher: publish_ring });
        let (taking, done) = (Arc::clone(&passage), Arc::clone(&core_done));
        let journal = start(
            "journal",
            move || taking.from_core.consume_here(),
            move || durable(run_journal(journal, &passage, &done), &failed),
        );
        let source = Arc::new(Source { inlet: inlet.clone(), empty });
        let (taking, to_journal) = (Arc::clone(&source), Arc::clone(&journal_ring));
        let core = start("core", move || taking.consume_here(), move || run_core(core, &source, &to_journal));
        Pipeline { inlet, questions, journal_ring, core, journal, publisher, core_done, journal_done }
    }

    /// Where commands enter.
    pub fn inlet(&self) -> Inlet<O::Origin> {
        self.inlet.clone()
    }

    /// Where questions are asked.
    pub fn questions(&self) -> Arc<Ring<O::Question>> {
        Arc::clone(&self.questions)
    }

    /// Stops: takes no more commands, finishes those taken before, makes them durable and tells them.
    pub fn stop(self) -> Stopped<L> {
        self.inlet.stop();
        let (exchange, outcome) = self.core.join().expect("the core does not panic");
        self.core_done.store(true, Ordering::SeqCst);
        self.journal_ring.wake();
        let (log, chain) = self.journal.join().expect("the journal does not panic");
        self.journal_done.store(true, Ordering::SeqCst);
        self.questions.wake();
        let view = self.publisher.join().expect("the publisher does not panic");
        Stopped { log, exchange, view, chain, outcome }
    }
}

/// What the core takes from.
struct Source<T> {
    inlet: Inlet<T>,
    empty: Arc<Ring<Box<Batch<T>>>>,
}

impl<T> Source<T> {
    fn consume_here(&self) {
        self.inlet.ring().consume_here();
        self.empty.consume_here();
    }
}

/// What the journal takes from and passes on to.
struct Passage<T> {
    from_core: Arc<Ring<Box<Batch<T>>>>,
    to_publisher: Arc<Ring<Box<Batch<T>>>>,
}

/// What the publisher takes from, and where it puts emptied batches.
struct Feed<O: Outlet> {
    batches: BatchRing<O>,
    questions: Arc<Ring<O::Question>>,
    empty: BatchRing<O>,
}

/// Starts a thread, and waits until its rings know whom to wake: what is pushed before that could be slept through.
fn start<R: Send + 'static>(
    name: &str,
    consume: impl FnOnce() + Send + 'static,
    run: impl FnOnce() -> R + Send + 'static,
) -> JoinHandle<R> {
    let (ready, is_ready) = channel();
    let thread = spawn(name, move || {
        consume();
        ready.send(()).expect("whoever starts a thread waits for it");
        run()
    });
    is_ready.recv().expect("a thread that starts says so");
    thread
}

impl<O: Outlet> Feed<O> {
    fn consume_here(&self) {
        self.batches.consume_here();
        self.questions.consume_here();
    }
}

/// What was written, when it was. Else nothing may go on.
fn durable<R>(written: Result<R, AppendError>, failed: &impl Fn(&AppendError)) -> R {
    written.unwrap_or_else(|error| {
        failed(&error);
        panic!("the process stops when its journal fails: {error}");
    })
}

/// Ends the sessions of an earlier process, after the ticks that are due, makes that durable and folds it into the view.
fn end_sessions<C: Clock, E: Entropy, L: CommandLog, O: Outlet>(
    core: &mut CoreStage<C, E, O::Origin>,
    journal: &mut JournalStage<L>,
    publish: &mut PublishStage<C, O>,
) -> Result<(), AppendError> {
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
) -> (Exchange, OutcomeHash) {
    // The batch that the last round left empty: putting it back would wake this very thread.
    let mut spare = None;
    loop {
        let Some(mut batch) = spare.take().or_else(|| source.empty.pop()) else {
            park();
            continue;
        };
        stage.step(source.inlet.ring(), &mut batch);
        if !batch.is_empty() {
            forward(journal, batch);
            continue;
        }
        spare = Some(batch);
        if source.inlet.is_stopping() && source.inlet.ring().is_empty() {
            return stage.into_end();
        }
        match stage.idle_nanos() {
            Some(nanos) => park_timeout(Duration::from_nanos(nanos)),
            None => park(),
        }
    }
}

fn run_journal<L: CommandLog, T>(
    mut stage: JournalStage<L>,
    passage: &Passage<T>,
    done: &AtomicBool,
) -> Result<(L, Chain), AppendError> {
    let mut group = Vec::with_capacity(BATCHES);
    loop {
        let stopping = done.load(Ordering::SeqCst);
        group.extend(std::iter::from_fn(|| passage.from_core.pop()));
        if group.is_empty() {
            if stopping {
                return Ok(stage.into_end());
            }
            park();
            continue;
        }
        stage.step(&group)?;
        group.drain(..).for_each(|batch| forward(&passage.to_publisher, batch));
    }
}

fn run_publisher<C: Clock, O: Outlet>(
    mut stage: PublishStage<C, O>,
    feed: &Feed<O>,
    done: &AtomicBool,
) -> View {
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
        stage.flush();
        if idle {
            if stopping {
                return stage.into_view();
            }
            match stage.idle_nanos() {
                Some(nanos) => park_timeout(Duration::from_nanos(nanos)),
                None => park(),
            }
        }
    }
}
