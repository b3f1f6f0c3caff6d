//! Redemption: lists what waits to be paid out, and says what became of it.

use clap::Subcommand;
use protocol::payment::{EndRedemption, RedemptionsResult};
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::table::{Align, Table};

const EXAMPLES_LIST: &str = "\
Needs an operator's key.

Examples:
  hourbook --key data/operator.key admin redemption list";

const EXAMPLES_PAID: &str = "\
Credit that was paid out is burned, which is final. Needs an operator's key.

Examples:
  hourbook --key data/operator.key admin redemption paid ann payout-7";

const EXAMPLES_RETURN: &str = "\
Needs an operator's key.

Examples:
  hourbook --key data/operator.key admin redemption return ann payout-7";

/// Credit that waits to be paid out
#[derive(Debug, Subcommand)]
pub(crate) enum Redemption {
    /// List what waits to be paid out
    #[command(after_help = EXAMPLES_LIST)]
    List,
    /// Say that it was paid out: the credit is burned
    #[command(after_help = EXAMPLES_PAID)]
    Paid {
        /// Whose
        #[arg(value_parser = argument::label)]
        account: String,
        /// Its reference
        #[arg(value_parser = argument::label)]
        reference: String,
    },
    /// Say that it is not paid out: the account has the credit again
    #[command(after_help = EXAMPLES_RETURN)]
    Return {
        /// Whose
        #[arg(value_parser = argument::label)]
        account: String,
        /// Its reference
        #[arg(value_parser = argument::label)]
        reference: String,
    },
}

#[derive(Serialize)]
struct Ended {
    account: String,
    reference: String,
    paid: bool,
    engine_seq: u64,
}

impl Redemption {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.login_admin().await?;
        let (account, reference, paid) = match self {
            Redemption::List => {
                let waiting = connection.redemptions().await?;
                connection.close().await;
                return screen.show(&waiting, text);
            }
            Redemption::Paid { account, reference } => (account, reference, true),
            Redemption::Return { account, reference } => (account, reference, false),
        };
        let end = EndRedemption { account: account.clone(), reference: reference.clone(), paid };
        let engine_seq = connection.end_redemption(end).await?.engine_seq;
        connection.close().await;
        let ended = Ended { account, reference, paid, engine_seq };
        screen.show(&ended, |ended| {
            let what = if ended.paid { "is paid out" } else { "is returned" };
            format!("{} of {} {what}", ended.reference, ended.account)
        })
    }
}

fn text(waiting: &RedemptionsResult) -> String {
    let mut table = Table::new([("account", Align::Left), ("reference", Align::Left), ("CU", Align::Right)]);
    for row in &waiting.redemptions {
        table.row([row.account.clone(), row.reference.clone(), row.amount.clone()]);
    }
    table.to_string()
}
