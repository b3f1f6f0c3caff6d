//! Trades: what is traded, as it happens.

use std::collections::HashMap;

use clap::Args;
use client::streams::News;
use client::subscription;
use protocol::trades::{Trade, Trades as TradesMessage};
use protocol::update::Update;
use serde::Serialize;

use crate::failure::Failure;
use crate::moment;
use crate::options::Options;
use crate::screen::Screen;
use crate::watch::Watch;
use crate::word::word;

const EXAMPLES: &str = "\
Trades are shown as they happen, so this command always watches, until Ctrl-C. When the connection breaks it is opened again,
for as long as it takes; what a market traded meanwhile is shown before what it trades next: the last 128 trades, without
`seq`. With --json each trade is one object on one line. Needs no login.

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
    /// Not known of a trade that was asked for afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(flatten)]
    trade: &'a Trade,
}

impl Trades {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        if !self.watch {
            screen.remark("trades are shown as they happen; Ctrl-C ends");
        }
        let item = subscription::trades(self.symbol.as_deref());
        let mut watch = Watch::begin(options.streams().await?, item).await?;
        // The last trade of each market that was shown.
        let mut shown = HashMap::new();
        while let Some(news) = watch.next(screen).await? {
            let News::Update(Update::Trades(TradesMessage::Update(told))) = news else { continue };
            let (Some(first), Some(last)) = (told.data.first(), told.data.last()) else { continue };
            match shown.insert(told.symbol.clone(), last.id) {
                Some(before) if before + 1 < first.id => {
                    show_missed(&watch, &told.symbol, (before, first.id), screen).await?;
                }
                _ => {}
            }
            show(&told.symbol, (Some(told.seq), &told.data), screen)?;
        }
        Ok(())
    }
}

/// Shows the trades of a market between two, as far as they are kept.
async fn show_missed(
    watch: &Watch,
    symbol: &str,
    (after, before): (u64, u64),
    screen: &mut Screen,
) -> Result<(), Failure> {
    // Where it cannot be asked, it has broken again: what was told meanwhile is shown all the same.
    let mut missed = match watch.streams().connection() {
        Some(connection) => connection.look_at_trades(symbol, Some(after)).await,
        None => return Ok(()),
    }
    .map_or_else(|_| Vec::new(), |look| look.data.trades);
    missed.retain(|trade| trade.id < before);
    let kept = missed.first().map_or(before, |trade| trade.id);
    if after + 1 < kept {
        screen.warn(&format!("trades {} to {} of {symbol} are not known any more", after + 1, kept - 1));
    }
    show(symbol, (None, &missed), screen)
}

fn show(symbol: &str, (seq, trades): (Option<u64>, &[Trade]), screen: &mut Screen) -> Result<(), Failure> {
    trades.iter().try_for_each(|trade| screen.show(&TradeText { symbol, seq, trade }, TradeText::line))
}

impl TradeText<'_> {
    fn line(&self) -> String {
        let Trade { id, price, qty, taker_side, ts } = self.trade;
        let (time, side) = (moment::date_time(*ts), word(taker_side));
        format!("{time}  {}  {side:<4} {qty:>6} @ {price:>9}  #{id}", self.symbol)
    }
}
