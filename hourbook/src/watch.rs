//! Watch: streams until Ctrl-C, whatever happens to the connection.

use std::io;

use client::streams::{News, Streams};
use protocol::subscription::Subscription;
#[cfg(unix)]
use tokio::signal::unix::Signal as Interrupt;
#[cfg(windows)]
use tokio::signal::windows::CtrlC as Interrupt;

use crate::failure::Failure;
use crate::screen::Screen;

/// A subscription that is watched.
pub(crate) struct Watch {
    streams: Streams,
    interrupt: Interrupt,
}

impl Watch {
    /// Subscribes. From here on Ctrl-C ends the watch and no longer the process. Begin before anything is shown.
    pub(crate) async fn begin(mut streams: Streams, item: Subscription) -> Result<Watch, Failure> {
        let interrupt =
            interrupt().map_err(|error| Failure::local(format!("waiting for Ctrl-C failed: {error}")))?;
        streams.subscribe(item).await?;
        Ok(Watch { streams, interrupt })
    }

    /// The streams.
    pub(crate) fn streams(&self) -> &Streams {
        &self.streams
    }

    /// What is told next; `None` after Ctrl-C. What becomes of the connection is said to whoever watches. May be dropped while
    /// it waits; nothing is lost.
    pub(crate) async fn next(&mut self, screen: &Screen) -> Result<Option<News>, Failure> {
        let news = tokio::select! {
            _ = self.interrupt.recv() => return Ok(None),
            news = self.streams.next() => news?,
        };
        match &news {
            News::Broken { cause, .. } => screen.remark(&format!("a stream is fetched anew: {cause}")),
            News::Lost { cause } => screen.remark(&format!("{cause}; connecting again")),
            News::Back => screen.remark("connected again"),
            News::Book { .. } | News::Update(_) | News::Missed { .. } => {}
        }
        Ok(Some(news))
    }
}

/// Listens at once, not only when it is first waited for.
#[cfg(unix)]
fn interrupt() -> io::Result<Interrupt> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::interrupt())
}

/// Listens at once, not only when it is first waited for.
#[cfg(windows)]
fn interrupt() -> io::Result<Interrupt> {
    tokio::signal::windows::ctrl_c()
}
