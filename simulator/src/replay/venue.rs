//! Venue: an exchange with one open instrument and one account that trades it, as the driver talks to it.
//!
//! The account is a bonded provider that may sell as many lots as an account may, and it owns all the credit there
//! can be. It is maker and taker of every trade, so a trade leaves its position at zero: what it issues as the seller
//! it extinguishes as the buyer, and neither capacity nor credit is used up.

use engine::command::Command;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::ids::{AccountId, InstrumentId, OrderId, PublicKey};
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{NewOrder, OrderRef, Side, TimeInForce};
use engine::outcome::OutcomeHash;
use engine::reject::RejectReason;
use engine::sequencer::Sequencer;
use engine::stamp::Time;
use engine::symbol::Tier;
use engine::symbol::{ClassName, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price, Volume};

/// The first account after the operator's.
const TRADER: AccountId = AccountId(1);
/// The first instrument that is listed.
const TRADED: InstrumentId = InstrumentId(0);

/// One maker's part in an aggressor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fill {
    pub(super) maker: OrderId,
    pub(super) price: Price,
    pub(super) lots: Lots,
}

/// An exchange that trades one instrument.
pub(super) struct Venue {
    exchange: Exchange,
    sequencer: Sequencer,
    /// When the next command arrives.
    now: Time,
    /// What the last command did.
    events: Vec<Event>,
    fingerprint: OutcomeHash,
}

impl Venue {
    /// Founds an exchange at `now` and opens one instrument, which trades until the end of the day.
    pub(super) fn open(now: Time) -> Result<Venue, RejectReason> {
        let mut venue = Venue {
            exchange: Exchange::default(),
            sequencer: Sequencer::default(),
            now,
            events: Vec::new(),
            fingerprint: OutcomeHash::default(),
        };
        let name = |text| Label::new(text).expect("the venue's names are labels");
        venue.submit(Command::Found { epoch: 0, seed: 0, operator: PublicKey([1; 32]) })?;
        venue.submit(Command::OpenAccount { name: name("recorded"), provider: true, joins: None })?;
        let (amount, reference) = (Amount::SUPPLY_MAX, name("all-there-is"));
        venue.submit(Command::Deposit { account: TRADER, amount, reference })?;
        venue.submit(Command::AddMarket(spec()))?;
        venue.submit(Command::SetCapacity { account: TRADER, instrument: TRADED, lots: Lots::MAX })?;
        Ok(venue)
    }

    /// Says when the commands from here on arrive.
    pub(super) fn advance(&mut self, now: Time) {
        self.now = now;
    }

    /// Rests an order.
    pub(super) fn rest(&mut self, side: Side, limit: Price, lots: Lots) -> Result<OrderId, RejectReason> {
        let order = self.exchange.books().next_name();
        self.place(TimeInForce::GoodTillGate, side, (limit, lots))?;
        assert_eq!(self.leaves(order), Some(lots), "what is entered to rest meets nobody");
        Ok(order)
    }

    /// Trades at once what it can; says with whom.
    pub(super) fn take(&mut self, side: Side, limit: Price, lots: Lots) -> Result<Vec<Fill>, RejectReason> {
        self.place(TimeInForce::ImmediateOrCancel, side, (limit, lots))?;
        let fill = |event: &Event| match *event {
            Event::Traded { maker, price, lots, .. } => Some(Fill { maker, price, lots }),
            _ => None,
        };
        Ok(self.events.iter().filter_map(fill).collect())
    }

    fn place(
        &mut self,
        time_in_force: TimeInForce,
        side: Side,
        (limit, lots): (Price, Lots),
    ) -> Result<(), RejectReason> {
        let plain = NewOrder::limit(TRADER, TRADED, side, (lots, limit));
        self.submit(Command::PlaceOrder(NewOrder { time_in_force, ..plain }))
    }

    /// Takes lots off an order, fewer than it has.
    pub(super) fn reduce(&mut self, order: OrderId, by: Lots) -> Result<(), RejectReason> {
        self.submit(Command::ReduceOrder { account: TRADER, order: OrderRef::Id(order), by })
    }

    /// Cancels an order.
    pub(super) fn cancel(&mut self, order: OrderId) -> Result<(), RejectReason> {
        self.submit(Command::CancelOrder { account: TRADER, order: OrderRef::Id(order) })
    }

    /// Stamps and applies a command, after whatever tick is due before it.
    fn submit(&mut self, command: Command) -> Result<(), RejectReason> {
        while let Some(tick) = self.sequencer.tick(self.now, &self.exchange) {
            self.apply(&tick);
        }
        let stamped = self.sequencer.stamp(self.now, command);
        self.apply(&stamped);
        match self.events.first() {
            Some(Event::Rejected { reason }) => Err(*reason),
            _ => Ok(()),
        }
    }

    fn apply(&mut self, stamped: &engine::command::Stamped) {
        self.events.clear();
        self.exchange.apply(stamped, &mut self.events);
        self.events.iter().for_each(|event| event.fold(&mut self.fingerprint));
    }

    /// Lots that a resting order has left.
    pub(super) fn leaves(&self, order: OrderId) -> Option<Lots> {
        self.exchange.books().leaves(order)
    }

    /// The best price of a side and the lots there.
    pub(super) fn top(&self, side: Side) -> Option<(Price, Volume)> {
        self.exchange.top(TRADED, side)
    }

    /// Every price of a side with the lots there, best first.
    pub(super) fn depth(&self, side: Side) -> impl Iterator<Item = (Price, Volume)> {
        self.exchange.books().depth(TRADED, side)
    }

    /// Panics unless the exchange is sound.
    pub(super) fn assert_sound(&self) {
        self.exchange.assert_sound();
    }

    /// How many commands were applied, ticks among them.
    pub(super) fn commands(&self) -> u64 {
        self.sequencer.last().sequence.0
    }

    /// The hash of all events.
    pub(super) fn fingerprint(&self) -> OutcomeHash {
        self.fingerprint
    }
}

/// One window of a day, so that every time of the recorded day lies before its gate. The fees and the bond are there
/// to be charged and held, and are soundly accounted for like all others.
fn spec() -> MarketSpec {
    MarketSpec {
        bond: Amount::new(1_000_000),
        class: ClassName::new("RECORDED").expect("the venue's names are names"),
        zone: ZoneName::new("XNAS").expect("the venue's names are names"),
        tier: Tier::Firm,
        self_trade: SelfTrade::Allowed,
        bond_rule: BondRule::Fixed,
        window_seconds: 86_400,
        windows: 1,
        windows_ahead: 0,
        gate_seconds: 0,
        maker_fee: Ppm::new(1).expect("a millionth is a rate"),
        taker_fee: Ppm::new(2).expect("two millionths are a rate"),
    }
}
