//! Allocations: a command in steady state asks for no memory, whatever kind it is.

#![allow(clippy::unwrap_used, reason = "a test")]

use engine::command::Command;
use engine::event::Event;
use engine::exchange::Exchange;
use engine::ids::{AccountId, InstrumentId, PublicKey};
use engine::index::mix64;
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{Amendment, NewOrder, OrderKind, OrderRef, SelfTradePrevention, Side, TimeInForce};
use engine::order_filter::OrderFilter;
use engine::sequencer::Sequencer;
use engine::stamp::Time;
use engine::symbol::{ClassName, Tier, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price};

const BEGUN: Time = Time::from_seconds(1_795_356_000);
const ACCOUNTS: u32 = 8;

struct Venue {
    exchange: Exchange,
    sequencer: Sequencer,
    now: Time,
    events: Vec<Event>,
    entered: u64,
    refused: u64,
    /// How often the exchange asked for memory.
    allocations: u64,
}

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

fn market() -> MarketSpec {
    MarketSpec {
        bond: Amount::new(500_000),
        class: ClassName::new("H100SXM").unwrap(),
        zone: ZoneName::new("US-E").unwrap(),
        tier: Tier::Firm,
        self_trade: SelfTrade::Prevented,
        bond_rule: BondRule::Fixed,
        window_seconds: 3_600,
        windows: 4,
        windows_ahead: 0,
        gate_seconds: 600,
        maker_fee: Ppm::new(200).unwrap(),
        taker_fee: Ppm::new(500).unwrap(),
    }
}

impl Venue {
    fn new() -> Venue {
        let mut venue = Venue {
            exchange: Exchange::default(),
            sequencer: Sequencer::default(),
            now: BEGUN,
            events: Vec::with_capacity(1 << 16),
            entered: 0,
            refused: 0,
            allocations: 0,
        };
        venue.ask(Command::Found { epoch: 1, seed: 7, operator: PublicKey([1; 32]) });
        venue.ask(Command::AddMarket(market()));
        for number in 1..=ACCOUNTS {
            let name = label(&format!("trader-{number}"));
            venue.ask(Command::OpenAccount { name, provider: true, joins: None });
            let (account, amount) = (AccountId(number), Amount::new(900_000_000_000_000_000));
            venue.ask(Command::Deposit { account, amount, reference: name });
            for instrument in (0..4).map(InstrumentId) {
                venue.ask(Command::SetCapacity { account, instrument, lots: Lots::MAX });
            }
        }
        assert_eq!(venue.refused, 0, "the venue is set up");
        venue
    }

    fn ask(&mut self, command: Command) {
        // Slow enough that timers fall due, fast enough that no gate closes.
        self.now = self.now.after(1_000);
        self.events.clear();
        let info = allocation_counter::measure(|| {
            while let Some(tick) = self.sequencer.tick(self.now, &self.exchange) {
                self.exchange.apply(&tick, &mut self.events);
            }
            let stamped = self.sequencer.stamp(self.now, command);
            self.exchange.apply(&stamped, &mut self.events);
        });
        self.allocations += info.count_total;
        self.refused += u64::from(self.events.iter().any(|event| matches!(event, Event::Rejected { .. })));
    }

    /// Something that traders do, drawn by number: every kind of order and of change.
    fn act(&mut self, number: u64) {
        let random = |place: u64, below: u64| mix64(number, place) % below;
        let account = AccountId(1 + u32::try_from(random(0, ACCOUNTS.into())).unwrap());
        let id = |number: u64| label(&format!("c{}", number % 100_000_000));
        let some = OrderRef::Client(id(self.entered.saturating_sub(random(1, 400))));
        let lots = |count: u64| Lots::new(count).unwrap();
        let price = |place: u64| Price::new(9_990 + random(place, 21)).unwrap();
        let command = match random(2, 20) {
            0..=11 => {
                self.entered += 1;
                Command::PlaceOrder(self.order(number, account, id(self.entered)))
            }
            12..=15 => Command::CancelOrder { account, order: some },
            16 => Command::ReduceOrder { account, order: some, by: lots(1) },
            17 => {
                let (limit, lots) = (Some(price(3)), Some(lots(1 + random(4, 40))));
                let client = (random(5, 2) == 0).then(|| label(&format!("a{number}")));
                let filled = None;
                Command::AmendOrder(Amendment {
                    account,
                    order: some,
                    limit,
                    lots,
                    client,
                    filled,
                    deadline: None,
                })
            }
            18 if random(6, 8) == 0 => {
                let side = [Side::Bid, Side::Ask][usize::try_from(random(7, 2)).unwrap()];
                let only = OrderFilter { side: Some(side), ..OrderFilter::default() };
                Command::CancelAll { account, only }
            }
            _ => Command::CancelAfter { account, after: Some(1_000_000 * (1 + random(8, 9))) },
        };
        self.ask(command);
    }

    fn order(&self, number: u64, account: AccountId, client: Label) -> NewOrder {
        let random = |place: u64, below: u64| mix64(number, place) % below;
        let pick = |place: u64, below: u64| usize::try_from(random(place, below)).unwrap();
        let side = [Side::Bid, Side::Ask][pick(10, 2)];
        let expires = TimeInForce::GoodTillDate(self.now.after(5_000 + random(11, 900_000)));
        let waits =
            [TimeInForce::GoodTillGate, expires, TimeInForce::ImmediateOrCancel, TimeInForce::FillOrKill];
        let time_in_force = waits[pick(12, 4)];
        let kinds = [OrderKind::Limit, OrderKind::Limit, OrderKind::PostOnly, OrderKind::PostOnlySlide];
        let kind = if time_in_force.rests() { kinds[pick(13, 4)] } else { OrderKind::Limit };
        let modes = [
            SelfTradePrevention::CancelNewest,
            SelfTradePrevention::CancelOldest,
            SelfTradePrevention::CancelBoth,
            SelfTradePrevention::Decrement,
        ];
        let count = 1 + random(14, 30);
        let shown = (time_in_force.rests() && random(15, 4) == 0).then(|| Lots::new(1 + count / 4).unwrap());
        let terms = (Lots::new(count).unwrap(), Price::new(9_990 + random(16, 21)).unwrap());
        let instrument = InstrumentId(u32::try_from(random(17, 4)).unwrap());
        NewOrder {
            kind,
            time_in_force,
            prevention: modes[pick(18, 4)],
            shown,
            client: Some(client),
            label: (random(19, 3) == 0).then(|| label("desk-a")),
            ..NewOrder::limit(account, instrument, side, terms)
        }
    }
}

#[test]
fn steady_state_asks_for_no_memory() {
    let mut venue = Venue::new();
    // Until every account has forgotten client order ids, and every list has been as long as it gets.
    let warm = 1_600_000;
    (0..warm).for_each(|number| venue.act(number));
    let (refused, entered, before) = (venue.refused, venue.entered, venue.allocations);
    assert!(0 < before, "growing asks for memory, and is counted");
    (warm..warm + 200_000).for_each(|number| venue.act(number));
    assert!(refused < venue.refused && entered + 100_000 < venue.entered, "it goes on as before");
    assert!(0 < venue.exchange.instrument(InstrumentId(0)).unwrap().trades, "orders meet");
    assert_eq!(venue.allocations, before, "no command asks for memory");
}
