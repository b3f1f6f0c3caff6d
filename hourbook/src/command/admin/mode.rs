//! Mode: says what may be done in the venue, a market or a window.

use clap::Args;
use protocol::control::{SetMode, TradingMode};
use serde::Serialize;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::word::word;

const EXAMPLES: &str = "\
open: everything. post-only: who would take, or could not rest, is refused. cancel-only: orders can only be canceled, or
reduced in their place. halted: they can only be canceled. Of venue, market and window the strictest rules, so that all
three must be open again. Needs an operator's key.

Examples:
  hourbook --key data/operator.key admin mode venue halted --reason power-cut
  hourbook --key data/operator.key admin mode H100SXM.US-E.FIRM cancel-only --reason feed-wrong
  hourbook --key data/operator.key admin mode H100SXM.US-E.FIRM.2026-11-23T14Z open --reason all-clear";

/// Say what may be done in the venue, a market or a window: halt it, or open it again
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Mode {
    /// venue, a market such as H100SXM.US-E.FIRM, or the symbol of one window
    scope: String,
    /// open, post-only, cancel-only or halted
    #[arg(value_parser = argument::mode)]
    mode: TradingMode,
    /// Why, 1 to 20 of A-Z a-z 0-9 _ -; it is journaled
    #[arg(long, value_parser = argument::label)]
    reason: String,
}

#[derive(Serialize)]
struct Ruled {
    scope: String,
    mode: TradingMode,
    engine_seq: u64,
}

impl Mode {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let Mode { scope, mode, reason } = self;
        let connection = options.login_admin().await?;
        let set = SetMode { scope: scope.clone(), mode, reason };
        let engine_seq = connection.set_mode(set).await?.engine_seq;
        connection.close().await;
        let ruled = Ruled { scope, mode, engine_seq };
        screen.show(&ruled, |ruled| format!("{} is {}", ruled.scope, word(ruled.mode).replace('_', "-")))
    }
}
