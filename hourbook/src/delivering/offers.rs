//! Offers: what a provider sells: so many GPUs in each window of a market, along a price curve.

use std::collections::HashSet;

use client::connection::Connection;
use client::error::ClientError;
use protocol::add_order::AddOrder;
use protocol::decimal::{self, Scale};
use protocol::error_code::ErrorCode;
use protocol::instrument::MarketState;
use protocol::order::Side;
use protocol::terms::Terms;
use serde::Deserialize;

use crate::failure::Failure;

/// One market in which a provider sells.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Offer {
    /// CLASS.ZONE.TIER.
    pub(crate) market: String,
    /// GPUs in each window.
    pub(crate) gpus: u64,
    /// CU for an hour of one GPU in the window that closes next.
    pub(crate) price: String,
    /// CU that each later window costs more.
    #[serde(default)]
    pub(crate) step: Option<String>,
}

/// Offers, and the windows in which they stand.
#[derive(Debug)]
pub(crate) struct Offers {
    offers: Vec<(Offer, Curve)>,
    offered: HashSet<String>,
}

/// Prices in ticks.
#[derive(Clone, Copy, Debug)]
struct Curve {
    first: u64,
    step: u64,
}

impl Offers {
    /// Checks the numbers.
    pub(crate) fn new(offers: Vec<Offer>) -> Result<Offers, Failure> {
        let price = |text: &str, field: &str| {
            decimal::parse(text, Scale::Price, field).map_err(|error| Failure::local(error.to_string()))
        };
        let with_curve = |offer: Offer| {
            let step = offer.step.as_deref().map(|text| price(text, "step")).transpose()?;
            let curve = Curve { first: price(&offer.price, "price")?, step: step.unwrap_or(0) };
            Ok((offer, curve))
        };
        let offers = offers.into_iter().map(with_curve).collect::<Result<_, Failure>>()?;
        Ok(Offers { offers, offered: HashSet::new() })
    }

    /// The next [`Offers::post`] looks at every window again.
    pub(crate) fn forget(&mut self) {
        self.offered.clear();
    }

    /// Offers in windows that are new. What was offered by an earlier process is known by its client order id, and stays as it is.
    pub(crate) async fn post(&mut self, connection: &Connection) -> Result<Vec<String>, ClientError> {
        let listed = connection.instruments().await?.instruments;
        let open = listed.into_iter().filter(|listed| listed.state == MarketState::Open);
        let mut open: Vec<String> = open.map(|listed| listed.symbol).collect();
        open.sort_unstable();
        let mut posted = Vec::new();
        for (number, (offer, curve)) in self.offers.iter().enumerate() {
            let mut place = 0;
            for symbol in &open {
                let Some(window) = symbol.strip_prefix(&format!("{}.", offer.market)) else { continue };
                let ticks = curve.first + place * curve.step;
                place += 1;
                if self.offered.contains(symbol) {
                    continue;
                }
                let price = decimal::print(ticks, Scale::Price);
                let qty = decimal::print(offer.gpus, Scale::Quantity);
                let mut order = AddOrder::new(symbol, Side::Sell, qty, Terms::limit(price.clone()));
                order.cl_ord_id = Some(format!("o{number}-{window}"));
                let outcome = match connection.set_capacity(symbol, offer.gpus).await {
                    Ok(_) => connection.add_order(order).await.map(|_| ()),
                    Err(error) => Err(error),
                };
                match outcome {
                    // An earlier process offered here, at what was its price then.
                    Err(ClientError::Refused(error)) if error.code == ErrorCode::ClOrdIdConflict => {}
                    Ok(()) => posted.push(format!("offered {} x {symbol} at {price} CU", offer.gpus)),
                    Err(ClientError::Refused(error)) => {
                        posted.push(format!("{symbol} is not offered: {error}"))
                    }
                    Err(error) => return Err(error),
                }
                self.offered.insert(symbol.clone());
            }
        }
        self.offered.retain(|symbol| open.contains(symbol));
        Ok(posted)
    }
}
