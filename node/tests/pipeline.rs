//! Pipeline: what is told is durable, in order, and nothing that was taken is lost.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use engine::command::Command;
use engine::command::Stamped;
use engine::event::Event;
use engine::ids::{AccountId, InstrumentId, PublicKey};
use engine::label::Label;
use engine::order::{NewOrder, Side};
use engine::order_filter::OrderFilter;
use engine::stamp::{Sequence, Stamp};
use engine::units::{Lots, Price};
use engine::view::View;
use journal::keeper::Keeper;
use journal::log::{AppendError, CommandLog, ReadError, Tip, WriteError};
use journal::memory::MemoryLog;
use journal::sealed::SealedRecords;
use node::batch::Told;
use node::clock::SystemClock;
use node::entropy::SystemEntropy;
use node::fatal::Fatal;
use node::inlet::{Inbound, Refused};
use node::outlet::Outlet;
use node::pipeline::Pipeline;
use node::ready::Ready;

/// How long a test waits for what has to come, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A log that says how far it is, and can be made to wait or to fail.
#[derive(Clone, Default)]
struct Watched {
    log: Arc<Mutex<MemoryLog>>,
    stuck: Arc<AtomicBool>,
    failing: Arc<AtomicBool>,
    writes: Arc<Mutex<u64>>,
}

impl CommandLog for Watched {
    fn append(&mut self, expected_last: Sequence, records: &SealedRecords) -> Result<(), AppendError> {
        while self.stuck.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(1));
        }
        if self.failing.load(Ordering::SeqCst) {
            return Err(AppendError::Unknown { cause: "the disk is gone".to_owned() });
        }
        *self.writes.lock().unwrap() += 1;
        self.log.lock().unwrap().append(expected_last, records)
    }

    fn last(&self) -> Result<Option<Tip>, ReadError> {
        self.log.lock().unwrap().last()
    }

    fn read(&self, from: Sequence) -> impl Iterator<Item = Result<Box<[u8]>, ReadError>> {
        self.log.lock().unwrap().read(from).collect::<Vec<_>>().into_iter()
    }
}

/// Notes what it is told, and whether that was durable by then.
struct Notes {
    log: Watched,
    told: mpsc::Sender<(u64, Sequence, bool)>,
}

impl Outlet for Notes {
    type Origin = u64;
    type Question = mpsc::Sender<Sequence>;

    fn tell_event(&mut self, stamp: Stamp, _event: &Event, view: &View) {
        assert_eq!(view.stamp(), stamp);
    }

    fn tell(&mut self, told: Told<'_, u64>, _view: &View) {
        let sequence = told.stamped.stamp.sequence;
        let durable = self.log.last().unwrap().is_some_and(|tip| sequence <= tip.sequence);
        if let Some(origin) = told.origin {
            let _ = self.told.send((origin, sequence, durable));
        }
    }

    fn answer(&mut self, question: mpsc::Sender<Sequence>, view: &View) {
        let _ = question.send(view.stamp().sequence);
    }
}

struct World {
    log: Watched,
    pipeline: Pipeline<Watched, Notes>,
    told: mpsc::Receiver<(u64, Sequence, bool)>,
    failed: mpsc::Receiver<Fatal>,
}

fn start(log: Watched) -> World {
    let (tell, told) = mpsc::channel();
    let (fail, failed) = mpsc::channel();
    let notes = Notes { log: log.clone(), told: tell };
    let ready = Ready::recover(log.clone(), &mut |_: &Stamped, _: &[Event], _: &View| {}).unwrap();
    let failing = move |error: &Fatal| fail.send(error.clone()).unwrap();
    let pipeline = Pipeline::start(ready, (SystemClock, SystemEntropy), notes, failing);
    World { log, pipeline, told, failed }
}

fn found() -> Command {
    Command::Found { epoch: 1, seed: 2, operator: PublicKey([3; 32]) }
}

fn open(number: u64) -> Command {
    let name = Label::new(&format!("account-{number}")).unwrap();
    Command::OpenAccount { name, provider: false, joins: None }
}

fn submit(world: &World, origin: u64, command: Command) -> Result<(), Refused> {
    world.pipeline.inlet().submit(Inbound::one(origin, command)).map_err(|(refused, _)| refused)
}

#[test]
fn everything_is_told_once_in_order_and_durable() {
    let world = start(Watched::default());
    let count = 5_000;
    submit(&world, 0, found()).unwrap();
    for number in 1..count {
        while submit(&world, number, open(number)).is_err() {
            std::thread::yield_now();
        }
    }
    for number in 0..count {
        let told = world.told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(told, (number, Sequence(number + 1), true));
    }
    let log = world.log.clone();
    let stopped = world.pipeline.stop();
    let again = Ready::recover(log.clone(), &mut |_: &Stamped, _: &[Event], _: &View| {}).unwrap();
    assert_eq!(again.commands(), count);
    assert_eq!(again.view().accounts(), stopped.view.accounts());
    assert!(*log.writes.lock().unwrap() < count, "commands that wait share a write");
}

#[test]
fn nothing_is_told_while_the_disk_waits() {
    let world = start(Watched::default());
    world.log.stuck.store(true, Ordering::SeqCst);
    submit(&world, 0, found()).unwrap();
    assert!(world.told.recv_timeout(Duration::from_millis(200)).is_err());
    let (ask, answer) = mpsc::channel();
    world.pipeline.questions().push(ask).unwrap();
    assert_eq!(answer.recv_timeout(PATIENCE).unwrap(), Sequence(0), "questions see what is durable");
    world.log.stuck.store(false, Ordering::SeqCst);
    assert_eq!(world.told.recv_timeout(PATIENCE).unwrap(), (0, Sequence(1), true));
    world.pipeline.stop();
}

#[test]
fn stopping_finishes_what_was_taken() {
    let world = start(Watched::default());
    world.log.stuck.store(true, Ordering::SeqCst);
    submit(&world, 0, found()).unwrap();
    for number in 1..3_000 {
        submit(&world, number, open(number)).unwrap();
    }
    let inlet = world.pipeline.inlet();
    let stuck = Arc::clone(&world.log.stuck);
    let release = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        stuck.store(false, Ordering::SeqCst);
    });
    let told = world.told;
    world.pipeline.stop();
    release.join().unwrap();
    assert_eq!(told.try_iter().count(), 3_000);
    let late = inlet.submit(Inbound::one(1, Command::Tick));
    assert_eq!(late.map_err(|(refused, _)| refused), Err(Refused::Stopping));
}

#[test]
fn a_failed_write_is_told_to_nobody() {
    let world = start(Watched::default());
    world.log.failing.store(true, Ordering::SeqCst);
    submit(&world, 0, found()).unwrap();
    let error = world.failed.recv_timeout(PATIENCE).unwrap();
    assert_eq!(error, Fatal::Journal(AppendError::Unknown { cause: "the disk is gone".to_owned() }));
    assert!(world.told.recv_timeout(Duration::from_millis(100)).is_err());
    assert_eq!(world.log.last().unwrap(), None);
}

#[test]
fn a_restart_goes_on_where_it_stopped() {
    let world = start(Watched::default());
    submit(&world, 0, found()).unwrap();
    submit(&world, 1, open(1)).unwrap();
    let log = world.log.clone();
    let first = world.pipeline.stop().exchange;
    let world = start(log);
    submit(&world, 2, open(1)).unwrap();
    assert_eq!(world.told.recv_timeout(PATIENCE).unwrap().1, Sequence(3));
    let second = world.pipeline.stop().exchange;
    assert_eq!(
        first.ledger().accounts.iter().count(),
        second.ledger().accounts.iter().count(),
        "the name is taken"
    );
}

/// A keeper that notes what it is asked, and can say that there is no room.
#[derive(Clone, Default)]
struct Noting {
    marks: Arc<Mutex<Vec<(u64, bool)>>>,
    looks: Arc<Mutex<u64>>,
    low: Arc<AtomicBool>,
    failing: Arc<AtomicBool>,
    log: Watched,
}

impl Keeper for Noting {
    fn mark(&mut self, tip: Tip) -> Result<(), WriteError> {
        if self.failing.load(Ordering::SeqCst) {
            return Err(WriteError { doing: "marking", cause: "the disk is gone".to_owned() });
        }
        let durable = self.log.last().unwrap().is_none_or(|last| tip.sequence <= last.sequence);
        self.marks.lock().unwrap().push((tip.sequence.0, durable));
        Ok(())
    }

    fn is_low(&mut self) -> Result<bool, WriteError> {
        *self.looks.lock().unwrap() += 1;
        Ok(self.low.load(Ordering::SeqCst))
    }
}

fn start_kept() -> (World, Noting) {
    let keeper = Noting::default();
    let (tell, told) = mpsc::channel();
    let (fail, failed) = mpsc::channel();
    let log = keeper.log.clone();
    let notes = Notes { log: log.clone(), told: tell };
    let ready = Ready::recover(log.clone(), &mut |_: &Stamped, _: &[Event], _: &View| {})
        .unwrap()
        .kept_by(keeper.clone());
    let failing = move |error: &Fatal| fail.send(error.clone()).unwrap();
    let pipeline = Pipeline::start(ready, (SystemClock, SystemEntropy), notes, failing);
    (World { log, pipeline, told, failed }, keeper)
}

/// Waits until `done`; the test fails by never ending, and its runner says which.
fn until(done: impl Fn() -> bool) {
    while !done() {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn the_keeper_marks_what_is_durable_and_rests_when_nothing_comes() {
    let (world, keeper) = start_kept();
    submit(&world, 0, found()).unwrap();
    for number in 1..3_000 {
        while submit(&world, number, open(number)).is_err() {
            std::thread::yield_now();
        }
    }
    for _ in 0..3_000 {
        world.told.recv_timeout(PATIENCE).unwrap();
    }
    let last = || keeper.marks.lock().unwrap().last().copied();
    until(|| last() == Some((3_000, true)));
    // Every mark is followed by a look.
    until(|| keeper.marks.lock().unwrap().len() == usize::try_from(*keeper.looks.lock().unwrap()).unwrap());
    let (marks, looks) = (keeper.marks.lock().unwrap().len(), *keeper.looks.lock().unwrap());
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(keeper.marks.lock().unwrap().len(), marks, "an idle exchange writes nothing");
    assert_eq!(*keeper.looks.lock().unwrap(), looks, "an idle exchange looks at nothing");
    submit(&world, 1, open(3_001)).unwrap();
    world.pipeline.stop();
    let marks = keeper.marks.lock().unwrap();
    assert_eq!(marks.last(), Some(&(3_001, true)), "stopping marks the end");
    assert!(marks.iter().all(|(_, durable)| *durable) && marks.is_sorted(), "{marks:?}");
}

#[test]
fn without_room_only_what_takes_away_is_taken() {
    let (world, keeper) = start_kept();
    submit(&world, 0, found()).unwrap();
    submit(&world, 1, open(1)).unwrap();
    keeper.low.store(true, Ordering::SeqCst);
    // What is taken on the way makes the keeper look.
    let number = std::cell::Cell::new(2);
    until(|| {
        number.set(number.get() + 1);
        let outcome = submit(&world, number.get(), open(number.get()));
        std::thread::sleep(Duration::from_millis(2));
        outcome == Err(Refused::Full)
    });
    let account = AccountId(1);
    let lots = Lots::new(1).unwrap();
    let order = NewOrder::limit(account, InstrumentId(0), Side::Bid, (lots, Price::MIN));
    assert_eq!(submit(&world, 9_000, Command::PlaceOrder(order)), Err(Refused::Full));
    let cancel = Command::CancelAll { account, only: OrderFilter::default() };
    submit(&world, 9_001, cancel).unwrap();
    until(|| world.told.recv_timeout(PATIENCE).unwrap().0 == 9_001);
    keeper.low.store(false, Ordering::SeqCst);
    until(|| submit(&world, 9_002, open(9_002)) == Ok(()));
    world.pipeline.stop();
}

#[test]
fn a_failed_mark_stops_the_process() {
    let (world, keeper) = start_kept();
    keeper.failing.store(true, Ordering::SeqCst);
    submit(&world, 0, found()).unwrap();
    let error = world.failed.recv_timeout(PATIENCE).unwrap();
    let expected = WriteError { doing: "marking", cause: "the disk is gone".to_owned() };
    assert_eq!(error, Fatal::Beside(expected));
}
