//! Tests of commands as JSON: one of each kind, with all it can say.

use std::num::NonZeroU32;

use engine::control::BandWidth;
use engine::ids::{AccountId, InstrumentId, MarketId, OrderId};
use engine::key::{KeyBounds, Network, Networks};
use engine::label::Label;
use engine::order::SessionId;
use engine::stamp::{Sequence, Stamp};
use engine::symbol::{ClassName, ZoneName};
use engine::units::{Amount, Ppm};

use super::*;

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

fn lots(count: u64) -> Lots {
    Lots::new(count).unwrap()
}

fn ticks(ticks: u64) -> Price {
    Price::new(ticks).unwrap()
}

fn says(command: Command, expected: &str) {
    let stamped = Stamped { stamp: Stamp { sequence: Sequence(7), time: Time(9) }, command };
    let head = r#"{"sequence":7,"time":"9","command":"#;
    assert_eq!(sorted(&object(&stamped, None).to_string()), sorted(&format!("{head}{expected}}}")));
}

/// The same object with its fields in one order.
fn sorted(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn administration_is_written() {
    let (account, name) = (AccountId(3), label("ann"));
    let public = PublicKey([0xab; 32]);
    let hex = "ab".repeat(32);
    says(Command::Tick, r#""tick""#);
    says(
        Command::Found { epoch: 10, seed: 2, operator: public },
        &format!(r#""found","epoch":"000000000000000a","seed":2,"operator":"{hex}""#),
    );
    let open = Command::OpenAccount { name, provider: true, joins: Some(AccountId(1)) };
    says(open, r#""open_account","name":"ann","provider":true,"joins":1"#);
    says(Command::OpenAccount { name, provider: false, joins: None }, r#""open_account","name":"ann""#);
    says(
        Command::RegisterKey {
            account,
            key: public,
            scopes: Scopes::READ.with(Scopes::ADMIN),
            bounds: KeyBounds::NONE,
        },
        &format!(r#""register_key","account":3,"key":"{hex}","scopes":["read","admin"]"#),
    );
    let loopback =
        Network::new([&[0; 10][..], &[0xff, 0xff, 127, 0, 0, 0]].concat().try_into().unwrap(), 104);
    let networks = Networks::new(&[loopback.unwrap()]).unwrap();
    let bounds = KeyBounds { expires: Time(7), order_notional: Amount::new(2_000_000), networks };
    let bounded =
        r#""scopes":["transfer"],"expires":"7","order_notional":"2.000000","networks":["127.0.0.0/8"]"#;
    says(
        Command::RegisterKey { account, key: public, scopes: Scopes::TRANSFER, bounds },
        &format!(r#""register_key","account":3,"key":"{hex}",{bounded}"#),
    );
    let replaced = Command::ReplaceKey { key: public, by: public };
    says(replaced, &format!(r#""replace_key","key":"{hex}","by":"{hex}""#));
    let (amount, reference) = (Amount::new(1), name);
    let sent = Command::Transfer { account, to: AccountId(4), amount, reference };
    says(sent, r#""transfer","account":3,"to":4,"amount":"0.000001","reference":"ann""#);
    let redeemed = Command::Redeem { account, amount, reference };
    says(redeemed, r#""redeem","account":3,"amount":"0.000001","reference":"ann""#);
    let ended = Command::EndRedemption { account, reference, paid: true };
    says(ended, r#""end_redemption","account":3,"reference":"ann","paid":true"#);
    says(Command::Batch { account, count: 2 }, r#""batch","account":3,"count":2"#);
    says(Command::RevokeKey { key: public }, &format!(r#""revoke_key","key":"{hex}""#));
    let deposit = Command::Deposit { account, amount: Amount::new(1_500_000), reference: name };
    says(deposit, r#""deposit","account":3,"amount":"1.500000","reference":"ann""#);
    let capacity = Command::SetCapacity { account, instrument: InstrumentId(2), lots: lots(5) };
    says(capacity, r#""set_capacity","account":3,"instrument":2,"lots":5"#);
    says(Command::Draw { instrument: InstrumentId(2), seed: 5 }, r#""draw","instrument":2,"seed":5"#);
    let spec = MarketSpec {
        bond: Amount::new(500_000),
        class: ClassName::new("H100SXM").unwrap(),
        zone: ZoneName::new("US-E").unwrap(),
        tier: Tier::Interruptible,
        self_trade: SelfTrade::Allowed,
        bond_rule: BondRule::Reference,
        window_seconds: 3_600,
        windows: 24,
        windows_ahead: 2,
        gate_seconds: 600,
        maker_fee: Ppm::new(200).unwrap(),
        taker_fee: Ppm::new(500).unwrap(),
    };
    says(
        Command::AddMarket(spec),
        r#""add_market","class":"H100SXM","zone":"US-E","tier":"interruptible","bond":"0.500000",
        "bond_follows_reference":true,"self_trade_allowed":true,"window_seconds":3600,"windows":24,"windows_ahead":2,
        "gate_seconds":600,"maker_fee_ppm":200,"taker_fee_ppm":500"#,
    );
}

#[test]
fn orders_are_written() {
    let account = AccountId(3);
    let order = OrderRef::Client(label("mine"));
    let plain = NewOrder::limit(account, InstrumentId(2), Side::Bid, (lots(8), ticks(9_994)));
    says(
        Command::PlaceOrder(plain),
        r#""place_order","account":3,"instrument":2,"side":"buy","kind":"limit","time_in_force":"gtc",
        "stp":"cancel_newest","limit":"0.9994","lots":8"#,
    );
    let full = NewOrder {
        side: Side::Ask,
        kind: OrderKind::PostOnlySlide,
        time_in_force: TimeInForce::GoodTillDate(Time(11)),
        prevention: SelfTradePrevention::Decrement,
        minimum: lots(2),
        shown: Some(lots(1)),
        client: Some(label("mine")),
        label: Some(label("mark")),
        session: Some(SessionId(NonZeroU32::MIN)),
        deadline: Some(Time(12)),
        ..plain
    };
    says(
        Command::PlaceOrder(full),
        r#""place_order","account":3,"instrument":2,"side":"sell","kind":"post_only_slide","time_in_force":"gtd",
        "expires":"11","stp":"decrement","limit":"0.9994","lots":8,"minimum":2,"shown":1,"cl_ord_id":"mine",
        "label":"mark","session":1,"deadline":"12""#,
    );
    let by_id = OrderRef::Id(OrderId::new(7, 3));
    let cancel = Command::CancelOrder { account, order: by_id };
    says(cancel, r#""cancel_order","account":3,"order":"o_300000007""#);
    let reduce = Command::ReduceOrder { account, order, by: lots(2) };
    says(reduce, r#""reduce_order","account":3,"cl_ord_id":"mine","by":2"#);
    let only = OrderFilter {
        instrument: Some(InstrumentId(2)),
        class: ClassName::new("H100SXM"),
        zone: ZoneName::new("US-E"),
        tier: Some(Tier::Firm),
        start: Some(Time(5)),
        side: Some(Side::Bid),
        label: Some(label("mark")),
        session: Some(SessionId(NonZeroU32::MIN)),
    };
    says(
        Command::CancelAll { account, only },
        r#""cancel_all","account":3,"instrument":2,"class":"H100SXM","zone":"US-E","tier":"firm","start":"5",
        "side":"buy","label":"mark","session":1"#,
    );
    let amendment = Amendment {
        account,
        order,
        limit: Some(ticks(10_000)),
        lots: Some(lots(3)),
        client: Some(label("next")),
        filled: Some(lots(1)),
        deadline: Some(Time(12)),
    };
    says(
        Command::AmendOrder(amendment),
        r#""amend_order","account":3,"cl_ord_id":"mine","limit":"1.0000","lots":3,"new_cl_ord_id":"next","filled":1,
        "deadline":"12""#,
    );
    says(Command::CancelAfter { account, after: Some(5) }, r#""cancel_after","account":3,"after_ns":5"#);
    let session = SessionId(NonZeroU32::MIN);
    says(Command::EndSession { account, session }, r#""end_session","account":3,"session":1"#);
}

#[test]
fn controls_are_written() {
    let (account, reason) = (AccountId(3), label("why"));
    let mode = Command::SetMode { scope: ModeScope::Venue, mode: TradingMode::Halted, reason };
    says(mode, r#""set_mode","scope":"venue","mode":"halted","reason":"why""#);
    let mode =
        Command::SetMode { scope: ModeScope::Market(MarketId(1)), mode: TradingMode::PostOnly, reason };
    says(mode, r#""set_mode","market":1,"mode":"post_only","reason":"why""#);
    let limits = MarketLimits { band: BandWidth::new(1_000), order_lots: lots(9), ..MarketLimits::NONE };
    says(
        Command::SetMarketLimits { market: MarketId(1), limits, reason },
        r#""set_market_limits","market":1,"price_min":"0.0001","price_max":"100000.0000","band_ppm":1000,"order_lots":9,
        "position_lots":10000000,"order_notional":"9000000000000.000000","reason":"why""#,
    );
    let limits = AccountLimits { open_orders: 5, ..AccountLimits::NONE };
    says(
        Command::SetAccountLimits { account, limits, reason },
        r#""set_account_limits","account":3,"open_orders":5,"position_lots":10000000,
        "order_notional":"9000000000000.000000","reason":"why""#,
    );
    let lock = Command::SetLock { account, locked: false, reason };
    says(lock, r#""set_lock","account":3,"locked":false,"reason":"why""#);
    says(Command::Kill { target: KillTarget::Venue, reason }, r#""kill","reason":"why""#);
    let kill = Command::Kill { target: KillTarget::Account(account), reason };
    says(kill, r#""kill","account":3,"reason":"why""#);
}

#[test]
fn a_refusal_is_written() {
    let stamped = Stamped { stamp: Stamp { sequence: Sequence(1), time: Time(2) }, command: Command::Tick };
    let text = object(&stamped, Some(RejectReason::PriceBand)).to_string();
    assert_eq!(sorted(&text)["rejected"], "PriceBand");
}
