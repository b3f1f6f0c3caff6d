//! Queue: every order of a market by itself, without its owner, so that a place in the queue can be known.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::order::Side;
use crate::public::Public;

/// A message of the channel `orders_l3`.
pub type Queue = Public<QueueImage, Vec<QueueEvent>>;

/// All orders that show something, of each side the best price first, at one price the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueImage {
    /// Sell orders.
    pub asks: Vec<QueueOrder>,
    /// Buy orders.
    pub bids: Vec<QueueOrder>,
}

/// One order, on the wire `[17,"1.0000","8"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueOrder {
    /// What the stream calls it. It says nothing about the order's id or owner.
    pub oid: u64,
    /// Its price.
    pub price: String,
    /// Lots that it shows.
    pub qty: String,
}

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ev", rename_all = "snake_case")]
pub enum QueueEvent {
    /// It joined the end of the queue at its price.
    Add {
        /// What the stream calls it from now on.
        oid: u64,
        /// Which side.
        side: Side,
        /// Its price.
        price: String,
        /// Lots that it shows.
        qty: String,
    },
    /// It traded and kept its place.
    Fill {
        /// Which order.
        oid: u64,
        /// Lots that it still shows; at zero it is gone.
        qty: String,
    },
    /// It shows fewer lots and kept its place.
    Change {
        /// Which order.
        oid: u64,
        /// Lots that it still shows.
        qty: String,
    },
    /// It is gone without having traded.
    Remove {
        /// Which order.
        oid: u64,
    },
    /// An event that is newer than this client.
    #[serde(other)]
    Unknown,
}

impl Serialize for QueueOrder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.oid, &self.price, &self.qty).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for QueueOrder {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<QueueOrder, D::Error> {
        let (oid, price, qty) = Deserialize::deserialize(deserializer)?;
        Ok(QueueOrder { oid, price, qty })
    }
}
