//! Watch: any public stream, message by message, whatever happens to the connection.

use clap::Args;
use client::streams::News;
use protocol::subscription::Subscription;
use serde::Serialize;

use crate::failure::Failure;
use crate::level_text::LevelsText;
use crate::options::Options;
use crate::screen::Screen;
use crate::watch::Watch as Watching;

const EXAMPLES: &str = "\
Prints each message as JSON, one on each line, until Ctrl-C. Books are kept and proven, and printed whole at each change,
to the depth that was asked for. When the connection breaks it is opened again, and books go on from where they were.
SYMBOL may be a pattern such as 'H100SXM.*'. Needs no login.

Examples:
  hourbook watch orders_l3 H100SXM.US-E.FIRM.2026-11-23T14Z
  hourbook watch bbo 'H100SXM.*' --speed 100ms
  hourbook watch book 'H100SXM.US-E.*' --depth 10 --speed 1s";

/// Print the messages of any public channel, and connect again when the connection breaks
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Watch {
    /// instruments, book, bbo, orders_l3, trades, ticker, candles, fixings or settlements
    channel: String,
    /// The market or a pattern of markets; a class for candles, fixings and settlements
    symbol: Option<String>,
    /// Levels of each side of a book: 1, 10, 25, 100, 500, or 0 for all
    #[arg(long)]
    depth: Option<u32>,
    /// How often what can be merged is told: raw, 10ms, 100ms or 1s
    #[arg(long)]
    speed: Option<String>,
    /// How long candles are: 1m, 5m, 1h or 1d
    #[arg(long)]
    interval: Option<String>,
}

impl Watch {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let mut watch = Watching::begin(options.streams().await?, self.subscription()).await?;
        while let Some(news) = watch.next(screen).await? {
            match news {
                News::Book { stream } => {
                    let Some((symbol, book)) = watch.streams().book(stream) else { continue };
                    print(&LevelsText::new(symbol, book, None), screen)?;
                }
                News::Update(update) => print(&update, screen)?,
                News::Broken { .. } | News::Missed { .. } | News::Lost { .. } | News::Back => {}
            }
        }
        Ok(())
    }

    fn subscription(&self) -> Subscription {
        Subscription {
            channel: self.channel.clone(),
            symbol: self.symbol.clone(),
            depth: self.depth,
            speed: self.speed.clone(),
            interval: self.interval.clone(),
            ..Subscription::default()
        }
    }
}

/// There is no other text for what may be anything.
fn print<T: Serialize>(message: &T, screen: &mut Screen) -> Result<(), Failure> {
    screen.show(message, |message| serde_json::to_string(message).expect("messages have only text as keys"))
}
