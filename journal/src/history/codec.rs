//! Codec: private events, trades and symbols to the bytes of the history and back.
//!
//! A value begins with the version of this layout. Then come runs: events of one account, one command and consecutive
//! numbers (`first number 8, sequence 8, time 8, count 2, events`), or trades of one instrument and command. Everything is
//! taken apart by name, so that a new field or variant does not compile until it is written here. Decoding is total.

use engine::account::Balance;
use engine::ending::CancelReason;
use engine::event::{Liquidity, PrivateSequence, ReduceReason};
use engine::ids::{AccountId, InstrumentId, TradeId};
use engine::stamp::{Sequence, Stamp};
use engine::symbol::Symbol;
use engine::units::Lots;
use engine::view::orders::{OrderStatus, OrderView};

use crate::decode;
use crate::decode::value::{
    amount, choice, instrument, label, lots, name, one_of, option, order_id, price, session, side, tier, time,
};
use crate::encode;
use crate::fault::{RecordFault, Rule};
use crate::history::delivery::DeliveryChange;
use crate::history::{Execution, OrderChange, PrivateEvent, Trade, What};
use crate::reader::Reader;
use crate::writer::Writer;

/// The version of the layout.
pub const FORMAT_VERSION: u8 = 2;
/// Bytes of a run before its first event.
pub(super) const RUN_BYTES: usize = 26;

const CANCELS: [CancelReason; 11] = [
    CancelReason::User,
    CancelReason::All,
    CancelReason::Immediate,
    CancelReason::SelfTrade,
    CancelReason::Gate,
    CancelReason::Expired,
    CancelReason::Session,
    CancelReason::DeadMan,
    CancelReason::Kill,
    CancelReason::PriceBand,
    CancelReason::Sweep,
];
/// The number of a status that is no reason of a cancellation.
const OPEN: u8 = 0;
const FILLED: u8 = u8::MAX;

type Decoded<T> = Result<T, RecordFault>;

/// Begins a run that holds one item so far; what it holds is counted by [`count_up`].
pub(super) fn begin_run(bytes: &mut Vec<u8>, first: u64, stamp: Stamp) {
    let to = Writer(bytes).long(first).long(stamp.sequence.0).time(stamp.time);
    to.raw(&1_u16.to_le_bytes());
}

/// Counts one more item of the run that begins at `start`; `false` when it holds as many as can be counted.
pub(super) fn count_up(bytes: &mut [u8], start: usize) -> bool {
    let place = start + RUN_BYTES - 2..start + RUN_BYTES;
    let count = u16::from_le_bytes([bytes[place.start], bytes[place.start + 1]]);
    let Some(more) = count.checked_add(1) else { return false };
    bytes[place].copy_from_slice(&more.to_le_bytes());
    true
}

/// Appends a private event; whose it is, and its number, are known from where it stands.
pub(super) fn event(bytes: &mut Vec<u8>, what: &What) {
    let to = Writer(bytes);
    match *what {
        What::Order { change: OrderChange::Accepted, order } => self::order(to.byte(1), &order),
        What::Order { change: OrderChange::Executed(execution), order } => {
            let Execution { trade, liquidity, price, lots, fee } = execution;
            let to = to.byte(2).long(trade.0).choice(liquidity == Liquidity::Taker).price(price);
            self::order(to.lots(lots).amount(fee), &order)
        }
        What::Order { change: OrderChange::Reduced(reason), order } => {
            self::order(to.byte(3).choice(reason == ReduceReason::SelfTrade), &order)
        }
        What::Order { change: OrderChange::Amended(kept), order } => {
            self::order(to.byte(4).choice(kept), &order)
        }
        What::Order { change: OrderChange::Canceled, order } => self::order(to.byte(5), &order),
        What::Position { instrument, lots, escrow, bonded } => {
            to.byte(6).instrument(instrument).long(lots.cast_unsigned()).amount(escrow).amount(bonded)
        }
        What::Balance { balance: Balance { available, held, bonded }, redeeming } => {
            to.byte(7).amount(available).amount(held).amount(bonded).amount(redeeming)
        }
        What::TimerSet(due) => to.byte(8).option(due, Writer::time),
        What::TimerFired => to.byte(9),
        What::RedemptionBegun { amount, reference } => to.byte(10).amount(amount).label(reference),
        What::RedemptionEnded { amount, reference, paid } => {
            to.byte(11).amount(amount).label(reference).choice(paid)
        }
        What::Delivery(change) => change.put(to),
    };
}

fn order<'a>(to: Writer<'a>, order: &OrderView) -> Writer<'a> {
    #[rustfmt::skip]
    let OrderView {
        order: id, client, account: _, instrument, side, kind, time_in_force, minimum, clip, label, session, limit, lots,
        leaves, filled, cost, status, shown,
    } = *order;
    let to = encode::order_kind(encode::side(to.long(id.raw()).instrument(instrument), side), kind);
    let to = encode::time_in_force(to, time_in_force);
    let to = to.price(limit).lots(lots).lots(leaves).lots(filled).amount(cost);
    let to = to.byte(match status {
        OrderStatus::Open => OPEN,
        OrderStatus::Canceled(reason) => reason.number(),
        OrderStatus::Filled => FILLED,
    });
    let to = to.lots(shown).lots(minimum).option(clip, Writer::lots);
    to.option(client, Writer::label).option(label, Writer::label).option(session, Writer::session)
}

/// Appends a trade; its instrument and number are known from where it stands.
pub(super) fn trade(bytes: &mut Vec<u8>, trade: &Trade) {
    let Trade { instrument: _, trade: _, stamp: _, price, lots, maker, taker, taker_side } = *trade;
    encode::side(Writer(bytes).price(price).lots(lots).long(maker.raw()).long(taker.raw()), taker_side);
}

/// The bytes of a symbol.
pub fn symbol(symbol: &Symbol) -> Vec<u8> {
    let Symbol { class, zone, tier, start, minutes } = *symbol;
    let mut bytes = vec![FORMAT_VERSION];
    let to = encode::name(encode::name(Writer(&mut bytes), class), zone);
    encode::tier(to, tier).time(start).choice(minutes);
    bytes
}

/// The private events of `account` in a value, in order.
///
/// # Errors
/// The first rule that the bytes break.
pub fn events(account: AccountId, bytes: &[u8]) -> Decoded<Vec<PrivateEvent>> {
    let mut events = Vec::new();
    runs(bytes, |from, number, stamp| {
        let what = what(from, account)?;
        events.push(PrivateEvent { account, xseq: PrivateSequence(number), stamp, what });
        Ok(())
    })?;
    Ok(events)
}

/// The trades of `instrument` in a value, in order.
///
/// # Errors
/// The first rule that the bytes break.
pub fn trades(instrument: InstrumentId, bytes: &[u8]) -> Decoded<Vec<Trade>> {
    let mut trades = Vec::new();
    runs(bytes, |from, number, stamp| {
        trades.push(Trade {
            instrument,
            trade: TradeId(number),
            stamp,
            price: price(from)?,
            lots: lots(from)?,
            maker: order_id(from)?,
            taker: order_id(from)?,
            taker_side: side(from)?,
        });
        Ok(())
    })?;
    Ok(trades)
}

/// The symbol in a value.
///
/// # Errors
/// The first rule that the bytes break.
pub fn symbol_of(bytes: &[u8]) -> Decoded<Symbol> {
    let from = &mut begun(bytes)?;
    let symbol = Symbol {
        class: name(from)?,
        zone: name(from)?,
        tier: tier(from)?,
        start: time(from)?,
        minutes: choice(from)?,
    };
    if 0 < from.left() { Err(from.fault(Rule::Rest)) } else { Ok(symbol) }
}

/// The place after the version.
fn begun(bytes: &[u8]) -> Decoded<Reader<'_>> {
    let mut from = Reader::at(bytes, 0);
    from.checked(Rule::Format, |from| Ok((from.byte()? == FORMAT_VERSION).then_some(())))?;
    Ok(from)
}

/// Hands the number and stamp of every item to `read`, which takes it off the bytes.
fn runs(bytes: &[u8], mut read: impl FnMut(&mut Reader<'_>, u64, Stamp) -> Decoded<()>) -> Decoded<()> {
    let from = &mut begun(bytes)?;
    // The command of the run before, and the number that would have continued it, if it could be counted on.
    let mut open = None;
    while 0 < from.left() {
        let [broken, parted] = [Rule::Sequence, Rule::Run].map(|rule| from.fault(rule));
        let first = from.long()?;
        let stamp = Stamp { sequence: Sequence(from.long()?), time: time(from)? };
        let count = from.checked(Rule::Count, |from| Ok(Some(from.half()?).filter(|count| 0 < *count)))?;
        // The number after the last one fits too.
        let Some(next) = first.checked_add(count.into()).filter(|_| 0 < first) else { return Err(broken) };
        if open == Some((stamp.sequence, first)) {
            return Err(parted);
        }
        open = (count < u16::MAX).then_some((stamp.sequence, next));
        for place in 0..u64::from(count) {
            read(from, first + place, stamp)?;
        }
    }
    Ok(())
}

fn what(from: &mut Reader<'_>, account: AccountId) -> Decoded<What> {
    let kind = from.fault(Rule::Kind);
    let change = match from.byte()? {
        1 => OrderChange::Accepted,
        2 => OrderChange::Executed(execution(from)?),
        3 => OrderChange::Reduced(one_of(from, [ReduceReason::User, ReduceReason::SelfTrade])?),
        4 => OrderChange::Amended(choice(from)?),
        5 => OrderChange::Canceled,
        6 => {
            return Ok(What::Position {
                instrument: instrument(from)?,
                lots: from.long()?.cast_signed(),
                escrow: amount(from)?,
                bonded: amount(from)?,
            });
        }
        7 => {
            let (available, held, bonded) = (amount(from)?, amount(from)?, amount(from)?);
            let balance = Balance { available, held, bonded };
            return Ok(What::Balance { balance, redeeming: amount(from)? });
        }
        8 => return option(from, time).map(What::TimerSet),
        9 => return Ok(What::TimerFired),
        10 => return Ok(What::RedemptionBegun { amount: amount(from)?, reference: label(from)? }),
        11 => {
            let (amount, reference) = (amount(from)?, label(from)?);
            return Ok(What::RedemptionEnded { amount, reference, paid: choice(from)? });
        }
        number => return DeliveryChange::take(from, number, kind).map(What::Delivery),
    };
    Ok(What::Order { change, order: order_view(from, account)? })
}

fn execution(from: &mut Reader<'_>) -> Decoded<Execution> {
    Ok(Execution {
        trade: TradeId(from.long()?),
        liquidity: one_of(from, [Liquidity::Maker, Liquidity::Taker])?,
        price: price(from)?,
        lots: lots(from)?,
        fee: amount(from)?,
    })
}

fn order_view(from: &mut Reader<'_>, account: AccountId) -> Decoded<OrderView> {
    let (order, instrument, side) = (order_id(from)?, instrument(from)?, side(from)?);
    let (kind, time_in_force) = (decode::order_kind(from)?, decode::time_in_force(from)?);
    let (limit, [lots_asked, leaves, filled]) = (price(from)?, [lots(from)?, lots(from)?, lots(from)?]);
    let (cost, status) = (amount(from)?, from.checked(Rule::Choice, |from| from.byte().map(status))?);
    let (shown, minimum, clip): (Lots, Lots, Option<Lots>) = (lots(from)?, lots(from)?, option(from, lots)?);
    Ok(OrderView {
        order,
        client: option(from, label)?,
        account,
        instrument,
        side,
        kind,
        time_in_force,
        minimum,
        clip,
        label: option(from, label)?,
        session: option(from, session)?,
        limit,
        lots: lots_asked,
        leaves,
        filled,
        cost,
        status,
        shown,
    })
}

fn status(number: u8) -> Option<OrderStatus> {
    match number {
        OPEN => Some(OrderStatus::Open),
        FILLED => Some(OrderStatus::Filled),
        _ => {
            let reason = CANCELS.into_iter().find(|reason| reason.number() == number)?;
            Some(OrderStatus::Canceled(reason))
        }
    }
}
