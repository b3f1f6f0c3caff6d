//! Earnings: what slots have brought in, by outcome, as far back as the exchange remembers.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use client::connection::Connection;
use client::error::ClientError;
use client::subscription;
use engine::units::Amount;
use protocol::decimal::{self, Scale};
use protocol::delivery::{Deliveries, DeliveryEvent};
use protocol::update::Update;
use serde::Serialize;
use tokio::time::timeout;

use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;
use crate::table::{Align, Table};
use crate::word::word;

const EXAMPLES: &str = "\
Adds up every payment of a slot that the account was told of, as a provider or as a holder: what it got of escrow and
bonds, after fees. A provider gets its own bond back with each slot that it delivered, so that is more than it earned.

Examples:
  hourbook --key helio.key provider earnings
  hourbook --key helio.key provider earnings --json";

/// How long the next message may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Add up what slots have brought in
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Earnings {}

/// What slots that ended alike came to.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    slots: u64,
    received: u64,
    fees: u64,
}

#[derive(Serialize)]
struct Earned {
    outcomes: Vec<Row>,
    slots: u64,
    received: String,
    fees: String,
}

#[derive(Serialize)]
struct Row {
    outcome: String,
    slots: u64,
    received: String,
    fees: String,
}

impl Earnings {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let mut connection = options.login().await?;
        let sums = sums(&mut connection).await?;
        connection.close().await;
        screen.show(&Earned::of(&sums), Earned::text)
    }
}

/// Hears everything from the account's first event on.
async fn sums(connection: &mut Connection) -> Result<BTreeMap<String, Sum>, Failure> {
    let epoch = connection.hello().epoch.clone();
    connection.subscribe_one(subscription::replayed(subscription::deliveries(), &epoch, 0)).await?;
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    loop {
        let update = timeout(PATIENCE, connection.next_update()).await;
        let update =
            update.map_err(|_| Failure::connection(format!("nothing came within {PATIENCE:?}")))??;
        match update {
            Update::Deliveries(Deliveries::Resumed(_)) => return Ok(sums),
            Update::Deliveries(Deliveries::Update(told)) => {
                if let DeliveryEvent::Paid { outcome, received, fee, .. } = &told.data {
                    let sum = sums.entry(word(outcome)).or_default();
                    sum.slots += 1;
                    sum.received += micro(received)?;
                    sum.fees += micro(fee)?;
                }
            }
            _ => {}
        }
    }
}

fn micro(text: &str) -> Result<u64, Failure> {
    let amount = decimal::parse(text, Scale::Amount, "received");
    Ok(amount.map_err(|error| ClientError::Protocol { cause: error.to_string() })?)
}

impl Earned {
    fn of(sums: &BTreeMap<String, Sum>) -> Earned {
        let amount = |micro| Amount::new(micro).to_string();
        let row = |(outcome, sum): (&String, &Sum)| Row {
            outcome: outcome.clone(),
            slots: sum.slots,
            received: amount(sum.received),
            fees: amount(sum.fees),
        };
        let all = |part: fn(&Sum) -> u64| sums.values().map(part).sum();
        Earned {
            outcomes: sums.iter().map(row).collect(),
            slots: all(|sum| sum.slots),
            received: amount(all(|sum| sum.received)),
            fees: amount(all(|sum| sum.fees)),
        }
    }

    fn text(&self) -> String {
        let head = ["outcome", "slots", "received", "fees"];
        let aligns = [Align::Left, Align::Right, Align::Right, Align::Right];
        let mut columns = head.into_iter().zip(aligns);
        let mut table =
            Table::new(std::array::from_fn::<_, 4, _>(|_| columns.next().expect("there are four")));
        for Row { outcome, slots, received, fees } in &self.outcomes {
            table.row([outcome.clone(), slots.to_string(), received.clone(), fees.clone()]);
        }
        table.row(["all".to_owned(), self.slots.to_string(), self.received.clone(), self.fees.clone()]);
        table.to_string()
    }
}
