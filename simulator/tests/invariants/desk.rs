//! Desk: a small exchange under audit, whose events can be doctored before the auditor sees them.

use engine::command::Command;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::ids::{AccountId, InstrumentId, PublicKey};
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{NewOrder, Side};
use engine::sequencer::Sequencer;
use engine::stamp::Time;
use engine::symbol::{ClassName, Tier, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price};
use simulator::invariants::auditor::Auditor;

/// Sells what it has capacity for.
pub(crate) const MAKER: AccountId = AccountId(1);
/// Buys.
pub(crate) const TAKER: AccountId = AccountId(2);
/// Another account of the maker's group.
pub(crate) const PEER: AccountId = AccountId(3);
/// In a group of its own, with capacity.
pub(crate) const OTHER: AccountId = AccountId(4);
/// All of them.
pub(crate) const EVERYBODY: [AccountId; 4] = [MAKER, TAKER, PEER, OTHER];

/// How many windows of the first market, which prevents self-trade, are open; the second, which allows it, opens one.
const WINDOWS: u32 = 2;
/// The first window of the first market.
pub(crate) const FIRST: InstrumentId = InstrumentId(0);

/// An exchange, and who watches it.
pub(crate) struct Desk {
    pub(crate) exchange: Exchange,
    pub(crate) auditor: Auditor,
    pub(crate) now: Time,
    /// What the ticks before the last command told.
    pub(crate) ticked: Vec<Event>,
    sequencer: Sequencer,
}

pub(crate) fn lots(count: u64) -> Lots {
    Lots::new(count).unwrap()
}

pub(crate) fn price(ticks: u64) -> Price {
    Price::new(ticks).unwrap()
}

pub(crate) fn client(number: u64) -> Label {
    Label::new(&format!("id-{number}")).unwrap()
}

/// A limit order in the first window: so many lots at so many ticks.
pub(crate) fn order(account: AccountId, side: Side, (count, ticks): (u64, u64)) -> NewOrder {
    NewOrder::limit(account, FIRST, side, (lots(count), price(ticks)))
}

fn market(zone: &str, self_trade: SelfTrade) -> MarketSpec {
    MarketSpec {
        bond: Amount::new(70_001),
        class: ClassName::new("H100SXM").unwrap(),
        zone: ZoneName::new(zone).unwrap(),
        tier: Tier::Firm,
        self_trade,
        bond_rule: BondRule::Reference,
        window_seconds: 3_600,
        windows: WINDOWS,
        windows_ahead: 1,
        gate_seconds: 600,
        maker_fee: Ppm::new(1_300).unwrap(),
        taker_fee: Ppm::new(700).unwrap(),
    }
}

impl Desk {
    /// Two markets, and four accounts with credit and capacity.
    pub(crate) fn open() -> Desk {
        let (exchange, auditor, sequencer) = (Exchange::default(), Auditor::default(), Sequencer::default());
        let (now, ticked) = (Time::from_seconds(1_795_356_000), Vec::new());
        let mut desk = Desk { exchange, auditor, now, ticked, sequencer };
        desk.ask(Command::Found { epoch: 1, seed: 5, operator: PublicKey([1; 32]) });
        desk.ask(Command::AddMarket(market("US-E", SelfTrade::Prevented)));
        desk.ask(Command::AddMarket(MarketSpec {
            windows: 1,
            windows_ahead: 0,
            ..market("US-W", SelfTrade::Allowed)
        }));
        for account in EVERYBODY {
            let name = Label::new(&format!("account-{}", account.0)).unwrap();
            let joins = (account == PEER).then_some(MAKER);
            desk.ask(Command::OpenAccount { name, provider: account != TAKER, joins });
            let amount = Amount::new(4_000_000_000);
            desk.ask(Command::Deposit { account, amount, reference: name });
        }
        desk.ask(Command::Tick);
        desk.register();
        desk
    }

    /// Gives every provider capacity in every window that has none closed before it.
    pub(crate) fn register(&mut self) {
        for number in 0..u32::try_from(self.exchange.instruments()).unwrap() {
            let instrument = InstrumentId(number);
            for account in [MAKER, PEER, OTHER] {
                self.ask(Command::SetCapacity { account, instrument, lots: lots(400) });
            }
        }
    }

    /// Carries out a command after what is due; returns its events.
    pub(crate) fn ask(&mut self, command: Command) -> Vec<Event> {
        self.doctored(command, |_| {})
    }

    /// The same, but the auditor sees the command's events as `doctor` leaves them.
    pub(crate) fn doctored(&mut self, command: Command, doctor: impl FnOnce(&mut Vec<Event>)) -> Vec<Event> {
        self.now = self.now.after(1);
        self.ticked.clear();
        while let Some(tick) = self.sequencer.tick(self.now, &self.exchange) {
            let mut events = Vec::new();
            self.exchange.apply(&tick, &mut events);
            self.auditor.check(&tick, &events);
            self.ticked.append(&mut events);
        }
        self.apply(command, doctor)
    }

    /// Changes that happen all together or not at all; the auditor sees what comes of the last as `doctor` leaves it.
    pub(crate) fn doctored_batch(
        &mut self,
        account: AccountId,
        changes: &[Command],
        doctor: impl FnOnce(&mut Vec<Event>),
    ) -> Vec<Event> {
        let (last, others) = changes.split_last().unwrap();
        self.ask(Command::Batch { account, count: u8::try_from(changes.len()).unwrap() });
        for change in others {
            self.apply(*change, |_| {});
        }
        self.apply(*last, doctor)
    }

    /// Carries out a command, whatever is due.
    pub(crate) fn apply(&mut self, command: Command, doctor: impl FnOnce(&mut Vec<Event>)) -> Vec<Event> {
        let stamped = self.sequencer.stamp(self.now, command);
        let mut events = Vec::new();
        self.exchange.apply(&stamped, &mut events);
        doctor(&mut events);
        self.auditor.check(&stamped, &events);
        events
    }

    /// Fires what is due, and the auditor sees the events of the first tick as `doctor` leaves them.
    pub(crate) fn doctored_tick(&mut self, doctor: impl FnOnce(&mut Vec<Event>)) {
        let tick = self.sequencer.tick(self.now, &self.exchange).unwrap();
        let mut events = Vec::new();
        self.exchange.apply(&tick, &mut events);
        doctor(&mut events);
        self.auditor.check(&tick, &events);
    }

    /// Enters a limit order in the first window.
    pub(crate) fn place(&mut self, account: AccountId, side: Side, what: (u64, u64)) -> Vec<Event> {
        self.ask(Command::PlaceOrder(order(account, side, what)))
    }
}
