//! Question: what sessions ask the publisher, who alone knows what is durable.

use std::sync::Arc;

use engine::account::KeyGrant;
use engine::control::{AccountLimits, TradingMode};
use engine::delivery::run::DeliveryTerms;
use engine::delivery::slot::{SLOTS, SlotNumber, SlotState};
use engine::ids::{AccountId, DeliveryId, InstrumentId, MarketId, PublicKey};
use engine::label::Label;
use engine::order::{NewOrder, OrderRef};
use engine::order_filter::OrderFilter;
use engine::stamp::Time;
use engine::units::{Lots, Price};
use protocol::error::ErrorObject;
use protocol::request::Request;
use protocol::venue::MarketMode;
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
        /// Who asks, if it may read its own affairs.
        reader: Option<Reader>,
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
    /// What would this order come to?
    Try {
        /// Whom to answer.
        pending: Box<Pending>,
        /// The order.
        order: NewOrder,
    },
    /// At which limit and for how many lots is an order open?
    Open {
        /// Whose.
        account: AccountId,
        /// Which.
        order: OrderRef,
        /// Where the answer goes; `None` when no such order is open.
        answer: oneshot::Sender<Option<(Price, Lots)>>,
    },
    /// What is there to know of a delivery?
    Delivery {
        /// Which.
        delivery: DeliveryId,
        /// Where the answer goes; `None` when its window is settled, or it never was.
        answer: oneshot::Sender<Option<Facts>>,
    },
    /// How many lots have the deliveries that its holder has in its window before this one?
    Earlier {
        /// Which.
        delivery: DeliveryId,
        /// Where the answer goes; `None` when its window is settled, or it never was.
        answer: oneshot::Sender<Option<Vec<u64>>>,
    },
    /// Was this account drawn to audit a slot, and has said nothing yet?
    Seat {
        /// Who.
        account: AccountId,
        /// Which slot.
        of: (DeliveryId, SlotNumber),
        /// Where the answer goes.
        answer: oneshot::Sender<bool>,
    },
    /// Of which slots was something shown that somebody still has to see?
    Shown {
        /// Where the answer goes.
        answer: oneshot::Sender<Vec<(DeliveryId, SlotNumber, SlotState)>>,
    },
    /// Is the gate of a window still to close?
    GateAhead {
        /// Which.
        instrument: InstrumentId,
        /// Where the answer goes.
        answer: oneshot::Sender<bool>,
    },
    /// What may an account do?
    Limits {
        /// Which.
        account: AccountId,
        /// Where the answer goes.
        answer: oneshot::Sender<AccountBounds>,
    },
    /// What may be done in the venue and its markets?
    Modes {
        /// Where the answer goes.
        answer: oneshot::Sender<Modes>,
    },
    /// How much there is of what whoever watches wants to know.
    Gauges {
        /// Where the answer goes.
        answer: oneshot::Sender<Gauges>,
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

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// The account.
    pub account: AccountId,
    /// Whether it may read others' affairs too.
    pub others: bool,
}

/// A delivery as whoever assigns its work has to know it.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Of which window.
    pub instrument: InstrumentId,
    /// Who delivers.
    pub provider: AccountId,
    /// To whom.
    pub holder: AccountId,
    /// How many lots.
    pub lots: u64,
    /// How many of a million of its provider's sequences are audited.
    pub rate_ppm: u32,
    /// The engine's time, in nanoseconds since 1970 UTC.
    pub now: u64,
    /// Start of the window.
    pub start: Time,
    /// Length of a slot in nanoseconds.
    pub slot_nanos: u64,
    /// What its market's deliveries go by.
    pub terms: DeliveryTerms,
    /// Where its slots stand.
    pub slots: [SlotState; SLOTS],
}

/// What an account may do.
#[derive(Clone, Copy, Debug)]
pub struct AccountBounds {
    /// Whether it may only cancel.
    pub locked: bool,
    /// Whether it may issue obligations.
    pub provider: bool,
    /// Whether it may be drawn to audit.
    pub auditor: bool,
    /// What the operator allows.
    pub limits: AccountLimits,
    /// Open orders that it has.
    pub open_orders: u32,
    /// Number of its last private event.
    pub xseq: u64,
}

/// What may be done in the venue and its markets.
#[derive(Clone, Debug)]
pub struct Modes {
    /// In all of it.
    pub venue: TradingMode,
    /// In the markets that are not open.
    pub markets: Vec<MarketMode>,
    /// The last durable command.
    pub seq: u64,
}

/// How much there is.
#[derive(Clone, Copy, Debug)]
pub struct Gauges {
    /// Commands that are durable.
    pub seq: u64,
    /// Accounts that were opened.
    pub accounts: u64,
    /// Windows whose gate has not closed.
    pub windows: u64,
    /// Streams that somebody listens to.
    pub streams: u64,
    /// All credit, in micro-CU.
    pub supply: u64,
    /// Fees taken, in micro-CU.
    pub fees: u64,
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
    pub key: Option<(PublicKey, KeyGrant)>,
}
