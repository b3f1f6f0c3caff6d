//! Ids: what names what. Ids of different things are different types.

use std::fmt;

/// Turns a 32-bit position into an index. The one place where a number becomes an index.
#[allow(clippy::as_conversions, reason = "every supported platform has at least 32-bit indexes")]
pub const fn index(position: u32) -> usize {
    const { assert!(u32::BITS <= usize::BITS) }
    position as usize
}

/// Turns a length or index into a 32-bit position; panics above 2^32.
pub(crate) fn position(index: usize) -> u32 {
    u32::try_from(index).expect("every arena stays below 2^32 entries")
}

/// An account, numbered from 0 in order of opening. Account 0 is the operator's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub u32);

impl AccountId {
    /// The operator's account, opened by the founding command.
    pub const OPERATOR: AccountId = AccountId(0);
}

/// Accounts of one owner share a group; a group never trades with itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// A market: one (class, zone, tier), whose delivery windows are instruments. Numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarketId(pub u32);

/// A class of GPU, numbered from 0 in order of its first market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassId(pub u32);

/// An instrument: one delivery window of one market. Numbered from 0 in order of listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentId(pub u32);

/// An order, for ever: the slot it has in the arena and how often the slot was used before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId {
    generation: u32,
    slot: u32,
}

impl OrderId {
    /// The order that has `slot` in the slot's `generation`.
    pub const fn new(slot: u32, generation: u32) -> OrderId {
        OrderId { generation, slot }
    }

    /// The id whose number is `raw`, whether or not such an order exists.
    #[allow(clippy::as_conversions, reason = "splits a 64-bit number into its halves")]
    pub const fn from_raw(raw: u64) -> OrderId {
        OrderId { generation: (raw >> 32) as u32, slot: raw as u32 }
    }

    /// The id as one number.
    #[allow(clippy::as_conversions, reason = "joins two halves into a 64-bit number")]
    pub const fn raw(self) -> u64 {
        (self.generation as u64) << 32 | self.slot as u64
    }

    /// The order's place in the arena.
    pub const fn slot(self) -> u32 {
        self.slot
    }

    /// How often the slot was used before.
    pub const fn generation(self) -> u32 {
        self.generation
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "o_{:x}", self.raw())
    }
}

/// A trade's number within its instrument, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TradeId(pub u64);

/// A delivery: lots of one obligation, owed to one holder. Numbered from 0 in order of drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub u32);

/// The SHA-256 of evidence that is kept outside. The engine passes it on and never looks into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// An Ed25519 public key, as raw bytes. The engine only compares keys; signatures are verified outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// The first eight bytes, by which clients name the key; no two registered keys share them.
    pub fn first_bytes(&self) -> [u8; 8] {
        let mut first = [0; 8];
        first.copy_from_slice(&self.0[..8]);
        first
    }
}

/// What a key may do, as a set of flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// May do nothing.
    pub const NONE: Scopes = Scopes(0);
    /// May see the account's orders, fills and balances.
    pub const READ: Scopes = Scopes(1);
    /// May enter and reduce orders.
    pub const TRADE: Scopes = Scopes(2);
    /// May cancel orders.
    pub const CANCEL: Scopes = Scopes(4);
    /// May register capacity.
    pub const PROVIDE: Scopes = Scopes(8);
    /// May open accounts, register keys, confirm deposits and add markets.
    pub const ADMIN: Scopes = Scopes(16);
    /// May see what other accounts have and do.
    pub const AUDIT: Scopes = Scopes(32);
    /// May send credit to other accounts, and ask for it to be paid out.
    pub const TRANSFER: Scopes = Scopes(64);
    /// Everything.
    pub const ALL: Scopes = Scopes(127);

    /// Returns `None` when a bit has no meaning.
    pub fn from_bits(bits: u8) -> Option<Scopes> {
        (bits <= Scopes::ALL.0).then_some(Scopes(bits))
    }

    /// The set as bits.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Both sets together.
    pub const fn with(self, other: Scopes) -> Scopes {
        Scopes(self.0 | other.0)
    }

    /// Whether all of `other` is in this set.
    pub const fn contains(self, other: Scopes) -> bool {
        self.0 & other.0 == other.0
    }
}

wraps!(AccountId, GroupId, MarketId, ClassId, InstrumentId, TradeId, DeliveryId, PublicKey);
fields!(OrderId { generation, slot });
checked!(Scopes as u8, "scopes are known flags"; Scopes::bits, Scopes::from_bits);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_id_is_its_number() {
        let id = OrderId::new(7, 3);
        assert_eq!(OrderId::from_raw(id.raw()), id);
        assert_eq!(id.to_string(), "o_300000007");
    }

    #[test]
    fn scopes_are_sets() {
        let both = Scopes::READ.with(Scopes::CANCEL);
        assert!(both.contains(Scopes::READ) && !both.contains(Scopes::TRADE));
        assert_eq!(Scopes::from_bits(128), None);
    }
}
