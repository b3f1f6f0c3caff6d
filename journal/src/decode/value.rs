//! Value: one field of a command, checked by its type's own constructor.

use engine::control::BandWidth;
use engine::delivery::slot::SlotNumber;
use engine::ids::{AccountId, DeliveryId, Digest, InstrumentId, MarketId, OrderId, PublicKey, Scopes};
use engine::label::Label;
use engine::order::{SessionId, Side};
use engine::stamp::Time;
use engine::symbol::{Name, Tier};
use engine::units::{Amount, Lots, Ppm, Price};

use crate::decode::Decoded;
use crate::fault::Rule;
use crate::reader::Reader;

/// A presence byte: 0 when nothing follows, 1 when the value does.
pub(super) fn option<T>(
    from: &mut Reader<'_>,
    value: impl FnOnce(&mut Reader<'_>) -> Decoded<T>,
) -> Decoded<Option<T>> {
    if choice(from)? { value(from).map(Some) } else { Ok(None) }
}

/// One of several, by its place among them.
pub(super) fn one_of<T: Copy, const N: usize>(from: &mut Reader<'_>, all: [T; N]) -> Decoded<T> {
    from.checked(Rule::Choice, |from| Ok(all.get(usize::from(from.byte()?)).copied()))
}

pub(super) fn choice(from: &mut Reader<'_>) -> Decoded<bool> {
    one_of(from, [false, true])
}

pub(super) fn side(from: &mut Reader<'_>) -> Decoded<Side> {
    one_of(from, [Side::Bid, Side::Ask])
}

pub(super) fn tier(from: &mut Reader<'_>) -> Decoded<Tier> {
    one_of(from, [Tier::Firm, Tier::Interruptible])
}

pub(super) fn account(from: &mut Reader<'_>) -> Decoded<AccountId> {
    from.word().map(AccountId)
}

pub(super) fn instrument(from: &mut Reader<'_>) -> Decoded<InstrumentId> {
    from.word().map(InstrumentId)
}

pub(super) fn market(from: &mut Reader<'_>) -> Decoded<MarketId> {
    from.word().map(MarketId)
}

pub(super) fn delivery(from: &mut Reader<'_>) -> Decoded<DeliveryId> {
    from.word().map(DeliveryId)
}

pub(super) fn slot(from: &mut Reader<'_>) -> Decoded<SlotNumber> {
    from.checked(Rule::Slot, |from| from.byte().map(|number| SlotNumber::new(number.into())))
}

pub(super) fn digest(from: &mut Reader<'_>) -> Decoded<Digest> {
    from.array().map(Digest)
}

pub(super) fn order_id(from: &mut Reader<'_>) -> Decoded<OrderId> {
    from.long().map(OrderId::from_raw)
}

pub(super) fn session(from: &mut Reader<'_>) -> Decoded<SessionId> {
    from.checked(Rule::Session, |from| from.word().map(|number| number.try_into().ok().map(SessionId)))
}

pub(super) fn key(from: &mut Reader<'_>) -> Decoded<PublicKey> {
    from.array().map(PublicKey)
}

/// A time.
pub(crate) fn time(from: &mut Reader<'_>) -> Decoded<Time> {
    from.long().map(Time)
}

pub(super) fn long(from: &mut Reader<'_>) -> Decoded<u64> {
    from.long()
}

pub(super) fn amount(from: &mut Reader<'_>) -> Decoded<Amount> {
    from.long().map(Amount::new)
}

pub(super) fn scopes(from: &mut Reader<'_>) -> Decoded<Scopes> {
    from.checked(Rule::Scopes, |from| from.byte().map(Scopes::from_bits))
}

pub(super) fn label(from: &mut Reader<'_>) -> Decoded<Label> {
    from.checked(Rule::Label, |from| from.wide().map(Label::from_raw))
}

pub(super) fn name<const N: usize>(from: &mut Reader<'_>) -> Decoded<Name<N>> {
    from.checked(Rule::Name, |from| from.array().map(Name::from_bytes))
}

pub(super) fn price(from: &mut Reader<'_>) -> Decoded<Price> {
    from.checked(Rule::Price, |from| from.word().map(|ticks| Price::new(ticks.into())))
}

pub(super) fn lots(from: &mut Reader<'_>) -> Decoded<Lots> {
    from.checked(Rule::Lots, |from| from.word().map(|lots| Lots::new(lots.into())))
}

pub(super) fn fee(from: &mut Reader<'_>) -> Decoded<Ppm> {
    from.checked(Rule::Fee, |from| from.word().map(|parts| Ppm::new(parts.into())))
}

pub(super) fn band(from: &mut Reader<'_>) -> Decoded<BandWidth> {
    from.checked(Rule::Band, |from| from.word().map(|parts| BandWidth::new(parts.into())))
}
