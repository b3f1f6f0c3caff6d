//! Fields: an object of the export as it is made.

use engine::units::Amount;
use protocol::decimal::{self, Scale};
use serde_json::{Map, Value};

/// The field that says which command it is.
pub(super) const KIND: &str = "command";

/// Fields of an object.
#[derive(Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Fields {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn maybe<V: Into<Value>>(self, name: &str, value: Option<V>) -> Fields {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    pub(super) fn only_if(self, condition: bool, name: &str) -> Fields {
        if condition { self.with(name, true) } else { self }
    }

    /// The object.
    pub(super) fn object(self) -> Value {
        Value::Object(self.0)
    }
}

/// An amount as text, in CU.
pub(super) fn money(amount: Amount) -> String {
    decimal::print(amount.micro(), Scale::Amount)
}
