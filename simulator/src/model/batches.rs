//! Batches of the model: changes that happen all together or not at all.
//!
//! They are tried on a copy: what is canceled is gone from it, and an order that is taken is in the list of orders, whole, and
//! meets nobody. So what it would earn does not help the next one, and it is nobody's counterpart.

use std::collections::BTreeSet;

use engine::command::Command;
use engine::event::Event;
use engine::ids::{AccountId, InstrumentId, OrderId};
use engine::market::SelfTrade;
use engine::order::{NewOrder, OrderRef, Side};
use engine::reject::RejectReason;

use crate::model::identity::Asked;
use crate::model::{Model, Order};

/// The most changes of a batch.
const CHANGES_MAX: usize = 32;

/// What an order of a batch finds that is tried.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Trying {
    /// Orders that were open before, less those that the batch has canceled.
    left: Vec<Order>,
    /// All that were open before.
    before: Vec<Order>,
    /// Orders of the batch that do not rest.
    passing: BTreeSet<OrderId>,
    /// Windows in which an order of the batch would trade.
    trades: BTreeSet<InstrumentId>,
    /// Orders of the batch that would rest: window, side, limit in ticks.
    rests: Vec<(InstrumentId, Side, u64)>,
}

impl Model {
    /// What must happen now that the last change of a batch has come. Orders that are taken get these names, in turn.
    pub(crate) fn ask_batch(
        &mut self,
        account: AccountId,
        changes: &[Command],
        names: &mut dyn Iterator<Item = OrderId>,
    ) -> Vec<Event> {
        let refused = self.try_batch(account, changes, names).err();
        let events = std::mem::take(&mut self.events);
        match refused {
            Some((op, reason)) => {
                assert_eq!(events, [], "what is refused changes nothing");
                vec![Event::BatchRefused { op, reason }]
            }
            None => events,
        }
    }

    fn try_batch(
        &mut self,
        account: AccountId,
        changes: &[Command],
        names: &mut dyn Iterator<Item = OrderId>,
    ) -> Result<(), (u8, RejectReason)> {
        self.check_account(account).map_err(|reason| (0, reason))?;
        if CHANGES_MAX < changes.len() {
            return Err((32, RejectReason::BatchInvalid));
        }
        let again = self.was_sent(account, changes)?;
        let refused = if again { None } else { self.refusal(account, changes) };
        if let Some((op, reason)) = refused {
            for (place, change) in (0_u8..).zip(changes) {
                if let Command::PlaceOrder(order) = change {
                    let told = if place == op { reason } else { RejectReason::BatchRefused };
                    self.refuse((account, order.client), Asked::order(order), told);
                }
            }
            return Err((op, reason));
        }
        for (op, change) in (0_u8..).zip(changes) {
            self.tell(Event::BatchStep { op });
            let done = match change {
                Command::PlaceOrder(order) if again => {
                    self.recall((account, order.client), Asked::order(order)).map(drop)
                }
                Command::PlaceOrder(order) => {
                    self.place(order, names.next().unwrap_or(OrderId::from_raw(u64::MAX - u64::from(op))))
                }
                _ if again => Ok(()),
                cancel => self.carry_out(cancel, OrderId::from_raw(u64::MAX)),
            };
            done.expect("what is taken together is taken one by one");
        }
        Ok(())
    }

    /// Whether a batch was sent before: under ids that all were used for the same.
    fn was_sent(&self, account: AccountId, changes: &[Command]) -> Result<bool, (u8, RejectReason)> {
        let (mut new, mut used, mut unnamed) = (BTreeSet::new(), 0, 0);
        for (op, change) in (0_u8..).zip(changes) {
            let Command::PlaceOrder(order) = change else { continue };
            let Some(client) = order.client else {
                unnamed += 1;
                continue;
            };
            let same = self.ids.get(&(account, client)).map(|used| used.is(&Asked::order(order)));
            match same {
                None if new.insert(client) => {}
                Some(true) => used += 1,
                _ => return Err((op, RejectReason::ClientOrderIdConflict)),
            }
        }
        match (used, new.len() + unnamed) {
            (0, _) => Ok(false),
            (_, 0) => Ok(true),
            _ => Err((0, RejectReason::ClientOrderIdConflict)),
        }
    }

    /// The first change that cannot be, and why.
    fn refusal(&self, account: AccountId, changes: &[Command]) -> Option<(u8, RejectReason)> {
        let mut tried = self.clone();
        let (left, before) = (self.orders.clone(), self.orders.clone());
        tried.trying = Some(Trying { left, before, ..Trying::default() });
        let tries = (0_u8..).zip(changes).map(|(op, change)| {
            let outcome = match *change {
                Command::PlaceOrder(ref order) => tried.try_order(order, OrderId::from_raw(u64::from(op))),
                Command::CancelOrder { order, .. } => tried.try_cancel(account, order),
                _ => unreachable!("a batch has orders and cancels"),
            };
            outcome.err().map(|reason| (op, reason))
        });
        tries.flatten().next()
    }

    fn try_cancel(&mut self, account: AccountId, order: OrderRef) -> Result<(), RejectReason> {
        let trying = self.trying.as_mut().expect("a batch is tried");
        let named = |open: &&Order| {
            open.account == account
                && match order {
                    OrderRef::Id(id) => open.order == id,
                    OrderRef::Client(client) => open.client == Some(client),
                }
        };
        let open = trying.before.iter().find(named).ok_or(RejectReason::OrderUnknown)?;
        if trying.trades.contains(&open.instrument) {
            return Err(RejectReason::BatchInvalid);
        }
        let gone = open.order;
        let place = trying.left.iter().position(|left| left.order == gone);
        trying.left.remove(place.ok_or(RejectReason::OrderUnknown)?);
        self.orders.retain(|open| open.order != gone);
        Ok(())
    }

    fn try_order(&mut self, order: &NewOrder, name: OrderId) -> Result<(), RejectReason> {
        let trading = |model: &Model| model.trying.as_ref().expect("a batch is tried").trades.clone();
        if trading(self).contains(&order.instrument) {
            return Err(RejectReason::BatchInvalid);
        }
        if let Some(reason) = self.order_reasons(order).into_iter().min() {
            return Err(reason);
        }
        let incoming = self.incoming(order, name);
        let takes = |limit: u64, price: u64| match order.side {
            Side::Bid => price <= limit,
            Side::Ask => limit <= price,
        };
        let asked = u64::from(order.limit.ticks());
        let trying = self.trying.as_mut().expect("a batch is tried");
        let mut own = trying
            .rests
            .iter()
            .filter(|(instrument, side, _)| *instrument == order.instrument && *side != order.side);
        if own.any(|(_, _, price)| takes(incoming.limit, *price) || takes(asked, *price)) {
            return Err(RejectReason::BatchInvalid);
        }
        let mut others =
            trying.left.iter().filter(|open| open.instrument == order.instrument && open.side != order.side);
        if others.any(|open| takes(incoming.limit, open.limit)) {
            trying.trades.insert(order.instrument);
        } else if order.time_in_force.rests() {
            trying.rests.push((order.instrument, order.side, incoming.limit));
        }
        if !order.time_in_force.rests() {
            trying.passing.insert(name);
        }
        self.orders.push(incoming);
        Ok(())
    }

    /// Orders that one that comes in can meet.
    pub(super) fn counterparts(&self) -> &[Order] {
        self.trying.as_ref().map_or(&self.orders, |trying| &trying.left)
    }

    /// Orders that count where so much must trade at once. Where groups do not trade with themselves, what a batch cancels still
    /// stands in the way.
    pub(super) fn reachable(&self, instrument: InstrumentId) -> &[Order] {
        let allowed = self.market(instrument).spec.self_trade == SelfTrade::Allowed;
        match &self.trying {
            Some(trying) if allowed => &trying.left,
            Some(trying) => &trying.before,
            None => &self.orders,
        }
    }

    /// Whether an order counts among those that are open.
    pub(super) fn is_open(&self, order: &Order) -> bool {
        self.trying.as_ref().is_none_or(|trying| !trying.passing.contains(&order.order))
    }
}
