//! Key: from where, until when and for how much a key may act.
//!
//! The engine keeps these bounds, so that they are journaled, survive a restart and are part of its state. It does not
//! apply them: a command does not say which key signed it. Whoever verifies signatures does.

use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, Taken};
use crate::stamp::Time;
use crate::units::Amount;

/// The most networks that a key may be bound to.
pub const NETWORKS_MAX: usize = 4;
/// Bits of an address.
const ADDRESS_BITS: u8 = 128;

/// Addresses that begin with the same bits. IPv4 addresses stand as IPv6 ones, behind `::ffff:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: [u8; 16],
    bits: u8,
}

impl Network {
    /// Stands where no network is meant.
    const NONE: Network = Network { address: [0; 16], bits: u8::MAX };

    /// Returns `None` unless `bits <= 128` and `address` has none set behind them.
    pub fn new(address: [u8; 16], bits: u8) -> Option<Network> {
        let network = Network { address, bits };
        (bits <= ADDRESS_BITS && network.masked(address) == address).then_some(network)
    }

    /// The first address.
    pub const fn address(&self) -> [u8; 16] {
        self.address
    }

    /// How many bits are the same, from 0 to 128.
    pub const fn bits(&self) -> u8 {
        self.bits
    }

    /// Whether an address is one of these.
    pub fn contains(&self, address: [u8; 16]) -> bool {
        self.masked(address) == self.address
    }

    fn masked(&self, address: [u8; 16]) -> [u8; 16] {
        let free = u32::from(ADDRESS_BITS.saturating_sub(self.bits));
        let mask = u128::MAX.checked_shl(free).unwrap_or(0);
        (u128::from_be_bytes(address) & mask).to_be_bytes()
    }
}

/// Networks, each once, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Networks([Network; NETWORKS_MAX]);

impl Networks {
    /// No network: every address will do.
    pub const ANY: Networks = Networks([Network::NONE; NETWORKS_MAX]);

    /// Returns `None` when there are more than [`NETWORKS_MAX`], or one twice.
    pub fn new(networks: &[Network]) -> Option<Networks> {
        let mut list = Networks::ANY;
        list.0.get_mut(..networks.len())?.copy_from_slice(networks);
        list.0.sort_unstable_by_key(|network| (network.bits == u8::MAX, *network));
        let mut sorted = list.iter().zip(list.iter().skip(1));
        sorted.all(|(one, other)| one != other).then_some(list)
    }

    /// The networks, in order.
    pub fn iter(&self) -> impl Iterator<Item = Network> {
        self.0.into_iter().take_while(|network| network.bits <= ADDRESS_BITS)
    }

    /// Whether an address is in one of them, or there are none.
    pub fn admit(&self, address: [u8; 16]) -> bool {
        self.iter().next().is_none() || self.iter().any(|network| network.contains(address))
    }

    /// These and one more; the list has room for it.
    pub(crate) fn with(&self, network: Network) -> Networks {
        let all: Vec<Network> = self.iter().chain([network]).collect();
        Networks::new(&all).expect("a key is told of each of its networks once")
    }
}

/// Bounds of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyBounds {
    /// Its last moment; [`KeyBounds::NONE`] says how for ever is written.
    pub expires: Time,
    /// The most that one order may come to at its limit.
    pub order_notional: Amount,
    /// From where it may act.
    pub networks: Networks,
}

impl KeyBounds {
    /// For ever, for any amount, from everywhere.
    pub const NONE: KeyBounds =
        KeyBounds { expires: Time(u64::MAX), order_notional: Amount::SUPPLY_MAX, networks: Networks::ANY };
}

const NETWORK: &str = "a network's bits are at most 128, and none is set behind them";
const NETWORKS: &str = "a key has at most 4 networks, each once and in order";

impl Image for Network {
    fn put(&self, to: &mut ImageWriter<'_>) {
        self.address.put(to);
        self.bits.put(to);
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<Network> {
        let broken = from.fault(NETWORK);
        let (address, bits) = (Image::take(from)?, Image::take(from)?);
        Network::new(address, bits).ok_or(broken)
    }
}

impl Image for Networks {
    fn put(&self, to: &mut ImageWriter<'_>) {
        let networks: Vec<Network> = self.iter().collect();
        to.list(networks.iter());
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<Networks> {
        let broken = from.fault(NETWORKS);
        let list = Vec::<Network>::take(from)?;
        let set = Networks::new(&list).filter(|set| set.iter().eq(list.iter().copied()));
        set.ok_or(broken)
    }
}

fields!(KeyBounds { expires, order_notional, networks });

#[cfg(test)]
mod tests {
    use super::*;

    fn ip4(last: [u8; 4], bits: u8) -> Option<Network> {
        let mut address = [0; 16];
        address[10..12].fill(0xff);
        address[12..].copy_from_slice(&last);
        Network::new(address, 96 + bits)
    }

    #[test]
    fn a_network_is_what_its_bits_say() {
        let office = ip4([10, 1, 0, 0], 16).unwrap();
        let inside = ip4([10, 1, 255, 7], 32).unwrap();
        let outside = ip4([10, 2, 0, 0], 32).unwrap();
        assert!(office.contains(inside.address()) && !office.contains(outside.address()));
        let all = Network::new([0; 16], 0).unwrap();
        assert!(all.contains([0xff; 16]));
        assert_eq!((ip4([10, 1, 0, 1], 16), Network::new([0; 16], 129)), (None, None));
    }

    #[test]
    fn networks_are_a_set() {
        let one = |last: u8| ip4([10, 0, 0, last], 32).unwrap();
        assert!(Networks::ANY.admit([7; 16]));
        let both = Networks::new(&[one(2), one(1)]).unwrap();
        assert_eq!(both, Networks::ANY.with(one(1)).with(one(2)));
        assert!(both.admit(one(1).address()) && !both.admit(one(3).address()));
        assert_eq!(Networks::new(&[one(1), one(1)]), None);
        assert_eq!(Networks::new(&[1, 2, 3, 4, 5].map(one)), None);
    }
}
