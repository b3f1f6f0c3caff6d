//! Question: what sessions ask the publisher, who alone knows what is durable.

use std::sync::Arc;

use engine::ids::{AccountId, InstrumentId, MarketId, PublicKey, Scopes};
use engine::label::Label;
use engine::order_filter::OrderFilter;
use protocol::error::ErrorObject;
use protocol::request::Request;
use tokio::sync::oneshot;

use crate::origin::Pending;
use crate::outbox::Outbox;

/// What may be asked of durable state.
#[derive(Debug)]
pub enum Question {
    /// A request that reads or subscribes.
    Request {
        /// Whom to answer.
        pending: Box<Pending>,
        /// The account that asks, if it may read its own affairs.
        reader: Option<AccountId>,
        /// What it asks.
        request: Box<Request>,
    },
    /// Who has this name or key?
    Account {
        /// By what.
        by: AccountBy,
        /// Where the answer goes; `None` when nobody has it.
        answer: oneshot::Sender<Option<Known>>,
    },
    /// Which instrument has this symbol?
    Instrument {
        /// The symbol's text.
        symbol: Box<str>,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<InstrumentId, ErrorObject>>,
    },
    /// Which market has this name?
    Market {
        /// The name's text.
        name: Box<str>,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<MarketId, ErrorObject>>,
    },
    /// Which orders does this pattern of symbols mean?
    Pattern {
        /// The pattern's text.
        pattern: Box<str>,
        /// Where the answer goes.
        answer: oneshot::Sender<Result<OrderFilter, ErrorObject>>,
    },
    /// A connection acts with this key from now on, and ends when the key is revoked.
    Act {
        /// Its number.
        session: u64,
        /// Its outbox.
        outbox: Arc<Outbox>,
        /// The key.
        key: PublicKey,
        /// Whether the key is still registered.
        answer: oneshot::Sender<bool>,
    },
    /// The connection is gone.
    Leave {
        /// Its number.
        session: u64,
    },
}

/// How an account is asked for.
#[derive(Clone, Copy, Debug)]
pub enum AccountBy {
    /// By its name.
    Name(Label),
    /// By the first eight bytes of one of its keys.
    Key([u8; 8]),
}

/// An account as the publisher knows it.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Its number.
    pub account: AccountId,
    /// Its name.
    pub name: Label,
    /// Number of its last private event.
    pub xseq: u64,
    /// The key asked for and what it may do.
    pub key: Option<(PublicKey, Scopes)>,
}
