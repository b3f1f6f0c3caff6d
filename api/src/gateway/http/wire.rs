//! Wire: a connection's bytes before they are a websocket's: read up to a bound, and never past what is asked for.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::config::{CLOSE_GRACE, HTTP_TIMEOUT};
use crate::gateway::http::head::{HEAD_BYTES_MAX, Head, Refusal, broken};
use crate::gateway::socket::Socket;
use protocol::error_code::ErrorCode;

/// Bytes read at a time.
const READ_BYTES: usize = 4 * 1024;
/// Bytes of a client that was refused which are read and forgotten, so that it hears why before the connection ends.
const LINGER_BYTES_MAX: usize = 256 * 1024;

/// A connection, and what has been read of it.
#[derive(Debug)]
pub(in crate::gateway) struct Wire {
    stream: TcpStream,
    bytes: Vec<u8>,
}

/// What comes of waiting for a request.
#[derive(Debug)]
pub(in crate::gateway) enum Come {
    /// The head of one.
    Head(Head),
    /// Nothing more: the client is gone, or has asked nothing for too long.
    End,
}

impl Wire {
    pub(in crate::gateway) fn new(stream: TcpStream) -> Wire {
        Wire { stream, bytes: Vec::new() }
    }

    pub(in crate::gateway) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// A websocket's bytes, those that were read already among them.
    pub(in crate::gateway) fn into_socket(self) -> Socket {
        Socket::new(self.stream, self.bytes)
    }

    /// Waits for the next head: so long until it begins, and then until it is whole.
    ///
    /// # Errors
    /// What is wrong with it, or that it took too long.
    pub(in crate::gateway) async fn head(&mut self, patience: Duration) -> Result<Come, Refusal> {
        let mut deadline = Instant::now() + patience;
        let mut begun = !self.bytes.is_empty();
        if begun {
            deadline = Instant::now() + HTTP_TIMEOUT;
        }
        loop {
            if let Some(head) = Head::read(&self.bytes)? {
                return Ok(Come::Head(head));
            }
            match timeout_at(deadline, self.more()).await {
                Ok(Ok(0)) if begun => return Err(broken("the connection ended within a request")),
                Ok(Ok(0) | Err(_)) => return Ok(Come::End),
                Ok(Ok(_)) if begun => {}
                Ok(Ok(_)) => (begun, deadline) = (true, Instant::now() + HTTP_TIMEOUT),
                Err(_) if begun => return Err(slow()),
                Err(_) => return Ok(Come::End),
            }
        }
    }

    /// Takes a head and its body off what was read.
    ///
    /// # Errors
    /// It took too long, or the client is gone.
    pub(in crate::gateway) async fn body(&mut self, head: &Head) -> Result<Vec<u8>, Refusal> {
        let (from, to) = (head.bytes, head.bytes + head.body_bytes);
        if head.waits() && self.bytes.len() < to {
            let _ = self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await;
        }
        let deadline = Instant::now() + HTTP_TIMEOUT;
        while self.bytes.len() < to {
            match timeout_at(deadline, self.more()).await {
                Ok(Ok(0) | Err(_)) => return Err(broken("the connection ended within a body")),
                Ok(Ok(_)) => {}
                Err(_) => return Err(slow()),
            }
        }
        let body = self.bytes[from..to].to_vec();
        self.bytes.drain(..to);
        Ok(body)
    }

    /// Reads what there is. Returns how many bytes; none when the client sends no more.
    async fn more(&mut self) -> io::Result<usize> {
        self.bytes.reserve(READ_BYTES);
        (&mut self.stream).take(READ_BYTES.try_into().expect("it is small")).read_buf(&mut self.bytes).await
    }

    /// Writes all of it, or gives up after a while.
    pub(in crate::gateway) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = tokio::time::timeout(HTTP_TIMEOUT, self.stream.write_all(bytes)).await;
        written.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Ends the connection. What the client still sends is read for a moment: unread bytes would take the answer along.
    pub(in crate::gateway) async fn end(mut self) {
        let linger = async {
            self.stream.shutdown().await?;
            let mut left = LINGER_BYTES_MAX;
            while 0 < left {
                self.bytes.clear();
                match self.more().await? {
                    0 => return Ok(()),
                    read => left = left.saturating_sub(read),
                }
            }
            io::Result::Ok(())
        };
        // A courtesy to a client that may have gone.
        let _ = tokio::time::timeout(CLOSE_GRACE, linger).await;
    }
}

fn slow() -> Refusal {
    let message = format!("a request is sent within {} seconds", HTTP_TIMEOUT.as_secs());
    Refusal::new(408, ErrorCode::BadEnvelope, message)
}

const _: () = assert!(READ_BYTES <= HEAD_BYTES_MAX);
