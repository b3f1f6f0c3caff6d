//! Drain: stops the exchange after a notice, and tells everyone.

use std::time::Duration;

use clap::Args;
use protocol::control::Drain as WireDrain;
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::moment::to_second;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Clients are told at once. When the time is over, the exchange finishes what it has taken, closes connections with 1001 and
stops; said again before, it moves the time. Needs an operator's key.

Examples:
  hourbook --key data/operator.key admin drain --notice 5m --reason upgrade";

/// Stop the exchange after a notice
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Drain {
    /// How long until then, at most a day
    #[arg(long, value_name = "TIME", value_parser = argument::duration)]
    notice: Duration,
    /// Why, 1 to 20 of A-Z a-z 0-9 _ -; clients are told
    #[arg(long, value_parser = argument::label)]
    reason: String,
}

#[derive(Serialize)]
struct Announced {
    from: String,
}

impl Drain {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let notice_s = u32::try_from(self.notice.as_secs()).unwrap_or(u32::MAX);
        let connection = options.login_admin().await?;
        let from = connection.drain(WireDrain { notice_s, reason: self.reason }).await?.from;
        connection.close().await;
        let announced = Announced { from: from.to_string() };
        screen.show(&announced, |_| format!("the exchange stops at {}", to_second(from)))
    }
}
