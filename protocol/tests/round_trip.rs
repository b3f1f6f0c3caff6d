//! Round trip: what one side writes, the other reads, and clients survive what is newer than they are.

use protocol::add_order::{AddOrder, Terms, TimeInForce};
use protocol::call::Call;
use protocol::cancel::{CancelAll, CancelOrder, ReduceOrder};
use protocol::error::ErrorObject;
use protocol::error_code::{Category, ErrorCode};
use protocol::execution::{CancelReason, Event, Executions};
use protocol::instrument::Tier;
use protocol::message::Message;
use protocol::operator::{AddMarket, Deposit, OpenAccount, RegisterKey, RevokeKey, SelfTrade, SetCapacity};
use protocol::order::{OrderName, OrderStatus, Side};
use protocol::query::{Fills, OpenOrders};
use protocol::reply::{Answer, Reply};
use protocol::request::{METHODS, Request};
use protocol::request_id::RequestId;
use protocol::session::{Login, Ping, Scope};
use protocol::status::Status;
use protocol::subscription::{Subscribe, SubscribeResult, Subscription, SubscriptionAnswer, Unsubscribe};
use protocol::time::Time;
use protocol::update::Update;

fn text(text: &str) -> String {
    text.to_owned()
}

fn orders() -> Vec<Request> {
    let order = AddOrder {
        symbol: text("H100SXM.US-E.FIRM.2026-11-23T14Z"),
        side: Side::Sell,
        terms: Terms::Limit { price: text("1.05"), tif: TimeInForce::Ioc },
        qty: text("8"),
        cl_ord_id: Some(text("a \"quoted\" \u{1F600} name")),
        deadline: Some(Time::from_ns(1_795_356_000_123_456_789)),
    };
    let market = AddOrder {
        terms: Terms::Market { limit_price: text("1") },
        cl_ord_id: None,
        deadline: None,
        ..order.clone()
    };
    vec![
        Request::AddOrder(order),
        Request::AddOrder(market),
        Request::CancelOrder(CancelOrder { order: OrderName::OrderId(text("o_1")) }),
        Request::CancelOrder(CancelOrder { order: OrderName::ClOrdId(text("a")) }),
        Request::ReduceOrder(ReduceOrder { order: OrderName::ClOrdId(text("a")), by_qty: text("1") }),
        Request::CancelAll(CancelAll { symbol: Some(text("s")) }),
        Request::CancelAll(CancelAll::default()),
        Request::OpenOrders(OpenOrders::default()),
        Request::Fills(Fills { limit: Some(10) }),
        Request::Balances,
        Request::Instruments,
    ]
}

fn session() -> Vec<Request> {
    let book = Subscription { symbol: Some(text("s")), depth: Some(0), ..Subscription::default() };
    vec![
        Request::Login(Login::dev("acme")),
        Request::Login(Login::Key { key_id: text("k_1"), ts: Time::from_ns(1), sig: text("x") }),
        Request::Ping(Ping { echo: Some(text("x")) }),
        Request::Ping(Ping::default()),
        Request::Logout,
        Request::Subscribe(Subscribe { subs: vec![book, Subscription::default()] }),
        Request::Unsubscribe(Unsubscribe { streams: vec![1, u64::MAX] }),
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
        }),
        Request::RevokeKey(RevokeKey { key_id: text("k_1") }),
        Request::Deposit(Deposit { account: text("a"), amount: text("1"), reference: text("r") }),
        Request::AddMarket(AddMarket {
            class: text("H100SXM"),
            zone: text("US-E"),
            tier: Tier::Int,
            window_s: 3600,
            windows: 48,
            gate_s: 600,
            bond: text("0.25"),
            maker_fee_ppm: 0,
            taker_fee_ppm: 500,
            self_trade: SelfTrade::Allow,
        }),
    ]
}

#[test]
fn every_request_is_read_as_it_was_written() {
    let requests = [orders(), session(), operations()].concat();
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
fn scope_follows_the_method() {
    assert!(session().iter().all(|request| request.scope().is_none()));
    let scopes: Vec<Option<Scope>> = operations().iter().map(Request::scope).collect();
    assert_eq!(scopes[0], Some(Scope::Provide));
    assert!(scopes[1..].iter().all(|scope| *scope == Some(Scope::Admin)));
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
        SubscriptionAnswer { i: 0, outcome: Ok(11) },
        SubscriptionAnswer { i: 1, outcome: Err(error.clone()) },
    ];
    let outcomes = [
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
        r#"{"channel":"ticker","type":"update","data":{"last":"1"}}"#,
        r#"{"channel":"book","type":"checkpoint","stream":1,"crc_full":5}"#,
        r#"{"channel":"status","type":"update","data":{"system":"online"}}"#,
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
    let reply = r#"{"method":"add_order","ok":false,"error":{"code":"PRICE_BAND","category":"weather","message":"m",
        "retryable":true,"incident":"i"},"t_in":"1795356000317900000","t_out":"1795356000317900000","rl":{}}"#;
    let Message::Reply(reply) = Message::decode(reply).unwrap() else { panic!("a reply has no channel") };
    let error = reply.outcome.unwrap_err();
    assert_eq!(error.code, ErrorCode::Other("PRICE_BAND".into()));
    assert_eq!((error.category, error.retryable), (Category::Unknown, true));

    let close =
        r#"{"channel":"status","type":"error","data":{"code":"RATE_LIMITED","message":"m","close":4029}}"#;
    let Message::Update(Update::Status(status)) = Message::decode(close).unwrap() else {
        panic!("an update")
    };
    let Status::Error { data } = *status else { panic!("an error") };
    assert_eq!((data.code, data.close.0), (ErrorCode::Other("RATE_LIMITED".into()), 4029));
}
