//! Order: buys or sells.

use std::time::Duration;

use clap::{ArgGroup, Args};
use protocol::add_order::AddOrder;
use protocol::dry_run::{DryRun, ExpectedFill};
use protocol::order::{OrderOutcome, OrderStatus, Side};
use protocol::terms::{PostOnly, SelfTradePrevention, Terms, TimeInForce};

use crate::argument;
use crate::failure::Failure;
use crate::moment;
use crate::options::Options;
use crate::screen::Screen;
use crate::table::{Align, facts};
use crate::word::word;

/// How to buy.
pub(crate) const EXAMPLES_BUY: &str = "\
A buyer needs price times quantity available, and the fee on it. When no reply comes, the order may or may not have
been taken: repeat it with the same --id, and it is taken once. An id has one outcome, a refusal too: a new order takes a
new one.

Examples:
  hourbook --as ann buy H100SXM.US-E.FIRM.2026-11-23T14Z 8 --price 0.9994
  hourbook --as ann buy H100SXM.US-E.FIRM.2026-11-23T14Z 800 --price 0.9994 --post-only --show 50 --label mm-1
  hourbook --key ann.key buy H100SXM.US-E.FIRM.2026-11-23T14Z 8 --price 1.01 --ioc --deadline 5s
  hourbook --key ann.key buy H100SXM.US-E.FIRM.2026-11-23T14Z 8 --market --limit-price 1.01
  hourbook --key ann.key buy H100SXM.US-E.FIRM.2026-11-23T14Z 8 --price 1.01 --dry-run";

/// How to sell.
pub(crate) const EXAMPLES_SELL: &str = "\
A seller needs the hours it sells; a provider may sell beyond them within its capacity (`hourbook capacity`). When no
reply comes, the order may or may not have been taken: repeat it with the same --id, and it is taken once. An id has one
outcome, a refusal too: a new order takes a new one.

Examples:
  hourbook --as helio sell H100SXM.US-E.FIRM.2026-11-23T14Z 8 --price 1.05
  hourbook --key helio.key sell H100SXM.US-E.FIRM.2026-11-23T14Z 8 --price 0.99 --ioc --id exit-1
  hourbook --key helio.key sell H100SXM.US-E.FIRM.2026-11-23T14Z 8 --price 1.05 --good-for 90m --slide
  hourbook --key helio.key sell H100SXM.US-E.FIRM.2026-11-23T14Z 8 --market --limit-price 0.95";

/// Where `--help` tells what becomes of lots that do not trade at once.
const WAITING: &str = "What does not trade at once rests until the gate, unless";
/// Where `--help` tells the rest.
const EXTRAS: &str = "Also";

/// An order to buy or to sell.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("kind").required(true).args(["price", "market"])))]
pub(crate) struct Order {
    /// The market; `hourbook instruments` lists them
    symbol: String,
    /// Lots: GPUs for one window
    #[arg(value_parser = argument::quantity)]
    qty: String,
    /// Trade at this price in CU or better
    #[arg(long, value_parser = argument::price)]
    price: Option<String>,
    /// Trade at once at the best prices there are, up to --limit-price
    #[arg(long, requires = "limit_price")]
    market: bool,
    /// The worst price of a market order
    #[arg(long, value_name = "PRICE", requires = "market", conflicts_with = "price", value_parser = argument::price)]
    limit_price: Option<String>,
    /// Cancel what does not trade at once
    #[arg(long, help_heading = WAITING, requires = "price", conflicts_with_all = ["market", "fok", "good_for"])]
    ioc: bool,
    /// Trade all of it at once, or refuse it
    #[arg(long, help_heading = WAITING, conflicts_with = "good_for")]
    fok: bool,
    /// Let it rest at most so long, such as 90m
    #[arg(long, help_heading = WAITING, value_name = "TIME", conflicts_with = "market", value_parser = argument::duration)]
    good_for: Option<Duration>,
    /// Refuse it if it would trade at once
    #[arg(long, help_heading = EXTRAS, conflicts_with_all = ["market", "ioc", "fok", "min", "slide"])]
    post_only: bool,
    /// If it would trade at once, move its price to one tick from the other side's best
    #[arg(long, help_heading = EXTRAS, conflicts_with_all = ["market", "ioc", "fok", "min"])]
    slide: bool,
    /// Refuse it unless so many lots can trade at once
    #[arg(long, help_heading = EXTRAS, value_name = "QTY", value_parser = argument::quantity)]
    min: Option<String>,
    /// Show only so many lots at a time
    #[arg(long, help_heading = EXTRAS, value_name = "QTY", conflicts_with_all = ["market", "ioc", "fok"], value_parser = argument::quantity)]
    show: Option<String>,
    /// When it meets an order of yours: cancel-newest, cancel-oldest, cancel-both or decrement
    #[arg(long, help_heading = EXTRAS, value_name = "RULE", default_value = "cancel-newest", value_parser = argument::prevention)]
    stp: SelfTradePrevention,
    /// Your mark, by which orders are canceled together, 1 to 20 of A-Z a-z 0-9 _ -
    #[arg(long, help_heading = EXTRAS, value_parser = argument::label)]
    label: Option<String>,
    /// Your name for the order, 1 to 20 of A-Z a-z 0-9 _ -
    #[arg(long, help_heading = EXTRAS, value_name = "CL_ORD_ID", value_parser = argument::label)]
    id: Option<String>,
    /// Refuse the order if it is sequenced later than this from now, such as 5s or 500ms
    #[arg(long, help_heading = EXTRAS, value_name = "TIME", value_parser = argument::duration)]
    deadline: Option<Duration>,
    /// Say what it would come to, and do nothing
    #[arg(long, help_heading = EXTRAS)]
    dry_run: bool,
}

impl Order {
    pub(crate) async fn run(self, side: Side, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.login().await?;
        if self.dry_run {
            let tried = connection.try_order(self.order(side)).await?;
            connection.close().await;
            return screen.show(&tried, dry_run_text);
        }
        let placed = connection.add_order(self.order(side)).await?;
        connection.close().await;
        screen.show(&placed, outcome_text)
    }

    /// The order on the wire; its times count from now.
    fn order(self, side: Side) -> AddOrder {
        let tif = match (self.ioc, self.fok, self.good_for) {
            (true, _, _) => TimeInForce::Ioc,
            (_, true, _) => TimeInForce::Fok,
            (_, _, Some(time)) => TimeInForce::Gtd(moment::from_now(time)),
            (false, false, None) => TimeInForce::Gtc,
        };
        let post_only = match (self.post_only, self.slide) {
            (true, _) => PostOnly::Refuse,
            (_, true) => PostOnly::Slide,
            (false, false) => PostOnly::No,
        };
        let terms = match (self.price, self.limit_price) {
            (Some(price), _) => Terms::Limit { price, tif, post_only, display_qty: self.show },
            (None, Some(limit_price)) => Terms::Market { limit_price, fok: self.fok },
            (None, None) => unreachable!("an order has a price or a limit price"),
        };
        AddOrder {
            min_qty: self.min,
            stp: self.stp,
            label: self.label,
            cl_ord_id: self.id,
            deadline: self.deadline.map(moment::from_now),
            ..AddOrder::new(self.symbol, side, self.qty, terms)
        }
    }
}

/// What an order would come to.
fn dry_run_text(tried: &DryRun) -> String {
    let DryRun { fills, cum_qty, leaves_qty, avg_price, needed, fee, available, .. } = tried;
    let best = |fill: &ExpectedFill| format!("{} at {}", fill.qty, fill.price);
    let traded = match avg_price {
        Some(price) => {
            format!("{cum_qty} at {price}: {}", fills.iter().map(best).collect::<Vec<_>>().join(", "))
        }
        None => "nothing".to_owned(),
    };
    facts(
        Align::Left,
        [
            ("would trade", traded),
            ("would be left", leaves_qty.clone()),
            ("needed, CU", needed.clone()),
            ("fee, CU", fee.clone()),
            ("available, CU", available.clone()),
        ],
    )
}

/// An order that was entered or amended, in one line.
pub(super) fn outcome_text(order: &OrderOutcome) -> String {
    let OrderOutcome { order_id, cum_qty, leaves_qty, .. } = order;
    let traded = match &order.avg_price {
        Some(price) => format!("{cum_qty} traded at {price}"),
        None if cum_qty == "0" => "nothing traded".to_owned(),
        None => format!("{cum_qty} traded"),
    };
    let rests = match order.status {
        OrderStatus::Open | OrderStatus::PartiallyFilled => format!(", {leaves_qty} rest"),
        OrderStatus::Canceled if cum_qty != "0" => ", the rest canceled".to_owned(),
        _ => String::new(),
    };
    let place = match order.priority_kept {
        Some(true) => ", in its place",
        Some(false) if !rests.is_empty() => ", at the end of the queue",
        _ => "",
    };
    let again = if order.duplicate { "; it was done before, under the same id" } else { "" };
    let reason = order.reason.map_or_else(String::new, |reason| format!(" ({})", word(reason)));
    let status = word(order.status).replace('_', " ");
    format!("{order_id}  {status}{reason}: {traded}{rests}{place}{again}")
}

#[cfg(test)]
mod tests {
    use protocol::order::CancelReason;
    use protocol::order::{OrderOutcome, OrderStatus};

    use super::outcome_text;

    fn outcome(status: OrderStatus, [cum_qty, leaves_qty]: [&str; 2]) -> OrderOutcome {
        OrderOutcome {
            order_id: "o_1".to_owned(),
            cl_ord_id: None,
            status,
            reason: None,
            cum_qty: cum_qty.to_owned(),
            leaves_qty: leaves_qty.to_owned(),
            avg_price: (cum_qty != "0").then(|| "1.0000".to_owned()),
            priority_kept: None,
            duplicate: false,
            engine_seq: 1,
            xseq: 1,
        }
    }

    #[test]
    fn order_is_told_in_one_line() {
        let open = outcome(OrderStatus::Open, ["0", "8"]);
        let partly = outcome(OrderStatus::PartiallyFilled, ["3", "5"]);
        let canceled = outcome(OrderStatus::Canceled, ["3", "0"]);
        let cases = [
            (open.clone(), "open: nothing traded, 8 rest"),
            (partly.clone(), "partially filled: 3 traded at 1.0000, 5 rest"),
            (outcome(OrderStatus::Filled, ["8", "0"]), "filled: 8 traded at 1.0000"),
            (outcome(OrderStatus::Canceled, ["0", "0"]), "canceled: nothing traded"),
            (canceled.clone(), "canceled: 3 traded at 1.0000, the rest canceled"),
            (
                OrderOutcome { reason: Some(CancelReason::Stp), ..canceled },
                "canceled (stp): 3 traded at 1.0000, the rest canceled",
            ),
            (
                OrderOutcome { priority_kept: Some(true), ..open.clone() },
                "open: nothing traded, 8 rest, in its place",
            ),
            (
                OrderOutcome { priority_kept: Some(false), ..open },
                "open: nothing traded, 8 rest, at the end of the queue",
            ),
            (
                OrderOutcome { duplicate: true, avg_price: None, ..partly },
                "partially filled: 3 traded, 5 rest; it was done before, under the same id",
            ),
        ];
        for (order, expected) in cases {
            assert_eq!(outcome_text(&order), format!("o_1  {expected}"));
        }
    }
}
