//! Status: says what the exchange is doing.

use clap::Args;
use protocol::venue::{DeliveryBasis, VenueStatus};

use crate::failure::Failure;
use crate::moment::to_second;
use crate::options::Options;
use crate::screen::Screen;
use crate::table::{Align, facts};
use crate::word::word;

const EXAMPLES: &str = "\
Needs no login. With the key that is shown the exchange signs what it says in receipts: `hourbook receipt verify --exchange KEY`.

Examples:
  hourbook status
  hourbook status --json";

/// Say what the exchange is doing
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Status {}

impl Status {
    pub(crate) async fn run(&self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.connect().await?;
        let status = connection.status().await?;
        connection.close().await;
        screen.show(&status, text)
    }
}

fn text(status: &VenueStatus) -> String {
    let restart = match status.maintenance.first() {
        Some(works) => format!("at {}", to_second(works.from)),
        None => "none announced".to_owned(),
    };
    let stricter: Vec<String> =
        status.markets.iter().map(|market| format!("{} {}", market.market, word(market.mode))).collect();
    let markets = if stricter.is_empty() { "all as the venue".to_owned() } else { stricter.join(", ") };
    let [key, model] = match &status.deliveries {
        Some(DeliveryBasis { exchange, model, model_id }) => {
            [exchange.clone(), format!("{model} {model_id}")]
        }
        None => ["none", "none: hours are not delivered"].map(str::to_owned),
    };
    facts(
        Align::Left,
        [
            ("system", word(status.system)),
            ("mode", word(status.mode)),
            ("markets", markets),
            ("restart", restart),
            ("commands", status.as_of_seq.to_string()),
            ("epoch", status.epoch.clone()),
            ("server", status.server.clone()),
            ("key in receipts", key),
            ("model", model),
        ],
    )
}
