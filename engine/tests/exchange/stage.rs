//! Stage: who and what there is before anything happens, and what may be added later.

use engine::ids::PublicKey;
use engine::key::{KeyBounds, Network, Networks};
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::stamp::Time;
use engine::symbol::{ClassName, Tier, ZoneName};
use engine::units::{Amount, Ppm};

/// Who trades: the name, whether it is a provider, whose group it joins, and its first deposit in micro-CU. The last has
/// enough for the largest order there is.
pub(crate) const TRADERS: [(&str, bool, Option<u32>, u64); 8] = [
    ("ann", false, None, 8_000_000),
    ("bob", false, None, 8_000_000),
    ("cyd", false, Some(2), 900_000),
    ("pat", true, None, 8_000_000),
    ("quin", true, None, 8_000_000),
    ("ray", true, Some(1), 5_000_000),
    ("sue", true, None, 120_000),
    ("tom", true, None, 3_000_000_000_000_000_000),
];

pub(crate) fn label(text: &str) -> Label {
    Label::new(text).expect("it is a label")
}

/// How many keys come and go.
pub(crate) const KEYS: u8 = 6;

/// Keys 0 and 1, 2 and 3, 4 and 5 share their first eight bytes.
pub(crate) fn key(number: u8) -> PublicKey {
    let mut key = [number / 2; 32];
    key[31] = number;
    PublicKey(key)
}

/// Every other key is bound to two networks, for a time and an amount.
pub(crate) fn bounds(number: u8) -> KeyBounds {
    let network = |first: u8| Network::new([first; 16], 128).expect("it is a network");
    let networks = Networks::new(&[network(number), network(9)]).expect("they differ");
    match number % 2 {
        0 => KeyBounds::NONE,
        _ => KeyBounds { expires: Time(number.into()), order_notional: Amount::new(5), networks },
    }
}

pub(crate) fn class(number: u8) -> ClassName {
    let names = ["H100SXM", "B200", "A100", "NONE"];
    ClassName::new(names[usize::from(number) % names.len()]).expect("it is a name")
}

pub(crate) fn zone(number: u8) -> ZoneName {
    let names = ["US-E", "EU-W", "AP-S", "MOON"];
    ZoneName::new(names[usize::from(number) % names.len()]).expect("it is a name")
}

fn rate(parts: u64) -> Ppm {
    Ppm::new(parts).expect("it is a rate")
}

/// The markets that there are: a plain one; one in which a group may trade with itself, and fees are as high as they may
/// be; one whose bond is the reference rate; one that trades just about 24 windows ahead, where trades cease to
/// count, and in which a group may trade with itself too.
pub(crate) fn markets() -> [MarketSpec; 4] {
    let first = MarketSpec {
        bond: Amount::new(3_333),
        class: class(0),
        zone: zone(0),
        tier: Tier::Firm,
        self_trade: SelfTrade::Prevented,
        bond_rule: BondRule::Fixed,
        window_seconds: 600,
        windows: 2,
        windows_ahead: 1,
        gate_seconds: 60,
        maker_fee: rate(200),
        taker_fee: rate(537),
    };
    let second = MarketSpec {
        bond: Amount::new(0),
        class: class(1),
        tier: Tier::Interruptible,
        self_trade: SelfTrade::Allowed,
        windows: 1,
        windows_ahead: 0,
        gate_seconds: 0,
        maker_fee: rate(100_000),
        taker_fee: rate(77_777),
        ..first
    };
    let third = MarketSpec {
        bond: Amount::new(2_000),
        zone: zone(1),
        bond_rule: BondRule::Reference,
        windows_ahead: 2,
        gate_seconds: 0,
        maker_fee: rate(0),
        taker_fee: rate(250),
        ..first
    };
    let fourth = MarketSpec {
        bond: Amount::new(500),
        zone: zone(2),
        self_trade: SelfTrade::Allowed,
        windows: 1,
        windows_ahead: 0,
        gate_seconds: 14_000,
        ..first
    };
    [first, second, third, fourth]
}

/// A market that somebody adds later: most are there already, or cannot be.
pub(crate) fn market(number: u8) -> MarketSpec {
    let first = markets()[0];
    let other = MarketSpec { class: class(2), ..first };
    match number {
        0 => first,
        1 => MarketSpec { tier: Tier::Interruptible, windows: 1, windows_ahead: 0, ..first },
        2 => MarketSpec { window_seconds: 1_200, windows: 1, gate_seconds: 1_500, ..other },
        3 => MarketSpec { window_seconds: 1_200, zone: zone(3), ..first },
        4 => MarketSpec { window_seconds: 0, ..other },
        5 => MarketSpec { window_seconds: 90, ..other },
        6 => MarketSpec { window_seconds: 86_460, ..other },
        7 => MarketSpec { windows: 0, ..other },
        8 => MarketSpec { windows: 600, windows_ahead: 73, ..other },
        9 => MarketSpec { windows: u32::MAX, windows_ahead: u32::MAX, ..other },
        10 => MarketSpec { gate_seconds: 86_401, ..other },
        11 => MarketSpec { bond: Amount::new(100_000_000_001), ..other },
        12 => MarketSpec { windows: 0, ..first },
        _ => markets()[1],
    }
}
