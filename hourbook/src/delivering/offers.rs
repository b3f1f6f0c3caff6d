//! Offers: what a provider sells: so many GPUs in each window of a market, along a price curve.
//!
//! What was offered is known by its client order id, so that a provider who starts again offers nothing twice. What was refused for want of
//! credit is offered again, under the next id, once a dry run says that it would be taken.

use std::collections::{BTreeMap, BTreeSet};

use client::connection::Connection;
use client::error::ClientError;
use protocol::account::CU;
use protocol::add_order::AddOrder;
use protocol::decimal::{self, Scale};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::instrument::MarketState;
use protocol::order::{OrderName, OrderStatus, Side};
use protocol::terms::Terms;
use serde::Deserialize;

use crate::delivering::line::Line;
use crate::failure::Failure;

/// What the ids of one offer in one window begin with, in their order: an id that was refused is used up.
const TRIES: &[u8] = b"opqrstuvwxyz";

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
    windows: BTreeMap<String, Standing>,
}

/// Prices in ticks.
#[derive(Clone, Copy, Debug)]
struct Curve {
    first: u64,
    step: u64,
}

/// How far the offer in a window is.
#[derive(Clone, Copy, Debug)]
enum Standing {
    /// Nothing more is done: it stands, or was refused for what no money mends.
    Done,
    /// It is short of credit.
    Short(Short),
}

/// An offer that was refused for want of credit.
#[derive(Clone, Copy, Debug)]
struct Short {
    /// The window's price, in ticks: the one of when it was first seen.
    ticks: u64,
    /// Whether capacity is registered, which may take a stake.
    registered: bool,
    /// Which id is next.
    tries: usize,
    /// Millionths of a CU that were available when this was too little; unknown until it was looked at since.
    available: Option<u64>,
}

/// One offer in one window.
#[derive(Clone, Copy, Debug)]
struct Window<'a> {
    number: usize,
    symbol: &'a str,
    /// The window's part of its symbol.
    name: &'a str,
    gpus: u64,
}

impl Offers {
    /// Checks the numbers.
    pub(crate) fn new(offers: Vec<Offer>) -> Result<Offers, Failure> {
        let price = |text: &str, field: &str| {
            decimal::parse(text, Scale::Price, field).map_err(|error| Failure::local(error.to_string()))
        };
        let mut markets = BTreeSet::new();
        if let Some(twice) = offers.iter().find(|offer| !markets.insert(&offer.market)) {
            let message = format!("{} is offered twice: make one [[offer]] of them", twice.market);
            return Err(Failure::local(message));
        }
        let with_curve = |offer: Offer| {
            let step = offer.step.as_deref().map(|text| price(text, "step")).transpose()?;
            let curve = Curve { first: price(&offer.price, "price")?, step: step.unwrap_or(0) };
            Ok((offer, curve))
        };
        let offers = offers.into_iter().map(with_curve).collect::<Result<_, Failure>>()?;
        Ok(Offers { offers, windows: BTreeMap::new() })
    }

    /// The next [`Offers::post`] looks at every window again.
    pub(crate) fn forget(&mut self) {
        self.windows.clear();
    }

    /// What is at stake has changed: what was short is looked at again.
    pub(crate) fn stake_changed(&mut self) {
        for standing in self.windows.values_mut() {
            if let Standing::Short(short) = standing {
                short.available = None;
            }
        }
    }

    /// Offers in windows that are new, and where credit was short and more has come in.
    pub(crate) async fn post(&mut self, connection: &Connection) -> Result<Vec<Line>, ClientError> {
        let listed = connection.instruments().await?.instruments;
        let open = listed.into_iter().filter(|listed| listed.state == MarketState::Open);
        let open: BTreeSet<String> = open.map(|listed| listed.symbol).collect();
        self.windows.retain(|symbol, _| open.contains(symbol));
        let is_short = |standing: &Standing| matches!(standing, Standing::Short(_));
        let available = match self.windows.values().any(is_short) {
            true => Some(available(connection).await?),
            false => None,
        };
        let mut lines = Vec::new();
        for (number, (offer, curve)) in self.offers.iter().enumerate() {
            let market = format!("{}.", offer.market);
            let windows = open.iter().filter_map(|symbol| Some((symbol, symbol.strip_prefix(&market)?)));
            for (place, (symbol, name)) in (0..).zip(windows) {
                let window = Window { number, symbol, name, gpus: offer.gpus };
                let short = match (self.windows.get(symbol), available) {
                    (None, _) => None,
                    (Some(Standing::Short(short)), Some(now))
                        if short.available.is_none_or(|before| before < now) =>
                    {
                        Some(Short { available: Some(now), ..*short })
                    }
                    _ => continue,
                };
                let outcome = match short {
                    None => window.begin(connection, curve.first + place * curve.step).await?,
                    Some(short) => window.again(connection, short).await?,
                };
                // What could not be asked now is asked at the next look.
                let Some((standing, line)) = outcome else { continue };
                self.windows.insert(symbol.clone(), standing);
                lines.extend(line);
            }
        }
        Ok(lines)
    }
}

/// How far it is now, and what there is to say of it; `None` when it could not be asked now.
type Outcome = Option<(Standing, Option<Line>)>;

impl Window<'_> {
    /// Offers for the first time, as far as this process knows.
    async fn begin(self, connection: &Connection, ticks: u64) -> Result<Outcome, ClientError> {
        let short = Short { ticks, registered: false, tries: 0, available: None };
        match self.register(connection, short).await? {
            Ok(short) => self.offer(connection, short).await,
            Err(outcome) => Ok(outcome),
        }
    }

    /// Offers what was short of credit, if that would be taken now. That it is not offered was told before.
    async fn again(self, connection: &Connection, short: Short) -> Result<Outcome, ClientError> {
        let outcome = match self.register(connection, short).await? {
            Err(outcome) => outcome,
            // An id is used up by a refusal; a dry run has none.
            Ok(short) => {
                let order = AddOrder { cl_ord_id: None, ..self.order(short) };
                match connection.try_order(order).await {
                    Err(ClientError::Refused(error)) if is_short(&error) => self.refused(short, &error),
                    Ok(_) | Err(ClientError::Refused(_)) => self.offer(connection, short).await?,
                    Err(error) => return Err(error),
                }
            }
        };
        Ok(outcome.map(|(standing, line)| match standing {
            Standing::Short(_) => (standing, None),
            Standing::Done => (standing, line),
        }))
    }

    /// Registers capacity, unless it is; or says how far the offer is without it.
    async fn register(
        self,
        connection: &Connection,
        short: Short,
    ) -> Result<Result<Short, Outcome>, ClientError> {
        if short.registered {
            return Ok(Ok(short));
        }
        match connection.set_capacity(self.symbol, self.gpus).await {
            Ok(_) => Ok(Ok(Short { registered: true, ..short })),
            Err(ClientError::Refused(error)) => Ok(Err(self.refused(short, &error))),
            Err(error) => Err(error),
        }
    }

    /// Offers under the first id that is not used up.
    async fn offer(self, connection: &Connection, mut short: Short) -> Result<Outcome, ClientError> {
        while short.tries < TRIES.len() {
            let order = self.order(short);
            let id = order.cl_ord_id.clone().unwrap_or_default();
            short.tries += 1;
            match connection.add_order(order).await {
                Ok(outcome) => {
                    let price = decimal::print(short.ticks, Scale::Price);
                    let line = Line::Offered { symbol: self.symbol.to_owned(), gpus: self.gpus, price };
                    return Ok(Some((Standing::Done, (!outcome.duplicate).then_some(line))));
                }
                Err(ClientError::Refused(error)) if is_repeated(&error) => {}
                Err(ClientError::Refused(error)) if error.code == ErrorCode::ClOrdIdConflict => {
                    // An earlier process asked for it, at what was the price then. A refusal leaves no order.
                    let known = connection.order_status(OrderName::ClOrdId(id)).await?;
                    if known.status != OrderStatus::NeverSeen {
                        return Ok(Some((Standing::Done, None)));
                    }
                }
                Err(ClientError::Refused(error)) => return Ok(self.refused(short, &error)),
                Err(error) => return Err(error),
            }
        }
        let why = format!("it was refused {} times, and is not tried again in this window", TRIES.len());
        Ok(Some((Standing::Done, Some(Line::NotOffered { symbol: self.symbol.to_owned(), why }))))
    }

    fn order(self, short: Short) -> AddOrder {
        let price = decimal::print(short.ticks, Scale::Price);
        let qty = decimal::print(self.gpus, Scale::Quantity);
        let first = TRIES.get(short.tries).copied().map_or('-', char::from);
        AddOrder {
            cl_ord_id: Some(format!("{first}{}-{}", self.number, self.name)),
            ..AddOrder::new(self.symbol, Side::Sell, qty, Terms::limit(price))
        }
    }

    fn refused(self, short: Short, error: &ErrorObject) -> Outcome {
        let symbol = self.symbol.to_owned();
        if is_short(error) {
            let why = format!("{error}; tried again when credit comes in");
            return Some((Standing::Short(short), Some(Line::NotOffered { symbol, why })));
        }
        (!error.retryable)
            .then(|| (Standing::Done, Some(Line::NotOffered { symbol, why: error.to_string() })))
    }
}

/// Whether more credit, free or at stake, would mend it.
pub(crate) fn is_short(error: &ErrorObject) -> bool {
    let code = &error.code;
    matches!(code, ErrorCode::InsufficientCredit | ErrorCode::InsufficientBond | ErrorCode::InsufficientStake)
}

/// Whether a refusal is the first outcome of an id, told again.
fn is_repeated(error: &ErrorObject) -> bool {
    error.details.as_ref().is_some_and(|details| details["duplicate"] == true)
}

/// Millionths of a CU that the account may spend.
pub(crate) async fn available(connection: &Connection) -> Result<u64, ClientError> {
    let balances = connection.balances().await?.balances;
    let Some(balance) = balances.into_iter().find(|balance| balance.unit == CU) else { return Ok(0) };
    let available = decimal::parse(&balance.available, Scale::Amount, "available");
    available.map_err(|error| ClientError::Protocol { cause: error.to_string() })
}
