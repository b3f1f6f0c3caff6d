//! Player: a case on a real exchange, with everything in one account, which may trade with itself.

use std::collections::BTreeMap;

use engine::command::Command;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::ids::{AccountId, InstrumentId, OrderId, PublicKey};
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{Amendment, NewOrder, OrderKind, OrderRef, Side, TimeInForce};
use engine::sequencer::Sequencer;
use engine::stamp::Time;
use engine::symbol::{ClassName, Tier, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price};
use engine::view::View;

use crate::case::{Case, Request, Row, Type};

/// When the cases are played: 2015-11-30, before every date in them.
const NOW: Time = Time::from_seconds(1_448_841_600);
const TRADER: AccountId = AccountId(1);
const INSTRUMENT: InstrumentId = InstrumentId(0);

/// What a case needs that this exchange does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Auctions,
    StopOrders,
    HiddenOrders,
}

/// An order in the book: side, name, price, lots left, and until when.
pub(crate) type Left = (Side, String, Price, Lots, Option<Time>);

/// How a case came out: the book, by side and name, and price and lots of each trade.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) book: Vec<Left>,
    pub(crate) trades: Vec<(Price, Lots)>,
}

/// How a case should come out.
pub(crate) fn expected(case: &Case) -> Outcome {
    let left = |row: &Row| (row.side, row.order.clone(), row.price.unwrap(), row.lots.unwrap(), row.expires);
    let mut book: Vec<Left> = case.after.iter().map(left).collect();
    book.sort();
    Outcome { book, trades: case.trades.clone() }
}

/// How a case comes out.
///
/// # Errors
/// What is missing to play it.
pub(crate) fn play(case: &Case) -> Result<Outcome, Missing> {
    let come: fn(&mut Player, &Row) = match case.request {
        Request::Enter => Player::enter,
        Request::Cancel => Player::cancel,
        Request::Replace => Player::replace,
        Request::Uncross => return Err(Missing::Auctions),
    };
    for row in case.before.iter().chain(&case.incoming) {
        match row.kind {
            Type::Market | Type::Limit => {}
            Type::Stop | Type::StopLimit => return Err(Missing::StopOrders),
            Type::Hidden => return Err(Missing::HiddenOrders),
        }
    }
    let mut player = Player::new();
    case.before.iter().for_each(|row| player.enter(row));
    assert!(player.trades.is_empty(), "{}: the book is there before anything trades", case.name);
    case.incoming.iter().for_each(|row| come(&mut player, row));
    Ok(player.outcome())
}

struct Player {
    exchange: Exchange,
    view: View,
    sequencer: Sequencer,
    /// The exchange's orders by the names they have in the case.
    orders: BTreeMap<String, OrderId>,
    /// The time of the order that came last.
    time: String,
    trades: Vec<(Price, Lots)>,
}

impl Player {
    fn new() -> Player {
        let (exchange, view, sequencer) = (Exchange::default(), View::default(), Sequencer::default());
        let (orders, time, trades) = (BTreeMap::new(), String::new(), Vec::new());
        let mut player = Player { exchange, view, sequencer, orders, time, trades };
        let label = |text: &str| Label::new(text).unwrap();
        player.done(Command::Found { epoch: 1, seed: 1, operator: PublicKey([1; 32]) });
        player.done(Command::OpenAccount { name: label("trader"), provider: true, joins: None });
        let (account, amount) = (TRADER, Amount::SUPPLY_MAX);
        player.done(Command::Deposit { account, amount, reference: label("all") });
        player.done(Command::AddMarket(market()));
        while let Some(tick) = player.sequencer.tick(NOW, &player.exchange) {
            let mut events = Vec::new();
            player.exchange.apply(&tick, &mut events);
            player.view.fold(tick.stamp, &events);
        }
        player.done(Command::SetCapacity { account, instrument: INSTRUMENT, lots: Lots::MAX });
        player
    }

    /// Applies a command; returns what happened.
    fn apply(&mut self, command: Command) -> Vec<Event> {
        let stamped = self.sequencer.stamp(NOW, command);
        let mut events = Vec::new();
        self.exchange.apply(&stamped, &mut events);
        self.exchange.assert_sound();
        self.view.fold(stamped.stamp, &events);
        for event in &events {
            if let Event::Traded { price, lots, .. } = *event {
                self.trades.push((price, lots));
            }
        }
        events
    }

    /// Applies a command that must not be refused.
    fn done(&mut self, command: Command) -> Vec<Event> {
        let events = self.apply(command);
        let refused = events.iter().find(|event| matches!(event, Event::Rejected { .. }));
        assert_eq!(refused, None, "{command:?}");
        events
    }

    /// Enters an order. Who came first has the older one.
    fn enter(&mut self, row: &Row) {
        assert!(self.time <= row.time, "orders come in order of time");
        self.time.clone_from(&row.time);
        self.place(row);
    }

    fn place(&mut self, row: &Row) {
        // Whoever takes any price is protected by the last there is.
        let last = match row.side {
            Side::Bid => Price::MAX,
            Side::Ask => Price::MIN,
        };
        let (kind, immediate) = match row.kind {
            Type::Market => (OrderKind::Market, true),
            Type::Limit => (OrderKind::Limit, false),
            Type::Stop | Type::StopLimit | Type::Hidden => unreachable!("the caller has looked"),
        };
        let time_in_force = match row.expires {
            _ if immediate => TimeInForce::ImmediateOrCancel,
            Some(expires) => TimeInForce::GoodTillDate(expires),
            None => TimeInForce::GoodTillGate,
        };
        let terms = (row.lots.unwrap(), row.price.unwrap_or(last));
        let plain = NewOrder::limit(TRADER, INSTRUMENT, row.side, terms);
        let events = self.done(Command::PlaceOrder(NewOrder { kind, time_in_force, ..plain }));
        let accepted = events.iter().find_map(|event| match event {
            Event::OrderAccepted { order, .. } => Some(*order),
            _ => None,
        });
        self.orders.insert(row.order.clone(), accepted.unwrap());
    }

    /// Asks for something about an order, which is refused when there is no such order.
    fn request(&mut self, row: &Row, command: impl FnOnce(OrderRef) -> Command) {
        let known = self.orders.get(&row.order).copied();
        let order = known.unwrap_or(OrderId::from_raw(u64::MAX));
        let events = self.apply(command(OrderRef::Id(order)));
        let refused = matches!(events[..], [Event::Rejected { .. }]);
        assert_eq!(refused, known.is_none(), "an order is changed when it is there");
    }

    fn cancel(&mut self, row: &Row) {
        self.request(row, |order| Command::CancelOrder { account: TRADER, order });
    }

    /// Amends an order. An amendment leaves the date as it is: who wants another enters the order anew.
    fn replace(&mut self, row: &Row) {
        let known = self.orders.get(&row.order).and_then(|order| self.view.order(*order));
        if known.is_some_and(|known| known.time_in_force.expires() != row.expires) {
            self.cancel(row);
            self.place(row);
            return;
        }
        self.request(row, |order| {
            let (limit, lots) = (row.price, row.lots);
            let (client, filled, deadline) = (None, None, None);
            Command::AmendOrder(Amendment { account: TRADER, order, limit, lots, client, filled, deadline })
        });
    }

    fn outcome(self) -> Outcome {
        let names: BTreeMap<OrderId, String> =
            self.orders.into_iter().map(|(name, order)| (order, name)).collect();
        let mut book = Vec::new();
        for side in [Side::Bid, Side::Ask] {
            for maker in self.exchange.books().queue(INSTRUMENT, side) {
                let expires = self.view.order(maker.order).unwrap().time_in_force.expires();
                book.push((side, names[&maker.order].clone(), maker.price, maker.leaves(), expires));
            }
        }
        book.sort();
        Outcome { book, trades: self.trades }
    }
}

fn market() -> MarketSpec {
    let free = Ppm::new(0).unwrap();
    MarketSpec {
        bond: Amount::ZERO,
        class: ClassName::new("H100SXM").unwrap(),
        zone: ZoneName::new("US-E").unwrap(),
        tier: Tier::Firm,
        self_trade: SelfTrade::Allowed,
        bond_rule: BondRule::Fixed,
        window_seconds: 3_600,
        windows: 1,
        windows_ahead: 0,
        gate_seconds: 0,
        maker_fee: free,
        taker_fee: free,
    }
}
