//! State: one number for everything that later commands can depend on.
//!
//! Two exchanges with the same state hash answer every further command alike. Everything is folded in an order that
//! the state itself defines, never in the order of a hash table.

use crate::account::Balance;
use crate::book::Maker;
use crate::client_ids::Remembered;
use crate::command::Command;
use crate::delivery::Delivery;
use crate::delivery::run::Run;
use crate::event::fold::fold;
use crate::exchange::Exchange;
use crate::exchange::identity::order_words;
use crate::ids::{InstrumentId, position};
use crate::obligation::Obligation;
use crate::order::{NewOrder, OrderRef, Side};
use crate::outcome::OutcomeHash;
use crate::payment::Payment;
use crate::timers::Timer;

pub(super) fn hash(exchange: &Exchange) -> OutcomeHash {
    let mut hash = OutcomeHash::default();
    let founding = exchange.founding.map_or([0, 0, 0], |founding| [1, founding.epoch, founding.seed]);
    hash.words(founding);
    hash.words([exchange.last.sequence.0, exchange.last.time.0, exchange.books.next_name().raw()]);
    // Names are given again in the order of this list.
    exchange.books.names_free().for_each(|name| hash.words([name.raw()]));
    let purge = exchange.purge.map_or(0, |account| u64::from(account.0) + 1);
    hash.words([exchange.mode.number().into(), purge]);
    gathering(exchange, &mut hash);
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
            Timer::Reference(class) => (3, class.0),
            Timer::Gate(instrument) => (4, instrument.0),
            Timer::Roll(market) => (5, market.0),
            Timer::Draw(instrument) => (6, instrument.0),
            Timer::Deadline(instrument) => (7, instrument.0),
            Timer::Settle(instrument) => (8, instrument.0),
            Timer::Purge => (9, 0),
        };
        hash.words([due.0, kind, id.into()]);
    }
    hash
}

/// The batch that is coming: what has come of it.
fn gathering(exchange: &Exchange, hash: &mut OutcomeHash) {
    let Some(gathering) = &exchange.gathering else { return };
    let (account, count, ops) = gathering.ops();
    fold(hash, &[&account, &count]);
    for op in ops {
        match *op {
            Command::PlaceOrder(ref order) => {
                hash.words(order_words(order));
                let &NewOrder { session, deadline, client, .. } = order;
                fold(hash, &[&client, &session, &deadline]);
            }
            Command::CancelOrder { order: OrderRef::Id(order), .. } => fold(hash, &[&order]),
            Command::CancelOrder { order: OrderRef::Client(client), .. } => fold(hash, &[&client]),
            _ => unreachable!("nothing else is gathered"),
        }
    }
}

fn accounts(exchange: &Exchange, hash: &mut OutcomeHash) {
    let ledger = &exchange.ledger;
    fold(hash, &[&ledger.supply, &ledger.escrow, &ledger.fees, &ledger.obligations.issued()]);
    for (number, account) in ledger.accounts.iter() {
        let (name, group) = (ledger.accounts.name(number), ledger.accounts.group(number));
        fold(hash, &[&number, &name, &group, &account.provider, &account.locked, &account.xseq]);
        let Balance { available, held, bonded } = account.balance();
        fold(hash, &[&available, &held, &bonded, &account.limits]);
        // Cancelling all goes by age, which the books do not tell.
        exchange.orders.of(account).for_each(|slot| hash.words([slot.into()]));
        for Remembered { client, body, order, outcome, filled } in exchange.client_ids.of(number) {
            fold(hash, &[&client, &body, &order, &outcome, &filled]);
        }
    }
    for (key, grant) in ledger.accounts.keys() {
        fold(hash, &[key, &grant.account, &grant.scopes, &grant.bounds]);
    }
    ledger.accounts.auditors().for_each(|auditor| fold(hash, &[&auditor]));
    ledger.providers.iter().for_each(|(account, provider)| fold(hash, &[&account, provider]));
    for reference in &ledger.references {
        fold(hash, &[reference]);
    }
    for (account, reference, payment) in ledger.payments.iter() {
        let Payment { to, amount, state } = payment;
        fold(hash, &[&account, &reference, to, amount, state]);
    }
}

fn markets(exchange: &Exchange, hash: &mut OutcomeHash) {
    for class in exchange.classes.iter() {
        fold(hash, &[&class.name, &class.window_seconds, &class.reference, &class.period]);
        for (partition, sample) in class.samples.iter() {
            fold(hash, &[&position(partition), &sample.price, &sample.lots, &sample.buyer, &sample.seller]);
        }
    }
    for market in &exchange.markets {
        fold(hash, &[&market.spec, &market.limits, &market.next_window, &market.mode]);
        fold(hash, &[&market.delivery]);
        market.unopened.iter().for_each(|instrument| fold(hash, &[instrument]));
    }
    for instrument in &exchange.instruments {
        fold(
            hash,
            &[&instrument.market, &instrument.start, &instrument.gate, &instrument.phase, &instrument.mode],
        );
        fold(hash, &[&instrument.trades, &instrument.issued, &instrument.extinguished]);
        fold(hash, &[&instrument.terms.bond, &instrument.anchor, &instrument.reference]);
        fold(hash, &[&instrument.delivery, &instrument.deliveries]);
    }
}

fn orders(exchange: &Exchange, instrument: InstrumentId, hash: &mut OutcomeHash) {
    for side in [Side::Bid, Side::Ask] {
        for Maker { order, account, price, shown, hidden, clip } in exchange.books.queue(instrument, side) {
            let open = exchange.orders.at(order.slot());
            fold(hash, &[&instrument, &side, &order, &account, &price, &shown, &hidden, &clip]);
            fold(
                hash,
                &[
                    &open.client,
                    &open.body,
                    &open.label,
                    &open.session,
                    &open.lots,
                    &open.kind,
                    &open.prevention,
                ],
            );
        }
    }
}

fn positions(exchange: &Exchange, hash: &mut OutcomeHash) {
    // Iterated by instrument, and there the last entered first: rows are freed in that order.
    for row in exchange.ledger.positions.iter() {
        fold(
            hash,
            &[
                &row.instrument,
                &row.account,
                &row.lots,
                &row.capacity,
                &row.maintained,
                &row.escrow,
                &row.bonded,
            ],
        );
        for part in exchange.ledger.obligations.of(row.obligations) {
            obligation(hash, part);
        }
    }
}

fn obligation(hash: &mut OutcomeHash, obligation: &Obligation) {
    let &Obligation { issue, price, lots, fee } = obligation;
    fold(hash, &[&issue, &price, &lots, &fee]);
}

fn deliveries(exchange: &Exchange, hash: &mut OutcomeHash) {
    exchange.undrawn.iter().for_each(|instrument| fold(hash, &[instrument]));
    for (number, delivery) in exchange.deliveries.all() {
        let &Delivery { instrument, provider, holder, price, lots, fee, .. } = delivery;
        fold(hash, &[&number, &instrument, &provider, &holder, &price, &lots, &fee]);
        let &Delivery { own, maintained, acknowledged, ref slots, .. } = delivery;
        fold(hash, &[&own, &maintained, &acknowledged]);
        slots.iter().for_each(|slot| fold(hash, &[slot]));
        delivery.evidence.iter().for_each(|evidence| fold(hash, &[evidence]));
    }
    for (instrument, run) in exchange.deliveries.runs() {
        let &Run { start, slot_nanos, first, count, ref terms, bond, reference, passed, cursor } = run;
        fold(hash, &[&instrument, &start, &slot_nanos, &first, &count, terms, &bond, &reference, &cursor]);
        passed.iter().for_each(|passed| fold(hash, &[passed]));
    }
    for ((delivery, slot), audit) in &exchange.deliveries.audits {
        fold(hash, &[delivery, slot]);
        audit.seats().for_each(|(auditor, answer)| fold(hash, &[&auditor, &answer]));
    }
    let Some(drawing) = &exchange.drawing else { return };
    fold(hash, &[&drawing.instrument, &drawing.first]);
    for (account, owed) in drawing.owed() {
        fold(hash, &[account]);
        obligation(hash, owed);
    }
    drawing.held().for_each(|(account, claims)| fold(hash, &[account, claims]));
}
