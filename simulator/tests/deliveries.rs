//! Deliveries: a thousand of them, over a network that loses, delays and repeats what is sent. Whoever is honest is never
//! slashed, whoever fails is, as the rules say and by as much, and each slot ends once.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};

use engine::command::{Command, Stamped};
use engine::delivery::audit::Verdict;
use engine::delivery::command::DeliveryCommand;
use engine::delivery::outcome::{Outcome, Ruling};
use engine::delivery::run::DeliveryTerms;
use engine::delivery::slot::{SlotNumber, SlotState};
use engine::event::Event;
use engine::exchange::Exchange;
use engine::ids::{AccountId, DeliveryId, Digest, InstrumentId, MarketId, PublicKey};
use engine::index::mix64;
use engine::instrument::Phase;
use engine::label::Label;
use engine::market::{BondRule, MarketSpec, SelfTrade};
use engine::order::{NewOrder, Side};
use engine::reject::RejectReason;
use engine::sequencer::Sequencer;
use engine::stamp::Time;
use engine::symbol::{ClassName, Tier, ZoneName};
use engine::units::{Amount, Lots, Ppm, Price};
use simulator::invariants::auditor::Auditor;

const PROVIDERS: std::ops::RangeInclusive<u32> = 1..=5;
const HOLDERS: std::ops::RangeInclusive<u32> = 6..=10;
const AUDITORS: std::ops::RangeInclusive<u32> = 11..=13;
/// The provider who may fail on purpose.
const LAST: AccountId = AccountId(5);
/// The last holder, who may be of its group.
const PEER: AccountId = AccountId(10);
const MARKET: MarketId = MarketId(0);
const DIGEST: Digest = Digest([1; 32]);
const STAKE: Amount = Amount::new(50_000_000);
const BOUNTY: Amount = Amount::new(100_000);
/// A window lasts a minute.
const SLOT: u64 = 5 * Time::SECOND;

/// What goes wrong, in parts per thousand.
#[derive(Clone, Copy)]
struct Faults {
    /// A message is lost, and sent again a twentieth of a slot later.
    lost: u64,
    /// It arrives a second time, up to three slots later.
    twice: u64,
    /// A provider's machine does nothing for a slot.
    down: u64,
    /// It is ready only when nobody waits for it any more.
    late: u64,
    /// An auditor flags what is right.
    lies: u64,
    /// The provider 5 cheats, and an auditor finds it so often.
    found: u64,
    /// The provider 5 opens nothing that often.
    silent: u64,
    /// Nobody audits what the provider 5 opens, and the arbiter finds it wrong.
    unwatched: bool,
    /// The last holder is of the provider 5's group.
    own: bool,
}

/// A slash, as it was told.
struct Slashed {
    of: (DeliveryId, SlotNumber),
    finder: Option<AccountId>,
    holder: Amount,
    auditor: Amount,
    burned: Amount,
    /// What was at stake before.
    staked: Amount,
}

struct World {
    exchange: Exchange,
    sequencer: Sequencer,
    auditor: Auditor,
    now: Time,
    faults: Faults,
    random: u64,
    /// What arrives, in order.
    agenda: BTreeMap<(Time, u64), Command>,
    sent: u64,
    draws: u64,
    parties: BTreeMap<DeliveryId, (AccountId, AccountId)>,
    /// What is in escrow for each, and what its holder would lose beyond the bond, in micro-CU.
    worth: BTreeMap<DeliveryId, [u64; 2]>,
    /// How each slot ended, in order.
    ended: BTreeMap<(DeliveryId, SlotNumber), Outcome>,
    endings: Vec<(DeliveryId, SlotNumber)>,
    flagged: BTreeSet<(DeliveryId, SlotNumber)>,
    paid: BTreeMap<(DeliveryId, SlotNumber), u32>,
    staked: BTreeMap<AccountId, Amount>,
    slashed: Vec<Slashed>,
    refused: BTreeMap<RejectReason, u32>,
}

impl World {
    fn new(seed: u64, faults: Faults) -> World {
        let mut world = World {
            exchange: Exchange::default(),
            sequencer: Sequencer::default(),
            auditor: Auditor::default(),
            now: Time::from_seconds(1_795_435_200),
            faults,
            random: seed,
            agenda: BTreeMap::new(),
            sent: 0,
            draws: 0,
            parties: BTreeMap::new(),
            worth: BTreeMap::new(),
            ended: BTreeMap::new(),
            endings: Vec::new(),
            flagged: BTreeSet::new(),
            paid: BTreeMap::new(),
            staked: BTreeMap::new(),
            slashed: Vec::new(),
            refused: BTreeMap::new(),
        };
        let label = |text: &str| Label::new(text).unwrap();
        world.ask(Command::Found { epoch: 1, seed, operator: PublicKey([1; 32]) });
        for number in 1..=13 {
            let name = label(&format!("account-{number}"));
            let provider = PROVIDERS.contains(&number);
            let joins = (faults.own && AccountId(number) == PEER).then_some(LAST);
            world.ask(Command::OpenAccount { name, provider, joins });
            let (account, amount) = (AccountId(number), Amount::new(1_000_000_000_000));
            world.ask(Command::Deposit { account, amount, reference: name });
        }
        let class = ClassName::new("H100SXM").unwrap();
        world.ask(Command::AddMarket(MarketSpec {
            bond: Amount::new(200_000),
            class,
            zone: ZoneName::new("US-E").unwrap(),
            tier: Tier::Firm,
            self_trade: SelfTrade::Prevented,
            bond_rule: BondRule::Fixed,
            window_seconds: 60,
            windows: 2,
            windows_ahead: 0,
            gate_seconds: 10,
            maker_fee: Ppm::new(200).unwrap(),
            taker_fee: Ppm::new(500).unwrap(),
        }));
        let reason = label("test");
        let stake = Amount::new(5_000_000);
        let deposit = Amount::new(1_000_000);
        #[rustfmt::skip]
        let terms =
            DeliveryTerms { dispute_slots: 2, ruling_slots: 4, auditors: 2, deposit, stake, bounty: BOUNTY };
        world.deliver(DeliveryCommand::SetDeliveryTerms { market: MARKET, terms, reason });
        for account in PROVIDERS.map(AccountId) {
            world.deliver(DeliveryCommand::AddStake { account, amount: STAKE });
        }
        for account in AUDITORS.map(AccountId) {
            world.deliver(DeliveryCommand::SetAuditor { account, auditor: true, reason });
        }
        world
    }

    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.random = mix64(self.random, 0x5EED);
        self.random % bound
    }

    fn happens(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// Sends a command until it arrives once, and now and then once more.
    fn send(&mut self, after: u64, command: DeliveryCommand) {
        let mut at = self.now.after(after);
        while self.happens(self.faults.lost) {
            at = at.after(SLOT / 20);
        }
        let late = self.below(SLOT / 10);
        self.post(at.after(late), command);
        if self.happens(self.faults.twice) {
            let late = self.below(3 * SLOT);
            self.post(at.after(late), command);
        }
    }

    fn post(&mut self, at: Time, command: DeliveryCommand) {
        self.sent += 1;
        self.agenda.insert((at, self.sent), Command::Delivery(command));
    }

    fn deliver(&mut self, command: DeliveryCommand) {
        self.ask(Command::Delivery(command));
    }

    /// Carries out a command, after the ticks and draws that are due.
    fn ask(&mut self, command: Command) {
        self.tick();
        let stamped = self.sequencer.stamp(self.now, command);
        self.apply(&stamped);
        self.tick();
    }

    fn tick(&mut self) {
        loop {
            let draw = (self.now, self.draws);
            let next = self.sequencer.tick(self.now, &self.exchange);
            let Some(stamped) = next.or_else(|| self.sequencer.draw(draw, &self.exchange)) else { return };
            self.draws += 1;
            self.apply(&stamped);
        }
    }

    fn apply(&mut self, stamped: &Stamped) {
        let mut events = Vec::new();
        self.exchange.apply(stamped, &mut events);
        self.auditor.check(stamped, &events);
        events.into_iter().for_each(|event| self.react(event));
    }

    /// What everybody does when this is told.
    fn react(&mut self, event: Event) {
        match event {
            Event::DeliveryDrawn { delivery, provider, holder, .. } => {
                self.parties.insert(delivery, (provider, holder));
            }
            Event::InstrumentDelivering { instrument, .. } => self.note_worth(instrument),
            Event::SlotChanged { account, delivery, slot, state, .. } => {
                let provider = self.parties[&delivery].0;
                match state {
                    SlotState::Assigned if account == provider => self.work(account, delivery, slot),
                    SlotState::Flagged | SlotState::Unaudited if account == provider => {
                        if state == SlotState::Flagged {
                            self.flagged.insert((delivery, slot));
                        }
                        let cheats = self.cheats(provider) || self.is_unwatched(provider);
                        let ruling = if cheats { Ruling::NotDelivered } else { Ruling::Delivered };
                        let reason = Label::new("arbiter").unwrap();
                        self.send(SLOT / 2, DeliveryCommand::RuleSlot { delivery, slot, ruling, reason });
                    }
                    SlotState::Final(outcome) if account == provider => {
                        let earlier = self.ended.insert((delivery, slot), outcome);
                        assert_eq!(earlier, None, "a slot ends once");
                        self.endings.push((delivery, slot));
                    }
                    _ => {}
                }
            }
            Event::SlotCommitted { delivery, slot, .. } => {
                let beacon = self.below(u64::MAX);
                self.send(0, DeliveryCommand::DrawAuditors { delivery, slot, beacon });
            }
            Event::AuditorsDrawn { delivery, slot, .. } => {
                let account = self.parties[&delivery].0;
                if account != LAST || !self.happens(self.faults.silent) {
                    self.send(0, DeliveryCommand::OpenSlot { account, delivery, slot, opening: DIGEST });
                }
            }
            Event::AuditorDrawn { delivery, .. } if self.is_unwatched(self.parties[&delivery].0) => {}
            Event::AuditorDrawn { account, delivery, slot, .. } => {
                let cheats = self.cheats(self.parties[&delivery].0);
                let flags = self.happens(if cheats { self.faults.found } else { self.faults.lies });
                let verdict = if flags { Verdict::Flagged } else { Verdict::Clean };
                // The opening takes at most a slot, and verdicts are due two slots after it.
                let (sequences, evidence) = (16, DIGEST);
                self.send(
                    3 * SLOT / 2,
                    DeliveryCommand::RecordVerdict { account, delivery, slot, verdict, sequences, evidence },
                );
            }
            Event::SlotPaid { delivery, slot, .. } => *self.paid.entry((delivery, slot)).or_default() += 1,
            Event::StakeChanged { account, staked, .. } => drop(self.staked.insert(account, staked)),
            Event::Slashed { account, delivery, slot, finder, holder, auditor, burned, .. } => {
                assert_eq!(account, self.parties[&delivery].0, "the provider of the slot");
                let (of, staked) = ((delivery, slot), self.staked[&account]);
                self.slashed.push(Slashed { of, finder, holder, auditor, burned, staked });
            }
            Event::Rejected { reason } => *self.refused.entry(reason).or_default() += 1,
            _ => {}
        }
    }

    fn cheats(&self, provider: AccountId) -> bool {
        0 < self.faults.found && provider == LAST
    }

    fn is_own(&self, delivery: DeliveryId) -> bool {
        self.faults.own && self.parties[&delivery] == (LAST, PEER)
    }

    fn is_unwatched(&self, provider: AccountId) -> bool {
        self.faults.unwatched && provider == LAST
    }

    fn work(&mut self, account: AccountId, delivery: DeliveryId, slot: SlotNumber) {
        if self.happens(self.faults.down) {
            return;
        }
        let work = self.exchange.deliveries().find(delivery).unwrap().lots.count();
        let (work, commitment) = (u64::from(work) * SLOT, DIGEST);
        let late = if self.happens(self.faults.late) { 2 * SLOT } else { 0 };
        let busy = late + SLOT / 2 + self.below(SLOT / 2);
        self.send(busy, DeliveryCommand::CommitSlot { account, delivery, slot, commitment, work });
    }

    /// Every provider sells a lot or two of a window to every holder.
    fn trade(&mut self, instrument: InstrumentId) {
        for provider in PROVIDERS.map(AccountId) {
            let lots = Lots::new(20).unwrap();
            self.ask(Command::SetCapacity { account: provider, instrument, lots });
            for holder in HOLDERS.map(AccountId) {
                let lots = Lots::new(1 + self.below(2)).unwrap();
                let price = Price::new(9_000 + self.below(2_000)).unwrap();
                for (account, side) in [(provider, Side::Ask), (holder, Side::Bid)] {
                    self.ask(Command::PlaceOrder(NewOrder::limit(account, instrument, side, (lots, price))));
                }
            }
        }
    }

    /// Trades so many windows, and lives until the last of them is settled.
    fn live(&mut self, windows: u32) {
        for number in 0..windows {
            let instrument = InstrumentId(number);
            while self.exchange.instrument(instrument).is_none_or(|window| window.phase < Phase::Open) {
                self.pass(self.now.after(Time::SECOND));
            }
            self.trade(instrument);
            let gate = self.exchange.instrument(instrument).unwrap().gate;
            self.pass(gate);
        }
        while self.exchange.instrument(InstrumentId(windows - 1)).unwrap().phase < Phase::Settled {
            self.pass(self.now.after(SLOT));
        }
        self.exchange.assert_sound();
        assert_eq!(self.auditor.findings().first(), []);
        assert_eq!(self.ended.len(), self.parties.len() * 12, "every slot ends");
        assert!(self.paid.len() == self.ended.len() && self.paid.values().all(|sides| *sides == 2));
    }

    /// Lets everything arrive and fall due until then, each at its time.
    fn pass(&mut self, until: Time) {
        loop {
            let arrives = self.agenda.first_key_value().map(|((at, _), _)| *at);
            let next = arrives.into_iter().chain(self.exchange.next_due()).min().filter(|at| *at <= until);
            let Some(at) = next else { break };
            self.now = self.now.max(at);
            match self.agenda.first_entry().filter(|entry| entry.key().0 <= at) {
                Some(entry) => {
                    let command = entry.remove();
                    self.ask(command);
                }
                None => self.tick(),
            }
        }
        self.now = until;
        self.tick();
    }

    /// What deliveries of a window are worth, as the contract has it.
    fn note_worth(&mut self, instrument: InstrumentId) {
        let run = self.exchange.deliveries().run(instrument).unwrap();
        let reference = run.reference.map_or(0, |rate| u64::from(rate.ticks()) * 100);
        for number in run.deliveries() {
            let delivery = self.exchange.deliveries().find(number).unwrap();
            let (lots, paid) = (u64::from(delivery.lots.count()), u64::from(delivery.price.ticks()) * 100);
            let loss = paid.max(reference) * 5 / 4 - paid;
            self.worth.insert(number, [lots * paid, lots * loss.saturating_sub(run.bond.micro())]);
        }
    }

    /// The part of a slot in what its delivery is worth.
    fn worth(&self, (delivery, slot): (DeliveryId, SlotNumber)) -> [u64; 2] {
        self.worth[&delivery].map(|whole| {
            let until = |number: u8| whole * u64::from(number) / 12;
            until(slot.number() + 1) - until(slot.number())
        })
    }

    /// Of those slots that are `meant`, in the order in which they ended, each one is slashed, as long as there is a stake, and no other
    /// is; an auditor who found it gets the bounty, and all else burns.
    fn assert_slashed(&self, meant: impl Fn(&World, (DeliveryId, SlotNumber)) -> bool, is_found: bool) {
        let (mut staked, mut slashed) = (STAKE.micro(), self.slashed.iter());
        for of in self.endings.iter().copied().filter(|of| meant(self, *of)) {
            if staked == 0 {
                break;
            }
            let [escrow, loss] = self.worth(of);
            let loss = if self.is_own(of.0) { 0 } else { loss };
            let total = staked.min(5 * escrow);
            let told = slashed.next().unwrap_or_else(|| panic!("{of:?} is not slashed"));
            assert_eq!((told.of, told.staked.micro()), (of, staked));
            let holder = loss.min(total);
            let bounty = if is_found { BOUNTY.micro().min(total - holder) } else { 0 };
            let parts = [told.holder, told.auditor, told.burned].map(Amount::micro);
            assert_eq!(parts, [holder, bounty, total - holder - bounty], "{of:?}");
            assert_eq!(told.finder.is_some(), is_found, "{of:?}");
            staked -= total;
        }
        assert!(slashed.next().is_none(), "no other slot is slashed");
        assert_eq!(self.staked[&LAST].micro(), staked);
        let others = self.staked.iter().filter(|(account, _)| **account != LAST);
        assert!(others.into_iter().all(|(_, staked)| *staked == STAKE), "nobody else loses anything");
    }

    fn count(&self, outcome: Outcome) -> usize {
        self.ended.values().filter(|ended| **ended == outcome).count()
    }
}

const NETWORK: Faults = Faults {
    lost: 200,
    twice: 200,
    down: 0,
    late: 0,
    lies: 20,
    found: 0,
    silent: 0,
    unwatched: false,
    own: false,
};

#[test]
fn honest_providers_are_never_slashed_in_a_thousand_deliveries() {
    let mut world = World::new(1, NETWORK);
    world.live(40);
    assert!(1_000 <= world.parties.len(), "{} deliveries", world.parties.len());
    world.assert_slashed(|_, _| false, false);
    assert_eq!(world.count(Outcome::Accepted), world.ended.len(), "what is honest is paid");
    // What arrives twice, and after others, does nothing.
    assert!(1_000 < world.refused.values().sum::<u32>(), "{:?}", world.refused);
    assert!(!world.flagged.is_empty(), "auditors lie");
}

#[test]
fn machines_that_stand_still_or_come_late_miss_slots_and_lose_no_stake() {
    let mut world = World::new(2, Faults { down: 100, late: 100, ..NETWORK });
    world.live(6);
    let missed = world.count(Outcome::Missed);
    assert!(0 < missed && missed + world.count(Outcome::Accepted) == world.ended.len());
    assert!(0 < world.refused[&RejectReason::SlotLate], "{:?}", world.refused);
    world.assert_slashed(|_, _| false, false);
}

#[test]
fn who_cheats_and_is_flagged_is_slashed_and_nobody_else() {
    let mut world = World::new(3, Faults { found: 500, ..NETWORK });
    world.live(6);
    let cheats = |world: &World, of: (DeliveryId, SlotNumber)| {
        world.parties[&of.0].0 == LAST && world.flagged.contains(&of)
    };
    assert!(world.ended.keys().any(|of| cheats(&world, *of)));
    let wrong = |of: &(DeliveryId, SlotNumber)| world.ended[of] == Outcome::Rejected;
    assert!(world.ended.keys().all(|of| cheats(&world, *of) == wrong(of)), "who is flagged and wrong");
    world.assert_slashed(cheats, true);
}

#[test]
fn who_opens_nothing_is_forgiven_once_and_then_slashed() {
    let mut world = World::new(4, Faults { silent: 10, own: true, ..NETWORK });
    world.live(40);
    assert!(world.parties.keys().any(|delivery| world.is_own(*delivery)), "some is owed to its own group");
    let silent = |of: &&(DeliveryId, SlotNumber)| world.ended[*of] == Outcome::Unopened;
    assert!(world.endings.iter().filter(silent).all(|of| world.parties[&of.0].0 == LAST));
    // Of the provider's audited slots, all that lack an opening, with another one within the hundred that end with them. What it
    // opens to its own group is none of the hundred.
    let counts = |of: &&(DeliveryId, SlotNumber)| {
        world.parties[&of.0].0 == LAST && (silent(of) || !world.is_own(of.0))
    };
    let audited: Vec<(DeliveryId, SlotNumber)> = world.endings.iter().filter(counts).copied().collect();
    let again: BTreeSet<(DeliveryId, SlotNumber)> = audited
        .iter()
        .enumerate()
        .filter(|(place, of)| {
            let before = &audited[place.saturating_sub(99)..*place];
            silent(of) && before.iter().any(|of| silent(&of))
        })
        .map(|(_, of)| *of)
        .collect();
    assert!(!again.is_empty() && again.len() < world.count(Outcome::Unopened), "some are forgiven");
    world.assert_slashed(|_, of| again.contains(&of), false);
}

#[test]
fn who_is_wrong_and_was_not_audited_is_not_paid_and_not_slashed() {
    let mut world = World::new(5, Faults { unwatched: true, ..NETWORK });
    world.live(4);
    let of_last = |(delivery, _): &&(DeliveryId, SlotNumber)| world.parties[delivery].0 == LAST;
    assert!(0 < world.ended.keys().filter(of_last).count());
    assert!(world.ended.keys().filter(of_last).all(|of| world.ended[of] == Outcome::Rejected));
    world.assert_slashed(|_, _| false, false);
}
