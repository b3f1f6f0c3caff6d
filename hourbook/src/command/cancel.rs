//! Cancel: ends orders.

use std::time::Duration;

use clap::{ArgGroup, Args};
use protocol::cancel::{CancelAll, CancelAllAfterResult, CancelAllResult, OrderChange};
use protocol::order::{OrderName, Side};

use crate::argument;
use crate::failure::Failure;
use crate::moment;
use crate::options::Options;
use crate::screen::Screen;
use crate::word::word;

const EXAMPLES: &str = "\
With --all, only orders that satisfy everything that is said. A pattern is a symbol in which whole parts are *. --after
is a dead man's timer: repeat it in time, and nothing is canceled.

Examples:
  hourbook --as ann cancel o_4f91c2
  hourbook --as ann cancel --id mm1-000123
  hourbook --key ann.key cancel --all --symbol H100SXM.US-E.FIRM.2026-11-23T14Z
  hourbook --key ann.key cancel --all --symbol H100SXM.*.FIRM.* --side buy --label mm-1
  hourbook --key ann.key cancel --all --after 30s";

/// End one order, or all
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group(ArgGroup::new("which").required(true).args(["order_id", "id", "all"])))]
pub(crate) struct Cancel {
    /// The exchange's name for the order, such as o_4f91c2; your own goes behind --id
    #[arg(value_parser = argument::order_id)]
    order_id: Option<String>,
    /// Your name for the order
    #[arg(long, value_name = "CL_ORD_ID", value_parser = argument::label)]
    id: Option<String>,
    /// Every open order of the account
    #[arg(long)]
    all: bool,
    /// With --all: only those of this market, or of all that a pattern matches
    #[arg(long, requires = "all", conflicts_with_all = ["order_id", "id"])]
    symbol: Option<String>,
    /// With --all: only those that buy, or that sell
    #[arg(long, requires = "all", conflicts_with_all = ["order_id", "id"], value_parser = argument::side)]
    side: Option<Side>,
    /// With --all: only those with this label
    #[arg(long, requires = "all", conflicts_with_all = ["order_id", "id"], value_parser = argument::label)]
    label: Option<String>,
    /// With --all: not now, but after so long unless this is said again; 0s withdraws it
    #[arg(long, value_name = "TIME", requires = "all", conflicts_with_all = ["order_id", "id", "symbol", "side", "label"], value_parser = argument::duration)]
    after: Option<Duration>,
}

impl Cancel {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.login().await?;
        if let Some(after) = self.after {
            let timeout_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
            let timer = connection.cancel_all_after(timeout_ms).await?;
            connection.close().await;
            return screen.show(&timer, timer_text);
        }
        match order_name(self.order_id, self.id) {
            Some(order) => {
                let canceled = connection.cancel_order(order).await?;
                connection.close().await;
                screen.show(&canceled, change_text)
            }
            None => {
                let which = CancelAll { symbol: self.symbol, side: self.side, label: self.label };
                let canceled = connection.cancel_all(which).await?;
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

fn timer_text(timer: &CancelAllAfterResult) -> String {
    match timer.due {
        Some(due) => format!("all orders are canceled at {} unless you say so again", moment::date_time(due)),
        None => "the timer is off".to_owned(),
    }
}

fn all_text(all: &CancelAllResult) -> String {
    if all.canceled.is_empty() {
        return "no open order".to_owned();
    }
    let lines: String = all.canceled.iter().map(|order_id| format!("{order_id}  canceled\n")).collect();
    lines
}
