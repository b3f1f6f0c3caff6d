//! Candles: shows what traded in intervals of time.

use clap::Args;
use client::subscription;
use protocol::candle::{Candle, CandleData};
use protocol::public::Public;
use protocol::speed::Interval;
use protocol::update::Update;
use serde::Serialize;

use crate::argument::interval;
use crate::failure::Failure;
use crate::moment;
use crate::options::Options;
use crate::screen::Screen;
use crate::streamed::show_each;

const EXAMPLES: &str = "\
Shows the last 60 candles, oldest first; where nothing traded there is none. Of a class, they are of the firm window that
closes next, window after window. With --watch, the last candle is shown again whenever it has changed. With --json each
candle is one object on one line. Needs no login.

Examples:
  hourbook candles H100SXM.US-E.FIRM.2026-11-23T14Z
  hourbook candles H100SXM --interval 1h --watch";

/// Show what traded in intervals of time
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Candles {
    /// The market, or a class of GPU for its window that closes next
    symbol: String,
    /// How long each is: 1m, 5m, 1h or 1d
    #[arg(long, value_parser = interval, default_value = "1m")]
    interval: Interval,
    /// Go on at every change until Ctrl-C
    #[arg(long)]
    watch: bool,
}

/// A candle as JSON: that of the wire, and of what.
#[derive(Serialize)]
struct CandleText<'a> {
    symbol: &'a str,
    interval: &'a str,
    #[serde(flatten)]
    candle: &'a Candle,
}

impl Candles {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let subscription = subscription::candles(&self.symbol, self.interval);
        show_each(options, screen, (subscription, self.watch), |update, screen| {
            let data = match update {
                Update::Candles(Public::Snapshot(told)) => &told.data,
                Update::Candles(Public::Update(told)) => &told.data,
                _ => return Ok(false),
            };
            self.show(data, screen)?;
            Ok(true)
        })
        .await
    }

    fn show(&self, data: &CandleData, screen: &mut Screen) -> Result<(), Failure> {
        for candle in &data.candles {
            let text = CandleText { symbol: &self.symbol, interval: &data.interval, candle };
            screen.show(&text, CandleText::line)?;
        }
        if data.candles.is_empty() {
            screen.remark("nothing has traded");
        }
        Ok(())
    }
}

impl CandleText<'_> {
    fn line(&self) -> String {
        let Candle { t, o, h, l, c, v, n } = self.candle;
        let time = moment::to_second(*t);
        format!("{time}  open {o:>9}  high {h:>9}  low {l:>9}  close {c:>9}  volume {v:>7}  trades {n}")
    }
}
