//! Subscription: which streams a connection receives.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::ErrorObject;

/// Params of `subscribe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// What is asked for; each is answered alone.
    pub subs: Vec<Subscription>,
}

/// One item of `subscribe`, names still unchecked so that one wrong name fails one item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// A name for `Channel::parse`.
    pub channel: String,
    /// The market, or a pattern of markets, for the channels that have one; a class for `candles` and `fixings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// A number for `speed::depth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// A name for `Speed::parse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<String>,
    /// Whether `symbol` is a market `CLASS.ZONE.TIER` of which every window is told in each message of `bbo`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strip: Option<bool>,
    /// A name for `Interval::parse`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// Where the client stands, so that it need not be told anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
}

/// The last message that a client has: of a book its `seq`, of a private stream its `xseq`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The hello's `epoch` then.
    pub epoch: String,
    /// Of a book.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Of a private stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xseq: Option<u64>,
}

/// Result of `subscribe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscribeResult {
    /// One answer for each item, in their order.
    pub subs: Vec<SubscriptionAnswer>,
}

/// What became of one item of `subscribe`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionAnswer {
    /// The item's index.
    pub i: u32,
    /// What begins, or why nothing does.
    pub outcome: Result<Joined, ErrorObject>,
}

/// What begins with a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// The stream's number, which its messages carry. A pattern has a number of its own, and each of its streams too.
    pub stream: u64,
    /// The sequence that the first message of a public stream follows.
    pub seq: Option<u64>,
    /// How many markets a pattern matches now.
    pub matched: Option<u32>,
    /// How a stream goes on that was to be resumed.
    pub mode: Option<ResumeMode>,
}

/// How a stream goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResumeMode {
    /// With what has changed since.
    Delta,
    /// With a snapshot.
    Snapshot,
    /// With every message since, each by itself.
    Replay,
    /// A mode that is newer than this client.
    #[serde(other)]
    Unknown,
}

/// Params and result of `resync`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resync {
    /// The stream of which another snapshot is wanted.
    pub stream: u64,
}

/// The strict reading of `resync`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResyncFields {
    stream: u64,
}

impl From<ResyncFields> for Resync {
    fn from(fields: ResyncFields) -> Resync {
        Resync { stream: fields.stream }
    }
}

/// Params of `unsubscribe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unsubscribe {
    /// Streams that the connection has.
    pub streams: Vec<u64>,
}

/// Result of `unsubscribe`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsubscribeResult {
    /// Streams that have ended.
    pub streams: Vec<u64>,
}

#[derive(Serialize)]
struct AnswerText<'a> {
    i: u32,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    matched: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<ResumeMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a ErrorObject>,
}

#[derive(Deserialize)]
struct AnswerRead {
    i: u32,
    stream: Option<u64>,
    seq: Option<u64>,
    matched: Option<u32>,
    mode: Option<ResumeMode>,
    error: Option<ErrorObject>,
}

impl Serialize for SubscriptionAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let joined = self.outcome.as_ref().ok();
        AnswerText {
            i: self.i,
            ok: joined.is_some(),
            stream: joined.map(|joined| joined.stream),
            seq: joined.and_then(|joined| joined.seq),
            matched: joined.and_then(|joined| joined.matched),
            mode: joined.and_then(|joined| joined.mode),
            error: self.outcome.as_ref().err(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SubscriptionAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SubscriptionAnswer, D::Error> {
        let AnswerRead { i, stream, seq, matched, mode, error } = AnswerRead::deserialize(deserializer)?;
        let outcome = match (stream, error) {
            (_, Some(error)) => Err(error),
            (Some(stream), None) => Ok(Joined { stream, seq, matched, mode }),
            (None, None) => return Err(D::Error::missing_field("stream")),
        };
        Ok(SubscriptionAnswer { i, outcome })
    }
}
