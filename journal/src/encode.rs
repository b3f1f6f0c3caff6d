//! Encode: commands to the bytes of a record. The other direction is `decode`.
//!
//! Everything is taken apart by name, so that a new field or variant does not compile until it is written here.

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId, PublicKey};
use engine::label::Label;
use engine::market::{MarketSpec, SelfTrade};
use engine::order::{NewOrder, OrderRef, TimeInForce};
use engine::stamp::Time;
use engine::symbol::Tier;
use engine::units::{Amount, Lots};

/// Appends `command`: its kind, then its fields in the order of their declaration.
pub(crate) fn command(bytes: &mut Vec<u8>, command: &Command) {
    let to = Writer(bytes);
    match *command {
        Command::Tick => to.byte(1),
        Command::Found { epoch, seed, operator } => to.byte(2).long(epoch).long(seed).key(operator),
        Command::OpenAccount { name, provider, joins } => {
            to.byte(3).label(name).choice(provider).option(joins, Writer::account)
        }
        Command::RegisterKey { account, key, scopes } => {
            to.byte(4).account(account).key(key).byte(scopes.bits())
        }
        Command::RevokeKey { key } => to.byte(5).key(key),
        Command::Deposit { account, amount, reference } => {
            to.byte(6).account(account).amount(amount).label(reference)
        }
        Command::AddMarket(spec) => to.byte(7).market(spec),
        Command::SetCapacity { account, instrument, lots } => {
            to.byte(8).account(account).instrument(instrument).lots(lots)
        }
        Command::PlaceOrder(order) => to.byte(9).new_order(order),
        Command::CancelOrder { account, order } => to.byte(10).account(account).order_ref(order),
        Command::ReduceOrder { account, order, by } => to.byte(11).account(account).order_ref(order).lots(by),
        Command::CancelAll { account, instrument } => {
            to.byte(12).account(account).option(instrument, Writer::instrument)
        }
    };
}

/// Appends a time.
pub(crate) fn time(bytes: &mut Vec<u8>, time: Time) {
    Writer(bytes).time(time);
}

/// The end of the bytes. Numbers are little-endian.
struct Writer<'a>(&'a mut Vec<u8>);

impl Writer<'_> {
    fn raw(self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn byte(self, byte: u8) -> Self {
        self.raw(&[byte])
    }

    fn word(self, number: u32) -> Self {
        self.raw(&number.to_le_bytes())
    }

    fn long(self, number: u64) -> Self {
        self.raw(&number.to_le_bytes())
    }

    fn choice(self, second: bool) -> Self {
        self.byte(second.into())
    }

    /// A presence byte: 0 when nothing follows, 1 when the value does.
    fn option<T>(self, value: Option<T>, write: impl FnOnce(Self, T) -> Self) -> Self {
        let to = self.choice(value.is_some());
        match value {
            Some(value) => write(to, value),
            None => to,
        }
    }

    fn account(self, account: AccountId) -> Self {
        self.word(account.0)
    }

    fn instrument(self, instrument: InstrumentId) -> Self {
        self.word(instrument.0)
    }

    fn key(self, key: PublicKey) -> Self {
        self.raw(&key.0)
    }

    fn label(self, label: Label) -> Self {
        self.raw(&label.raw().to_le_bytes())
    }

    fn time(self, time: Time) -> Self {
        self.long(time.0)
    }

    fn amount(self, amount: Amount) -> Self {
        self.long(amount.micro())
    }

    fn lots(self, lots: Lots) -> Self {
        self.word(lots.count())
    }

    fn order_ref(self, order: OrderRef) -> Self {
        match order {
            OrderRef::Id(id) => self.choice(false).long(id.raw()),
            OrderRef::Client(label) => self.choice(true).label(label),
        }
    }

    fn market(self, spec: MarketSpec) -> Self {
        let MarketSpec {
            bond,
            class,
            zone,
            tier,
            self_trade,
            window_seconds,
            windows,
            gate_seconds,
            maker_fee,
            taker_fee,
        } = spec;
        let interruptible = match tier {
            Tier::Firm => false,
            Tier::Interruptible => true,
        };
        let allowed = match self_trade {
            SelfTrade::Prevented => false,
            SelfTrade::Allowed => true,
        };
        let to = self.amount(bond).raw(class.bytes()).raw(zone.bytes()).choice(interruptible).choice(allowed);
        to.word(window_seconds)
            .word(windows)
            .word(gate_seconds)
            .word(maker_fee.parts())
            .word(taker_fee.parts())
    }

    fn new_order(self, order: NewOrder) -> Self {
        let NewOrder { account, instrument, side, time_in_force, limit, lots, client, deadline } = order;
        let immediate = match time_in_force {
            TimeInForce::GoodTillGate => false,
            TimeInForce::ImmediateOrCancel => true,
        };
        let to = self.account(account).instrument(instrument).byte(side.number()).choice(immediate);
        let to = to.word(limit.ticks()).lots(lots);
        to.option(client, Writer::label).option(deadline, Writer::time)
    }
}
