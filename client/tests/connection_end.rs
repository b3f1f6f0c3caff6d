//! Connection end: what a program learns when there is no exchange, or it ends the connection, or is no exchange.

mod canned;

use std::time::Duration;

use canned::{HELLO, Peer, connect, serve};
use client::connection::Connection;
use client::error::ClientError;
use client::settings::Settings;
use protocol::close::CloseCode;
use protocol::error_code::ErrorCode;
use protocol::request::Request;
use protocol::session::Ping;
use protocol::update::Update;
use serde_json::json;
use tokio::net::TcpSocket;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::protocol::Message;

const TRADE: &str =
    r#"{"channel":"trades","type":"update","stream":14,"symbol":"s","seq":90215,"prev_seq":0,"data":[]}"#;

fn ping(echo: &str) -> Request {
    Request::Ping(Ping { echo: Some(echo.to_owned()) })
}

/// The connection to an exchange that runs `script` after its hello.
async fn meet(script: impl Fn(&mut Peer) + Send + Sync + 'static) -> Connection {
    let url = serve(move |mut peer| {
        peer.say(HELLO);
        script(&mut peer);
    });
    Connection::open(&url).await.expect("the exchange says hello")
}

/// How the connection to such an exchange ends.
async fn end(script: impl Fn(&mut Peer) + Send + Sync + 'static) -> ClientError {
    let mut connection = meet(script).await;
    let end = connection.next_update().await.expect_err("the connection ends");
    assert_eq!(connection.ping().await, Err(end.clone()), "every later call tells the same");
    assert_eq!(connection.next_update().await, Err(end.clone()));
    end
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

/// What waits to be read stands before the reply; nothing is lost by it.
#[tokio::test]
async fn who_does_not_read_has_no_reply_and_loses_nothing() {
    let url = serve(|mut peer| {
        peer.say(HELLO);
        (0..50).for_each(|_| peer.say(TRADE));
        while let Some(request) = peer.hear() {
            peer.answer(&request, Ok(json!({})));
        }
    });
    let settings = Settings { updates_max: 5, timeout: Duration::from_millis(200) };
    let mut connection = connect(&url, settings).await;
    let unread = loop {
        match connection.ping().await {
            // What is to be read has not come yet.
            Err(ClientError::Timeout { .. }) => {}
            other => break other.err(),
        }
    };
    assert_eq!(unread, Some(ClientError::Unread { updates: 5 }));
    for _ in 0..50 {
        assert!(matches!(connection.next_update().await, Ok(Update::Trades(_))));
    }
    let goes_on = loop {
        match connection.ping().await {
            Err(ClientError::Timeout { .. }) => {}
            other => break other.is_ok(),
        }
    };
    assert!(goes_on, "the connection goes on");
}

/// The exchange's pings wait behind what was not read, so it is told without being asked that the program is there.
#[tokio::test]
async fn who_reads_slowly_is_known_to_be_there() {
    let ping = Duration::from_secs(1);
    let (told, mut tells) = mpsc::unbounded_channel();
    let url = serve(move |mut peer| {
        peer.say(HELLO.replace("15000", &ping.as_millis().to_string()));
        (0..50).for_each(|_| peer.say(TRADE));
        let is_there = peer.hears_pong();
        peer.say(TRADE.replace("90215", if is_there { "1" } else { "0" }));
        told.send(()).unwrap();
        while peer.hear().is_some() {}
    });
    let settings = Settings { updates_max: 1, ..Settings::default() };
    let mut connection = Connection::open_with(&url, settings).await.unwrap();
    // As long as it has not read what waits, it does not miss what comes.
    tokio::time::sleep(2 * ping).await;
    assert!(connection.next_update().await.unwrap().encode().contains("90215"));
    tells.recv().await.unwrap();
    for _ in 1..50 {
        assert!(connection.next_update().await.unwrap().encode().contains("90215"));
    }
    assert!(connection.next_update().await.unwrap().encode().contains(r#""seq":1,"#));
}

#[tokio::test]
async fn an_exchange_that_says_nothing_any_more_is_gone() {
    let url = serve(|mut peer| {
        peer.say(HELLO.replace("15000", "20"));
        while peer.hear().is_some() {}
    });
    let mut connection = Connection::open(&url).await.unwrap();
    let lost = connection.next_update().await.unwrap_err();
    assert_eq!(lost.to_string(), "the connection broke: nothing has come for 60ms, not even a ping");
}

#[tokio::test]
async fn nobody_there_is_said_with_the_address() {
    // Taken, so that nobody else listens there.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let url = format!("ws://{}/ws/v1", taken.local_addr().unwrap());
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
