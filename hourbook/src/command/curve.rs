//! Curve: shows the best prices of all open windows of a market at once.

use clap::Args;
use client::subscription;
use protocol::book::Level;
use protocol::public::{Public, PublicSnapshot};
use protocol::quote::Quote;
use protocol::speed::Speed;
use protocol::update::Update;

use crate::argument::speed;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::streamed::show_each;
use crate::table::{Align, Table};

const EXAMPLES: &str = "\
Shows the highest bid and the lowest ask of every open window, the earliest first. With --watch, a terminal shows it and
redraws it; elsewhere it is printed again whenever one of them has changed. Needs no login.

Examples:
  hourbook curve H100SXM.US-E.FIRM
  hourbook curve H100SXM.US-E.FIRM --watch --speed 1s";

/// Show the best prices of all open windows of a market
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Curve {
    /// The market: CLASS.ZONE.TIER
    market: String,
    /// Go on at every change until Ctrl-C
    #[arg(long)]
    watch: bool,
    /// Show changes so often: 100ms or 1s
    #[arg(long, value_parser = speed, default_value = "100ms")]
    speed: Speed,
}

impl Curve {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let subscription = subscription::strip(&self.market, self.speed);
        let canvas = self.watch && screen.is_canvas();
        show_each(options, screen, (subscription, self.watch), |update, screen| {
            let Update::Bbo(Public::Snapshot(told)) = update else { return Ok(false) };
            if canvas {
                screen.draw(&text(told))?;
            } else {
                screen.show(told, text)?;
            }
            Ok(true)
        })
        .await
    }
}

fn text(told: &PublicSnapshot<Vec<Quote>>) -> String {
    let head = ["window", "bid lots", "bid", "ask", "ask lots"];
    let aligns = [Align::Left, Align::Right, Align::Right, Align::Right, Align::Right];
    let mut columns = head.into_iter().zip(aligns);
    let mut table = Table::new(std::array::from_fn::<_, 5, _>(|_| columns.next().expect("there are five")));
    for quote in &told.data {
        let [bid, ask] = [&quote.bid, &quote.ask].map(|level| match level {
            Some(Level { price, qty }) => (price.clone(), qty.clone()),
            None => ("-".to_owned(), String::new()),
        });
        let window = quote.symbol.rsplit('.').next().unwrap_or_default();
        table.row([window.to_owned(), bid.1, bid.0, ask.0, ask.1]);
    }
    let market = told.symbol.as_deref().unwrap_or_default();
    format!("{market}  sequence {}\n\n{table}", told.seq)
}
