//! Kill: the kill switch: cancels all orders of an account or of everybody, and lets no others in.

use clap::{ArgGroup, Args};
use protocol::control::{KillSwitch, KillTarget};
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
An account is locked after it, the venue is halted; `hourbook admin lock --off` and `hourbook admin mode venue open` undo
that. Canceled orders stay canceled. Needs an operator's key.

Examples:
  hourbook --key data/operator.key admin kill ann --reason runaway-bot
  hourbook --key data/operator.key admin kill --venue --reason power-cut";

/// Cancel all orders of an account or of everybody, and let no others in
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group(ArgGroup::new("whose").required(true).args(["account", "venue"])))]
pub(crate) struct Kill {
    /// Whose
    #[arg(value_parser = argument::label)]
    account: Option<String>,
    /// Everybody's
    #[arg(long)]
    venue: bool,
    /// Why, 1 to 20 of A-Z a-z 0-9 _ -; it is journaled
    #[arg(long, value_parser = argument::label)]
    reason: String,
}

#[derive(Serialize)]
struct Killed {
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    venue: bool,
    engine_seq: u64,
}

impl Kill {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let Kill { account, venue, reason } = self;
        let target = match &account {
            Some(account) => KillTarget::Account(account.clone()),
            None => KillTarget::Venue,
        };
        let connection = options.login_admin().await?;
        let engine_seq = connection.kill_switch(KillSwitch { target, reason }).await?.engine_seq;
        connection.close().await;
        let killed = Killed { account, venue, engine_seq };
        screen.show(&killed, |killed| match &killed.account {
            Some(account) => format!("all orders of {account} are canceled, and it is locked"),
            None => "all orders are being canceled, and the venue is halted".to_owned(),
        })
    }
}
