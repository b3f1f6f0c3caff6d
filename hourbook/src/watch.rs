//! Watch: updates of a connection until Ctrl-C.

use std::io;

use client::connection::Connection;
use protocol::update::Update;
#[cfg(unix)]
use tokio::signal::unix::Signal as Interrupt;
#[cfg(windows)]
use tokio::signal::windows::CtrlC as Interrupt;

use crate::failure::Failure;

/// A connection that is watched.
pub(crate) struct Watch {
    connection: Connection,
    interrupt: Interrupt,
}

impl Watch {
    /// From here on Ctrl-C ends the watch and no longer the process. Begin before anything is shown.
    pub(crate) fn begin(connection: Connection) -> Result<Watch, Failure> {
        let interrupt =
            interrupt().map_err(|error| Failure::local(format!("waiting for Ctrl-C failed: {error}")))?;
        Ok(Watch { connection, interrupt })
    }

    /// The connection, to ask something meanwhile.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The next update; `None` after Ctrl-C. May be dropped while it waits; nothing is lost.
    pub(crate) async fn next(&mut self) -> Result<Option<Update>, Failure> {
        tokio::select! {
            _ = self.interrupt.recv() => Ok(None),
            update = self.connection.next_update() => Ok(Some(update?)),
        }
    }
}

/// Listens at once, not only when it is first waited for.
#[cfg(unix)]
pub(crate) fn interrupt() -> io::Result<Interrupt> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::interrupt())
}

/// Listens at once, not only when it is first waited for.
#[cfg(windows)]
pub(crate) fn interrupt() -> io::Result<Interrupt> {
    tokio::signal::windows::ctrl_c()
}
