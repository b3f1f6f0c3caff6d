//! Terms: sets what a market's deliveries go by.

use clap::Args;
use protocol::evidence::SetDeliveryTerms;
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Counted in slots, twelfths of a window. Holds for windows whose gate closes from now on.

Examples:
  hourbook --key data/operator.key admin terms CPU.US-E.FIRM --dispute-slots 12 --ruling-slots 12 --auditors 2 --deposit 1 --reason start";

/// Set how long slots can be disputed, and how many auditors look at each
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Terms {
    /// The market: CLASS.ZONE.TIER
    market: String,
    /// For how many slots a decided one can be disputed
    #[arg(long, value_name = "N")]
    dispute_slots: u8,
    /// For how many slots after that the arbiter may rule
    #[arg(long, value_name = "N")]
    ruling_slots: u8,
    /// How many auditors look at a slot, 1 to 3
    #[arg(long, value_name = "N")]
    auditors: u8,
    /// CU that a dispute costs who loses it
    #[arg(long, value_name = "CU")]
    deposit: String,
    /// CU that a provider stakes at the least before it registers capacity
    #[arg(long, value_name = "CU", default_value = "0")]
    stake: String,
    /// CU that the auditor who found a provider out gets of a slash
    #[arg(long, value_name = "CU", default_value = "1")]
    bounty: String,
    /// Why, 1 to 20 of A-Z a-z 0-9 _ -; it is journaled
    #[arg(long, value_parser = argument::label)]
    reason: String,
}

#[derive(Serialize)]
struct Set {
    market: String,
    engine_seq: u64,
}

impl Terms {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let Terms { market, dispute_slots, ruling_slots, auditors, deposit, stake, bounty, reason } = self;
        let connection = options.login_admin().await?;
        let terms = SetDeliveryTerms {
            market: market.clone(),
            dispute_slots,
            ruling_slots,
            auditors,
            deposit,
            stake,
            bounty,
            reason,
        };
        let engine_seq = connection.set_delivery_terms(terms).await?.engine_seq;
        connection.close().await;
        screen.show(&Set { market, engine_seq }, |set| format!("{} has new terms of delivery", set.market))
    }
}
