//! Receipt: checks what a taker keeps of a batch.

mod verify;

use clap::Subcommand;

use crate::failure::Failure;
use crate::screen::Screen;

/// Check the receipts of attested batches
#[derive(Debug, Subcommand)]
pub(crate) enum ReceiptCommand {
    Verify(verify::Verify),
}

impl ReceiptCommand {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        match self {
            ReceiptCommand::Verify(command) => command.run(screen),
        }
    }
}
