//! Interleavings: in whatever order the node's threads meet, no push is slept through, and stopping loses nothing.
//!
//! The files of the crate are compiled once more, with `interleavings/sync.rs` in the place of `sync`: threads and atomics of
//! loom, which tries every order in which they may run and every value that a read may see. Bounds are small.

#![allow(dead_code, reason = "the files are the crate's own, and no test needs all of them")]
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../src/batch.rs"]
pub mod batch;
#[path = "../src/clock.rs"]
pub mod clock;
#[path = "interleavings/config.rs"]
pub mod config;
#[path = "../src/entropy.rs"]
pub mod entropy;
#[path = "../src/fatal.rs"]
pub mod fatal;
#[path = "../src/inlet.rs"]
pub mod inlet;
#[path = "../src/latest.rs"]
pub mod latest;
#[path = "../src/meeting.rs"]
pub mod meeting;
#[path = "../src/outlet.rs"]
pub mod outlet;
#[path = "../src/pipeline.rs"]
pub mod pipeline;
#[path = "../src/ready.rs"]
pub mod ready;
#[path = "../src/ring.rs"]
pub mod ring;
#[path = "interleavings/stage.rs"]
pub mod stage;
#[path = "interleavings/sync.rs"]
pub mod sync;
#[path = "../src/threads.rs"]
pub mod threads;

use std::sync::{Arc, Mutex};

use engine::command::{Command, Stamped};
use engine::event::Event;
use engine::ids::PublicKey;
use engine::stamp::{Sequence, Stamp};
use engine::view::View;
use journal::history::group::HistoryGroup;
use journal::history::log::HistoryLog;
use journal::keeper::Keeper;
use journal::log::{Tip, WriteError};
use journal::memory::MemoryLog;
use journal::recovery::recover;
use journal::snapshot::Snapshot;
use loom::model::Builder;
use loom::thread;

use crate::batch::Told;
use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;
use crate::inlet::{Inbound, Inlet};
use crate::latest::Latest;
use crate::outlet::Outlet;
use crate::pipeline::{Pipeline, Stopped};
use crate::ready::Ready;
use crate::ring::Ring;

/// How often a thread may be interrupted where it could go on. Nearly every known bug of this kind needs two at the most.
const INTERRUPTIONS: usize = 2;

fn every_order(test: impl Fn() + Send + Sync + 'static) {
    orders(INTERRUPTIONS, test);
}

/// Tries every order with so many interruptions.
fn orders(interruptions: usize, test: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(interruptions);
    builder.check(test);
}

#[test]
fn no_push_is_slept_through() {
    every_order(|| {
        let consumer = thread::spawn(|| {
            let ring = Arc::new(Ring::new(2));
            ring.consume_here();
            let producers = [1, 2].map(|item| {
                let ring = Arc::clone(&ring);
                thread::spawn(move || assert!(ring.push(item).is_ok(), "there is room for both"))
            });
            let mut taken = 0;
            while taken < 3 {
                match ring.pop() {
                    Some(item) => taken += item,
                    None => sync::park(),
                }
            }
            assert!(ring.is_empty());
            // Not waited for here: to loom, who waits for a thread can be woken by an unpark.
            producers
        });
        consumer.join().unwrap().into_iter().for_each(|producer| producer.join().unwrap());
    });
}

#[test]
fn the_newest_value_is_not_slept_through() {
    every_order(|| {
        let consumer = thread::spawn(|| {
            let latest = Arc::new(Latest::default());
            latest.consume_here();
            let putting = Arc::clone(&latest);
            let producer = thread::spawn(move || (1..=3).for_each(|value| putting.put(value)));
            let mut newest = 0;
            while newest < 3 {
                match latest.take() {
                    Some(value) => {
                        assert!(newest < value, "an older value never comes after a newer one");
                        newest = value;
                    }
                    None => sync::park(),
                }
            }
            assert_eq!(latest.take(), None);
            producer
        });
        consumer.join().unwrap().join().unwrap();
    });
}

/// What was told and answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Heard {
    origins: Vec<u8>,
    answers: Vec<u8>,
}

#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Heard>>);

impl Outlet for Notes {
    type Origin = u8;
    type Question = u8;

    fn tell_event(&mut self, _: Stamp, _: &Event, _: &View) {}

    fn tell(&mut self, told: Told<'_, u8>, _: &View) {
        self.0.lock().unwrap().origins.extend(told.origin);
    }

    fn answer(&mut self, question: u8, _: &View) {
        self.0.lock().unwrap().answers.push(question);
    }
}

fn started() -> (Pipeline<MemoryLog, Notes>, Notes) {
    let notes = Notes::default();
    let ready = Ready::recover(MemoryLog::default(), &mut |_: &Stamped, _: &[Event], _: &View| {}).unwrap();
    (Pipeline::start(ready, (SystemClock, SystemEntropy), notes.clone(), |_| {}), notes)
}

fn submit(inlet: &Inlet<u8>, origin: u8) -> bool {
    let command = Command::Found { epoch: 1, seed: 2, operator: PublicKey([3; 32]) };
    inlet.submit(Inbound::one(origin, command)).is_ok()
}

/// How many commands the log has; as many as the exchange and the view know of.
fn journaled(stopped: &Stopped<MemoryLog>) -> u64 {
    let recovered = recover(&stopped.log, &mut |_, _| {}).unwrap();
    assert_eq!(recovered.last, stopped.exchange.last());
    assert_eq!(recovered.last, stopped.view.stamp());
    recovered.commands
}

#[test]
fn what_was_taken_before_a_stop_is_told() {
    every_order(|| {
        let (pipeline, notes) = started();
        assert!(submit(&pipeline.inlet(), 1));
        assert!(pipeline.questions().push(7).is_ok());
        let stopped = pipeline.stop();
        assert_eq!(journaled(&stopped), 1);
        assert_eq!(*notes.0.lock().unwrap(), Heard { origins: vec![1], answers: vec![7] });
    });
}

#[test]
fn batches_go_round_and_wake_who_waits_for_them() {
    every_order(|| {
        // There are two batches, each for one command: the third waits until the first is told.
        let (pipeline, notes) = started();
        let inlet = pipeline.inlet();
        assert!((1..=3).all(|origin| submit(&inlet, origin)), "there is room for all");
        let stopped = pipeline.stop();
        assert_eq!(journaled(&stopped), 3);
        assert_eq!(notes.0.lock().unwrap().origins, [1, 2, 3]);
    });
}

/// What was marked and written, by whoever stands behind the others.
#[derive(Clone, Default)]
struct Behind(Arc<Mutex<Sequence>>);

impl Keeper for Behind {
    fn mark(&mut self, tip: Tip) -> Result<(), WriteError> {
        *self.0.lock().unwrap() = tip.sequence;
        Ok(())
    }

    fn is_low(&mut self) -> Result<bool, WriteError> {
        Ok(false)
    }
}

impl HistoryLog for Behind {
    fn last(&self) -> Sequence {
        *self.0.lock().unwrap()
    }

    fn append(&mut self, group: &HistoryGroup) -> Result<(), WriteError> {
        group.assert_follows(self.last());
        *self.0.lock().unwrap() = group.last();
        Ok(())
    }

    fn clear(&mut self, begin: Sequence) -> Result<(), WriteError> {
        *self.0.lock().unwrap() = begin;
        Ok(())
    }
}

#[test]
fn what_was_taken_before_a_stop_is_marked() {
    every_order(|| {
        let (notes, behind) = (Notes::default(), Behind::default());
        let ready = Ready::recover(MemoryLog::default(), &mut |_, _, _| {}).unwrap();
        let ready = ready.kept_by(behind.clone());
        let pipeline = Pipeline::start(ready, (SystemClock, SystemEntropy), notes.clone(), |_| {});
        assert!(submit(&pipeline.inlet(), 1));
        let stopped = pipeline.stop();
        assert_eq!((journaled(&stopped), behind.last()), (1, Sequence(1)));
        assert_eq!(notes.0.lock().unwrap().origins, [1]);
    });
}

#[test]
fn what_was_told_before_a_stop_is_in_the_history() {
    // With five threads a second interruption takes minutes.
    orders(1, || {
        let (notes, behind) = (Notes::default(), Behind::default());
        let log = MemoryLog::default();
        let ready = Ready::resume_with(log, Snapshot::default(), behind.clone(), &mut |_, _, _| {}).unwrap();
        let pipeline = Pipeline::start(ready, (SystemClock, SystemEntropy), notes.clone(), |_| {});
        let inlet = pipeline.inlet();
        // There is one spare batch: the second waits until the history has written the first.
        assert!((1..=2).all(|origin| submit(&inlet, origin)), "there is room for both");
        let stopped = pipeline.stop();
        assert_eq!((journaled(&stopped), behind.last()), (2, Sequence(2)));
        assert_eq!(notes.0.lock().unwrap().origins, [1, 2]);
    });
}

#[test]
fn what_comes_while_it_stops_is_told_or_did_not_happen() {
    every_order(|| {
        let (pipeline, notes) = started();
        let inlet = pipeline.inlet();
        let producer = thread::spawn(move || submit(&inlet, 1));
        let stopped = pipeline.stop();
        let taken = producer.join().unwrap();
        let told = notes.0.lock().unwrap().origins.clone();
        assert_eq!(u64::try_from(told.len()).unwrap(), journaled(&stopped), "what is journaled is told");
        assert!(taken || told.is_empty(), "what was refused did not happen");
    });
}
