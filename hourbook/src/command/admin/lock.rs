//! Lock: lets an account only cancel, or everything again.

use clap::Args;
use protocol::control::LockAccount;
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
A locked account may cancel and nothing else; its orders stay, its deliveries go on. To cancel its orders too, use
`hourbook admin kill`. Needs an operator's key.

Examples:
  hourbook --key data/operator.key admin lock ann --reason under-review
  hourbook --key data/operator.key admin lock ann --off --reason cleared";

/// Lock an account, or unlock it
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Lock {
    /// Whose
    #[arg(value_parser = argument::label)]
    account: String,
    /// Unlock it
    #[arg(long)]
    off: bool,
    /// Why, 1 to 20 of A-Z a-z 0-9 _ -; it is journaled
    #[arg(long, value_parser = argument::label)]
    reason: String,
}

#[derive(Serialize)]
struct Locked {
    account: String,
    locked: bool,
    engine_seq: u64,
}

impl Lock {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let Lock { account, off, reason } = self;
        let lock = LockAccount { account: account.clone(), locked: !off, reason };
        let connection = options.login_admin().await?;
        let engine_seq = connection.lock_account(lock).await?.engine_seq;
        connection.close().await;
        let locked = Locked { account, locked: !off, engine_seq };
        screen.show(&locked, |locked| {
            format!("{} is {}", locked.account, if locked.locked { "locked" } else { "unlocked" })
        })
    }
}
