//! State: one number for everything that later commands can depend on.
//!
//! Two exchanges with the same state hash answer every further command alike. Everything is folded in an order that
//! the state itself defines, never in the order of a hash table.

use crate::event::Event;
use crate::exchange::Exchange;
use crate::ids::{InstrumentId, MarketId, position};
use crate::instrument::Phase;
use crate::label::Label;
use crate::order::Side;
use crate::outcome::OutcomeHash;
use crate::timers::Timer;

pub(super) fn hash(exchange: &Exchange) -> OutcomeHash {
    let mut hash = OutcomeHash::default();
    let founding = exchange.founding.map_or([0, 0, 0], |founding| [1, founding.epoch, founding.seed]);
    hash.words(founding);
    hash.words([exchange.last.sequence.0, exchange.last.time.0, exchange.books.next_name().raw()]);
    // Names are given again in the order of this list.
    exchange.books.names_free().for_each(|name| hash.words([name.raw()]));
    accounts(exchange, &mut hash);
    markets(exchange, &mut hash);
    for number in 0..exchange.instruments.len() {
        orders(exchange, InstrumentId(position(number)), &mut hash);
    }
    positions(exchange, &mut hash);
    for (due, timer) in exchange.timers.iter() {
        let (kind, id) = match timer {
            Timer::Gate(instrument) => (1, instrument.0),
            Timer::Roll(market) => (2, market.0),
        };
        hash.words([due.0, kind, id.into()]);
    }
    hash
}

fn accounts(exchange: &Exchange, hash: &mut OutcomeHash) {
    let ledger = &exchange.ledger;
    hash.words([
        ledger.supply.micro(),
        ledger.escrow.micro(),
        ledger.fees.micro(),
        ledger.obligations.issued(),
    ]);
    for (number, account) in ledger.accounts.iter() {
        let (upper, lower) = account.name.halves();
        let balance = account.balance;
        hash.words([
            number.0.into(),
            upper,
            lower,
            account.group.0.into(),
            account.provider.into(),
            account.xseq.0,
        ]);
        hash.words([balance.available.micro(), balance.held.micro(), balance.bonded.micro()]);
        // Cancelling all goes by age, which the books do not tell.
        exchange.orders.of(account).for_each(|open| hash.words([open.order.raw()]));
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

fn markets(exchange: &Exchange, hash: &mut OutcomeHash) {
    for (number, market) in exchange.markets.iter().enumerate() {
        let added = Event::MarketAdded { market: MarketId(position(number)), spec: market.spec };
        added.fold(hash);
        hash.words([market.next_window]);
    }
    for instrument in &exchange.instruments {
        let open = u64::from(instrument.phase == Phase::Open);
        hash.words([instrument.market.0.into(), instrument.start.0, instrument.gate.0, open]);
        hash.words([instrument.trades, instrument.issued.count(), instrument.extinguished.count()]);
    }
}

fn orders(exchange: &Exchange, instrument: InstrumentId, hash: &mut OutcomeHash) {
    for side in [Side::Bid, Side::Ask] {
        for maker in exchange.books.queue(instrument, side) {
            let open = exchange.orders.at(maker.order.slot());
            let (upper, lower) = open.client.map_or((0, 0), Label::halves);
            hash.words([
                instrument.0.into(),
                side.number().into(),
                maker.order.raw(),
                maker.account.0.into(),
            ]);
            hash.words([maker.price.ticks().into(), maker.lots.count().into(), open.lots.count().into()]);
            hash.words([upper, lower]);
        }
    }
}

fn positions(exchange: &Exchange, hash: &mut OutcomeHash) {
    let mut rows: Vec<_> = exchange.ledger.positions.iter().collect();
    rows.sort_unstable_by_key(|row| (row.instrument, row.account));
    for row in rows {
        hash.words([row.instrument.0.into(), row.account.0.into(), row.lots.cast_unsigned()]);
        hash.words([row.capacity.count().into(), row.escrow.micro(), row.bonded.micro()]);
        for part in exchange.ledger.obligations.of(row.obligations) {
            hash.words([
                part.issue,
                part.price.ticks().into(),
                part.lots.count().into(),
                part.fee.parts().into(),
            ]);
        }
    }
}
