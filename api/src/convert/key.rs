//! Keys on the wire: what bounds them, and addresses.

use std::net::IpAddr;

use engine::key::{KeyBounds, NETWORKS_MAX, Network, Networks};
use engine::stamp::Time;
use engine::units::Amount;
use engine::view::accounts::KeyView;
use protocol::decimal::{self, Scale};
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use protocol::key;
use protocol::signature::PublicKey;
use protocol::time;

use crate::convert::account::{amount, scopes};

/// Bits of an IPv4 address behind those that make it an IPv6 one.
const MAPPED_BITS: u8 = 96;

/// An address as the engine has it.
pub fn address(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(four) => four.to_ipv6_mapped().octets(),
        IpAddr::V6(six) => six.octets(),
    }
}

/// The bounds that `register_key` asks for.
pub fn bounds_asked(bounds: &key::KeyBounds) -> Result<KeyBounds, ErrorObject> {
    let key::KeyBounds { expires, addresses, order_notional } = bounds;
    let none = KeyBounds::NONE;
    let order_notional = order_notional.as_deref();
    let notional = order_notional.map(|text| decimal::parse(text, Scale::Amount, "order_notional"));
    Ok(KeyBounds {
        expires: expires.map_or(none.expires, |expires| Time(expires.ns())),
        order_notional: notional.transpose()?.map_or(none.order_notional, Amount::new),
        networks: networks(addresses)?,
    })
}

fn networks(addresses: &[String]) -> Result<Networks, ErrorObject> {
    let parsed = addresses.iter().enumerate().map(|(place, text)| {
        network(text).ok_or_else(|| {
            let message = "an address is written like 192.0.2.7 or 2001:db8::1, a network like 192.0.2.0/24, \
                           with nothing set behind its bits";
            ErrorObject::new(ErrorCode::BadValue, message).with_field(format!("addresses[{place}]"))
        })
    });
    let parsed = parsed.collect::<Result<Vec<Network>, ErrorObject>>()?;
    Networks::new(&parsed).ok_or_else(|| {
        let message = format!("a key has at most {NETWORKS_MAX} addresses and networks, each once");
        ErrorObject::new(ErrorCode::BadValue, message).with_field("addresses")
    })
}

fn network(text: &str) -> Option<Network> {
    let (host, bits) = match text.split_once('/') {
        Some((host, bits)) => (host, Some(bits.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let host: IpAddr = host.parse().ok()?;
    let (most, before) = if host.is_ipv4() { (32, MAPPED_BITS) } else { (128, 0) };
    let bits = bits.unwrap_or(most);
    if most < bits {
        return None;
    }
    Network::new(address(host), before + bits)
}

/// The bounds as the account is told of them: those that do not bound are left out.
pub fn bounds(bounds: &KeyBounds) -> key::KeyBounds {
    let &KeyBounds { expires, order_notional, networks } = bounds;
    let none = KeyBounds::NONE;
    key::KeyBounds {
        expires: (expires < none.expires).then(|| time::Time::from_ns(expires.0)),
        addresses: networks.iter().map(network_text).collect(),
        order_notional: (order_notional < none.order_notional).then(|| amount(order_notional)),
    }
}

/// A network as people write it: `10.0.0.0/8`, `2001:db8::/32`.
pub fn network_text(network: Network) -> String {
    let six = std::net::Ipv6Addr::from(network.address());
    match six.to_ipv4_mapped().filter(|_| MAPPED_BITS <= network.bits()) {
        Some(four) => format!("{four}/{}", network.bits() - MAPPED_BITS),
        None => format!("{six}/{}", network.bits()),
    }
}

/// A key as its account is told of it; `None` when its bytes are no point of the curve.
pub fn wire(view: &KeyView) -> Option<key::Key> {
    let public = PublicKey::from_bytes(&view.key.0)?;
    Some(key::Key {
        key_id: public.id(),
        key: public.text(),
        scopes: scopes(view.grant.scopes),
        bounds: bounds(&view.grant.bounds),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        let cases = [
            ("192.0.2.7", Some("192.0.2.7/32")),
            ("192.0.2.0/24", Some("192.0.2.0/24")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("2001:db8::/32", Some("2001:db8::/32")),
            ("::1", Some("::1/128")),
            ("::/0", Some("::/0")),
            ("192.0.2.7/24", None),
            ("192.0.2.0/33", None),
            ("2001:db8::/129", None),
            ("localhost", None),
            ("192.0.2.0/", None),
            ("", None),
        ];
        for (text, told) in cases {
            assert_eq!(network(text).map(network_text).as_deref(), told, "{text}");
        }
        let all = network("::/0").expect("it is a network");
        assert!(all.contains(address([192, 0, 2, 7].into())));
    }
}
