//! Happening: what acts and messages do in a world.

use engine::command::Command;

use crate::invariants::finding::Invariant;
use crate::kernel::agenda::Nanos;
use crate::kernel::client::{Answer, PENDING_MAX, Pending};
use crate::kernel::clock::shown;
use crate::kernel::network::Direction;
use crate::kernel::request::Request;
use crate::kernel::witness::Origin;
use crate::kernel::workload::{Act, BEGUN, Scene};
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
            Act::Ask(client, request) => {
                let asking = &mut self.clients[client];
                if PENDING_MAX <= asking.pending.len() {
                    return;
                }
                let is_named = request.is_named(number);
                request.own_ids(number).for_each(|client| asking.brought(client));
                asking.pending.push(Pending { act: number, request, attempt: 0, is_named });
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
        pending.request.join_session(connection);
        let (attempt, patience, request) = (pending.attempt, pending.patience(), pending.request.clone());
        self.counts.sent += 1;
        for at in self.network.send(now, (act, attempt, Direction::ToExchange)).into_iter().flatten() {
            self.agenda.enter(at, Thing::Request(client, connection, act, request.clone()));
        }
        self.agenda.enter(now + patience, Thing::Impatient(client, act, attempt));
    }

    /// The next thing on the agenda happens.
    pub(super) fn take_thing(&mut self, at: Nanos) {
        let Some(thing) = self.agenda.take() else { return };
        self.now = self.now.max(at);
        match thing {
            Thing::Request(client, connection, act, request) => {
                let (from, open) = ((client, connection, act), self.clients[client].connection);
                match request {
                    _ if open != Some(connection) => {}
                    Request::One(command) => self.show(from, command),
                    batch @ Request::Batch(..) => self.request(from, batch),
                }
            }
            Thing::Answer(client, connection, answer) => {
                if self.clients[client].connection == Some(connection) {
                    self.answer(client, answer);
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
                if same
                    && self
                        .machine()
                        .is_some_and(|machine| !machine.submit(now, Origin::Door, Request::One(command)))
                {
                    self.agenda.enter(now + BUSY, Thing::Leave(leaving));
                }
            }
            Thing::Kept(keeping) => self.kept(&keeping),
            Thing::GiveUp(of, process) => self.give_up(of, process),
            Thing::Restart => self.restart(),
        }
    }

    /// A request is handed to the exchange, which may be busy.
    pub(super) fn request(&mut self, (client, connection, act): (usize, u32, u64), request: Request) {
        let now = self.now;
        let Some(machine) = self.machine() else { return };
        if !machine.submit(now, Origin::Client(client, connection, act), request) {
            self.counts.busy += 1;
            for at in self.network.send(now, (act, 0, Direction::ToClient)).into_iter().flatten() {
                self.agenda.enter(at, Thing::Busy(client, connection, act));
            }
        }
    }

    /// A client is answered: with what the journal says, and never with two things under one id.
    fn answer(&mut self, client: usize, answer: Answer) {
        self.auditor().check_answer(&answer);
        let asking = &mut self.clients[client];
        let is_named = asking.waiting(answer.act).is_some_and(|pending| pending.is_named);
        let first = asking.answered(answer.act, &answer.outcome);
        self.counts.answered += u64::from(first);
        let place = usize::try_from(answer.act).expect("acts are few");
        if !answer.outcome.is_kept() {
            return;
        }
        if let Some(told) = self.outcomes.get(place).and_then(Option::as_ref)
            && !told.agrees(&answer.outcome)
        {
            let what = format!("act {} came to {told:?}, and later to {:?}", answer.act, answer.outcome);
            return self.auditor().find(Invariant::Answered, &what);
        }
        if first && is_named {
            self.outcomes.resize(self.outcomes.len().max(place + 1), None);
            self.outcomes[place] = Some(answer.outcome);
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
