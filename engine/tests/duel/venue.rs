//! Venue: an exchange with traders who can afford anything, and a clock that stands still.

use engine::command::Command;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::ids::{AccountId, GroupId, InstrumentId, PublicKey, index};
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::sequencer::Sequencer;
use engine::stamp::Time;
use engine::symbol::{ClassName, Tier, ZoneName};
use engine::units::{Amount, Lots, Ppm};

/// The traders are accounts 1 to 6; this is whose group each joins.
const JOINS: [Option<AccountId>; 6] =
    [None, Some(AccountId(1)), None, Some(AccountId(3)), Some(AccountId(1)), None];
/// What each is given: a large part of what there may be.
const CREDIT: Amount = Amount::new(Amount::SUPPLY_MAX.micro() / 7);

/// When everything happens: 2026-11-23, 12:00 UTC.
pub(crate) const NOW: Time = Time::from_seconds(1_795_435_200);

/// Every trader.
pub(crate) fn traders() -> [AccountId; JOINS.len()] {
    std::array::from_fn(|place| AccountId(u32::try_from(place + 1).expect("few traders")))
}

/// The group of a trader.
pub(crate) fn group(trader: AccountId) -> GroupId {
    let joins = JOINS[index(trader.0) - 1];
    GroupId(joins.unwrap_or(trader).0)
}

/// The exchange and its sequencer.
pub(crate) struct Venue {
    pub(crate) exchange: Exchange,
    sequencer: Sequencer,
    events: Vec<Event>,
}

impl Venue {
    /// One market with one window for each.
    pub(crate) fn new(self_trade: &[SelfTrade]) -> Venue {
        let mut venue =
            Venue { exchange: Exchange::default(), sequencer: Sequencer::default(), events: Vec::new() };
        let label = |text: String| Label::new(&text).expect("it is a label");
        venue.carry_out(Command::Found { epoch: 1, seed: 1, operator: PublicKey([1; 32]) });
        for (number, joins) in JOINS.iter().enumerate() {
            let name = label(format!("trader-{number}"));
            venue.carry_out(Command::OpenAccount { name, provider: true, joins: *joins });
        }
        for (number, self_trade) in self_trade.iter().enumerate() {
            venue.carry_out(Command::AddMarket(market(&format!("ZONE-{number}"), *self_trade)));
        }
        while let Some(tick) = venue.sequencer.tick(NOW, &venue.exchange) {
            venue.events.clear();
            venue.exchange.apply(&tick, &mut venue.events);
        }
        for account in traders() {
            let group = venue.exchange.ledger().accounts.group(account);
            assert_eq!(group, self::group(account), "who is of one group");
            let reference = label(format!("deposit-{}", account.0));
            venue.carry_out(Command::Deposit { account, amount: CREDIT, reference });
            for instrument in (0..).map(InstrumentId).take(self_trade.len()) {
                venue.carry_out(Command::SetCapacity { account, instrument, lots: Lots::MAX });
            }
        }
        venue
    }

    /// Applies a command; returns what it made happen.
    pub(crate) fn apply(&mut self, command: Command) -> &[Event] {
        self.events.clear();
        let stamped = self.sequencer.stamp(NOW, command);
        self.exchange.apply(&stamped, &mut self.events);
        &self.events
    }

    fn carry_out(&mut self, command: Command) {
        let events = self.apply(command);
        let rejected = events.iter().find(|event| matches!(event, Event::Rejected { .. }));
        assert_eq!(rejected, None, "{command:?} is carried out");
    }
}

/// Without fees and bonds, and with one window.
fn market(zone: &str, self_trade: SelfTrade) -> MarketSpec {
    let free = Ppm::new(0).expect("nothing is a rate");
    MarketSpec {
        bond: Amount::ZERO,
        class: ClassName::new("H100SXM").expect("it is a name"),
        zone: ZoneName::new(zone).expect("it is a name"),
        tier: Tier::Firm,
        self_trade,
        bond_rule: BondRule::Fixed,
        window_seconds: 3_600,
        windows: 1,
        windows_ahead: 0,
        gate_seconds: 0,
        maker_fee: free,
        taker_fee: free,
    }
}
