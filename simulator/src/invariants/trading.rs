//! Trading: orders come in, trade, rest, change and end, each where and when it is its turn.

use engine::command::Command;
use engine::ending::{CancelReason, Ended};
use engine::event::{Event, ReduceReason};
use engine::ids::{AccountId, OrderId, index};
use engine::order::{NewOrder, OrderKind};
use engine::units::{Lots, Price};

use crate::invariants::auditor::{Auditor, Order, count};
use crate::invariants::finding::Invariant;

impl Auditor {
    /// An order, which must be known.
    pub(super) fn order(&mut self, order: OrderId) -> Option<Order> {
        let found = self.orders.get(&order).copied();
        self.findings.expect(found.is_some(), Invariant::Events, format_args!("{order} is not open"));
        found
    }

    /// An order comes in. It has no place yet.
    pub(super) fn accepted(&mut self, event: &Event) {
        let Event::OrderAccepted { account, order, instrument, side, immediate, limit, lots, client, .. } =
            *event
        else {
            return;
        };
        let Command::PlaceOrder(asked) = self.command else {
            return self.findings.report(Invariant::Events, format_args!("nobody asked for {order}"));
        };
        let said = (account, instrument, side, immediate, client);
        let rests = asked.time_in_force.rests();
        let same = said == (asked.account, asked.instrument, asked.side, !rests, asked.client);
        self.findings.expect(
            same,
            Invariant::Events,
            format_args!("{order} is not what was asked: {event:?}"),
        );
        self.expect_asked(order, &asked, (limit, lots));
        let clip = asked.shown.map(count);
        let lots = count(lots);
        let taken = Order {
            account,
            instrument,
            side,
            limit,
            lots,
            leaves: lots,
            shown: 0,
            clip,
            covered: 0,
            place: None,
            client,
        };
        let before = self.orders.insert(order, taken);
        self.findings.expect(before.is_none(), Invariant::Events, format_args!("{order} was open already"));
        self.moving.push(order);
        if let (Some(client), Some((_, _, body))) = (client, self.brought()) {
            self.identities.open(account, client, (order, body));
        }
        self.cover(order, lots);
    }

    /// I4: an order stands at its limit and has its lots. Only kinds that say so move their limit, to the stricter side.
    fn expect_asked(&mut self, order: OrderId, asked: &NewOrder, (limit, lots): (Price, Lots)) {
        let kept = match asked.kind {
            OrderKind::Limit | OrderKind::PostOnly => limit == asked.limit,
            OrderKind::Market | OrderKind::PostOnlySlide => asked.side.accepts(asked.limit, limit),
        };
        let what = format_args!("{order} stands at {limit:?}, asked for {:?}", asked.limit);
        self.findings.expect(kept, Invariant::Bounds, what);
        let what = format_args!("{order} has {lots:?}, asked for {:?}", asked.lots);
        self.findings.expect(lots == asked.lots, Invariant::Bounds, what);
    }

    /// What else an order says is what was asked.
    pub(super) fn terms(&mut self, event: &Event) {
        let Event::OrderTerms { kind, time_in_force, minimum, shown, label, session, .. } = *event else {
            return;
        };
        let said = (kind, time_in_force, minimum, shown, (label, session));
        let same = matches!(self.command, Command::PlaceOrder(asked)
            if said == (asked.kind, asked.time_in_force, asked.minimum, asked.shown, (asked.label, asked.session)));
        self.findings.expect(same, Invariant::Events, format_args!("nobody asked for {event:?}"));
    }

    /// What is left of an order joins the end of its queue.
    pub(super) fn rested(&mut self, order: OrderId, leaves: Lots, shown: Lots) {
        let Some(mut open) = self.order(order) else { return };
        let again = open.place.is_some();
        self.findings.expect(!again, Invariant::Priority, format_args!("{order} rests twice"));
        let left = open.leaves;
        let what = format_args!("{order} rests with {leaves:?}, but has {left} left");
        self.findings.expect(count(leaves) == left, Invariant::Bounds, what);
        open.shown = open.clip.map_or(left, |clip| clip.min(left));
        let what = format_args!("{order} shows {shown:?}, and should show {}", open.shown);
        self.findings.expect(count(shown) == open.shown, Invariant::Priority, what);
        self.age += 1;
        let age = self.age;
        if let Some(window) = self.window(open.instrument) {
            if let Some(place) = open.place {
                window.leave(open.side, place);
            }
            open.place = Some(window.rest(open.side, (open.limit, age), order));
        }
        self.orders.insert(order, open);
    }

    /// An order gets smaller, hidden lots first, and keeps its place.
    pub(super) fn reduced(&mut self, event: &Event) {
        let Event::OrderReduced { account, order, by, leaves, shown, reason, .. } = *event else { return };
        let Some(open) = self.order(order) else { return };
        match (reason, self.command) {
            (ReduceReason::User, Command::ReduceOrder { by: asked, .. }) => {
                let same = self.named == Some(order) && by == asked;
                let what = format_args!("{by:?} off {order}, asked for {asked:?} off {:?}", self.named);
                self.findings.expect(same, Invariant::Identity, what);
            }
            (ReduceReason::User, _) => {
                self.findings.report(Invariant::Events, format_args!("nobody reduced {order}"));
            }
            (ReduceReason::SelfTrade, _) => {}
        }
        let left = open.leaves - count(by);
        let told = (account, count(leaves)) == (open.account, left) && 0 < left;
        self.findings.expect(told, Invariant::Bounds, format_args!("{order} had {}: {event:?}", open.leaves));
        self.shrink(order, left, shown);
        if let Some(open) = self.orders.get_mut(&order) {
            open.lots -= count(by);
        }
    }

    /// Takes an order down to `left` lots in its place; `shown` is what it is told to show then.
    fn shrink(&mut self, order: OrderId, left: i64, shown: Lots) {
        self.cover(order, left);
        let Some(open) = self.orders.get_mut(&order) else { return };
        (open.leaves, open.shown) = (left, open.shown.min(left));
        let expected = open.shown;
        let what = format_args!("{order} shows {shown:?}, and should show {expected}");
        self.findings.expect(count(shown) == expected, Invariant::Priority, what);
    }

    /// An order changes. It keeps its place if it gets no larger at the same limit, and else leaves the book.
    pub(super) fn amended(&mut self, event: &Event) {
        let Event::OrderAmended { account, order, limit, lots, leaves, shown, kept, client, .. } = *event
        else {
            return;
        };
        let Some(open) = self.order(order) else { return };
        let Command::AmendOrder(asked) = self.command else {
            return self.findings.report(Invariant::Events, format_args!("nobody amended {order}"));
        };
        let named = (account, self.named, client) == (open.account, Some(order), asked.client);
        let what = format_args!("{:?} was to be amended: {event:?}", self.named);
        self.findings.expect(named, Invariant::Identity, what);
        let lots_asked = asked.lots.map_or(open.lots, count);
        let limit_asked = asked.limit.unwrap_or(open.limit);
        let filled = open.lots - open.leaves;
        let left = lots_asked - filled;
        // A post-only order may slide; it never gets a worse limit.
        let asked_for = open.side.accepts(limit_asked, limit) && count(lots) == lots_asked;
        let what =
            format_args!("{order} has {filled} filled, asked for {limit_asked:?}, {lots_asked}: {event:?}");
        self.findings.expect(asked_for && count(leaves) == left && 0 < left, Invariant::Bounds, what);
        let stays = limit_asked == open.limit && lots_asked <= open.lots;
        let what = format_args!("{order} keeps its place: {kept}, and should: {stays}");
        self.findings.expect(kept == stays, Invariant::Priority, what);
        if let (Some(client), Some((_, _, body))) = (client, self.brought()) {
            self.retire(account, open.client, (Ended::Renamed, filled));
            self.identities.open(account, client, (order, body));
        }
        if kept {
            self.shrink(order, left, shown);
        } else {
            self.withdraw(order);
            self.cover(order, 0);
            self.moving.push(order);
        }
        if let Some(open) = self.orders.get_mut(&order) {
            (open.limit, open.lots, open.leaves) = (limit, count(lots), left);
            open.client = client.or(open.client);
        }
        if !kept {
            self.cover(order, left);
        }
    }

    /// Takes an order out of its queue; it stays open.
    pub(super) fn withdraw(&mut self, order: OrderId) {
        let Some(open) = self.orders.get_mut(&order) else { return };
        open.shown = 0;
        let (instrument, side, place) = (open.instrument, open.side, open.place.take());
        if let (Some(place), Some(window)) = (place, self.window(instrument)) {
            window.leave(side, place);
        }
    }

    /// An order ends with lots left.
    pub(super) fn canceled(
        &mut self,
        (account, order): (AccountId, OrderId),
        leaves: Lots,
        reason: CancelReason,
    ) {
        let Some(open) = self.order(order) else { return };
        let same = (account, count(leaves)) == (open.account, open.leaves);
        let what = format_args!("{order} ends with {leaves:?}, but has {} left", open.leaves);
        self.findings.expect(same, Invariant::Bounds, what);
        match (reason, self.command) {
            (CancelReason::User, Command::CancelOrder { .. }) => {
                let what = format_args!("{order} ends, and {:?} was to end", self.named);
                self.findings.expect(self.named == Some(order), Invariant::Identity, what);
            }
            (CancelReason::User, _) => {
                self.findings.report(Invariant::Events, format_args!("nobody cancelled {order}"));
            }
            (CancelReason::Immediate, _) => self.expect_no_more(order, &open),
            _ => {}
        }
        self.end(order, Ended::Canceled(reason));
    }

    /// I3: whoever trades at once trades with all who accept.
    fn expect_no_more(&mut self, order: OrderId, open: &Order) {
        let first =
            self.windows.get(index(open.instrument.0)).and_then(|window| window.first(open.side.opposite()));
        let more = first.is_some_and(|(_, price)| open.side.accepts(open.limit, price));
        let what = format_args!("{order} ends though {first:?} is within its limit");
        self.findings.expect(!more, Invariant::Priority, what);
    }

    /// An order is over: its place, its cover and its id come free.
    pub(super) fn end(&mut self, order: OrderId, ended: Ended) {
        self.withdraw(order);
        let Some(Order { account, lots, leaves, client, .. }) = self.orders.get(&order).copied() else {
            return;
        };
        self.cover(order, 0);
        self.orders.remove(&order);
        self.retire(account, client, (ended, lots - leaves));
    }
}
