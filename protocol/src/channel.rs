//! Channel: what a client may subscribe to.

use std::fmt;

use crate::error::ErrorObject;
use crate::error_code::ErrorCode;
use crate::fields::excerpt;
use crate::speed::Speed;
use crate::suggest;

/// A channel that has subscribers; `status` and `heartbeat` come by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Every market and its changes.
    Instruments,
    /// Price levels of one market.
    Book,
    /// The best prices of one market, or of all its windows.
    Bbo,
    /// Every order of one market.
    OrdersL3,
    /// Trades of one market.
    Trades,
    /// Last trade, last day and open interest of one market.
    Ticker,
    /// What traded in intervals of time.
    Candles,
    /// Reference rates.
    Fixings,
    /// Orders and fills of the account.
    Executions,
    /// Balances and positions of the account.
    Account,
    /// Positions of the account alone.
    Positions,
    /// Deliveries and audits of the account.
    Deliveries,
    /// What the account has at stake and owes, as a provider.
    Provider,
    /// How slots of windows ended.
    Settlements,
}

impl Channel {
    const ALL: [Channel; 14] = [
        Channel::Instruments,
        Channel::Book,
        Channel::Bbo,
        Channel::OrdersL3,
        Channel::Trades,
        Channel::Ticker,
        Channel::Candles,
        Channel::Fixings,
        Channel::Executions,
        Channel::Account,
        Channel::Positions,
        Channel::Deliveries,
        Channel::Provider,
        Channel::Settlements,
    ];

    /// The channel of this name, or `BAD_CHANNEL`.
    pub fn parse(name: &str) -> Result<Channel, ErrorObject> {
        let names = || Channel::ALL.map(Channel::name);
        Channel::ALL.into_iter().find(|channel| channel.name() == name).ok_or_else(|| {
            let message = format!("{:?} is none of {}", excerpt(name), names().join(", "));
            let error = ErrorObject::new(ErrorCode::BadChannel, message).with_field("channel");
            match suggest::did_you_mean(name, names()) {
                Some(suggestion) => error.with_suggestion(suggestion),
                None => error,
            }
        })
    }

    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Channel::Instruments => "instruments",
            Channel::Book => "book",
            Channel::Bbo => "bbo",
            Channel::OrdersL3 => "orders_l3",
            Channel::Trades => "trades",
            Channel::Ticker => "ticker",
            Channel::Candles => "candles",
            Channel::Fixings => "fixings",
            Channel::Executions => "executions",
            Channel::Account => "account",
            Channel::Positions => "positions",
            Channel::Deliveries => "deliveries",
            Channel::Provider => "provider",
            Channel::Settlements => "settlements",
        }
    }

    /// Whether the channel shows one account's affairs, so needs a login with `read`.
    pub fn is_private(self) -> bool {
        self.is_numbered_by_account() || self == Channel::Provider
    }

    /// Whether its messages are numbered by the account's private sequence, and can be told again one by one.
    pub fn is_numbered_by_account(self) -> bool {
        matches!(self, Channel::Executions | Channel::Account | Channel::Positions | Channel::Deliveries)
    }

    /// Whether a subscription may name a market. Trades without one are those of all markets.
    pub fn has_symbol(self) -> bool {
        !matches!(self, Channel::Instruments) && !self.is_private()
    }

    /// Whether a subscription may name a pattern of markets.
    pub fn has_pattern(self) -> bool {
        matches!(self, Channel::Book | Channel::Bbo | Channel::OrdersL3 | Channel::Trades | Channel::Ticker)
    }

    /// How often it is told if the subscription does not say; none if every message counts, so that nothing is merged.
    pub fn usual_speed(self) -> Option<Speed> {
        match self {
            Channel::Book | Channel::Bbo => Some(Speed::Raw),
            Channel::Ticker | Channel::Candles => Some(Speed::Ms100),
            _ => None,
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Channel;

    #[test]
    fn channel_is_suggested() {
        assert_eq!(Channel::parse("book"), Ok(Channel::Book));
        let error = Channel::parse("trade").unwrap_err();
        assert_eq!(error.code.to_string(), "BAD_CHANNEL");
        assert_eq!(error.suggestion.as_deref(), Some("did you mean trades?"));
    }
}
