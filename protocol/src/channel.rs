//! Channel: what a client may subscribe to.

use std::fmt;

use crate::error::ErrorObject;
use crate::error_code::ErrorCode;
use crate::fields::excerpt;
use crate::suggest;

/// A channel that has subscribers; `status` comes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Every market and its changes.
    Instruments,
    /// Price levels of one market.
    Book,
    /// Trades of one market.
    Trades,
    /// Orders and fills of the account.
    Executions,
    /// Balances and positions of the account.
    Account,
}

impl Channel {
    const ALL: [Channel; 5] =
        [Channel::Instruments, Channel::Book, Channel::Trades, Channel::Executions, Channel::Account];

    /// The channel of this name, or `BAD_CHANNEL`.
    pub fn parse(name: &str) -> Result<Channel, ErrorObject> {
        let names = || Channel::ALL.map(Channel::name);
        Channel::ALL.into_iter().find(|channel| channel.name() == name).ok_or_else(|| {
            let message = format!("{:?} is none of {}", excerpt(name), names().join(", "));
            refusal(ErrorCode::BadChannel, "channel", message, suggest::did_you_mean(name, names()))
        })
    }

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Channel::Instruments => "instruments",
            Channel::Book => "book",
            Channel::Trades => "trades",
            Channel::Executions => "executions",
            Channel::Account => "account",
        }
    }

    /// Whether the channel shows one account's affairs, so needs a login with `read`.
    pub fn is_private(self) -> bool {
        matches!(self, Channel::Executions | Channel::Account)
    }

    /// Whether a subscription may name one market. A book must; trades without one are those of all markets.
    pub fn has_symbol(self) -> bool {
        matches!(self, Channel::Book | Channel::Trades)
    }
}

/// Refuses with `BAD_DEPTH` any depth of a book but 0, all levels.
pub fn check_depth(levels: u32) -> Result<(), ErrorObject> {
    if levels == 0 {
        return Ok(());
    }
    let message = format!("{levels} is not served: a book has all its levels, depth 0");
    Err(refusal(ErrorCode::BadDepth, "depth", message, Some("use 0, or leave depth out".to_owned())))
}

/// Refuses with `BAD_SPEED` any speed but `raw`, an update for every command that changed the book.
pub fn check_speed(name: &str) -> Result<(), ErrorObject> {
    if name == "raw" {
        return Ok(());
    }
    let message = format!("{:?} is not served: every change is told at once, speed raw", excerpt(name));
    Err(refusal(ErrorCode::BadSpeed, "speed", message, Some("use raw, or leave speed out".to_owned())))
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn refusal(code: ErrorCode, field: &str, message: String, suggestion: Option<String>) -> ErrorObject {
    let error = ErrorObject::new(code, message).with_field(field);
    match suggestion {
        Some(suggestion) => error.with_suggestion(suggestion),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::{Channel, check_depth, check_speed};

    #[test]
    fn channel_is_suggested() {
        assert_eq!(Channel::parse("book"), Ok(Channel::Book));
        let error = Channel::parse("trade").unwrap_err();
        assert_eq!(error.code.to_string(), "BAD_CHANNEL");
        assert_eq!(error.suggestion.as_deref(), Some("did you mean trades?"));
    }

    #[test]
    fn only_what_is_served_is_accepted() {
        assert_eq!(check_depth(0), Ok(()));
        assert_eq!(check_depth(25).unwrap_err().code.to_string(), "BAD_DEPTH");
        assert_eq!(check_speed("raw"), Ok(()));
        let error = check_speed("100ms").unwrap_err();
        assert_eq!(error.code.to_string(), "BAD_SPEED");
        assert_eq!(error.suggestion.as_deref(), Some("use raw, or leave speed out"));
    }
}
