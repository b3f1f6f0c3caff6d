//! Random: commands of every kind, so that the auditor meets whatever an exchange may rightly do.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use engine::command::Command;
use engine::control::{AccountLimits, BandWidth, KillTarget, MarketLimits, ModeScope, TradingMode};
use engine::ending::CancelReason;
use engine::event::{Event, ReduceReason};
use engine::ids::{AccountId, InstrumentId, MarketId, OrderId};
use engine::index::mix64;
use engine::label::Label;
use engine::order::{
    Amendment, NewOrder, OrderKind, OrderRef, SelfTradePrevention, SessionId, Side, TimeInForce,
};
use engine::order_filter::OrderFilter;
use engine::stamp::Time;
use engine::units::{Amount, Lots};

use crate::desk::{Desk, EVERYBODY, client, lots, price};

/// What happened in all runs together: a run in which nothing happens proves nothing.
#[derive(Debug, Default)]
pub(crate) struct Seen(BTreeSet<String>);

/// One run.
pub(crate) struct Random {
    desk: Desk,
    state: u64,
    clients: u64,
    orders: Vec<(AccountId, OrderId)>,
    sent: Vec<Command>,
    /// The last batch, and whose it was.
    batch: Option<(AccountId, Vec<Command>)>,
    pub(crate) seen: Seen,
}

impl Seen {
    pub(crate) fn add(&mut self, other: &Seen) {
        self.0.extend(other.0.iter().cloned());
    }

    fn note(&mut self, event: &Event) {
        self.0.insert(match event {
            Event::OrderCanceled { reason, .. } => format!("Canceled {reason:?}"),
            Event::OrderReduced { reason, .. } => format!("Reduced {reason:?}"),
            Event::OrderAmended { kept, .. } => format!("Amended {kept}"),
            other => format!("{other:?}").split(' ').next().unwrap().to_owned(),
        });
    }

    /// Every kind of thing was met that the auditor keeps books of.
    pub(crate) fn assert_all(&self) {
        let reasons = [
            CancelReason::User,
            CancelReason::All,
            CancelReason::Immediate,
            CancelReason::SelfTrade,
            CancelReason::Gate,
            CancelReason::Expired,
            CancelReason::Session,
            CancelReason::DeadMan,
            CancelReason::Kill,
            CancelReason::PriceBand,
        ];
        let mut expected: Vec<String> = reasons.iter().map(|reason| format!("Canceled {reason:?}")).collect();
        expected.extend(
            [ReduceReason::User, ReduceReason::SelfTrade].map(|reason| format!("Reduced {reason:?}")),
        );
        let others = [
            "Amended true",
            "Amended false",
            "Traded",
            "OrderRepeated",
            "BatchStep",
            "BatchRefused",
            "Transferred",
            "RedemptionBegun",
            "RedemptionEnded",
            "PaymentRepeated",
            "DeliveryDrawn",
            "InstrumentDelivering",
            "InstrumentSettled",
            "ReferencePublished",
        ];
        expected.extend(others.map(str::to_owned));
        let missing: Vec<&String> = expected.iter().filter(|name| !self.0.contains(*name)).collect();
        assert!(missing.is_empty(), "nothing of this happened: {missing:?}");
    }
}

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        let (orders, sent) = (Vec::new(), Vec::new());
        let (desk, seen) = (Desk::open(), Seen::default());
        Random { desk, state: seed << 32, clients: 0, orders, sent, batch: None, seen }
    }

    fn below(&mut self, below: u64) -> u64 {
        self.state += 1;
        mix64(11, self.state) % below
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len().try_into().unwrap())).unwrap()]
    }

    /// Asks so much, and nothing may be found wrong.
    pub(crate) fn play(&mut self, commands: usize) {
        for number in 0..commands {
            if self.below(20) == 0 {
                self.ask_batch();
            } else {
                let command = self.command();
                self.ask(command);
                self.sent.push(command);
            }
            // Mostly little time passes; now and then a gate closes.
            if number.is_multiple_of(700) {
                self.desk.now = self.desk.now.after(1_800 * Time::SECOND);
                self.ask(Command::Tick);
                self.desk.register();
            } else if self.below(40) == 0 {
                self.desk.now = self.desk.now.after(Time::SECOND);
            }
            while let Some(instrument) = self.desk.exchange.next_draw() {
                let seed = self.below(1_000);
                self.ask(Command::Draw { instrument, seed });
                self.ask(Command::Tick);
            }
            if number.is_multiple_of(500) {
                self.desk.exchange.assert_sound();
            }
        }
    }

    /// Asks, and nothing may be found wrong.
    fn ask(&mut self, command: Command) {
        let events = self.desk.ask(command);
        self.hear(&[command], &events);
    }

    /// Asks for changes that happen all together or not at all; mostly new ones, else some that were asked for.
    fn ask_batch(&mut self) {
        let (account, changes) = match self.batch.take() {
            Some(last) if self.below(4) == 0 => last,
            _ => self.new_batch(),
        };
        let events = self.desk.doctored_batch(account, &changes, |_| {});
        self.hear(&changes, &events);
        self.batch = Some((account, changes));
    }

    /// Orders of an account, and cancels of what may be its own.
    fn new_batch(&mut self) -> (AccountId, Vec<Command>) {
        let account = self.one(&EVERYBODY);
        let changes = (0..1 + self.below(5)).map(|_| {
            if self.below(3) != 0 {
                return Command::PlaceOrder(self.order(account));
            }
            Command::CancelOrder { account, order: self.meant().1 }
        });
        (account, changes.collect())
    }

    fn hear(&mut self, asked: &[Command], events: &[Event]) {
        assert_eq!(self.desk.auditor.findings().first(), [], "after {asked:?}: {events:?}");
        for event in events.iter().chain(&self.desk.ticked) {
            self.seen.note(event);
            if let Event::OrderAccepted { account, order, .. } = *event {
                self.orders.push((account, order));
            }
        }
    }

    fn command(&mut self) -> Command {
        let account = self.one(&EVERYBODY);
        let reason = Label::new("why").unwrap();
        match self.below(100) {
            0..52 => Command::PlaceOrder(self.order(account)),
            52..66 => self.amendment(),
            66..75 => {
                let (account, order) = self.meant();
                Command::CancelOrder { account, order }
            }
            75..82 => {
                let (account, order) = self.meant();
                Command::ReduceOrder { account, order, by: lots(self.below(12)) }
            }
            82..92 => {
                let back = usize::try_from(self.below(60)).unwrap();
                let again = self.sent.iter().rev().nth(back).copied();
                match again {
                    Some(again @ (Command::PlaceOrder(_) | Command::AmendOrder(_))) => again,
                    Some(again @ (Command::Transfer { .. } | Command::Redeem { .. })) => again,
                    _ => Command::PlaceOrder(self.order(account)),
                }
            }
            92 => {
                let side = Some(self.one(&[Side::Bid, Side::Ask]));
                Command::CancelAll { account, only: OrderFilter { side, ..OrderFilter::default() } }
            }
            93 => Command::CancelAfter { account, after: Some(self.below(5) * Time::SECOND) },
            94 => Command::EndSession { account, session: SessionId(NonZeroU32::MIN) },
            95 => {
                let instrument = self.instrument();
                Command::SetCapacity { account, instrument, lots: lots(self.below(900)) }
            }
            96 => {
                let band = self.one(&[BandWidth::new(4_000), BandWidth::new(20_000), None]);
                let limits = MarketLimits { band, ..MarketLimits::NONE };
                Command::SetMarketLimits { market: MarketId(0), limits, reason }
            }
            97 => {
                let mode = self.one(&[TradingMode::Open, TradingMode::Open, TradingMode::PostOnly]);
                Command::SetMode { scope: ModeScope::Venue, mode, reason }
            }
            98 if self.below(6) == 0 => Command::Kill { target: KillTarget::Account(account), reason },
            98 => {
                let limits = AccountLimits { open_orders: 60, ..AccountLimits::NONE };
                Command::SetAccountLimits { account, limits, reason }
            }
            _ if self.below(2) == 0 => self.payment(account),
            _ => Command::SetLock { account, locked: false, reason },
        }
    }

    /// Credit that is sent, set aside, or no longer set aside. References are few, so that some are used again.
    fn payment(&mut self, account: AccountId) -> Command {
        let (amount, reference) = (Amount::new(1 + self.below(3)), client(self.below(30)));
        match self.below(3) {
            0 => Command::Transfer { account, to: self.one(&EVERYBODY), amount, reference },
            1 => Command::Redeem { account, amount, reference },
            _ => Command::EndRedemption { account, reference, paid: self.below(2) == 0 },
        }
    }

    /// A window that is likely open.
    fn instrument(&mut self) -> InstrumentId {
        let open: Vec<InstrumentId> = (0..self.desk.exchange.instruments())
            .map(|number| InstrumentId(u32::try_from(number).unwrap()))
            .filter(|instrument| self.desk.exchange.instrument(*instrument).unwrap().trades_at(self.desk.now))
            .collect();
        if open.is_empty() { InstrumentId(0) } else { self.one(&open) }
    }

    fn order(&mut self, account: AccountId) -> NewOrder {
        let instrument = self.instrument();
        let side = self.one(&[Side::Bid, Side::Ask]);
        let ticks = 1_000 + self.below(24) - if side == Side::Bid { 8 } else { 0 };
        let count = 1 + self.below(30);
        let rests = self.below(4) != 0;
        let date = TimeInForce::GoodTillDate(self.desk.now.after(self.below(8) * Time::SECOND));
        let waits = if rests {
            [TimeInForce::GoodTillGate, TimeInForce::GoodTillGate, date]
        } else {
            [TimeInForce::ImmediateOrCancel, TimeInForce::ImmediateOrCancel, TimeInForce::FillOrKill]
        };
        let kinds = if rests {
            [OrderKind::Limit, OrderKind::Limit, OrderKind::PostOnly, OrderKind::PostOnlySlide]
        } else {
            [OrderKind::Limit, OrderKind::Limit, OrderKind::Market, OrderKind::Market]
        };
        let preventions = [
            SelfTradePrevention::CancelNewest,
            SelfTradePrevention::CancelOldest,
            SelfTradePrevention::CancelBoth,
            SelfTradePrevention::Decrement,
        ];
        let shown = (rests && self.below(3) == 0).then(|| lots(1 + self.below(6)));
        NewOrder {
            kind: self.one(&kinds),
            time_in_force: self.one(&waits),
            prevention: self.one(&preventions),
            shown,
            minimum: if self.below(12) == 0 { lots(self.below(4)) } else { Lots::ZERO },
            client: (self.below(3) != 0).then(|| self.client()),
            session: (self.below(5) == 0).then_some(SessionId(NonZeroU32::MIN)),
            ..NewOrder::limit(account, instrument, side, (lots(count), price(ticks)))
        }
    }

    /// An id, mostly new.
    fn client(&mut self) -> Label {
        if self.below(15) == 0 && 0 < self.clients {
            return client(self.below(self.clients));
        }
        self.clients += 1;
        client(self.clients - 1)
    }

    /// One of the last orders, mostly by its owner.
    fn meant(&mut self) -> (AccountId, OrderRef) {
        let back = usize::try_from(self.below(30)).unwrap();
        let stranger = self.one(&EVERYBODY);
        let Some((account, order)) = self.orders.iter().rev().nth(back).copied() else {
            return (stranger, OrderRef::Client(client(0)));
        };
        let by = if self.below(20) == 0 { stranger } else { account };
        if self.below(3) == 0 && 0 < self.clients {
            return (by, OrderRef::Client(client(self.clients - 1 - self.below(self.clients.min(20)))));
        }
        (by, OrderRef::Id(order))
    }

    fn amendment(&mut self) -> Command {
        let (account, order) = self.meant();
        let limit = (self.below(2) == 0).then(|| price(992 + self.below(32)));
        let lots = (self.below(3) != 0).then(|| lots(1 + self.below(40)));
        let client = (self.below(3) == 0).then(|| self.client());
        Command::AmendOrder(Amendment { account, order, limit, lots, client, filled: None, deadline: None })
    }
}
