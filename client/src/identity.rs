//! Identity: who logs in, so that a connection that broke can log in again.

use crate::secret::Secret;

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Whoever has this key, which was registered for an account.
    Key(Secret),
    /// The account of this name, which a development server takes for granted.
    Dev(String),
}
