//! Agreement: the view folded from events says what the engine's own state says.
//!
//! Scenarios and property tests hold it after every command.

use std::collections::{BTreeMap, BTreeSet};

use engine::book::Placement;
use engine::delivery::Delivery;
use engine::delivery::audit::Audit;
use engine::delivery::slot::{Slot, SlotNumber, SlotState};
use engine::exchange::Exchange;
use engine::ids::{AccountId, DeliveryId, InstrumentId, MarketId};
use engine::instrument::Phase;
use engine::order::{Side, TimeInForce};
use engine::payment::PaymentState;
use engine::provider::Provider;
use engine::symbol::Symbol;
use engine::timers::Timer;
use engine::units::{Amount, Lots};
use engine::view::View;
use engine::view::accounts::{AccountView, PositionView};
use engine::view::deliveries::DeliveryView;
use engine::view::orders::{OrderStatus, OrderView};
use engine::view::slot_ends::{SlotEnd, WindowEnds};

/// Panics unless `view` says of everything what `exchange` says.
pub(crate) fn assert_agreement(exchange: &Exchange, view: &View) {
    assert_eq!(view.stamp(), exchange.last(), "the view is at the last command");
    assert_eq!(view.founding(), exchange.founding(), "founding");
    assert_eq!(view.mode(), exchange.mode(), "mode of the venue");
    let ledger = exchange.ledger();
    assert_eq!((view.supply(), view.fees()), (ledger.supply, ledger.fees), "supply and fees");
    assert_eq!(view.accounts(), ledger.accounts.iter().count(), "accounts");
    let mut escrow = Amount::ZERO;
    for (number, _) in ledger.accounts.iter() {
        let told = view.account(number).expect("every account was told");
        assert_account(exchange, view, number);
        escrow = told.positions.values().fold(escrow, |sum, position| sum.plus(position.escrow));
        assert_eq!(view.named(ledger.accounts.name(number)), Some(number), "accounts are found by name");
        assert_orders(exchange, view, number);
    }
    assert_eq!(escrow, ledger.escrow, "escrow of all positions is all escrow");
    assert_positions(exchange, view);
    assert_keys(exchange, view);
    assert_classes(exchange, view);
    assert_markets(exchange, view);
    assert_eq!(view.instruments().count(), exchange.instruments(), "instruments");
    for (number, _) in view.instruments() {
        assert_instrument(exchange, view, number);
        assert_queues(exchange, view, number);
    }
    assert_open(view);
    assert_deliveries(exchange, view);
}

fn assert_account(exchange: &Exchange, view: &View, number: AccountId) {
    let told = view.account(number).expect("every account was told");
    let accounts = &exchange.ledger().accounts;
    let (account, name) = (accounts.at(number), accounts.name(number));
    let known = (name, accounts.group(number), account.provider);
    assert_eq!((told.name, told.group, told.provider), known, "who {name} is");
    assert_eq!(told.balance, account.balance(), "balance of {name}");
    let Provider { staked, score, .. } = exchange.ledger().providers.of(number);
    assert_eq!((told.staked, told.score), (staked, score), "stake and score of {name}");
    let waiting =
        exchange.ledger().payments.iter().filter(|(.., payment)| payment.state == PaymentState::Waiting);
    let own = waiting.filter(|(owner, ..)| *owner == number);
    let sum = own.fold(Amount::ZERO, |sum, (.., payment)| sum.plus(payment.amount));
    assert_eq!(told.redeeming, sum, "what waits to be paid out to {name}");
    assert_eq!(told.xseq, account.xseq, "private stream of {name}");
    assert_eq!((told.locked, told.limits), (account.locked, account.limits), "bounds of {name}");
    assert_eq!(told.auditor, accounts.auditors().any(|auditor| auditor == number), "whether {name} audits");
    let due = exchange.timers().due_of(Timer::DeadMan(number));
    assert_eq!(told.cancel_after, due, "dead man's timer of {name}");
}

/// Open orders of an account, in order of age.
fn assert_orders(exchange: &Exchange, view: &View, account: AccountId) {
    let owner = exchange.ledger().accounts.at(account);
    let told: Vec<&OrderView> = view.orders_of(account).collect();
    assert_eq!(told.len(), exchange.orders().of(owner).count(), "open orders of {account:?}");
    for (told, slot) in told.into_iter().zip(exchange.orders().of(owner)) {
        let (open, order) = (exchange.orders().at(slot), exchange.books().resting_in(slot));
        assert_eq!((told.order, told.account, told.client), (order, account, open.client), "which it is");
        let rests = exchange.books().placement(order).expect("an open order rests");
        assert_resting(told, &rests);
        assert_eq!(Some(told.shown), exchange.books().shown(order), "what it shows");
        assert_eq!(told.lots, open.lots, "what it asks for");
        assert_eq!((told.kind, told.label, told.session), (open.kind, open.label, open.session), "terms");
        let expires = exchange.timers().due_of(Timer::Expiry(slot));
        let waits = expires.map_or(TimeInForce::GoodTillGate, TimeInForce::GoodTillDate);
        assert_eq!(told.time_in_force, waits, "how long it waits");
        assert_eq!(told.status, OrderStatus::Open, "an open order is open");
    }
}

fn assert_resting(told: &OrderView, rests: &Placement) {
    let &Placement { account, instrument, side, limit, leaves, clip } = rests;
    assert_eq!((told.account, told.instrument, told.side), (account, instrument, side), "where it rests");
    assert_eq!((told.limit, told.leaves), (limit, leaves), "what it wants and has left");
    assert_eq!(told.lots, told.filled.plus(told.leaves), "an open order is what it did and has left");
    // Who shows as many lots as there may be shows everything.
    assert_eq!(told.clip.filter(|clip| *clip < Lots::MAX), clip, "how much it shows at a time");
}

fn assert_positions(exchange: &Exchange, view: &View) {
    let position = |account: &AccountView, instrument: InstrumentId| {
        account.positions.get(&instrument).copied().unwrap_or_default()
    };
    for row in exchange.ledger().positions.iter() {
        let told = position(view.account(row.account).expect("every account was told"), row.instrument);
        let (lots, capacity) = (row.lots, row.capacity);
        let held = PositionView {
            lots,
            escrow: row.escrow,
            bonded: row.bonded,
            capacity,
            maintained: row.maintained,
        };
        assert_eq!(told, held, "position of {:?} in {:?}", row.account, row.instrument);
    }
    // A window's positions go in portions, and are known until the last has gone.
    let due = exchange.timers().iter().filter(|(due, _)| *due <= exchange.last().time);
    let ends: BTreeSet<InstrumentId> = due
        .filter_map(|(_, timer)| if let Timer::Settle(instrument) = timer { Some(instrument) } else { None })
        .collect();
    for (number, _) in exchange.ledger().accounts.iter() {
        let told = view.account(number).expect("every account was told");
        for instrument in told.positions.keys().filter(|instrument| !ends.contains(instrument)) {
            let row = exchange.ledger().positions.find(number, *instrument);
            assert!(row.is_some(), "{number:?} has a position that was told in {instrument:?}");
        }
    }
}

fn assert_keys(exchange: &Exchange, view: &View) {
    for (key, grant) in exchange.ledger().accounts.keys() {
        let told = view.key(key.first_bytes()).expect("every key was told");
        assert_eq!((&told.key, &told.grant), (key, grant), "what a key may do");
    }
    let of = |number| view.keys_of(AccountId(number)).count();
    let accounts = u32::try_from(view.accounts()).expect("few accounts");
    let all: usize = (0..accounts).map(of).sum();
    assert_eq!(all, exchange.ledger().accounts.keys().count(), "each account has its keys");
}

fn assert_classes(exchange: &Exchange, view: &View) {
    assert_eq!(view.classes().len(), exchange.classes().iter().count(), "classes");
    for (told, class) in view.classes().iter().zip(exchange.classes().iter()) {
        assert_eq!((told.name, told.reference), (class.name, class.reference), "classes and their rates");
    }
}

fn assert_markets(exchange: &Exchange, view: &View) {
    let markets = (0..).map(MarketId).map_while(|number| exchange.market(number));
    assert_eq!(markets.clone().count(), view.markets().len(), "markets");
    for (told, held) in view.markets().iter().zip(markets) {
        assert_eq!(
            (told.spec, told.limits, told.mode, told.delivery),
            (held.spec, held.limits, held.mode, held.delivery),
            "settings of market {}",
            held.spec.name()
        );
    }
}

fn assert_instrument(exchange: &Exchange, view: &View, number: InstrumentId) {
    let told = view.instrument(number).expect("the view lists it");
    let held = exchange.instrument(number).expect("every listed instrument exists");
    assert_eq!(
        (told.market, told.start, told.gate, told.phase),
        (held.market, held.start, held.gate, held.phase),
        "what {} is",
        told.symbol
    );
    assert_eq!((told.mode, told.terms), (held.mode, held.terms), "mode and terms of {}", told.symbol);
    assert_eq!(
        (told.deliveries, told.delivery),
        (held.deliveries, held.delivery),
        "deliveries of {}, and what they go by",
        told.symbol
    );
    assert_eq!(view.symbol(&told.symbol), Some(number), "instruments are found by symbol");
    assert_eq!(told.symbol.start, held.start, "a symbol names the start");
    let market = exchange.market(held.market).expect("an instrument's market exists");
    assert_eq!(told.end, market.spec.end(held.start), "end of {}", told.symbol);
    let class = exchange.classes().at(held.class);
    assert_eq!(told.symbol.class, class.name, "a symbol names the class");
    let found = view.market_of(&told.symbol).map(|market| market.spec);
    assert_eq!(found, Some(market.spec), "markets are found by symbol");
    let depth = view.depth(number).expect("every instrument has a book");
    assert!(depth.bids().eq(exchange.books().depth(number, Side::Bid)), "bids of {}", told.symbol);
    assert!(depth.asks().eq(exchange.books().depth(number, Side::Ask)), "asks of {}", told.symbol);
}

/// The queues at every price, and what is owed.
fn assert_queues(exchange: &Exchange, view: &View, number: InstrumentId) {
    let held = exchange.instrument(number).expect("every listed instrument exists");
    let owed = held.issued.count() - held.extinguished.count();
    assert_eq!(view.open_interest(number), owed, "open interest of {number:?}");
    for side in [Side::Bid, Side::Ask] {
        let mut told: Vec<&OrderView> = view.resting(number).filter(|order| order.side == side).collect();
        // Stable: those of one price stay as they joined.
        told.sort_by_key(|order| match side {
            Side::Bid => order.limit.ticks().wrapping_neg(),
            Side::Ask => order.limit.ticks(),
        });
        let told = told.into_iter().map(|order| (order.order, order.shown));
        let held = exchange.books().queue(number, side);
        let held = held.map(|maker| (maker.order, exchange.books().shown(maker.order).expect("it rests")));
        assert!(told.eq(held), "queues of {number:?} on {side:?}");
    }
}

/// The windows that are listed as open are those whose phase says so.
fn assert_open(view: &View) {
    let open = view.instruments().filter(|(_, told)| told.phase == Phase::Open);
    let open: BTreeSet<Symbol> = open.map(|(_, told)| told.symbol).collect();
    let told: BTreeSet<Symbol> = view.open_instruments().map(|told| told.symbol).collect();
    assert_eq!(told, open, "open windows");
}

/// The slots that an account was drawn to audit, and of which it has said nothing.
fn seats(exchange: &Exchange, auditor: AccountId) -> impl Iterator<Item = (DeliveryId, SlotNumber)> {
    let slots =
        exchange.deliveries().all().flat_map(|(number, _)| SlotNumber::all().map(move |slot| (number, slot)));
    slots.filter(move |(number, slot)| {
        let mut seats = exchange.deliveries().audit(*number, *slot).into_iter().flat_map(Audit::seats);
        seats.any(|seat| seat == (auditor, None))
    })
}

/// How the slots of these deliveries ended, by window, but of those within one group.
fn window_ends(kept: &[(DeliveryId, DeliveryView)]) -> BTreeMap<InstrumentId, WindowEnds> {
    let mut windows: BTreeMap<InstrumentId, WindowEnds> = BTreeMap::new();
    for &(_, DeliveryView { instrument, provider, lots, own, slots, .. }) in kept {
        for (slot, Slot { state, .. }) in SlotNumber::all().zip(slots) {
            if let SlotState::Final(outcome) = state
                && !own
            {
                let end = SlotEnd { instrument, slot, provider, lots, outcome };
                windows.entry(instrument).or_default().count(&end);
            }
        }
    }
    windows
}

/// Deliveries are those of windows that are not settled, and each account finds its own.
fn assert_deliveries(exchange: &Exchange, view: &View) {
    let kept = exchange.deliveries().all().filter(|(_, delivery)| {
        let state = exchange.instrument(delivery.instrument).expect("its window is listed");
        state.phase != Phase::Settled
    });
    let view_of = |(number, delivery): (DeliveryId, &Delivery)| {
        let &Delivery { instrument, provider, holder, price, lots, own, acknowledged, slots, .. } = delivery;
        (number, DeliveryView { instrument, provider, holder, price, lots, own, acknowledged, slots })
    };
    let kept: Vec<(DeliveryId, DeliveryView)> = kept.map(view_of).collect();
    let told: Vec<(DeliveryId, DeliveryView)> =
        view.deliveries().map(|(number, told)| (number, *told)).collect();
    assert_eq!(told, kept, "deliveries");
    let cases = kept.iter().flat_map(|(number, delivery)| {
        SlotNumber::all()
            .zip(delivery.slots)
            .filter(|(_, slot)| slot.is_case())
            .map(|(slot, _)| (*number, slot))
    });
    assert!(view.cases().eq(cases), "what waits for the arbiter");
    assert!(
        view.window_ends().eq(window_ends(&kept).iter().map(|(window, ends)| (*window, ends))),
        "how slots ended"
    );
    for (account, _) in exchange.ledger().accounts.iter() {
        let part = |told: &DeliveryView| told.provider == account || told.holder == account;
        let own = kept.iter().filter(|(_, delivery)| part(delivery)).map(|(number, _)| *number);
        assert!(view.seats(account).eq(seats(exchange, account)), "audits of {account:?}");
        assert!(own.eq(view.deliveries_of(account).map(|(number, _)| number)), "deliveries of {account:?}");
    }
    for (number, told) in &told {
        assert_eq!(view.delivery(*number), Some(told), "a delivery is found by its number");
    }
}
