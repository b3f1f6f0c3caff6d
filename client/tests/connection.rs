//! Connection: replies, updates and bounds, with an exchange that behaves.

mod canned;

use std::time::Duration;

use canned::{HELLO, Peer, answering, connect, error, serve};
use client::connection::Connection;
use client::error::ClientError;
use client::secret::Secret;
use client::settings::{REQUESTS_MAX, Settings};
use client::subscription;
use protocol::add_order::AddOrder;
use protocol::cancel::CancelAll;
use protocol::error_code::ErrorCode;
use protocol::order::{OrderName, OrderStatus, Side};
use protocol::reply::Answer;
use protocol::request::Request;
use protocol::session::{Ping, Scope};
use protocol::terms::Terms;
use serde_json::json;

const TRADE: &str =
    r#"{"channel":"trades","type":"update","stream":14,"symbol":"s","seq":90215,"prev_seq":0,"data":[]}"#;

fn ping(echo: &str) -> Request {
    Request::Ping(Ping { echo: Some(echo.to_owned()) })
}

fn echo(answer: Answer) -> String {
    match answer {
        Answer::Ping(Ping { echo: Some(echo) }) => echo,
        other => panic!("an echo, not {other:?}"),
    }
}

/// The connection to an exchange that runs `script` after its hello.
async fn meet(script: impl Fn(&mut Peer) + Send + Sync + 'static) -> Connection {
    let url = serve(move |mut peer| {
        peer.say(HELLO);
        script(&mut peer);
    });
    Connection::open(&url).await.expect("the exchange says hello")
}

#[tokio::test]
async fn hello_is_read() {
    let connection = meet(|peer| while peer.hear().is_some() {}).await;
    assert_eq!(connection.hello().conn_id, "c-7f3a91");
    connection.close().await;
}

#[tokio::test]
async fn replies_find_their_request_in_any_order() {
    let connection = meet(|peer| {
        let requests: Vec<_> = (0..3).map(|_| peer.hear().unwrap()).collect();
        for request in requests.iter().rev() {
            peer.answer(request, Ok(request["params"].clone()));
        }
        while peer.hear().is_some() {}
    })
    .await;
    let tickets = ["a", "b", "c"].map(|text| connection.send(&ping(text)).unwrap());
    for (ticket, text) in tickets.into_iter().zip(["a", "b", "c"]) {
        assert_eq!(echo(ticket.answer().await.unwrap()), text);
    }
}

#[tokio::test]
async fn request_without_reply_times_out_and_others_go_on() {
    let url = serve(|mut peer| {
        peer.say(HELLO);
        let (Some(late), Some(prompt)) = (peer.hear(), peer.hear()) else { return };
        peer.answer(&prompt, Ok(prompt["params"].clone()));
        peer.say(TRADE);
        let last = peer.hear().unwrap();
        peer.answer(&late, Ok(json!({ "echo": "late" })));
        peer.answer(&last, Ok(last["params"].clone()));
        peer.say(TRADE);
        while peer.hear().is_some() {}
    });
    let after = Duration::from_millis(200);
    let mut connection = connect(&url, Settings { timeout: after, ..Settings::default() }).await;
    let (late, prompt) = (connection.send(&ping("a")).unwrap(), connection.send(&ping("b")).unwrap());
    // What is told behind a reply says that it has come, however slow the machine is.
    connection.next_update().await.unwrap();
    assert_eq!(echo(prompt.answer().await.unwrap()), "b");
    assert_eq!(late.answer().await.unwrap_err(), ClientError::Timeout { method: "ping", after });
    // The late reply comes before this one, and nobody takes it for another.
    let last = connection.send(&ping("c")).unwrap();
    connection.next_update().await.unwrap();
    assert_eq!(echo(last.answer().await.unwrap()), "c");
}

#[tokio::test]
async fn refusal_keeps_its_code() {
    let url = answering(|_, _| Err(error("INSUFFICIENT_CREDIT", "risk", "the order needs more credit")));
    let connection = Connection::open(&url).await.unwrap();
    let refusal = connection.cancel_all(CancelAll::default()).await.unwrap_err();
    assert_eq!(refusal.refusal().map(|error| &error.code), Some(&ErrorCode::InsufficientCredit));
    assert_eq!(refusal.to_string(), "INSUFFICIENT_CREDIT: the order needs more credit");
    let reply = connection.send(&ping("a")).unwrap().reply().await.unwrap();
    assert_eq!(reply.outcome.unwrap_err().code, ErrorCode::InsufficientCredit);
}

#[tokio::test]
async fn calls_send_their_params_and_read_their_results() {
    let url = answering(|method, params| match method {
        "add_order" => {
            let expected = json!({ "symbol": "s", "side": "buy", "type": "limit", "price": "1.05", "qty": "8", "tif": "ioc" });
            assert_eq!(*params, expected);
            let order = json!({ "order_id": "o_1", "status": "filled", "cum_qty": "8", "leaves_qty": "0" });
            let place = json!({ "avg_price": "1.0000", "engine_seq": 7, "xseq": 9 });
            let fields = [order, place].map(|part| part.as_object().unwrap().clone());
            Ok(fields.into_iter().flatten().collect())
        }
        "cancel_order" => {
            assert_eq!(*params, json!({ "cl_ord_id": "mine" }));
            Ok(
                json!({ "order_id": "o_1", "status": "canceled", "cum_qty": "0", "leaves_qty": "0", "engine_seq": 8, "xseq": 10 }),
            )
        }
        "reduce_order" => Err(error("UNKNOWN_ORDER", "order", "no such open order")),
        "subscribe" => {
            assert_eq!(*params, json!({ "subs": [{ "channel": "trades" }] }));
            Ok(json!({ "subs": [{ "i": 0, "ok": true, "stream": 14 }] }))
        }
        "unsubscribe" => Ok(json!({ "streams": params["streams"] })),
        _ => Err(error("UNKNOWN_METHOD", "protocol", "no such method")),
    });
    let connection = Connection::open(&url).await.unwrap();
    let order = AddOrder::new("s", Side::Buy, "8", Terms::ioc("1.05"));
    let placed = connection.add_order(order).await.unwrap();
    assert_eq!((placed.order_id.as_str(), placed.status, placed.xseq), ("o_1", OrderStatus::Filled, 9));
    let canceled = connection.cancel_order(OrderName::ClOrdId("mine".to_owned())).await.unwrap();
    assert_eq!(canceled.status, OrderStatus::Canceled);
    let unknown = connection.reduce_order(OrderName::OrderId("o_1".to_owned()), "3").await.unwrap_err();
    assert_eq!(unknown.refusal().map(|error| &error.code), Some(&ErrorCode::UnknownOrder));
    assert_eq!(connection.subscribe_one(subscription::trades(None)).await, Ok(14));
    assert_eq!(connection.unsubscribe(vec![14]).await.unwrap().streams, [14]);
}

#[tokio::test]
async fn login_signs_the_challenge() {
    use protocol::signature::{LoginText, PublicKey, Signed};
    use protocol::time::Time;
    let secret = Secret::from_bytes([7; 32]);
    let public = secret.public();
    let url = answering(move |method, params| match params["token"].as_str() {
        Some(token) => Ok(json!({ "account": token, "scopes": ["read", "fly"], "xseq": 0 })),
        None => {
            let text = |field: &str| params[field].as_str().unwrap();
            let ts = Time::parse(text("ts")).unwrap();
            let signed = LoginText { conn_id: "c-7f3a91", challenge: "q0F5yQ3Jb1mX9p2VtYw8Zg", ts };
            let key = PublicKey::parse(&public.text(), "key").unwrap();
            assert_eq!((method, text("key_id")), ("login", key.id().as_str()));
            signed.verify(&key, text("sig")).unwrap();
            Ok(json!({ "account": "acme", "scopes": ["trade"], "xseq": 41 }))
        }
    });
    let connection = Connection::open(&url).await.unwrap();
    let login = connection.login_key(&secret).await.unwrap();
    assert_eq!(
        (login.account.as_str(), login.scopes.as_slice(), login.xseq),
        ("acme", [Scope::Trade].as_slice(), 41)
    );
    let login = connection.login_dev("ann").await.unwrap();
    assert_eq!((login.account.as_str(), login.scopes[1]), ("dev:ann", Scope::Unknown));
}

#[tokio::test]
async fn updates_come_in_order_and_unknown_ones_are_left_out() {
    let mut connection = meet(|peer| {
        peer.say(TRADE);
        peer.say(r#"{"channel":"tides","type":"update","data":{}}"#);
        peer.say(r#"{"channel":"status","type":"notice","data":{}}"#);
        peer.say(TRADE.replace("90215", "90216"));
        while peer.hear().is_some() {}
    })
    .await;
    for seq in [90_215, 90_216] {
        let text = connection.next_update().await.unwrap().encode();
        assert_eq!(text, TRADE.replace("90215", &seq.to_string()));
    }
}

#[tokio::test]
async fn burst_does_not_overtake_a_program_that_reads() {
    let url = serve(|mut peer| {
        peer.say(HELLO);
        (0..20_000).for_each(|_| peer.say(TRADE));
        while peer.hear().is_some() {}
    });
    let settings = Settings { updates_max: 64, ..Settings::default() };
    let mut connection = Connection::open_with(&url, settings).await.unwrap();
    for number in 0..20_000 {
        let update = connection.next_update().await;
        assert!(update.is_ok(), "update {number}: {update:?}");
    }
}

#[tokio::test]
async fn requests_in_flight_are_bounded() {
    let connection = meet(|peer| while peer.hear().is_some() {}).await;
    let tickets: Vec<_> = (0..REQUESTS_MAX).map(|_| connection.send(&ping("a")).unwrap()).collect();
    let busy = connection.send(&ping("a")).err();
    assert_eq!(busy, Some(ClientError::Busy { requests: REQUESTS_MAX }));
    drop(tickets);
    // Room is made as requests are forgotten and the socket takes what was queued.
    while let Err(busy) = connection.send(&ping("a")) {
        assert_eq!(busy, ClientError::Busy { requests: REQUESTS_MAX });
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn ping_of_the_exchange_is_answered() {
    let mut connection = meet(|peer| {
        let alive = peer.is_alive();
        peer.say(TRADE.replace("90215", if alive { "1" } else { "0" }));
        while peer.hear().is_some() {}
    })
    .await;
    assert!(connection.next_update().await.unwrap().encode().contains(r#""seq":1,"#));
}
