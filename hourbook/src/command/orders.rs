//! Orders: lists the account's open orders.

use clap::Args;
use protocol::query::OpenOrdersResult;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::table::{Align, Table};
use crate::word::word;

const EXAMPLES: &str = "\
Examples:
  hourbook --as ann orders
  hourbook --key ann.key orders --symbol H100SXM.US-E.FIRM.2026-11-23T14Z --json";

/// List the account's open orders, oldest first
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Orders {
    /// Only those of this market
    #[arg(long)]
    symbol: Option<String>,
}

impl Orders {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.login().await?;
        let open = connection.open_orders(self.symbol.as_deref()).await?;
        connection.close().await;
        screen.show(&open, text)
    }
}

fn text(open: &OpenOrdersResult) -> String {
    if open.orders.is_empty() {
        return "no open order".to_owned();
    }
    let mut table = Table::new([
        ("order", Align::Left),
        ("symbol", Align::Left),
        ("side", Align::Left),
        ("price", Align::Right),
        ("qty", Align::Right),
        ("traded", Align::Right),
        ("rest", Align::Right),
        ("your id", Align::Left),
        ("label", Align::Left),
    ]);
    for order in &open.orders {
        table.row([
            order.order_id.clone(),
            order.symbol.clone(),
            word(order.side),
            order.price.clone(),
            order.qty.clone(),
            order.cum_qty.clone(),
            order.leaves_qty.clone(),
            order.cl_ord_id.clone().unwrap_or_default(),
            order.label.clone().unwrap_or_default(),
        ]);
    }
    table.to_string()
}
