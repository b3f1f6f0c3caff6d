//! Batcher: what those who trade ask for all at once.

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId};
use engine::order::{NewOrder, OrderKind, OrderRef, Side, TimeInForce};
use engine::units::Lots;

use crate::kernel::choices::Choices;
use crate::kernel::client::Client;
use crate::kernel::request::Request;
use crate::kernel::workload::trader::{MIDDLE, instrument, meant, price};
use crate::kernel::workload::{Scene, Workload, batch_id, lots};

/// The most changes of a batch, as the contract says.
const CHANGES_MAX: u64 = 32;

impl Workload {
    /// Changes that a trader asks for all at once; `act` is the number of the act and who does it.
    pub(super) fn batch(&self, act: (u64, usize), scene: &Scene<'_>, choices: &mut Choices) -> Request {
        let client = &scene.clients[act.1];
        let mut changes = match choices.below(40) {
            0..11 => self.quote(act, scene, choices),
            11..22 => self.turn(act, scene, choices),
            22..26 => self.strip(act, scene, choices),
            26 => self.many(act, scene, choices),
            _ => self.mixture(act, scene, choices),
        };
        name(act.0, &mut changes, client, choices);
        Request::Batch(client.account, changes.into())
    }

    /// Both sides of a quote in the place of what stood; who is no provider mostly has nothing to offer, and bids twice.
    fn quote(&self, act: (u64, usize), scene: &Scene<'_>, choices: &mut Choices) -> Vec<Command> {
        let client = &scene.clients[act.1];
        let mut changes = cancels(client, choices);
        let (instrument, part) = (instrument(scene, choices), self.width / 3);
        let apart = choices.below(part + 1);
        let offers = self.is_provider(client.account) || choices.happens(2_000);
        let other = if offers { (Side::Ask, MIDDLE + 1 + apart) } else { (Side::Bid, MIDDLE - apart - 1) };
        for (side, ticks) in [(Side::Bid, MIDDLE - apart), other] {
            let terms = (lots(choices.between(1, 31)), price(ticks));
            let mut order = NewOrder::limit(client.account, instrument, side, terms);
            order.kind = choices.one(&[OrderKind::Limit, OrderKind::PostOnly, OrderKind::PostOnlySlide]);
            changes.push(Command::PlaceOrder(order));
        }
        changes
    }

    /// What stood is canceled, and an order takes from the other side, mostly so much or nothing.
    fn turn(&self, act: (u64, usize), scene: &Scene<'_>, choices: &mut Choices) -> Vec<Command> {
        let client = &scene.clients[act.1];
        let mut changes = cancels(client, choices);
        let mut order = self.order(act, scene, choices);
        order.lots = lots(choices.between(1, 16));
        let reach = choices.below(self.width);
        order.limit = price(match order.side {
            Side::Bid => MIDDLE + reach,
            Side::Ask => MIDDLE - reach,
        });
        (order.kind, order.shown, order.minimum) = (OrderKind::Limit, None, Lots::ZERO);
        match choices.below(4) {
            0 => order.minimum = lots(choices.between(1, 16)).min(order.lots),
            1 => order.time_in_force = TimeInForce::ImmediateOrCancel,
            _ => order.time_in_force = TimeInForce::FillOrKill,
        }
        changes.push(Command::PlaceOrder(order));
        changes
    }

    /// The same hours of every window that trades.
    fn strip(&self, act: (u64, usize), scene: &Scene<'_>, choices: &mut Choices) -> Vec<Command> {
        let order = self.order(act, scene, choices);
        let place = |window: InstrumentId| Command::PlaceOrder(NewOrder { instrument: window, ..order });
        let most = usize::try_from(CHANGES_MAX).expect("it is small");
        let strip: Vec<Command> = scene.news.open.iter().take(most).copied().map(place).collect();
        if strip.is_empty() { vec![Command::PlaceOrder(order)] } else { strip }
    }

    /// As many small orders as go into one, or nearly, on one side of a window.
    fn many(&self, act: (u64, usize), scene: &Scene<'_>, choices: &mut Choices) -> Vec<Command> {
        let account = scene.clients[act.1].account;
        let (instrument, side) = (instrument(scene, choices), choices.one(&[Side::Bid, Side::Ask]));
        let count = choices.one(&[CHANGES_MAX, CHANGES_MAX, CHANGES_MAX - 1, 20]);
        let orders = (0..count).map(|step| {
            let ticks = match side {
                Side::Bid => MIDDLE - self.width - step,
                Side::Ask => MIDDLE + self.width + step,
            };
            Command::PlaceOrder(NewOrder::limit(account, instrument, side, (lots(1), price(ticks))))
        });
        orders.collect()
    }

    /// Orders of all kinds and cancels, in any order.
    fn mixture(&self, act: (u64, usize), scene: &Scene<'_>, choices: &mut Choices) -> Vec<Command> {
        let client = &scene.clients[act.1];
        let mut changes = Vec::new();
        for _ in 0..choices.between(1, 6) {
            let cancel = if choices.happens(4_000) { cancel(client, &changes, choices) } else { None };
            changes.push(cancel.unwrap_or_else(|| Command::PlaceOrder(self.order(act, scene, choices))));
        }
        changes
    }
}

/// Cancels of up to two orders that the client was told of.
fn cancels(client: &Client, choices: &mut Choices) -> Vec<Command> {
    let mut changes = Vec::new();
    for _ in 0..choices.below(3) {
        changes.extend(cancel(client, &changes, choices));
    }
    changes
}

/// A cancel of one of the last orders that the client was told of: mostly one that the batch does not cancel yet.
fn cancel(client: &Client, changes: &[Command], choices: &mut Choices) -> Option<Command> {
    let account = client.account;
    if client.orders.is_empty() {
        return None;
    }
    if choices.happens(800) {
        return Some(Command::CancelOrder { account, order: meant(client, choices) });
    }
    let back = choices.place(client.orders.len().min(6));
    let order = OrderRef::Id(client.orders[client.orders.len() - 1 - back]);
    let said =
        |change: &Command| matches!(change, Command::CancelOrder { order: other, .. } if *other == order);
    let again = changes.iter().any(said) && !choices.happens(1_000);
    (!again).then_some(Command::CancelOrder { account, order })
}

/// Gives the orders of a batch ids: all of them, some, or none; now and then one that was used before.
fn name(act: u64, changes: &mut [Command], client: &Client, choices: &mut Choices) {
    let often = choices.one(&[10_000, 10_000, 10_000, 5_000, 0]);
    for (op, change) in (0..).zip(changes.iter_mut()) {
        if let Command::PlaceOrder(order) = change {
            order.client = choices.happens(often).then(|| batch_id(act, op));
        }
    }
    if !choices.happens(500) {
        return;
    }
    // One of others, or one of this very batch.
    let used = if choices.happens(5_000) || client.ids.is_empty() {
        batch_id(act, 0)
    } else {
        client.ids[choices.place(client.ids.len())]
    };
    let place = choices.place(changes.len());
    if let Command::PlaceOrder(order) = &mut changes[place] {
        order.client = Some(used);
    }
}

/// Makes all changes of a batch somebody's.
pub(super) fn give_to(stranger: AccountId, changes: &mut [Command]) {
    for change in changes {
        match change {
            Command::PlaceOrder(order) => order.account = stranger,
            Command::CancelOrder { account, .. } => *account = stranger,
            _ => unreachable!("a batch has orders and cancels"),
        }
    }
}
