//! Link: the numbers by which a message hangs together with the one before it in its stream.

use protocol::book::Book;
use protocol::delivery::Deliveries;
use protocol::execution::{Account, Executions, Positions};
use protocol::public::Public;
use protocol::trades::Trades;
use protocol::update::{Instruments, Update};

/// A message's place in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The stream.
    pub stream: u64,
    /// The message's own sequence: `seq`, or `xseq` of a private stream.
    pub seq: u64,
    /// That of the message before it; a snapshot follows nothing.
    pub previous: Option<u64>,
}

impl Link {
    /// The link of a message; `None` if it is none of a public stream's chain.
    pub fn of(update: &Update) -> Option<Link> {
        match update {
            Update::Book(Book::Snapshot(told)) => Some(begin(told.stream, told.seq)),
            Update::Book(Book::Update(told)) => Some(follow(told.stream, told.seq, told.prev_seq)),
            Update::Trades(Trades::Update(told)) => Some(follow(told.stream, told.seq, told.prev_seq)),
            Update::Instruments(Instruments::Snapshot(told)) => Some(begin(told.stream, told.seq)),
            Update::Instruments(Instruments::Update(told)) => {
                Some(follow(told.stream, told.seq, told.prev_seq))
            }
            Update::Bbo(told) => public(told),
            Update::OrdersL3(told) => public(told),
            Update::Ticker(told) => public(told),
            Update::Candles(told) => public(told),
            Update::Fixings(told) => public(told),
            Update::Provider(told) => public(told),
            Update::Settlements(told) => public(told),
            _ => None,
        }
    }
}

/// The link of a message of this private channel.
macro_rules! private {
    ($channel:ident, $told:expr) => {
        match $told {
            $channel::Snapshot(told) => Some(begin(told.stream, told.xseq)),
            $channel::Update(told) => Some(follow(told.stream, told.xseq, told.prev_xseq)),
            $channel::Resumed(told) => Some(follow(told.stream, told.xseq, told.prev_xseq)),
            $channel::Unknown => None,
        }
    };
}

impl Link {
    /// The link of a private message; `None` if it is none.
    pub fn of_private(update: &Update) -> Option<Link> {
        match update {
            Update::Executions(told) => private!(Executions, told),
            Update::Account(told) => private!(Account, told),
            Update::Positions(told) => private!(Positions, told),
            Update::Deliveries(told) => private!(Deliveries, told),
            _ => None,
        }
    }
}

fn public<S, U>(told: &Public<S, U>) -> Option<Link> {
    match told {
        Public::Snapshot(told) => Some(begin(told.stream, told.seq)),
        Public::Update(told) => Some(follow(told.stream, told.seq, told.prev_seq)),
        Public::Unknown => None,
    }
}

fn begin(stream: u64, seq: u64) -> Link {
    Link { stream, seq, previous: None }
}

fn follow(stream: u64, seq: u64, previous: u64) -> Link {
    Link { stream, seq, previous: Some(previous) }
}
