//! Batch: changes of one account that happen all together or not at all.
//!
//! They come as commands of their own behind a `Batch`, which says how many, and are carried out by the last of them. All
//! are checked before the first is: each against what those before it would leave, which is worked out beside the books in
//! a plan. That is exact as long as nothing before it trades where it stands, so an order that would trade at once has to be
//! the last change of the batch in its instrument. What the plan admits cannot fail afterwards: trading only frees credit.

use std::collections::{BTreeMap, BTreeSet};

use crate::account::Account;
use crate::book::arena::ORDERS_MAX;
use crate::book::{Books, Maker, Placement};
use crate::client_ids::Found;
use crate::command::Command;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::exchange::identity::{Identity, order_words};
use crate::exchange::scene::{Entry, Freed};
use crate::fees;
use crate::ids::{AccountId, InstrumentId, OrderId};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{CHOICE, Image, Taken};
use crate::instrument::Terms;
use crate::ledger::bond_needed;
use crate::order::{NewOrder, OrderRef, Side};
use crate::position::Position;
use crate::reject::RejectReason;
use crate::units::{Amount, Price};

/// The most changes of a batch.
pub const BATCH_OPS_MAX: u8 = 32;

/// A batch whose changes are still coming.
#[derive(Clone, Debug)]
pub(super) struct Gathering {
    account: AccountId,
    count: u8,
    ops: Vec<Command>,
}

impl Gathering {
    /// What has come so far.
    pub(super) fn ops(&self) -> (AccountId, u8, &[Command]) {
        (self.account, self.count, &self.ops)
    }
}

/// What the account and its positions would be after the changes so far.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) account: Account,
    positions: BTreeMap<InstrumentId, Position>,
    /// Orders that would be cancelled.
    gone: BTreeSet<OrderId>,
    /// The best prices at which orders of the batch would rest.
    rests: BTreeMap<(InstrumentId, Side), Price>,
    /// Instruments in which an order of the batch would trade.
    trades: BTreeSet<InstrumentId>,
    orders: u32,
}

impl Plan {
    /// The account's position in an instrument, if it has or would have one.
    pub(super) fn position(&self, instrument: InstrumentId) -> Option<&Position> {
        self.positions.get(&instrument)
    }

    /// Whether a change of the batch cancels this order.
    pub(super) fn is_gone(&self, order: OrderId) -> bool {
        self.gone.contains(&order)
    }

    /// How many orders of the batch were admitted.
    pub(super) fn orders(&self) -> u32 {
        self.orders
    }

    /// The best price of a side that would be left in the book.
    pub(super) fn best(&self, books: &Books, instrument: InstrumentId, side: Side) -> Option<Price> {
        let mut left =
            books.queue(instrument, side).filter(|maker: &Maker| !self.gone.contains(&maker.order));
        left.next().map(|maker| maker.price)
    }

    /// An order rests or trades: what it could cost is set aside.
    fn cover(&mut self, order: &NewOrder, entry: &Entry) {
        self.orders += 1;
        if order.time_in_force.rests() {
            self.account.orders_open += 1;
        }
        let position = self.positions.get_mut(&order.instrument).expect("the caller has entered it");
        match order.side {
            Side::Bid => {
                position.open_buys = position.open_buys.plus(order.lots);
                let hold = fees::bid_hold(&entry.terms, entry.limit, order.lots);
                self.account.available = self.account.available.less(hold);
            }
            Side::Ask => {
                position.open_sells = position.open_sells.plus(order.lots);
                bond(&mut self.account, position, entry.terms.bond);
            }
        }
    }

    /// A resting order ends: what it held comes free.
    fn uncover(&mut self, placement: &Placement, terms: &Terms) {
        let &Placement { instrument, side, limit, leaves, .. } = placement;
        self.account.orders_open -= 1;
        let position = self.positions.get_mut(&instrument).expect("the caller has entered it");
        match side {
            Side::Bid => {
                position.open_buys = position.open_buys.less(leaves);
                let hold = fees::bid_hold(terms, limit, leaves);
                self.account.available = self.account.available.plus(hold);
            }
            Side::Ask => {
                position.open_sells = position.open_sells.less(leaves);
                bond(&mut self.account, position, terms.bond);
            }
        }
    }
}

/// Brings a position's bond to what it needs. That it can be afforded was checked.
fn bond(account: &mut Account, position: &mut Position, bond: Amount) {
    let needed = bond_needed(position.short(position.open_sells), bond).expect("bonds were checked");
    let available = account.available.plus(position.bonded);
    account.available = available.less(needed);
    position.bonded = needed;
}

/// What is known of the ids that a batch brings.
enum Known {
    /// All are new.
    New(Vec<Option<Identity>>),
    /// It was sent before.
    Repeated,
}

impl Exchange {
    /// The next `count` commands are one batch of this account's.
    pub(super) fn gather(&mut self, account: AccountId, count: u8) -> Result<(), RejectReason> {
        if count == 0 {
            return Err(RejectReason::BatchInvalid);
        }
        self.gathering = Some(Gathering { account, count, ops: Vec::with_capacity(count.into()) });
        Ok(())
    }

    /// Takes a command as the next of the batch that is coming, if there is one. One that cannot belong to it ends it
    /// without effect: whoever orders commands keeps those of a batch together.
    #[cold]
    pub(super) fn is_gathered(&mut self, command: &Command) -> bool {
        let Some(gathering) = &mut self.gathering else { return false };
        let belongs = match *command {
            Command::PlaceOrder(ref order) => order.account == gathering.account,
            Command::CancelOrder { account, .. } => account == gathering.account,
            _ => false,
        };
        if !belongs {
            self.gathering = None;
            return false;
        }
        gathering.ops.push(*command);
        if gathering.ops.len() == usize::from(gathering.count) {
            let Gathering { account, ops, .. } = self.gathering.take().expect("it was just looked at");
            self.carry_out(account, &ops);
        }
        true
    }

    fn carry_out(&mut self, account: AccountId, ops: &[Command]) {
        if let Err((op, reason)) = self.try_batch(account, ops) {
            self.events.push(Event::BatchRefused { op, reason });
        }
    }

    fn try_batch(&mut self, account: AccountId, ops: &[Command]) -> Result<(), (u8, RejectReason)> {
        let first = |reason| (0, reason);
        self.check_account(account).map_err(first)?;
        if usize::from(BATCH_OPS_MAX) < ops.len() {
            return Err((BATCH_OPS_MAX, RejectReason::BatchInvalid));
        }
        let identities = match self.recall_batch(account, ops)? {
            Known::New(identities) => identities,
            Known::Repeated => {
                self.repeat_batch(account, ops);
                return Ok(());
            }
        };
        if let Err((op, reason)) = self.check_batch(account, ops) {
            for (place, identity) in (0_u8..).zip(identities) {
                let outcome = if place == op { reason } else { RejectReason::BatchRefused };
                self.refuse(account, identity, outcome);
            }
            return Err((op, reason));
        }
        for (op, command) in (0..).zip(ops) {
            self.events.push(Event::BatchStep { op });
            let done = match *command {
                Command::PlaceOrder(ref order) => self.place(order),
                Command::CancelOrder { account, order } => self.cancel(account, order),
                _ => unreachable!("nothing else is gathered"),
            };
            done.expect("what was admitted together is taken one by one");
        }
        Ok(())
    }

    /// Looks up the ids that a batch brings: all of them are new, or all were used for the same before.
    fn recall_batch(&self, account: AccountId, ops: &[Command]) -> Result<Known, (u8, RejectReason)> {
        let (mut new, mut used, mut plain) = (BTreeSet::new(), 0_usize, 0_usize);
        let mut identities = Vec::with_capacity(ops.len());
        for (op, command) in (0..).zip(ops) {
            let Command::PlaceOrder(order) = command else {
                identities.push(None);
                continue;
            };
            let Some(client) = order.client else {
                plain += 1;
                identities.push(None);
                continue;
            };
            let identity = self.identity(account, order.client, || order_words(order));
            let identity = identity.expect("it brings an id");
            match self.lookup(account, (client, identity.hash)) {
                None if new.insert(client) => {}
                Some(found) if self.body_of(found) == identity.body => used += 1,
                _ => return Err((op, RejectReason::ClientOrderIdConflict)),
            }
            identities.push(Some(identity));
        }
        let brought = u32::try_from(new.len()).expect("a batch is small");
        match (used, new.len() + plain) {
            (0, _) if !self.client_ids.has_room_for(account, brought) => Err((0, RejectReason::VenueFull)),
            (0, _) => Ok(Known::New(identities)),
            (_, 0) => Ok(Known::Repeated),
            _ => Err((0, RejectReason::ClientOrderIdConflict)),
        }
    }

    fn body_of(&self, found: Found) -> u64 {
        match found {
            Found::Open(slot) => self.orders.at(slot).body,
            Found::Done(remembered) => remembered.body,
        }
    }

    /// Tells what became of the orders of a batch that was sent before. Its cancels have long been carried out.
    fn repeat_batch(&mut self, account: AccountId, ops: &[Command]) {
        for (op, command) in (0..).zip(ops) {
            self.events.push(Event::BatchStep { op });
            if let Command::PlaceOrder(order) = command {
                let identity = self.identity(account, order.client, || order_words(order));
                let told = self.recall(account, &identity);
                told.expect("the same id stands for the same order");
            }
        }
    }

    /// Checks each change against what those before it would leave.
    fn check_batch(&mut self, account: AccountId, ops: &[Command]) -> Result<(), (u8, RejectReason)> {
        let mut plan = Plan {
            account: self.ledger.accounts.at(account).clone(),
            positions: BTreeMap::new(),
            gone: BTreeSet::new(),
            rests: BTreeMap::new(),
            trades: BTreeSet::new(),
            orders: 0,
        };
        for (op, command) in (0..).zip(ops) {
            match *command {
                Command::PlaceOrder(ref order) => self.plan_order(&mut plan, order),
                Command::CancelOrder { account, order } => self.plan_cancel(&mut plan, account, order),
                _ => unreachable!("nothing else is gathered"),
            }
            .map_err(|reason| (op, reason))?;
        }
        Ok(())
    }

    fn plan_cancel(&self, plan: &mut Plan, account: AccountId, order: OrderRef) -> Result<(), RejectReason> {
        let (id, placement) = self.resting(account, order)?;
        if plan.trades.contains(&placement.instrument) {
            return Err(RejectReason::BatchInvalid);
        }
        if !plan.gone.insert(id) {
            return Err(RejectReason::OrderUnknown);
        }
        self.enter_plan(plan, account, placement.instrument);
        plan.uncover(&placement, &self.covered(id, &placement).terms);
        Ok(())
    }

    fn plan_order(&mut self, plan: &mut Plan, order: &NewOrder) -> Result<(), RejectReason> {
        let &NewOrder { account, instrument, side, .. } = order;
        if plan.trades.contains(&instrument) {
            return Err(RejectReason::BatchInvalid);
        }
        // A position that there is not yet is entered for nothing if the order is refused: the plan is thrown away then.
        if self.instrument(instrument).is_some() {
            self.enter_plan(plan, account, instrument);
        }
        let entry = self.admit_beside(order, Freed::NOTHING, Some(plan))?;
        let own = plan.rests.get(&(instrument, side.opposite())).copied();
        let takes = |price: Option<Price>| {
            let limits = [entry.limit, order.limit];
            price.is_some_and(|price| limits.into_iter().any(|limit| side.accepts(limit, price)))
        };
        if takes(own) {
            return Err(RejectReason::BatchInvalid);
        }
        let best = plan.best(&self.books, instrument, side.opposite());
        if best.is_some_and(|best| side.accepts(entry.limit, best)) {
            plan.trades.insert(instrument);
        } else if order.time_in_force.rests() {
            let best = plan.rests.entry((instrument, side)).or_insert(entry.limit);
            *best = match side {
                Side::Bid => entry.limit.max(*best),
                Side::Ask => entry.limit.min(*best),
            };
        }
        plan.cover(order, &entry);
        Ok(())
    }

    /// Puts the account's position in an instrument into the plan, as it is.
    fn enter_plan(&self, plan: &mut Plan, account: AccountId, instrument: InstrumentId) {
        plan.positions.entry(instrument).or_insert_with(|| {
            let row = self.ledger.positions.find(account, instrument);
            row.map_or_else(
                || Position::empty(account, instrument),
                |row| self.ledger.positions.at(row).clone(),
            )
        });
    }

    /// Whether the venue holds so many more orders, and a position for each.
    pub(super) fn has_room_for(&self, orders: u32) -> bool {
        let taken = self.books.taken().saturating_add(orders);
        taken < ORDERS_MAX && self.ledger.positions.has_room_for(orders)
    }
}

impl Image for Gathering {
    fn put(&self, to: &mut ImageWriter<'_>) {
        let Gathering { account, count, ops } = self;
        account.put(to);
        count.put(to);
        to.length(ops.len());
        for op in ops {
            match *op {
                Command::PlaceOrder(order) => (0_u8, order).put(to),
                Command::CancelOrder { order, .. } => (1_u8, order).put(to),
                _ => unreachable!("nothing else is gathered"),
            }
        }
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<Gathering> {
        let (account, count) = (AccountId::take(from)?, u8::take(from)?);
        let came = from.length()?;
        from.check(came < usize::from(count), "a batch whose changes are still coming has not all of them")?;
        let mut ops = Vec::with_capacity(count.into());
        for _ in 0..came {
            let broken = from.fault(CHOICE);
            ops.push(match u8::take(from)? {
                0 => Command::PlaceOrder(NewOrder::take(from)?),
                1 => Command::CancelOrder { account, order: OrderRef::take(from)? },
                _ => return Err(broken),
            });
            let own = !matches!(ops.last(), Some(Command::PlaceOrder(order)) if order.account != account);
            from.check(own, "a batch is of one account")?;
        }
        Ok(Gathering { account, count, ops })
    }
}
