//! Command line: what may be typed.

use clap::Parser;

use crate::command::Command;
use crate::failure::EXIT_CODES;
use crate::options::Options;

const EXAMPLES: &str = "\
Examples:
  hourbook instruments
  hourbook book H100SXM.US-E.FIRM.2026-11-23T14Z --watch
  hourbook --as ann buy H100SXM.US-E.FIRM.2026-11-23T14Z 8 --price 0.9994
  hourbook --key ann.key balance --json";

/// An exchange for GPU-hours: run it, trade on it, measure and verify it.
///
/// Bids and asks meet in an order book per delivery window. Prices are in CU per lot with up to 4 decimals, quantities
/// in lots: GPUs for one window. Times are UTC.
#[derive(Debug, Parser)]
#[command(
    name = "hourbook",
    version,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}")
)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[cfg(test)]
mod tests;
