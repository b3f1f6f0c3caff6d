//! Maker: a provider that quotes both sides of every delivery hour around the price it has in mind.

use std::collections::HashSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use client::connection::Connection;
use client::error::ClientError;
use protocol::add_order::AddOrder;
use protocol::cancel::CancelAll;
use protocol::decimal::{self, Scale};
use protocol::order::Side;
use protocol::terms::Terms;
use tokio::sync::watch;

use crate::demo::prices::{Listed, fair, listed};
use crate::demo::random::Random;
use crate::demo::setup::open_symbols;
use crate::demo::stopped;

/// GPUs that each maker can deliver in each hour.
const CAPACITY: u64 = 512;
/// Time between two quotes; each renews one hour's.
const PAUSE: Duration = Duration::from_millis(150);
/// Prices on each side.
const LEVELS: u64 = 4;

/// Quotes until told to stop.
pub(super) async fn run(
    url: String,
    name: &'static str,
    number: u64,
    mut stop: watch::Receiver<bool>,
) -> Result<(), ClientError> {
    let mut maker = Maker::open(&url, name, number).await?;
    loop {
        tokio::select! {
            () = stopped(&mut stop) => {
                maker.connection.cancel_all(CancelAll::default()).await?;
                return Ok(());
            }
            () = tokio::time::sleep(PAUSE) => {}
        }
        maker.quote().await?;
    }
}

struct Maker {
    connection: Connection,
    classes: Vec<Listed>,
    random: Random,
    /// Hours for which capacity is registered.
    ready: HashSet<String>,
    symbols: Vec<String>,
    /// Hours left before the list of symbols is asked for again.
    left: usize,
}

impl Maker {
    async fn open(url: &str, name: &str, number: u64) -> Result<Maker, ClientError> {
        let connection = Connection::open(url).await?;
        connection.login_dev(name).await?;
        // Orders of an earlier run have old prices.
        connection.cancel_all(CancelAll::default()).await?;
        let random = Random::new(number + 1);
        Ok(Maker {
            connection,
            classes: listed(),
            random,
            ready: HashSet::new(),
            symbols: Vec::new(),
            left: 0,
        })
    }

    async fn quote(&mut self) -> Result<(), ClientError> {
        if self.left == 0 {
            self.symbols = open_symbols(&self.connection).await?;
            self.left = self.symbols.len();
        }
        let Some(place) = self.left.checked_sub(1) else { return Ok(()) };
        self.left = place;
        let symbol = self.symbols[place].clone();
        if self.ready.insert(symbol.clone()) {
            accepted(self.connection.set_capacity(&symbol, CAPACITY).await)?;
        }
        accepted(self.connection.cancel_all(CancelAll::of(&symbol)).await)?;
        let class = symbol.split('.').next().unwrap_or_default();
        let Some(listed) = self.classes.iter().find(|listed| listed.class == class) else { return Ok(()) };
        let fair = fair(listed, seconds());
        for level in 1..=LEVELS {
            let away = (fair * level / 500).max(level) + self.random.below(fair / 800 + 1);
            for (side, price) in [(Side::Buy, fair - away), (Side::Sell, fair + away)] {
                let qty = 2 + self.random.below(14);
                accepted(self.connection.add_order(limit(&symbol, side, (price, qty))).await)?;
            }
        }
        Ok(())
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A limit order of `qty` lots at `ticks`.
pub(super) fn limit(symbol: &str, side: Side, (ticks, qty): (u64, u64)) -> AddOrder {
    let (qty, price) = (decimal::print(qty, Scale::Quantity), decimal::print(ticks, Scale::Price));
    AddOrder::new(symbol, side, qty, Terms::limit(price))
}

/// A refusal is part of trading: a gate closes, capacity or credit is used up. Anything else ends the participant.
pub(super) fn accepted<T>(outcome: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match outcome {
        Ok(result) => Ok(Some(result)),
        Err(ClientError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
