//! Provider: sells hours, and delivers what is sold.

mod config;
mod earnings;
mod run;
mod stake;
mod status;

use clap::Subcommand;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

/// Sell hours and deliver them
#[derive(Debug, Subcommand)]
pub(crate) enum Provider {
    Run(run::Run),
    Status(status::Status),
    Earnings(earnings::Earnings),
    Stake(stake::Stake),
}

impl Provider {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        match self {
            Provider::Run(command) => command.run(options, screen).await,
            Provider::Status(command) => command.run(options, screen).await,
            Provider::Earnings(command) => command.run(options, screen).await,
            Provider::Stake(command) => command.run(options, screen).await,
        }
    }
}
