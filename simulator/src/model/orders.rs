//! Orders of the model: entry, and where an order stands.

use engine::ending::{CancelReason, Ended};
use engine::event::{Event, PrivateSequence};
use engine::ids::OrderId;
use engine::order::{NewOrder, OrderKind, Side, TimeInForce};
use engine::reject::RejectReason;
use engine::units::Lots;

use crate::model::identity::Asked;
use crate::model::{Model, Order, lots, price};

/// Private events are compared without their numbers.
pub(super) const UNNUMBERED: PrivateSequence = PrivateSequence(0);

impl Model {
    pub(super) fn place(&mut self, order: &NewOrder, name: OrderId) -> Result<(), RejectReason> {
        let (account, asked) = (order.account, Asked::order(order));
        self.check_account(account)?;
        if self.recall((account, order.client), asked)? {
            return Ok(());
        }
        if let Some(reason) = self.order_reasons(order).into_iter().min() {
            return Err(self.refuse((account, order.client), asked, reason));
        }
        assert!(self.names.insert(name), "a name is given once");
        let mut incoming = self.incoming(order, name);
        incoming.age = self.turn();
        // Who has entered an order has a holding, if an empty one.
        self.holding((account, order.instrument));
        self.tell_accepted(order, &incoming);
        self.go_by(&incoming, asked);
        let stopped = self.meet(&mut incoming);
        let immediate = !order.time_in_force.rests();
        self.leave(incoming, (stopped.or(immediate.then_some(CancelReason::Immediate)), order.shown));
        Ok(())
    }

    /// The order as it comes in.
    pub(super) fn incoming(&self, order: &NewOrder, name: OrderId) -> Order {
        Order {
            order: name,
            account: order.account,
            instrument: order.instrument,
            side: order.side,
            kind: order.kind,
            prevention: order.prevention,
            expires: order.time_in_force.expires().map(|expires| expires.0),
            limit: self.stands_at(order),
            filled: 0,
            shown: order.lots.count().into(),
            hidden: 0,
            clip: None,
            minimum: order.minimum,
            client: order.client,
            label: order.label,
            session: order.session,
            age: 0,
            turn: 0,
        }
    }

    fn tell_accepted(&mut self, order: &NewOrder, incoming: &Order) {
        let &NewOrder { account, instrument, side, kind, time_in_force, lots, client, .. } = order;
        self.tell(Event::OrderAccepted {
            account,
            xseq: UNNUMBERED,
            order: incoming.order,
            instrument,
            side,
            immediate: !time_in_force.rests(),
            limit: price(incoming.limit),
            lots,
            client,
        });
        let &NewOrder { minimum, shown, label, session, .. } = order;
        let plain = NewOrder { client, ..NewOrder::limit(account, instrument, side, (lots, order.limit)) };
        let said = NewOrder { prevention: plain.prevention, deadline: None, ..*order };
        let immediate = NewOrder { time_in_force: TimeInForce::ImmediateOrCancel, ..plain };
        if said != plain && said != immediate {
            let order = incoming.order;
            self.tell(Event::OrderTerms { order, kind, time_in_force, minimum, shown, label, session });
        }
    }

    /// What is left after all that was met rests, or is cancelled for this reason.
    pub(super) fn leave(&mut self, mut order: Order, (ends, clip): (Option<CancelReason>, Option<Lots>)) {
        let leaves = order.leaves();
        if leaves == 0 {
            self.retire(&order, Ended::Filled);
        } else if let Some(reason) = ends {
            self.retire(&order, Ended::Canceled(reason));
            let (account, order) = (order.account, order.order);
            self.tell(Event::OrderCanceled {
                account,
                xseq: UNNUMBERED,
                order,
                leaves: lots(leaves),
                reason,
            });
        } else {
            order.clip = clip.map(|clip| clip.count().into());
            order.shown = order.clip.map_or(leaves, |clip| clip.min(leaves));
            order.hidden = leaves - order.shown;
            order.turn = self.turn();
            let (name, shown) = (order.order, lots(order.shown));
            self.tell(Event::OrderRested { order: name, leaves: lots(leaves), shown });
            self.orders.push(order);
        }
    }

    /// How many lots of an order would trade at once.
    pub(super) fn would_fill(&self, order: &NewOrder) -> u64 {
        let incoming = self.incoming(order, OrderId::from_raw(u64::MAX));
        self.plan_with(&incoming, self.reachable(order.instrument)).filled
    }

    /// Where an order stands in the book.
    pub(super) fn stands_at(&self, order: &NewOrder) -> u64 {
        let asked = u64::from(order.limit.ticks());
        match order.kind {
            OrderKind::Limit | OrderKind::PostOnly => asked,
            OrderKind::Market => {
                let limits = &self.market(order.instrument).limits;
                let (low, high) = self.band(order.instrument);
                match order.side {
                    Side::Bid => asked.min(high).min(limits.price_max.ticks().into()),
                    Side::Ask => asked.max(low).max(limits.price_min.ticks().into()),
                }
            }
            OrderKind::PostOnlySlide => self.slid(order).unwrap_or(asked),
        }
    }

    /// One tick from the other side's best, for an order that would take; `None` where there is no such price.
    fn slid(&self, order: &NewOrder) -> Option<u64> {
        let asked = u64::from(order.limit.ticks());
        let others = self.counterparts().iter().filter(|open| open.instrument == order.instrument);
        let others = others.filter(|open| open.side != order.side).map(|open| open.limit);
        let slid = match order.side {
            Side::Bid => others.min().map_or(asked, |best| asked.min(best - 1)),
            Side::Ask => others.max().map_or(asked, |best| asked.max(best + 1)),
        };
        (1..=1_000_000_000).contains(&slid).then_some(slid)
    }
}
