//! Cancel: ends orders.

use clap::{ArgGroup, Args};
use protocol::cancel::{CancelAllResult, OrderChange};
use protocol::order::OrderName;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::word::word;

const EXAMPLES: &str = "\
Examples:
  hourbook --as ann cancel o_4f91c2
  hourbook --as ann cancel --id mm1-000123
  hourbook --key ann.key cancel --all --symbol H100SXM.US-E.FIRM.2026-11-23T14Z";

/// End one order, or all
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group(ArgGroup::new("which").required(true).args(["order_id", "id", "all"])))]
pub(crate) struct Cancel {
    /// The exchange's name for the order
    order_id: Option<String>,
    /// Your name for the order
    #[arg(long, value_name = "CL_ORD_ID", value_parser = argument::label)]
    id: Option<String>,
    /// Every open order of the account
    #[arg(long)]
    all: bool,
    /// With --all: only those of this market
    #[arg(long, requires = "all", conflicts_with_all = ["order_id", "id"])]
    symbol: Option<String>,
}

impl Cancel {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.login().await?;
        match order_name(self.order_id, self.id) {
            Some(order) => {
                let canceled = connection.cancel_order(order).await?;
                connection.close().await;
                screen.show(&canceled, change_text)
            }
            None => {
                let canceled = connection.cancel_all(self.symbol.as_deref()).await?;
                connection.close().await;
                screen.show(&canceled, all_text)
            }
        }
    }
}

/// An order by the name that was typed.
pub(super) fn order_name(order_id: Option<String>, cl_ord_id: Option<String>) -> Option<OrderName> {
    order_id.map(OrderName::OrderId).or_else(|| cl_ord_id.map(OrderName::ClOrdId))
}

/// An order after a change, in one line.
pub(super) fn change_text(order: &OrderChange) -> String {
    let OrderChange { order_id, cum_qty, leaves_qty, .. } = order;
    let status = word(order.status).replace('_', " ");
    format!("{order_id}  {status}: {cum_qty} traded, {leaves_qty} rest")
}

fn all_text(all: &CancelAllResult) -> String {
    if all.canceled.is_empty() {
        return "no open order".to_owned();
    }
    let lines: String = all.canceled.iter().map(|order_id| format!("{order_id}  canceled\n")).collect();
    lines
}
