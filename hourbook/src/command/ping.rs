//! Ping: sees whether the exchange answers.

use std::time::Instant;

use clap::Args;
use protocol::status::{Mode, System};
use serde::Serialize;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::word::word;

const EXAMPLES: &str = "\
Needs no login.

Examples:
  hourbook ping
  hourbook --url ws://127.0.0.1:9400/ws/v1 ping --json";

/// See whether the exchange answers, and who it is
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Ping {}

#[derive(Serialize)]
struct Pong {
    url: String,
    server: String,
    mode: Mode,
    system: System,
    epoch: String,
    rtt_us: u64,
}

impl Ping {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.connect().await?;
        let sent = Instant::now();
        connection.ping().await?;
        let rtt_us = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
        let hello = connection.hello().clone();
        connection.close().await;
        let pong = Pong {
            url: options.address(),
            server: hello.server,
            mode: hello.mode,
            system: hello.system,
            epoch: hello.epoch,
            rtt_us,
        };
        screen.show(&pong, Pong::text)
    }
}

impl Pong {
    fn text(&self) -> String {
        let (mode, system) = (word(self.mode), word(self.system));
        format!("{} at {} answers in {} us: {system}, mode {mode}", self.server, self.url, self.rtt_us)
    }
}
