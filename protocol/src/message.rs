//! Message: what a client receives.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::reply::Reply;
use crate::update::Update;

/// A frame from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The answer to a request.
    Reply(Box<Reply>),
    /// A message of a channel.
    Update(Update),
}

impl Message {
    /// Reads the text of one frame. What is newer than this client is ignored or read as
    /// `Unknown`.
    pub fn decode(text: &str) -> Result<Message, serde_json::Error> {
        #[derive(Deserialize)]
        struct Head {
            channel: Option<IgnoredAny>,
        }

        let head: Head = serde_json::from_str(text)?;
        match head.channel {
            Some(_) => serde_json::from_str(text).map(Message::Update),
            None => serde_json::from_str(text).map(|reply| Message::Reply(Box::new(reply))),
        }
    }
}
