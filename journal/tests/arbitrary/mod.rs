//! Arbitrary commands: every variant, every field over its whole range.

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId, OrderId, PublicKey, Scopes};
use engine::label::Label;
use engine::market::{MarketSpec, SelfTrade};
use engine::order::{NewOrder, OrderRef, Side, TimeInForce};
use engine::stamp::Time;
use engine::symbol::Tier;
use engine::symbol::{ClassName, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price};
use proptest::option;
use proptest::prelude::*;

/// Any command.
pub(crate) fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Tick),
        (any::<u64>(), any::<u64>(), key()).prop_map(|(epoch, seed, operator)| Command::Found {
            epoch,
            seed,
            operator
        }),
        (label(), any::<bool>(), option::of(account()))
            .prop_map(|(name, provider, joins)| { Command::OpenAccount { name, provider, joins } }),
        (account(), key(), scopes()).prop_map(|(account, key, scopes)| Command::RegisterKey {
            account,
            key,
            scopes
        }),
        key().prop_map(|key| Command::RevokeKey { key }),
        (account(), amount(), label()).prop_map(|(account, amount, reference)| Command::Deposit {
            account,
            amount,
            reference
        }),
        market().prop_map(Command::AddMarket),
        (account(), instrument(), lots()).prop_map(|(account, instrument, lots)| Command::SetCapacity {
            account,
            instrument,
            lots
        }),
        new_order().prop_map(Command::PlaceOrder),
        (account(), order()).prop_map(|(account, order)| Command::CancelOrder { account, order }),
        (account(), order(), lots()).prop_map(|(account, order, by)| Command::ReduceOrder {
            account,
            order,
            by
        }),
        (account(), option::of(instrument()))
            .prop_map(|(account, instrument)| Command::CancelAll { account, instrument }),
    ]
}

fn market() -> impl Strategy<Value = MarketSpec> {
    let names = ("[A-Z0-9-]{1,12}", "[A-Z0-9-]{1,8}");
    let choices = (any::<bool>(), any::<bool>());
    let seconds = (any::<u32>(), any::<u32>(), any::<u32>());
    (amount(), names, choices, seconds, (fee(), fee())).prop_map(|(bond, names, choices, seconds, fees)| {
        MarketSpec {
            bond,
            class: ClassName::new(&names.0).expect("the pattern gives names"),
            zone: ZoneName::new(&names.1).expect("the pattern gives names"),
            tier: if choices.0 { Tier::Firm } else { Tier::Interruptible },
            self_trade: if choices.1 { SelfTrade::Prevented } else { SelfTrade::Allowed },
            window_seconds: seconds.0,
            windows: seconds.1,
            gate_seconds: seconds.2,
            maker_fee: fees.0,
            taker_fee: fees.1,
        }
    })
}

fn new_order() -> impl Strategy<Value = NewOrder> {
    let whose = (account(), instrument());
    let choices = (any::<bool>(), any::<bool>());
    let options = (option::of(label()), option::of(any::<u64>().prop_map(Time)));
    (whose, choices, price(), lots(), options).prop_map(|(whose, choices, limit, lots, options)| NewOrder {
        account: whose.0,
        instrument: whose.1,
        side: if choices.0 { Side::Bid } else { Side::Ask },
        time_in_force: if choices.1 { TimeInForce::GoodTillGate } else { TimeInForce::ImmediateOrCancel },
        limit,
        lots,
        client: options.0,
        deadline: options.1,
    })
}

fn order() -> impl Strategy<Value = OrderRef> {
    prop_oneof![
        any::<u64>().prop_map(|raw| OrderRef::Id(OrderId::from_raw(raw))),
        label().prop_map(OrderRef::Client)
    ]
}

fn label() -> impl Strategy<Value = Label> {
    "[A-Za-z0-9_-]{1,20}".prop_map(|text| Label::new(&text).expect("the pattern gives labels"))
}

fn key() -> impl Strategy<Value = PublicKey> {
    any::<[u8; 32]>().prop_map(PublicKey)
}

fn scopes() -> impl Strategy<Value = Scopes> {
    (0..=Scopes::ALL.bits()).prop_map(|bits| Scopes::from_bits(bits).expect("the range gives scopes"))
}

fn account() -> impl Strategy<Value = AccountId> {
    id().prop_map(AccountId)
}

fn instrument() -> impl Strategy<Value = InstrumentId> {
    id().prop_map(InstrumentId)
}

/// Often one that exists.
fn id() -> impl Strategy<Value = u32> {
    prop_oneof![0..4_u32, any::<u32>()]
}

fn amount() -> impl Strategy<Value = Amount> {
    any::<u64>().prop_map(Amount::new)
}

fn price() -> impl Strategy<Value = Price> {
    (1..=Price::MAX.ticks()).prop_map(|ticks| Price::new(ticks.into()).expect("the range gives prices"))
}

fn lots() -> impl Strategy<Value = Lots> {
    (0..=Lots::MAX.count()).prop_map(|lots| Lots::new(lots.into()).expect("the range gives lots"))
}

fn fee() -> impl Strategy<Value = Ppm> {
    (0..=Ppm::MAX.parts()).prop_map(|parts| Ppm::new(parts.into()).expect("the range gives fees"))
}
