//! Auditor: lets an account be drawn to audit, or no longer.

use clap::Args;
use protocol::evidence::SetAuditor;
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Drawn are auditors who are in neither side's group. They audit with `hourbook audit run`.

Examples:
  hourbook --key data/operator.key admin auditor eve --reason known
  hourbook --key data/operator.key admin auditor eve --off --reason gone";

/// Let an account be drawn to audit
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Auditor {
    /// Who
    account: String,
    /// No longer
    #[arg(long)]
    off: bool,
    /// Why, 1 to 20 of A-Z a-z 0-9 _ -; it is journaled
    #[arg(long, value_parser = argument::label)]
    reason: String,
}

#[derive(Serialize)]
struct Set {
    account: String,
    auditor: bool,
    engine_seq: u64,
}

impl Auditor {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.login_admin().await?;
        let (account, auditor) = (self.account, !self.off);
        let request = SetAuditor { account: account.clone(), auditor, reason: self.reason };
        let engine_seq = connection.set_auditor(request).await?.engine_seq;
        connection.close().await;
        screen.show(&Set { account, auditor, engine_seq }, |set| {
            let may = if set.auditor { "may be drawn to audit" } else { "is drawn to audit no longer" };
            format!("{} {may}", set.account)
        })
    }
}
