//! Balance: what the account has and owes.

use clap::Args;
use protocol::query::BalancesResult;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::table::{Align, Table};

const EXAMPLES: &str = "\
The total is available, held by open orders and bonded for what must be delivered. A position above zero is lots that
are owed to the account, below zero lots that it owes. Escrow is what buyers have paid for those and delivery releases.

Examples:
  hourbook --as ann balance
  hourbook --key ann.key balance --json";

/// Show what the account has and owes
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Balance {}

impl Balance {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.login().await?;
        let balances = connection.balances().await?;
        connection.close().await;
        screen.show(&balances, text)
    }
}

fn text(result: &BalancesResult) -> String {
    let [left, right] = [Align::Left, Align::Right];
    let mut balances = Table::new([
        ("unit", left),
        ("total", right),
        ("available", right),
        ("held", right),
        ("bonded", right),
    ]);
    for balance in &result.balances {
        let amounts = [&balance.unit, &balance.total, &balance.available, &balance.held, &balance.bonded];
        balances.row(amounts.map(Clone::clone));
    }
    if result.positions.is_empty() {
        return format!("{balances}\nno position");
    }
    let mut positions =
        Table::new([("symbol", left), ("position", right), ("escrow", right), ("bonded", right)]);
    for position in &result.positions {
        let cells = [&position.symbol, &position.position, &position.escrow, &position.bonded];
        positions.row(cells.map(Clone::clone));
    }
    format!("{balances}\n{positions}")
}
