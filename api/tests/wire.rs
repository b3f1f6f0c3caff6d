//! Wire: websockets by hand, byte by byte: what the standard allows works, what it forbids ends the connection, and nobody
//! else notices.
#![allow(clippy::unwrap_used, reason = "a test")]

mod harness;

use harness::{PATIENCE, World};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Frames: the last fragment, and kinds.
const FIN: u8 = 0x80;
const CONTINUED: u8 = 0;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

struct Hand(TcpStream);

/// A frame as a client sends it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(FIN | u8::try_from(length).unwrap()),
        length => {
            bytes.push(FIN | 126);
            bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
    let mask = [7, 11, 13, 17];
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

impl Hand {
    /// Opens a websocket, sending so many bytes at a time.
    async fn open(world: &World, at_a_time: usize) -> Hand {
        let address = world.url.split('/').nth(2).unwrap().to_owned();
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let request = format!(
            "GET /ws/v1 HTTP/1.1\r\nHost: {address}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
        );
        for piece in request.as_bytes().chunks(at_a_time) {
            stream.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(head.starts_with("http/1.1 101"), "{head}");
        assert!(
            head.contains("s3pplmbitxaq9kygzzhzrbk+xoo="),
            "the key is answered as the standard says: {head}"
        );
        assert!(!head.contains("deflate"), "what was not agreed on is not used: {head}");
        let mut hand = Hand(stream);
        let hello = hand.hear().await.unwrap();
        assert_eq!(hello.0, FIN | TEXT);
        hand
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// The next frame; none when the connection has ended.
    async fn hear(&mut self) -> Option<(u8, Vec<u8>)> {
        let read = async {
            let first = self.0.read_u8().await.ok()?;
            let length = match self.0.read_u8().await.ok()? {
                126 => u64::from(self.0.read_u16().await.ok()?),
                127 => self.0.read_u64().await.ok()?,
                short => u64::from(short),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.0.read_exact(&mut payload).await.ok()?;
            Some((first, payload))
        };
        timeout(PATIENCE, read).await.expect("something comes in time")
    }

    /// The next message.
    async fn message(&mut self) -> Value {
        let (first, payload) = self.hear().await.expect("the connection is open");
        assert_eq!(first, FIN | TEXT);
        serde_json::from_slice(&payload).unwrap()
    }

    /// How the connection ends: by a close frame with this number, or without one.
    async fn end(mut self) -> Option<u16> {
        while let Some((first, payload)) = self.hear().await {
            if first == FIN | CLOSE {
                return payload.get(..2).map(|code| u16::from_be_bytes([code[0], code[1]]));
            }
        }
        None
    }
}

fn ping(echo: &str) -> Vec<u8> {
    json!({"method": "ping", "params": {"echo": echo}}).to_string().into_bytes()
}

#[tokio::test]
async fn what_the_standard_allows_works() {
    let world = World::start().await;
    // A handshake and frames byte by byte.
    let mut slow = Hand::open(&world, 1).await;
    for byte in frame(FIN | TEXT, &ping("byte by byte")) {
        slow.send(&[byte]).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(slow.message().await["result"]["echo"], "byte by byte");
    // A message in pieces, empty ones too, with a ping between them that is answered at once.
    let text = ping("in pieces");
    slow.send(&frame(TEXT, &text[..5])).await;
    slow.send(&frame(CONTINUED, b"")).await;
    slow.send(&frame(FIN | PING, b"still there?")).await;
    assert_eq!(slow.hear().await, Some((FIN | PONG, b"still there?".to_vec())));
    for byte in &text[5..] {
        slow.send(&frame(CONTINUED, &[*byte])).await;
    }
    slow.send(&frame(FIN | CONTINUED, b"")).await;
    assert_eq!(slow.message().await["result"]["echo"], "in pieces");
    // Many messages in one write.
    let many: Vec<u8> = (0..200).flat_map(|number| frame(FIN | TEXT, &ping(&number.to_string()))).collect();
    slow.send(&many).await;
    for number in 0..200 {
        assert_eq!(slow.message().await["result"]["echo"], number.to_string());
    }
    // A pong that nobody asked for is nothing, and a close is answered.
    slow.send(&frame(FIN | PONG, b"unasked")).await;
    slow.send(&frame(FIN | CLOSE, &1000_u16.to_be_bytes())).await;
    assert_eq!(slow.end().await, Some(1000));
    world.stop().await;
}

#[tokio::test]
async fn what_the_standard_forbids_ends_the_connection() {
    let (world, symbol) = World::trading().await;
    let mut ann = world.login("ann").await;
    let unmasked = {
        let text = ping("x");
        [vec![FIN | TEXT, u8::try_from(text.len()).unwrap()], text].concat()
    };
    let large = vec![b' '; 60_000];
    let cases: [(&str, Vec<u8>, Option<u16>); 9] = [
        ("not masked", unmasked, None),
        ("a bit that no extension gave a meaning", frame(FIN | 0x40 | TEXT, &ping("x")), None),
        ("a kind that there is not", frame(FIN | 3, b"x"), None),
        ("a control frame in pieces", frame(PING, b"x"), None),
        ("a control frame that is too long", frame(FIN | PING, &[b'x'; 126]), None),
        ("a piece of nothing", frame(FIN | CONTINUED, b"x"), None),
        ("no UTF-8", frame(FIN | TEXT, b"{\"method\":\"\xff\"}"), None),
        ("too large in pieces", [frame(TEXT, &large), frame(FIN | CONTINUED, &large)].concat(), Some(1009)),
        // What comes says that it is 4 GiB: nothing is set aside for it.
        (
            "a length that never comes",
            vec![FIN | TEXT, FIN | 127, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4],
            Some(1009),
        ),
    ];
    for (what, bytes, code) in cases {
        let mut hand = Hand::open(&world, 4_096).await;
        hand.send(&bytes).await;
        let ended = hand.end().await;
        assert!(code.is_none() || ended == code, "{what}: {ended:?}");
        ann.order(&symbol, "buy", ("1", "0.0001")).await;
    }
    world.stop().await;
}

#[tokio::test]
async fn handshakes_that_never_end_keep_nobody_out() {
    let (world, symbol) = World::trading().await;
    let address = world.url.split('/').nth(2).unwrap().to_owned();
    let mut half_open = Vec::new();
    for number in 0..200 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let begun: &[u8] = if number % 2 == 0 { b"" } else { b"GET /ws/v1 HTTP/1.1\r\nHost" };
        stream.write_all(begun).await.unwrap();
        half_open.push(stream);
    }
    let mut ann = world.login("ann").await;
    ann.order(&symbol, "buy", ("1", "0.5000")).await;
    // All of them are sent away.
    for mut stream in half_open {
        let mut rest = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it is sent away").unwrap();
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&rest));
    }
    world.stop().await;
}

#[tokio::test]
async fn ten_thousand_subscriptions_leave_nothing_behind() {
    let (world, symbol) = World::trading().await;
    let (mut restless, mut ann) = (world.connect().await, world.login("ann").await);
    let before = ann.subscribe(json!({"channel": "book", "symbol": symbol, "depth": 10})).await["stream"]
        .as_u64()
        .unwrap();
    ann.update("book").await;
    for round in 0..2_500 {
        let item = |depth: u32| json!({"channel": "book", "symbol": symbol, "depth": depth});
        let subs = [0, 1, 10, 25].map(item);
        let result = restless.ok("subscribe", json!({"subs": subs})).await;
        let streams: Vec<&Value> =
            result["subs"].as_array().unwrap().iter().map(|sub| &sub["stream"]).collect();
        restless.send("unsubscribe", json!({"streams": streams})).await;
        if round % 250 == 0 {
            ann.order(&symbol, "buy", ("1", "0.5000")).await;
            assert_eq!(ann.update("book").await["stream"], before);
        }
    }
    restless.ok("ping", json!({})).await;
    assert_eq!(
        restless.error("unsubscribe", json!({"streams": [before + 1]})).await["code"],
        "NOT_SUBSCRIBED"
    );
    world.stop().await;
}

#[tokio::test]
async fn an_id_that_is_used_twice_answers_twice() {
    let world = World::start().await;
    let mut hand = Hand::open(&world, 4_096).await;
    let text = json!({"method": "ping", "req_id": 7, "params": {}}).to_string().into_bytes();
    hand.send(&[frame(FIN | TEXT, &text), frame(FIN | TEXT, &text)].concat()).await;
    for _ in 0..2 {
        assert_eq!(hand.message().await["req_id"], 7);
    }
    hand.send(&frame(FIN | TEXT, br#"{"method":"ping","method":"logout"}"#)).await;
    assert_eq!(hand.message().await["error"]["code"], "BAD_VALUE");
    world.stop().await;
}
