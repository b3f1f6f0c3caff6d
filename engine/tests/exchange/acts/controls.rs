//! Controls: what operators do.

use engine::control::{AccountLimits, BandWidth, MarketLimits, TradingMode};
use engine::units::{Amount, Lots, Price};
use proptest::prelude::*;

use crate::acts::{who, window};
use crate::stage::KEYS;

/// What a mode is set for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope {
    Venue,
    Market(u32),
    Window(u32),
}

/// What operators do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Control {
    Mode(Scope, TradingMode),
    MarketLimits(u32, MarketLimits),
    AccountLimits(u32, AccountLimits),
    Lock(u32, bool),
    /// Somebody, or the venue.
    Kill(Option<u32>),
    /// To somebody, so much, under a reference that is new, or an old one.
    Deposit(u32, u64, Option<u8>),
    /// Registers one of a few keys, for somebody.
    Register(u32, u8),
    /// Puts one of them in another's place.
    Replace(u8, u8),
    /// From somebody to somebody, so much, under a reference as above.
    Transfer(u32, u32, u64, Option<u8>),
    /// Sets so much of somebody's aside, under a reference as above.
    Redeem(u32, u64, Option<u8>),
    /// Ends one of the payments; those that wait may be.
    EndRedemption(usize, bool),
    /// Withdraws one of them.
    Revoke(u8),
    /// Opens one of a few accounts.
    Open(u8, bool, Option<u32>),
    /// Adds one of a few markets, most of them with settings that cannot be.
    Market(u8),
    /// Founds the exchange again.
    Found,
}

fn mode() -> impl Strategy<Value = TradingMode> {
    prop_oneof![
        6 => Just(TradingMode::Open),
        3 => Just(TradingMode::PostOnly),
        2 => Just(TradingMode::CancelOnly),
        1 => Just(TradingMode::Halted),
    ]
}

/// A market, seldom one that does not exist.
fn market() -> impl Strategy<Value = u32> {
    prop_oneof![12 => 0..4_u32, 1 => 4..7_u32]
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        1 => Just(Scope::Venue),
        2 => market().prop_map(Scope::Market),
        3 => window().prop_map(Scope::Window),
    ]
}

fn price(ticks: u64) -> Price {
    Price::new(ticks).expect("prices are within bounds")
}

fn lots(most: u64) -> impl Strategy<Value = Lots> {
    let tight = (0..most).prop_map(|count| Lots::new(count).expect("a few lots"));
    prop_oneof![2 => Just(Lots::MAX), 1 => tight]
}

fn notional() -> impl Strategy<Value = Amount> {
    let tight = (1..1_200_000_u64).prop_map(Amount::new);
    prop_oneof![2 => Just(Amount::SUPPLY_MAX), 1 => tight]
}

fn market_limits() -> impl Strategy<Value = MarketLimits> {
    let fixed = prop_oneof![
        2 => Just((Price::MIN, Price::MAX)),
        2 => (94..=100_u64, 100..=106_u64).prop_map(|(low, high)| (price(low), price(high))),
        1 => (98..=102_u64, 98..=102_u64).prop_map(|(low, high)| (price(low), price(high))),
    ];
    // Parts per million: from less than a tick to a few, and all there is.
    let width = prop_oneof![8 => 5_000..60_000_u64, 1 => Just(1), 1 => Just(1_000_000)];
    let band = prop_oneof![1 => Just(None), 3 => width.prop_map(BandWidth::new)];
    (fixed, band, lots(14), lots(60), notional()).prop_map(
        |((price_min, price_max), band, order_lots, position_lots, order_notional)| MarketLimits {
            price_min,
            price_max,
            band,
            order_lots,
            position_lots,
            order_notional,
        },
    )
}

fn account_limits() -> impl Strategy<Value = AccountLimits> {
    let open = prop_oneof![1 => Just(u32::MAX), 3 => 0..5_u32];
    (open, lots(60), notional()).prop_map(|(open_orders, position_lots, order_notional)| AccountLimits {
        open_orders,
        position_lots,
        order_notional,
    })
}

/// Few amounts and references, so that some are used again for the same.
fn payment() -> impl Strategy<Value = Control> {
    let amount = prop_oneof![6 => 1..3_u64, 6 => 1..300_000_u64, 1 => Just(0), 1 => Just(8_000_000_000)];
    let reference = prop_oneof![2 => Just(None), 3 => (0..3_u8).prop_map(Some)];
    let few = prop_oneof![4 => 1..3_u32, 4 => who()];
    let redeem = (few.clone(), amount.clone(), reference.clone());
    prop_oneof![
        6 => (few.clone(), few, amount, reference)
            .prop_map(|(who, to, amount, old)| Control::Transfer(who, to, amount, old)),
        4 => redeem.prop_map(|(who, amount, old)| Control::Redeem(who, amount, old)),
        4 => (any::<usize>(), any::<bool>()).prop_map(|(which, paid)| Control::EndRedemption(which, paid)),
    ]
}

pub(crate) fn control() -> impl Strategy<Value = Control> {
    let amount = prop_oneof![10 => 1..3_000_000_u64, 1 => Just(0), 1 => Just(8_000_000_000_000_000_000)];
    let joins = prop_oneof![1 => Just(None), 2 => who().prop_map(Some)];
    prop_oneof![
        8 => (scope(), mode()).prop_map(|(scope, mode)| Control::Mode(scope, mode)),
        6 => (market(), market_limits()).prop_map(|(market, limits)| Control::MarketLimits(market, limits)),
        4 => (who(), account_limits()).prop_map(|(who, limits)| Control::AccountLimits(who, limits)),
        3 => (who(), any::<bool>()).prop_map(|(who, locked)| Control::Lock(who, locked)),
        1 => prop_oneof![4 => who().prop_map(Some), 1 => Just(None)].prop_map(Control::Kill),
        8 => (who(), amount, prop_oneof![4 => Just(None), 1 => (0..9_u8).prop_map(Some)])
            .prop_map(|(who, amount, reference)| Control::Deposit(who, amount, reference)),
        2 => (who(), 0..KEYS).prop_map(|(who, key)| Control::Register(who, key)),
        1 => (0..KEYS, 0..KEYS).prop_map(|(key, by)| Control::Replace(key, by)),
        12 => payment(),
        1 => (0..KEYS).prop_map(Control::Revoke),
        1 => (0..5_u8, any::<bool>(), joins).prop_map(|(name, provider, joins)| Control::Open(name, provider, joins)),
        1 => (0..14_u8).prop_map(Control::Market),
        1 => Just(Control::Found),
    ]
}
