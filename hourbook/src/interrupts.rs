//! Interrupts: how a process that runs until it is told to stop is told.

use crate::failure::Failure;

/// How often a process looks whether the one that started it lives.
#[cfg(unix)]
const ORPHAN_LOOK: std::time::Duration = std::time::Duration::from_millis(500);

/// Being asked to stop, by Ctrl-C or a signal, or by the end of the process that started this one.
pub(crate) struct Interrupts {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    /// The process that has to live on.
    #[cfg(unix)]
    parent: Option<rustix::process::Pid>,
}

impl Interrupts {
    /// From here on a signal no longer ends the process at once.
    pub(crate) fn expect() -> Result<Interrupts, Failure> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let on = |kind: SignalKind| {
                signal(kind).map_err(|error| Failure::local(format!("waiting for signals failed: {error}")))
            };
            Ok(Interrupts {
                interrupt: on(SignalKind::interrupt())?,
                terminate: on(SignalKind::terminate())?,
                parent: None,
            })
        }
        #[cfg(not(unix))]
        Ok(Interrupts {})
    }

    /// The same; if so, the end of the process that started this one counts too.
    pub(crate) fn with_parent(self, counts: bool) -> Interrupts {
        #[cfg(unix)]
        return Interrupts { parent: rustix::process::getppid().filter(|_| counts), ..self };
        #[cfg(not(unix))]
        return self;
    }

    /// Waits for the first.
    pub(crate) async fn come(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = orphaned(self.parent) => {}
        }
        #[cfg(not(unix))]
        // Without it the process ends at once, which loses nothing that was told.
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Waits until the process that started this one is gone: then another one takes its place.
#[cfg(unix)]
async fn orphaned(parent: Option<rustix::process::Pid>) {
    let Some(parent) = parent else { return std::future::pending().await };
    while rustix::process::getppid() == Some(parent) {
        tokio::time::sleep(ORPHAN_LOOK).await;
    }
}
