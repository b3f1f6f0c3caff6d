//! Canned: an exchange that says what a test tells it to, on a thread of its own.
#![allow(dead_code, reason = "each test file uses its part")]

use std::net::{TcpListener, TcpStream};
use std::thread;

use client::connection::Connection;
use client::error::ClientError;
use client::settings::Settings;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, WebSocket};
use tokio_tungstenite::tungstenite::{Bytes, accept_hdr};

/// The hello of every connection: that of the protocol's documentation, so that its signature fits too.
pub(crate) const HELLO: &str = r#"{"channel":"status","type":"hello","data":{"conn_id":"c-7f3a91","epoch":"a41c09d2e7b85f10","server":"hourbook 0.1.0","api":"hourbook.v1","mode":"dev","system":"online","time":"1795356000123000000","challenge":"q0F5yQ3Jb1mX9p2VtYw8Zg","limits":{"max_message":65536,"max_subs":4096,"queue_bytes":4194304},"ping_ms":15000}}"#;

/// One connection, seen from the exchange.
pub(crate) struct Peer {
    socket: WebSocket<TcpStream>,
}

/// Runs `script` for every connection and returns the address. What a script says after the client has gone is lost.
pub(crate) fn serve(script: impl Fn(Peer) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("this machine has a free port");
    let url = format!("ws://{}/ws/v1", listener.local_addr().expect("a listener has an address"));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.expect("a client connects");
            stream.set_nodelay(true).expect("a new socket takes options");
            // A client that lost its patience has gone; it may come again.
            if let Ok(socket) = accept_hdr(stream, shake_hands) {
                script(Peer { socket });
            }
        }
    });
    url
}

/// Refuses a client that asks for another path or subprotocol than the exchange has.
#[allow(clippy::result_large_err)]
fn shake_hands(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    assert_eq!(request.uri().path(), "/ws/v1");
    let name = "Sec-WebSocket-Protocol";
    assert_eq!(request.headers()[name], "hourbook.json.v1");
    response.headers_mut().insert(name, HeaderValue::from_static("hourbook.json.v1"));
    Ok(response)
}

/// An exchange that says hello and answers each request with what `answer` makes of method and params.
pub(crate) fn answering(
    answer: impl Fn(&str, &Value) -> Result<Value, Value> + Send + Sync + 'static,
) -> String {
    serve(move |mut peer| {
        peer.say(HELLO);
        while let Some(request) = peer.hear() {
            let method = request["method"].as_str().expect("a request has a method");
            peer.answer(&request, answer(method, &request["params"]));
        }
    })
}

/// Connects with little patience, as often as a busy machine needs.
pub(crate) async fn connect(url: &str, settings: Settings) -> Connection {
    loop {
        match Connection::open_with(url, settings).await {
            Err(ClientError::Connect { .. }) => {}
            opened => return opened.expect("the exchange says hello"),
        }
    }
}

/// An error object of this code.
pub(crate) fn error(code: &str, category: &str, message: &str) -> Value {
    json!({ "code": code, "category": category, "message": message, "retryable": false })
}

impl Peer {
    /// Sends a text frame.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        let _ = self.socket.send(Message::text(text.into()));
    }

    /// Sends another frame.
    pub(crate) fn send(&mut self, frame: Message) {
        let _ = self.socket.send(frame);
    }

    /// The next request; `None` when the client has gone.
    pub(crate) fn hear(&mut self) -> Option<Value> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    return Some(serde_json::from_str(&text).expect("a request is JSON"));
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    /// Waits for the answer to a ping frame.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.send(Message::Ping(Bytes::from_static(b"there?")));
        self.socket.read().is_ok_and(|frame| frame == Message::Pong(Bytes::from_static(b"there?")))
    }

    /// Waits for a pong frame that nobody asked for.
    pub(crate) fn hears_pong(&mut self) -> bool {
        matches!(self.socket.read(), Ok(Message::Pong(_)))
    }

    /// Answers a request with a result, or with an error object.
    pub(crate) fn answer(&mut self, request: &Value, outcome: Result<Value, Value>) {
        let (method, req_id) = (&request["method"], &request["req_id"]);
        let (t_in, t_out) = ("1795356000200000000", "1795356000200100000");
        let reply = match outcome {
            Ok(result) => {
                json!({ "method": method, "req_id": req_id, "ok": true, "result": result, "t_in": t_in, "t_out": t_out })
            }
            Err(error) => {
                json!({ "method": method, "req_id": req_id, "ok": false, "error": error, "t_in": t_in, "t_out": t_out })
            }
        };
        self.say(reply.to_string());
    }

    /// Closes with a close frame and waits until the client has closed too.
    pub(crate) fn close(&mut self, code: u16, reason: &str) {
        let frame = CloseFrame { code: CloseCode::from(code), reason: reason.to_owned().into() };
        let _ = self.socket.close(Some(frame));
        while self.hear().is_some() {}
    }
}
