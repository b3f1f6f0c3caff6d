//! Update: a message that the server sends unasked.

use serde::{Deserialize, Serialize};

use crate::book::Book;
use crate::candle::Candles;
use crate::delivery::Deliveries;
use crate::execution::{Account, Executions, Positions};
use crate::fixing::Fixings;
use crate::heartbeat::Heartbeat;
use crate::instrument::Instrument;
use crate::provider::Provider;
use crate::queue::Queue;
use crate::quote::Quotes;
use crate::settlement::Settlements;
use crate::status::Status;
use crate::ticker::Ticker;
use crate::time::Time;
use crate::trades::Trades;

/// A message of any channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "channel", rename_all = "snake_case")]
pub enum Update {
    /// The server itself.
    Status(Box<Status>),
    /// Markets.
    Instruments(Instruments),
    /// Levels of one market.
    Book(Book),
    /// Where silent streams stand.
    Heartbeat(Heartbeat),
    /// The best prices.
    Bbo(Quotes),
    /// Every order of one market.
    OrdersL3(Queue),
    /// Trades of one market.
    Trades(Trades),
    /// Last trade, last day and open interest of one market.
    Ticker(Box<Ticker>),
    /// What traded in intervals of time.
    Candles(Candles),
    /// Reference rates.
    Fixings(Fixings),
    /// Orders and fills of the account.
    Executions(Executions),
    /// Balances and positions of the account.
    Account(Account),
    /// Positions of the account alone.
    Positions(Positions),
    /// Deliveries and audits of the account.
    Deliveries(Deliveries),
    /// What the account has at stake and owes, as a provider.
    Provider(Provider),
    /// How slots of windows ended.
    Settlements(Settlements),
    /// A channel that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// A message of the channel `instruments`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Instruments {
    /// All listed markets; replaces what the client has.
    Snapshot(InstrumentsSnapshot),
    /// Markets that were listed or changed.
    Update(InstrumentsUpdate),
    /// A type that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// All listed markets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentsSnapshot {
    /// The stream that this belongs to.
    pub stream: u64,
    /// The engine sequence up to which this is exact.
    pub seq: u64,
    /// `seq` of the message that this client received before, if this is not its first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev_seq: Option<u64>,
    /// When the engine sequenced it.
    pub ts: Time,
    /// The markets.
    pub data: Vec<Instrument>,
}

/// Markets that were listed or changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstrumentsUpdate {
    /// The stream that this belongs to.
    pub stream: u64,
    /// The engine sequence of the change.
    pub seq: u64,
    /// `seq` of the stream's message before this one.
    pub prev_seq: u64,
    /// When the engine sequenced it.
    pub ts: Time,
    /// The markets, each whole.
    pub data: Vec<Instrument>,
}

impl Update {
    /// The text of one frame.
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("wire types have only text as keys")
    }
}
