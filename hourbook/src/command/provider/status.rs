//! Status: what an account delivers and is delivered, and where each slot stands.

use clap::Args;
use protocol::delivery::{Delivery, SlotState, SlotStatus};
use protocol::evidence::DeliveriesResult;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::table::{Align, Table};
use crate::word::word;

const EXAMPLES: &str = "\
One sign for each slot: . waits, a assigned, c committed, o opened, ? with the arbiter. What is decided and can be disputed is
p paid to the provider, n not delivered, r returned, for it is nobody's fault; when it is final, P, N or R.

Examples:
  hourbook --key helio.key provider status
  hourbook --as ann provider status --json";

/// What the signs say, below them.
const SIGNS: &str = "\
. waits  a assigned  c committed  o opened  ? with the arbiter
p n r  decided: paid, not delivered, returned   P N R  final";

/// List deliveries of windows that are not settled
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Status {}

impl Status {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let connection = options.login().await?;
        let deliveries = connection.deliveries().await?;
        connection.close().await;
        screen.show(&deliveries, text)
    }
}

fn text(told: &DeliveriesResult) -> String {
    if told.deliveries.is_empty() {
        return "nothing is delivered now; what was sold is from its gate on".to_owned();
    }
    let head = ["delivery", "window", "as", "with", "lots", "price", "slots"];
    let aligns =
        [Align::Right, Align::Left, Align::Left, Align::Left, Align::Right, Align::Right, Align::Left];
    let mut columns = head.into_iter().zip(aligns);
    let mut table = Table::new(std::array::from_fn::<_, 7, _>(|_| columns.next().expect("there are seven")));
    for row in &told.deliveries {
        let Delivery { delivery, symbol, role, other, qty, price, slots, .. } = row;
        let slots: String = slots.iter().map(sign).collect();
        table.row([
            delivery.to_string(),
            symbol.clone(),
            word(role),
            other.clone(),
            qty.clone(),
            price.clone(),
            slots,
        ]);
    }
    format!("{table}\n{SIGNS}")
}

fn sign(slot: &SlotStatus) -> &'static str {
    use protocol::delivery::SlotOutcome as Outcome;
    let of_outcome = match slot.outcome {
        Some(Outcome::Accepted | Outcome::Buyer) => ("p", "P"),
        Some(Outcome::Rejected | Outcome::Missed | Outcome::Unopened) => ("n", "N"),
        _ => ("r", "R"),
    };
    match slot.state {
        SlotState::Waiting => ".",
        SlotState::Assigned => "a",
        SlotState::Committed => "c",
        SlotState::Opened => "o",
        SlotState::Decided => of_outcome.0,
        SlotState::Final => of_outcome.1,
        SlotState::Flagged | SlotState::Unaudited | SlotState::Unknown => "?",
    }
}
