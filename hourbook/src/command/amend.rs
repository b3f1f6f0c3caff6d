//! Amend: changes an open order.

use std::time::Duration;

use clap::{ArgGroup, Args};
use protocol::amend::AmendOrder;

use crate::argument;
use crate::command::cancel::order_name;
use crate::command::order::outcome_text;
use crate::failure::Failure;
use crate::moment;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Fewer lots, or as many, at the same price keep the order's place in the queue. Anything else loses it: the order is
checked like a new one, may trade at once, and rests again under the same order id.

Examples:
  hourbook --as ann amend o_4f91c2 --price 1.0002
  hourbook --as ann amend o_4f91c2 --qty 5 --expect-traded 2
  hourbook --key ann.key amend --id mm1-000123 --price 1.0002 --qty 16 --new-id mm1-000124";

/// Change the price or quantity of an open order
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    group(ArgGroup::new("which").required(true).args(["order_id", "id"])),
    group(ArgGroup::new("what").required(true).multiple(true).args(["price", "qty", "new_id"]))
)]
pub(crate) struct Amend {
    /// The exchange's name for the order, such as o_4f91c2; your own goes behind --id
    #[arg(value_parser = argument::order_id)]
    order_id: Option<String>,
    /// Your name for the order
    #[arg(long, value_name = "CL_ORD_ID", value_parser = argument::label)]
    id: Option<String>,
    /// The new price in CU
    #[arg(long, value_parser = argument::price)]
    price: Option<String>,
    /// The new quantity in all, what has traded included
    #[arg(long, value_parser = argument::quantity)]
    qty: Option<String>,
    /// Your new name for the order
    #[arg(long, value_name = "CL_ORD_ID", value_parser = argument::label)]
    new_id: Option<String>,
    /// Change nothing unless exactly so much has traded
    #[arg(long, value_name = "QTY", value_parser = argument::quantity)]
    expect_traded: Option<String>,
    /// Change nothing if this is sequenced later than this from now, such as 5s or 500ms
    #[arg(long, value_name = "TIME", value_parser = argument::duration)]
    deadline: Option<Duration>,
}

impl Amend {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.login().await?;
        let amended = connection.amend_order(self.change()).await?;
        connection.close().await;
        screen.show(&amended, outcome_text)
    }

    /// The change on the wire; its deadline counts from now.
    fn change(self) -> AmendOrder {
        AmendOrder {
            order: order_name(self.order_id, self.id).expect("one of the two names was typed"),
            new_cl_ord_id: self.new_id,
            price: self.price,
            qty: self.qty,
            expect_cum_qty: self.expect_traded,
            deadline: self.deadline.map(moment::from_now),
        }
    }
}
