//! Socket: the websocket under a connection, from the handshake to the close.

use std::error::Error;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use protocol::close::CloseCode;
use protocol::message::Message;
use protocol::status::{API, Closing, Hello, SUBPROTOCOL, Status};
use protocol::update::Update;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, timeout};
use tokio_tungstenite::tungstenite::Bytes;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message as Frame, WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::error::ClientError;
use crate::in_flight::InFlight;
use crate::settings::{GOODBYE, MESSAGE_BYTES_MAX};

/// Pings of the exchange that may stay out before it is gone.
const SILENT_PINGS_MAX: u32 = 3;
/// How much of a message that cannot be read is shown.
const SHOWN_CHARS_MAX: usize = 80;

type Frames = SplitStream<WebSocketStream<MaybeTlsStream<TcpStream>>>;
type Writer = SplitSink<WebSocketStream<MaybeTlsStream<TcpStream>>, Frame>;

/// A websocket that has heard the exchange's hello.
pub(crate) struct Socket {
    frames: Frames,
    writer: Writer,
    /// How often the exchange looks whether we are there.
    ping: Duration,
}

impl Socket {
    /// Connects and reads the hello.
    pub(crate) async fn open(url: &str) -> Result<(Socket, Hello), ClientError> {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let connecting = connect_async_with_config(handshake(url)?, Some(config), true);
        let (socket, _) = connecting.await.map_err(|error| not_connected(url, &error))?;
        let (writer, mut frames) = socket.split();
        let hello = hello(&mut frames).await?;
        let ping = Duration::from_millis(u64::from(hello.ping_ms).max(1));
        Ok((Socket { frames, writer, ping }, hello))
    }

    /// Sends what comes to be sent and hands out what is received, until the connection ends; says why.
    pub(crate) async fn run(
        self,
        outgoing: mpsc::Receiver<String>,
        updates: mpsc::Sender<Update>,
        in_flight: &InFlight,
    ) -> ClientError {
        let (mut frames, mut writer, alive) = (self.frames, self.writer, Notify::new());
        let mut queue = Queue { updates, in_flight, alive: &alive, ping: self.ping, shown: Instant::now() };
        // Each half moves while the other waits: a server that does not read before we read is no deadlock.
        tokio::select! {
            reason = read(&mut frames, &mut queue) => reason,
            reason = write(&mut writer, outgoing, &alive) => reason,
        }
    }
}

fn handshake(url: &str) -> Result<Request, ClientError> {
    let wrong = |cause: &str| ClientError::Address { url: url.to_owned(), cause: cause.to_owned() };
    let mut request = url.into_client_request().map_err(|error| wrong(&error.to_string()))?;
    match request.uri().scheme_str() {
        Some("ws") => {}
        Some("wss") => return Err(wrong("this client has no TLS; tunnel it to this machine and use ws://")),
        _ => return Err(wrong("it does not begin with ws://")),
    }
    request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static(SUBPROTOCOL));
    Ok(request)
}

fn not_connected(url: &str, error: &SocketError) -> ClientError {
    let cause = match error {
        SocketError::Http(response) => {
            format!("the server answers HTTP {} and no websocket", response.status().as_u16())
        }
        SocketError::Io(error) => error.to_string(),
        other => other.to_string(),
    };
    ClientError::Connect { url: url.to_owned(), cause }
}

async fn hello(frames: &mut Frames) -> Result<Hello, ClientError> {
    loop {
        match frames.next().await {
            Some(Ok(Frame::Text(text))) => {
                let Message::Update(Update::Status(status)) = decode(&text)? else {
                    return Err(ClientError::Protocol { cause: "its first message is no hello".to_owned() });
                };
                return match *status {
                    Status::Hello { data } if data.api == API => Ok(data),
                    Status::Hello { data } => {
                        Err(ClientError::Protocol { cause: format!("it speaks {}", data.api) })
                    }
                    Status::Error { data } => Err(closed(data)),
                    Status::Update { .. } | Status::LeftOut { .. } | Status::Unknown => continue,
                };
            }
            Some(Ok(Frame::Close(frame))) => return Err(close_frame(frame)),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(lost(&error)),
            None => return Err(ClientError::Lost { cause: "it ended before the hello".to_owned() }),
        }
    }
}

async fn read(frames: &mut Frames, queue: &mut Queue<'_>) -> ClientError {
    // What the exchange said before it closes; the close frame says less.
    let mut told = None;
    loop {
        let silence = queue.ping * SILENT_PINGS_MAX;
        let Ok(frame) = timeout(silence, frames.next()).await else {
            return ClientError::Lost { cause: format!("nothing has come for {silence:?}, not even a ping") };
        };
        let text = match frame {
            Some(Ok(Frame::Text(text))) => text,
            Some(Ok(Frame::Close(frame))) => {
                // One more look, so that our half of the goodbye goes out.
                let _ = timeout(GOODBYE, frames.next()).await;
                return told.map_or_else(|| close_frame(frame), closed);
            }
            Some(Ok(Frame::Binary(_))) => {
                return ClientError::Protocol { cause: "it sent a binary frame".to_owned() };
            }
            Some(Ok(Frame::Ping(_) | Frame::Pong(_) | Frame::Frame(_))) => continue,
            Some(Err(error)) => return told.map_or_else(|| lost(&error), closed),
            None => return told.map_or_else(|| lost(&SocketError::ConnectionClosed), closed),
        };
        let taken = match decode(&text) {
            Ok(Message::Reply(reply)) => queue.in_flight.answer(*reply),
            Ok(Message::Update(Update::Status(status))) => match *status {
                Status::Error { data } => {
                    told = Some(data);
                    Ok(())
                }
                Status::Unknown => Ok(()),
                other => {
                    queue.put(Update::Status(Box::new(other))).await;
                    Ok(())
                }
            },
            Ok(Message::Update(Update::Unknown)) => Ok(()),
            Ok(Message::Update(update)) => {
                queue.put(update).await;
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = taken {
            return error;
        }
    }
}

/// Where updates wait for the program.
struct Queue<'a> {
    updates: mpsc::Sender<Update>,
    in_flight: &'a InFlight,
    /// Has the writer say that the program is there.
    alive: &'a Notify,
    ping: Duration,
    /// When that was said last.
    shown: Instant,
}

impl Queue<'_> {
    /// Adds an update. Waits for room, and with it the socket. The exchange's pings wait behind what was not read, so each time
    /// that the program has read something the exchange is told without being asked that it is there.
    async fn put(&mut self, update: Update) {
        // Without a reader the connection is about to be dropped.
        let Err(mpsc::error::TrySendError::Full(update)) = self.updates.try_send(update) else { return };
        self.in_flight.stand_behind(self.updates.max_capacity());
        let _ = self.updates.send(update).await;
        self.in_flight.stand_behind(0);
        if self.ping <= self.shown.elapsed() {
            self.shown = Instant::now();
            self.alive.notify_one();
        }
    }
}

/// Ends only a moment after writing has failed: the reading half may still learn the reason.
async fn write(writer: &mut Writer, mut outgoing: mpsc::Receiver<String>, alive: &Notify) -> ClientError {
    let reason = match write_all(writer, &mut outgoing, alive).await {
        Ok(()) => ClientError::Lost { cause: "it was closed here".to_owned() },
        Err(error) => lost(&error),
    };
    outgoing.close();
    sleep(GOODBYE).await;
    reason
}

/// Sends until nothing more can come, then says goodbye. What waits together goes out together.
async fn write_all(
    writer: &mut Writer,
    outgoing: &mut mpsc::Receiver<String>,
    alive: &Notify,
) -> Result<(), SocketError> {
    loop {
        tokio::select! {
            text = outgoing.recv() => match text {
                Some(text) => writer.feed(Frame::text(text)).await?,
                None => break,
            },
            () = alive.notified() => writer.feed(Frame::Pong(Bytes::new())).await?,
        }
        while let Ok(text) = outgoing.try_recv() {
            writer.feed(Frame::text(text)).await?;
        }
        writer.flush().await?;
    }
    writer.send(Frame::Close(None)).await
}

fn decode(text: &str) -> Result<Message, ClientError> {
    Message::decode(text).map_err(|error| {
        let shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
        ClientError::Protocol { cause: format!("{error} in the message {shown:?}") }
    })
}

fn closed(closing: Closing) -> ClientError {
    ClientError::Closed { close: closing.close, code: Some(closing.code), reason: closing.message }
}

fn close_frame(frame: Option<CloseFrame>) -> ClientError {
    match frame {
        Some(frame) => ClientError::Closed {
            close: CloseCode(frame.code.into()),
            code: None,
            reason: frame.reason.as_str().to_owned(),
        },
        None => ClientError::Lost { cause: "the exchange closed it without a reason".to_owned() },
    }
}

fn lost(error: &SocketError) -> ClientError {
    let cause = match error {
        SocketError::ConnectionClosed
        | SocketError::AlreadyClosed
        | SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            "the exchange ended it without a word".to_owned()
        }
        other => other.source().map_or_else(|| other.to_string(), ToString::to_string),
    };
    ClientError::Lost { cause }
}
