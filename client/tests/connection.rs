//! Connection: what a program sees of an exchange that behaves, and of one that does not.

mod canned;

use std::time::Duration;

use canned::{HELLO, Peer, answering, error, serve};
use client::connection::Connection;
use client::error::ClientError;
use client::secret::Secret;
use client::settings::{REQUESTS_MAX, Settings};
use client::subscription;
use protocol::add_order::{AddOrder, Terms, TimeInForce};
use protocol::close::CloseCode;
use protocol::error_code::ErrorCode;
use protocol::order::{OrderName, OrderStatus, Side};
use protocol::reply::Answer;
use protocol::request::Request;
use protocol::session::{Ping, Scope};
use protocol::update::Update;
use serde_json::json;
use tokio_tungstenite::tungstenite::protocol::Message;

const TRADE: &str = r#"{"channel":"trades","type":"update","stream":14,"symbol":"s","seq":90215,"data":[]}"#;

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
    Connection::open(&url).await.unwrap()
}

/// How the connection to such an exchange ends.
async fn end(script: impl Fn(&mut Peer) + Send + Sync + 'static) -> ClientError {
    let mut connection = meet(script).await;
    let end = connection.next_update().await.unwrap_err();
    assert_eq!(connection.ping().await.unwrap_err(), end, "every later call tells the same");
    assert_eq!(connection.next_update().await.unwrap_err(), end);
    end
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
        let late = peer.hear().unwrap();
        let prompt = peer.hear().unwrap();
        peer.answer(&prompt, Ok(prompt["params"].clone()));
        let last = peer.hear().unwrap();
        peer.answer(&late, Ok(json!({ "echo": "late" })));
        peer.answer(&last, Ok(last["params"].clone()));
        while peer.hear().is_some() {}
    });
    let after = Duration::from_millis(200);
    let connection =
        Connection::open_with(&url, Settings { timeout: after, ..Settings::default() }).await.unwrap();
    let (late, prompt) = (connection.send(&ping("a")).unwrap(), connection.send(&ping("b")).unwrap());
    assert_eq!(echo(prompt.answer().await.unwrap()), "b");
    assert_eq!(late.answer().await.unwrap_err(), ClientError::Timeout { method: "ping", after });
    // The late reply comes before this one, and nobody takes it for another.
    assert_eq!(echo(connection.send(&ping("c")).unwrap().answer().await.unwrap()), "c");
}

#[tokio::test]
async fn refusal_keeps_its_code() {
    let url = answering(|_, _| Err(error("INSUFFICIENT_CREDIT", "risk", "the order needs more credit")));
    let connection = Connection::open(&url).await.unwrap();
    let refusal = connection.cancel_all(None).await.unwrap_err();
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
    let order = AddOrder {
        symbol: "s".to_owned(),
        side: Side::Buy,
        terms: Terms::Limit { price: "1.05".to_owned(), tif: TimeInForce::Ioc },
        qty: "8".to_owned(),
        cl_ord_id: None,
        deadline: None,
    };
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
    use protocol::signature::{LoginText, PublicKey};
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
        peer.say(r#"{"channel":"candles","type":"update","data":{}}"#);
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
async fn reason_of_a_close_is_told() {
    let closed = end(|peer| {
        peer.say(r#"{"channel":"status","type":"error","data":{"code":"SLOW_CONSUMER","message":"4194304 bytes wait to be read","close":4008}}"#);
        peer.close(4008, "");
    })
    .await;
    let reason = "4194304 bytes wait to be read".to_owned();
    let slow =
        ClientError::Closed { close: CloseCode::SLOW_CONSUMER, code: Some(ErrorCode::SlowConsumer), reason };
    assert_eq!(closed, slow);
    assert_eq!(
        closed.to_string(),
        "the exchange closed the connection (4008): SLOW_CONSUMER: 4194304 bytes wait to be read"
    );
    let cut =
        r#"{"channel":"status","type":"error","data":{"code":"DRAINING","message":"restart","close":1001}}"#;
    let closed = end(move |peer| peer.say(cut)).await;
    assert!(matches!(closed, ClientError::Closed { close: CloseCode::RESTART, .. }), "{closed}");
    let closed = end(|peer| peer.close(1001, "restart")).await;
    let restart = ClientError::Closed { close: CloseCode::RESTART, code: None, reason: "restart".to_owned() };
    assert_eq!(closed, restart);
    let closed = end(|_| {}).await;
    assert!(matches!(closed, ClientError::Lost { .. }), "{closed}");
}

#[tokio::test]
async fn what_is_no_message_ends_the_connection() {
    for garbage in ["", "no json", "[]", "{}", r#"{"channel":"book","type":"update"}"#, r#"{"ok":true}"#] {
        let end = end(move |peer| peer.say(garbage)).await;
        assert!(matches!(end, ClientError::Protocol { .. }), "{garbage:?}: {end}");
    }
    let binary = end(|peer| peer.send(Message::binary(vec![1, 2, 3]))).await;
    assert!(matches!(binary, ClientError::Protocol { .. }), "{binary}");
    let nobodys = r#"{"ok":false,"error":{"code":"BAD_JSON","category":"protocol","message":"m","retryable":false},"t_in":"1795356000123700000","t_out":"1795356000123702000"}"#;
    let end = end(move |peer| peer.say(nobodys)).await;
    assert_eq!(
        end.to_string(),
        "the other end does not speak hourbook.v1: a reply names no request of ours: BAD_JSON: m"
    );
}

#[tokio::test]
async fn reply_of_another_method_is_refused() {
    let connection = meet(|peer| {
        let mut request = peer.hear().unwrap();
        request["method"] = json!("logout");
        peer.answer(&request, Ok(json!({})));
        while peer.hear().is_some() {}
    })
    .await;
    let end = connection.ping().await.unwrap_err();
    assert!(matches!(end, ClientError::Protocol { .. }), "{end}");
}

#[tokio::test]
async fn waiting_requests_learn_that_the_connection_broke() {
    let connection = meet(|peer| drop(peer.hear())).await;
    let tickets = ["a", "b"].map(|text| connection.send(&ping(text)).unwrap());
    for ticket in tickets {
        let lost = ticket.answer().await.unwrap_err();
        assert!(matches!(lost, ClientError::Lost { .. }), "{lost}");
    }
}

#[tokio::test]
async fn updates_that_nobody_reads_end_the_connection() {
    let url = serve(|mut peer| {
        peer.say(HELLO);
        (0..6).for_each(|_| peer.say(TRADE));
        while peer.hear().is_some() {}
    });
    let settings = Settings { updates_max: 5, ..Settings::default() };
    let mut connection = Connection::open_with(&url, settings).await.unwrap();
    let unread = ClientError::Unread { updates: 5 };
    assert_eq!(connection.ping().await.unwrap_err(), unread, "no reply: the connection has ended");
    for _ in 0..5 {
        assert!(matches!(connection.next_update().await, Ok(Update::Trades(_))), "what had come is kept");
    }
    assert_eq!(connection.next_update().await.unwrap_err(), unread);
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
    tokio::time::sleep(Duration::from_millis(100)).await;
    connection.send(&ping("a")).unwrap();
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

#[tokio::test]
async fn nobody_there_is_said_with_the_address() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("ws://{free}/ws/v1");
    let error = Connection::open(&url).await.err().unwrap();
    assert!(matches!(&error, ClientError::Connect { url: named, .. } if *named == url), "{error}");
    assert_eq!(error.advice(), Some("start an exchange there, or check the address"));
    for bad in [
        "",
        "127.0.0.1:9400",
        "http://127.0.0.1:9400/ws/v1",
        "wss://127.0.0.1:9400/ws/v1",
        "ws://",
        "ws://a b/",
    ] {
        let error = Connection::open(bad).await.err().unwrap();
        assert!(matches!(error, ClientError::Address { .. }), "{bad:?}: {error:?}");
    }
}

#[tokio::test]
async fn something_else_than_an_exchange_is_noticed() {
    let hellos = ["hi".to_owned(), TRADE.to_owned(), HELLO.replace("hourbook.v1", "hourbook.v2")];
    for hello in hellos {
        let url = serve(move |mut peer| {
            peer.say(hello.clone());
            while peer.hear().is_some() {}
        });
        let error = Connection::open(&url).await.err().unwrap();
        assert!(matches!(error, ClientError::Protocol { .. }), "{error:?}");
    }
    let silent = serve(|mut peer| while peer.hear().is_some() {});
    let settings = Settings { timeout: Duration::from_millis(100), ..Settings::default() };
    let error = Connection::open_with(&silent, settings).await.err().unwrap();
    assert_eq!(error.to_string(), format!("no exchange answers at {silent}: no hello within 100ms"));
}
