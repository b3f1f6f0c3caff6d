//! Writer: puts plain numbers and single values at the end of a record's bytes. The other direction is `reader`.

use engine::ids::{AccountId, InstrumentId, MarketId, PublicKey};
use engine::label::Label;
use engine::order::SessionId;
use engine::stamp::Time;
use engine::units::{Amount, Lots, Price};

/// The end of the bytes. Numbers are little-endian.
pub(crate) struct Writer<'a>(pub(crate) &'a mut Vec<u8>);

impl Writer<'_> {
    pub(crate) fn raw(self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn byte(self, byte: u8) -> Self {
        self.raw(&[byte])
    }

    pub(crate) fn word(self, number: u32) -> Self {
        self.raw(&number.to_le_bytes())
    }

    pub(crate) fn long(self, number: u64) -> Self {
        self.raw(&number.to_le_bytes())
    }

    pub(crate) fn choice(self, second: bool) -> Self {
        self.byte(second.into())
    }

    /// A presence byte: 0 when nothing follows, 1 when the value does.
    pub(crate) fn option<T>(self, value: Option<T>, write: impl FnOnce(Self, T) -> Self) -> Self {
        let to = self.choice(value.is_some());
        match value {
            Some(value) => write(to, value),
            None => to,
        }
    }

    pub(crate) fn account(self, account: AccountId) -> Self {
        self.word(account.0)
    }

    pub(crate) fn instrument(self, instrument: InstrumentId) -> Self {
        self.word(instrument.0)
    }

    pub(crate) fn market(self, market: MarketId) -> Self {
        self.word(market.0)
    }

    pub(crate) fn session(self, session: SessionId) -> Self {
        self.word(session.0.get())
    }

    pub(crate) fn key(self, key: PublicKey) -> Self {
        self.raw(&key.0)
    }

    pub(crate) fn label(self, label: Label) -> Self {
        self.raw(&label.raw().to_le_bytes())
    }

    pub(crate) fn time(self, time: Time) -> Self {
        self.long(time.0)
    }

    pub(crate) fn amount(self, amount: Amount) -> Self {
        self.long(amount.micro())
    }

    pub(crate) fn price(self, price: Price) -> Self {
        self.word(price.ticks())
    }

    pub(crate) fn lots(self, lots: Lots) -> Self {
        self.word(lots.count())
    }
}
