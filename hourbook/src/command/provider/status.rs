//! Status: what an account delivers and is delivered, and where each slot stands.

use clap::Args;
use client::subscription;
use protocol::delivery::{Delivery, SlotState, SlotStatus};
use protocol::evidence::DeliveriesResult;
use protocol::provider::{ProviderImage, Score};
use protocol::public::Public;
use protocol::update::Update;
use serde::Serialize;

use crate::failure::Failure;
use crate::moment;
use crate::options::Options;
use crate::screen::Screen;
use crate::streamed::first;
use crate::table::{Align, Table, facts};
use crate::word::word;

const EXAMPLES: &str = "\
What is at stake, how slots ended so far (each as often as it has lots), how much of the work is audited, and what the account delivers
or is delivered. One sign for each slot: . waits, a assigned, c committed, o opened, ? with the arbiter. What is decided and can be disputed is
p paid to the provider, n not delivered, r returned, for it is nobody's fault; when it is final, P, N or R.

Examples:
  hourbook --key helio.key provider status
  hourbook --as ann provider status --json";

/// What the signs say, below them.
const SIGNS: &str = "\
. waits  a assigned  c committed  o opened  ? with the arbiter
p n r  decided: paid, not delivered, returned   P N R  final";

/// What `status` tells.
#[derive(Debug, Serialize)]
struct Told {
    #[serde(flatten)]
    deliveries: DeliveriesResult,
    provider: ProviderImage,
}

/// Show what is at stake, and deliveries of windows that are not settled
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Status {}

impl Status {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let mut connection = options.login().await?;
        let provider = first(&mut connection, subscription::provider(), |update| match update {
            Update::Provider(Public::Snapshot(told)) => Some(*told.data),
            _ => None,
        });
        let provider = provider.await?;
        let deliveries = connection.deliveries().await?;
        connection.close().await;
        screen.show(&Told { deliveries, provider }, |told| {
            format!("{}\n{}", standing(&told.provider), text(&told.deliveries))
        })
    }
}

fn standing(told: &ProviderImage) -> String {
    let Score { delivered, failed } = told.score.unwrap_or_default();
    let percent = f64::from(told.audit_rate_ppm.unwrap_or_default()) / 10_000.0;
    let owes = match told.due.iter().min_by_key(|due| due.by) {
        None => "nothing now".to_owned(),
        Some(next) => format!(
            "{} next of delivery {} slot {}, by {}; {} in all",
            word(next.step),
            next.slot.delivery,
            next.slot.slot,
            moment::to_second(next.by),
            told.due.len()
        ),
    };
    facts(
        Align::Left,
        [
            ("at stake", format!("{} CU", told.staked.as_deref().unwrap_or("0.000000"))),
            ("slots", format!("{delivered} delivered, {failed} not")),
            ("audited", format!("{percent} % of the sequences")),
            ("owes", owes),
        ],
    )
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
    let of_outcome = match slot.outcome {
        Some(outcome) if outcome.is_paid() => ("p", "P"),
        Some(outcome) if outcome.is_failure() => ("n", "N"),
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
