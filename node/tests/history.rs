//! History: what was told is in it, it is completed from the journal, and it holds the exchange back rather than lose anything.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use engine::command::{Command, Stamped};
use engine::event::{Event, PrivateSequence};
use engine::ids::{AccountId, PublicKey};
use engine::label::Label;
use engine::stamp::{Sequence, Stamp};
use engine::units::Amount;
use engine::view::View;
use journal::history::group::{GROUP_COMMANDS_MAX, HistoryGroup};
use journal::history::log::HistoryLog;
use journal::history::memory::MemoryHistory;
use journal::history::reader::HistoryReader;
use journal::keeper::NoKeeper;
use journal::log::{AppendError, CommandLog, ReadError, Tip, WriteError};
use journal::memory::MemoryLog;
use journal::recovery::{Recovered, recover};
use journal::sealed::SealedRecords;
use journal::snapshot::Snapshot;
use node::batch::Told;
use node::clock::SystemClock;
use node::config::{BATCH_COMMANDS_MAX, BATCHES, HISTORY_BATCHES_MAX, INLET_COMMANDS_MAX};
use node::entropy::SystemEntropy;
use node::fatal::Fatal;
use node::inlet::{Inbound, Refused};
use node::outlet::Outlet;
use node::pipeline::Pipeline;
use node::ready::{Ready, ReadyError};

/// How long a test waits for what has to come, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A log that survives its exchange.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<MemoryLog>>);

impl CommandLog for Kept {
    fn append(&mut self, expected_last: Sequence, records: &SealedRecords) -> Result<(), AppendError> {
        self.0.lock().unwrap().append(expected_last, records)
    }

    fn last(&self) -> Result<Option<Tip>, ReadError> {
        self.0.lock().unwrap().last()
    }

    fn read(&self, from: Sequence) -> impl Iterator<Item = Result<Box<[u8]>, ReadError>> {
        self.0.lock().unwrap().read(from).collect::<Vec<_>>().into_iter()
    }
}

/// A history that survives its exchange, and can be made to wait or to fail.
#[derive(Clone, Default)]
struct Watched {
    history: Arc<Mutex<MemoryHistory>>,
    stuck: Arc<AtomicBool>,
    failing: Arc<AtomicBool>,
    writes: Arc<Mutex<Vec<u64>>>,
}

impl HistoryLog for Watched {
    fn last(&self) -> Sequence {
        HistoryLog::last(&*self.history.lock().unwrap())
    }

    fn append(&mut self, group: &HistoryGroup) -> Result<(), WriteError> {
        while self.stuck.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        if self.failing.load(Ordering::SeqCst) {
            return Err(WriteError { doing: "writing", cause: "the disk is gone".to_owned() });
        }
        self.writes.lock().unwrap().push(group.last().0 - self.last().0);
        self.history.lock().unwrap().append(group)
    }

    fn clear(&mut self, begin: Sequence) -> Result<(), WriteError> {
        self.history.lock().unwrap().clear(begin)
    }
}

/// Notes every private balance that is told, and who waited for what.
struct Notes(mpsc::Sender<(u64, Vec<Event>)>);

impl Outlet for Notes {
    type Origin = u64;
    type Question = ();

    fn tell_event(&mut self, _: Stamp, _: &Event, _: &View) {}

    fn tell(&mut self, told: Told<'_, u64>, _: &View) {
        if let Some(origin) = told.origin {
            let _ = self.0.send((origin, told.events.to_vec()));
        }
    }

    fn answer(&mut self, (): (), _: &View) {}
}

struct World {
    log: Kept,
    history: Watched,
    pipeline: Pipeline<Kept, Notes>,
    told: mpsc::Receiver<(u64, Vec<Event>)>,
    failed: mpsc::Receiver<Fatal>,
}

fn resumed(
    log: Kept,
    snapshot: Snapshot,
    history: Watched,
) -> Result<Ready<Kept, NoKeeper, Watched>, ReadyError> {
    Ready::resume_with(log, snapshot, history, &mut |_: &Stamped, _: &[Event], _: &View| {})
}

fn start(log: Kept, history: Watched) -> World {
    let (tell, told) = mpsc::channel();
    let (fail, failed) = mpsc::channel();
    let ready = resumed(log.clone(), Snapshot::default(), history.clone()).unwrap();
    let failing = move |error: &Fatal| fail.send(error.clone()).unwrap();
    let pipeline = Pipeline::start(ready, (SystemClock, SystemEntropy), Notes(tell), failing);
    World { log, history, pipeline, told, failed }
}

fn deposit(number: u64) -> Command {
    let reference = Label::new(&format!("deposit-{number}")).unwrap();
    Command::Deposit { account: AccountId(0), amount: Amount::new(1), reference }
}

impl World {
    fn submit(&self, origin: u64, command: Command) -> Result<(), Refused> {
        self.pipeline.inlet().submit(Inbound::one(origin, command)).map_err(|(refused, _)| refused)
    }

    /// Founds, then deposits `count` times, waiting when it has to.
    fn work(&self, count: u64) {
        let _ = self.submit(0, Command::Found { epoch: 1, seed: 2, operator: PublicKey([3; 32]) });
        for number in 1..count {
            while self.submit(number, deposit(number)).is_err() {
                std::thread::yield_now();
            }
        }
    }
}

/// Panics unless the history holds `count` private events of the operator, as the journal has them.
fn holds(history: &Watched, count: u64) {
    let history = history.history.lock().unwrap();
    let events = history.events(AccountId(0), PrivateSequence(0), usize::MAX).unwrap();
    assert!(events.iter().map(|event| event.xseq.0).eq(1..=count), "{} of {count}", events.len());
}

#[test]
fn everything_that_was_told_is_in_the_history() {
    let world = start(Kept::default(), Watched::default());
    let count = 20_000;
    world.work(count);
    for number in 0..count {
        assert_eq!(world.told.recv_timeout(PATIENCE).unwrap().0, number);
    }
    world.pipeline.stop();
    holds(&world.history, count - 1);
    let history = world.history.history.lock().unwrap();
    assert_eq!(HistoryLog::last(&*history), Sequence(count), "stopping writes the rest");
    let writes = world.history.writes.lock().unwrap();
    assert!(writes.len() < 10_000, "what is there is written at once: {} writes", writes.len());
}

#[test]
fn a_history_is_completed_from_the_journal() {
    let world = start(Kept::default(), Watched::default());
    let count = u64::try_from(2 * GROUP_COMMANDS_MAX).unwrap() + 700;
    world.work(count);
    world.pipeline.stop();
    let whole = world.history.history.lock().unwrap().clone();

    // Lost.
    let lost = Watched::default();
    drop(resumed(world.log.clone(), Snapshot::default(), lost.clone()).unwrap());
    holds(&lost, count - 1);
    let writes = lost.writes.lock().unwrap();
    let most = u64::try_from(GROUP_COMMANDS_MAX).unwrap();
    assert_eq!(*writes, [most, most, 700], "the memory that it takes is bounded");

    // Behind: of a shorter journal of the same history.
    for records in [1, 2] {
        let shorter = world.log.0.lock().unwrap().records()[..records].to_vec();
        let shorter = Kept(Arc::new(Mutex::new(MemoryLog::from_records(shorter))));
        let behind = Watched::default();
        drop(resumed(shorter, Snapshot::default(), behind.clone()).unwrap());
        let before = behind.last();
        assert!(Sequence(0) < before && before < Sequence(count));
        drop(resumed(world.log.clone(), Snapshot::default(), behind.clone()).unwrap());
        holds(&behind, count - 1);
        assert_eq!(behind.last(), HistoryLog::last(&whole));
    }
}

#[test]
fn a_history_that_goes_further_than_the_journal_is_begun_anew() {
    let long = start(Kept::default(), Watched::default());
    long.work(500);
    long.pipeline.stop();
    let short = start(Kept::default(), Watched::default());
    short.work(100);
    short.pipeline.stop();
    let history = long.history;
    drop(resumed(short.log, Snapshot::default(), history.clone()).unwrap());
    assert_eq!(history.last(), Sequence(100));
    holds(&history, 99);
}

fn snapshot_of(log: &Kept) -> Snapshot {
    let mut view = View::default();
    let recovered = recover(log, &mut |stamped, events| view.fold(stamped.stamp, events)).unwrap();
    let Recovered { exchange, chain, outcome, .. } = recovered;
    Snapshot { exchange, view, chain, outcome }
}

#[test]
fn a_history_that_ends_before_the_snapshot_begins_anew_after_it() {
    let world = start(Kept::default(), Watched::default());
    world.work(100);
    world.pipeline.stop();
    let snapshot = || snapshot_of(&world.log);
    let end = snapshot().chain.last().sequence;

    // Nothing came after the snapshot: nothing is in the history yet, and what comes next has its place.
    let lost = Watched::default();
    drop(resumed(world.log.clone(), snapshot(), lost.clone()).unwrap());
    assert_eq!((lost.last(), lost.writes.lock().unwrap().len()), (end, 0));

    // One that has reached it goes on.
    drop(resumed(world.log.clone(), snapshot(), world.history.clone()).unwrap());
    holds(&world.history, 99);
}

#[test]
fn a_history_that_stands_still_makes_the_exchange_busy_and_loses_nothing() {
    let world = start(Kept::default(), Watched::default());
    world.history.stuck.store(true, Ordering::SeqCst);
    // More than all rings and batches hold.
    let most = INLET_COMMANDS_MAX + (2 * BATCHES + HISTORY_BATCHES_MAX + 2) * BATCH_COMMANDS_MAX;
    let mut taken = 0_u64;
    let mut busy = 0;
    world.submit(0, Command::Found { epoch: 1, seed: 2, operator: PublicKey([3; 32]) }).unwrap();
    for number in 1..=2 * u64::try_from(most).unwrap() {
        match world.submit(number, deposit(number)) {
            Ok(()) => taken += 1,
            Err(refused) => {
                assert_eq!(refused, Refused::Busy);
                busy += 1;
                if 100 < busy {
                    break;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }
    assert!(100 < busy && taken <= u64::try_from(most).unwrap(), "{taken} taken");
    world.history.stuck.store(false, Ordering::SeqCst);
    let stopped = world.pipeline.stop();
    assert_eq!(stopped.exchange.last().sequence.0, taken + 1);
    holds(&world.history, taken);
}

#[test]
fn a_failed_write_of_the_history_stops_the_process() {
    let world = start(Kept::default(), Watched::default());
    world.history.failing.store(true, Ordering::SeqCst);
    world.work(2);
    let expected = WriteError { doing: "writing", cause: "the disk is gone".to_owned() };
    assert_eq!(world.failed.recv_timeout(PATIENCE), Ok(Fatal::Beside(expected.clone())));

    let whole = start(Kept::default(), Watched::default());
    whole.work(50);
    whole.pipeline.stop();
    let failing = Watched { failing: Arc::new(AtomicBool::new(true)), ..Watched::default() };
    let refused = resumed(whole.log, Snapshot::default(), failing).err();
    assert_eq!(refused, Some(ReadyError::History(expected)));
}
