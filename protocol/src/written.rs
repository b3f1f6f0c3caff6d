//! Written: a message whose data were turned into text before, once for all who receive them.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::public::Conflated;
use crate::time::Time;

/// Data of a message as text.
#[derive(Clone, Debug)]
pub struct Data(Box<RawValue>);

impl Data {
    /// The text of a wire type.
    pub fn of<T: Serialize>(data: &T) -> Data {
        Data(to_raw_value(data).expect("wire types have only text as keys"))
    }
}

/// What stands before the data. It may differ from client to client.
#[derive(Clone, Debug, Serialize)]
pub struct Head {
    /// The channel's name.
    pub channel: &'static str,
    /// The message's type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The stream that this belongs to.
    pub stream: u64,
    /// The market or the class, where the stream is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symbol: Option<String>,
    /// The engine sequence up to which the data are exact.
    pub seq: u64,
    /// `seq` of the message that the client received before, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prev_seq: Option<u64>,
    /// When the engine sequenced it.
    pub ts: Time,
    /// What was left out before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflated: Option<Conflated>,
}

impl Head {
    /// The text of one frame.
    pub fn encode(&self, data: &Data) -> String {
        #[derive(Serialize)]
        struct Whole<'a> {
            #[serde(flatten)]
            head: &'a Head,
            data: &'a RawValue,
        }

        let whole = Whole { head: self, data: &data.0 };
        serde_json::to_string(&whole).expect("wire types have only text as keys")
    }
}

#[cfg(test)]
mod tests {
    use super::{Data, Head};
    use crate::book::{Book, BookData, BookSnapshot, Level};
    use crate::public::{Conflated, ConflationReason};
    use crate::time::Time;
    use crate::update::Update;

    #[test]
    fn text_is_that_of_the_message_itself() {
        let level = Level { price: "1.0000".to_owned(), qty: "8".to_owned() };
        let data = BookData { asks: vec![level], bids: Vec::new(), crc: 7 };
        let (symbol, ts) = ("X".to_owned(), Time::from_ns(5));
        for (prev_seq, conflated) in
            [(None, None), (Some(4), Some(Conflated { n: 3, reason: ConflationReason::SlowClient }))]
        {
            let head = Head {
                channel: "book",
                kind: "snapshot",
                stream: 1,
                symbol: Some(symbol.clone()),
                seq: 9,
                prev_seq,
                ts,
                conflated,
            };
            let (symbol, typed) = (symbol.clone(), data.clone());
            let snapshot = BookSnapshot { stream: 1, symbol, seq: 9, prev_seq, ts, conflated, data: typed };
            let typed = Update::Book(Book::Snapshot(snapshot));
            assert_eq!(head.encode(&Data::of(&data)), typed.encode());
        }
    }
}
