//! Reader: a subscriber that counts what it receives and looks no further than the headers.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use protocol::request::Request;
use protocol::status::PATH;
use protocol::subscription::{Subscribe, Subscription};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes read at a time.
const BUFFER_BYTES: usize = 256 * 1024;
/// Bytes of the server's half of the handshake at most.
const HANDSHAKE_BYTES_MAX: usize = 4_096;
/// How each message of a book begins; the next letter says whether it is a snapshot or an update.
const BOOK: &[u8] = br#"{"channel":"book","type":""#;

/// What one subscriber has received.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Messages of the book.
    pub(super) messages: AtomicU64,
    /// Bytes of all messages, headers too.
    pub(super) bytes: AtomicU64,
    /// Snapshots among the messages: the first, and those that replaced what was left out.
    pub(super) snapshots: AtomicU64,
}

/// Connects, subscribes and counts until the connection ends.
pub(super) async fn watch(address: String, subscription: Subscription, counts: Arc<Counts>) {
    // Whoever measures sees that nothing comes.
    let _ = count(&address, subscription, &counts).await;
}

async fn count(address: &str, subscription: Subscription, counts: &Counts) -> io::Result<()> {
    let mut stream = open(address).await?;
    let subscribe = Request::Subscribe(Subscribe { subs: vec![subscription] });
    stream.write_all(&masked(subscribe.encode(None).as_bytes())).await?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..]).await?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let taken = take(&buffer[..filled], counts);
        buffer.copy_within(taken..filled, 0);
        filled -= taken;
        if buffer.len() < filled * 2 {
            buffer.resize(buffer.len() * 2, 0);
        }
    }
}

/// Opens a websocket to `host:port`.
pub(in crate::command::bench) async fn open(address: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = format!(
        "GET {PATH} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if HANDSHAKE_BYTES_MAX <= answer.len() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        answer.push(stream.read_u8().await?);
    }
    Ok(stream)
}

/// A client's text frame of at most 125 or 65,535 bytes, masked with zeros, which change nothing.
fn masked(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("a request is short");
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text);
    frame
}

/// Counts the whole messages at the beginning of `bytes`; returns how many bytes they take.
fn take(bytes: &[u8], counts: &Counts) -> usize {
    let (mut taken, mut messages, mut snapshots) = (0, 0, 0);
    while let Some((payload, end)) = message(&bytes[taken..]) {
        let payload = &bytes[taken + payload..taken + end];
        if payload.starts_with(BOOK) {
            messages += 1;
            snapshots += u64::from(payload.get(BOOK.len()) == Some(&b's'));
        }
        taken += end;
    }
    counts.messages.fetch_add(messages, Ordering::Relaxed);
    counts.snapshots.fetch_add(snapshots, Ordering::Relaxed);
    counts.bytes.fetch_add(u64::try_from(taken).unwrap_or(u64::MAX), Ordering::Relaxed);
    taken
}

/// Where the payload of a server's message begins and where the message ends, if all of it has come.
fn message(bytes: &[u8]) -> Option<(usize, usize)> {
    let (payload, length) = match *bytes.get(1)? {
        126 => (4, u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)),
        length => (2, u64::from(length)),
    };
    let end = payload + usize::try_from(length).ok()?;
    (end <= bytes.len()).then_some((payload, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_counted_when_all_of_them_has_come() {
        let text = |text: &str| {
            let mut frame = masked(text.as_bytes());
            // A server's frame: no mask.
            frame[1] = 126;
            frame.drain(4..8);
            frame
        };
        let snapshot = text(r#"{"channel":"book","type":"snapshot","stream":1}"#);
        let update = text(r#"{"channel":"book","type":"update","stream":1}"#);
        let reply = text(r#"{"method":"subscribe","ok":true}"#);
        let all = [snapshot, reply, update].concat();
        let counts = Counts::default();
        let taken = take(&all[..all.len() - 1], &counts);
        let whole = taken + take(&all[taken..], &counts);
        assert_eq!(whole, all.len());
        let told = [&counts.messages, &counts.snapshots].map(|count| count.load(Ordering::Relaxed));
        assert_eq!(told, [2, 1]);
    }
}
