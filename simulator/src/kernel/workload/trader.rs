//! Trader: what those who trade ask for.

use std::num::NonZeroU32;

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId, OrderId};
use engine::order::{
    Amendment, NewOrder, OrderKind, OrderRef, SelfTradePrevention, SessionId, Side, TimeInForce,
};
use engine::order_filter::OrderFilter;
use engine::stamp::Time;
use engine::units::{Amount, Price};

use crate::kernel::choices::Choices;
use crate::kernel::client::Client;
use crate::kernel::workload::{Scene, Workload, client_id, label, lots};

/// Where prices are, in ticks.
pub(super) const MIDDLE: u64 = 1_000;

impl Workload {
    /// What a trader asks for; `act` is the number of the act and who does it.
    pub(super) fn trade(&self, act: (u64, usize), scene: &Scene<'_>, choices: &mut Choices) -> Command {
        let client = &scene.clients[act.1];
        let account = client.account;
        // Who has no order enters one, mostly.
        let nothing = client.orders.is_empty() && !choices.happens(1_000);
        match choices.below(100) {
            54..84 if nothing => Command::PlaceOrder(self.order(act, scene, choices)),
            0..54 => Command::PlaceOrder(self.order(act, scene, choices)),
            54..65 => self.amendment(act.0, client, choices),
            65..77 => Command::CancelOrder { account, order: meant(client, choices) },
            77..84 => {
                let (order, by) = (meant(client, choices), lots(choices.below(12)));
                Command::ReduceOrder { account, order, by }
            }
            84..87 => Command::CancelAll { account, only: filter(scene, choices) },
            87..90 => {
                let after = (!choices.happens(3_000)).then(|| choices.between(1, 90) * Time::SECOND);
                Command::CancelAfter { account, after }
            }
            90..91 => {
                let session = client.connection.and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
                Command::EndSession { account, session: SessionId(session) }
            }
            91..93 => self.payment(act.0, account, choices),
            93..98 if self.is_provider(account) => {
                let instrument = instrument(scene, choices);
                Command::SetCapacity { account, instrument, lots: lots(choices.below(900)) }
            }
            93..98 => Command::PlaceOrder(self.order(act, scene, choices)),
            // An id that was used for something else.
            _ => {
                let mut order = self.order(act, scene, choices);
                if !client.ids.is_empty() {
                    order.client = Some(client.ids[choices.place(client.ids.len())]);
                }
                Command::PlaceOrder(order)
            }
        }
    }

    /// Sends credit to somebody, or asks for it to be paid out.
    fn payment(&self, act: u64, account: AccountId, choices: &mut Choices) -> Command {
        let reference = if choices.happens(1_000) { label('r', choices.below(4)) } else { label('r', act) };
        let most = choices.one(&[1, 1_000_000, 1_000_000_000]);
        let amount = Amount::new(choices.below(most));
        if choices.happens(5_000) {
            return Command::Redeem { account, amount, reference };
        }
        let to = AccountId(u32::try_from(choices.below(1 + u64::from(self.traders))).expect("it is small"));
        Command::Transfer { account, to, amount, reference }
    }

    pub(super) fn is_provider(&self, account: AccountId) -> bool {
        account.0 <= self.providers
    }

    fn limit(&self, side: Side, choices: &mut Choices) -> Price {
        let from = match side {
            Side::Bid => MIDDLE - 2 * self.width / 3,
            Side::Ask => MIDDLE - self.width / 3,
        };
        price(from + choices.below(self.width))
    }

    pub(super) fn order(
        &self,
        (act, doer): (u64, usize),
        scene: &Scene<'_>,
        choices: &mut Choices,
    ) -> NewOrder {
        let client = &scene.clients[doer];
        // Who is no provider sells only what it has bought.
        let sells = if self.is_provider(client.account) { 6_000 } else { 3_000 };
        let side = if choices.happens(sells) { Side::Ask } else { Side::Bid };
        let instrument = instrument(scene, choices);
        let (count, limit) = (lots(choices.between(1, 31)), self.limit(side, choices));
        let mut order = NewOrder::limit(client.account, instrument, side, (count, limit));
        let rests = choices.happens(6_500);
        if rests {
            let date = scene.now.after(choices.between(1, 40) * Time::SECOND);
            let date = TimeInForce::GoodTillDate(date);
            order.time_in_force = choices.one(&[TimeInForce::GoodTillGate, date, date]);
            let kinds = [OrderKind::Limit, OrderKind::Limit, OrderKind::PostOnly, OrderKind::PostOnlySlide];
            order.kind = choices.one(&kinds);
            order.shown =
                choices.happens(2_500).then(|| lots(choices.between(1, 7))).filter(|most| *most <= count);
        } else {
            order.time_in_force = choices.one(&[
                TimeInForce::ImmediateOrCancel,
                TimeInForce::ImmediateOrCancel,
                TimeInForce::FillOrKill,
            ]);
            order.kind = choices.one(&[OrderKind::Limit, OrderKind::Market]);
        }
        order.prevention = choices.one(&[
            SelfTradePrevention::CancelNewest,
            SelfTradePrevention::CancelOldest,
            SelfTradePrevention::CancelBoth,
            SelfTradePrevention::Decrement,
        ]);
        if order.kind == OrderKind::Limit && choices.happens(600) {
            order.minimum = lots(choices.below(4)).min(count);
        }
        order.client = choices.happens(8_000).then(|| client_id(act));
        order.label = choices.happens(2_000).then(|| label('l', choices.below(3)));
        let session = client.connection.and_then(NonZeroU32::new);
        order.session = session.map(SessionId).filter(|_| choices.happens(3_000));
        order.deadline = choices.happens(1_000).then(|| scene.now.after(choices.between(1, 300) * 1_000_000));
        order
    }

    fn amendment(&self, act: u64, client: &Client, choices: &mut Choices) -> Command {
        let side = choices.one(&[Side::Bid, Side::Ask]);
        Command::AmendOrder(Amendment {
            account: client.account,
            order: meant(client, choices),
            limit: choices.happens(5_000).then(|| self.limit(side, choices)),
            lots: choices.happens(6_000).then(|| lots(choices.between(1, 40))),
            client: choices.happens(5_000).then(|| client_id(act)),
            filled: choices.happens(800).then(|| lots(choices.below(3))),
            deadline: None,
        })
    }

    /// Limit orders, immediate ones, and cancellations.
    pub(super) fn plain_command(&self, act: u64, client: &Client, choices: &mut Choices) -> Command {
        let account = client.account;
        if choices.happens(4_200) {
            return Command::CancelOrder { account, order: meant(client, choices) };
        }
        let side = choices.one(&[Side::Bid, Side::Ask]);
        let terms = (lots(choices.between(1, 31)), self.limit(side, choices));
        let mut order = NewOrder::limit(account, InstrumentId(0), side, terms);
        order.client = Some(client_id(act));
        if choices.happens(1_000) {
            order.time_in_force = TimeInForce::ImmediateOrCancel;
        }
        Command::PlaceOrder(order)
    }
}

pub(super) fn price(ticks: u64) -> Price {
    Price::new(ticks).expect("it is within bounds")
}

/// A window, most often the first that trades.
pub(super) fn instrument(scene: &Scene<'_>, choices: &mut Choices) -> InstrumentId {
    match scene.news.open.as_slice() {
        [] => InstrumentId(0),
        [first, ..] if choices.happens(6_000) => *first,
        open => choices.one(open),
    }
}

/// One of the orders that the client was told of, most often one of the last.
pub(super) fn meant(client: &Client, choices: &mut Choices) -> OrderRef {
    if choices.happens(1_500) && !client.ids.is_empty() {
        return OrderRef::Client(client.ids[recent(client.ids.len(), choices)]);
    }
    let known = if choices.happens(500) { &client.past } else { &client.orders };
    match known.len() {
        0 => OrderRef::Id(OrderId::from_raw(0)),
        length => OrderRef::Id(known[recent(length, choices)]),
    }
}

/// A place near the end of a list.
fn recent(length: usize, choices: &mut Choices) -> usize {
    let most = if choices.happens(7_000) { length.min(6) } else { length };
    length - 1 - choices.place(most)
}

fn filter(scene: &Scene<'_>, choices: &mut Choices) -> OrderFilter {
    let mut only = OrderFilter::default();
    match choices.below(4) {
        0 => {}
        1 => only.instrument = Some(instrument(scene, choices)),
        2 => only.side = Some(choices.one(&[Side::Bid, Side::Ask])),
        _ => only.label = Some(label('l', choices.below(3))),
    }
    only
}
