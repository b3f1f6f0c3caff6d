//! Topic: what a stream is about.

use engine::ids::{AccountId, InstrumentId};
use engine::view::View;
use protocol::channel::{self, Channel};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::subscription::Subscription;

use crate::convert::symbol;

/// What a stream is about. Streams of one topic are the same for everyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    /// Every market.
    Instruments,
    /// Levels of one market.
    Book(InstrumentId),
    /// Trades of one market.
    Trades(InstrumentId),
    /// Trades of all markets.
    AllTrades,
    /// Orders and fills of one account.
    Executions(AccountId),
    /// Balances and positions of one account.
    Account(AccountId),
}

impl Topic {
    /// What an item of `subscribe` asks for, if it may.
    pub(super) fn asked(
        item: &Subscription,
        reader: Option<AccountId>,
        view: &View,
    ) -> Result<Topic, ErrorObject> {
        let channel = Channel::parse(&item.channel)?;
        let named = item.symbol.as_deref();
        if let Some(levels) = item.depth {
            only_for(channel == Channel::Book, channel, "depth")?;
            channel::check_depth(levels)?;
        }
        if let Some(speed) = item.speed.as_deref() {
            only_for(channel == Channel::Book, channel, "speed")?;
            channel::check_speed(speed)?;
        }
        if named.is_some() {
            only_for(channel.has_symbol(), channel, "symbol")?;
        }
        let found = named.map(|text| symbol::instrument(view, text, ErrorCode::NoMatch)).transpose()?;
        match (channel, found, reader) {
            (Channel::Instruments, _, _) => Ok(Topic::Instruments),
            (Channel::Book, Some(instrument), _) => Ok(Topic::Book(instrument)),
            (Channel::Book, None, _) => {
                let message = "a book is that of one market";
                Err(ErrorObject::new(ErrorCode::MissingField, message).with_field("symbol"))
            }
            (Channel::Trades, Some(instrument), _) => Ok(Topic::Trades(instrument)),
            (Channel::Trades, None, _) => Ok(Topic::AllTrades),
            (Channel::Executions, _, Some(account)) => Ok(Topic::Executions(account)),
            (Channel::Account, _, Some(account)) => Ok(Topic::Account(account)),
            (Channel::Executions | Channel::Account, _, None) => Err(ErrorObject::new(
                ErrorCode::AuthRequired,
                "this channel is private: login first, with a key that has the scope read",
            )),
        }
    }
}

fn only_for(fits: bool, channel: Channel, field: &str) -> Result<(), ErrorObject> {
    if fits {
        return Ok(());
    }
    let message = format!("the channel {channel} has no {field}");
    Err(ErrorObject::new(ErrorCode::UnknownField, message).with_field(field))
}
