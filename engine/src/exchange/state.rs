//! State: one number for everything that later commands can depend on.
//!
//! Two exchanges with the same state hash answer every further command alike. Everything is folded in an order that
//! the state itself defines, never in the order of a hash table.

use crate::client_ids::Remembered;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::ids::{AccountId, DeliveryId, InstrumentId, MarketId, position};
use crate::label::Label;
use crate::order::{OrderKind, SelfTradePrevention, Side};
use crate::outcome::OutcomeHash;
use crate::timers::Timer;
use crate::units::{Lots, Price};

pub(super) fn hash(exchange: &Exchange) -> OutcomeHash {
    let mut hash = OutcomeHash::default();
    let founding = exchange.founding.map_or([0, 0, 0], |founding| [1, founding.epoch, founding.seed]);
    hash.words(founding);
    hash.words([exchange.last.sequence.0, exchange.last.time.0, exchange.books.next_name().raw()]);
    // Names are given again in the order of this list.
    exchange.books.names_free().for_each(|name| hash.words([name.raw()]));
    let purge = exchange.purge.map_or(0, |account| u64::from(account.0) + 1);
    hash.words([exchange.mode.number().into(), purge]);
    accounts(exchange, &mut hash);
    markets(exchange, &mut hash);
    for number in 0..exchange.instruments.len() {
        orders(exchange, InstrumentId(position(number)), &mut hash);
    }
    positions(exchange, &mut hash);
    deliveries(exchange, &mut hash);
    for (due, timer) in exchange.timers.iter() {
        let (kind, id) = match timer {
            Timer::Expiry(slot) => (1, slot),
            Timer::DeadMan(account) => (2, account.0),
            Timer::Gate(instrument) => (3, instrument.0),
            Timer::Reference(class) => (4, class.0),
            Timer::Roll(market) => (5, market.0),
            Timer::Draw(instrument) => (6, instrument.0),
            Timer::Settle(instrument) => (7, instrument.0),
            Timer::Purge => (8, 0),
        };
        hash.words([due.0, kind, id.into()]);
    }
    hash
}

fn accounts(exchange: &Exchange, hash: &mut OutcomeHash) {
    let ledger = &exchange.ledger;
    hash.words([ledger.supply.micro(), ledger.escrow.micro(), ledger.fees.micro()]);
    hash.words([ledger.obligations.issued()]);
    for (number, account) in ledger.accounts.iter() {
        let (upper, lower) = account.name.halves();
        let balance = account.balance;
        let flags = u64::from(account.provider) | u64::from(account.locked) << 1;
        hash.words([number.0.into(), upper, lower, account.group.0.into(), flags, account.xseq.0]);
        hash.words([balance.available.micro(), balance.held.micro(), balance.bonded.micro()]);
        let limits =
            Event::AccountLimitsSet { account: number, limits: account.limits, reason: account.name };
        limits.fold(hash);
        // Cancelling all goes by age, which the books do not tell.
        exchange.orders.of(account).for_each(|slot| hash.words([slot.into()]));
        exchange.client_ids.of(number).for_each(|done| remembered(hash, number, &done));
    }
    for (key, grant) in ledger.accounts.keys() {
        hash.bytes(&key.0);
        hash.words([grant.account.0.into(), grant.scopes.bits().into()]);
    }
    for reference in &ledger.references {
        let (upper, lower) = reference.halves();
        hash.words([upper, lower]);
    }
}

fn remembered(hash: &mut OutcomeHash, account: AccountId, done: &Remembered) {
    let &Remembered { client, body, order, outcome, filled } = done;
    hash.words([body]);
    Event::OrderRepeated { account, order, client, outcome, filled, leaves: Lots::ZERO }.fold(hash);
}

fn markets(exchange: &Exchange, hash: &mut OutcomeHash) {
    for class in exchange.classes.iter() {
        hash.bytes(class.name.bytes());
        let reference = class.reference.map_or(0, Price::ticks);
        hash.words([class.window_seconds.into(), reference.into(), class.period.0]);
        for (partition, sample) in class.samples.iter() {
            let partition = u64::try_from(partition).expect("there are twelve partitions");
            hash.words([partition, sample.price.ticks().into(), sample.lots.count().into()]);
            hash.words([sample.buyer.0.into(), sample.seller.0.into()]);
        }
    }
    for (number, market) in exchange.markets.iter().enumerate() {
        let number = MarketId(position(number));
        Event::MarketAdded { market: number, spec: market.spec }.fold(hash);
        let reason = Label::new("state").expect("it is a label");
        Event::MarketLimitsSet { market: number, limits: market.limits, reason }.fold(hash);
        hash.words([market.next_window, market.mode.number().into()]);
        market.unopened.iter().for_each(|instrument| hash.words([instrument.0.into()]));
    }
    for instrument in &exchange.instruments {
        let phase = instrument.phase.number().into();
        hash.words([instrument.market.0.into(), instrument.start.0, instrument.gate.0, phase]);
        hash.words([instrument.trades, instrument.issued.count(), instrument.extinguished.count()]);
        let anchor = instrument.anchor.map_or(0, Price::ticks);
        hash.words([instrument.mode.number().into(), instrument.terms.bond.micro(), anchor.into()]);
    }
}

fn orders(exchange: &Exchange, instrument: InstrumentId, hash: &mut OutcomeHash) {
    for side in [Side::Bid, Side::Ask] {
        for maker in exchange.books.queue(instrument, side) {
            let open = exchange.orders.at(maker.order.slot());
            let (upper, lower) = open.client.map_or((0, 0), Label::halves);
            let place = [instrument.0.into(), side.number().into(), maker.order.raw()];
            hash.words(place);
            hash.words([maker.account.0.into(), maker.price.ticks().into(), open.lots.count().into()]);
            let lots = [maker.shown.count().into(), maker.hidden.count().into(), maker.clip.count().into()];
            hash.words(lots);
            hash.words([upper, lower, open.body]);
            let (upper, lower) = open.label.map_or((0, 0), Label::halves);
            let session = open.session.map_or(0, |session| session.0.get());
            hash.words([upper, lower, session.into(), terms(open.kind, open.prevention)]);
        }
    }
}

fn terms(kind: OrderKind, prevention: SelfTradePrevention) -> u64 {
    let kind = match kind {
        OrderKind::Limit => 0,
        OrderKind::Market => 1,
        OrderKind::PostOnly => 2,
        OrderKind::PostOnlySlide => 3,
    };
    let prevention = match prevention {
        SelfTradePrevention::CancelNewest => 0,
        SelfTradePrevention::CancelOldest => 1,
        SelfTradePrevention::CancelBoth => 2,
        SelfTradePrevention::Decrement => 3,
    };
    kind << 2 | prevention
}

fn positions(exchange: &Exchange, hash: &mut OutcomeHash) {
    // Iterated by instrument, and there the last entered first: rows are freed in that order.
    for row in exchange.ledger.positions.iter() {
        hash.words([row.instrument.0.into(), row.account.0.into(), row.lots.cast_unsigned()]);
        hash.words([row.capacity.count().into(), row.escrow.micro(), row.bonded.micro()]);
        for part in exchange.ledger.obligations.of(row.obligations) {
            let (price, lots) = (part.price.ticks().into(), part.lots.count().into());
            hash.words([part.issue, price, lots, part.fee.parts().into()]);
        }
    }
}

fn deliveries(exchange: &Exchange, hash: &mut OutcomeHash) {
    exchange.undrawn.iter().for_each(|instrument| hash.words([instrument.0.into()]));
    for (number, delivery) in exchange.deliveries.all().iter().enumerate() {
        let &crate::delivery::Delivery { instrument, provider, holder, price, lots, fee, own } = delivery;
        let delivery = DeliveryId(position(number));
        hash.words([fee.parts().into()]);
        Event::DeliveryDrawn { delivery, instrument, provider, holder, price, lots, own }.fold(hash);
    }
    let Some(drawing) = &exchange.drawing else { return };
    hash.words([drawing.instrument.0.into(), drawing.first.0.into()]);
    for (account, obligation) in drawing.owed() {
        let lots = obligation.lots.count();
        hash.words([account.0.into(), obligation.issue, obligation.price.ticks().into(), lots.into()]);
    }
    drawing.held().for_each(|(account, claims)| hash.words([account.0.into(), *claims]));
}
