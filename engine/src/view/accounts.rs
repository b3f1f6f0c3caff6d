//! Accounts of the view: balances, positions, open orders, recent fills and keys.

mod image;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::account::{Balance, KeyGrant};
use crate::control::AccountLimits;
use crate::event::{Event, Liquidity, PrivateSequence};
use crate::ids::{AccountId, GroupId, InstrumentId, OrderId, PublicKey, TradeId, index};
use crate::key::{KeyBounds, Networks};
use crate::label::Label;
use crate::order::Side;
use crate::provider::{Provider, Score};
use crate::stamp::{Stamp, Time};
use crate::units::{Amount, Lots, Price};
use crate::view::orders::{OrderStatus, OrderView, OrdersView};
use crate::view::slot_ends::SlotEnd;

/// How many of an account's orders that have ended a view keeps, the last ones.
pub const ENDED_KEPT_MAX: usize = 1_000;
/// How many of an account's last fills a view keeps.
pub const FILLS_KEPT_MAX: usize = 1_000;

/// An account's part in one instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PositionView {
    /// Claims above zero, obligations below.
    pub lots: i64,
    /// Credit its buyers paid, waiting for delivery.
    pub escrow: Amount,
    /// Its lot bonds.
    pub bonded: Amount,
    /// Registered capacity.
    pub capacity: Lots,
    /// Maintenance was announced in time.
    pub maintained: bool,
}

/// One of an account's trades.
#[derive(Clone, Copy, Debug)]
pub struct FillView {
    /// Number in the account's private stream.
    pub xseq: PrivateSequence,
    /// When, and the command's place in the journal.
    pub stamp: Stamp,
    /// The order.
    pub order: OrderId,
    /// The client's id of the order.
    pub client: Option<Label>,
    /// Of what.
    pub instrument: InstrumentId,
    /// The trade's number within its instrument.
    pub trade: TradeId,
    /// Bought or sold.
    pub side: Side,
    /// Maker or taker.
    pub liquidity: Liquidity,
    /// At what price.
    pub price: Price,
    /// How many lots.
    pub lots: Lots,
    /// What was paid at once.
    pub fee: Amount,
}

/// An account as the events tell it.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// Unique name.
    pub name: Label,
    /// Whose owner it shares.
    pub group: GroupId,
    /// Whether it may issue obligations.
    pub provider: bool,
    /// Whether it may only cancel.
    pub locked: bool,
    /// Whether it may be drawn to audit.
    pub auditor: bool,
    /// Bounds on what it may do.
    pub limits: AccountLimits,
    /// When all its orders are cancelled unless it renews.
    pub cancel_after: Option<Time>,
    /// Its credit.
    pub balance: Balance,
    /// What waits to be paid out to it.
    pub redeeming: Amount,
    /// What it has at stake, as a provider.
    pub staked: Amount,
    /// How its slots ended, as a provider.
    pub score: Score,
    /// How many of a million of its sequences are audited, as a provider.
    pub rate_ppm: u32,
    /// Number of its last private event.
    pub xseq: PrivateSequence,
    /// Positions by instrument.
    pub positions: BTreeMap<InstrumentId, PositionView>,
    /// Open orders, by the number of the event that accepted them.
    pub orders: BTreeMap<PrivateSequence, OrderId>,
    /// Its last fills, oldest first.
    pub fills: VecDeque<FillView>,
    /// Its last orders that have ended, as they were then, oldest first.
    pub ended: VecDeque<OrderView>,
    /// Whether orders that had ended before those were forgotten.
    pub forgets: bool,
    /// The first eight bytes of its keys.
    pub keys: BTreeSet<[u8; 8]>,
}

/// A key and what it may do.
#[derive(Clone, Copy, Debug)]
pub struct KeyView {
    /// The public key.
    pub key: PublicKey,
    /// For whom, and what.
    pub grant: KeyGrant,
}

/// Every account.
#[derive(Clone, Debug, Default)]
pub(super) struct AccountsView {
    accounts: Vec<AccountView>,
    names: BTreeMap<Label, AccountId>,
    keys: BTreeMap<[u8; 8], KeyView>,
    /// Who has a position in an instrument.
    holders: BTreeMap<InstrumentId, BTreeSet<AccountId>>,
    /// By slot, the event that accepted the order that has it, or had it last.
    accepted: Vec<PrivateSequence>,
    /// What waits to be paid out, by account and reference.
    redemptions: BTreeMap<(AccountId, Label), Amount>,
}

impl AccountsView {
    pub(super) fn len(&self) -> usize {
        self.accounts.len()
    }

    pub(super) fn at(&self, account: AccountId) -> Option<&AccountView> {
        self.accounts.get(index(account.0))
    }

    pub(super) fn named(&self, name: Label) -> Option<AccountId> {
        self.names.get(&name).copied()
    }

    pub(super) fn key(&self, first: [u8; 8]) -> Option<&KeyView> {
        self.keys.get(&first)
    }

    /// What waits to be paid out, by account and reference.
    pub(super) fn redemptions(&self) -> &BTreeMap<(AccountId, Label), Amount> {
        &self.redemptions
    }

    fn at_mut(&mut self, account: AccountId, xseq: PrivateSequence) -> &mut AccountView {
        let view = &mut self.accounts[index(account.0)];
        assert_eq!(view.xseq.0 + 1, xseq.0, "private streams have no gaps");
        view.xseq = xseq;
        view
    }

    /// A slot of a provider is final.
    pub(super) fn count_slot(&mut self, SlotEnd { provider, lots, outcome, .. }: SlotEnd) {
        self.accounts[index(provider.0)].score.count(lots, outcome);
    }

    pub(super) fn fold(&mut self, stamp: Stamp, event: &Event, orders: &OrdersView) {
        match *event {
            Event::AccountOpened { account, group, provider, name } => {
                self.open(account, (group, provider, name))
            }
            Event::KeyRegistered { .. } | Event::KeyConfined { .. } | Event::KeyRevoked { .. } => {
                self.fold_key(event)
            }
            Event::RedemptionBegun { account, xseq, amount, reference } => {
                let view = self.at_mut(account, xseq);
                view.redeeming = view.redeeming.plus(amount);
                self.redemptions.insert((account, reference), amount);
            }
            Event::RedemptionEnded { account, xseq, amount, reference, .. } => {
                let view = self.at_mut(account, xseq);
                view.redeeming = view.redeeming.less(amount);
                self.redemptions.remove(&(account, reference));
            }
            Event::CapacitySet { account, instrument, lots } => {
                self.position(account, instrument).capacity = lots;
            }
            Event::PositionChanged { account, xseq, instrument, position, escrow, bonded } => {
                self.at_mut(account, xseq);
                let row = self.position(account, instrument);
                (row.lots, row.escrow, row.bonded) = (position, escrow, bonded);
            }
            Event::BalanceChanged { account, xseq, available, held, bonded } => {
                self.at_mut(account, xseq).balance = Balance { available, held, bonded };
            }
            Event::OrderAccepted { account, xseq, order, .. } => {
                self.at_mut(account, xseq);
                self.accept(account, order, xseq);
            }
            Event::OrderReduced { account, xseq, .. } | Event::OrderAmended { account, xseq, .. } => {
                self.at_mut(account, xseq);
            }
            Event::CancelAfterSet { account, xseq, due } => self.at_mut(account, xseq).cancel_after = due,
            Event::CancelAfterFired { account, xseq } => self.at_mut(account, xseq).cancel_after = None,
            Event::AccountLimitsSet { account, limits, .. } => {
                self.accounts[index(account.0)].limits = limits;
            }
            Event::LockSet { account, locked, .. } => self.accounts[index(account.0)].locked = locked,
            Event::InstrumentSettled { instrument } => self.settle(instrument),
            Event::OrderCanceled { account, xseq, order, .. } => {
                self.at_mut(account, xseq);
                self.end(account, order, orders);
            }
            Event::OrderExecuted { account, order, .. } => {
                self.execute(stamp, event, orders);
                let view = orders.find(order).expect("executed orders are known");
                if view.status == OrderStatus::Filled {
                    self.end(account, order, orders);
                }
            }
            _ => self.fold_delivery(event),
        }
    }

    fn fold_delivery(&mut self, event: &Event) {
        match *event {
            Event::AuditorSet { account, auditor, .. } => self.accounts[index(account.0)].auditor = auditor,
            Event::MaintenanceAnnounced { account, xseq, instrument } => {
                self.at_mut(account, xseq);
                self.position(account, instrument).maintained = true;
            }
            Event::DeliveryTold { account, xseq, .. }
            | Event::DeliveryAcknowledged { account, xseq, .. }
            | Event::SlotChanged { account, xseq, .. }
            | Event::AuditorDrawn { account, xseq, .. }
            | Event::SlotDisputed { account, xseq, .. }
            | Event::DisputeClosed { account, xseq, .. }
            | Event::SlotPaid { account, xseq, .. }
            | Event::Slashed { account, xseq, .. } => drop(self.at_mut(account, xseq)),
            Event::StakeChanged { account, xseq, staked } => self.at_mut(account, xseq).staked = staked,
            Event::AuditRateChanged { account, rate_ppm } => {
                self.accounts[index(account.0)].rate_ppm = rate_ppm;
            }
            _ => {}
        }
    }

    fn fold_key(&mut self, event: &Event) {
        match *event {
            Event::KeyRegistered { account, key, scopes, expires, order_notional } => {
                let bounds = KeyBounds { expires, order_notional, networks: Networks::ANY };
                let view = KeyView { key, grant: KeyGrant { account, scopes, bounds } };
                self.keys.insert(key.first_bytes(), view);
                self.accounts[index(account.0)].keys.insert(key.first_bytes());
            }
            Event::KeyConfined { key, network } => {
                let view = self.keys.get_mut(&key.first_bytes()).expect("a registered key is confined");
                view.grant.bounds.networks = view.grant.bounds.networks.with(network);
            }
            Event::KeyRevoked { account, key } => {
                self.keys.remove(&key.first_bytes());
                self.accounts[index(account.0)].keys.remove(&key.first_bytes());
            }
            _ => unreachable!("asked for keys only"),
        }
    }

    fn open(&mut self, account: AccountId, (group, provider, name): (GroupId, bool, Label)) {
        assert_eq!(index(account.0), self.accounts.len(), "accounts are numbered in order");
        self.names.insert(name, account);
        self.accounts.push(AccountView {
            name,
            group,
            provider,
            locked: false,
            auditor: false,
            limits: AccountLimits::NONE,
            cancel_after: None,
            balance: Balance::default(),
            redeeming: Amount::ZERO,
            staked: Amount::ZERO,
            score: Score::default(),
            rate_ppm: Provider::default().rate_ppm(),
            xseq: PrivateSequence(0),
            positions: BTreeMap::new(),
            orders: BTreeMap::new(),
            fills: VecDeque::new(),
            ended: VecDeque::new(),
            forgets: false,
            keys: BTreeSet::new(),
        });
    }

    /// An account's order was accepted by the event of this number.
    fn accept(&mut self, account: AccountId, order: OrderId, xseq: PrivateSequence) {
        self.accounts[index(account.0)].orders.insert(xseq, order);
        let slot = index(order.slot());
        if self.accepted.len() <= slot {
            self.accepted.resize(slot + 1, PrivateSequence(0));
        }
        self.accepted[slot] = xseq;
    }

    /// Forgets the positions of a window that is over.
    fn settle(&mut self, instrument: InstrumentId) {
        for account in self.holders.remove(&instrument).unwrap_or_default() {
            self.accounts[index(account.0)].positions.remove(&instrument);
        }
    }

    /// The account's position in an instrument, made if there is none.
    fn position(&mut self, account: AccountId, instrument: InstrumentId) -> &mut PositionView {
        match self.accounts[index(account.0)].positions.entry(instrument) {
            Entry::Occupied(position) => position.into_mut(),
            Entry::Vacant(place) => {
                self.holders.entry(instrument).or_default().insert(account);
                place.insert(PositionView::default())
            }
        }
    }

    fn execute(&mut self, stamp: Stamp, event: &Event, orders: &OrdersView) {
        let Event::OrderExecuted {
            account, xseq, order, instrument, trade, liquidity, price, lots, fee, ..
        } = *event
        else {
            unreachable!("asked for executions only");
        };
        let view = orders.find(order).expect("executed orders are known");
        let (side, client) = (view.side, view.client);
        let fill =
            FillView { xseq, stamp, order, client, instrument, trade, side, liquidity, price, lots, fee };
        let fills = &mut self.at_mut(account, xseq).fills;
        if fills.len() == FILLS_KEPT_MAX {
            fills.pop_front();
        }
        fills.push_back(fill);
    }

    fn end(&mut self, account: AccountId, order: OrderId, orders: &OrdersView) {
        let accepted = self.accepted[index(order.slot())];
        let owner = &mut self.accounts[index(account.0)];
        let ended = owner.orders.remove(&accepted);
        assert_eq!(ended, Some(order), "orders end once");
        if owner.ended.len() == ENDED_KEPT_MAX {
            owner.ended.pop_front();
            owner.forgets = true;
        }
        owner.ended.push_back(*orders.find(order).expect("an order that ends is known"));
    }
}
