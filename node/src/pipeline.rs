//! Pipeline: the running exchange, and who waits for whom.
//!
//! ```text
//!   producers -> inlet -> core -> journal -> publisher -> outlet
//!                          ^         |           |  |
//!                          |         v           |  +---> history        questions -> publisher
//!                          |       keeper        |
//!                          +---- empty batches --+
//! ```
//!
//! Behind the journal stands the keeper, if there is one, which marks how far the journal reaches and looks for room on
//! the disk. It takes the latest end of the journal when it is ready for one; nobody waits for it.
//!
//! Behind the publisher stands the history, if there is one. What was told goes there as it is, and another batch goes
//! round in its place: there are [`crate::config::HISTORY_BATCHES_MAX`] of them, and when the history has them all, the
//! publisher waits too.
//!
//! There are as many batches as [`BATCHES`]; every ring has room for all of them, so only two things ever wait: the core
//! for an empty batch, and a producer is told Busy. Nothing reaches the publisher before the journal has synced it.

use std::sync::Arc;

use engine::exchange::Exchange;
use engine::outcome::OutcomeHash;
use engine::view::View;
use journal::chain::Chain;
use journal::history::log::HistoryLog;
use journal::keeper::Keeper;
use journal::log::CommandLog;
use journal::snapshot::Snapshot;

use crate::batch::Batch;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::fatal::Fatal;
use crate::inlet::Inlet;
use crate::meeting::Meeting;
use crate::outlet::Outlet;
use crate::ready::Ready;
use crate::ring::Ring;
use crate::stage::core::CoreStage;
use crate::stage::history::HistoryStage;
use crate::stage::journal::JournalStage;
use crate::stage::keep::KeepStage;
use crate::stage::publish::PublishStage;
use crate::sync::{JoinHandle, Ordering, channel, spawn};
use crate::threads::{Spares, run_core, run_history, run_journal, run_keeper, run_publisher};

/// A running exchange.
pub struct Pipeline<L, O: Outlet> {
    meeting: Arc<Meeting<O>>,
    core: JoinHandle<(Exchange, OutcomeHash)>,
    journal: JoinHandle<(L, Chain)>,
    publisher: JoinHandle<View>,
    keeper: Option<JoinHandle<()>>,
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
    /// Starts the threads, with time and seeds from `outside`. Before it returns, the sessions that open orders name have
    /// ended: their connections are gone. `failed` is called when a write failed: it has to end the process, because what is
    /// on disk is unknown then.
    pub fn start<K, H, C, E>(
        ready: Ready<L, K, H>,
        outside: (C, E),
        outlet: O,
        failed: impl Fn(&Fatal) + Send + Sync + 'static,
    ) -> Pipeline<L, O>
    where
        K: Keeper + 'static,
        H: HistoryLog + 'static,
        C: Clock + Clone + 'static,
        E: Entropy + 'static,
    {
        let Ready { log, recovered, view, keeper, history } = ready;
        let mut stages = Stages {
            publish: PublishStage::new(view, outlet, outside.0.clone()),
            core: CoreStage::new(recovered.exchange, recovered.outcome, outside),
            journal: JournalStage::new(log, recovered.chain),
            keep: keeper.map(KeepStage::new),
            history: history.map(|(history, group)| HistoryStage::new(history, group)),
        };
        let failed = Arc::new(failed);
        written(stages.begin(), &*failed);
        let meeting: Arc<Meeting<O>> = Arc::default();
        meeting.inlet.set_low(stages.keep.as_ref().is_some_and(KeepStage::is_low));

        // Who takes starts before who gives.
        let Stages { core, journal, publish, keep, history } = stages;
        let spares = history.as_ref().map(|_| Spares::default());
        let (on, fails) = (Arc::clone(&meeting), Arc::clone(&failed));
        let history = history.map(|history| {
            let taking = Arc::clone(&on);
            start(
                "history",
                move || taking.told.consume_here(),
                move || written(run_history(history, &on), &*fails),
            )
        });
        let (on, taking) = (Arc::clone(&meeting), Arc::clone(&meeting));
        let publisher = start(
            "publisher",
            move || taking.publisher_consumes_here(),
            move || run_publisher(publish, &on, spares),
        );
        let (on, fails) = (Arc::clone(&meeting), Arc::clone(&failed));
        let keeper = keep.map(|keep| {
            let taking = Arc::clone(&on);
            start(
                "keeper",
                move || taking.tip.consume_here(),
                move || written(run_keeper(keep, &on), &*fails),
            )
        });
        let (on, taking) = (Arc::clone(&meeting), Arc::clone(&meeting));
        let journal = start(
            "journal",
            move || taking.applied.consume_here(),
            move || written(run_journal(journal, &on), &*failed),
        );
        let (on, taking) = (Arc::clone(&meeting), Arc::clone(&meeting));
        let core = start("core", move || taking.core_consumes_here(), move || run_core(core, &on));
        Pipeline { meeting, core, journal, publisher, keeper, history }
    }

    /// Where commands enter.
    pub fn inlet(&self) -> Inlet<O::Origin> {
        self.meeting.inlet.clone()
    }

    /// Where questions are asked.
    pub fn questions(&self) -> Arc<Ring<O::Question>> {
        Arc::clone(&self.meeting.questions)
    }

    /// Stops: takes no more commands, finishes those taken before, makes them durable and tells them.
    pub fn stop(self) -> Stopped<L> {
        let meeting = self.meeting;
        meeting.inlet.stop();
        let (exchange, outcome) = self.core.join().expect("the core does not panic");
        meeting.core_done.store(true, Ordering::SeqCst);
        meeting.applied.wake();
        let (log, chain) = self.journal.join().expect("the journal does not panic");
        meeting.journal_done.store(true, Ordering::SeqCst);
        meeting.tip.wake();
        meeting.questions.wake();
        let view = self.publisher.join().expect("the publisher does not panic");
        meeting.publisher_done.store(true, Ordering::SeqCst);
        meeting.told.wake();
        for (thread, name) in [(self.keeper, "keeper"), (self.history, "history")] {
            thread.into_iter().for_each(|thread| {
                thread.join().unwrap_or_else(|_| panic!("the {name} does not panic"));
            });
        }
        Stopped { log, exchange, view, chain, outcome }
    }
}

/// What each thread does, before there are threads.
struct Stages<L, O: Outlet, K, H, C, E> {
    core: CoreStage<C, E, O::Origin>,
    journal: JournalStage<L>,
    publish: PublishStage<C, O>,
    keep: Option<KeepStage<K>>,
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
                break;
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
        let tip = self.journal.tip();
        Ok(self.keep.as_mut().map_or(Ok(()), |keep| keep.step(Some(tip)))?)
    }
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

/// What was written, when it was. Else nothing may go on.
fn written<R>(written: Result<R, Fatal>, failed: &impl Fn(&Fatal)) -> R {
    written.unwrap_or_else(|error| {
        failed(&error);
        panic!("the process stops when a write fails: {error}");
    })
}
