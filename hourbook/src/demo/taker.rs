//! Taker: buys hours it wants now, and sells some of them again.

use std::time::Duration;

use client::connection::Connection;
use client::error::ClientError;
use protocol::add_order::AddOrder;
use protocol::decimal::{self, Scale};
use protocol::order::Side;
use protocol::terms::Terms;
use tokio::sync::watch;

use crate::demo::maker::accepted;
use crate::demo::prices::{Listed, listed};
use crate::demo::random::Random;
use crate::demo::setup::open_symbols;
use crate::demo::stopped;

/// The longest time between two orders, in milliseconds.
const PAUSE_MS_MAX: u64 = 2_000;
/// The most lots in one order.
const LOTS_MAX: u64 = 8;

/// Trades until told to stop.
pub(super) async fn run(
    url: String,
    name: &'static str,
    number: u64,
    mut stop: watch::Receiver<bool>,
) -> Result<(), ClientError> {
    let connection = Connection::open(&url).await?;
    connection.login_dev(name).await?;
    let classes = listed();
    let mut random = Random::new(number + 100);
    loop {
        let pause = Duration::from_millis(200 + random.below(PAUSE_MS_MAX));
        tokio::select! {
            () = stopped(&mut stop) => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
        let order = if random.below(3) == 0 {
            resale(&connection, &classes, &mut random).await?
        } else {
            let symbols = open_symbols(&connection).await?;
            let lots = 1 + random.below(LOTS_MAX);
            random.choice(&symbols).and_then(|symbol| market(&classes, symbol, (Side::Buy, lots)))
        };
        if let Some(order) = order {
            accepted(connection.add_order(order).await)?;
        }
    }
}

/// Sells part of what the taker holds of some hour.
async fn resale(
    connection: &Connection,
    classes: &[Listed],
    random: &mut Random,
) -> Result<Option<AddOrder>, ClientError> {
    let positions = connection.balances().await?.positions;
    let open = open_symbols(connection).await?;
    let held: Vec<(String, u64)> = positions
        .into_iter()
        .filter(|row| open.contains(&row.symbol))
        .filter_map(|row| row.position.parse().ok().filter(|lots| 0 < *lots).map(|lots| (row.symbol, lots)))
        .collect();
    let Some((symbol, lots)) = random.choice(&held) else { return Ok(None) };
    let lots = (*lots).min(1 + random.below(LOTS_MAX));
    Ok(market(classes, symbol, (Side::Sell, lots)))
}

/// A market order with a protection price 10% from the listed median.
fn market(classes: &[Listed], symbol: &str, (side, lots): (Side, u64)) -> Option<AddOrder> {
    let class = symbol.split('.').next()?;
    let middle = classes.iter().find(|listed| listed.class == class)?.middle;
    let worst = match side {
        Side::Buy => middle * 11 / 10,
        Side::Sell => middle * 9 / 10,
    };
    let (qty, worst) = (decimal::print(lots, Scale::Quantity), decimal::print(worst, Scale::Price));
    Some(AddOrder::new(symbol, side, qty, Terms::market(worst)))
}
