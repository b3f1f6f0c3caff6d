//! Model: what the rules say must come of every event, counted the slow way.
//!
//! Written from `docs/contract.md`, not from the engine: an account owns one sum of cash, and a list of what it owes.
//! `counts.rs` says what of the cash is held and bonded.

use std::collections::BTreeMap;

use engine::event::{CancelReason, Event, Liquidity};
use engine::ids::{AccountId, InstrumentId, OrderId, PublicKey, index};
use engine::label::Label;
use engine::market::{MarketSpec, SelfTrade};
use engine::order::{Side, TimeInForce};

/// An account's part in an instrument.
pub(crate) type Part = (AccountId, InstrumentId);

#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) order: OrderId,
    pub(crate) account: AccountId,
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
    /// Micro-CU per lot.
    pub(crate) limit: u128,
    pub(crate) leaves: u128,
    pub(crate) client: Option<Label>,
    immediate: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Owed {
    pub(crate) lots: u128,
    pub(crate) price: u128,
    ppm: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) spec: MarketSpec,
    pub(crate) gate: u64,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner {
    pub(crate) name: Label,
    pub(crate) provider: bool,
    group: u32,
    /// What is available, held and bonded.
    pub(crate) cash: u128,
}

#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) now: u64,
    pub(crate) markets: Vec<MarketSpec>,
    pub(crate) windows: Vec<Window>,
    pub(crate) owners: Vec<Owner>,
    /// Open orders in order of arrival.
    pub(crate) orders: Vec<Order>,
    pub(crate) references: Vec<Label>,
    pub(crate) keys: Vec<PublicKey>,
    pub(crate) capacity: BTreeMap<Part, u128>,
    pub(crate) supply: u128,
    pub(crate) claims: BTreeMap<Part, u128>,
    pub(crate) owed: BTreeMap<Part, Vec<Owed>>,
    pub(crate) fees: u128,
    /// The order that is being matched.
    incoming: Option<Order>,
    /// Fees that the parties of the last trade paid at once, the buyer's first.
    paid: (u128, u128),
}

/// Every fee rounds down.
pub(crate) fn fee(amount: u128, ppm: u32) -> u128 {
    amount * u128::from(ppm) / 1_000_000
}

impl Model {
    /// Takes in one event, and checks it against the rules.
    pub(crate) fn hear(&mut self, event: &Event) {
        match *event {
            Event::AccountOpened { account, group, provider, name } => {
                assert_eq!(index(account.0), self.owners.len(), "accounts are numbered in order");
                self.owners.push(Owner { name, provider, group: group.0, cash: 0 });
            }
            Event::Deposited { account, amount, reference } => {
                self.owner(account).cash += u128::from(amount.micro());
                self.supply += u128::from(amount.micro());
                self.references.push(reference);
            }
            Event::KeyRegistered { key, .. } => self.keys.push(key),
            Event::KeyRevoked { key, .. } => self.keys.retain(|other| *other != key),
            Event::MarketAdded { spec, .. } => self.markets.push(spec),
            Event::InstrumentListed { market, start, .. } => {
                let spec = self.markets[index(market.0)];
                let gate = start.0 - u64::from(spec.gate_seconds) * 1_000_000_000;
                assert!(self.now < gate, "only a window that can trade is listed");
                self.windows.push(Window { spec, gate });
            }
            Event::InstrumentClosed { instrument } => {
                assert!(self.window(instrument).gate <= self.now, "a gate closes when it is time");
            }
            Event::CapacitySet { account, instrument, lots } => {
                self.capacity.insert((account, instrument), lots.count().into());
            }
            _ => self.hear_trading(event),
        }
    }

    fn hear_trading(&mut self, event: &Event) {
        match *event {
            Event::OrderAccepted { .. } => self.accept(event),
            Event::Traded { .. } => self.trade(event),
            Event::OrderExecuted { order, liquidity, leaves, fee, .. } => {
                let taker = self.incoming.expect("an order is being matched");
                let known = match liquidity {
                    Liquidity::Taker => Some(taker),
                    Liquidity::Maker => self.orders.iter().find(|open| open.order == order).copied(),
                };
                let side = if liquidity == Liquidity::Taker { taker.side } else { taker.side.opposite() };
                let paid = if side == Side::Bid { self.paid.0 } else { self.paid.1 };
                assert_eq!(u128::from(leaves.count()), known.map_or(0, |known| known.leaves), "lots left");
                assert_eq!(u128::from(fee.micro()), paid, "the fee that was told");
            }
            Event::OrderRested { order, leaves } => {
                let incoming = self.incoming.take().expect("what rests has just come in");
                assert_eq!((order, u128::from(leaves.count())), (incoming.order, incoming.leaves));
                assert!(0 < incoming.leaves && !incoming.immediate, "only such orders rest");
                assert!(self.facing(&incoming).is_none(), "what rests could trade with nobody");
                self.orders.push(incoming);
            }
            Event::OrderReduced { order, by, leaves, .. } => {
                let open = self.orders.iter_mut().find(|open| open.order == order).expect("it is open");
                open.leaves -= u128::from(by.count());
                assert_eq!(open.leaves, leaves.count().into(), "lots left");
                assert!(0 < open.leaves && !by.is_zero(), "a reduction leaves something");
            }
            Event::OrderCanceled { order, leaves, reason, .. } => {
                assert_eq!(self.cancel(order, reason).leaves, leaves.count().into(), "lots left");
            }
            _ => {}
        }
    }

    fn accept(&mut self, event: &Event) {
        let Event::OrderAccepted {
            account, order, instrument, side, time_in_force, limit, lots, client, ..
        } = *event
        else {
            unreachable!("asked for accepted orders only");
        };
        assert!(self.incoming.is_none(), "one order comes in at a time");
        self.incoming = Some(Order {
            order,
            account,
            instrument,
            side,
            limit: u128::from(limit.ticks()) * 100,
            leaves: lots.count().into(),
            client,
            immediate: time_in_force == TimeInForce::ImmediateOrCancel,
        });
    }

    /// Ends an order for a reason that must be true.
    fn cancel(&mut self, order: OrderId, reason: CancelReason) -> Order {
        if let Some(incoming) = self.incoming.take_if(|incoming| incoming.order == order) {
            let facing = self.facing(&incoming);
            match reason {
                CancelReason::Immediate => assert!(incoming.immediate && facing.is_none(), "it found nobody"),
                CancelReason::SelfTrade => {
                    let maker = self.orders[facing.expect("it met somebody")];
                    assert!(!self.may_meet(&incoming, &maker), "it met its own group");
                }
                _ => panic!("no reason for what has just come in: {reason:?}"),
            }
            return incoming;
        }
        let place = self.orders.iter().position(|open| open.order == order).expect("it is open");
        let open = self.orders.remove(place);
        match reason {
            CancelReason::Gate => assert!(self.window(open.instrument).gate <= self.now, "the gate closed"),
            CancelReason::User | CancelReason::All => {}
            _ => panic!("no reason for what rests: {reason:?}"),
        }
        open
    }

    /// Place of the open order that is next in turn for `incoming`, by price and then by time.
    fn facing(&self, incoming: &Order) -> Option<usize> {
        let others = self.orders.iter().enumerate().filter(|(_, open)| {
            let accepted = match incoming.side {
                Side::Bid => open.limit <= incoming.limit,
                Side::Ask => incoming.limit <= open.limit,
            };
            open.instrument == incoming.instrument && open.side != incoming.side && accepted
        });
        let best = match incoming.side {
            Side::Bid => others.min_by_key(|(place, open)| (open.limit, *place)),
            Side::Ask => others.min_by_key(|(place, open)| (std::cmp::Reverse(open.limit), *place)),
        };
        best.map(|(place, _)| place)
    }

    fn may_meet(&self, one: &Order, other: &Order) -> bool {
        let group = |order: &Order| self.owners[index(order.account.0)].group;
        group(one) != group(other) || self.window(one.instrument).spec.self_trade == SelfTrade::Allowed
    }

    fn trade(&mut self, event: &Event) {
        let Event::Traded { instrument, price, lots, maker, taker, taker_side, .. } = *event else {
            unreachable!("asked for trades only");
        };
        let mut incoming = self.incoming.expect("an order is being matched");
        let place = self.facing(&incoming).expect("somebody accepts its price");
        let open = self.orders[place];
        let lots = u128::from(lots.count());
        assert_eq!((taker, taker_side, instrument), (incoming.order, incoming.side, open.instrument));
        assert_eq!(maker, open.order, "price first, then time");
        assert_eq!(u128::from(price.ticks()) * 100, open.limit, "the maker's price rules");
        assert_eq!(lots, incoming.leaves.min(open.leaves), "as much as both have");
        assert!(self.may_meet(&incoming, &open), "no group trades with itself");
        incoming.leaves -= lots;
        self.incoming = Some(incoming);
        self.orders[place].leaves -= lots;
        if self.orders[place].leaves == 0 {
            self.orders.remove(place);
        }
        let spec = self.window(instrument).spec;
        let (maker_ppm, taker_ppm) = (spec.maker_fee.parts(), spec.taker_fee.parts());
        let (buyer, seller) = match incoming.side {
            Side::Bid => ((incoming.account, taker_ppm), (open.account, maker_ppm)),
            Side::Ask => ((open.account, maker_ppm), (incoming.account, taker_ppm)),
        };
        // Where a group may trade with itself, the sale counts first.
        let sold = self.sell((seller.0, instrument), (lots, open.limit, seller.1));
        let bought = self.buy((buyer.0, instrument), (lots, open.limit, buyer.1));
        self.paid = (bought, sold);
    }

    /// Claims are resold for cash at once, less the fee; the rest is issued. Returns the fee.
    fn sell(&mut self, part: Part, (lots, price, ppm): (u128, u128, u32)) -> u128 {
        let claims = self.claims.entry(part).or_default();
        let resold = lots.min(*claims);
        *claims -= resold;
        if resold < lots {
            self.owed.entry(part).or_default().push(Owed { lots: lots - resold, price, ppm });
        }
        let charged = fee(resold * price, ppm);
        self.owner(part.0).cash += resold * price - charged;
        self.fees += charged;
        charged
    }

    /// The buyer pays; its own obligations end, oldest first, and the rest are claims. Returns the buyer's fee.
    fn buy(&mut self, part: Part, (lots, price, ppm): (u128, u128, u32)) -> u128 {
        let charged = fee(lots * price, ppm);
        let owner = self.owner(part.0);
        owner.cash = owner.cash.checked_sub(lots * price + charged).expect("nobody pays what it has not");
        self.fees += charged;
        let mut open = lots;
        let owed = self.owed.entry(part).or_default();
        let mut released = Vec::new();
        while 0 < open && !owed.is_empty() {
            let ended = open.min(owed[0].lots);
            released.push((ended * owed[0].price, owed[0].ppm));
            open -= ended;
            owed[0].lots -= ended;
            owed.retain(|part| 0 < part.lots);
        }
        *self.claims.entry(part).or_default() += open;
        for (escrow, ppm) in released {
            self.owner(part.0).cash += escrow - fee(escrow, ppm);
            self.fees += fee(escrow, ppm);
        }
        charged
    }

    fn owner(&mut self, account: AccountId) -> &mut Owner {
        &mut self.owners[index(account.0)]
    }

    pub(crate) fn window(&self, instrument: InstrumentId) -> &Window {
        &self.windows[index(instrument.0)]
    }

    /// Ends a command: an order that neither rests nor was cancelled is filled.
    pub(crate) fn finish(&mut self) {
        let filled = self.incoming.take();
        assert!(filled.is_none_or(|order| order.leaves == 0), "an order does not vanish");
    }
}
