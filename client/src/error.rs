//! Client error: why a call came to nothing, and what to do.

use std::fmt;
use std::time::Duration;

use protocol::close::CloseCode;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;

use crate::book::BookFault;

/// Why a call came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientError {
    /// The text is no address of an exchange.
    Address {
        /// The text.
        url: String,
        /// What is wrong with it.
        cause: String,
    },
    /// No exchange answers there.
    Connect {
        /// Where.
        url: String,
        /// What the machine said.
        cause: String,
    },
    /// The other end does not keep to the protocol; the connection has ended.
    Protocol {
        /// What it did.
        cause: String,
    },
    /// The exchange refused the request.
    Refused(Box<ErrorObject>),
    /// No reply came in time. A write may or may not have happened.
    Timeout {
        /// What was asked.
        method: &'static str,
        /// How long was waited.
        after: Duration,
    },
    /// The exchange ended the connection and said why.
    Closed {
        /// The number of the close frame.
        close: CloseCode,
        /// What went wrong, if the exchange said so.
        code: Option<ErrorCode>,
        /// One sentence, or nothing.
        reason: String,
    },
    /// The connection broke. A write that was not answered may or may not have happened.
    Lost {
        /// What the machine said.
        cause: String,
    },
    /// No reply could be read in time, because the program did not read the updates before it. A write may or may not have
    /// happened.
    Unread {
        /// How many were waiting.
        updates: usize,
    },
    /// Too many requests wait for their reply; this one was not sent.
    Busy {
        /// How many are waiting.
        requests: usize,
    },
    /// The book failed its checks again and again, although it was fetched anew each time.
    Book {
        /// The market.
        symbol: String,
        /// The last failure.
        fault: BookFault,
    },
}

impl ClientError {
    /// The exchange's refusal, if it is one.
    pub fn refusal(&self) -> Option<&ErrorObject> {
        match self {
            ClientError::Refused(error) => Some(error),
            _ => None,
        }
    }

    /// What to do about it; `None` where the message says it all.
    pub fn advice(&self) -> Option<&'static str> {
        Some(match self {
            ClientError::Address { .. } => "write it like ws://127.0.0.1:9400/ws/v1",
            ClientError::Connect { .. } => "start an exchange there, or check the address",
            ClientError::Protocol { .. } => {
                "check that the address is an exchange's and its version this one's"
            }
            ClientError::Refused(_) | ClientError::Book { .. } => return None,
            ClientError::Timeout { .. } | ClientError::Lost { .. } => {
                "connect again; whether an unanswered request was carried out, open orders, fills and balances tell"
            }
            ClientError::Closed { close, .. } => match *close {
                CloseCode::NORMAL => return None,
                CloseCode::SLOW_CONSUMER => "connect again, and subscribe to less or read faster",
                CloseCode::POLICY | CloseCode::TOO_BIG | CloseCode::PROTOCOL_ERRORS => "mend the program",
                _ => "connect again",
            },
            ClientError::Unread { .. } => {
                "read updates while you wait for a reply; whether the request was carried out, open orders, fills and balances tell"
            }
            ClientError::Busy { .. } => "wait for replies before sending more",
        })
    }
}

impl fmt::Display for ClientError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClientError::Address { url, cause } => write!(f, "{url:?} is no address of an exchange: {cause}"),
            ClientError::Connect { url, cause } => write!(f, "no exchange answers at {url}: {cause}"),
            ClientError::Protocol { cause } => write!(f, "the other end does not speak hourbook.v1: {cause}"),
            ClientError::Refused(error) => write!(f, "{error}"),
            ClientError::Timeout { method, after } => {
                write!(f, "no reply to {method} within {after:?}")
            }
            ClientError::Closed { close, code, reason } => {
                write!(f, "the exchange closed the connection ({})", close.0)?;
                if let Some(code) = code {
                    write!(f, ": {code}")?;
                }
                if reason.is_empty() { Ok(()) } else { write!(f, ": {reason}") }
            }
            ClientError::Lost { cause } => write!(f, "the connection broke: {cause}"),
            ClientError::Unread { updates } => {
                write!(f, "the reply could not be read, because {updates} updates before it wait to be read")
            }
            ClientError::Busy { requests } => write!(f, "{requests} requests wait for their reply already"),
            ClientError::Book { symbol, fault } => {
                write!(f, "the book of {symbol} cannot be trusted: {fault}")
            }
        }
    }
}

impl std::error::Error for ClientError {}

impl From<ErrorObject> for ClientError {
    fn from(error: ErrorObject) -> ClientError {
        ClientError::Refused(Box::new(error))
    }
}
