//! Run: an exchange on a disk that is given commands at some pace, and when it answered them.

use std::fmt;
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use engine::command::{Command, Stamped};
use engine::event::Event;
use engine::stamp::Time;
use engine::view::View;
use journal::snapshot::Snapshot;
use node::clock::Clock;
use node::entropy::SystemEntropy;
use node::inlet::{Inbound, Inlet, Refused};
use node::pipeline::Pipeline;
use node::ready::Ready;
use persistence::data::{DataFolder, Opening};
use persistence::store::RocksLog;
use simulator::bench::venue;

use crate::command::bench::pipeline::tally::{Answered, News, Sent, Tally};
use crate::failure::Failure;
use crate::latency::Latencies;
use crate::server::{RESERVE_MIB, stop_at_once};

/// How long a producer that is told Busy waits: the exchange needs longer for a full inlet, so it never runs dry.
const BUSY_PAUSE: Duration = Duration::from_millis(1);
/// Commands that a producer which may always send looks at the clock once for, before the first of them.
const BLOCK: usize = 32;

/// How commands are given.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pace {
    /// So many a second on a schedule.
    Offered(u32),
    /// As many as are taken.
    Saturated,
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pace::Offered(rate) => write!(f, "{rate} a second"),
            Pace::Saturated => write!(f, "as many as are taken"),
        }
    }
}

/// What a run came to.
pub(super) struct Measured {
    /// One for each command.
    pub(super) latencies: Latencies,
    commands: usize,
    /// From when the first command was due to the last answer.
    took: Duration,
}

impl Measured {
    /// Commands answered in a second.
    pub(super) fn commands_per_s(&self) -> u64 {
        let commands = u128::try_from(self.commands).expect("lengths fit in 128 bits");
        let rate = commands * 1_000_000_000 / self.took.as_nanos().max(1);
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

/// The venue's time: it begins at the start of an hour, so that no gate closes while it is measured.
#[derive(Clone)]
struct VenueClock(Instant);

impl Clock for VenueClock {
    fn now(&self) -> Time {
        venue::BEGUN.after(u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}

/// What an exchange keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeps {
    /// The journal.
    Journal,
    /// The journal, its mark and the history, as `hourbook serve` does.
    Everything,
}

/// Gives `commands`, of which there is at least one, to an exchange of its own with its journal in `folder`.
///
/// # Errors
/// The journal cannot be made, or the exchange refused what it should take.
pub(super) fn measure(
    folder: &Path,
    commands: &[Command],
    (pace, keeps): (Pace, Keeps),
) -> Result<Measured, Failure> {
    let failed = |error: String| Failure::local(error);
    let (tell, news) = mpsc::channel();
    let outside = (VenueClock(Instant::now()), SystemEntropy);
    let outlet = Tally::new(tell);
    let pipeline = match keeps {
        Keeps::Journal => {
            let log = RocksLog::open(folder).map_err(|error| failed(error.to_string()))?;
            let ready = Ready::recover(log, &mut |_: &Stamped, _: &[Event], _: &View| {});
            let ready = ready.map_err(|error| failed(error.to_string()))?;
            Pipeline::start(ready, outside, outlet, stop_at_once)
        }
        Keeps::Everything => {
            let reserve_bytes = RESERVE_MIB << 20;
            let opening = Opening { reserve_bytes, accept_end: None, epoch: 1, tell: Box::new(|_| {}) };
            let opened = DataFolder::open(folder, opening);
            let DataFolder { log, keeper, history, .. } =
                opened.map_err(|error| failed(error.to_string()))?;
            let ready = Ready::resume_with(
                log,
                Snapshot::default(),
                history,
                &mut |_: &Stamped, _: &[Event], _: &View| {},
            );
            let ready = ready.map_err(|error| failed(error.to_string()))?.kept_by(keeper);
            Pipeline::start(ready, outside, outlet, stop_at_once)
        }
    };
    let given = give(&pipeline.inlet(), &news, commands, pace);
    pipeline.stop();
    let (begun, answered) = given.ok_or_else(|| failed("the exchange stopped by itself".to_owned()))?;
    let Answered { latencies, ended, refused } = answered;
    if let Some(reason) = refused {
        return Err(failed(format!("the exchange refused commands of the flow: {reason:?}")));
    }
    Ok(Measured { latencies, commands: commands.len(), took: ended - begun })
}

/// Makes the venue, gives the commands and waits for the last answer. Returns when the first was due.
fn give(
    inlet: &Inlet<Sent>,
    news: &Receiver<News>,
    commands: &[Command],
    pace: Pace,
) -> Option<(Instant, Answered)> {
    let mut set_up = venue::set_up().peekable();
    while let Some(command) = set_up.next() {
        submit(inlet, Inbound::one(Sent::SetUp { last: set_up.peek().is_none() }, command));
    }
    let Ok(News::Ready) = news.recv() else { return None };
    let begun = Instant::now();
    match pace {
        Pace::Offered(rate) => offer(inlet, commands, begun, rate),
        Pace::Saturated => saturate(inlet, commands),
    }
    match news.recv() {
        Ok(News::Done(answered)) => Some((begun, answered)),
        Ok(News::Ready) | Err(_) => None,
    }
}

/// Submits each command when it is due, or as soon after as it can. What is late does not move what comes next.
fn offer(inlet: &Inlet<Sent>, commands: &[Command], begun: Instant, rate: u32) {
    let mut now = begun;
    let mut left = commands.len();
    for (place, command) in (0_u64..).zip(commands) {
        left -= 1;
        let due = begun + Duration::from_nanos(place * 1_000_000_000 / u64::from(rate));
        while now < due {
            // Sleeping too long makes an answer look later than it was, never earlier.
            thread::sleep(due - now);
            now = Instant::now();
        }
        submit(inlet, Inbound::one(Sent::Measured { due, last: left == 0 }, *command));
    }
}

/// Submits as fast as the inlet takes. A command is due when its block is begun.
fn saturate(inlet: &Inlet<Sent>, commands: &[Command]) {
    let mut left = commands.len();
    for block in commands.chunks(BLOCK) {
        let due = Instant::now();
        for command in block {
            left -= 1;
            submit(inlet, Inbound::one(Sent::Measured { due, last: left == 0 }, *command));
        }
    }
}

/// Submits until it is taken.
fn submit(inlet: &Inlet<Sent>, mut inbound: Inbound<Sent>) {
    while let Err((refused, back)) = inlet.submit(inbound) {
        assert_eq!(refused, Refused::Busy, "the exchange is not stopped before all is answered");
        inbound = back;
        thread::sleep(BUSY_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use engine::stamp::Sequence;
    use journal::log::CommandLog;
    use journal::record::Record;
    use persistence::data::journal_folder;

    use super::*;
    use crate::command::bench::makers::Makers;

    /// Commands that the journal in `folder` holds.
    fn journaled(folder: &Path) -> u64 {
        let log = RocksLog::open(folder).unwrap();
        log.read(Sequence(1))
            .map(|bytes| u64::from(Record::open(&bytes.unwrap()).unwrap().header().count))
            .sum()
    }

    #[test]
    fn every_command_is_durable_and_answered_at_every_pace() {
        let commands: Vec<Command> = Makers::default().take(30_000).collect();
        let journal = [(Pace::Offered(100_000), Keeps::Journal), (Pace::Saturated, Keeps::Journal)];
        for (pace, keeps) in journal.into_iter().chain([(Pace::Saturated, Keeps::Everything)]) {
            let folder = tempfile::tempdir().unwrap();
            let measured = measure(folder.path(), &commands, (pace, keeps)).unwrap();
            assert_eq!(measured.latencies.count(), commands.len());
            let set_up = u64::try_from(venue::set_up().count()).unwrap();
            // A tick lists the window.
            let journal = match keeps {
                Keeps::Journal => folder.path().to_owned(),
                Keeps::Everything => journal_folder(folder.path()),
            };
            assert_eq!(journaled(&journal), set_up + 1 + 30_000);
            if let Pace::Offered(rate) = pace {
                assert!(measured.commands_per_s() <= u64::from(rate), "{}", measured.commands_per_s());
            }
        }
    }
}
