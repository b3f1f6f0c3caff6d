//! Topic: what a stream is about.

use engine::ids::{AccountId, ClassId, InstrumentId, MarketId};
use engine::view::View;
use protocol::channel::Channel;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::speed::{self, Interval, Speed};
use protocol::subscription::{Resume, Subscription};

use crate::convert::symbol;
use crate::feed::pattern::Pattern;

/// What a stream is about. Streams of one topic are the same for everyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Topic {
    /// Every market.
    Instruments,
    /// Something of one instrument.
    Of(InstrumentId, Aspect),
    /// Best prices of all windows of a market.
    Strip(MarketId, Speed),
    /// Trades of all markets.
    AllTrades,
    /// Candles of the window of a class that closes next.
    Front(ClassId, Interval, Speed),
    /// Reference rates, of all classes or one.
    Fixings(Option<ClassId>),
    /// Orders and fills of one account.
    Executions(AccountId),
    /// Balances and positions of one account.
    Account(AccountId),
    /// Positions of one account.
    Positions(AccountId),
    /// Deliveries and audits of one account.
    Deliveries(AccountId),
    /// What one account has at stake and owes, as a provider.
    Provider(AccountId),
    /// How slots of windows ended, of all classes or one.
    Settlements(Option<ClassId>),
}

/// What of an instrument a stream is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Aspect {
    /// Levels: so many of each side, all if none.
    Book(Option<u16>, Speed),
    /// The best prices.
    Bbo(Speed),
    /// Every order.
    Queue,
    /// Trades.
    Trades,
    /// Last trade, last day, open interest.
    Ticker(Speed),
    /// Trades by time.
    Candles(Interval, Speed),
}

/// What the changes of a topic are found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Subject {
    /// What happens in one instrument.
    Instrument(InstrumentId),
    /// What happens in any window of a market.
    Market(MarketId),
    /// What concerns a class.
    Class(ClassId),
    /// What concerns everybody or one account, which is found by topic.
    Apart,
}

/// What an item of `subscribe` asks for.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// One stream.
    One(Topic),
    /// One for each instrument that matches.
    Matching(Pattern, Aspect),
}

impl Topic {
    /// What one account is told of its own affairs.
    pub(super) fn private(owner: AccountId) -> [Topic; 4] {
        [Topic::Executions(owner), Topic::Account(owner), Topic::Positions(owner), Topic::Deliveries(owner)]
    }

    /// The channel that tells it.
    pub(super) fn channel(self) -> Channel {
        match self {
            Topic::Instruments => Channel::Instruments,
            Topic::Of(_, Aspect::Book(..)) => Channel::Book,
            Topic::Of(_, Aspect::Bbo(_)) | Topic::Strip(..) => Channel::Bbo,
            Topic::Of(_, Aspect::Queue) => Channel::OrdersL3,
            Topic::Of(_, Aspect::Trades) | Topic::AllTrades => Channel::Trades,
            Topic::Of(_, Aspect::Ticker(_)) => Channel::Ticker,
            Topic::Of(_, Aspect::Candles(..)) | Topic::Front(..) => Channel::Candles,
            Topic::Fixings(_) => Channel::Fixings,
            Topic::Executions(_) => Channel::Executions,
            Topic::Account(_) => Channel::Account,
            Topic::Positions(_) => Channel::Positions,
            Topic::Deliveries(_) => Channel::Deliveries,
            Topic::Provider(_) => Channel::Provider,
            Topic::Settlements(_) => Channel::Settlements,
        }
    }

    /// Whose private sequence its messages are numbered by, where they are.
    pub(super) fn owner(self) -> Option<AccountId> {
        match self {
            Topic::Executions(owner)
            | Topic::Account(owner)
            | Topic::Positions(owner)
            | Topic::Deliveries(owner) => Some(owner),
            _ => None,
        }
    }

    /// How often it is told; none when every message counts, so that nothing may be left out.
    pub(super) fn speed(self) -> Option<Speed> {
        match self {
            Topic::Of(_, Aspect::Book(_, speed) | Aspect::Bbo(speed) | Aspect::Ticker(speed))
            | Topic::Of(_, Aspect::Candles(_, speed))
            | Topic::Strip(_, speed)
            | Topic::Front(_, _, speed) => Some(speed),
            _ => None,
        }
    }

    /// Whether it begins with a snapshot, and can be told anew.
    pub(super) fn has_snapshot(self) -> bool {
        self.channel() != Channel::Trades
    }

    /// Whether whoever begins, or needs it again, is given a snapshot that all share.
    pub(super) fn has_image(self) -> bool {
        self.has_snapshot() && self.owner().is_none()
    }

    pub(super) fn subject(self) -> Subject {
        match self {
            Topic::Of(instrument, _) => Subject::Instrument(instrument),
            Topic::Strip(market, _) => Subject::Market(market),
            Topic::Front(class, ..) => Subject::Class(class),
            _ => Subject::Apart,
        }
    }

    /// What an item of `subscribe` asks for, if it may.
    pub(super) fn asked(
        item: &Subscription,
        reader: Option<AccountId>,
        view: &View,
    ) -> Result<Asked, ErrorObject> {
        let channel = Channel::parse(&item.channel)?;
        check_fields(item, channel)?;
        let speed = match item.speed.as_deref() {
            Some(name) => Some(Speed::parse(name)?),
            None => channel.usual_speed(),
        };
        if item.strip == Some(true) {
            return strip(item, view).map(Asked::One);
        }
        let paced = speed.unwrap_or(Speed::Raw);
        let aspect = match (channel, reader) {
            (Channel::Instruments, _) => return Ok(Asked::One(Topic::Instruments)),
            (Channel::Fixings, _) => return class(item, view).map(Topic::Fixings).map(Asked::One),
            (Channel::Settlements, _) => return class(item, view).map(Topic::Settlements).map(Asked::One),
            (Channel::Candles, _) => return candles(item, paced, view).map(Asked::One),
            (Channel::Trades, _) if item.symbol.is_none() => return Ok(Asked::One(Topic::AllTrades)),
            (Channel::Executions, Some(account)) => return Ok(Asked::One(Topic::Executions(account))),
            (Channel::Account, Some(account)) => return Ok(Asked::One(Topic::Account(account))),
            (Channel::Positions, Some(account)) => return Ok(Asked::One(Topic::Positions(account))),
            (Channel::Deliveries, Some(account)) => return Ok(Asked::One(Topic::Deliveries(account))),
            (Channel::Provider, Some(account)) => return Ok(Asked::One(Topic::Provider(account))),
            (
                Channel::Executions
                | Channel::Account
                | Channel::Positions
                | Channel::Deliveries
                | Channel::Provider,
                None,
            ) => {
                let message = "this channel is private: login first, with a key that has the scope read";
                return Err(ErrorObject::new(ErrorCode::AuthRequired, message));
            }
            (Channel::Book, _) => Aspect::Book(speed::depth(item.depth.unwrap_or(0))?, paced),
            (Channel::Bbo, _) => Aspect::Bbo(paced),
            (Channel::OrdersL3, _) => Aspect::Queue,
            (Channel::Trades, _) => Aspect::Trades,
            (Channel::Ticker, _) => Aspect::Ticker(paced),
        };
        let text = named(item, channel)?;
        if !Pattern::is_meant(text) {
            let instrument = symbol::instrument(view, text, ErrorCode::NoMatch)?;
            return Ok(Asked::One(Topic::Of(instrument, aspect)));
        }
        if item.resume.is_some() {
            let message = "a pattern cannot be resumed: resume its streams one by one";
            return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("resume"));
        }
        Ok(Asked::Matching(Pattern::parse(text)?, aspect))
    }
}

/// The symbol, which this channel must have.
fn named(item: &Subscription, channel: Channel) -> Result<&str, ErrorObject> {
    item.symbol.as_deref().ok_or_else(|| {
        let message = format!("the channel {channel} is about one market or a pattern of markets");
        ErrorObject::new(ErrorCode::MissingField, message).with_field("symbol")
    })
}

fn check_fields(item: &Subscription, channel: Channel) -> Result<(), ErrorObject> {
    let book = channel == Channel::Book;
    let pattern = item.symbol.as_deref().is_some_and(Pattern::is_meant);
    for (given, fits, field) in [
        (item.depth.is_some(), book, "depth"),
        (item.speed.is_some(), channel.usual_speed().is_some(), "speed"),
        (item.symbol.is_some(), channel.has_symbol(), "symbol"),
        (item.strip.is_some(), channel == Channel::Bbo, "strip"),
        (item.interval.is_some(), channel == Channel::Candles, "interval"),
        (item.resume.is_some(), book || channel.is_numbered_by_account(), "resume"),
    ] {
        if given && !fits {
            let message = format!("the channel {channel} has no {field}");
            return Err(ErrorObject::new(ErrorCode::UnknownField, message).with_field(field));
        }
    }
    if let Some(Resume { seq, xseq, .. }) = &item.resume {
        let (given, other, field) = if book { (seq, xseq, "seq") } else { (xseq, seq, "xseq") };
        if given.is_none() || other.is_some() {
            let message = format!("the channel {channel} is resumed from the {field} of its last message");
            return Err(
                ErrorObject::new(ErrorCode::MissingField, message).with_field(format!("resume.{field}"))
            );
        }
    }
    if pattern && !channel.has_pattern() {
        let message = format!("the channel {channel} takes no pattern: name one market or class");
        return Err(ErrorObject::new(ErrorCode::BadValue, message).with_field("symbol"));
    }
    Ok(())
}

/// A strip is large, so it is told at most ten times a second.
fn strip(item: &Subscription, view: &View) -> Result<Topic, ErrorObject> {
    let speed = Speed::parse(item.speed.as_deref().unwrap_or(Speed::Ms100.name()))?;
    if speed < Speed::Ms100 {
        let message = "a strip is told every 100ms or 1s";
        return Err(ErrorObject::new(ErrorCode::BadSpeed, message).with_field("speed"));
    }
    let market = symbol::market(view, named(item, Channel::Bbo)?).map_err(|error| {
        let message = "no market has this name: a strip is that of CLASS.ZONE.TIER";
        let suggestion = error.suggestion;
        ErrorObject { suggestion, ..ErrorObject::new(ErrorCode::NoMatch, message).with_field("symbol") }
    })?;
    Ok(Topic::Strip(market, speed))
}

/// The class that an item names, if it names one.
fn class(item: &Subscription, view: &View) -> Result<Option<ClassId>, ErrorObject> {
    item.symbol.as_deref().map(|text| symbol::class(view, text)).transpose()
}

/// Candles that an item asks for.
pub(super) fn candles(item: &Subscription, speed: Speed, view: &View) -> Result<Topic, ErrorObject> {
    let interval = Interval::parse(item.interval.as_deref().unwrap_or(Interval::M1.name()))?;
    let text = named(item, Channel::Candles)?;
    // A class's name has no point, a symbol has.
    if text.contains('.') {
        let instrument = symbol::instrument(view, text, ErrorCode::NoMatch)?;
        return Ok(Topic::Of(instrument, Aspect::Candles(interval, speed)));
    }
    Ok(Topic::Front(symbol::class(view, text)?, interval, speed))
}
