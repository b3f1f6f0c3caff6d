//! Frame: a message as the bytes that go into the socket.
//!
//! What a server sends is not masked (RFC 6455, section 5.1), so one encoding with its header serves every client, and
//! many frames in a row are one piece of memory. That is why the gateway writes frames itself: the websocket library
//! would copy each message once more for each client.

use protocol::close::CloseCode;
use tokio_tungstenite::tungstenite::Bytes;

/// The last fragment of a message, and what kind.
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
/// Lengths up to this stand in the header's second byte.
const SHORT_MAX: usize = 125;
/// Instead of a length: it follows in two bytes, in eight.
const TWO_BYTES: u8 = 126;
const EIGHT_BYTES: u8 = 127;
/// Bytes of a close frame's reason that fit beside its code.
const REASON_BYTES_MAX: usize = SHORT_MAX - 2;
/// A ping without a payload.
const PING_FRAME: [u8; 2] = [PING, 0];

/// Appends a text message.
pub fn append_text(frames: &mut Vec<u8>, text: &str) {
    append(frames, TEXT, text.as_bytes());
}

/// A text message.
pub fn text(text: &str) -> Bytes {
    let mut frame = Vec::with_capacity(text.len() + 10);
    append_text(&mut frame, text);
    Bytes::from(frame)
}

/// A message that is no text.
pub fn binary(bytes: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(bytes.len() + 10);
    append(&mut frame, BINARY, bytes);
    Bytes::from(frame)
}

/// A ping, which every websocket library answers by itself.
pub fn ping() -> Bytes {
    Bytes::from_static(&PING_FRAME)
}

/// The last frame: why the connection ends. The reason is cut to what fits.
pub fn close(code: CloseCode, reason: &str) -> Bytes {
    let fits = reason.floor_char_boundary(REASON_BYTES_MAX);
    let mut payload = code.0.to_be_bytes().to_vec();
    payload.extend_from_slice(&reason.as_bytes()[..fits]);
    let mut frame = Vec::with_capacity(payload.len() + 2);
    append(&mut frame, CLOSE, &payload);
    Bytes::from(frame)
}

fn append(frames: &mut Vec<u8>, kind: u8, payload: &[u8]) {
    frames.push(kind);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length), _) if payload.len() <= SHORT_MAX => frames.push(length),
        (_, Ok(length)) => {
            frames.push(TWO_BYTES);
            frames.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            let length = u64::try_from(payload.len()).expect("lengths fit in 64 bits");
            frames.push(EIGHT_BYTES);
            frames.extend_from_slice(&length.to_be_bytes());
        }
    }
    frames.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tokio_tungstenite::tungstenite::Message;
    use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};

    use super::*;

    /// What a client reads from these bytes.
    fn read(frames: &[u8], count: usize) -> Vec<Message> {
        let mut socket = WebSocket::from_raw_socket(Cursor::new(frames.to_vec()), Role::Client, None);
        (0..count).map(|_| socket.read().unwrap()).collect()
    }

    #[test]
    fn a_client_reads_messages_of_every_length() {
        let texts = [0, 1, 125, 126, 65_535, 65_536, 200_000].map(|length| "x".repeat(length));
        let mut frames = Vec::new();
        for text in &texts {
            append_text(&mut frames, text);
        }
        let expected: Vec<Message> = texts.iter().map(Message::text).collect();
        assert_eq!(read(&frames, texts.len()), expected);
        assert_eq!(read(&text("one"), 1), [Message::text("one")]);
        assert_eq!(read(&binary(&[7, 0]), 1), [Message::binary(vec![7, 0])]);
        assert_eq!(read(&ping(), 1), [Message::Ping(Bytes::new())]);
    }

    #[test]
    fn a_long_reason_is_cut_between_characters() {
        let frame = close(CloseCode::SLOW_CONSUMER, &"ä".repeat(100));
        let [Message::Close(Some(told))] = &read(&frame, 1)[..] else { panic!("a close frame is read") };
        assert_eq!((u16::from(told.code), told.reason.as_str()), (4008, "ä".repeat(61).as_str()));
    }
}
