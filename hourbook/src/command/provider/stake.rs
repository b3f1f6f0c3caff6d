//! Stake: what a provider puts at risk for proofs that turn out false.

use clap::Args;
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
A market may ask for a stake before capacity is registered in it. It is locked while what it secures is sold, or may be.

Examples:
  hourbook --key helio.key provider stake 25
  hourbook --key helio.key provider stake 25 --withdraw";

/// Put credit at stake, or take it back
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Stake {
    /// CU
    #[arg(value_parser = argument::amount)]
    amount: String,
    /// Take it back
    #[arg(long)]
    withdraw: bool,
}

#[derive(Serialize)]
struct Staked {
    amount: String,
    withdrawn: bool,
    engine_seq: u64,
}

impl Stake {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let Stake { amount, withdraw } = self;
        let connection = options.login().await?;
        let accepted = match withdraw {
            true => connection.withdraw_stake(&amount).await?,
            false => connection.add_stake(&amount).await?,
        };
        connection.close().await;
        let staked = Staked { amount, withdrawn: withdraw, engine_seq: accepted.engine_seq };
        screen.show(&staked, |staked| {
            let done = if staked.withdrawn { "taken back" } else { "put at stake" };
            format!("{} CU {done}", staked.amount)
        })
    }
}
