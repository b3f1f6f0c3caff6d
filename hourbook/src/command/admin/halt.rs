//! Halt: takes cancels only, and everything again.

use clap::Args;
use client::connection::Connection;
use client::error::ClientError;
use protocol::control::Halt as WireHalt;
use protocol::operator::Accepted;
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

pub(crate) const EXAMPLES_HALT: &str = "\
Orders that rest stay, and can be canceled. `hourbook admin resume` takes everything again. Needs an operator's key.

Examples:
  hourbook --key data/operator.key admin halt --reason power-cut
  hourbook --key data/operator.key admin halt H100SXM.US-E.FIRM --reason feed-wrong";

pub(crate) const EXAMPLES_RESUME: &str = "\
Needs an operator's key.

Examples:
  hourbook --key data/operator.key admin resume --reason all-clear
  hourbook --key data/operator.key admin resume H100SXM.US-E.FIRM --reason all-clear";

/// Where, and why.
#[derive(Debug, Args)]
pub(crate) struct Halt {
    /// A market or a symbol; the venue without it
    scope: Option<String>,
    /// Why, 1 to 20 of A-Z a-z 0-9 _ -; it is journaled
    #[arg(long, value_parser = argument::label)]
    reason: String,
}

#[derive(Serialize)]
struct Done {
    scope: String,
    halted: bool,
    engine_seq: u64,
}

impl Halt {
    pub(crate) async fn halt(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        self.run((options, screen), true, async |connection, halt| connection.halt(halt).await).await
    }

    pub(crate) async fn resume(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        self.run((options, screen), false, async |connection, halt| connection.resume(halt).await).await
    }

    async fn run(
        self,
        (options, screen): (&Options, &mut Screen),
        halted: bool,
        ask: impl AsyncFnOnce(&Connection, WireHalt) -> Result<Accepted, ClientError>,
    ) -> Result<(), Failure> {
        let Halt { scope, reason } = self;
        let connection = options.login_admin().await?;
        let engine_seq = ask(&connection, WireHalt { scope: scope.clone(), reason }).await?.engine_seq;
        connection.close().await;
        let done = Done { scope: scope.unwrap_or_else(|| "venue".to_owned()), halted, engine_seq };
        screen.show(&done, |done| {
            let what = if done.halted { "halted: only cancels are taken" } else { "open again" };
            format!("{} is {what}", done.scope)
        })
    }
}
