//! Batches of the model: changes that happen all together or not at all.
//!
//! They come as commands of their own, and the last one carries them out. First they are tried, on a list of orders that is
//! thrown away: what is canceled is gone from it, and an order that is taken is in it, whole, and meets nobody. So what an
//! order of the batch would earn does not help the next one, and it is nobody's counterpart.

use std::collections::BTreeSet;

use engine::command::Command;
use engine::event::Event;
use engine::ids::{AccountId, InstrumentId, OrderId};
use engine::market::SelfTrade;
use engine::order::{NewOrder, OrderRef, Side};
use engine::reject::RejectReason;

use crate::model::identity::Asked;
use crate::model::{Model, Order, nameless};

/// The most changes of a batch.
const CHANGES_MAX: usize = 32;

/// Which change of a batch cannot be, and why.
type Refused = (u8, RejectReason);

/// A batch whose changes are coming.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Coming {
    account: AccountId,
    count: u8,
    changes: Vec<Command>,
}

/// What a change of a batch finds while the batch is tried.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trying {
    /// All that were open before.
    before: Vec<Order>,
    /// Those of them that the batch has not canceled.
    left: Vec<Order>,
    /// Orders of the batch that never rest.
    passing: BTreeSet<OrderId>,
    /// Windows in which an order of the batch would trade.
    trades: BTreeSet<InstrumentId>,
    /// Orders of the batch that would rest: window, side, limit in ticks.
    rests: Vec<(InstrumentId, Side, u64)>,
}

impl Model {
    /// The next commands are the changes of one batch.
    pub(super) fn expect_changes(&mut self, account: AccountId, count: u8) {
        self.coming = Some(Coming { account, count, changes: Vec::new() });
    }

    /// Takes a command as the next change of the batch that is coming. `None` when none is, or when it cannot be one of it:
    /// then the batch is none.
    pub(super) fn next_change(&mut self, command: &Command, names: &[OrderId]) -> Option<Vec<Event>> {
        let mut coming = self.coming.take()?;
        let whose = match command {
            Command::PlaceOrder(order) => order.account,
            Command::CancelOrder { account, .. } => *account,
            _ => return None,
        };
        if whose != coming.account {
            return None;
        }
        coming.changes.push(*command);
        if coming.changes.len() < usize::from(coming.count) {
            self.coming = Some(coming);
            return Some(Vec::new());
        }
        let refused = self.carry_out_all(coming.account, &coming.changes, names).err();
        let events = std::mem::take(&mut self.events);
        Some(match refused {
            Some((op, reason)) => {
                assert_eq!(events, [], "what is refused changes nothing");
                vec![Event::BatchRefused { op, reason }]
            }
            None => events,
        })
    }

    fn carry_out_all(
        &mut self,
        account: AccountId,
        changes: &[Command],
        names: &[OrderId],
    ) -> Result<(), Refused> {
        self.check_account(account).map_err(|reason| (0, reason))?;
        if CHANGES_MAX < changes.len() {
            return Err((32, RejectReason::BatchInvalid));
        }
        let again = self.was_sent(account, changes)?;
        if !again && let Some((op, reason)) = self.first_fault(account, changes) {
            for (place, order) in orders(changes) {
                let told = if place == op { reason } else { RejectReason::BatchRefused };
                self.refuse((account, order.client), Asked::order(order), told);
            }
            return Err((op, reason));
        }
        let mut names = names.iter().copied();
        for (op, change) in (0_u8..).zip(changes) {
            self.tell(Event::BatchStep { op });
            let done = match change {
                Command::PlaceOrder(order) if again => {
                    self.recall((account, order.client), Asked::order(order)).map(drop)
                }
                _ if again => Ok(()),
                Command::PlaceOrder(order) => self.place(order, names.next().unwrap_or(nameless(op))),
                cancel => self.carry_out(cancel, nameless(op)),
            };
            done.expect("what can be done together can be done one by one");
        }
        Ok(())
    }

    /// Whether a batch was sent before: under ids that all were used for the same. Else all of them have to be new.
    fn was_sent(&self, account: AccountId, changes: &[Command]) -> Result<bool, Refused> {
        let (mut new, mut used, mut unnamed) = (BTreeSet::new(), 0, 0);
        for (op, order) in orders(changes) {
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

    /// The first change that cannot be after those before it.
    fn first_fault(&mut self, account: AccountId, changes: &[Command]) -> Option<Refused> {
        let before = self.orders.clone();
        self.trying = Some(Trying {
            before: before.clone(),
            left: before.clone(),
            passing: BTreeSet::new(),
            trades: BTreeSet::new(),
            rests: Vec::new(),
        });
        let fault = (0_u8..).zip(changes).find_map(|(op, change)| {
            let tried = match *change {
                Command::PlaceOrder(ref order) => self.try_order(order, OrderId::from_raw(op.into())),
                Command::CancelOrder { order, .. } => self.try_cancel(account, order),
                _ => unreachable!("a batch has orders and cancels"),
            };
            tried.err().map(|reason| (op, reason))
        });
        (self.orders, self.trying) = (before, None);
        fault
    }

    fn try_cancel(&mut self, account: AccountId, order: OrderRef) -> Result<(), RejectReason> {
        let trying = self.trying.as_mut().expect("a batch is tried");
        let named = |open: &&Order| {
            let is_it = match order {
                OrderRef::Id(id) => open.order == id,
                OrderRef::Client(client) => open.client == Some(client),
            };
            is_it && open.account == account
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
        let trades = |trying: &Option<Trying>| {
            trying.as_ref().is_some_and(|trying| trying.trades.contains(&order.instrument))
        };
        if trades(&self.trying) {
            return Err(RejectReason::BatchInvalid);
        }
        if let Some(reason) = self.order_reasons(order).into_iter().min() {
            return Err(reason);
        }
        let incoming = self.incoming(order, name);
        let asked = u64::from(order.limit.ticks());
        let takes = |limit: u64, price: u64| match order.side {
            Side::Bid => price <= limit,
            Side::Ask => limit <= price,
        };
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
        let rests = order.time_in_force.rests();
        if others.any(|open| takes(incoming.limit, open.limit)) {
            trying.trades.insert(order.instrument);
        } else if rests {
            trying.rests.push((order.instrument, order.side, incoming.limit));
        }
        if !rests {
            trying.passing.insert(name);
        }
        self.orders.push(incoming);
        Ok(())
    }

    /// Orders that one that comes in can meet.
    pub(super) fn counterparts(&self) -> &[Order] {
        self.trying.as_ref().map_or(&self.orders, |trying| &trying.left)
    }

    /// Orders that count where so much must trade at once. Where groups do not trade with themselves, what the batch has
    /// canceled still stands in the way.
    pub(super) fn reachable(&self, instrument: InstrumentId) -> &[Order] {
        match &self.trying {
            None => &self.orders,
            Some(trying) if self.market(instrument).spec.self_trade == SelfTrade::Allowed => &trying.left,
            Some(trying) => &trying.before,
        }
    }

    /// Whether an order counts among those that are open.
    pub(super) fn is_open(&self, order: &Order) -> bool {
        self.trying.as_ref().is_none_or(|trying| !trying.passing.contains(&order.order))
    }
}

/// The orders among the changes of a batch, with their places.
fn orders(changes: &[Command]) -> impl Iterator<Item = (u8, &NewOrder)> {
    (0_u8..).zip(changes).filter_map(|(op, change)| match change {
        Command::PlaceOrder(order) => Some((op, order)),
        _ => None,
    })
}
