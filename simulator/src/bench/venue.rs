//! Venue: a whole exchange, with a thousand bonded accounts that trade one window.
//!
//! Every account is a provider with capacity and credit for all it may do, so that every check is made and none refuses.
//! Each command is stamped a microsecond after the one before. Every event is written, in lists as long as the node's
//! batches.

use std::num::NonZeroU32;

use engine::command::Command;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::exchange::foresight::FORESIGHT;
use engine::exchange::hint::Hint;
use engine::ids::{AccountId, InstrumentId, OrderId, PublicKey, index};
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{NewOrder, OrderRef, SessionId, Side, TimeInForce};
use engine::reject::RejectReason;
use engine::sequencer::Sequencer;
use engine::stamp::Time;
use engine::symbol::{ClassName, Tier, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price};

use crate::bench::Stand;
use crate::flow::{Flow, Step};
use crate::tape::Tape;

/// Accounts of a flow, numbered from 1.
pub const ACCOUNTS: u32 = 1_000;
/// Room for open orders and for client order ids.
const ORDERS: u32 = 1 << 15;
const IDS: u32 = 1 << 22;
/// When the exchange is founded: the start of an hour, most of which is left to trade in.
pub const BEGUN: Time = Time::from_seconds(1_795_356_000);
/// From one command to the next, in nanoseconds.
const STEP: u64 = 1_000;

/// An exchange, and what it has traded.
pub(super) struct Venue {
    exchange: Exchange,
    sequencer: Sequencer,
    now: Time,
    events: Vec<Event>,
    /// The flow's ids by slot, to tell trades by.
    ids: Vec<u64>,
    tape: Tape,
}

/// A command, as the node's inlet has it, and the flow's id of the order it enters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    command: Command,
    hint: Hint,
    id: u64,
}

/// The commands that make the venue what it is, in order. None is refused.
pub fn set_up() -> impl Iterator<Item = Command> {
    let found = Command::Found { epoch: 1, seed: 42, operator: PublicKey([1; 32]) };
    let accounts = (1..=ACCOUNTS).flat_map(|number| {
        let (account, name, instrument) = (AccountId(number), label(number.into()), InstrumentId(0));
        [
            Command::OpenAccount { name, provider: true, joins: None },
            Command::Deposit { account, amount: Amount::new(9_000_000_000_000_000), reference: name },
            Command::SetCapacity { account, instrument, lots: Lots::MAX },
        ]
    });
    [found, Command::AddMarket(market())].into_iter().chain(accounts)
}

/// How long after the venue is begun the window of [`sold_hours`] begins, in nanoseconds.
pub const DELIVERING: u64 = 61 * Time::SECOND;
/// How many accounts sell in [`sold_hours`], and how many others buy from each.
pub const SELLERS: u32 = 130;

/// The commands by which hours of a minute each are sold in a market beside the one that is traded: every seller's by lot to all buyers, so
/// that well over ten thousand deliveries are drawn. For a venue that is set up.
pub fn sold_hours() -> impl Iterator<Item = Command> {
    let spec = MarketSpec {
        class: ClassName::new("CPU").expect("it is a name"),
        window_seconds: 60,
        gate_seconds: 10,
        ..market()
    };
    let instrument = InstrumentId(1);
    let price = Price::new(1_000).expect("it is a price");
    let (all, one) = (Lots::new(SELLERS.into()), Lots::new(1));
    let (all, one) = (all.expect("few lots"), one.expect("one lot"));
    let sells = (1..=SELLERS).flat_map(move |seller| {
        let ask = NewOrder::limit(AccountId(seller), instrument, Side::Ask, (all, price));
        let bids = (1..=SELLERS).map(move |buyer| {
            NewOrder::limit(AccountId(SELLERS + buyer), instrument, Side::Bid, (one, price))
        });
        [ask].into_iter().chain(bids)
    });
    let capacity = (1..=SELLERS).map(move |seller| Command::SetCapacity {
        account: AccountId(seller),
        instrument,
        lots: all,
    });
    [Command::AddMarket(spec)].into_iter().chain(capacity).chain(sells.map(Command::PlaceOrder))
}

/// A command that changes nothing: the end of a session that has no orders. For a venue that is set up.
pub fn nothing() -> Command {
    Command::EndSession { account: AccountId(1), session: SessionId(NonZeroU32::MIN) }
}

/// The commands that a flow comes to, for a venue that is set up. Some name orders that are gone, as the flow does.
pub fn commands(flow: &Flow) -> impl Iterator<Item = Command> {
    flow.steps.iter().map(|step| asked(step).command)
}

fn account(number: u16) -> AccountId {
    AccountId(1 + u32::from(number))
}

/// The flow's id as a client order id: its decimal digits, as clients count.
fn label(id: u64) -> Label {
    Label::new(&id.to_string()).expect("digits make a label")
}

fn asked(step: &Step) -> Asked {
    let instrument = InstrumentId(0);
    let (command, id) = match *step {
        Step::Place(order) => {
            let terms = (order.lots, order.limit);
            let waits = [TimeInForce::GoodTillGate, TimeInForce::ImmediateOrCancel];
            let order_asked = NewOrder {
                time_in_force: waits[usize::from(order.immediate)],
                client: Some(label(order.id)),
                ..NewOrder::limit(account(order.account), instrument, order.side, terms)
            };
            (Command::PlaceOrder(order_asked), order.id)
        }
        Step::Cancel { id, account: owner } => {
            let order = OrderRef::Client(label(id));
            (Command::CancelOrder { account: account(owner), order }, id)
        }
        Step::Reduce { id, by, account: owner } => {
            let order = OrderRef::Client(label(id));
            (Command::ReduceOrder { account: account(owner), order, by }, id)
        }
    };
    Asked { command, hint: Hint::of(&command), id }
}

/// The window that is traded: far from its gate, in a market that lets accounts trade with themselves, as the flow does.
fn market() -> MarketSpec {
    MarketSpec {
        bond: Amount::new(500_000),
        class: ClassName::new("H100SXM").expect("it is a name"),
        zone: ZoneName::new("US-E").expect("it is a name"),
        tier: Tier::Firm,
        self_trade: SelfTrade::Allowed,
        bond_rule: BondRule::Fixed,
        window_seconds: 3_600,
        windows: 1,
        windows_ahead: 0,
        gate_seconds: 600,
        maker_fee: Ppm::new(200).expect("it is a rate"),
        taker_fee: Ppm::new(500).expect("it is a rate"),
    }
}

impl Venue {
    /// A venue that is set up.
    fn set_up(exchange: Exchange) -> Venue {
        let mut venue = Venue {
            exchange,
            sequencer: Sequencer::default(),
            now: BEGUN,
            events: Vec::with_capacity(1 << 14),
            ids: Vec::new(),
            tape: Tape::default(),
        };
        venue.swap_events();
        set_up().for_each(|command| venue.expect(command));
        venue
    }

    /// Carries out a command, after the ticks that are due. `later` is as in [`Exchange::perform`].
    fn ask(&mut self, command: &Command, later: Option<usize>) {
        self.now = self.now.after(STEP);
        while let Some(tick) = self.sequencer.tick(self.now, &self.exchange) {
            self.exchange.perform(tick.stamp, &tick.command, None);
        }
        let stamp = self.sequencer.next(self.now);
        self.exchange.perform(stamp, command, later);
    }

    /// Fetches the list of events from the exchange, or lends it.
    fn swap_events(&mut self) {
        self.exchange.swap_told(&mut self.events);
    }

    fn expect(&mut self, command: Command) {
        self.ask(&command, None);
        let refused = self.exchange.told().iter().find(|event| matches!(event, Event::Rejected { .. }));
        assert!(refused.is_none(), "the venue is set up: {refused:?} to {command:?}");
        self.swap_events();
        self.events.clear();
        self.swap_events();
    }
}

impl Stand for Venue {
    type Step = Step;
    type Asked = Asked;

    fn open() -> Venue {
        let mut exchange = Exchange::default();
        exchange.reserve(ORDERS, IDS);
        Venue::set_up(exchange)
    }

    fn open_lean() -> Venue {
        Venue::set_up(Exchange::default())
    }

    fn ready(step: &Step) -> Asked {
        asked(step)
    }

    fn play(&mut self, asked: &Asked, ahead: &[Asked]) {
        if let Some(soon) = ahead.get(FORESIGHT - 1) {
            self.exchange.foresee(&soon.hint);
        }
        self.ask(&asked.command, Some(ahead.len().min(FORESIGHT)));
    }

    /// The flow's own ids are what the reference tells trades by; client order ids and the exchange's names lead to them.
    fn note(&mut self, block: &[Asked]) {
        let mut places = block.iter().filter(|asked| matches!(asked.command, Command::PlaceOrder(_)));
        let mut taker = 0;
        self.swap_events();
        for event in self.events.drain(..) {
            match event {
                Event::OrderAccepted { order, .. } => {
                    taker = places.next().expect("only what was asked is accepted").id;
                    remember(&mut self.ids, order, taker);
                }
                Event::Traded { price, lots, maker, .. } => {
                    self.tape.record((self.ids[index(maker.slot())], taker), price, lots);
                }
                // Some records name orders that are gone.
                Event::Rejected { reason } => {
                    assert_eq!(reason, RejectReason::OrderUnknown, "the venue has room for the whole flow");
                }
                _ => {}
            }
        }
        self.swap_events();
    }

    fn tape(&self) -> Tape {
        self.tape
    }

    fn bytes(&self) -> usize {
        let Venue { exchange, .. } = self;
        let directory = exchange.client_ids().bytes_per_id() * index(exchange.client_ids().opened());
        exchange.books().bytes() + exchange.orders().bytes() + directory
    }

    fn open_orders(&self) -> u32 {
        self.exchange.books().taken()
    }
}

fn remember(ids: &mut Vec<u64>, order: OrderId, id: u64) {
    match ids.get_mut(index(order.slot())) {
        Some(before) => *before = id,
        // Slots are given in order, so a new one is the next.
        None => ids.push(id),
    }
}
