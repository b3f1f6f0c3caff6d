//! Decode: commands from the bytes of a record. The other direction is `encode`.
//!
//! Total: any bytes give commands or the first fault, and every value passes its type's own constructor.

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId, OrderId, PublicKey, Scopes};
use engine::label::Label;
use engine::market::{MarketSpec, SelfTrade};
use engine::order::{NewOrder, OrderRef, Side, TimeInForce};
use engine::stamp::Time;
use engine::symbol::Name;
use engine::symbol::Tier;
use engine::units::{Amount, Lots, Ppm, Price};

use crate::fault::{RecordFault, Rule};
use crate::reader::Reader;

type Decoded<T> = Result<T, RecordFault>;

/// The command that begins at the reader's place.
pub(crate) fn command(from: &mut Reader<'_>) -> Decoded<Command> {
    let kind = from.fault(Rule::Kind);
    Ok(match from.byte()? {
        1 => Command::Tick,
        2 => Command::Found { epoch: from.long()?, seed: from.long()?, operator: key(from)? },
        3 => Command::OpenAccount {
            name: label(from)?,
            provider: choice(from)?,
            joins: option(from, account)?,
        },
        4 => Command::RegisterKey { account: account(from)?, key: key(from)?, scopes: scopes(from)? },
        5 => Command::RevokeKey { key: key(from)? },
        6 => Command::Deposit { account: account(from)?, amount: amount(from)?, reference: label(from)? },
        7 => Command::AddMarket(market(from)?),
        8 => {
            Command::SetCapacity { account: account(from)?, instrument: instrument(from)?, lots: lots(from)? }
        }
        9 => Command::PlaceOrder(new_order(from)?),
        10 => Command::CancelOrder { account: account(from)?, order: order_ref(from)? },
        11 => Command::ReduceOrder { account: account(from)?, order: order_ref(from)?, by: lots(from)? },
        12 => Command::CancelAll { account: account(from)?, instrument: option(from, instrument)? },
        _ => return Err(kind),
    })
}

/// A time.
pub(crate) fn time(from: &mut Reader<'_>) -> Decoded<Time> {
    from.long().map(Time)
}

fn market(from: &mut Reader<'_>) -> Decoded<MarketSpec> {
    Ok(MarketSpec {
        bond: amount(from)?,
        class: name(from)?,
        zone: name(from)?,
        tier: if choice(from)? { Tier::Interruptible } else { Tier::Firm },
        self_trade: if choice(from)? { SelfTrade::Allowed } else { SelfTrade::Prevented },
        window_seconds: from.word()?,
        windows: from.word()?,
        gate_seconds: from.word()?,
        maker_fee: fee(from)?,
        taker_fee: fee(from)?,
    })
}

fn new_order(from: &mut Reader<'_>) -> Decoded<NewOrder> {
    Ok(NewOrder {
        account: account(from)?,
        instrument: instrument(from)?,
        side: if choice(from)? { Side::Ask } else { Side::Bid },
        time_in_force: if choice(from)? { TimeInForce::ImmediateOrCancel } else { TimeInForce::GoodTillGate },
        limit: price(from)?,
        lots: lots(from)?,
        client: option(from, label)?,
        deadline: option(from, time)?,
    })
}

fn order_ref(from: &mut Reader<'_>) -> Decoded<OrderRef> {
    if choice(from)? {
        label(from).map(OrderRef::Client)
    } else {
        from.long().map(|raw| OrderRef::Id(OrderId::from_raw(raw)))
    }
}

/// A presence byte: 0 when nothing follows, 1 when the value does.
fn option<T>(from: &mut Reader<'_>, value: impl FnOnce(&mut Reader<'_>) -> Decoded<T>) -> Decoded<Option<T>> {
    if choice(from)? { value(from).map(Some) } else { Ok(None) }
}

fn choice(from: &mut Reader<'_>) -> Decoded<bool> {
    from.checked(Rule::Choice, |from| Ok([false, true].get(usize::from(from.byte()?)).copied()))
}

fn account(from: &mut Reader<'_>) -> Decoded<AccountId> {
    from.word().map(AccountId)
}

fn instrument(from: &mut Reader<'_>) -> Decoded<InstrumentId> {
    from.word().map(InstrumentId)
}

fn key(from: &mut Reader<'_>) -> Decoded<PublicKey> {
    from.array().map(PublicKey)
}

fn amount(from: &mut Reader<'_>) -> Decoded<Amount> {
    from.long().map(Amount::new)
}

fn scopes(from: &mut Reader<'_>) -> Decoded<Scopes> {
    from.checked(Rule::Scopes, |from| from.byte().map(Scopes::from_bits))
}

fn label(from: &mut Reader<'_>) -> Decoded<Label> {
    from.checked(Rule::Label, |from| from.wide().map(Label::from_raw))
}

fn name<const N: usize>(from: &mut Reader<'_>) -> Decoded<Name<N>> {
    from.checked(Rule::Name, |from| from.array().map(Name::from_bytes))
}

fn price(from: &mut Reader<'_>) -> Decoded<Price> {
    from.checked(Rule::Price, |from| from.word().map(|ticks| Price::new(ticks.into())))
}

fn lots(from: &mut Reader<'_>) -> Decoded<Lots> {
    from.checked(Rule::Lots, |from| from.word().map(|lots| Lots::new(lots.into())))
}

fn fee(from: &mut Reader<'_>) -> Decoded<Ppm> {
    from.checked(Rule::Fee, |from| from.word().map(|parts| Ppm::new(parts.into())))
}
