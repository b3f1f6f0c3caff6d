//! Transfer: sends credit to another account.

use clap::Args;
use protocol::payment::{PaymentState, Transfer as WireTransfer};
use serde::Serialize;

use crate::argument;
use crate::command::deposit::new_reference;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
A reference counts once: after a lost reply, repeat the command with the same --reference, and nothing is sent twice. Without
--reference a new one is made and shown. Needs a key with the scope transfer.

Examples:
  hourbook --key ann.key transfer bob 25
  hourbook --key ann.key transfer bob 25.50 --reference rent-november";

/// Send credit to another account
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Transfer {
    /// Who gets it
    #[arg(value_parser = argument::label)]
    to: String,
    /// CU, with at most 6 decimals
    #[arg(value_parser = argument::amount)]
    amount: String,
    /// Names the payment, 1 to 20 of A-Z a-z 0-9 _ -
    #[arg(long, value_parser = argument::label)]
    reference: Option<String>,
}

#[derive(Serialize)]
struct Sent {
    to: String,
    amount: String,
    reference: String,
    state: PaymentState,
    duplicate: bool,
    engine_seq: u64,
}

impl Transfer {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let Transfer { to, amount, reference } = self;
        let reference = reference.map_or_else(new_reference, Ok)?;
        let transfer = WireTransfer { to: to.clone(), amount: amount.clone(), reference: reference.clone() };
        let connection = options.login().await?;
        let sent = connection.transfer(transfer).await.map_err(Failure::from);
        let done = sent.map_err(|failure| failure.repeat_with(&reference))?;
        connection.close().await;
        let (state, duplicate, engine_seq) = (done.state, done.duplicate, done.engine_seq);
        let sent = Sent { to, amount, reference, state, duplicate, engine_seq };
        screen.show(&sent, Sent::text)
    }
}

impl Sent {
    fn text(&self) -> String {
        let again = if self.duplicate { ", as it was before" } else { "" };
        format!("{} CU sent to {}, reference {}{again}", self.amount, self.to, self.reference)
    }
}
