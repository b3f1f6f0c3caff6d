//! Ticker: shows what markets have come to.

use clap::Args;
use client::subscription;
use protocol::public::Public;
use protocol::speed::Speed;
use protocol::ticker::TickerData;
use protocol::update::Update;
use serde::Serialize;

use crate::argument::speed;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::streamed::show_each;

const EXAMPLES: &str = "\
Shows the last trade, what traded in the last day, how many lots somebody owes to somebody, and the class's reference
rate. The last day is 23 whole hours and the present one. A pattern shows all that matches, each on one line. With
--watch, a connection that breaks is opened again. Needs no login.

Examples:
  hourbook ticker H100SXM.US-E.FIRM.2026-11-23T14Z
  hourbook ticker 'H100SXM.US-E.*' --watch --speed 1s
  hourbook ticker '*' --json";

/// Show the last trade, the last day and open interest
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Ticker {
    /// The market, or a pattern of markets
    symbol: String,
    /// Go on at every change until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// Show changes so often: raw, 10ms, 100ms or 1s
    #[arg(long, value_parser = speed, default_value = "100ms")]
    speed: Speed,
}

/// A ticker as JSON: that of the wire, and where it stands.
#[derive(Serialize)]
struct TickerText<'a> {
    symbol: &'a str,
    seq: u64,
    #[serde(flatten)]
    data: &'a TickerData,
}

impl Ticker {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let subscription = subscription::ticker(&self.symbol, self.speed);
        show_each(options, screen, (subscription, self.watch), |update, screen| {
            let Update::Ticker(told) = update else { return Ok(false) };
            let (symbol, seq, data) = match &**told {
                Public::Snapshot(told) => (&told.symbol, told.seq, &told.data),
                Public::Update(told) => (&told.symbol, told.seq, &told.data),
                Public::Unknown => return Ok(false),
            };
            let symbol = symbol.as_deref().unwrap_or_default();
            screen.show(&TickerText { symbol, seq, data }, TickerText::line)?;
            Ok(true)
        })
        .await
    }
}

impl TickerText<'_> {
    fn line(&self) -> String {
        let mut line = self.symbol.to_owned();
        match &self.data.last {
            Some(last) => line += &format!("  last {} x {}", last.price, last.qty),
            None => line += "  no trade",
        }
        if let Some(day) = &self.data.day {
            line += &format!("  day {} {} {} volume {}", day.open, day.high, day.low, day.volume);
        }
        line += &format!("  open interest {}", self.data.open_interest);
        if let Some(fixing) = &self.data.fixing {
            line += &format!("  reference {fixing}");
        }
        line
    }
}
