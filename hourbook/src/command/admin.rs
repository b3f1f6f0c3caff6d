//! Admin: rules what may be done on the exchange: modes, limits, locks, the kill switch.

mod kill;
mod limits;
mod lock;
mod mode;

use clap::Subcommand;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

/// Halt and resume trading, set limits, lock accounts (operators)
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    Mode(mode::Mode),
    #[command(subcommand)]
    Limits(limits::Limits),
    Lock(lock::Lock),
    Kill(kill::Kill),
}

impl Admin {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        match self {
            Admin::Mode(command) => command.run(options, screen).await,
            Admin::Limits(command) => command.run(options, screen).await,
            Admin::Lock(command) => command.run(options, screen).await,
            Admin::Kill(command) => command.run(options, screen).await,
        }
    }
}
