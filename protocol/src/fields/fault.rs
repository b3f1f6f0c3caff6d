//! Fault: the error of the strict reader, gathering the path of the field at fault.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use crate::error::ErrorObject;
use crate::error_code::ErrorCode;
use crate::fields::excerpt;
use crate::suggest;

/// An error whose `field` is relative to the value being read.
#[derive(Debug)]
pub(crate) struct Fault(ErrorObject);

impl Fault {
    /// A string whose escapes make no text. The rest of JSON's rules held when the envelope was read.
    pub(crate) fn malformed() -> Fault {
        Fault(ErrorObject::new(ErrorCode::BadJson, "an escape here stands for no character"))
    }

    /// The error for the client.
    pub(crate) fn into_error(self) -> ErrorObject {
        self.0
    }

    /// The same fault seen from around `part`, which is a key or an index in brackets.
    pub(crate) fn inside(self, part: &str) -> Fault {
        let part = excerpt(part);
        let path = match &self.0.field {
            None => part.into_owned(),
            Some(rest) if rest.starts_with('[') => format!("{part}{rest}"),
            Some(rest) => format!("{part}.{rest}"),
        };
        Fault(self.0.with_field(path))
    }
}

/// The error for a field that the object does not have.
pub(crate) fn unknown_field(field: &str, known: &[&'static str]) -> ErrorObject {
    let message = match known {
        [] => "no such field, and none is expected".to_owned(),
        _ => format!("no such field; known are {}", known.join(", ")),
    };
    let error = ErrorObject::new(ErrorCode::UnknownField, message).with_field(excerpt(field));
    match suggest::did_you_mean(field, known.iter().copied()) {
        Some(meant) => error.with_suggestion(meant),
        None => error,
    }
}

impl Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Fault {
        Fault(ErrorObject::new(ErrorCode::BadValue, message.to_string()))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Fault {
        if found == Unexpected::Unit {
            return Fault(ErrorObject::new(ErrorCode::MissingField, format!("expected {}", plain(expected))));
        }
        let message = format!("expected {}, not {}", plain(expected), described(found));
        Fault(ErrorObject::new(ErrorCode::BadType, message))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Fault {
        let message = format!("expected {}, not {}", plain(expected), described(found));
        Fault(ErrorObject::new(ErrorCode::BadValue, message))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Fault {
        let choices: Vec<&str> = expected.iter().copied().filter(|choice| *choice != "unknown").collect();
        let message = format!("{:?} is none of {}", excerpt(variant), choices.join(", "));
        let error = ErrorObject::new(ErrorCode::BadValue, message);
        Fault(match suggest::did_you_mean(variant, choices) {
            Some(meant) => error.with_suggestion(meant),
            None => error,
        })
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Fault {
        Fault(unknown_field(field, expected))
    }

    fn missing_field(field: &'static str) -> Fault {
        Fault(ErrorObject::new(ErrorCode::MissingField, "this field is needed").with_field(field))
    }

    fn duplicate_field(field: &'static str) -> Fault {
        Fault(ErrorObject::new(ErrorCode::BadValue, "this field is given twice").with_field(field))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Fault {}

/// What a visitor expects, in the words of JSON instead of Rust's.
fn plain(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "u16" => "an integer from 0 to 65535".to_owned(),
        "u32" => "an integer from 0 to 4294967295".to_owned(),
        "u64" => "an integer of 64 bits, not negative".to_owned(),
        "a sequence" => "a list".to_owned(),
        _ if text.starts_with("struct ") => "an object".to_owned(),
        _ if text.starts_with("enum ") => "a string".to_owned(),
        _ => text,
    }
}

fn described(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(number) => number.to_string(),
        Unexpected::Signed(number) => number.to_string(),
        Unexpected::Str(text) => format!("{:?}", excerpt(text)),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "an object".to_owned(),
        other => other.to_string(),
    }
}
