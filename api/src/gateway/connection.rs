//! Connection: reads requests, writes what waits in the outbox, and ends both.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use protocol::close::CloseCode;
use protocol::error_code::ErrorCode;
use protocol::status::{Closing, MESSAGE_BYTES_MAX, Status};
use protocol::update::Update;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, sleep_until};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::config::{HANDSHAKE_TIMEOUT, SILENT_PINGS_MAX};
use crate::frame;
use crate::gateway::door::Door;
use crate::gateway::http::wire::{Come, Wire};
use crate::gateway::registry::{AddressUse, Counted};
use crate::gateway::session::Session;
use crate::gateway::socket::{Socket, write_all, write_waiting};
use crate::gateway::{Gateway, Notice, handshake, http};
use crate::outbox::{Ending, Outbox};

/// Runs one connection to its end: what it asks first says whether it is a websocket.
pub(super) async fn run(
    gateway: &Arc<Gateway>,
    stream: TcpStream,
    (from, counted): ((SocketAddr, Door), Counted<AddressUse>),
) {
    // Replies are small and late is worse than many: send each at once.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut wire = Wire::new(stream);
    match wire.head(HANDSHAKE_TIMEOUT).await {
        Ok(Come::Head(head)) if head.upgrades() => websocket(gateway, wire, (from, counted)).await,
        Ok(Come::Head(head)) => http::serve(gateway, (wire, head), (from, Arc::new(counted))).await,
        Ok(Come::End) => {}
        Err(refusal) => http::refuse(gateway, wire, refusal).await,
    }
}

async fn websocket(
    gateway: &Arc<Gateway>,
    wire: Wire,
    (from, counted): ((SocketAddr, Door), Counted<AddressUse>),
) {
    let Some((mut frames, purpose)) = handshake::accept(wire, gateway.settings.dev).await else { return };
    let mut session = Session::open(Arc::clone(gateway), (from, counted), purpose);
    let outbox = session.outbox();
    let writer = frames.get_mut().divert(Arc::clone(&outbox));
    let notices = async {
        hear(gateway.notice.subscribe(), &outbox).await;
        let message = "the exchange is stopping: connect again when it is back".to_owned();
        let error = Some((ErrorCode::Draining, message));
        outbox.end(Ending { close: CloseCode::RESTART, error });
        std::future::pending::<()>().await;
    };
    // Whichever comes first ends the connection: all is written, the client is gone, or time is up.
    tokio::select! {
        () = write(writer, &outbox, gateway.settings.ping) => {}
        () = read(frames, &mut session) => {}
        () = doom(gateway, &outbox) => {}
        () = notices => {}
    }
    // It was written at once.
    if outbox.ended().now_or_never().is_some() {
        note_end(gateway, &outbox);
    }
    session.leave().await;
}

/// Tells the client what everybody is to know. Returns when all connections end.
async fn hear(mut notices: watch::Receiver<Notice>, outbox: &Outbox) {
    loop {
        let Notice { condition, closing } = notices.borrow_and_update().clone();
        if closing {
            return;
        }
        // The gateway lives as long as its connections.
        let _ = notices.changed().await;
        let told = notices.borrow_and_update().condition.clone();
        if told != condition
            && let Some(data) = told
        {
            outbox.push_text(&Update::Status(Box::new(Status::Update { data })).encode());
        }
    }
}

/// Waits for the end and then as long as a slow client may take to receive it.
async fn doom(gateway: &Gateway, outbox: &Outbox) {
    outbox.ended().await;
    note_end(gateway, outbox);
    tokio::time::sleep(gateway.settings.grace).await;
}

/// Counts what a connection is ended for, unless the client asked for it.
fn note_end(gateway: &Gateway, outbox: &Outbox) {
    if let Some(Ending { error: Some((code, _)), .. }) = outbox.ending() {
        gateway.metrics.ended(code);
    }
}

/// Returns when the client is gone: when it says so, or has not even answered the server's pings.
async fn read(mut frames: WebSocketStream<Socket>, session: &mut Session) {
    let silence = session.gateway.settings.ping * SILENT_PINGS_MAX;
    let mut heard = Instant::now();
    let mut patience = pin!(sleep_until(heard + silence));
    loop {
        let message = tokio::select! {
            biased;
            // What has come is read first, however late.
            message = frames.next() => message,
            () = &mut patience => {
                if heard + silence <= Instant::now() {
                    return;
                }
                patience.as_mut().reset(heard + silence);
                continue;
            }
        };
        heard = Instant::now();
        match message {
            Some(Ok(Message::Text(text))) => session.receive(&text).await,
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(Message::Binary(bytes))) if session.is_echo => {
                session.outbox().push(frame::binary(&bytes))
            }
            Some(Ok(Message::Binary(_))) => {
                let message = "requests are text frames, one JSON object each".to_owned();
                session.end(CloseCode::POLICY, ErrorCode::BadJson, message);
            }
            Some(Err(Error::Capacity(_))) => {
                let message = format!("a message has at most {MESSAGE_BYTES_MAX} bytes: send less at a time");
                session.end(CloseCode::TOO_BIG, ErrorCode::TooLarge, message);
                std::future::pending().await
            }
            // A close is answered with its own number, behind what waits.
            Some(Ok(Message::Close(frame))) => {
                let close = frame.map_or(CloseCode::NORMAL, |frame| CloseCode(u16::from(frame.code)));
                session.outbox().end(Ending { close, error: None });
                std::future::pending().await
            }
            Some(Err(_)) | None => return,
        }
    }
}

/// Writes what waits, all of it at a time. Returns when the end has been written or the client is gone.
async fn write(mut writer: OwnedWriteHalf, outbox: &Outbox, interval: Duration) {
    let mut ping = tokio::time::interval_at(Instant::now() + interval, interval);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = outbox.ready() => {}
            _ = ping.tick() => outbox.push(frame::ping()),
        }
        if write_waiting(&mut writer, outbox).await.is_err() {
            return;
        }
        if let Some(ending) = outbox.ending() {
            // Both are courtesies to a client that may have gone.
            let _ = farewell(&mut writer, ending).await;
            return;
        }
    }
}

async fn farewell(writer: &mut OwnedWriteHalf, ending: &Ending) -> io::Result<()> {
    let mut frames = Vec::new();
    let mut reason = String::new();
    if let Some((code, message)) = &ending.error {
        reason = code.to_string();
        let data = Closing { code: code.clone(), message: message.clone(), close: ending.close };
        let update = Update::Status(Box::new(Status::Error { data }));
        frames.push(frame::text(&update.encode()));
    }
    frames.push(frame::close(ending.close, &reason));
    write_all(writer, &frames).await?;
    writer.shutdown().await
}
