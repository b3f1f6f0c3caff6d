//! Cancel of the model: orders that end or shrink.

use engine::ending::{CancelReason, Ended};
use engine::event::{Event, ReduceReason};
use engine::ids::{AccountId, OrderId};
use engine::order::{OrderRef, SessionId};
use engine::order_filter::OrderFilter;
use engine::stamp::Time;
use engine::units::Lots;

use crate::model::orders::UNNUMBERED;
use crate::model::{Model, Order, lots};

impl Model {
    /// Place of the open order of an account that is named.
    pub(super) fn place_of(&self, account: AccountId, order: OrderRef) -> Option<usize> {
        self.orders.iter().position(|open| {
            let named = match order {
                OrderRef::Id(id) => open.order == id,
                OrderRef::Client(client) => open.client == Some(client),
            };
            named && open.account == account
        })
    }

    /// The open order of an account that is named.
    pub(crate) fn open(&self, account: AccountId, order: OrderRef) -> Option<&Order> {
        self.place_of(account, order).map(|place| &self.orders[place])
    }

    /// Ends an open order.
    pub(super) fn cancel(&mut self, order: OrderId, reason: CancelReason) {
        let place = self.orders.iter().position(|open| open.order == order).expect("it is open");
        let open = self.orders.remove(place);
        self.retire(&open, Ended::Canceled(reason));
        let (account, leaves) = (open.account, lots(open.leaves()));
        self.tell(Event::OrderCanceled { account, xseq: UNNUMBERED, order, leaves, reason });
    }

    /// Ends orders of an account, oldest first.
    pub(super) fn cancel_those(
        &mut self,
        account: AccountId,
        reason: CancelReason,
        is_meant: impl Fn(&Model, &Order) -> bool,
    ) {
        let own = self.orders.iter().filter(|open| open.account == account && is_meant(self, open));
        let mut own: Vec<(u64, OrderId)> = own.map(|open| (open.age, open.order)).collect();
        own.sort_unstable();
        own.into_iter().for_each(|(_, order)| self.cancel(order, reason));
    }

    pub(super) fn cancel_one(&mut self, account: AccountId, order: OrderRef) {
        let order = self.open(account, order).expect("else it is refused").order;
        self.cancel(order, CancelReason::User);
    }

    pub(super) fn cancel_all(&mut self, account: AccountId, only: &OrderFilter) {
        self.cancel_those(account, CancelReason::All, |model, open| {
            let (window, spec) = (model.window(open.instrument), model.market(open.instrument).spec);
            let &OrderFilter { instrument, class, zone, tier, start, side, label, session } = only;
            let said = [
                instrument.is_some_and(|instrument| instrument != open.instrument),
                class.is_some_and(|class| class != spec.class),
                zone.is_some_and(|zone| zone != spec.zone),
                tier.is_some_and(|tier| tier != spec.tier),
                start.is_some_and(|start| start != Time(window.start)),
                side.is_some_and(|side| side != open.side),
                label.is_some() && label != open.label,
                session.is_some() && session != open.session,
            ];
            !said.contains(&true)
        });
    }

    pub(super) fn end_session(&mut self, account: AccountId, session: SessionId) {
        self.cancel_those(account, CancelReason::Session, |_, open| open.session == Some(session));
    }

    pub(super) fn reduce(&mut self, (account, order): (AccountId, OrderRef), by: Lots) {
        let order = self.open(account, order).expect("else it is refused").order;
        self.shrink(order, by.count().into(), ReduceReason::User);
    }

    /// Takes lots off an open order, which keeps its place.
    pub(super) fn shrink(&mut self, order: OrderId, by: u64, reason: ReduceReason) {
        let open = self.orders.iter_mut().find(|open| open.order == order).expect("it is open");
        open.shrink(by);
        let (account, leaves, shown) = (open.account, lots(open.leaves()), lots(open.shown));
        let by = lots(by);
        self.tell(Event::OrderReduced { account, xseq: UNNUMBERED, order, by, leaves, shown, reason });
    }
}
