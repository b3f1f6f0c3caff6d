//! Auditor: sees every command and what the exchange told about it, and checks the invariants of `docs/contract.md`.
//!
//! It keeps books of its own, of money, hours, queues and client order ids, computed from commands and trades. It shares
//! no structure with the engine and never looks into it. It believes what is told once: a violation does not stop it,
//! but others may follow from it.

use std::collections::{BTreeMap, VecDeque};

use engine::command::{Command, Stamped};
use engine::delivery::run::DeliveryTerms;
use engine::event::{Event, PrivateSequence};
use engine::ids::{AccountId, DeliveryId, GroupId, InstrumentId, MarketId, OrderId, index};
use engine::label::Label;
use engine::market::MarketSpec;
use engine::order::Side;
use engine::stamp::Sequence;
use engine::symbol::ClassName;
use engine::units::{Amount, Lots, Price};

use crate::hashing::Table;
use crate::invariants::batches::Coming;
use crate::invariants::delivering::Parcel;
use crate::invariants::finding::{Findings, Invariant};
use crate::invariants::identities::Identities;
use crate::invariants::owner::Owner;
use crate::invariants::window::{Hours, Place, Window};

/// An order that is open, or is coming in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) account: AccountId,
    pub(super) instrument: InstrumentId,
    pub(super) side: Side,
    pub(super) limit: Price,
    /// Lots in all, those filled included.
    pub(super) lots: i64,
    pub(super) leaves: i64,
    pub(super) shown: i64,
    /// Shows only so many at a time.
    pub(super) clip: Option<i64>,
    /// Lots for which credit is held, or which count as open sells.
    pub(super) covered: i64,
    /// Its place in the queue; none while it comes in.
    pub(super) place: Option<Place>,
    pub(super) client: Option<Label>,
}

/// What the next events must tell of a trade, one for each side.
pub(super) type Parts = VecDeque<Event>;

/// What it takes to check every command.
#[derive(Clone, Debug)]
pub struct Auditor {
    pub(super) findings: Findings,
    pub(super) owners: Vec<Owner>,
    pub(super) markets: Vec<MarketSpec>,
    /// By class, the last rate that was told.
    pub(super) rates: Vec<(ClassName, Option<Price>)>,
    /// By market, what its deliveries go by.
    pub(super) terms: Vec<DeliveryTerms>,
    pub(super) windows: Vec<Window>,
    /// Deliveries of windows that are not settled, and how many there ever were.
    pub(super) parcels: BTreeMap<DeliveryId, Parcel>,
    pub(super) parcels_drawn: u32,
    pub(super) orders: Table<OrderId, Order>,
    pub(super) identities: Identities,
    /// Credit deposited, and not paid out.
    pub(super) supply: i128,
    /// Credit that waits to be paid out.
    pub(super) redeeming: i128,
    pub(super) fees: i128,
    pub(super) told_fees: i128,
    /// All that accounts were told to have, and all escrow they were told of.
    pub(super) told_credit: i128,
    pub(super) told_escrow: i128,
    /// All that providers were told to have at stake.
    pub(super) told_staked: i128,
    /// Orders that queued so far: the age of the next.
    pub(super) age: u64,
    pub(super) command: Command,
    /// The open order that the command names.
    pub(super) named: Option<OrderId>,
    /// The batch whose changes are coming.
    pub(super) coming: Option<Coming>,
    pub(super) parts: Parts,
    /// What the command changed: orders that have no place, accounts, windows, positions.
    pub(super) moving: Vec<OrderId>,
    pub(super) owners_touched: Vec<AccountId>,
    pub(super) windows_touched: Vec<InstrumentId>,
    pub(super) hours_touched: Vec<(AccountId, InstrumentId)>,
}

impl Default for Auditor {
    fn default() -> Auditor {
        Auditor {
            findings: Findings::default(),
            owners: Vec::new(),
            markets: Vec::new(),
            rates: Vec::new(),
            terms: Vec::new(),
            windows: Vec::new(),
            parcels: BTreeMap::new(),
            parcels_drawn: 0,
            orders: Table::default(),
            identities: Identities::default(),
            supply: 0,
            redeeming: 0,
            fees: 0,
            told_fees: 0,
            told_credit: 0,
            told_escrow: 0,
            told_staked: 0,
            age: 0,
            command: Command::Tick,
            named: None,
            coming: None,
            parts: VecDeque::new(),
            moving: Vec::new(),
            owners_touched: Vec::new(),
            windows_touched: Vec::new(),
            hours_touched: Vec::new(),
        }
    }
}

/// Micro-CU.
pub(super) fn micro(amount: Amount) -> i128 {
    amount.micro().into()
}

/// Lots as they are counted here.
pub(super) fn count(lots: Lots) -> i64 {
    lots.count().into()
}

impl Auditor {
    /// Checks a command: `events` are all that the exchange told about it. Every command must come, from the first on.
    pub fn check(&mut self, stamped: &Stamped, events: &[Event]) {
        self.findings.sequence = stamped.stamp.sequence;
        self.command = stamped.command;
        match self.gather(events) {
            None => self.carry_out(events, events.len()),
            Some((account, changes)) if !changes.is_empty() => self.close_batch(account, &changes, events),
            Some(_) => {}
        }
        self.close();
    }

    /// Follows what is told of one command, or of one change of a batch; so many events are told in `all`.
    pub(super) fn carry_out(&mut self, events: &[Event], all: usize) {
        self.begin(events);
        for event in events {
            self.apply(event, all);
        }
        self.close_named();
    }

    /// What did not hold so far.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// What is found from now on is found after this command.
    pub(crate) fn at(&mut self, sequence: Sequence) {
        self.findings.sequence = sequence;
    }

    /// Notes that something outside of commands and events does not hold.
    pub(crate) fn note(&mut self, invariant: Invariant, what: &str) {
        self.findings.report(invariant, format_args!("{what}"));
    }

    fn apply(&mut self, event: &Event, events: usize) {
        let is_part = matches!(event, Event::OrderExecuted { .. });
        if !is_part && let Some(missing) = self.parts.pop_front() {
            self.parts.clear();
            self.findings.report(Invariant::Events, format_args!("nobody told {missing:?}"));
        }
        match *event {
            Event::Rejected { reason } => self.rejected(reason, events),
            Event::OrderAccepted { account, xseq, .. } => {
                self.number(account, xseq);
                self.accepted(event);
            }
            Event::OrderTerms { .. } => self.terms(event),
            Event::OrderRepeated { .. } => {
                let place = matches!(self.command, Command::PlaceOrder(_) | Command::AmendOrder(_));
                self.findings.expect(place, Invariant::Events, format_args!("nothing was sent again"));
            }
            Event::Traded { .. } => self.traded(event),
            Event::OrderExecuted { account, xseq, .. } => {
                self.number(account, xseq);
                self.executed(event);
            }
            Event::OrderRested { order, leaves, shown } => self.rested(order, leaves, shown),
            Event::OrderReduced { account, xseq, .. } => {
                self.number(account, xseq);
                self.reduced(event);
            }
            Event::OrderAmended { account, xseq, .. } => {
                self.number(account, xseq);
                self.amended(event);
            }
            Event::OrderCanceled { account, xseq, order, leaves, reason } => {
                self.number(account, xseq);
                self.canceled((account, order), leaves, reason);
            }
            Event::PositionChanged { account, xseq, .. } => {
                self.number(account, xseq);
                self.position_told(event);
            }
            Event::BalanceChanged { account, xseq, .. } => {
                self.number(account, xseq);
                self.balance_told(event);
            }
            Event::FeesChanged { fees } => self.told_fees = micro(fees),
            _ => self.apply_venue(event),
        }
    }

    /// Notes what concerns accounts, markets and windows.
    fn apply_venue(&mut self, event: &Event) {
        match *event {
            Event::AccountOpened { account, group, .. } => self.opened(account, group),
            Event::Deposited { .. }
            | Event::Transferred { .. }
            | Event::RedemptionBegun { .. }
            | Event::RedemptionEnded { .. } => self.apply_payment(event),
            Event::MarketAdded { market, spec } => self.market_added(market, &spec),
            Event::InstrumentListed { instrument, market, .. } => self.listed(instrument, market),
            Event::InstrumentOpened { .. } | Event::CapacitySet { .. } => self.apply_window(event),
            Event::InstrumentClosed { instrument } => self.gate_closed(instrument),
            Event::ReferencePublished { class, rate, .. } => {
                if let Some(known) = self.rates.get_mut(index(class.0)) {
                    known.1 = rate;
                }
            }
            Event::DeliveryDrawn { .. } => {
                self.drawn(event);
                self.parcel(event);
            }
            Event::InstrumentDelivering { instrument, .. } => self.delivering(instrument),
            Event::InstrumentSettled { instrument } => self.settled(instrument),
            Event::CancelAfterSet { account, xseq, .. } | Event::CancelAfterFired { account, xseq } => {
                self.number(account, xseq);
            }
            Event::BatchStep { .. } | Event::BatchRefused { .. } => {
                self.findings.report(Invariant::Events, format_args!("no batch ends here: {event:?}"));
            }
            // They change nobody's credit, hours or place in a queue.
            Event::Founded { .. }
            | Event::KeyRegistered { .. }
            | Event::KeyConfined { .. }
            | Event::PaymentRepeated { .. }
            | Event::KeyRevoked { .. }
            | Event::DrawBegun { .. }
            | Event::ModeSet { .. }
            | Event::MarketLimitsSet { .. }
            | Event::AccountLimitsSet { .. }
            | Event::LockSet { .. }
            | Event::Killed { .. } => {}
            Event::DeliveryTermsSet { .. }
            | Event::AuditorSet { .. }
            | Event::MaintenanceAnnounced { .. }
            | Event::DeliveryTold { .. }
            | Event::DeliveryAcknowledged { .. }
            | Event::SlotChanged { .. }
            | Event::SlotCommitted { .. }
            | Event::AuditorsDrawn { .. }
            | Event::AuditorDrawn { .. }
            | Event::SlotOpened { .. }
            | Event::SlotJudged { .. }
            | Event::SlotDisputed { .. }
            | Event::DisputeClosed { .. }
            | Event::SlotRuled { .. }
            | Event::SlotPaid { .. }
            | Event::AuditRateChanged { .. }
            | Event::StakeChanged { .. }
            | Event::Slashed { .. } => self.apply_delivery(event),
            Event::Rejected { .. }
            | Event::OrderAccepted { .. }
            | Event::OrderTerms { .. }
            | Event::OrderRepeated { .. }
            | Event::Traded { .. }
            | Event::OrderExecuted { .. }
            | Event::OrderRested { .. }
            | Event::OrderReduced { .. }
            | Event::OrderAmended { .. }
            | Event::OrderCanceled { .. }
            | Event::PositionChanged { .. }
            | Event::BalanceChanged { .. }
            | Event::FeesChanged { .. } => unreachable!("noted by the caller"),
        }
    }

    /// Notes what is said of a window.
    fn apply_window(&mut self, event: &Event) {
        match *event {
            Event::InstrumentOpened { instrument, bond } => {
                if let Some(window) = self.window(instrument) {
                    window.bond = micro(bond);
                }
            }
            Event::CapacitySet { account, instrument, lots } => {
                if let Some(hours) = self.hours(account, instrument) {
                    hours.capacity = count(lots);
                }
            }
            _ => unreachable!("noted by the caller"),
        }
    }

    /// Notes credit that comes, goes, or changes hands.
    fn apply_payment(&mut self, event: &Event) {
        match *event {
            Event::Deposited { account, amount, .. } => self.deposited(account, amount),
            Event::Transferred { account, to, amount, .. } => self.transferred((account, to), amount),
            Event::RedemptionBegun { account, xseq, amount, .. } => {
                self.number(account, xseq);
                self.set_aside(account, amount);
            }
            Event::RedemptionEnded { account, xseq, amount, paid, .. } => {
                self.number(account, xseq);
                self.redeemed(account, amount, paid);
            }
            _ => unreachable!("noted by the caller"),
        }
    }

    /// Private events are numbered without gaps.
    pub(super) fn number(&mut self, account: AccountId, xseq: PrivateSequence) {
        let Some(owner) = self.owners.get_mut(index(account.0)) else {
            return self.findings.report(Invariant::Events, format_args!("{account:?} was never opened"));
        };
        let next = owner.xseq + 1;
        owner.xseq = xseq.0;
        let gapless = xseq.0 == next;
        let what = format_args!("{account:?} is told event {} where {next} is next", xseq.0);
        self.findings.expect(gapless, Invariant::Events, what);
    }

    fn opened(&mut self, account: AccountId, group: GroupId) {
        let next = index(account.0) == self.owners.len();
        self.findings.expect(next, Invariant::Events, format_args!("{account:?} is not the next account"));
        let expected = match self.command {
            Command::OpenAccount { joins: Some(other), .. } => {
                self.owners.get(index(other.0)).map(|other| other.group)
            }
            _ => Some(GroupId(account.0)),
        };
        let what = format_args!("{account:?} is in {group:?}, not in {expected:?}");
        self.findings.expect(expected == Some(group), Invariant::Events, what);
        self.owners.push(Owner::new(group));
    }

    fn deposited(&mut self, account: AccountId, amount: Amount) {
        let asked = match self.command {
            Command::Deposit { account, amount, .. } => Some((account, amount)),
            _ => None,
        };
        let what = format_args!("{amount} for {account:?} were not deposited so");
        self.findings.expect(asked == Some((account, amount)), Invariant::Credit, what);
        self.supply += micro(amount);
        if let Some(owner) = self.owner(account) {
            owner.credit += micro(amount);
        }
    }

    fn market_added(&mut self, market: MarketId, spec: &MarketSpec) {
        let next = index(market.0) == self.markets.len();
        self.findings.expect(next, Invariant::Events, format_args!("{market:?} is not the next market"));
        if self.rates.iter().all(|(name, _)| *name != spec.class) {
            self.rates.push((spec.class, None));
        }
        self.terms.push(DeliveryTerms::DEFAULT);
        self.markets.push(*spec);
    }

    fn listed(&mut self, instrument: InstrumentId, market: MarketId) {
        let next = index(instrument.0) == self.windows.len();
        let what = format_args!("{instrument:?} is not the next window");
        self.findings.expect(next, Invariant::Events, what);
        match self.markets.get(index(market.0)) {
            Some(spec) => self.windows.push(Window::new(market, spec)),
            None => self.findings.report(Invariant::Events, format_args!("{market:?} was never added")),
        }
    }

    /// An account that the command changes.
    pub(super) fn owner(&mut self, account: AccountId) -> Option<&mut Owner> {
        let sequence = self.findings.sequence.0;
        let Some(owner) = self.owners.get_mut(index(account.0)) else {
            self.findings.report(Invariant::Events, format_args!("{account:?} was never opened"));
            return None;
        };
        if owner.touched != sequence {
            owner.touched = sequence;
            self.owners_touched.push(account);
        }
        Some(owner)
    }

    /// A window that the command changes.
    pub(super) fn window(&mut self, instrument: InstrumentId) -> Option<&mut Window> {
        let sequence = self.findings.sequence.0;
        let Some(window) = self.windows.get_mut(index(instrument.0)) else {
            self.findings.report(Invariant::Events, format_args!("{instrument:?} was never listed"));
            return None;
        };
        if window.touched != sequence {
            window.touched = sequence;
            self.windows_touched.push(instrument);
        }
        Some(window)
    }

    /// A position that the command changes.
    pub(super) fn hours(&mut self, account: AccountId, instrument: InstrumentId) -> Option<&mut Hours> {
        let sequence = self.findings.sequence.0;
        self.window(instrument)?;
        let hours = self.windows[index(instrument.0)].hours.entry(account).or_default();
        if hours.touched != sequence {
            hours.touched = sequence;
            self.hours_touched.push((account, instrument));
        }
        Some(hours)
    }
}
