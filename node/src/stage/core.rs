//! Core stage: the one writer. Ends the sessions of an earlier process, then stamps commands, puts ticks and draws before
//! them, applies them.

use std::collections::{BTreeSet, VecDeque};

use engine::command::{Command, Stamped};
use engine::exchange::Exchange;
use engine::exchange::foresight::FORESIGHT;
use engine::ids::AccountId;
use engine::order::SessionId;
use engine::outcome::OutcomeHash;
use engine::sequencer::Sequencer;
use engine::stamp::Time;
use journal::outcome;

use crate::batch::Batch;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::inlet::Inbound;
use crate::ring::Ring;

/// The exchange and what its commands come to.
pub struct CoreStage<C, E, T> {
    exchange: Exchange,
    /// Taken from the inlet and looked at, to be applied next.
    ahead: VecDeque<Inbound<T>>,
    sequencer: Sequencer,
    outcome: OutcomeHash,
    clock: C,
    entropy: E,
    /// Sessions that ended with the process that had them.
    ended: VecDeque<(AccountId, SessionId)>,
}

impl<C: Clock, E: Entropy, T> CoreStage<C, E, T> {
    /// Goes on with a recovered exchange.
    pub fn new(exchange: Exchange, outcome: OutcomeHash, (clock, entropy): (C, E)) -> CoreStage<C, E, T> {
        let sequencer = Sequencer::resume(exchange.last());
        let ended = sessions(&exchange).into_iter().collect();
        let ahead = VecDeque::with_capacity(FORESIGHT + 1);
        CoreStage { exchange, ahead, sequencer, outcome, clock, entropy, ended }
    }

    /// Fills an empty batch with due ticks and the ends of earlier sessions. It stays empty when none of these is left;
    /// before that nothing else is done.
    pub fn end_sessions(&mut self, batch: &mut Batch<T>) {
        self.exchange.swap_told(batch.events());
        while !batch.is_full() && !self.ended.is_empty() {
            let now = self.clock.now();
            let command = self.sequencer.tick(now, &self.exchange).or_else(|| {
                let (account, session) = self.ended.pop_front()?;
                Some(self.sequencer.stamp(now, Command::EndSession { account, session }))
            });
            self.apply(None, &command.expect("a session is left to end"), (None, batch));
        }
        self.finish(batch);
    }

    /// Fills an empty batch with due ticks, draws, and what waits in the inlet.
    pub fn step(&mut self, inlet: &Ring<Inbound<T>>, batch: &mut Batch<T>) {
        assert!(self.ended.is_empty(), "the sessions of an earlier process end first");
        self.exchange.swap_told(batch.events());
        while !batch.is_full() {
            let now = self.clock.now();
            if let Some(inserted) = self.inserted(now) {
                self.apply(None, &inserted, (None, batch));
                continue;
            }
            self.look_ahead(inlet);
            // What has to stay together waits for a batch that has room for all of it.
            let fits = |next: &Inbound<T>| batch.has_room_for(next.len());
            let Some(next) = self.ahead.pop_front_if(|next| fits(next)) else { break };
            self.apply_all(next, now, batch);
        }
        self.finish(batch);
    }

    /// Gives a batch back the list of events that it lent, and what they come to.
    fn finish(&mut self, batch: &mut Batch<T>) {
        self.exchange.swap_told(batch.events());
        batch.outcome = self.outcome;
    }

    /// Takes what waits, as far as it is worth looking ahead, and asks for the memory that it will need.
    fn look_ahead(&mut self, inlet: &Ring<Inbound<T>>) {
        while self.ahead.len() <= FORESIGHT
            && let Some(inbound) = inlet.pop()
        {
            self.exchange.foresee(&inbound.hint);
            self.ahead.push_back(inbound);
        }
    }

    /// The command that has to come before any other, if there is one.
    fn inserted(&mut self, now: Time) -> Option<Stamped> {
        if let Some(tick) = self.sequencer.tick(now, &self.exchange) {
            return Some(tick);
        }
        // A seed is taken only when there is something to draw: nobody can learn it before.
        self.exchange.next_draw()?;
        self.sequencer.draw((now, self.entropy.seed()), &self.exchange)
    }

    /// Applies a command, or a batch of them with nothing in between; the last one's outcome is waited for.
    fn apply_all(&mut self, next: Inbound<T>, now: Time, batch: &mut Batch<T>) {
        let Inbound { origin, command, followers, hint: _ } = next;
        let later = Some(self.ahead.len());
        let Some((last, others)) = followers.as_deref().and_then(<[Command]>::split_last) else {
            let stamped = self.sequencer.stamp(now, command);
            return self.apply(Some(origin), &stamped, (later, batch));
        };
        for command in [&command].into_iter().chain(others) {
            let stamped = self.sequencer.stamp(now, *command);
            self.apply(None, &stamped, (None, batch));
        }
        let stamped = self.sequencer.stamp(now, *last);
        self.apply(Some(origin), &stamped, (None, batch));
    }

    /// Carries out a command; `later` is as in [`Exchange::perform`].
    fn apply(
        &mut self,
        origin: Option<T>,
        stamped: &Stamped,
        (later, batch): (Option<usize>, &mut Batch<T>),
    ) {
        self.exchange.perform(stamped.stamp, &stamped.command, later);
        let told = self.exchange.told();
        let begin = batch.close(origin, *stamped, told.len());
        outcome::fold(&mut self.outcome, stamped.stamp.sequence, &told[begin..]);
    }

    /// How many nanoseconds until the next timer falls due; `None` when none is set.
    pub fn idle_nanos(&self) -> Option<u64> {
        let Time(now) = self.clock.now();
        self.exchange.next_due().map(|Time(due)| due.saturating_sub(now))
    }

    /// The exchange, which may be ahead of what is durable.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// The exchange and its rolling outcome hash, when the stage is done.
    pub fn into_end(self) -> (Exchange, OutcomeHash) {
        (self.exchange, self.outcome)
    }
}

/// Every session that an open order names.
fn sessions(exchange: &Exchange) -> BTreeSet<(AccountId, SessionId)> {
    let of = |(number, account)| {
        let slots = exchange.orders().of(account);
        slots.filter_map(move |slot| Some((number, exchange.orders().at(slot).session?)))
    };
    exchange.ledger().accounts.iter().flat_map(of).collect()
}
