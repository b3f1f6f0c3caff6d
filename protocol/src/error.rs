//! Error: what a reply says when a request failed.

use std::convert::Infallible;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error_code::{Category, ErrorCode};

/// The error of a reply. Programs route on `code`; `message` is for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorObject {
    /// What went wrong.
    pub code: ErrorCode,
    /// The part of the exchange that the code comes from.
    pub category: Category,
    /// One sentence without the field's name.
    pub message: Box<str>,
    /// Whether the same request, unchanged, may succeed later.
    pub retryable: bool,
    /// How long to wait before that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u32>,
    /// The field at fault, such as `price` or `subs[1].depth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<Box<str>>,
    /// Facts that a program may use, by code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Box<Value>>,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<Box<str>>,
}

impl ErrorObject {
    /// An error with the category and retryability of its code.
    pub fn new(code: ErrorCode, message: impl Into<Box<str>>) -> ErrorObject {
        ErrorObject {
            category: code.category(),
            retryable: code.retryable(),
            code,
            message: message.into(),
            retry_after_ms: None,
            field: None,
            details: None,
            suggestion: None,
        }
    }

    /// The same error, at `field`.
    pub fn with_field(mut self, field: impl Into<Box<str>>) -> ErrorObject {
        self.field = Some(field.into());
        self
    }

    /// The same error with facts for programs.
    pub fn with_details(mut self, details: Value) -> ErrorObject {
        self.details = Some(Box::new(details));
        self
    }

    /// The same error with what would be right.
    pub fn with_suggestion(mut self, suggestion: impl Into<Box<str>>) -> ErrorObject {
        self.suggestion = Some(suggestion.into());
        self
    }

    /// The same error with the wait before a retry.
    pub fn with_retry_after_ms(mut self, wait: u32) -> ErrorObject {
        self.retry_after_ms = Some(wait);
        self
    }
}

impl fmt::Display for ErrorObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(field) = &self.field {
            write!(f, " at {field}")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(suggestion) = &self.suggestion {
            write!(f, " ({suggestion})")?;
        }
        Ok(())
    }
}

impl std::error::Error for ErrorObject {}

impl From<Infallible> for ErrorObject {
    fn from(never: Infallible) -> ErrorObject {
        match never {}
    }
}
