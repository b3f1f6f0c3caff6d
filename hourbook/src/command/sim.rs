//! Sim: whole exchanges in worlds of their own, in which everything that can go wrong does.

mod finding;
mod run;
mod soak;

use clap::{Args, Subcommand};
use simulator::kernel::kept::ACTS_MAX;

use crate::failure::Failure;
use crate::screen::Screen;

/// Run whole exchanges on simulated disks, networks and clocks, and check everything they do
#[derive(Debug, Subcommand)]
pub(crate) enum Sim {
    Run(run::Run),
    Soak(soak::Soak),
}

impl Sim {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        match self {
            Sim::Run(command) => command.run(screen),
            Sim::Soak(command) => command.run(screen),
        }
    }
}

/// How long a run is.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Length {
    /// What clients, operators and fate do in a run, counted
    #[arg(long, value_name = "N", default_value_t = simulator::kernel::trial::ACTS,
          value_parser = clap::value_parser!(u64).range(..=ACTS_MAX))]
    commands: u64,
}
