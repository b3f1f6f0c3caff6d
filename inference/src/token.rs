//! Token: a piece of text, by its number in the model's vocabulary.

/// A token of some model's vocabulary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Token(pub u32);
