//! Admin: rules what may be done on the exchange: modes, limits, locks, the kill switch.

mod auditor;
mod drain;
mod halt;
mod kill;
mod limits;
mod lock;
mod mode;
mod redemption;
mod snapshot;
mod terms;

use clap::Subcommand;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

/// Halt and resume trading, set limits, lock accounts (operators)
#[derive(Debug, Subcommand)]
pub(crate) enum Admin {
    /// Take cancels only, in the venue, a market or a window
    #[command(after_help = halt::EXAMPLES_HALT)]
    Halt(halt::Halt),
    /// Take everything again
    #[command(after_help = halt::EXAMPLES_RESUME)]
    Resume(halt::Halt),
    Mode(mode::Mode),
    #[command(subcommand)]
    Limits(limits::Limits),
    Lock(lock::Lock),
    Auditor(auditor::Auditor),
    Terms(terms::Terms),
    Kill(kill::Kill),
    Drain(drain::Drain),
    Snapshot(snapshot::Snapshot),
    #[command(subcommand)]
    Redemption(redemption::Redemption),
}

impl Admin {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        match self {
            Admin::Mode(command) => command.run(options, screen).await,
            Admin::Limits(command) => command.run(options, screen).await,
            Admin::Lock(command) => command.run(options, screen).await,
            Admin::Auditor(command) => command.run(options, screen).await,
            Admin::Terms(command) => command.run(options, screen).await,
            Admin::Halt(command) => command.halt(options, screen).await,
            Admin::Resume(command) => command.resume(options, screen).await,
            Admin::Drain(command) => command.run(options, screen).await,
            Admin::Snapshot(command) => command.run(options, screen).await,
            Admin::Redemption(command) => command.run(options, screen).await,
            Admin::Kill(command) => command.run(options, screen).await,
        }
    }
}
