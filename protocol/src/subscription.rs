//! Subscription: which streams a connection receives.

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
    /// The market, for the channels that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// A number for `channel::check_depth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// A name for `channel::check_speed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<String>,
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
    /// The stream's number, which its messages carry, or why there is none.
    pub outcome: Result<u64, ErrorObject>,
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
    error: Option<&'a ErrorObject>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum AnswerRead {
    Stream { i: u32, stream: u64 },
    Error { i: u32, error: ErrorObject },
}

impl Serialize for SubscriptionAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stream = self.outcome.as_ref().ok().copied();
        let error = self.outcome.as_ref().err();
        AnswerText { i: self.i, ok: self.outcome.is_ok(), stream, error }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SubscriptionAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SubscriptionAnswer, D::Error> {
        Ok(match AnswerRead::deserialize(deserializer)? {
            AnswerRead::Stream { i, stream } => SubscriptionAnswer { i, outcome: Ok(stream) },
            AnswerRead::Error { i, error } => SubscriptionAnswer { i, outcome: Err(error) },
        })
    }
}
