//! Trades: what is traded, as it happens.

use clap::Args;
use client::subscription;
use protocol::trades::{Trade, Trades as TradesMessage, TradesUpdate};
use protocol::update::Update;
use serde::Serialize;

use crate::failure::Failure;
use crate::moment;
use crate::options::Options;
use crate::screen::Screen;
use crate::watch::Watch;
use crate::word::word;

const EXAMPLES: &str = "\
The exchange tells trades as they happen and keeps no list of them, so this command always watches, until Ctrl-C.
With --json each trade is one object on one line. Needs no login.

Examples:
  hourbook trades --watch
  hourbook trades H100SXM.US-E.FIRM.2026-11-23T14Z --watch --json";

/// Show what is traded, as it happens
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Trades {
    /// The market; all of them without it
    symbol: Option<String>,
    /// Go on until Ctrl-C, which is the only way there is
    #[arg(long)]
    watch: bool,
}

/// A trade as JSON: that of the wire, and where it stands.
#[derive(Serialize)]
struct TradeText<'a> {
    symbol: &'a str,
    seq: u64,
    #[serde(flatten)]
    trade: &'a Trade,
}

impl Trades {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        if !self.watch {
            screen.remark("trades are shown as they happen; Ctrl-C ends");
        }
        let connection = options.connect().await?;
        let mut watch = Watch::begin(connection)?;
        watch.connection().subscribe_one(subscription::trades(self.symbol.as_deref())).await?;
        while let Some(update) = watch.next().await? {
            if let Update::Trades(TradesMessage::Update(told)) = update {
                show(&told, screen)?;
            }
        }
        Ok(())
    }
}

fn show(told: &TradesUpdate, screen: &mut Screen) -> Result<(), Failure> {
    for trade in &told.data {
        let trade = TradeText { symbol: &told.symbol, seq: told.seq, trade };
        screen.show(&trade, TradeText::line)?;
    }
    Ok(())
}

impl TradeText<'_> {
    fn line(&self) -> String {
        let Trade { id, price, qty, taker_side, ts } = self.trade;
        let (time, side) = (moment::date_time(*ts), word(taker_side));
        format!("{time}  {}  {side:<4} {qty:>6} @ {price:>9}  #{id}", self.symbol)
    }
}
