//! Reduce: makes an order smaller.

use clap::{ArgGroup, Args};

use crate::argument;
use crate::command::cancel::{change_text, order_name};
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Something must be left of the order; to end it, use `hourbook cancel`.

Examples:
  hourbook --as ann reduce o_4f91c2 --by 3
  hourbook --key ann.key reduce --id mm1-000123 --by 3";

/// Make an order smaller; it keeps its place in the queue
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group(ArgGroup::new("which").required(true).args(["order_id", "id"])))]
pub(crate) struct Reduce {
    /// The exchange's name for the order, such as o_4f91c2; your own goes behind --id
    #[arg(value_parser = argument::order_id)]
    order_id: Option<String>,
    /// Your name for the order
    #[arg(long, value_name = "CL_ORD_ID", value_parser = argument::label)]
    id: Option<String>,
    /// How many lots less
    #[arg(long, value_name = "QTY", value_parser = argument::quantity)]
    by: String,
}

impl Reduce {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let order = order_name(self.order_id, self.id).expect("one of the two names was typed");
        let connection = options.login().await?;
        let reduced = connection.reduce_order(order, &self.by).await?;
        connection.close().await;
        screen.show(&reduced, change_text)
    }
}
