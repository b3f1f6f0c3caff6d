//! Decode: commands from the bytes of a record. The other direction is `encode`.
//!
//! Total: any bytes give commands or the first fault, and every value passes its type's own constructor.

mod delivery;
pub(crate) mod value;

use engine::command::Command;
use engine::control::{AccountLimits, KillTarget, MarketLimits, ModeScope, TradingMode};
use engine::key::KeyBounds;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{Amendment, NewOrder, OrderKind, OrderRef, SelfTradePrevention, TimeInForce};
use engine::order_filter::OrderFilter;

use crate::fault::{RecordFault, Rule};
use crate::reader::Reader;

use value::{
    account, amount, band, choice, fee, instrument, key, label, long, lots, market, name, networks, one_of,
    option, order_id, price, scopes, session, side, tier, time,
};

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
        4 => Command::RegisterKey {
            account: account(from)?,
            key: key(from)?,
            scopes: scopes(from)?,
            bounds: key_bounds(from)?,
        },
        5 => Command::RevokeKey { key: key(from)? },
        6 => Command::Deposit { account: account(from)?, amount: amount(from)?, reference: label(from)? },
        7 => Command::AddMarket(market_spec(from)?),
        8 => {
            Command::SetCapacity { account: account(from)?, instrument: instrument(from)?, lots: lots(from)? }
        }
        9 => Command::PlaceOrder(new_order(from)?),
        10 => Command::CancelOrder { account: account(from)?, order: order_ref(from)? },
        11 => Command::ReduceOrder { account: account(from)?, order: order_ref(from)?, by: lots(from)? },
        12 => Command::CancelAll { account: account(from)?, only: filter(from)? },
        13 => Command::AmendOrder(amendment(from)?),
        14 => Command::CancelAfter { account: account(from)?, after: option(from, long)? },
        15 => Command::EndSession { account: account(from)?, session: session(from)? },
        16 => Command::SetMode { scope: mode_scope(from)?, mode: mode(from)?, reason: label(from)? },
        17 => Command::SetMarketLimits {
            market: market(from)?,
            limits: market_limits(from)?,
            reason: label(from)?,
        },
        18 => Command::SetAccountLimits {
            account: account(from)?,
            limits: account_limits(from)?,
            reason: label(from)?,
        },
        19 => Command::SetLock { account: account(from)?, locked: choice(from)?, reason: label(from)? },
        20 => Command::Kill { target: kill_target(from)?, reason: label(from)? },
        21 => Command::Draw { instrument: instrument(from)?, seed: from.long()? },
        22 => Command::ReplaceKey { key: key(from)?, by: key(from)? },
        23 => Command::Transfer {
            account: account(from)?,
            to: account(from)?,
            amount: amount(from)?,
            reference: label(from)?,
        },
        24 => Command::Redeem { account: account(from)?, amount: amount(from)?, reference: label(from)? },
        25 => {
            Command::EndRedemption { account: account(from)?, reference: label(from)?, paid: choice(from)? }
        }
        26 => Command::Batch { account: account(from)?, count: from.byte()? },
        number => Command::Delivery(delivery::command(from, number, kind)?),
    })
}

fn key_bounds(from: &mut Reader<'_>) -> Decoded<KeyBounds> {
    Ok(KeyBounds { expires: time(from)?, order_notional: amount(from)?, networks: networks(from)? })
}

fn market_spec(from: &mut Reader<'_>) -> Decoded<MarketSpec> {
    Ok(MarketSpec {
        bond: amount(from)?,
        class: name(from)?,
        zone: name(from)?,
        tier: tier(from)?,
        self_trade: one_of(from, [SelfTrade::Prevented, SelfTrade::Allowed])?,
        bond_rule: one_of(from, [BondRule::Fixed, BondRule::Reference])?,
        window_seconds: from.word()?,
        windows: from.word()?,
        windows_ahead: from.word()?,
        gate_seconds: from.word()?,
        maker_fee: fee(from)?,
        taker_fee: fee(from)?,
    })
}

fn new_order(from: &mut Reader<'_>) -> Decoded<NewOrder> {
    const PREVENTIONS: [SelfTradePrevention; 4] = [
        SelfTradePrevention::CancelNewest,
        SelfTradePrevention::CancelOldest,
        SelfTradePrevention::CancelBoth,
        SelfTradePrevention::Decrement,
    ];
    Ok(NewOrder {
        account: account(from)?,
        instrument: instrument(from)?,
        side: side(from)?,
        kind: order_kind(from)?,
        time_in_force: time_in_force(from)?,
        prevention: one_of(from, PREVENTIONS)?,
        limit: price(from)?,
        lots: lots(from)?,
        minimum: lots(from)?,
        shown: option(from, lots)?,
        client: option(from, label)?,
        label: option(from, label)?,
        session: option(from, session)?,
        deadline: option(from, time)?,
    })
}

pub(crate) fn order_kind(from: &mut Reader<'_>) -> Decoded<OrderKind> {
    one_of(from, [OrderKind::Limit, OrderKind::Market, OrderKind::PostOnly, OrderKind::PostOnlySlide])
}

pub(crate) fn time_in_force(from: &mut Reader<'_>) -> Decoded<TimeInForce> {
    Ok(match one_of(from, [0, 1, 2, 3])? {
        0 => TimeInForce::GoodTillGate,
        1 => TimeInForce::GoodTillDate(time(from)?),
        2 => TimeInForce::ImmediateOrCancel,
        _ => TimeInForce::FillOrKill,
    })
}

fn amendment(from: &mut Reader<'_>) -> Decoded<Amendment> {
    Ok(Amendment {
        account: account(from)?,
        order: order_ref(from)?,
        limit: option(from, price)?,
        lots: option(from, lots)?,
        client: option(from, label)?,
        filled: option(from, lots)?,
        deadline: option(from, time)?,
    })
}

fn filter(from: &mut Reader<'_>) -> Decoded<OrderFilter> {
    Ok(OrderFilter {
        instrument: option(from, instrument)?,
        class: option(from, name)?,
        zone: option(from, name)?,
        tier: option(from, tier)?,
        start: option(from, time)?,
        side: option(from, side)?,
        label: option(from, label)?,
        session: option(from, session)?,
    })
}

fn market_limits(from: &mut Reader<'_>) -> Decoded<MarketLimits> {
    Ok(MarketLimits {
        price_min: price(from)?,
        price_max: price(from)?,
        band: option(from, band)?,
        order_lots: lots(from)?,
        position_lots: lots(from)?,
        order_notional: amount(from)?,
    })
}

fn account_limits(from: &mut Reader<'_>) -> Decoded<AccountLimits> {
    Ok(AccountLimits { open_orders: from.word()?, position_lots: lots(from)?, order_notional: amount(from)? })
}

fn order_ref(from: &mut Reader<'_>) -> Decoded<OrderRef> {
    if choice(from)? { label(from).map(OrderRef::Client) } else { order_id(from).map(OrderRef::Id) }
}

fn mode_scope(from: &mut Reader<'_>) -> Decoded<ModeScope> {
    Ok(match one_of(from, [0, 1, 2])? {
        0 => ModeScope::Venue,
        1 => ModeScope::Market(market(from)?),
        _ => ModeScope::Instrument(instrument(from)?),
    })
}

fn mode(from: &mut Reader<'_>) -> Decoded<TradingMode> {
    one_of(from, [TradingMode::Open, TradingMode::PostOnly, TradingMode::CancelOnly, TradingMode::Halted])
}

fn kill_target(from: &mut Reader<'_>) -> Decoded<KillTarget> {
    Ok(match option(from, account)? {
        None => KillTarget::Venue,
        Some(account) => KillTarget::Account(account),
    })
}
