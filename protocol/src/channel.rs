//! Channel: what a client may subscribe to, how deep and how often.

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

/// How many levels of each side a book stream has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// So many levels, best first.
    Levels(u32),
    /// All levels, on the wire 0.
    Full,
}

/// The shortest time between two updates of a book stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Speed {
    /// One update for each command that changed the book. What a subscription without speed gets.
    #[default]
    Raw,
    /// At most one update in 10 ms.
    Ms10,
    /// At most one update in 100 ms.
    Ms100,
    /// At most one update in 1 s.
    Ms1000,
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

    /// Whether a subscription names one market.
    pub fn has_symbol(self) -> bool {
        matches!(self, Channel::Book | Channel::Trades)
    }
}

impl Depth {
    const LEVELS: [u32; 5] = [1, 10, 25, 100, 500];

    /// The depth of this number, or `BAD_DEPTH`.
    pub fn parse(levels: u32) -> Result<Depth, ErrorObject> {
        match levels {
            0 => Ok(Depth::Full),
            _ if Depth::LEVELS.contains(&levels) => Ok(Depth::Levels(levels)),
            _ => {
                let message = format!("{levels} is none of 1, 10, 25, 100, 500, 0 (full)");
                let deeper = Depth::LEVELS.into_iter().find(|depth| levels < *depth).unwrap_or(0);
                Err(refusal(ErrorCode::BadDepth, "depth", message, Some(format!("use {deeper}"))))
            }
        }
    }

    /// The number on the wire.
    pub fn wire(self) -> u32 {
        match self {
            Depth::Levels(levels) => levels,
            Depth::Full => 0,
        }
    }
}

impl Speed {
    const ALL: [Speed; 4] = [Speed::Raw, Speed::Ms10, Speed::Ms100, Speed::Ms1000];

    /// The speed of this name, or `BAD_SPEED`.
    pub fn parse(name: &str) -> Result<Speed, ErrorObject> {
        let names = || Speed::ALL.map(Speed::name);
        Speed::ALL.into_iter().find(|speed| speed.name() == name).ok_or_else(|| {
            let message = format!("{:?} is none of {}", excerpt(name), names().join(", "));
            refusal(ErrorCode::BadSpeed, "speed", message, suggest::did_you_mean(name, names()))
        })
    }

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Speed::Raw => "raw",
            Speed::Ms10 => "10ms",
            Speed::Ms100 => "100ms",
            Speed::Ms1000 => "1s",
        }
    }

    /// The shortest time between two updates.
    pub fn interval_ms(self) -> u64 {
        match self {
            Speed::Raw => 0,
            Speed::Ms10 => 10,
            Speed::Ms100 => 100,
            Speed::Ms1000 => 1000,
        }
    }
}

impl Default for Depth {
    /// What a subscription without depth gets: as many levels as the checksum covers.
    fn default() -> Depth {
        Depth::Levels(10)
    }
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
    use super::{Channel, Depth, Speed};

    #[test]
    fn channel_is_suggested() {
        assert_eq!(Channel::parse("book"), Ok(Channel::Book));
        let error = Channel::parse("trade").unwrap_err();
        assert_eq!(error.code.to_string(), "BAD_CHANNEL");
        assert_eq!(error.suggestion.as_deref(), Some("did you mean trades?"));
    }

    #[test]
    fn depth_is_one_of_the_list() {
        assert_eq!(Depth::parse(0).map(Depth::wire), Ok(0));
        assert_eq!(Depth::parse(25), Ok(Depth::Levels(25)));
        assert_eq!(Depth::parse(20).unwrap_err().suggestion.as_deref(), Some("use 25"));
        assert_eq!(Depth::parse(501).unwrap_err().suggestion.as_deref(), Some("use 0"));
    }

    #[test]
    fn speed_is_one_of_the_list() {
        assert_eq!(Speed::parse("100ms").map(Speed::interval_ms), Ok(100));
        let error = Speed::parse("100 ms").unwrap_err();
        assert_eq!(error.code.to_string(), "BAD_SPEED");
        assert_eq!(error.suggestion.as_deref(), Some("did you mean 100ms?"));
    }
}
