//! Order: buys or sells.

use std::time::Duration;

use clap::{ArgGroup, Args};
use protocol::add_order::{AddOrder, AddOrderResult, Terms, TimeInForce};
use protocol::order::{OrderStatus, Side};

use crate::argument;
use crate::failure::Failure;
use crate::moment;
use crate::options::Options;
use crate::screen::Screen;
use crate::word::word;

/// How to buy.
pub(crate) const EXAMPLES_BUY: &str = "\
A buyer needs price times quantity available, and the fee on it. When no reply comes, the order may or may not have
been taken: look at `hourbook orders` and `hourbook fills` before repeating it, or give it a --deadline.

Examples:
  hourbook --as ann buy H100SXM.US-E.FIRM.2026-11-23T14Z 8 --price 0.9994
  hourbook --key ann.key buy H100SXM.US-E.FIRM.2026-11-23T14Z 8 --price 1.01 --ioc --deadline 5s
  hourbook --key ann.key buy H100SXM.US-E.FIRM.2026-11-23T14Z 8 --market --limit-price 1.01";

/// How to sell.
pub(crate) const EXAMPLES_SELL: &str = "\
A seller needs the hours it sells; a provider may sell beyond them within its capacity (`hourbook capacity`). When no
reply comes, the order may or may not have been taken: look at `hourbook orders` and `hourbook fills` before
repeating it, or give it a --deadline.

Examples:
  hourbook --as helio sell H100SXM.US-E.FIRM.2026-11-23T14Z 8 --price 1.05
  hourbook --key helio.key sell H100SXM.US-E.FIRM.2026-11-23T14Z 8 --price 0.99 --ioc --id exit-1
  hourbook --key helio.key sell H100SXM.US-E.FIRM.2026-11-23T14Z 8 --market --limit-price 0.95";

/// An order to buy or to sell.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("kind").required(true).args(["price", "market"])))]
pub(crate) struct Order {
    /// The market; `hourbook instruments` lists them
    symbol: String,
    /// Lots: GPUs for one window
    #[arg(value_parser = argument::quantity)]
    qty: String,
    /// Trade at this price in CU or better, and rest until the gate
    #[arg(long, value_parser = argument::price)]
    price: Option<String>,
    /// Do not rest: what does not trade at once is canceled
    #[arg(long, requires = "price", conflicts_with = "market")]
    ioc: bool,
    /// Trade at once at the best prices there are, up to --limit-price
    #[arg(long, requires = "limit_price")]
    market: bool,
    /// The worst price of a market order
    #[arg(long, value_name = "PRICE", requires = "market", conflicts_with = "price", value_parser = argument::price)]
    limit_price: Option<String>,
    /// Your name for the order, 1 to 20 of A-Z a-z 0-9 _ -
    #[arg(long, value_name = "CL_ORD_ID", value_parser = argument::label)]
    id: Option<String>,
    /// Refuse the order if it is sequenced later than this from now, such as 5s or 500ms
    #[arg(long, value_name = "TIME", value_parser = argument::duration)]
    deadline: Option<Duration>,
}

impl Order {
    pub(crate) async fn run(self, side: Side, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.login().await?;
        let placed = connection.add_order(self.order(side)).await?;
        connection.close().await;
        screen.show(&placed, text)
    }

    /// The order on the wire; its deadline counts from now.
    fn order(self, side: Side) -> AddOrder {
        let tif = if self.ioc { TimeInForce::Ioc } else { TimeInForce::Gtc };
        let terms = match (self.price, self.limit_price) {
            (Some(price), _) => Terms::Limit { price, tif },
            (None, Some(limit_price)) => Terms::Market { limit_price },
            (None, None) => unreachable!("an order has a price or a limit price"),
        };
        AddOrder {
            symbol: self.symbol,
            side,
            terms,
            qty: self.qty,
            cl_ord_id: self.id,
            deadline: self.deadline.map(moment::from_now),
        }
    }
}

fn text(order: &AddOrderResult) -> String {
    let traded = match &order.avg_price {
        Some(price) => format!("{} traded at {price}", order.cum_qty),
        None => "nothing traded".to_owned(),
    };
    let rests = match order.status {
        OrderStatus::Open | OrderStatus::PartiallyFilled => format!(", {} rest", order.leaves_qty),
        OrderStatus::Canceled if order.avg_price.is_some() => ", the rest canceled".to_owned(),
        _ => String::new(),
    };
    format!("{}  {}: {traded}{rests}", order.order_id, word(order.status).replace('_', " "))
}

#[cfg(test)]
mod tests {
    use protocol::add_order::AddOrderResult;
    use protocol::order::OrderStatus;

    use super::text;

    #[test]
    fn order_is_told_in_one_line() {
        let cases = [
            (OrderStatus::Open, ["0", "8"], None, "o_1  open: nothing traded, 8 rest"),
            (
                OrderStatus::PartiallyFilled,
                ["3", "5"],
                Some("1.0000"),
                "o_1  partially filled: 3 traded at 1.0000, 5 rest",
            ),
            (OrderStatus::Filled, ["8", "0"], Some("1.0000"), "o_1  filled: 8 traded at 1.0000"),
            (OrderStatus::Canceled, ["0", "0"], None, "o_1  canceled: nothing traded"),
            (
                OrderStatus::Canceled,
                ["3", "0"],
                Some("1.0000"),
                "o_1  canceled: 3 traded at 1.0000, the rest canceled",
            ),
        ];
        for (status, [cum_qty, leaves_qty], avg_price, expected) in cases {
            let (engine_seq, xseq) = (1, 1);
            let (order_id, cl_ord_id) = ("o_1".to_owned(), None);
            let [cum_qty, leaves_qty] = [cum_qty, leaves_qty].map(str::to_owned);
            let avg_price = avg_price.map(str::to_owned);
            let order = AddOrderResult {
                order_id,
                cl_ord_id,
                status,
                cum_qty,
                leaves_qty,
                avg_price,
                engine_seq,
                xseq,
            };
            assert_eq!(text(&order), expected);
        }
    }
}
