//! Progress: says now and then how far long work is.

use std::time::{Duration, Instant};

use engine::stamp::Sequence;

use crate::screen::Screen;

/// How often.
const INTERVAL: Duration = Duration::from_secs(1);

/// What is done, and when it was last said how far it is.
pub(crate) struct Progress<'a> {
    screen: &'a Screen,
    doing: &'a str,
    said: Instant,
}

impl<'a> Progress<'a> {
    /// Begins to do something.
    pub(crate) fn of(screen: &'a Screen, doing: &'a str) -> Progress<'a> {
        Progress { screen, doing, said: Instant::now() }
    }

    /// The command that was reached.
    pub(crate) fn reached(&mut self, sequence: Sequence) {
        if INTERVAL <= self.said.elapsed() {
            self.said = Instant::now();
            self.screen.remark(&format!("{}: {} commands so far", self.doing, sequence.0));
        }
    }
}
