//! World: an exchange under watch. After every command everything that can be checked is checked.

use engine::command::{Command, Stamped};
use engine::event::Event;
use engine::exchange::Exchange;
use engine::exchange::foresight::FORESIGHT;
use engine::exchange::hint::Hint;
use engine::ids::{AccountId, InstrumentId, PublicKey};
use engine::outcome::OutcomeHash;
use engine::sequencer::Sequencer;
use engine::stamp::Time;
use engine::units::Amount;
use engine::view::View;

use crate::acts::{Act, PROVIDER_FIRST};
use crate::agreement::assert_agreement;
use crate::census::Census;
use crate::model::Model;
use crate::model::told::{names, plain};
use crate::outcome::{assert_fills, assert_streams, assert_told_once, assert_view};
use crate::reborn::{assert_damage_is_noticed, image, reborn};
use crate::requests::{Requests, lots};
use crate::stage::{TRADERS, label, markets};

/// No command makes so much due that it takes this many ticks.
const TICKS_MAX: u32 = 100;
/// After so many commands the exchange goes on from its own image.
const REBORN_EVERY: usize = 7;
/// What a provider registers for every window.
const CAPACITY: u64 = 60;
/// No command is shown further ahead: more than are in sight.
const AHEAD_MAX: usize = 40;

/// An exchange, its clock, and all who watch it.
#[derive(Default)]
pub(crate) struct World {
    exchange: Exchange,
    sequencer: Sequencer,
    /// Nanoseconds; it may go back.
    clock: u64,
    view: View,
    model: Model,
    requests: Requests,
    /// Every command with the events it made.
    history: Vec<(Stamped, Vec<Event>)>,
    /// Windows for which the providers have registered.
    registered: usize,
    census: Census,
}

impl World {
    pub(crate) fn new() -> World {
        let mut world = World { clock: 1_795_435_200_000_000_000, ..World::default() };
        world.ask(Command::OpenAccount { name: label("early"), provider: false, joins: None });
        let operator = PublicKey([7; 32]);
        world.ask(Command::Found { epoch: 1, seed: 9, operator });
        for (number, (name, provider, joins, credit)) in (1..).zip(TRADERS) {
            world.ask(Command::OpenAccount { name: label(name), provider, joins: joins.map(AccountId) });
            let (account, amount) = (AccountId(number), Amount::new(credit));
            world.ask(Command::Deposit { account, amount, reference: label(&format!("first-{name}")) });
        }
        markets().into_iter().for_each(|spec| world.ask(Command::AddMarket(spec)));
        world.wait(0);
        world
    }

    /// Does it.
    pub(crate) fn act(&mut self, act: Act) {
        if let Act::Wait(seconds) = act {
            self.wait(seconds * 1_000_000_000);
        }
        for command in self.requests.of(act, &self.model) {
            self.ask(command);
        }
    }

    /// The time that a command is stamped with: the clock's, unless that went back.
    fn now(&self) -> u64 {
        self.clock.max(self.sequencer.last().time.0)
    }

    fn wait(&mut self, nanos: i64) {
        self.clock = self.clock.saturating_add_signed(nanos);
        self.tick();
        // Providers register for what is new.
        for number in self.registered..self.model.windows.len() {
            let instrument = InstrumentId(u32::try_from(number).expect("few windows"));
            for account in (PROVIDER_FIRST..).map(AccountId).take(TRADERS.len() - 3) {
                self.ask(Command::SetCapacity { account, instrument, lots: lots(CAPACITY) });
            }
        }
        self.registered = self.model.windows.len();
    }

    /// Lets everything happen that is due, and compares it with what the model foretells.
    fn tick(&mut self) {
        let mut told = Vec::new();
        for ticks in 0.. {
            let Some(tick) = self.sequencer.tick(Time(self.clock), &self.exchange) else { break };
            assert!(ticks < TICKS_MAX, "every timer is done at last");
            told.extend(self.apply(tick));
        }
        let foretold = self.model.wait(self.now());
        assert_eq!(told, foretold, "what falls due by {}", self.now());
        if !told.is_empty() {
            self.model.assert_counts(&self.exchange);
        }
        self.census.hear(&told);
    }

    /// Applies a command as the node does, ticks first.
    fn ask(&mut self, command: Command) {
        self.tick();
        let now = self.now();
        let stamped = self.sequencer.stamp(Time(self.clock), command);
        assert_eq!(stamped.stamp.time, Time(now), "a clock that goes back is taken to stand still");
        let idle = self.idle(stamped);
        let told = self.apply(stamped);
        let before = self.model.clone();
        // Without a name, what was told differs from what is foretold.
        let foretold = self.model.ask(&command, &names(&told));
        assert_eq!(told, foretold, "what comes of {command:?}");
        let same = self.model == before;
        let hash = self.exchange.state_hash();
        assert_eq!(
            hash == idle,
            same,
            "what changes nothing, and nothing else, leaves the state: {command:?}"
        );
        self.model.assert_counts(&self.exchange);
        assert_view(&self.view, &self.model);
        self.census.count(&told);
    }

    /// Applies a command and checks what needs no model. Returns what was told, as far as it can be foretold.
    fn apply(&mut self, stamped: Stamped) -> Vec<Event> {
        let mut events = Vec::new();
        self.exchange.apply(&stamped, &mut events);
        self.exchange.assert_sound();
        assert_streams(&self.view, &events);
        self.view.fold(stamped.stamp, &events);
        assert_agreement(&self.exchange, &self.view);
        assert_fills(&self.view, &events);
        assert_told_once(&events);
        let told = events.iter().filter_map(plain).collect();
        self.history.push((stamped, events));
        if self.history.len().is_multiple_of(REBORN_EVERY) {
            (self.exchange, self.view) = reborn(&self.exchange, &self.view);
            assert_agreement(&self.exchange, &self.view);
        }
        told
    }

    /// The state if nothing happened at this stamp: no timer is due, so a tick does nothing.
    fn idle(&self, stamped: Stamped) -> OutcomeHash {
        let mut exchange = self.exchange.clone();
        let mut events = Vec::new();
        exchange.apply(&Stamped { command: Command::Tick, ..stamped }, &mut events);
        assert_eq!(events, [], "ticks come before the command");
        exchange.state_hash()
    }

    /// What happened so far.
    pub(crate) fn census(&self) -> &Census {
        &self.census
    }

    /// Panics unless the same commands make the same history.
    pub(crate) fn assert_replays(&self) {
        let (mut exchange, mut view) = (Exchange::default(), View::default());
        let (mut told, mut again) = (OutcomeHash::default(), OutcomeHash::default());
        for (stamped, events) in &self.history {
            let mut repeated = Vec::new();
            exchange.apply(stamped, &mut repeated);
            view.fold(stamped.stamp, &repeated);
            assert_eq!(&repeated, events, "a replay of {stamped:?} makes the same events");
            events.iter().for_each(|event| event.fold(&mut told));
            repeated.iter().for_each(|event| event.fold(&mut again));
        }
        assert_eq!(told, again, "a replay has the same outcome");
        assert_eq!(exchange.state_hash(), self.exchange.state_hash(), "a replay ends in the same state");
        assert_agreement(&self.exchange, &view);
        let one_that_never_stopped = image(&exchange, &view);
        assert!(
            image(&self.exchange, &self.view) == one_that_never_stopped,
            "a replay ends in the same image"
        );
        let seed = u64::try_from(told.value() >> 64).expect("half a hash");
        assert_damage_is_noticed(&exchange, &view, seed);
        self.assert_driven_again();
        self.assert_foreseen(FORESIGHT);
        self.assert_foreseen(self.history.len() % AHEAD_MAX);
    }

    /// Panics unless commands that are shown so far ahead make the same history. Now and then what is said of how many were
    /// shown since is wrong: then nothing that was seen of another command may be believed.
    fn assert_foreseen(&self, ahead: usize) {
        let mut exchange = Exchange::default();
        let mut shown = self.history.iter();
        shown.by_ref().take(ahead).for_each(|(soon, _)| exchange.foresee(&Hint::of(&soon.command)));
        let mut told = Vec::new();
        for (place, (stamped, events)) in self.history.iter().enumerate() {
            if let Some((soon, _)) = shown.next() {
                exchange.foresee(&Hint::of(&soon.command));
            }
            let later = match place % 5 {
                3 => None,
                4 => Some(place % AHEAD_MAX),
                _ => Some(ahead.min(self.history.len() - 1 - place)),
            };
            exchange.perform(stamped.stamp, &stamped.command, later);
            assert_eq!(exchange.told(), events, "{stamped:?}, shown {ahead} ahead");
            exchange.swap_told(&mut told);
            told.clear();
        }
        assert_eq!(exchange.state_hash(), self.exchange.state_hash(), "what was seen is no state");
        exchange.assert_sound();
    }

    /// Panics unless another sequencer, asked for the same at the same times, puts ticks in the same places.
    fn assert_driven_again(&self) {
        let (mut exchange, mut sequencer) = (Exchange::default(), Sequencer::default());
        for (stamped, _) in &self.history {
            let now = stamped.stamp.time;
            let again =
                sequencer.tick(now, &exchange).unwrap_or_else(|| sequencer.stamp(now, stamped.command));
            assert_eq!(again, *stamped, "a fresh exchange is asked for the same");
            exchange.apply(&again, &mut Vec::new());
        }
        assert_eq!(exchange.state_hash(), self.exchange.state_hash(), "and ends in the same state");
    }
}
