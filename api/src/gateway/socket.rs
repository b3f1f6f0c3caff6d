//! Socket: one connection's bytes, read by the websocket library and written by the gateway.
//!
//! The library reads frames and answers pings and closes. During the handshake it writes by itself; after that
//! everything goes through the outbox, its answers too, so that frames never mix.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use protocol::close::CloseCode;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio_tungstenite::tungstenite::Bytes;

use crate::outbox::{Ending, Outbox};

/// Parcels that one write takes along.
const PARCELS_MAX: usize = 64;
/// Bytes after which a write takes no further parcel along.
const BYTES_MAX: usize = 256 * 1024;

/// What the websocket library reads from and writes to.
#[derive(Debug)]
pub(super) struct Socket {
    /// What was read before it was known to be a websocket's.
    before: Vec<u8>,
    reader: OwnedReadHalf,
    writer: Writer,
}

#[derive(Debug)]
enum Writer {
    Direct(OwnedWriteHalf),
    Queued(Arc<Outbox>),
}

impl Socket {
    /// A connection of which this was read already.
    pub(super) fn new(stream: TcpStream, before: Vec<u8>) -> Socket {
        let (reader, writer) = stream.into_split();
        Socket { before, reader, writer: Writer::Direct(writer) }
    }

    /// From now on what the library writes goes into the outbox. Returns what writes the outbox. Once only.
    pub(super) fn divert(&mut self, outbox: Arc<Outbox>) -> OwnedWriteHalf {
        match std::mem::replace(&mut self.writer, Writer::Queued(outbox)) {
            Writer::Direct(writer) => writer,
            Writer::Queued(_) => unreachable!("a socket is diverted once"),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.before.is_empty() {
            let taken = self.before.len().min(buffer.remaining());
            buffer.put_slice(&self.before[..taken]);
            self.before.drain(..taken);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.reader).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.writer {
            Writer::Direct(writer) => Pin::new(writer).poll_write(context, bytes),
            // All is taken at once, so these are whole frames.
            Writer::Queued(outbox) => {
                outbox.push(Bytes::copy_from_slice(bytes));
                Poll::Ready(Ok(bytes.len()))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.writer {
            Writer::Direct(writer) => Pin::new(writer).poll_flush(context),
            Writer::Queued(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.writer {
            Writer::Direct(writer) => Pin::new(writer).poll_shutdown(context),
            Writer::Queued(_) => Poll::Ready(Ok(())),
        }
    }
}

/// Writes what waits in the outbox now: as much as possible with each call of the system, and no byte copied. A client
/// that was cut off for being slow is spared the rest, so that it hears why.
pub(super) async fn write_waiting(writer: &mut OwnedWriteHalf, outbox: &Outbox) -> io::Result<()> {
    let slow = |ending: &Ending| ending.close == CloseCode::SLOW_CONSUMER;
    loop {
        let frames = gather(outbox);
        if frames.is_empty() || outbox.ending().is_some_and(slow) {
            return Ok(());
        }
        write_all(writer, &frames).await?;
    }
}

fn gather(outbox: &Outbox) -> Vec<Bytes> {
    let mut gathered = Vec::new();
    let mut bytes = 0;
    while bytes < BYTES_MAX
        && gathered.len() < PARCELS_MAX
        && let Some(parcel) = outbox.pop()
    {
        let frames = parcel.into_frames();
        bytes += frames.len();
        gathered.push(frames);
    }
    gathered
}

/// Writes all of it.
pub(super) async fn write_all(writer: &mut OwnedWriteHalf, frames: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = frames.iter().map(|frames| IoSlice::new(frames)).collect();
    let mut left = slices.as_mut_slice();
    while !left.is_empty() {
        let written = writer.write_vectored(left).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        IoSlice::advance_slices(&mut left, written);
    }
    Ok(())
}
