//! Instruments: lists the markets.

use clap::Args;
use protocol::control::TradingMode;
use protocol::instrument::{Instrument, MarketState};
use protocol::query::InstrumentsResult;

use crate::failure::Failure;
use crate::moment;
use crate::options::Options;
use crate::screen::Screen;
use crate::table::{Align, Table};
use crate::word::word;

const EXAMPLES: &str = "\
A market is one delivery window of one class of GPU in one zone. Trading ends at the gate (UTC). Fees are in
millionths of the price. Needs no login.

Examples:
  hourbook instruments
  hourbook instruments --class H100SXM --zone US-E
  hourbook instruments --json";

/// List the markets
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Instruments {
    /// Only this class of GPU, such as H100SXM
    #[arg(long)]
    class: Option<String>,
    /// Only this zone, such as US-E
    #[arg(long)]
    zone: Option<String>,
}

impl Instruments {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.connect().await?;
        let mut listed = connection.instruments().await?;
        listed.instruments.retain(|instrument| self.wants(instrument));
        connection.close().await;
        screen.show(&listed, text)
    }

    fn wants(&self, instrument: &Instrument) -> bool {
        let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
        is(&self.class, &instrument.class) && is(&self.zone, &instrument.zone)
    }
}

/// Where it is in its life, or what may be done in it where that is less than everything.
fn state(instrument: &Instrument) -> String {
    match (instrument.state, instrument.mode) {
        (MarketState::Open, TradingMode::Open) => word(instrument.state),
        (MarketState::Open, mode) => word(mode).replace('_', " "),
        (state, _) => word(state),
    }
}

fn text(listed: &InstrumentsResult) -> String {
    if listed.instruments.is_empty() {
        return "no market".to_owned();
    }
    let mut table = Table::new([
        ("symbol", Align::Left),
        ("state", Align::Left),
        ("gate", Align::Left),
        ("minutes", Align::Right),
        ("bond", Align::Right),
        ("maker ppm", Align::Right),
        ("taker ppm", Align::Right),
    ]);
    for instrument in &listed.instruments {
        let [from, to] = instrument.window;
        let minutes = to.ns().saturating_sub(from.ns()) / 60_000_000_000;
        table.row([
            instrument.symbol.clone(),
            state(instrument),
            moment::to_second(instrument.gate),
            minutes.to_string(),
            instrument.bond.clone(),
            instrument.maker_fee_ppm.to_string(),
            instrument.taker_fee_ppm.to_string(),
        ]);
    }
    table.to_string()
}
