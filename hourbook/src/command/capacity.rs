//! Capacity: says how many GPUs a provider can deliver.

use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Not less than what is sold and offered there already. Needs a provider's key with the scope `provide`.

Examples:
  hourbook --as helio capacity H100SXM.US-E.FIRM.2026-11-23T14Z 64
  hourbook --key helio.key capacity H100SXM.US-E.FIRM.2026-11-23T14Z 64 --json";

/// Say how many GPUs a provider can deliver in a market, in all
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Capacity {
    /// The market; `hourbook instruments` lists them
    symbol: String,
    /// GPUs in all
    gpus: u64,
}

#[derive(Serialize)]
struct Registered {
    symbol: String,
    gpus: u64,
    engine_seq: u64,
}

impl Capacity {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.login().await?;
        let engine_seq = connection.set_capacity(&self.symbol, self.gpus).await?.engine_seq;
        connection.close().await;
        let registered = Registered { symbol: self.symbol, gpus: self.gpus, engine_seq };
        screen.show(&registered, |registered| format!("{} GPUs for {}", registered.gpus, registered.symbol))
    }
}
