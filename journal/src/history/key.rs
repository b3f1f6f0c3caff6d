//! Key: where a part of the history stands, so that the order of keys is the order of what they lead to.

use engine::event::PrivateSequence;
use engine::ids::{AccountId, InstrumentId, TradeId};

/// Bytes of a key.
pub const KEY_BYTES: usize = 13;

/// Where a part of the history stands: with what it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// Private events of an account, from this one on.
    Events(AccountId, PrivateSequence),
    /// Those of them that are fills.
    Fills(AccountId, PrivateSequence),
    /// Trades of an instrument, from this one on.
    Trades(InstrumentId, TradeId),
    /// What an instrument is called.
    Symbol(InstrumentId),
}

impl Key {
    /// Its bytes: the kind, the owner, the first number; big-endian.
    pub fn bytes(self) -> [u8; KEY_BYTES] {
        let (kind, owner, first) = match self {
            Key::Events(account, first) => (1, account.0, first.0),
            Key::Fills(account, first) => (2, account.0, first.0),
            Key::Trades(instrument, first) => (3, instrument.0, first.0),
            Key::Symbol(instrument) => (4, instrument.0, 0),
        };
        let mut bytes = [kind; KEY_BYTES];
        bytes[1..5].copy_from_slice(&owner.to_be_bytes());
        bytes[5..].copy_from_slice(&first.to_be_bytes());
        bytes
    }

    /// Whether the bytes of another key lead to more of the same: kind and owner are equal.
    pub fn continues(self, other: &[u8]) -> bool {
        other.len() == KEY_BYTES && other[..5] == self.bytes()[..5]
    }
}
