//! Invalid: why a file or a request is no good, by the field and the rule that it breaks.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// What is wrong with a model file, a prompt or terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Which field: a key, a tensor, an argument.
    pub field: String,
    /// What it is and what it must be.
    pub rule: Cow<'static, str>,
}

impl Invalid {
    pub(crate) fn new(field: impl Into<String>, rule: impl Into<Cow<'static, str>>) -> Invalid {
        Invalid { field: field.into(), rule: rule.into() }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A field may come from a hostile file.
        let field: String = self.field.chars().filter(|c| !c.is_control()).take(80).collect();
        write!(f, "{field} {}", self.rule)
    }
}

impl Error for Invalid {}
