//! Watch: updates of a connection until Ctrl-C.

use std::future::Future;
use std::io;
use std::pin::Pin;

use client::connection::Connection;
use protocol::update::Update;

use crate::failure::Failure;

/// A connection that is watched.
pub(crate) struct Watch {
    connection: Connection,
    interrupt: Pin<Box<dyn Future<Output = io::Result<()>> + Send>>,
}

impl Watch {
    /// From here on Ctrl-C ends the watch and no longer the process.
    pub(crate) fn begin(connection: Connection) -> Watch {
        Watch { connection, interrupt: Box::pin(tokio::signal::ctrl_c()) }
    }

    /// The connection, to ask something meanwhile.
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The next update; `None` after Ctrl-C. May be dropped while it waits; nothing is lost.
    pub(crate) async fn next(&mut self) -> Result<Option<Update>, Failure> {
        tokio::select! {
            _ = &mut self.interrupt => Ok(None),
            update = self.connection.next_update() => Ok(Some(update?)),
        }
    }
}
