//! Happening: what acts and messages do in a world.

use std::num::NonZeroU32;

use engine::command::Command;
use engine::label::Label;
use engine::order::SessionId;
use engine::reject::RejectReason;

use crate::invariants::finding::Invariant;
use crate::kernel::agenda::Nanos;
use crate::kernel::client::{Answer, Outcome, PENDING_MAX, Pending};
use crate::kernel::clock::shown;
use crate::kernel::network::Direction;
use crate::kernel::witness::Origin;
use crate::kernel::workload::{Act, BEGUN, Scene, client_id};
use crate::kernel::world::{Process, Thing, World};

/// How long a client waits that was told the exchange is busy, in nanoseconds; longer each time.
pub(super) const BUSY: Nanos = 5_000_000;
/// It never waits longer than so many times that, doubled.
const BUSY_MOST: u32 = 6;

impl World<'_> {
    /// An act is done.
    pub(super) fn act(&mut self, number: u64) {
        let now = shown(BEGUN, self.now, 0);
        let news = match &mut self.process {
            Process::Up(machine) => &machine.witness().auditor.news,
            Process::Down(remains) => &remains.auditor.news,
            Process::Changing => unreachable!("no act is done while one becomes the other"),
        };
        let scene = Scene { now, news, evidence: &self.evidence, clients: &self.clients };
        match self.workload.act(number, &scene) {
            Act::Ask(client, command) => {
                let asking = &mut self.clients[client];
                if PENDING_MAX <= asking.pending.len() {
                    return;
                }
                let is_named = brought(&command).is_some_and(|client| client == client_id(number));
                if is_named {
                    asking.brought(number);
                }
                asking.pending.push(Pending { act: number, command, attempt: 0, is_named });
                self.counts.asked += 1;
                self.send(client, number);
            }
            Act::Suffer(fault) => self.suffer(fault),
        }
    }

    /// A client sends what waits for an answer, if it is connected; else it will when it is.
    fn send(&mut self, client: usize, act: u64) {
        let now = self.now;
        let Some(connection) = self.clients[client].connection else { return };
        let Some(pending) = self.clients[client].waiting(act) else { return };
        pending.attempt += 1;
        // An order ends with the connection that it was sent on.
        if let (Command::PlaceOrder(order), Some(session)) =
            (&mut pending.command, NonZeroU32::new(connection))
            && order.session.is_some()
        {
            order.session = Some(SessionId(session));
        }
        let (attempt, patience, command) = (pending.attempt, pending.patience(), pending.command);
        self.counts.sent += 1;
        for at in self.network.send(now, (act, attempt, Direction::ToExchange)).into_iter().flatten() {
            self.agenda.enter(at, Thing::Request(client, connection, act, command));
        }
        self.agenda.enter(now + patience, Thing::Impatient(client, act, attempt));
    }

    /// The next thing on the agenda happens.
    pub(super) fn take_thing(&mut self, at: Nanos) {
        let Some(thing) = self.agenda.take() else { return };
        self.now = self.now.max(at);
        match thing {
            Thing::Request(client, connection, act, command) => {
                if self.clients[client].connection == Some(connection) {
                    self.show((client, connection, act), command);
                }
            }
            Thing::Answer(client, connection, answer) => {
                if self.clients[client].connection == Some(connection) {
                    self.answer(client, &answer);
                }
            }
            Thing::Busy(client, connection, act) => {
                let asking = &mut self.clients[client];
                if asking.connection == Some(connection)
                    && let Some(attempt) = asking.waiting(act).map(|pending| pending.attempt)
                {
                    let wait = BUSY << attempt.min(BUSY_MOST);
                    self.agenda.enter(self.now + wait, Thing::Impatient(client, act, attempt));
                }
            }
            Thing::Impatient(client, act, attempt) => {
                if self.clients[client].waiting(act).is_some_and(|pending| pending.attempt == attempt) {
                    self.send(client, act);
                }
            }
            Thing::Connect(client) => self.connect(client),
            Thing::Leave(leaving) => {
                let command = Command::EndSession { account: leaving.account, session: leaving.session };
                let (now, same) = (self.now, self.processes == leaving.process);
                // A process that starts ends the sessions of the one before.
                if same && self.machine().is_some_and(|machine| !machine.submit(now, Origin::Door, command)) {
                    self.agenda.enter(now + BUSY, Thing::Leave(leaving));
                }
            }
            Thing::Kept(keeping) => self.kept(&keeping),
            Thing::GiveUp(of, process) => self.give_up(of, process),
            Thing::Restart => self.restart(),
        }
    }

    /// A request is handed to the exchange, which may be busy.
    pub(super) fn request(&mut self, (client, connection, act): (usize, u32, u64), command: Command) {
        let now = self.now;
        let Some(machine) = self.machine() else { return };
        if !machine.submit(now, Origin::Client(client, connection, act), command) {
            self.counts.busy += 1;
            for at in self.network.send(now, (act, 0, Direction::ToClient)).into_iter().flatten() {
                self.agenda.enter(at, Thing::Busy(client, connection, act));
            }
        }
    }

    /// A client is answered: with what the journal says, and never with two things under one id.
    fn answer(&mut self, client: usize, answer: &Answer) {
        self.auditor().check_answer(answer);
        let asking = &mut self.clients[client];
        let is_named = asking.waiting(answer.act).is_some_and(|pending| pending.is_named);
        let first = asking.answered(answer.act, answer.outcome);
        self.counts.answered += u64::from(first);
        let place = usize::try_from(answer.act).expect("acts are few");
        if first && is_named && is_kept(answer.outcome) {
            self.outcomes.resize(self.outcomes.len().max(place + 1), None);
            self.outcomes[place] = Some(answer.outcome);
        }
        let told = self.outcomes.get(place).copied().flatten();
        if let Some(told) = told
            && told != answer.outcome
            && is_kept(answer.outcome)
        {
            let what = format!("act {} came to {told:?}, and later to {:?}", answer.act, answer.outcome);
            self.auditor().find(Invariant::Answered, &what);
        }
    }

    /// A client connects, if the exchange is there, and sends again what was not answered.
    fn connect(&mut self, client: usize) {
        if self.machine().is_none() {
            self.agenda.enter(self.now + 100_000_000, Thing::Connect(client));
            return;
        }
        if self.clients[client].connection.is_some() {
            return;
        }
        self.clients[client].connect();
        let waiting: Vec<u64> = self.clients[client].pending.iter().map(|pending| pending.act).collect();
        waiting.into_iter().for_each(|act| self.send(client, act));
    }
}

/// The client order id that a command brings.
fn brought(command: &Command) -> Option<Label> {
    match command {
        Command::PlaceOrder(order) => order.client,
        Command::AmendOrder(amendment) => amendment.client,
        _ => None,
    }
}

/// Whether an outcome is remembered under an id: not where nobody is known to remember it for.
fn is_kept(outcome: Outcome) -> bool {
    let forgotten = Outcome::Refused(RejectReason::AccountUnknown);
    outcome != Outcome::Done && outcome != forgotten
}
