//! World: one exchange with its clients, network, disk and clock, from its founding to its end.
//!
//! One loop takes what happens next: a stage steps, a message arrives, a client loses patience, an act is done. Nothing in
//! it is left to chance but what the seed chooses.

mod ending;
mod happening;
mod keeping;
mod mishap;

use engine::command::Command;
use engine::ids::AccountId;
use engine::order::SessionId;
use engine::stamp::Sequence;

use crate::invariants::finding::{Invariant, Violation};
use crate::kernel::agenda::{Agenda, Nanos};
use crate::kernel::auditor::Auditor;
use crate::kernel::choices::Source;
use crate::kernel::client::{Answer, Client, Outcome};
use crate::kernel::clock::{KnownEntropy, VirtualClock, shown};
use crate::kernel::disk::Disk;
use crate::kernel::evidence::{Evidence, SlotOf};
use crate::kernel::fault::Crash;
use crate::kernel::machine::{Machine, Pace, Remains, Stage};
use crate::kernel::network::{Direction, Network};
use crate::kernel::request::Request;
use crate::kernel::trial::{Counts, Life, Trial};
use crate::kernel::witness::Origin;
use crate::kernel::workload::{BEGUN, Workload};

/// Names the choices of this kind of world.
const SCENARIO: &str = "kernel";
/// When so many steps follow each other and no time passes, nothing will ever happen again.
const STANDING_MAX: u32 = 100_000;

/// Something that happens at its time.
#[derive(Debug)]
enum Thing {
    /// A request reaches the exchange: from whom, on which connection, about which act.
    Request(usize, u32, u64, Request),
    /// An answer reaches a client.
    Answer(usize, u32, Answer),
    /// A client hears that the exchange is too busy for an act.
    Busy(usize, u32, u64),
    /// A client has waited long enough for an answer to an act that it had sent so often.
    Impatient(usize, u64, u32),
    /// A client tries to connect.
    Connect(usize),
    /// The exchange's doors notice that a connection is gone.
    Leave(Leaving),
    /// A write of evidence is synced, and what was to follow it does.
    Kept(Keeping),
    /// The exchange rules a slot whose evidence it has lost, in the process with this number.
    GiveUp(SlotOf, u64),
    /// The next process starts.
    Restart,
}

/// A session whose connection is gone, and the number of the process that had it.
#[derive(Clone, Copy, Debug)]
struct Leaving {
    account: AccountId,
    session: SessionId,
    process: u64,
}

/// A write of evidence, and the command that names it: from whom, on which connection, about which act, in which process.
#[derive(Clone, Copy, Debug)]
struct Keeping {
    write: u64,
    from: (usize, u32, u64),
    command: Command,
    process: u64,
}

/// The present process, or what the last one left.
enum Process {
    Up(Box<Machine>),
    Down(Box<Remains>),
    /// Only while one becomes the other.
    Changing,
}

/// Everything in a run.
pub(super) struct World<'a> {
    trial: &'a Trial,
    source: Source,
    workload: Workload,
    network: Network,
    pace: Pace,
    clock: VirtualClock,
    entropy: KnownEntropy,
    evidence: Evidence,
    agenda: Agenda<Thing>,
    process: Process,
    /// Processes so far.
    processes: u64,
    clients: Vec<Client>,
    /// The first that a client was told of each act that brought an id of its own.
    outcomes: Vec<Option<Outcome>>,
    now: Nanos,
    /// Steps since time went on.
    standing: u32,
    /// How far the exchange's clock is off.
    jumped: i64,
    /// The process ends after so many more steps, and is away for so long.
    doomed: Option<(Crash, u32, Nanos)>,
    pub(super) counts: Counts,
}

impl<'a> World<'a> {
    /// A world before its founding.
    pub(super) fn new(trial: &'a Trial) -> World<'a> {
        let source = Source::new(trial.seed, SCENARIO);
        let workload = Workload::new(source, trial.life);
        let plain = trial.life == Life::Plain;
        let mut auditor = Auditor::new(trial.checks);
        auditor.trace = trial.trace.then(Vec::new);
        let mut clients = vec![Client::new(AccountId::OPERATOR)];
        clients.extend((1..=workload.traders).map(|number| Client::new(AccountId(number))));
        World {
            network: Network::new(source, workload.rates, trial.calm.network || plain),
            pace: Pace::new(source, trial.calm.schedule || plain),
            clock: VirtualClock::default(),
            entropy: KnownEntropy::new(source),
            evidence: Evidence::default(),
            agenda: Agenda::default(),
            process: Process::Down(Box::new(Remains::new(Disk::prompt(), auditor))),
            processes: 0,
            clients,
            outcomes: Vec::new(),
            now: 0,
            standing: 0,
            jumped: 0,
            doomed: None,
            counts: Counts::default(),
            trial,
            source,
            workload,
        }
    }

    /// Lives through everything.
    ///
    /// # Errors
    /// The first that did not hold.
    pub(super) fn live(&mut self) -> Result<(), Violation> {
        self.found()?;
        for number in 0..self.trial.acts {
            let due = self.now_of(number);
            if !self.trial.kept.keeps(number) {
                continue;
            }
            self.live_until(due)?;
            self.counts.begun = number + 1;
            self.act(number);
            self.sound()?;
        }
        // When acts are left out at the end, their time passes all the same.
        self.live_until(self.counts.due)?;
        self.end()
    }

    /// The number of the act that would have been next.
    pub(super) fn acts_done(&self) -> u64 {
        self.counts.begun
    }

    /// The last command that was heard of.
    pub(super) fn heard(&self) -> Sequence {
        match &self.process {
            Process::Up(machine) => machine.heard(),
            Process::Down(remains) => remains.auditor.last(),
            Process::Changing => Sequence(0),
        }
    }

    /// What was written down.
    pub(super) fn into_trace(self) -> Vec<String> {
        let auditor = match self.process {
            Process::Up(machine) => machine.stop().auditor,
            Process::Down(remains) => remains.auditor,
            Process::Changing => return Vec::new(),
        };
        auditor.trace.unwrap_or_default()
    }

    /// When an act is due. Acts that are left out take their time too.
    fn now_of(&mut self, number: u64) -> Nanos {
        self.counts.due += self.workload.gap(number);
        self.counts.due
    }

    /// The first process starts, the venue is set up, and everybody connects.
    fn found(&mut self) -> Result<(), Violation> {
        self.tell_time();
        self.restart();
        for command in self.workload.set_up() {
            self.ask_at_once(command)?;
        }
        // Windows are listed by the tick that comes first now.
        self.now += 1;
        self.ask_at_once(Command::Tick)?;
        let open =
            self.machine().map(|machine| machine.witness().auditor.news.open.clone()).unwrap_or_default();
        for command in self.workload.first_capacity(&open) {
            self.ask_at_once(command)?;
        }
        self.clients.iter_mut().for_each(Client::connect);
        self.counts.due = self.now;
        Ok(())
    }

    /// Asks for something without a network, and waits until it is told.
    fn ask_at_once(&mut self, command: Command) -> Result<(), Violation> {
        let now = self.now;
        self.tell_time();
        let Some(machine) = self.machine() else { return Ok(()) };
        assert!(machine.submit(now, Origin::Door, Request::One(command)), "nobody else is there");
        while let Some(machine) = self.machine()
            && !machine.is_idle()
        {
            let (at, stage) = machine.next();
            self.step(at, stage);
        }
        self.sound()
    }

    /// The process, while it is up.
    fn machine(&mut self) -> Option<&mut Machine> {
        match &mut self.process {
            Process::Up(machine) => Some(machine),
            Process::Down(_) | Process::Changing => None,
        }
    }

    fn auditor(&mut self) -> &mut Auditor {
        match &mut self.process {
            Process::Up(machine) => &mut machine.witness().auditor,
            Process::Down(remains) => &mut remains.auditor,
            Process::Changing => unreachable!("nobody asks while one becomes the other"),
        }
    }

    /// The exchange's clock shows the kernel's time, as far as it is right.
    fn tell_time(&self) {
        self.clock.set(shown(BEGUN, self.now, self.jumped));
    }

    /// Whether everything held so far.
    fn sound(&mut self) -> Result<(), Violation> {
        match self.auditor().findings().first() {
            [] => Ok(()),
            [first, ..] => Err(first.clone()),
        }
    }

    /// Everything that happens before `until` happens.
    fn live_until(&mut self, until: Nanos) -> Result<(), Violation> {
        while self.happen(until) {
            self.sound()?;
        }
        self.now = self.now.max(until);
        Ok(())
    }

    /// The next thing happens, if it does before `until`.
    fn happen(&mut self, until: Nanos) -> bool {
        let stage = self.machine().map(|machine| machine.next());
        let thing = self.agenda.next();
        let (at, stage) = match (stage, thing) {
            (Some((at, stage)), thing) if thing.is_none_or(|thing| at <= thing) => (at, Some(stage)),
            (_, Some(thing)) => (thing, None),
            (_, None) => return false,
        };
        if until <= at {
            return false;
        }
        self.counts.steps += 1;
        self.standing = if self.now < at { 0 } else { self.standing + 1 };
        if self.standing == STANDING_MAX {
            let who = stage.map_or("nobody".to_owned(), |stage| format!("{stage:?}"));
            let what = format!("{who} steps without end, and no time passes: something due is never done");
            self.auditor().find(Invariant::Answered, &what);
            return true;
        }
        match stage {
            Some(stage) => self.step(at, stage),
            None => self.take_thing(at),
        }
        true
    }

    /// A stage steps; then what it told is on its way, or the process ends.
    fn step(&mut self, at: Nanos, stage: Stage) {
        self.now = self.now.max(at);
        self.tell_time();
        let now = self.now;
        let Process::Up(machine) = &mut self.process else { return };
        let failed = machine.step(stage, now, &mut self.pace).is_err();
        if stage == Stage::Publisher {
            self.deliver();
            self.look_for_evidence();
        }
        if failed {
            self.counts.failed_syncs += 1;
            self.crash(Crash::PowerCut, 1_000_000_000);
            return;
        }
        self.near_doom();
        let due = self.auditor().is_due();
        if let Some(machine) = self.machine()
            && due
            && machine.is_idle()
        {
            machine.check_everything();
        }
    }

    /// Answers that were told leave for their clients.
    fn deliver(&mut self) {
        let now = self.now;
        let Process::Up(machine) = &mut self.process else { return };
        for (client, connection, answer) in machine.witness().answers.drain(..) {
            let attempt = u32::try_from(answer.sequence.0 & 0x7FFF).expect("it is small");
            for at in self.network.send(now, (answer.act, attempt, Direction::ToClient)).into_iter().flatten()
            {
                self.agenda.enter(at, Thing::Answer(client, connection, answer.clone()));
            }
        }
        // Who is connected hears at once what became of his orders.
        for (account, order) in machine.witness().ended.drain(..) {
            let owner = self.clients.iter_mut().find(|client| client.account == account);
            if let Some(owner) = owner.filter(|owner| owner.connection.is_some()) {
                owner.ended(order);
            }
        }
    }
}
