//! Account: opens accounts.

use clap::Subcommand;
use protocol::operator::OpenAccount;
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
A provider may sell hours that it does not hold, within its capacity. Accounts of a group do not trade with each
other. Needs an operator's key.

Examples:
  hourbook --key data/operator.key account open ann
  hourbook --key data/operator.key account open helio --provider --group acme";

/// Open accounts
#[derive(Debug, Subcommand)]
pub(crate) enum Account {
    /// Open an account
    #[command(after_help = EXAMPLES)]
    Open {
        /// The new account's name, 1 to 20 of A-Z a-z 0-9 _ -
        #[arg(value_parser = argument::label)]
        name: String,
        /// It may sell hours that it does not hold
        #[arg(long)]
        provider: bool,
        /// An account of the same owner
        #[arg(long, value_name = "OTHER", value_parser = argument::label)]
        group: Option<String>,
    },
}

#[derive(Serialize)]
struct Opened {
    account: String,
    provider: bool,
    engine_seq: u64,
}

impl Account {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let Account::Open { name, provider, group } = self;
        let open = OpenAccount { account: name.clone(), provider: Some(provider), group };
        let connection = options.login_admin().await?;
        let engine_seq = connection.open_account(open).await?.engine_seq;
        connection.close().await;
        let opened = Opened { account: name, provider, engine_seq };
        screen.show(&opened, |opened| format!("{} is open", opened.account))
    }
}
