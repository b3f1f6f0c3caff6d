//! Deposit: credits an account with what was paid in.

use clap::Args;
use protocol::operator::Deposit as WireDeposit;
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
A reference is credited once: after a lost reply, repeat the command with the same --reference, and nothing is
credited twice. Without --reference a new one is made and shown. Needs an operator's key.

Examples:
  hourbook --key data/operator.key deposit ann 250
  hourbook --key data/operator.key deposit ann 250.50 --reference wire-2026-0001";

/// Credit an account with what was paid in
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Deposit {
    /// Who receives it
    #[arg(value_parser = argument::label)]
    account: String,
    /// CU, with at most 6 decimals
    #[arg(value_parser = argument::amount)]
    amount: String,
    /// Names the deposit, 1 to 20 of A-Z a-z 0-9 _ -
    #[arg(long, value_parser = argument::label)]
    reference: Option<String>,
}

#[derive(Serialize)]
struct Credited {
    account: String,
    amount: String,
    reference: String,
    engine_seq: u64,
}

impl Deposit {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let Deposit { account, amount, reference } = self;
        let reference = reference.map_or_else(new_reference, Ok)?;
        let deposit =
            WireDeposit { account: account.clone(), amount: amount.clone(), reference: reference.clone() };
        let connection = options.login_admin().await?;
        let credited = connection.deposit(deposit).await.map_err(Failure::from);
        let engine_seq = credited.map_err(|failure| failure.repeat_with(&reference))?.engine_seq;
        connection.close().await;
        let credited = Credited { account, amount, reference, engine_seq };
        screen.show(&credited, Credited::text)
    }
}

impl Credited {
    fn text(&self) -> String {
        format!("{} CU credited to {}, reference {}", self.amount, self.account, self.reference)
    }
}

/// A reference that no other payment has.
pub(super) fn new_reference() -> Result<String, Failure> {
    let number = getrandom::u64()
        .map_err(|error| Failure::local(format!("this machine has no random numbers: {error}")))?;
    Ok(format!("cli-{number:016x}"))
}
