//! Redeem: asks for credit to be paid out.

use clap::Args;
use protocol::payment::{PaymentState, Redeem as WireRedeem};
use serde::Serialize;

use crate::argument;
use crate::command::deposit::new_reference;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::word::word;

const EXAMPLES: &str = "\
The credit is set aside until the operator has paid it out, or returns it. A reference counts once: repeat the command with
the same --reference to see what became of it. Needs a key with the scope transfer.

Examples:
  hourbook --key ann.key redeem 100
  hourbook --key ann.key redeem 100 --reference payout-7";

/// Ask for credit to be paid out
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Redeem {
    /// CU, with at most 6 decimals
    #[arg(value_parser = argument::amount)]
    amount: String,
    /// Names the payment, 1 to 20 of A-Z a-z 0-9 _ -
    #[arg(long, value_parser = argument::label)]
    reference: Option<String>,
}

#[derive(Serialize)]
struct Asked {
    amount: String,
    reference: String,
    state: PaymentState,
    duplicate: bool,
    engine_seq: u64,
}

impl Redeem {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let Redeem { amount, reference } = self;
        let reference = reference.map_or_else(new_reference, Ok)?;
        let connection = options.login().await?;
        let redeem = WireRedeem { amount: amount.clone(), reference: reference.clone() };
        let asked = connection.redeem(redeem).await.map_err(Failure::from);
        let done = asked.map_err(|failure| failure.repeat_with(&reference))?;
        connection.close().await;
        let (state, duplicate, engine_seq) = (done.state, done.duplicate, done.engine_seq);
        let asked = Asked { amount, reference, state, duplicate, engine_seq };
        screen.show(&asked, Asked::text)
    }
}

impl Asked {
    fn text(&self) -> String {
        format!("{} CU, reference {}: {}", self.amount, self.reference, word(self.state).replace('_', " "))
    }
}
