//! Terms: at which price an order trades, how long it waits, and whether it may take.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::ErrorObject;
use crate::error_code::ErrorCode;
use crate::time::Time;

/// At which price an order trades, and what becomes of what does not trade at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Terms {
    /// At `price` or better.
    Limit {
        /// The worst price.
        price: String,
        /// How long what does not trade at once waits.
        tif: TimeInForce,
        /// Whether it may trade at once.
        post_only: PostOnly,
        /// Shows only so many lots at a time.
        display_qty: Option<String>,
    },
    /// At once, at any price up to the protection; the rest is canceled.
    Market {
        /// The worst price.
        limit_price: String,
        /// All of it or nothing.
        fok: bool,
    },
}

/// How long an order waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeInForce {
    /// Until it is canceled or the gate closes.
    Gtc,
    /// The same, at most until then.
    Gtd(Time),
    /// Not at all: what does not trade at once is canceled.
    Ioc,
    /// Not at all: it trades at once in whole, or is refused.
    Fok,
}

/// The word for how long an order waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tif {
    /// Until it is canceled or the gate closes.
    Gtc,
    /// The same, at most until `expires`.
    Gtd,
    /// Not at all: what does not trade at once is canceled.
    Ioc,
    /// Not at all: it trades at once in whole, or is refused.
    Fok,
    /// A word that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// What an order does that would trade at once but must not; on the wire `false`, `true` or `"slide"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PostOnly {
    /// It may trade at once.
    #[default]
    No,
    /// It is refused.
    Refuse,
    /// Its limit moves to one tick from the other side's best.
    Slide,
}

/// What happens when an order meets one of its own account or group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfTradePrevention {
    /// What is left of the incoming order is canceled.
    #[default]
    CancelNewest,
    /// The resting order is canceled, and the incoming one goes on.
    CancelOldest,
    /// Both are canceled.
    CancelBoth,
    /// Both shrink by the smaller of the two.
    Decrement,
}

/// The fields of an order that its terms are made of.
pub(crate) struct TermFields {
    pub(crate) price: Option<String>,
    pub(crate) limit_price: Option<String>,
    pub(crate) tif: Option<Tif>,
    pub(crate) expires: Option<Time>,
    pub(crate) post_only: PostOnly,
    pub(crate) display_qty: Option<String>,
}

impl Terms {
    /// A plain limit order, good till it is canceled.
    pub fn limit(price: impl Into<String>) -> Terms {
        let (tif, post_only, display_qty) = (TimeInForce::Gtc, PostOnly::No, None);
        Terms::Limit { price: price.into(), tif, post_only, display_qty }
    }

    /// A limit order that does not rest.
    pub fn ioc(price: impl Into<String>) -> Terms {
        let (tif, post_only, display_qty) = (TimeInForce::Ioc, PostOnly::No, None);
        Terms::Limit { price: price.into(), tif, post_only, display_qty }
    }

    /// A market order that takes what there is up to its protection.
    pub fn market(limit_price: impl Into<String>) -> Terms {
        Terms::Market { limit_price: limit_price.into(), fok: false }
    }

    /// The terms of an order of type `limit`.
    pub(crate) fn of_limit(fields: TermFields) -> Result<Terms, ErrorObject> {
        let TermFields { price, limit_price, tif, expires, post_only, display_qty } = fields;
        if limit_price.is_some() {
            return Err(bad_value("limit_price", "a limit order has a price, no limit_price"));
        }
        let price = price.ok_or_else(|| missing("price", "a limit order has a price"))?;
        let tif = TimeInForce::of(tif.unwrap_or(Tif::Gtc), expires)?;
        if !tif.rests() && post_only != PostOnly::No {
            return Err(bad_value("post_only", "a post-only order rests: its tif is gtc or gtd"));
        }
        if !tif.rests() && display_qty.is_some() {
            return Err(bad_value("display_qty", "an order that shows a part rests: its tif is gtc or gtd"));
        }
        Ok(Terms::Limit { price, tif, post_only, display_qty })
    }

    /// The terms of an order of type `market`.
    pub(crate) fn of_market(fields: TermFields) -> Result<Terms, ErrorObject> {
        let TermFields { price, limit_price, tif, expires, post_only, display_qty } = fields;
        if price.is_some() {
            return Err(bad_value("price", "a market order has a limit_price, no price"));
        }
        let fok = match tif {
            None | Some(Tif::Ioc) => false,
            Some(Tif::Fok) => true,
            Some(Tif::Gtc | Tif::Gtd | Tif::Unknown) => {
                return Err(bad_value("tif", "a market order is ioc or fok"));
            }
        };
        let never_rests = "a market order never rests, so it has none";
        if expires.is_some() {
            return Err(bad_value("expires", never_rests));
        }
        if post_only != PostOnly::No {
            return Err(bad_value("post_only", "a market order takes what there is: it cannot be post-only"));
        }
        if display_qty.is_some() {
            return Err(bad_value("display_qty", never_rests));
        }
        let limit_price = limit_price
            .ok_or_else(|| missing("limit_price", "a market order has a limit_price, its protection"))?;
        Ok(Terms::Market { limit_price, fok })
    }

    /// The fields, and whether the type is `market`.
    pub(crate) fn fields(self) -> (bool, TermFields) {
        match self {
            Terms::Limit { price, tif, post_only, display_qty } => {
                let (price, limit_price, expires) = (Some(price), None, tif.expires());
                let tif = Some(tif.word());
                (false, TermFields { price, limit_price, tif, expires, post_only, display_qty })
            }
            Terms::Market { limit_price, fok } => {
                let (price, limit_price, tif) = (None, Some(limit_price), fok.then_some(Tif::Fok));
                let (expires, post_only, display_qty) = (None, PostOnly::No, None);
                (true, TermFields { price, limit_price, tif, expires, post_only, display_qty })
            }
        }
    }
}

impl TimeInForce {
    fn of(tif: Tif, expires: Option<Time>) -> Result<TimeInForce, ErrorObject> {
        match (tif, expires) {
            (Tif::Gtc, None) => Ok(TimeInForce::Gtc),
            (Tif::Gtd, Some(expires)) => Ok(TimeInForce::Gtd(expires)),
            (Tif::Gtd, None) => Err(missing("expires", "an order that is gtd says until when")),
            (Tif::Ioc, None) => Ok(TimeInForce::Ioc),
            (Tif::Fok, None) => Ok(TimeInForce::Fok),
            (Tif::Gtc | Tif::Ioc | Tif::Fok, Some(_)) => {
                Err(bad_value("expires", "only an order that is gtd expires")
                    .with_suggestion("set tif to gtd, or leave expires out"))
            }
            (Tif::Unknown, _) => Err(bad_value("tif", "a tif is gtc, gtd, ioc or fok")),
        }
    }

    /// Whether what does not trade at once may rest.
    pub fn rests(self) -> bool {
        matches!(self, TimeInForce::Gtc | TimeInForce::Gtd(_))
    }

    /// Its word.
    pub fn word(self) -> Tif {
        match self {
            TimeInForce::Gtc => Tif::Gtc,
            TimeInForce::Gtd(_) => Tif::Gtd,
            TimeInForce::Ioc => Tif::Ioc,
            TimeInForce::Fok => Tif::Fok,
        }
    }

    /// Until when, if it says so.
    pub fn expires(self) -> Option<Time> {
        match self {
            TimeInForce::Gtd(expires) => Some(expires),
            TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => None,
        }
    }
}

impl PostOnly {
    /// Whether it may trade at once, which is not written.
    pub(crate) fn is_no(&self) -> bool {
        *self == PostOnly::No
    }
}

impl Serialize for PostOnly {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            PostOnly::No => serializer.serialize_bool(false),
            PostOnly::Refuse => serializer.serialize_bool(true),
            PostOnly::Slide => serializer.serialize_str("slide"),
        }
    }
}

impl<'de> Deserialize<'de> for PostOnly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PostOnly, D::Error> {
        deserializer.deserialize_any(PostOnlyVisitor)
    }
}

struct PostOnlyVisitor;

impl Visitor<'_> for PostOnlyVisitor {
    type Value = PostOnly;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or \"slide\"")
    }

    fn visit_bool<E: Error>(self, posts: bool) -> Result<PostOnly, E> {
        Ok(if posts { PostOnly::Refuse } else { PostOnly::No })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<PostOnly, E> {
        match text {
            "slide" => Ok(PostOnly::Slide),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}

pub(crate) fn bad_value(field: &str, message: &str) -> ErrorObject {
    ErrorObject::new(ErrorCode::BadValue, message).with_field(field)
}

pub(crate) fn missing(field: &str, message: &str) -> ErrorObject {
    ErrorObject::new(ErrorCode::MissingField, message).with_field(field)
}
