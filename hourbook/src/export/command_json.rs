//! Command as JSON: what stands in the journal, field for field, as an object.
//!
//! Prices, amounts and times are strings, as in the protocol; numbers that name something are numbers. What is absent is left
//! out. Everything is taken apart by name, so that a new field or variant does not compile until it is written here.

use api::convert::key::network_text;
use engine::command::{Command, Stamped};
use engine::control::{AccountLimits, KillTarget, MarketLimits, ModeScope, TradingMode};
use engine::ids::{PublicKey, Scopes};
use engine::key::KeyBounds;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{Amendment, NewOrder, OrderKind, OrderRef, SelfTradePrevention, Side, TimeInForce};
use engine::order_filter::OrderFilter;
use engine::reject::RejectReason;
use engine::stamp::Time;
use engine::symbol::Tier;
use engine::units::{Lots, Price};
use protocol::decimal::{self, Scale};
use serde_json::Value;

use crate::export::delivery_json;
use crate::export::fields::{Fields, KIND, money};

/// A command with its place and time; `rejected` says why it changed nothing, if so.
pub(crate) fn object(stamped: &Stamped, rejected: Option<RejectReason>) -> Value {
    let Stamped { stamp, command } = stamped;
    let fields = Fields::default().with("sequence", stamp.sequence.0).with("time", time(stamp.time));
    let reason = rejected.map(|reason| format!("{reason:?}"));
    described(fields, command).maybe("rejected", reason).object()
}

fn described(to: Fields, command: &Command) -> Fields {
    match *command {
        Command::Tick => to.with(KIND, "tick"),
        Command::Found { epoch, seed, operator } => {
            let to = to.with(KIND, "found").with("epoch", format!("{epoch:016x}")).with("seed", seed);
            to.with("operator", key(operator))
        }
        Command::OpenAccount { name, provider, joins } => {
            let to =
                to.with(KIND, "open_account").with("name", name.to_string()).only_if(provider, "provider");
            to.maybe("joins", joins.map(|account| account.0))
        }
        Command::RegisterKey { account, key: public, scopes, bounds } => {
            let to = to.with(KIND, "register_key").with("account", account.0).with("key", key(public));
            key_bounds(to.with("scopes", self::scopes(scopes)), &bounds)
        }
        Command::ReplaceKey { key: public, by } => {
            to.with(KIND, "replace_key").with("key", key(public)).with("by", key(by))
        }
        Command::RevokeKey { key: public } => to.with(KIND, "revoke_key").with("key", key(public)),
        Command::Deposit { .. }
        | Command::Transfer { .. }
        | Command::Redeem { .. }
        | Command::EndRedemption { .. } => payment(to, command),
        Command::Batch { account, count } => {
            to.with(KIND, "batch").with("account", account.0).with("count", count)
        }
        Command::AddMarket(ref spec) => market(to.with(KIND, "add_market"), spec),
        Command::SetCapacity { account, instrument, lots } => {
            let to =
                to.with(KIND, "set_capacity").with("account", account.0).with("instrument", instrument.0);
            to.with("lots", lots.count())
        }
        Command::PlaceOrder(ref order) => new_order(to.with(KIND, "place_order"), order),
        Command::CancelOrder { account, order } => {
            order_ref(to.with(KIND, "cancel_order").with("account", account.0), order)
        }
        Command::ReduceOrder { account, order, by } => {
            order_ref(to.with(KIND, "reduce_order").with("account", account.0), order).with("by", by.count())
        }
        Command::CancelAll { account, ref only } => {
            filter(to.with(KIND, "cancel_all").with("account", account.0), only)
        }
        Command::AmendOrder(ref change) => amendment(to.with(KIND, "amend_order"), change),
        Command::CancelAfter { account, after } => {
            to.with(KIND, "cancel_after").with("account", account.0).maybe("after_ns", after)
        }
        Command::EndSession { account, session } => {
            to.with(KIND, "end_session").with("account", account.0).with("session", session.0.get())
        }
        Command::Draw { instrument, seed } => {
            to.with(KIND, "draw").with("instrument", instrument.0).with("seed", seed)
        }
        Command::Delivery(ref command) => delivery_json::described(to, command),
        Command::SetMode { .. }
        | Command::SetMarketLimits { .. }
        | Command::SetAccountLimits { .. }
        | Command::SetLock { .. }
        | Command::Kill { .. } => control(to, command),
    }
}

/// Credit that comes, goes, or changes hands.
fn payment(to: Fields, command: &Command) -> Fields {
    match *command {
        Command::Deposit { account, amount, reference } => {
            let to = to.with(KIND, "deposit").with("account", account.0).with("amount", money(amount));
            to.with("reference", reference.to_string())
        }
        Command::Transfer { account, to: receiver, amount, reference } => {
            let to = to.with(KIND, "transfer").with("account", account.0).with("to", receiver.0);
            to.with("amount", money(amount)).with("reference", reference.to_string())
        }
        Command::Redeem { account, amount, reference } => {
            let to = to.with(KIND, "redeem").with("account", account.0).with("amount", money(amount));
            to.with("reference", reference.to_string())
        }
        Command::EndRedemption { account, reference, paid } => {
            let to = to.with(KIND, "end_redemption").with("account", account.0);
            to.with("reference", reference.to_string()).with("paid", paid)
        }
        _ => unreachable!("other commands are written elsewhere"),
    }
}

/// What operators rule.
fn control(to: Fields, command: &Command) -> Fields {
    match *command {
        Command::SetMode { scope, mode, reason } => {
            let to = match scope {
                ModeScope::Venue => to.with(KIND, "set_mode").with("scope", "venue"),
                ModeScope::Market(market) => to.with(KIND, "set_mode").with("market", market.0),
                ModeScope::Instrument(instrument) => {
                    to.with(KIND, "set_mode").with("instrument", instrument.0)
                }
            };
            let mode = match mode {
                TradingMode::Open => "open",
                TradingMode::PostOnly => "post_only",
                TradingMode::CancelOnly => "cancel_only",
                TradingMode::Halted => "halted",
            };
            to.with("mode", mode).with("reason", reason.to_string())
        }
        Command::SetMarketLimits { market, ref limits, reason } => {
            let MarketLimits { price_min, price_max, band, order_lots, position_lots, order_notional } =
                *limits;
            let to = to
                .with(KIND, "set_market_limits")
                .with("market", market.0)
                .with("price_min", price(price_min));
            let to = to.with("price_max", price(price_max)).maybe("band_ppm", band.map(|band| band.parts()));
            let to = to.with("order_lots", order_lots.count()).with("position_lots", position_lots.count());
            to.with("order_notional", money(order_notional)).with("reason", reason.to_string())
        }
        Command::SetAccountLimits { account, ref limits, reason } => {
            let AccountLimits { open_orders, position_lots, order_notional } = *limits;
            let to = to
                .with(KIND, "set_account_limits")
                .with("account", account.0)
                .with("open_orders", open_orders);
            let to = to.with("position_lots", position_lots.count());
            to.with("order_notional", money(order_notional)).with("reason", reason.to_string())
        }
        Command::SetLock { account, locked, reason } => {
            let to = to.with(KIND, "set_lock").with("account", account.0).with("locked", locked);
            to.with("reason", reason.to_string())
        }
        Command::Kill { target, reason } => {
            let account = match target {
                KillTarget::Venue => None,
                KillTarget::Account(account) => Some(account.0),
            };
            to.with(KIND, "kill").maybe("account", account).with("reason", reason.to_string())
        }
        _ => unreachable!("other commands are written elsewhere"),
    }
}

/// What a key is bound to; nothing of what it is not.
fn key_bounds(to: Fields, bounds: &KeyBounds) -> Fields {
    let KeyBounds { expires, order_notional, networks } = *bounds;
    let networks: Vec<String> = networks.iter().map(network_text).collect();
    let bound = |is_bound: bool, text: String| is_bound.then_some(text);
    let to = to.maybe("expires", bound(expires != KeyBounds::NONE.expires, time(expires)));
    let notional = bound(order_notional != KeyBounds::NONE.order_notional, money(order_notional));
    to.maybe("order_notional", notional).maybe("networks", Some(networks).filter(|list| !list.is_empty()))
}

fn market(to: Fields, spec: &MarketSpec) -> Fields {
    #[rustfmt::skip]
    let MarketSpec {
        bond, class, zone, tier, self_trade, bond_rule, window_seconds, windows, windows_ahead, gate_seconds, maker_fee,
        taker_fee,
    } = *spec;
    let to =
        to.with("class", class.to_string()).with("zone", zone.to_string()).with("tier", self::tier(tier));
    let to = to.with("bond", money(bond)).only_if(bond_rule == BondRule::Reference, "bond_follows_reference");
    let to = to.only_if(self_trade == SelfTrade::Allowed, "self_trade_allowed");
    let to = to.with("window_seconds", window_seconds).with("windows", windows);
    let to = to.with("windows_ahead", windows_ahead).with("gate_seconds", gate_seconds);
    to.with("maker_fee_ppm", maker_fee.parts()).with("taker_fee_ppm", taker_fee.parts())
}

fn new_order(to: Fields, order: &NewOrder) -> Fields {
    #[rustfmt::skip]
    let NewOrder {
        account, instrument, side, kind, time_in_force, prevention, limit, lots, minimum, shown, client, label, session,
        deadline,
    } = *order;
    let kind = match kind {
        OrderKind::Limit => "limit",
        OrderKind::Market => "market",
        OrderKind::PostOnly => "post_only",
        OrderKind::PostOnlySlide => "post_only_slide",
    };
    let (wait, expires) = match time_in_force {
        TimeInForce::GoodTillGate => ("gtc", None),
        TimeInForce::GoodTillDate(expires) => ("gtd", Some(time(expires))),
        TimeInForce::ImmediateOrCancel => ("ioc", None),
        TimeInForce::FillOrKill => ("fok", None),
    };
    let prevention = match prevention {
        SelfTradePrevention::CancelNewest => "cancel_newest",
        SelfTradePrevention::CancelOldest => "cancel_oldest",
        SelfTradePrevention::CancelBoth => "cancel_both",
        SelfTradePrevention::Decrement => "decrement",
    };
    let to = to.with("account", account.0).with("instrument", instrument.0).with("side", self::side(side));
    let to = to.with("kind", kind).with("time_in_force", wait).maybe("expires", expires);
    let to = to.with("stp", prevention).with("limit", price(limit)).with("lots", lots.count());
    let to = to.maybe("minimum", Some(minimum.count()).filter(|minimum| 0 < *minimum));
    let to = to.maybe("shown", shown.map(Lots::count)).maybe("cl_ord_id", text(client));
    let to = to.maybe("label", text(label)).maybe("session", session.map(|session| session.0.get()));
    to.maybe("deadline", deadline.map(time))
}

fn amendment(to: Fields, amendment: &Amendment) -> Fields {
    let Amendment { account, order, limit, lots, client, filled, deadline } = *amendment;
    let to = order_ref(to.with("account", account.0), order).maybe("limit", limit.map(price));
    let to = to.maybe("lots", lots.map(Lots::count)).maybe("new_cl_ord_id", text(client));
    to.maybe("filled", filled.map(Lots::count)).maybe("deadline", deadline.map(time))
}

fn filter(to: Fields, only: &OrderFilter) -> Fields {
    let OrderFilter { instrument, class, zone, tier, start, side, label, session } = *only;
    let to = to.maybe("instrument", instrument.map(|instrument| instrument.0)).maybe("class", text(class));
    let to = to.maybe("zone", text(zone)).maybe("tier", tier.map(self::tier)).maybe("start", start.map(time));
    let to = to.maybe("side", side.map(self::side)).maybe("label", text(label));
    to.maybe("session", session.map(|session| session.0.get()))
}

fn order_ref(to: Fields, order: OrderRef) -> Fields {
    match order {
        OrderRef::Id(id) => to.with("order", id.to_string()),
        OrderRef::Client(client) => to.with("cl_ord_id", client.to_string()),
    }
}

fn scopes(scopes: Scopes) -> Vec<&'static str> {
    let all = [
        (Scopes::READ, "read"),
        (Scopes::TRADE, "trade"),
        (Scopes::CANCEL, "cancel"),
        (Scopes::PROVIDE, "provide"),
        (Scopes::ADMIN, "admin"),
        (Scopes::AUDIT, "audit"),
        (Scopes::TRANSFER, "transfer"),
    ];
    all.into_iter().filter(|(scope, _)| scopes.contains(*scope)).map(|(_, name)| name).collect()
}

/// Bought or sold.
pub(crate) fn side(side: Side) -> &'static str {
    match side {
        Side::Bid => "buy",
        Side::Ask => "sell",
    }
}

fn tier(tier: Tier) -> &'static str {
    match tier {
        Tier::Firm => "firm",
        Tier::Interruptible => "interruptible",
    }
}

fn key(PublicKey(bytes): PublicKey) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn text<T: ToString>(value: Option<T>) -> Option<String> {
    value.map(|value| value.to_string())
}

fn time(Time(nanos): Time) -> String {
    nanos.to_string()
}

fn price(price: Price) -> String {
    decimal::print(price.ticks().into(), Scale::Price)
}

#[cfg(test)]
mod tests;
