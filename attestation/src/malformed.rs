//! Malformed: why bytes are no object, by field and rule.

use std::error::Error;
use std::fmt;

/// Why bytes were refused. Says which field, and what would have been right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// The kind of object: `assign`.
    pub object: &'static str,
    /// The field that breaks its rule: `top_k`.
    pub field: &'static str,
    /// The rule, as a phrase: `1 to 65,536`.
    pub rule: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}: {}", self.object, self.field, self.rule)
    }
}

impl Error for Malformed {}
