//! Door: where clients come in. Operators have one of their own.

/// A listener's kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Everyone's: what operators ask for is refused.
    Public,
    /// The operators', to which everyone else has no way.
    Admin,
}
