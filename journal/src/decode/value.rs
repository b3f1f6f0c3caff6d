//! Value: one field of a command, checked by its type's own constructor.

use engine::control::BandWidth;
use engine::delivery::slot::SlotNumber;
use engine::ids::{AccountId, DeliveryId, Digest, InstrumentId, MarketId, OrderId, PublicKey, Scopes};
use engine::key::{NETWORKS_MAX, Network, Networks};
use engine::label::Label;
use engine::order::{SessionId, Side};
use engine::stamp::Time;
use engine::symbol::{Name, Tier};
use engine::units::{Amount, Lots, Ppm, Price};

use crate::decode::Decoded;
use crate::fault::Rule;
use crate::reader::Reader;

/// A presence byte: 0 when nothing follows, 1 when the value does.
pub(crate) fn option<T>(
    from: &mut Reader<'_>,
    value: impl FnOnce(&mut Reader<'_>) -> Decoded<T>,
) -> Decoded<Option<T>> {
    if choice(from)? { value(from).map(Some) } else { Ok(None) }
}

/// One of several, by its place among them.
pub(crate) fn one_of<T: Copy, const N: usize>(from: &mut Reader<'_>, all: [T; N]) -> Decoded<T> {
    from.checked(Rule::Choice, |from| Ok(all.get(usize::from(from.byte()?)).copied()))
}

pub(crate) fn choice(from: &mut Reader<'_>) -> Decoded<bool> {
    one_of(from, [false, true])
}

pub(crate) fn side(from: &mut Reader<'_>) -> Decoded<Side> {
    one_of(from, [Side::Bid, Side::Ask])
}

pub(crate) fn tier(from: &mut Reader<'_>) -> Decoded<Tier> {
    one_of(from, [Tier::Firm, Tier::Interruptible])
}

pub(crate) fn account(from: &mut Reader<'_>) -> Decoded<AccountId> {
    from.word().map(AccountId)
}

pub(crate) fn instrument(from: &mut Reader<'_>) -> Decoded<InstrumentId> {
    from.word().map(InstrumentId)
}

pub(crate) fn market(from: &mut Reader<'_>) -> Decoded<MarketId> {
    from.word().map(MarketId)
}

pub(crate) fn delivery(from: &mut Reader<'_>) -> Decoded<DeliveryId> {
    from.word().map(DeliveryId)
}

pub(crate) fn slot(from: &mut Reader<'_>) -> Decoded<SlotNumber> {
    from.checked(Rule::Slot, |from| from.byte().map(|number| SlotNumber::new(number.into())))
}

pub(super) fn digest(from: &mut Reader<'_>) -> Decoded<Digest> {
    from.array().map(Digest)
}

pub(crate) fn order_id(from: &mut Reader<'_>) -> Decoded<OrderId> {
    from.long().map(OrderId::from_raw)
}

pub(crate) fn session(from: &mut Reader<'_>) -> Decoded<SessionId> {
    from.checked(Rule::Session, |from| from.word().map(|number| number.try_into().ok().map(SessionId)))
}

pub(crate) fn key(from: &mut Reader<'_>) -> Decoded<PublicKey> {
    from.array().map(PublicKey)
}

/// A time.
pub(crate) fn time(from: &mut Reader<'_>) -> Decoded<Time> {
    from.long().map(Time)
}

pub(crate) fn long(from: &mut Reader<'_>) -> Decoded<u64> {
    from.long()
}

pub(crate) fn amount(from: &mut Reader<'_>) -> Decoded<Amount> {
    from.long().map(Amount::new)
}

pub(crate) fn scopes(from: &mut Reader<'_>) -> Decoded<Scopes> {
    from.checked(Rule::Scopes, |from| from.byte().map(Scopes::from_bits))
}

/// A count, then so many networks, each once and in order: there is one way to write a set.
pub(super) fn networks(from: &mut Reader<'_>) -> Decoded<Networks> {
    from.checked(Rule::Networks, |from| {
        let count = usize::from(from.byte()?);
        if NETWORKS_MAX < count {
            return Ok(None);
        }
        let mut list = Vec::with_capacity(count);
        for _ in 0..count {
            let (address, bits) = (from.array()?, from.byte()?);
            list.extend(Network::new(address, bits));
        }
        let set = Networks::new(&list);
        Ok(set.filter(|set| list.len() == count && set.iter().eq(list.iter().copied())))
    })
}

pub(crate) fn label(from: &mut Reader<'_>) -> Decoded<Label> {
    from.checked(Rule::Label, |from| from.wide().map(Label::from_raw))
}

pub(crate) fn name<const N: usize>(from: &mut Reader<'_>) -> Decoded<Name<N>> {
    from.checked(Rule::Name, |from| from.array().map(Name::from_bytes))
}

pub(crate) fn price(from: &mut Reader<'_>) -> Decoded<Price> {
    from.checked(Rule::Price, |from| from.word().map(|ticks| Price::new(ticks.into())))
}

pub(crate) fn lots(from: &mut Reader<'_>) -> Decoded<Lots> {
    from.checked(Rule::Lots, |from| from.word().map(|lots| Lots::new(lots.into())))
}

pub(crate) fn fee(from: &mut Reader<'_>) -> Decoded<Ppm> {
    from.checked(Rule::Fee, |from| from.word().map(|parts| Ppm::new(parts.into())))
}

pub(crate) fn band(from: &mut Reader<'_>) -> Decoded<BandWidth> {
    from.checked(Rule::Band, |from| from.word().map(|parts| BandWidth::new(parts.into())))
}
