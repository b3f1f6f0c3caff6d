//! Round trip: what one side writes, the other reads, and clients survive what is newer than they are.

use protocol::add_order::AddOrder;
use protocol::amend::AmendOrder;
use protocol::batch::{Batch, BatchResult, OPS, OpAnswer, OpResult};
use protocol::blob::Blob;
use protocol::call::{Call, SignedParams};
use protocol::cancel::{CancelAll, CancelAllAfter, CancelOrder, OrderChange, ReduceOrder};
use protocol::control::{
    Drain, Halt, KillSwitch, KillTarget, LockAccount, MarketLimits, SetAccountLimits, SetMarketLimits,
    SetMode, Snapshot, TradingMode,
};
use protocol::delivery::{SlotName, SlotOutcome};
use protocol::error::ErrorObject;
use protocol::error_code::{Category, ErrorCode};
use protocol::evidence::{
    AcknowledgeDelivery, AnnounceMaintenance, AskOutputs, CommitSlot, JudgeSlot, OpenSlot, ReclaimSlots,
    RevealSecret, RuleSlot, SetAuditor, SetDeliveryTerms, Stake, StoreOutputs, SubmitJob,
};
use protocol::execution::{Event, Executions};
use protocol::instrument::Tier;
use protocol::key::{ListKeys, RotateKey};
use protocol::look::{LookAtBook, LookAtCandles, LookAtTicker, LookAtTrades};
use protocol::message::Message;
use protocol::operator::{
    AddMarket, BondRule, Deposit, OpenAccount, RegisterKey, RevokeKey, SelfTrade, SetCapacity,
};
use protocol::order::CancelReason;
use protocol::order::{OrderName, OrderStatus, Side};
use protocol::payment::{EndRedemption, Redeem, Transfer};
use protocol::query::{AskOrderStatus, Fills, OpenOrders, Whose};
use protocol::reply::{Answer, Reply};
use protocol::request::{METHODS, Request};
use protocol::request_id::RequestId;
use protocol::session::{Login, LoginProof, Ping, RequestProof, Scope};
use protocol::status::Status;
use protocol::subscription::{
    Joined, Resume, Resync, Subscribe, SubscribeResult, Subscription, SubscriptionAnswer, Unsubscribe,
};
use protocol::terms::{PostOnly, SelfTradePrevention, Terms, TimeInForce};
use protocol::time::Time;
use protocol::update::Update;

fn text(text: &str) -> String {
    text.to_owned()
}

/// Orders on every kind of terms, with every extra and with none.
fn orders() -> Vec<Request> {
    let terms = |tif, post_only, display_qty: Option<&str>| {
        let display_qty = display_qty.map(str::to_owned);
        Terms::Limit { price: text("1.05"), tif, post_only, display_qty }
    };
    let order = |terms| AddOrder::new("H100SXM.US-E.FIRM.2026-11-23T14Z", Side::Sell, "8", terms);
    let until = TimeInForce::Gtd(Time::from_ns(1_795_356_000_123_456_789));
    let all = [
        terms(TimeInForce::Gtc, PostOnly::No, None),
        terms(until, PostOnly::No, Some("2")),
        terms(TimeInForce::Gtc, PostOnly::Refuse, Some("8")),
        terms(until, PostOnly::Slide, None),
        terms(TimeInForce::Ioc, PostOnly::No, None),
        terms(TimeInForce::Fok, PostOnly::No, None),
        Terms::market("1"),
        Terms::Market { limit_price: text("1"), fok: true },
    ];
    let mut requests: Vec<Request> = all.map(|terms| Request::AddOrder(order(terms))).to_vec();
    let extras = |stp| AddOrder {
        min_qty: Some(text("3")),
        stp,
        label: Some(text("mm-1")),
        cod: true,
        cl_ord_id: Some(text("a \"quoted\" \u{1F600} name")),
        deadline: Some(Time::from_ns(1_795_356_000_123_456_789)),
        ..order(Terms::limit("1"))
    };
    requests.extend(
        [
            SelfTradePrevention::CancelNewest,
            SelfTradePrevention::CancelOldest,
            SelfTradePrevention::CancelBoth,
            SelfTradePrevention::Decrement,
        ]
        .map(|stp| Request::AddOrder(extras(stp))),
    );
    requests
}

/// What a market is now.
fn looks() -> Vec<Request> {
    vec![
        Request::Book(LookAtBook { symbol: text("s"), depth: Some(10) }),
        Request::Trades(LookAtTrades { symbol: text("s"), since_id: Some(3), limit: None }),
        Request::Ticker(LookAtTicker { symbol: text("s") }),
        Request::Candles(LookAtCandles { symbol: text("s"), interval: Some(text("1h")) }),
    ]
}

/// Everything else that is done to orders, and asked about them.
fn changes() -> Vec<Request> {
    let order = || OrderName::ClOrdId(text("a"));
    let nothing = AmendOrder {
        order: order(),
        new_cl_ord_id: None,
        price: None,
        qty: None,
        expect_cum_qty: None,
        deadline: None,
    };
    let everything = AmendOrder {
        order: OrderName::OrderId(text("o_1")),
        new_cl_ord_id: Some(text("b")),
        price: Some(text("1.05")),
        qty: Some(text("9")),
        expect_cum_qty: Some(text("0")),
        deadline: Some(Time::from_ns(1)),
    };
    let filtered =
        CancelAll { symbol: Some(text("*.*.*.*")), side: Some(Side::Buy), label: Some(text("mm-1")) };
    vec![
        Request::AmendOrder(AmendOrder { price: Some(text("1")), ..nothing.clone() }),
        Request::AmendOrder(AmendOrder { qty: Some(text("1")), ..nothing.clone() }),
        Request::AmendOrder(AmendOrder { new_cl_ord_id: Some(text("b")), ..nothing }),
        Request::AmendOrder(everything),
        Request::CancelOrder(CancelOrder { order: OrderName::OrderId(text("o_1")) }),
        Request::CancelOrder(CancelOrder { order: order() }),
        Request::ReduceOrder(ReduceOrder { order: order(), by_qty: text("1") }),
        Request::CancelAll(CancelAll::of("s")),
        Request::CancelAll(filtered),
        Request::CancelAll(CancelAll::default()),
        Request::CancelAllAfter(CancelAllAfter { timeout_ms: 0 }),
        Request::OpenOrders(OpenOrders::default()),
        Request::OpenOrders(OpenOrders {
            symbol: Some(text("s")),
            limit: Some(5),
            cursor: Some(text("9")),
            account: Some(text("b")),
        }),
        Request::Fills(Fills {
            limit: Some(10),
            cursor: Some(text("9")),
            since_xseq: Some(3),
            account: Some(text("b")),
        }),
        Request::Balances(Whose { account: Some(text("b")) }),
        Request::Positions(Whose::default()),
        Request::OrderStatus(AskOrderStatus { order: order() }),
        Request::Limits,
        Request::ListKeys(ListKeys { account: Some(text("b")) }),
        Request::Instruments,
        Request::Fees,
        Request::Status,
    ]
}

fn session() -> Vec<Request> {
    let book = Subscription { symbol: Some(text("s")), depth: Some(0), ..Subscription::default() };
    let resumed = Subscription {
        speed: Some(text("10ms")),
        strip: Some(true),
        interval: Some(text("1m")),
        resume: Some(Resume { epoch: text("a41c09d2e7b85f10"), seq: Some(7), xseq: None }),
        ..book.clone()
    };
    vec![
        Request::Login(Login::dev("acme")),
        Request::Login(Login {
            proof: LoginProof::Key { key_id: text("k_1"), ts: Time::from_ns(1), sig: text("x") },
            rl: true,
        }),
        Request::Ping(Ping { echo: Some(text("x")) }),
        Request::Ping(Ping::default()),
        Request::Logout,
        Request::Subscribe(Subscribe { subs: vec![book, resumed, Subscription::default()] }),
        Request::Unsubscribe(Unsubscribe { streams: vec![1, u64::MAX] }),
        Request::Resync(Resync { stream: 11 }),
    ]
}

fn operations() -> Vec<Request> {
    vec![
        Request::SetCapacity(SetCapacity { symbol: text("s"), gpus: 8 }),
        Request::OpenAccount(OpenAccount {
            account: text("a"),
            provider: Some(true),
            group: Some(text("b")),
        }),
        Request::RegisterKey(RegisterKey {
            account: text("a"),
            key: text("x"),
            scopes: vec![Scope::Read, Scope::Trade, Scope::Cancel, Scope::Provide, Scope::Admin],
            expires: None,
            addresses: None,
            order_notional: None,
        }),
        Request::RegisterKey(RegisterKey {
            account: text("a"),
            key: text("x"),
            scopes: vec![Scope::Audit, Scope::Transfer],
            expires: Some(Time::from_ns(1)),
            addresses: Some(vec![text("::1")]),
            order_notional: Some(text("5")),
        }),
        Request::EndRedemption(EndRedemption { account: text("a"), reference: text("r"), paid: true }),
        Request::Redemptions,
        Request::Halt(Halt { scope: None, reason: text("r") }),
        Request::Resume(Halt { scope: Some(text("m")), reason: text("r") }),
        Request::Drain(Drain { notice_s: 60, reason: text("r") }),
        Request::Snapshot(Snapshot { reason: text("r") }),
        Request::RevokeKey(RevokeKey { key_id: text("k_1") }),
        Request::Deposit(Deposit { account: text("a"), amount: text("1"), reference: text("r") }),
        Request::AddMarket(AddMarket {
            class: text("H100SXM"),
            zone: text("US-E"),
            tier: Tier::Int,
            window_s: 3600,
            windows: 48,
            windows_ahead: Some(24),
            gate_s: 600,
            bond: text("0.25"),
            bond_rule: Some(BondRule::Reference),
            maker_fee_ppm: 0,
            taker_fee_ppm: 500,
            self_trade: SelfTrade::Allow,
        }),
    ]
}

/// What is signed again by whoever logged in.
fn payments() -> Vec<Request> {
    vec![
        Request::Transfer(Transfer { to: text("b"), amount: text("1"), reference: text("r") }),
        Request::Redeem(Redeem { amount: text("1"), reference: text("r") }),
    ]
}

/// Several changes at once.
fn batches() -> Vec<Request> {
    let ops: Vec<Request> = orders().into_iter().chain(changes()).collect();
    let ops = ops.into_iter().filter(|request| OPS.contains(&request.method())).take(100).map(Ok);
    let ops: Vec<_> = ops.collect();
    let batch = |atomic, ordered| Request::Batch(Batch { atomic, ordered, ops: ops.clone() });
    vec![batch(false, false), batch(true, false), batch(false, true)]
}

/// What providers, takers, auditors and the arbiter ask, with bytes of every length and none.
fn deliveries() -> Vec<Request> {
    let (delivery, slot) = (u32::MAX, 11);
    let name = SlotName { delivery, slot };
    let blobs = || (0..5).map(|length| Blob((250..).take(length).collect())).collect::<Vec<Blob>>();
    let blob = || Blob(vec![0, 255, 62, 63]);
    let job = SubmitJob {
        symbol: text("s"),
        prompts: vec![vec![1, u32::MAX], vec![]],
        tokens_max: 1,
        temperature_micro: None,
        top_k: None,
        secret_hashes: vec![],
    };
    let terms = SetDeliveryTerms {
        market: text("m"),
        dispute_slots: 1,
        ruling_slots: 2,
        auditors: 3,
        deposit: text("0.1"),
        stake: text("5"),
        bounty: text("0.2"),
        reason: text("r"),
    };
    let ruled = |outcome| Request::RuleSlot(RuleSlot { delivery, slot, outcome, reason: text("r") });
    let mut requests = vec![
        Request::Deliveries(Whose::default()),
        Request::Deliveries(Whose { account: Some(text("a")) }),
        Request::AcknowledgeDelivery(AcknowledgeDelivery { delivery }),
        Request::AnnounceMaintenance(AnnounceMaintenance { symbol: text("s") }),
        Request::ReclaimSlots(ReclaimSlots { delivery, from_slot: slot }),
        Request::SubmitJob(SubmitJob {
            temperature_micro: Some(0),
            top_k: Some(1),
            secret_hashes: blobs(),
            ..job.clone()
        }),
        Request::SubmitJob(job),
        Request::Assignment(name),
        Request::CommitSlot(CommitSlot { delivery, slot, commit: blob(), leaves: blobs() }),
        Request::RevealSecret(RevealSecret { delivery, slot, secret: blob() }),
        Request::StoreOutputs(StoreOutputs { delivery, slot, part: 63, parts: 64, data: blob() }),
        Request::Outputs(AskOutputs { delivery, slot, part: 63 }),
        Request::OpenSlot(OpenSlot { delivery, slot, openings: blobs() }),
        Request::Receipt(name),
        Request::JudgeSlot(JudgeSlot { delivery, slot, verdict: blob(), findings: blobs() }),
        Request::AddStake(Stake { amount: text("1") }),
        Request::WithdrawStake(Stake { amount: text("1") }),
        Request::DisputeSlot(name),
        Request::Cases,
        Request::SetAuditor(SetAuditor { account: text("a"), auditor: false, reason: text("r") }),
        Request::SetDeliveryTerms(terms),
    ];
    let outcomes = [SlotOutcome::Accepted, SlotOutcome::Rejected, SlotOutcome::Network, SlotOutcome::Buyer];
    requests.extend(outcomes.map(ruled));
    requests.push(ruled(SlotOutcome::Inconclusive));
    requests
}

fn rotation() -> Request {
    Request::RotateKey(RotateKey { key: text("x"), proof: text("y") })
}

fn controls() -> Vec<Request> {
    let all = MarketLimits {
        price_min: Some(text("0.5")),
        price_max: Some(text("2")),
        band_ppm: Some(1),
        order_qty: Some(text("10")),
        position_qty: Some(text("20")),
        order_notional: Some(text("30.5")),
    };
    let market = |limits| SetMarketLimits { market: text("m"), limits, reason: text("r") };
    let account = SetAccountLimits { account: text("a"), reason: text("r"), ..SetAccountLimits::default() };
    let some = SetAccountLimits {
        open_orders: Some(1),
        position_qty: Some(text("2")),
        order_notional: Some(text("3")),
        ..account.clone()
    };
    let mode = |mode| SetMode { scope: text("venue"), mode, reason: text("r") };
    let mut requests = vec![
        Request::SetMarketLimits(market(all)),
        Request::SetMarketLimits(market(MarketLimits::default())),
        Request::SetAccountLimits(account),
        Request::SetAccountLimits(some),
        Request::LockAccount(LockAccount { account: text("a"), locked: true, reason: text("r") }),
        Request::KillSwitch(KillSwitch { target: KillTarget::Venue, reason: text("r") }),
        Request::KillSwitch(KillSwitch { target: KillTarget::Account(text("a")), reason: text("r") }),
    ];
    let modes = [TradingMode::Open, TradingMode::PostOnly, TradingMode::CancelOnly, TradingMode::Halted];
    requests.extend(modes.map(|found| Request::SetMode(mode(found))));
    requests
}

#[test]
fn every_request_is_read_as_it_was_written() {
    let rest = [payments(), batches(), looks(), deliveries(), vec![rotation()]].concat();
    let requests = [orders(), changes(), session(), operations(), controls(), rest].concat();
    for id in [None, Some(RequestId::Number(-7)), Some(RequestId::Text("a-1".into()))] {
        for request in &requests {
            let frame = request.encode(id.as_ref());
            let call = Call::decode(&frame);
            assert_eq!(call.request.as_ref(), Ok(request), "{frame}");
            assert_eq!((call.method.as_deref(), &call.req_id), (Some(request.method()), &id), "{frame}");
        }
    }
    for method in METHODS {
        assert!(requests.iter().any(|request| request.method() == method), "{method}");
    }
}

#[test]
fn a_signed_request_carries_its_params_as_they_are() {
    for request in [payments(), operations(), vec![rotation()]].concat() {
        let (params, proof) = (request.params(), RequestProof { ts: Time::from_ns(1), sig: text("x") });
        let call = Call::decode(&request.encode_signed(None, &params, &proof));
        assert_eq!(call.request, Ok(request));
        assert_eq!(call.auth, Some(SignedParams { proof, params: params.into() }));
    }
    let spaced = r#"{"method":"redeem","params":{ "amount" : "5", "reference":"r" },"auth":{"ts":"1795356000123456789","sig":"x"}}"#;
    let auth = Call::decode(spaced).auth.unwrap();
    assert_eq!(&*auth.params, r#"{ "amount" : "5", "reference":"r" }"#);
}

#[test]
fn scope_follows_the_method() {
    assert!(session().iter().all(|request| request.scope().is_none()));
    let scopes: Vec<Option<Scope>> = operations().iter().map(Request::scope).collect();
    assert_eq!(scopes[0], Some(Scope::Provide));
    assert!(scopes[1..].iter().all(|scope| *scope == Some(Scope::Admin)));
    assert!(controls().iter().all(|request| request.scope() == Some(Scope::Admin)));
    let scopes: Vec<Option<Scope>> = changes().iter().map(Request::scope).collect();
    let expected =
        [(Scope::Trade, 4), (Scope::Cancel, 2), (Scope::Trade, 1), (Scope::Cancel, 4), (Scope::Read, 8)];
    let expected = expected.into_iter().flat_map(|(scope, count)| [Some(scope)].repeat(count));
    assert_eq!(scopes, expected.chain([None; 3]).collect::<Vec<_>>());
    assert!(payments().iter().all(|request| request.scope() == Some(Scope::Transfer) && request.is_signed()));
    assert!(batches().iter().chain([&rotation()]).all(|request| request.needs_login()));
}

#[test]
fn reply_is_read_as_it_was_written() {
    let error = ErrorObject::new(ErrorCode::Overloaded, "no room")
        .with_field("subs[0]")
        .with_suggestion("wait")
        .with_details(serde_json::json!({ "n": 1 }))
        .with_retry_after_ms(50);
    assert_eq!((error.category, error.retryable), (Category::Server, true));
    let subs = vec![
        SubscriptionAnswer {
            i: 0,
            outcome: Ok(Joined { stream: 11, seq: Some(9), matched: None, mode: None }),
        },
        SubscriptionAnswer { i: 1, outcome: Err(error.clone()) },
    ];
    let (left, engine_seq) = (Some("1".to_owned()), 7);
    let change = OrderChange {
        order_id: text("o_1"),
        status: OrderStatus::Canceled,
        cum_qty: text("0"),
        leaves_qty: text("0"),
        engine_seq,
        xseq: 3,
    };
    let results = vec![
        OpResult { i: 0, op: Some(text("cancel_order")), outcome: Ok(OpAnswer::Change(change)) },
        OpResult { i: 1, op: left, outcome: Err(error.clone()) },
        OpResult { i: 2, op: None, outcome: Err(error.clone()) },
    ];
    let outcomes = [
        ("batch", Ok(Answer::Batch(BatchResult { results }))),
        ("add_order", Err(error)),
        ("subscribe", Ok(Answer::Subscribe(SubscribeResult { subs }))),
        ("logout", Ok(Answer::Logout {})),
    ];
    for (method, outcome) in outcomes {
        let call = Call::decode(&format!(r#"{{"method":"{method}","req_id":"x"}}"#));
        let reply = call.reply(outcome, Time::from_ns(1), Time::from_ns(2));
        let message = Message::decode(&reply.encode()).unwrap();
        assert_eq!(message, Message::Reply(Box::new(reply)));
    }
}

#[test]
fn refusal_of_no_json_becomes_a_reply() {
    let call = Call::decode("hello");
    let error = call.request.clone().unwrap_err();
    let reply = call.reply(Err(error), Time::from_ns(1), Time::from_ns(2));
    let read: Reply = serde_json::from_str(&reply.encode()).unwrap();
    assert_eq!((&read.method, &read.req_id), (&None, &None));
    assert_eq!(read, reply);
}

#[test]
fn client_reads_past_what_is_newer() {
    let updates = [
        r#"{"channel":"tides","type":"update","data":{"last":"1"}}"#,
        r#"{"channel":"book","type":"newer","stream":1,"crc_full":5}"#,
        r#"{"channel":"status","type":"newer","data":{"system":"online"}}"#,
        r#"{"channel":"account"}"#,
    ];
    for update in updates.iter().take(3) {
        assert!(matches!(Message::decode(update), Ok(Message::Update(_))), "{update}");
    }
    assert!(Message::decode(updates[3]).is_err(), "a message has a type");

    let canceled = r#"{"channel":"executions","type":"update","stream":2,"xseq":2,"prev_xseq":1,"new":{"deep":[1]},
        "ts":"1795356000317900000","data":{"ev":"EVENT","reason":"halt","new":1,"order_id":"o_1","symbol":"s",
        "side":"buy","price":"1.0000","qty":"1","cum_qty":"0","leaves_qty":"0","status":"frozen","engine_seq":1}}"#;
    let event = |name: &str| match Message::decode(&canceled.replace("EVENT", name)).unwrap() {
        Message::Update(Update::Executions(Executions::Update(update))) => update.data,
        other => panic!("{other:?}"),
    };
    assert_eq!(event("canceled").event, Event::Canceled { reason: CancelReason::Unknown });
    assert_eq!(event("restated").event, Event::Unknown);
    assert_eq!(event("restated").order.status, OrderStatus::Unknown);
}

#[test]
fn client_reads_newer_errors() {
    let reply = r#"{"method":"add_order","ok":false,"error":{"code":"SOLAR_FLARE","category":"weather","message":"m",
        "retryable":true,"incident":"i"},"t_in":"1795356000317900000","t_out":"1795356000317900000","rl":{}}"#;
    let Message::Reply(reply) = Message::decode(reply).unwrap() else { panic!("a reply has no channel") };
    let error = reply.outcome.unwrap_err();
    assert_eq!(error.code, ErrorCode::Other("SOLAR_FLARE".into()));
    assert_eq!((error.category, error.retryable), (Category::Unknown, true));

    let close =
        r#"{"channel":"status","type":"error","data":{"code":"SOLAR_FLARE","message":"m","close":4999}}"#;
    let Message::Update(Update::Status(status)) = Message::decode(close).unwrap() else {
        panic!("an update")
    };
    let Status::Error { data } = *status else { panic!("an error") };
    assert_eq!((data.code, data.close.0), (ErrorCode::Other("SOLAR_FLARE".into()), 4999));
}
