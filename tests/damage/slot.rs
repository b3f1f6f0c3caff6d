//! Slot: a data folder in which two slots are under way, as a crash left it: one is committed to, and of one the sample is open.
//!
//! Made by hand, for a window of a day has slots of two hours: whoever starts it finds both where they were left.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use attestation::assign::Schedule;
use attestation::beacon::Secrets;
use attestation::receipt::Receipt;
use attestation::verdict::Stage;
use client::key_file;
use client::secret::Secret;
use engine::command::{Command, Stamped};
use engine::delivery::command::DeliveryCommand;
use engine::delivery::outcome::Outcome;
use engine::delivery::slot::{SlotNumber, SlotState};
use engine::exchange::Exchange;
use engine::ids::{AccountId, DeliveryId, Digest, InstrumentId, PublicKey};
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{NewOrder, Side};
use engine::outcome::OutcomeHash;
use engine::sequencer::Sequencer;
use engine::stamp::{Sequence, Time};
use engine::symbol::{ClassName, Tier, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price};
use journal::chain::Chain;
use journal::keeper::Keeper;
use journal::log::CommandLog;
use journal::outcome;
use journal::recovery::recover;
use journal::sealed::SealedRecords;
use persistence::data::{DataFolder, EVIDENCE, Glance, Opening};
use persistence::evidence::RocksShelf;
use settlement::case;
use settlement::office::Work;
use settlement::shelf::{Place, Shelf};

use crate::fixture;

const EPOCH: u64 = 5;
const DAY: u64 = 86_400;
const SLOT_SECONDS: u64 = DAY / 12;
const PROVIDER: AccountId = AccountId(1);
const HOLDERS: [AccountId; 2] = [AccountId(2), AccountId(3)];
const WINDOW: InstrumentId = InstrumentId(0);

/// Makes the folder; what was shown of both slots, in the order of their deliveries.
pub(crate) fn make(data: &Path) -> [Receipt; 2] {
    crate::process::between_gates(DAY, 0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let slot = SlotNumber::new(now % DAY / SLOT_SECONDS).unwrap();
    fs::create_dir(data).unwrap();
    let exchange = Secret::from_bytes([1; 32]);
    key_file::create(&data.join("exchange.key"), &exchange).unwrap();
    key_file::create(&data.join("operator.key"), &Secret::from_bytes([7; 32])).unwrap();
    let receipts = [receipt(0, slot, false), receipt(1, slot, true)];
    for (delivery, receipt) in (0..).zip(&receipts) {
        // Opened anew for each: what was kept before goes to a table, and the last one stays in the write-ahead log.
        let shelf = RocksShelf::open(&data.join(EVIDENCE), &exchange.public().to_bytes()).unwrap();
        shelf.put(Place::Receipt { delivery, slot: slot.number() }, &receipt.encode()).unwrap();
    }
    let opening = Opening { reserve_bytes: 1 << 20, accept_end: None, epoch: EPOCH, tell: Box::new(|_| {}) };
    let DataFolder { mut log, mut keeper, .. } = DataFolder::open(data, opening).unwrap();
    log.append(Sequence(0), &past(now, slot, &receipts)).unwrap();
    keeper.mark(log.last().unwrap().unwrap()).unwrap();
    receipts
}

/// Where both slots stand at the journal's end.
pub(crate) fn states(data: &Path) -> [SlotState; 2] {
    let glance = Glance::at(data).unwrap();
    let exchange = recover(&glance.log, &mut |_, _| ()).unwrap().exchange;
    exchange.assert_sound();
    [0, 1].map(|delivery| {
        let delivery = exchange.deliveries().find(DeliveryId(delivery)).unwrap();
        let mut shown = SlotNumber::all().map(|slot| delivery.slot(slot).state);
        shown
            .find(|state| matches!(state, SlotState::Committed | SlotState::Opened) || is_ruled(*state))
            .unwrap()
    })
}

/// Whether it was ruled that nobody can know.
pub(crate) fn is_ruled(state: SlotState) -> bool {
    state == SlotState::Decided(Outcome::Inconclusive)
}

/// What a provider has shown of a slot.
fn receipt(delivery: u32, slot: SlotNumber, open: bool) -> Receipt {
    let (office, work) = (fixture::office(EPOCH), fixture::work());
    let Schedule { begins_ns, .. } = work.schedule;
    let given = office.assign(&Work { delivery, slot: slot.number(), lots: 1, ..work });
    let shown = fixture::shown(&given, &fixture::provider());
    assert_eq!(shown.commit.started_ns, begins_ns);
    let from = (given.assign.clone(), office.calibration().clone());
    let committed = case::committed(from, &shown.commit.encode(), &shown.leaf_bytes()).unwrap();
    let secret = office.secret(&given.assign.batch);
    let drawn = case::drawn(committed, Secrets { exchange: Some(secret), taker: None });
    let sample = if open { drawn.audited(Stage::Sample) } else { Vec::new() };
    let openings: Vec<Vec<u8>> =
        sample.into_iter().map(|index| shown.opening(&given.assign, index).encode()).collect();
    case::opened(drawn, Stage::Sample, &openings).unwrap()
}

/// A journal in the making.
#[derive(Default)]
struct Past {
    exchange: Exchange,
    sequencer: Sequencer,
    chain: Chain,
    outcome: OutcomeHash,
    records: SealedRecords,
    now: Time,
}

impl Past {
    /// Carries out a command after what is due.
    fn ask(&mut self, command: Command) {
        while let Some(stamped) = self.due() {
            self.apply(&stamped);
        }
        let stamped = self.sequencer.stamp(self.now, command);
        self.apply(&stamped);
    }

    fn due(&mut self) -> Option<Stamped> {
        let tick = self.sequencer.tick(self.now, &self.exchange);
        tick.or_else(|| self.sequencer.draw((self.now, 1), &self.exchange))
    }

    fn apply(&mut self, stamped: &Stamped) {
        let mut events = Vec::new();
        self.exchange.apply(stamped, &mut events);
        outcome::fold(&mut self.outcome, stamped.stamp.sequence, &events);
        self.chain.seal([stamped], self.outcome, &mut self.records);
    }

    fn trade(&mut self, holder: AccountId) {
        for (account, side) in [(PROVIDER, Side::Ask), (holder, Side::Bid)] {
            let terms = (Lots::new(1).unwrap(), Price::new(10_000).unwrap());
            self.ask(Command::PlaceOrder(NewOrder::limit(account, WINDOW, side, terms)));
        }
    }
}

/// A provider sells two lots of today's window to two holders, and shows what is kept of its slot that is under way.
fn past(now: u64, slot: SlotNumber, receipts: &[Receipt; 2]) -> SealedRecords {
    let today = now / DAY * DAY;
    let mut past = Past { now: Time::from_seconds(today - DAY / 2), ..Past::default() };
    let label = |text: &str| Label::new(text).unwrap();
    let operator = PublicKey(Secret::from_bytes([7; 32]).public().to_bytes());
    past.ask(Command::Found { epoch: EPOCH, seed: 7, operator });
    for (name, account) in [("pat", PROVIDER), ("ann", HOLDERS[0]), ("zoe", HOLDERS[1])] {
        past.ask(Command::OpenAccount { name: label(name), provider: account == PROVIDER, joins: None });
        past.ask(Command::Deposit { account, amount: Amount::new(1_000_000_000), reference: label(name) });
    }
    past.ask(Command::AddMarket(MarketSpec {
        class: ClassName::new("H100SXM").unwrap(),
        zone: ZoneName::new("US-E").unwrap(),
        tier: Tier::Firm,
        window_seconds: u32::try_from(DAY).unwrap(),
        windows: 2,
        windows_ahead: 0,
        gate_seconds: 0,
        bond: Amount::new(200_000),
        bond_rule: BondRule::Fixed,
        maker_fee: Ppm::new(200).unwrap(),
        taker_fee: Ppm::new(500).unwrap(),
        self_trade: SelfTrade::Prevented,
    }));
    past.ask(Command::SetCapacity { account: PROVIDER, instrument: WINDOW, lots: Lots::new(2).unwrap() });
    HOLDERS.into_iter().for_each(|holder| past.trade(holder));
    past.now = Time::from_seconds(now);
    for (delivery, receipt) in (0..).map(DeliveryId).zip(receipts) {
        let (account, commitment) = (PROVIDER, Digest(receipt.commit.id().0));
        let work = SLOT_SECONDS * Time::SECOND;
        let commit = DeliveryCommand::CommitSlot { account, delivery, slot, commitment, work };
        past.ask(Command::Delivery(commit));
        past.ask(Command::Delivery(DeliveryCommand::DrawAuditors { delivery, slot, beacon: 1 }));
    }
    let (account, delivery, opening) = (PROVIDER, DeliveryId(1), Digest([1; 32]));
    past.ask(Command::Delivery(DeliveryCommand::OpenSlot { account, delivery, slot, opening }));
    past.records
}
