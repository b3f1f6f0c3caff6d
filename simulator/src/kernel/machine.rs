//! Machine: one process of the exchange: the node's own stages and rings, stepped by the kernel in the order it chooses.
//!
//! It does what `node::pipeline` does with threads. A stage that found nothing to do sleeps until somebody wakes it; a
//! write whose sync goes on holds its batches back.

use engine::exchange::Exchange;
use engine::stamp::Sequence;
use engine::view::View;
use journal::log::AppendError;
use journal::recovery::{Recovered, RecoveryError, recover};
use node::batch::Batch;
use node::inlet::Inlet;
use node::ring::Ring;
use node::stage::core::CoreStage;
use node::stage::journal::JournalStage;
use node::stage::publish::PublishStage;

use crate::kernel::agenda::Nanos;
use crate::kernel::auditor::Auditor;
use crate::kernel::choices::{Choices, Chooser, Source};
use crate::kernel::clock::{KnownEntropy, VirtualClock};
use crate::kernel::disk::Disk;
use crate::kernel::request::Request;
use crate::kernel::witness::{Origin, Witness};

/// Commands that may wait for the core: few, so that it is full now and then.
const INLET_COMMANDS_MAX: usize = 64;
/// Batches that go round: few, so that the core waits for one now and then.
const BATCHES: usize = 4;
/// A stage that sleeps.
const ASLEEP: Nanos = Nanos::MAX;

type Carried = Box<Batch<Origin>>;

/// Which stage steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Core,
    Journal,
    Publisher,
}

/// How long steps and syncs take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    source: Source,
    /// Whether stages step at once and take all there is.
    calm: bool,
    steps: u64,
    /// How long the next sync takes, when that was said.
    pub(super) sync: Option<Nanos>,
    /// Whether the next sync fails.
    pub(super) sync_fails: bool,
}

impl Pace {
    pub(super) fn new(source: Source, calm: bool) -> Pace {
        Pace { source, calm, steps: 0, sync: None, sync_fails: false }
    }

    fn choices(&mut self) -> Choices {
        self.steps += 1;
        self.source.stream(Chooser::Schedule, self.steps)
    }

    /// How long a step takes, and how many of so many batches it takes.
    fn step(&mut self, waiting: usize) -> (Nanos, usize) {
        if self.calm {
            return (1_000, waiting);
        }
        let mut choices = self.choices();
        let nanos =
            if choices.happens(150) { choices.below(5_000_000) } else { choices.between(500, 40_000) };
        (nanos, 1 + choices.place(waiting.max(1)))
    }

    fn sync(&mut self, writes: u64) -> Nanos {
        let chosen = self.sync.take();
        if self.calm {
            return chosen.unwrap_or(200_000);
        }
        chosen.unwrap_or_else(|| self.source.stream(Chooser::Disk, writes).between(50_000, 600_000))
    }
}

/// What outlives a process.
pub(super) struct Remains {
    pub(super) disk: Disk,
    pub(super) auditor: Auditor,
    batches: Vec<Carried>,
}

impl Remains {
    pub(super) fn new(disk: Disk, auditor: Auditor) -> Remains {
        Remains { disk, auditor, batches: (0..BATCHES).map(|_| Box::default()).collect() }
    }
}

/// A process.
pub(super) struct Machine {
    core: CoreStage<VirtualClock, KnownEntropy, Origin>,
    journal: JournalStage<Disk>,
    publisher: PublishStage<VirtualClock, Witness>,
    inlet: Inlet<Origin>,
    empty: Ring<Carried>,
    to_journal: Ring<Carried>,
    to_publisher: Ring<Carried>,
    /// The batch that the core's last step left empty.
    spare: Option<Carried>,
    /// What waits for the sync that goes on.
    syncing: Vec<Carried>,
    /// When each stage steps next.
    core_at: Nanos,
    journal_at: Nanos,
    publisher_at: Nanos,
    /// Whether the core sleeps until somebody asks, or the next timer falls due.
    idle: bool,
    /// Whether the core waits for an empty batch.
    starved: bool,
}

/// Why a process does not start.
#[derive(Debug)]
pub(super) enum StartError {
    /// Its journal is refused.
    Refused(RecoveryError),
    /// Ending the sessions of the last process failed.
    Failed(AppendError),
}

impl Machine {
    /// Recovers the disk's journal, and ends the sessions of the process before. What was recovered and not told is
    /// audited now.
    pub(super) fn start(
        mut remains: Remains,
        (clock, entropy): (VirtualClock, KnownEntropy),
    ) -> Result<Machine, Box<(StartError, Remains)>> {
        let mut view = View::default();
        let auditor = &mut remains.auditor;
        let recovered = recover(&remains.disk, &mut |stamped, events| {
            view.fold(stamped.stamp, events);
            auditor.recovered(stamped, events);
        });
        let Recovered { exchange, chain, outcome, last, .. } = match recovered {
            Ok(recovered) => recovered,
            Err(error) => return Err(Box::new((StartError::Refused(error), remains))),
        };
        auditor.end_recovery(last);
        let Remains { disk, auditor, batches } = remains;
        let [empty, to_journal, to_publisher] = std::array::from_fn(|_| Ring::new(BATCHES));
        let witness = Witness::new(auditor);
        let publisher = PublishStage::new(view, witness, clock.clone());
        let mut machine = Machine {
            core: CoreStage::new(exchange, outcome, (clock, entropy)),
            journal: JournalStage::new(disk, chain),
            publisher,
            inlet: Inlet::new(INLET_COMMANDS_MAX),
            empty,
            to_journal,
            to_publisher,
            spare: None,
            syncing: Vec::with_capacity(BATCHES),
            core_at: 0,
            journal_at: ASLEEP,
            publisher_at: ASLEEP,
            idle: true,
            starved: false,
        };
        batches.into_iter().for_each(|batch| forward(&machine.empty, batch));
        match machine.end_sessions() {
            Ok(()) => Ok(machine),
            Err(error) => Err(Box::new((StartError::Failed(error), machine.stop()))),
        }
    }

    /// Before anything else, the sessions of the process before have ended, durably.
    fn end_sessions(&mut self) -> Result<(), AppendError> {
        let mut batch = [self.empty.pop().expect("all batches are empty")];
        loop {
            self.core.end_sessions(&mut batch[0]);
            if batch[0].is_empty() {
                let [batch] = batch;
                forward(&self.empty, batch);
                self.journal.log().slow_down();
                return Ok(());
            }
            self.journal.step(&batch)?;
            self.tell(&mut batch[0]);
        }
    }

    /// The process is gone. What it had in memory is lost.
    pub(super) fn stop(self) -> Remains {
        let rings = [&self.empty, &self.to_journal, &self.to_publisher];
        let queued = rings.into_iter().flat_map(|ring| std::iter::from_fn(|| ring.pop()));
        let mut batches: Vec<Carried> = queued.collect();
        batches.extend(self.spare);
        batches.extend(self.syncing);
        // One may be lost with the step that failed.
        batches.resize_with(BATCHES, Box::default);
        batches.iter_mut().for_each(|batch| batch.clear());
        let auditor = self.publisher.into_outlet().auditor;
        let (mut disk, _) = self.journal.into_end();
        disk.speed_up();
        Remains { disk, auditor, batches }
    }

    /// Hands a request to the exchange. Returns whether it was taken.
    pub(super) fn submit(&mut self, now: Nanos, origin: Origin, request: Request) -> bool {
        let taken = self.inlet.submit(request.inbound(origin)).is_ok();
        if taken && self.idle {
            self.core_at = self.core_at.min(now);
        }
        taken
    }

    /// Which stage steps next, and when.
    pub(super) fn next(&self) -> (Nanos, Stage) {
        let stages = [
            (self.publisher_at, Stage::Publisher),
            (self.journal_at, Stage::Journal),
            (self.core_at, Stage::Core),
        ];
        stages.into_iter().min_by_key(|(at, _)| *at).expect("there are three")
    }

    /// Whether nothing is under way.
    pub(super) fn is_idle(&mut self) -> bool {
        (self.journal_at, self.publisher_at) == (ASLEEP, ASLEEP)
            && self.inlet.ring().is_empty()
            && self.core.exchange().last() == self.publisher.parts().0.stamp()
    }

    /// A stage takes its step.
    ///
    /// # Errors
    /// When the journal fails: the process has to end.
    pub(super) fn step(&mut self, stage: Stage, now: Nanos, pace: &mut Pace) -> Result<(), AppendError> {
        match stage {
            Stage::Core => self.step_core(now, pace),
            Stage::Journal => return self.step_journal(now, pace),
            Stage::Publisher => self.step_publisher(now, pace),
        }
        Ok(())
    }

    fn step_core(&mut self, now: Nanos, pace: &mut Pace) {
        self.idle = false;
        let Some(mut batch) = self.spare.take().or_else(|| self.empty.pop()) else {
            (self.starved, self.core_at) = (true, ASLEEP);
            return;
        };
        self.core.step(self.inlet.ring(), &mut batch);
        if batch.is_empty() {
            self.spare = Some(batch);
            self.idle = true;
            self.core_at = self.core.idle_nanos().map_or(ASLEEP, |nanos| now.saturating_add(nanos));
            return;
        }
        forward(&self.to_journal, batch);
        // A sync that goes on is not to be hurried.
        if self.journal_at == ASLEEP {
            self.journal_at = now;
        }
        self.core_at = now + pace.step(0).0;
    }

    /// Begins a write, or ends the one that goes on.
    fn step_journal(&mut self, now: Nanos, pace: &mut Pace) -> Result<(), AppendError> {
        if !self.syncing.is_empty() {
            self.journal.log().finish_sync()?;
            self.syncing.drain(..).for_each(|batch| forward(&self.to_publisher, batch));
            if self.publisher_at == ASLEEP {
                self.publisher_at = now;
            }
        }
        let waiting = self.to_journal.len();
        if waiting == 0 {
            self.journal_at = ASLEEP;
            return Ok(());
        }
        let (_, taken) = pace.step(waiting);
        self.syncing.extend(std::iter::from_fn(|| self.to_journal.pop()).take(taken));
        self.journal.step(&self.syncing)?;
        let disk = self.journal.log();
        if std::mem::take(&mut pace.sync_fails) {
            disk.fail_sync();
        }
        self.journal_at = now + pace.sync(disk.writes());
        Ok(())
    }

    fn step_publisher(&mut self, now: Nanos, pace: &mut Pace) {
        let waiting = self.to_publisher.len();
        if waiting == 0 {
            self.publisher_at = ASLEEP;
            return;
        }
        let (nanos, taken) = pace.step(waiting);
        for _ in 0..taken {
            let Some(mut batch) = self.to_publisher.pop() else { break };
            self.tell(&mut batch);
            forward(&self.empty, batch);
        }
        if std::mem::take(&mut self.starved) {
            self.core_at = now;
        }
        self.publisher_at = now + nanos;
    }

    fn tell(&mut self, batch: &mut Batch<Origin>) {
        self.publisher.parts().1.durable = self.journal.log().durable();
        self.publisher.step(batch);
    }

    /// Checks everything when nothing is under way: the exchange, the view, and what was heard agree.
    pub(super) fn check_everything(&mut self) {
        let (view, witness) = self.publisher.parts();
        witness.auditor.check_everything(self.core.exchange(), view);
    }

    /// Who is told.
    pub(super) fn witness(&mut self) -> &mut Witness {
        self.publisher.parts().1
    }

    /// The last command that was heard of.
    pub(super) fn heard(&self) -> Sequence {
        self.publisher.outlet().auditor.last()
    }

    /// What is applied, perhaps ahead of what is durable.
    pub(super) fn exchange(&self) -> &Exchange {
        self.core.exchange()
    }
}

fn forward(ring: &Ring<Carried>, batch: Carried) {
    assert!(ring.push(batch).is_ok(), "every ring has room for all batches");
}
