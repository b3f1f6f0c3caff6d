//! Book: shows the orders of one market by price, proven by checksum.

use std::time::Duration;

use clap::Args;
use client::book::VerifiedBook;
use client::book_feed::BookFeed;
use client::streams::News;
use client::subscription;
use protocol::speed::Speed;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::argument::{depth, speed};
use crate::failure::Failure;
use crate::ladder::{ladder, top};
use crate::level_text::LevelsText;
use crate::options::Options;
use crate::screen::Screen;
use crate::watch::Watch;

/// Levels of each side that fit a screen.
const LEVELS_SHOWN: usize = 12;

/// Time between two drawings: more often, nobody can read.
const REDRAW: Duration = Duration::from_millis(50);

/// How long the book may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

const EXAMPLES: &str = "\
Every message is checked against the exchange's own checksum; a book that fails is fetched anew. With --watch, a
terminal shows the book and redraws it; elsewhere each change is a line with both best prices. When the connection breaks
it is opened again, for as long as it takes. With --json each book is whole unless --levels says otherwise. Needs no login.

Examples:
  hourbook book H100SXM.US-E.FIRM.2026-11-23T14Z
  hourbook book H100SXM.US-E.FIRM.2026-11-23T14Z --watch --depth 25 --speed 100ms
  hourbook book H100SXM.US-E.FIRM.2026-11-23T14Z --json --levels 1";

/// Show the orders of a market by price
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Book {
    /// The market; `hourbook instruments` lists them
    symbol: String,
    /// Go on at every change until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// Have the exchange tell so many levels of each side: 1, 10, 25, 100, 500, or 0 for all
    #[arg(long, value_name = "N", value_parser = depth, default_value = "0")]
    depth: u32,
    /// Have it told so often: raw, 10ms, 100ms or 1s
    #[arg(long, value_parser = speed, default_value = "raw")]
    speed: Speed,
    /// Show at most so many levels of each side
    #[arg(long, value_name = "N")]
    levels: Option<usize>,
}

impl Book {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        if self.watch {
            return self.watch(options, screen).await;
        }
        let mut connection = options.connect().await?;
        let zoom = (self.depth, self.speed);
        let mut feed = BookFeed::open_to(&connection, &self.symbol, zoom).await?;
        let fetching = timeout(PATIENCE, feed.changed(&mut connection)).await;
        fetching
            .map_err(|_| Failure::connection(format!("no book of {} within {PATIENCE:?}", self.symbol)))??;
        connection.close().await;
        screen.show(&self.json(feed.book()), |_| self.ladder(feed.book()))
    }

    async fn watch(&self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let book = subscription::book_to(&self.symbol, self.depth, self.speed);
        let mut watch = Watch::begin(options.streams().await?, book).await?;
        let is_canvas = screen.is_canvas();
        let mut redraw = interval(REDRAW);
        redraw.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The stream of a book that is not drawn yet.
        let mut stale = None;
        loop {
            let news = tokio::select! {
                news = watch.next(screen) => news?,
                _ = redraw.tick(), if stale.is_some() => {
                    if let Some((_, book)) = stale.take().and_then(|stream| watch.streams().book(stream)) {
                        screen.draw(&self.ladder(book))?;
                    }
                    continue;
                }
            };
            let Some(news) = news else { return Ok(()) };
            let News::Book { stream } = news else { continue };
            if is_canvas {
                stale = Some(stream);
            } else if let Some((_, book)) = watch.streams().book(stream) {
                screen.show(&self.json(book), |_| top(&self.symbol, book))?;
            }
        }
    }

    fn ladder(&self, book: &VerifiedBook) -> String {
        ladder(&self.symbol, book, self.levels.unwrap_or(LEVELS_SHOWN))
    }

    fn json<'a>(&'a self, book: &VerifiedBook) -> LevelsText<'a> {
        LevelsText::new(&self.symbol, book, self.levels)
    }
}
