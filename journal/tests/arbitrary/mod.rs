//! Arbitrary commands: every variant, every field over its whole range.

use std::num::NonZeroU32;

use engine::command::Command;
use engine::control::{AccountLimits, BandWidth, KillTarget, MarketLimits, ModeScope, TradingMode};
use engine::delivery::audit::Verdict;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::outcome::Ruling;
use engine::delivery::run::DeliveryTerms;
use engine::delivery::slot::SlotNumber;
use engine::ids::{AccountId, DeliveryId, Digest, InstrumentId, MarketId, OrderId, PublicKey, Scopes};
use engine::key::{KeyBounds, NETWORKS_MAX, Network, Networks};
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{
    Amendment, NewOrder, OrderKind, OrderRef, SelfTradePrevention, SessionId, Side, TimeInForce,
};
use engine::order_filter::OrderFilter;
use engine::stamp::Time;
use engine::symbol::{ClassName, Tier, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

/// Any command.
pub(crate) fn command() -> impl Strategy<Value = Command> {
    prop_oneof![administration(), controls(), orders(), deliveries().prop_map(Command::Delivery)]
}

fn administration() -> impl Strategy<Value = Command> {
    prop_oneof![
        Just(Command::Tick),
        (any::<u64>(), any::<u64>(), key()).prop_map(|(epoch, seed, operator)| Command::Found {
            epoch,
            seed,
            operator
        }),
        (label(), any::<bool>(), option::of(account()))
            .prop_map(|(name, provider, joins)| { Command::OpenAccount { name, provider, joins } }),
        (account(), key(), scopes(), key_bounds()).prop_map(|(account, key, scopes, bounds)| {
            Command::RegisterKey { account, key, scopes, bounds }
        }),
        key().prop_map(|key| Command::RevokeKey { key }),
        (key(), key()).prop_map(|(key, by)| Command::ReplaceKey { key, by }),
        payments(),
        (account(), amount(), label()).prop_map(|(account, amount, reference)| Command::Deposit {
            account,
            amount,
            reference
        }),
        market_spec().prop_map(Command::AddMarket),
        (account(), instrument(), lots()).prop_map(|(account, instrument, lots)| Command::SetCapacity {
            account,
            instrument,
            lots
        }),
        (instrument(), any::<u64>()).prop_map(|(instrument, seed)| Command::Draw { instrument, seed }),
    ]
}

fn payments() -> impl Strategy<Value = Command> {
    prop_oneof![
        (account(), account(), amount(), label()).prop_map(|(account, to, amount, reference)| {
            Command::Transfer { account, to, amount, reference }
        }),
        (account(), amount(), label()).prop_map(|(account, amount, reference)| Command::Redeem {
            account,
            amount,
            reference
        }),
        (account(), label(), any::<bool>()).prop_map(|(account, reference, paid)| Command::EndRedemption {
            account,
            reference,
            paid
        }),
    ]
}

fn key_bounds() -> impl Strategy<Value = KeyBounds> {
    let networks = prop::collection::btree_set(network(), 0..=NETWORKS_MAX).prop_map(|networks| {
        Networks::new(&networks.into_iter().collect::<Vec<_>>()).expect("a set has each once")
    });
    (any::<u64>(), amount(), networks).prop_map(|(expires, order_notional, networks)| KeyBounds {
        expires: Time(expires),
        order_notional,
        networks,
    })
}

fn network() -> impl Strategy<Value = Network> {
    (any::<u128>(), 0..=128_u8).prop_map(|(address, bits)| {
        let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
        Network::new((address & mask).to_be_bytes(), bits).expect("nothing is set behind its bits")
    })
}

fn controls() -> impl Strategy<Value = Command> {
    prop_oneof![
        (scope(), mode(), label()).prop_map(|(scope, mode, reason)| Command::SetMode { scope, mode, reason }),
        (market(), market_limits(), label())
            .prop_map(|(market, limits, reason)| { Command::SetMarketLimits { market, limits, reason } }),
        (account(), account_limits(), label())
            .prop_map(|(account, limits, reason)| { Command::SetAccountLimits { account, limits, reason } }),
        (account(), any::<bool>(), label())
            .prop_map(|(account, locked, reason)| { Command::SetLock { account, locked, reason } }),
        (target(), label()).prop_map(|(target, reason)| Command::Kill { target, reason }),
    ]
}

fn orders() -> impl Strategy<Value = Command> {
    prop_oneof![
        new_order().prop_map(Command::PlaceOrder),
        (account(), order()).prop_map(|(account, order)| Command::CancelOrder { account, order }),
        (account(), order(), lots()).prop_map(|(account, order, by)| Command::ReduceOrder {
            account,
            order,
            by
        }),
        amendment().prop_map(Command::AmendOrder),
        (account(), any::<u8>()).prop_map(|(account, count)| Command::Batch { account, count }),
        (account(), filter()).prop_map(|(account, only)| Command::CancelAll { account, only }),
        (account(), option::of(any::<u64>()))
            .prop_map(|(account, after)| Command::CancelAfter { account, after }),
        (account(), session()).prop_map(|(account, session)| Command::EndSession { account, session }),
    ]
}

fn deliveries() -> impl Strategy<Value = DeliveryCommand> {
    prop_oneof![rules_of_delivery(), work(), judgements(), stakes()]
}

fn rules_of_delivery() -> impl Strategy<Value = DeliveryCommand> {
    let amounts = (amount(), amount(), amount());
    let terms = (any::<[u8; 3]>(), amounts).prop_map(|(numbers, (deposit, stake, bounty))| {
        let [dispute_slots, ruling_slots, auditors] = numbers;
        DeliveryTerms { dispute_slots, ruling_slots, auditors, deposit, stake, bounty }
    });
    prop_oneof![
        (market(), terms, label()).prop_map(|(market, terms, reason)| DeliveryCommand::SetDeliveryTerms {
            market,
            terms,
            reason
        }),
        (account(), any::<bool>(), label()).prop_map(|(account, auditor, reason)| {
            DeliveryCommand::SetAuditor { account, auditor, reason }
        }),
        (account(), instrument())
            .prop_map(|(account, instrument)| DeliveryCommand::AnnounceMaintenance { account, instrument }),
    ]
}

fn work() -> impl Strategy<Value = DeliveryCommand> {
    prop_oneof![
        (account(), delivery())
            .prop_map(|(account, delivery)| DeliveryCommand::AcknowledgeDelivery { account, delivery }),
        (account(), delivery(), slot()).prop_map(|(account, delivery, from)| DeliveryCommand::ReclaimSlots {
            account,
            delivery,
            from
        }),
        (account(), delivery(), slot(), digest(), any::<u64>()).prop_map(
            |(account, delivery, slot, commitment, work)| {
                DeliveryCommand::CommitSlot { account, delivery, slot, commitment, work }
            }
        ),
        (account(), delivery(), slot(), digest()).prop_map(|(account, delivery, slot, opening)| {
            DeliveryCommand::OpenSlot { account, delivery, slot, opening }
        }),
    ]
}

fn stakes() -> impl Strategy<Value = DeliveryCommand> {
    prop_oneof![
        (account(), amount()).prop_map(|(account, amount)| DeliveryCommand::AddStake { account, amount }),
        (account(), amount())
            .prop_map(|(account, amount)| DeliveryCommand::WithdrawStake { account, amount }),
    ]
}

fn judgements() -> impl Strategy<Value = DeliveryCommand> {
    let verdict = select(vec![Verdict::Clean, Verdict::Flagged]);
    prop_oneof![
        (delivery(), slot(), any::<u64>())
            .prop_map(|(delivery, slot, beacon)| DeliveryCommand::DrawAuditors { delivery, slot, beacon }),
        (account(), delivery(), slot(), (verdict, any::<u32>()), digest()).prop_map(
            |(account, delivery, slot, (verdict, sequences), evidence)| {
                DeliveryCommand::RecordVerdict { account, delivery, slot, verdict, sequences, evidence }
            }
        ),
        (account(), delivery(), slot()).prop_map(|(account, delivery, slot)| DeliveryCommand::DisputeSlot {
            account,
            delivery,
            slot
        }),
        (delivery(), slot(), select(Ruling::ALL.to_vec()), label()).prop_map(
            |(delivery, slot, ruling, reason)| DeliveryCommand::RuleSlot { delivery, slot, ruling, reason }
        ),
    ]
}

fn market_spec() -> impl Strategy<Value = MarketSpec> {
    let names = (class(), zone(), tier());
    let rules = (
        select(vec![SelfTrade::Prevented, SelfTrade::Allowed]),
        select(vec![BondRule::Fixed, BondRule::Reference]),
    );
    let numbers = any::<[u32; 4]>();
    (amount(), names, rules, numbers, (fee(), fee())).prop_map(|(bond, names, rules, numbers, fees)| {
        let [window_seconds, windows, windows_ahead, gate_seconds] = numbers;
        MarketSpec {
            bond,
            class: names.0,
            zone: names.1,
            tier: names.2,
            self_trade: rules.0,
            bond_rule: rules.1,
            window_seconds,
            windows,
            windows_ahead,
            gate_seconds,
            maker_fee: fees.0,
            taker_fee: fees.1,
        }
    })
}

fn new_order() -> impl Strategy<Value = NewOrder> {
    let whose = (account(), instrument(), side());
    let kinds = vec![OrderKind::Limit, OrderKind::Market, OrderKind::PostOnly, OrderKind::PostOnlySlide];
    let preventions = vec![
        SelfTradePrevention::CancelNewest,
        SelfTradePrevention::CancelOldest,
        SelfTradePrevention::CancelBoth,
        SelfTradePrevention::Decrement,
    ];
    let how = (select(kinds), time_in_force(), select(preventions));
    let sizes = (lots(), lots(), option::of(lots()));
    let extras = (option::of(label()), option::of(label()), option::of(session()), option::of(any::<u64>()));
    (whose, how, price(), sizes, extras).prop_map(|(whose, how, limit, sizes, extras)| NewOrder {
        account: whose.0,
        instrument: whose.1,
        side: whose.2,
        kind: how.0,
        time_in_force: how.1,
        prevention: how.2,
        limit,
        lots: sizes.0,
        minimum: sizes.1,
        shown: sizes.2,
        client: extras.0,
        label: extras.1,
        session: extras.2,
        deadline: extras.3.map(Time),
    })
}

fn time_in_force() -> impl Strategy<Value = TimeInForce> {
    prop_oneof![
        Just(TimeInForce::GoodTillGate),
        any::<u64>().prop_map(|expires| TimeInForce::GoodTillDate(Time(expires))),
        Just(TimeInForce::ImmediateOrCancel),
        Just(TimeInForce::FillOrKill),
    ]
}

fn amendment() -> impl Strategy<Value = Amendment> {
    let changes = (option::of(price()), option::of(lots()), option::of(label()));
    let conditions = (option::of(lots()), option::of(any::<u64>()));
    (account(), order(), changes, conditions).prop_map(|(account, order, changes, conditions)| Amendment {
        account,
        order,
        limit: changes.0,
        lots: changes.1,
        client: changes.2,
        filled: conditions.0,
        deadline: conditions.1.map(Time),
    })
}

fn filter() -> impl Strategy<Value = OrderFilter> {
    let place = (option::of(instrument()), option::of(class()), option::of(zone()), option::of(tier()));
    let mark = (option::of(side()), option::of(label()), option::of(session()));
    (place, option::of(any::<u64>()), mark).prop_map(|(place, start, mark)| OrderFilter {
        instrument: place.0,
        class: place.1,
        zone: place.2,
        tier: place.3,
        start: start.map(Time),
        side: mark.0,
        label: mark.1,
        session: mark.2,
    })
}

fn market_limits() -> impl Strategy<Value = MarketLimits> {
    let band = (1..=1_000_000_u64).prop_map(|parts| BandWidth::new(parts).expect("the range gives bands"));
    let prices = (price(), price(), option::of(band));
    (prices, (lots(), lots()), amount()).prop_map(|(prices, sizes, order_notional)| MarketLimits {
        price_min: prices.0,
        price_max: prices.1,
        band: prices.2,
        order_lots: sizes.0,
        position_lots: sizes.1,
        order_notional,
    })
}

fn account_limits() -> impl Strategy<Value = AccountLimits> {
    (any::<u32>(), lots(), amount()).prop_map(|(open_orders, position_lots, order_notional)| AccountLimits {
        open_orders,
        position_lots,
        order_notional,
    })
}

fn scope() -> impl Strategy<Value = ModeScope> {
    prop_oneof![
        Just(ModeScope::Venue),
        market().prop_map(ModeScope::Market),
        instrument().prop_map(ModeScope::Instrument),
    ]
}

fn mode() -> impl Strategy<Value = TradingMode> {
    select(vec![TradingMode::Open, TradingMode::PostOnly, TradingMode::CancelOnly, TradingMode::Halted])
}

fn target() -> impl Strategy<Value = KillTarget> {
    prop_oneof![Just(KillTarget::Venue), account().prop_map(KillTarget::Account)]
}

fn class() -> impl Strategy<Value = ClassName> {
    "[A-Z0-9-]{1,12}".prop_map(|text| ClassName::new(&text).expect("the pattern gives names"))
}

fn zone() -> impl Strategy<Value = ZoneName> {
    "[A-Z0-9-]{1,8}".prop_map(|text| ZoneName::new(&text).expect("the pattern gives names"))
}

fn tier() -> impl Strategy<Value = Tier> {
    select(vec![Tier::Firm, Tier::Interruptible])
}

fn side() -> impl Strategy<Value = Side> {
    select(vec![Side::Bid, Side::Ask])
}

fn session() -> impl Strategy<Value = SessionId> {
    (1..=u32::MAX).prop_map(|number| SessionId(NonZeroU32::new(number).expect("the range has no zero")))
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

fn delivery() -> impl Strategy<Value = DeliveryId> {
    id().prop_map(DeliveryId)
}

fn slot() -> impl Strategy<Value = SlotNumber> {
    (0..12_u64).prop_map(|number| SlotNumber::new(number).expect("the range gives slots"))
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest)
}

fn market() -> impl Strategy<Value = MarketId> {
    id().prop_map(MarketId)
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
