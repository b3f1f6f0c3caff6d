//! Market: lists classes of GPUs for trading.

use clap::{Args, Subcommand};
use protocol::instrument::Tier;
use protocol::operator::{AddMarket, BondRule, SelfTrade};
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::word::word;

const EXAMPLES: &str = "\
Lists a class in a zone: so many windows are open at a time, each of so many seconds, each closing so many seconds before
it begins. The bond secures each lot that a provider owes. Needs an operator's key.

Examples:
  hourbook --key data/operator.key market add H100SXM US-E firm
  hourbook --key data/operator.key market add A100SXM EU-W int --windows 48 --bond 0.25 --taker-fee-ppm 400
  hourbook --key data/operator.key market add B200SXM US-E firm --windows 24 --ahead 168 --bond-rule reference";

/// List classes of GPUs for trading
#[derive(Debug, Subcommand)]
pub(crate) enum Market {
    Add(Add),
}

/// List a class in a zone
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Add {
    /// The class of GPU, such as H100SXM
    class: String,
    /// Where they stand, such as US-E
    zone: String,
    /// firm: must be delivered; int: may be reclaimed with notice
    #[arg(value_parser = argument::tier)]
    tier: Tier,
    /// Seconds of a window
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600)]
    window: u32,
    /// Windows that are open at a time
    #[arg(long, value_name = "N", default_value_t = 24)]
    windows: u32,
    /// Windows that are listed ahead of those, not open yet
    #[arg(long, value_name = "N", default_value_t = 0)]
    ahead: u32,
    /// Seconds between the end of trading and the window
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    gate: u32,
    /// CU that secure each lot owed
    #[arg(long, value_name = "CU", default_value = "0.5", value_parser = argument::amount)]
    bond: String,
    /// fixed: every window has that bond; reference: the class's reference rate when it opens, if there is one
    #[arg(long, value_name = "RULE", default_value = "fixed", value_parser = argument::bond_rule)]
    bond_rule: BondRule,
    /// The resting side's fee in millionths of the price
    #[arg(long, value_name = "PPM", default_value_t = 200)]
    maker_fee_ppm: u32,
    /// The incoming side's fee in millionths of the price
    #[arg(long, value_name = "PPM", default_value_t = 500)]
    taker_fee_ppm: u32,
    /// Whether an account may trade with itself: prevent or allow
    #[arg(long, value_name = "RULE", default_value = "prevent", value_parser = argument::self_trade)]
    self_trade: SelfTrade,
}

#[derive(Serialize)]
struct Added {
    class: String,
    zone: String,
    tier: Tier,
    engine_seq: u64,
}

impl Market {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let Market::Add(add) = self;
        let market = add.market();
        let (class, zone, tier) = (market.class.clone(), market.zone.clone(), market.tier);
        let connection = options.login_admin().await?;
        let engine_seq = connection.add_market(market).await?.engine_seq;
        connection.close().await;
        let added = Added { class, zone, tier, engine_seq };
        screen.show(&added, |added| {
            format!("{} in {}, {}, is listed", added.class, added.zone, word(added.tier))
        })
    }
}

impl Add {
    fn market(self) -> AddMarket {
        AddMarket {
            class: self.class,
            zone: self.zone,
            tier: self.tier,
            window_s: self.window,
            windows: self.windows,
            windows_ahead: Some(self.ahead),
            gate_s: self.gate,
            bond: self.bond,
            bond_rule: Some(self.bond_rule),
            maker_fee_ppm: self.maker_fee_ppm,
            taker_fee_ppm: self.taker_fee_ppm,
            self_trade: self.self_trade,
        }
    }
}
