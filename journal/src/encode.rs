//! Encode: commands to the bytes of a record. The other direction is `decode`.
//!
//! Everything is taken apart by name, so that a new field or variant does not compile until it is written here.

mod delivery;

use engine::command::Command;
use engine::control::{AccountLimits, BandWidth, KillTarget, MarketLimits, ModeScope, TradingMode};
use engine::key::KeyBounds;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{Amendment, NewOrder, OrderKind, OrderRef, SelfTradePrevention, Side, TimeInForce};
use engine::order_filter::OrderFilter;
use engine::stamp::Time;
use engine::symbol::{Name, Tier};

use crate::writer::Writer;

/// Appends `command`: its kind, then its fields in the order of their declaration.
pub(crate) fn command(bytes: &mut Vec<u8>, command: &Command) {
    let to = Writer(bytes);
    match *command {
        Command::Tick => to.byte(1),
        Command::Found { epoch, seed, operator } => to.byte(2).long(epoch).long(seed).key(operator),
        Command::OpenAccount { name, provider, joins } => {
            to.byte(3).label(name).choice(provider).option(joins, Writer::account)
        }
        Command::RegisterKey { account, key, scopes, ref bounds } => {
            key_bounds(to.byte(4).account(account).key(key).byte(scopes.bits()), bounds)
        }
        Command::RevokeKey { key } => to.byte(5).key(key),
        Command::Deposit { account, amount, reference } => {
            to.byte(6).account(account).amount(amount).label(reference)
        }
        Command::AddMarket(ref spec) => market_spec(to.byte(7), spec),
        Command::SetCapacity { account, instrument, lots } => {
            to.byte(8).account(account).instrument(instrument).lots(lots)
        }
        Command::PlaceOrder(ref order) => new_order(to.byte(9), order),
        Command::CancelOrder { account, order } => order_ref(to.byte(10).account(account), order),
        Command::ReduceOrder { account, order, by } => {
            order_ref(to.byte(11).account(account), order).lots(by)
        }
        Command::CancelAll { account, ref only } => filter(to.byte(12).account(account), only),
        Command::AmendOrder(ref change) => amendment(to.byte(13), change),
        Command::CancelAfter { account, after } => to.byte(14).account(account).option(after, Writer::long),
        Command::EndSession { account, session } => to.byte(15).account(account).session(session),
        Command::SetMode { scope, mode, reason } => {
            trading_mode(mode_scope(to.byte(16), scope), mode).label(reason)
        }
        Command::SetMarketLimits { market, ref limits, reason } => {
            market_limits(to.byte(17).market(market), limits).label(reason)
        }
        Command::SetAccountLimits { account, ref limits, reason } => {
            account_limits(to.byte(18).account(account), limits).label(reason)
        }
        Command::SetLock { account, locked, reason } => {
            to.byte(19).account(account).choice(locked).label(reason)
        }
        Command::Kill { target, reason } => kill_target(to.byte(20), target).label(reason),
        Command::Draw { instrument, seed } => to.byte(21).instrument(instrument).long(seed),
        Command::Batch { account, count } => to.byte(26).account(account).byte(count),
        Command::ReplaceKey { key, by } => to.byte(22).key(key).key(by),
        Command::Transfer { account, to: other, amount, reference } => {
            to.byte(23).account(account).account(other).amount(amount).label(reference)
        }
        Command::Redeem { account, amount, reference } => {
            to.byte(24).account(account).amount(amount).label(reference)
        }
        Command::EndRedemption { account, reference, paid } => {
            to.byte(25).account(account).label(reference).choice(paid)
        }
        Command::Delivery(ref command) => delivery::command(to, command),
    };
}

/// Appends a time.
pub(crate) fn time(bytes: &mut Vec<u8>, time: Time) {
    Writer(bytes).time(time);
}

fn key_bounds<'a>(to: Writer<'a>, bounds: &KeyBounds) -> Writer<'a> {
    let KeyBounds { expires, order_notional, networks } = *bounds;
    let count = u8::try_from(networks.iter().count()).expect("a key has few networks");
    let to = to.time(expires).amount(order_notional).byte(count);
    networks.iter().fold(to, |to, network| to.raw(&network.address()).byte(network.bits()))
}

fn market_spec<'a>(to: Writer<'a>, spec: &MarketSpec) -> Writer<'a> {
    let MarketSpec { bond, class, zone, tier, self_trade, bond_rule, .. } = *spec;
    let MarketSpec { window_seconds, windows, windows_ahead, gate_seconds, maker_fee, taker_fee, .. } = *spec;
    let allowed = match self_trade {
        SelfTrade::Prevented => false,
        SelfTrade::Allowed => true,
    };
    let reference = match bond_rule {
        BondRule::Fixed => false,
        BondRule::Reference => true,
    };
    let to = name(name(to.amount(bond), class), zone);
    let to = self::tier(to, tier).choice(allowed).choice(reference);
    let to = to.word(window_seconds).word(windows).word(windows_ahead).word(gate_seconds);
    to.word(maker_fee.parts()).word(taker_fee.parts())
}

fn new_order<'a>(to: Writer<'a>, order: &NewOrder) -> Writer<'a> {
    let NewOrder { account, instrument, side, kind, time_in_force, prevention, limit, .. } = *order;
    let NewOrder { lots, minimum, shown, client, label, session, deadline, .. } = *order;
    let prevention = match prevention {
        SelfTradePrevention::CancelNewest => 0,
        SelfTradePrevention::CancelOldest => 1,
        SelfTradePrevention::CancelBoth => 2,
        SelfTradePrevention::Decrement => 3,
    };
    let to = order_kind(self::side(to.account(account).instrument(instrument), side), kind);
    let to = self::time_in_force(to, time_in_force);
    let to = to.byte(prevention).price(limit).lots(lots).lots(minimum).option(shown, Writer::lots);
    let to = to.option(client, Writer::label).option(label, Writer::label);
    to.option(session, Writer::session).option(deadline, Writer::time)
}

pub(crate) fn order_kind(to: Writer<'_>, kind: OrderKind) -> Writer<'_> {
    to.byte(match kind {
        OrderKind::Limit => 0,
        OrderKind::Market => 1,
        OrderKind::PostOnly => 2,
        OrderKind::PostOnlySlide => 3,
    })
}

pub(crate) fn time_in_force(to: Writer<'_>, time_in_force: TimeInForce) -> Writer<'_> {
    match time_in_force {
        TimeInForce::GoodTillGate => to.byte(0),
        TimeInForce::GoodTillDate(expires) => to.byte(1).time(expires),
        TimeInForce::ImmediateOrCancel => to.byte(2),
        TimeInForce::FillOrKill => to.byte(3),
    }
}

fn amendment<'a>(to: Writer<'a>, amendment: &Amendment) -> Writer<'a> {
    let Amendment { account, order, limit, lots, client, filled, deadline } = *amendment;
    let to = order_ref(to.account(account), order).option(limit, Writer::price).option(lots, Writer::lots);
    to.option(client, Writer::label).option(filled, Writer::lots).option(deadline, Writer::time)
}

fn filter<'a>(to: Writer<'a>, only: &OrderFilter) -> Writer<'a> {
    let OrderFilter { instrument, class, zone, tier, start, side, label, session } = *only;
    let to = to.option(instrument, Writer::instrument).option(class, name).option(zone, name);
    let to = to.option(tier, self::tier).option(start, Writer::time).option(side, self::side);
    to.option(label, Writer::label).option(session, Writer::session)
}

fn market_limits<'a>(to: Writer<'a>, limits: &MarketLimits) -> Writer<'a> {
    let MarketLimits { price_min, price_max, band, order_lots, position_lots, order_notional } = *limits;
    let width = |to: Writer<'a>, band: BandWidth| to.word(band.parts());
    let to = to.price(price_min).price(price_max).option(band, width);
    to.lots(order_lots).lots(position_lots).amount(order_notional)
}

fn account_limits<'a>(to: Writer<'a>, limits: &AccountLimits) -> Writer<'a> {
    let AccountLimits { open_orders, position_lots, order_notional } = *limits;
    to.word(open_orders).lots(position_lots).amount(order_notional)
}

fn order_ref(to: Writer<'_>, order: OrderRef) -> Writer<'_> {
    match order {
        OrderRef::Id(id) => to.choice(false).long(id.raw()),
        OrderRef::Client(label) => to.choice(true).label(label),
    }
}

fn mode_scope(to: Writer<'_>, scope: ModeScope) -> Writer<'_> {
    match scope {
        ModeScope::Venue => to.byte(0),
        ModeScope::Market(market) => to.byte(1).market(market),
        ModeScope::Instrument(instrument) => to.byte(2).instrument(instrument),
    }
}

fn trading_mode(to: Writer<'_>, mode: TradingMode) -> Writer<'_> {
    to.byte(mode.number())
}

fn kill_target(to: Writer<'_>, target: KillTarget) -> Writer<'_> {
    match target {
        KillTarget::Venue => to.choice(false),
        KillTarget::Account(account) => to.choice(true).account(account),
    }
}

pub(crate) fn name<const N: usize>(to: Writer<'_>, name: Name<N>) -> Writer<'_> {
    to.raw(name.bytes())
}

pub(crate) fn tier(to: Writer<'_>, tier: Tier) -> Writer<'_> {
    to.choice(match tier {
        Tier::Firm => false,
        Tier::Interruptible => true,
    })
}

pub(crate) fn side(to: Writer<'_>, side: Side) -> Writer<'_> {
    to.byte(side.number())
}
