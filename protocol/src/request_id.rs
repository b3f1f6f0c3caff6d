//! Request id: what a client names a request, repeated in the reply.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Characters in the longest textual request id.
pub const REQUEST_ID_CHARS_MAX: usize = 36;

/// An integer, or text of at most 36 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum RequestId {
    /// An integer of 64 bits.
    Number(i64),
    /// Text, such as a UUID.
    Text(Box<str>),
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RequestId, D::Error> {
        deserializer.deserialize_any(RequestIdVisitor)
    }
}

struct RequestIdVisitor;

impl Visitor<'_> for RequestIdVisitor {
    type Value = RequestId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an integer or a string of at most {REQUEST_ID_CHARS_MAX} characters")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<RequestId, E> {
        Ok(RequestId::Number(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<RequestId, E> {
        let signed =
            i64::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))?;
        Ok(RequestId::Number(signed))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RequestId, E> {
        if REQUEST_ID_CHARS_MAX < text.chars().count() {
            return Err(E::invalid_value(Unexpected::Str(text), &self));
        }
        Ok(RequestId::Text(text.into()))
    }
}
