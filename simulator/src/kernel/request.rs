//! Request: what is asked at once: a command alone, or changes that happen all together or not at all.

use std::num::NonZeroU32;

use engine::command::Command;
use engine::ids::AccountId;
use engine::label::Label;
use engine::order::SessionId;
use node::inlet::Inbound;

use crate::kernel::workload::{batch_id, client_id};

/// What a client sends in one message.
#[derive(Clone, Debug)]
pub(super) enum Request {
    One(Command),
    /// Orders and cancels of this account, from 1 to 32.
    Batch(AccountId, Box<[Command]>),
}

impl Request {
    /// The commands that it consists of.
    pub(super) fn commands(&self) -> &[Command] {
        match self {
            Request::One(command) => std::slice::from_ref(command),
            Request::Batch(_, changes) => changes,
        }
    }

    /// Orders that end with a connection end with this one: it is sent on it.
    pub(super) fn join_session(&mut self, connection: u32) {
        let commands = match self {
            Request::One(command) => std::slice::from_mut(command),
            Request::Batch(_, changes) => changes,
        };
        let session = NonZeroU32::new(connection).map(SessionId);
        for command in commands {
            if let Command::PlaceOrder(order) = command
                && order.session.is_some()
                && session.is_some()
            {
                order.session = session;
            }
        }
    }

    /// The client order ids that it brings and that are an act's own.
    pub(super) fn own_ids(&self, act: u64) -> impl Iterator<Item = Label> {
        let is_batch = matches!(self, Request::Batch(..));
        (0..).zip(self.commands()).filter_map(move |(op, command)| {
            let own = || if is_batch { batch_id(act, op) } else { client_id(act) };
            brought(command).filter(|client| *client == own())
        })
    }

    /// Whether it has one outcome, however often it is sent: everything in it that can bring an id brings the act's own.
    pub(super) fn is_named(&self, act: u64) -> bool {
        let can = |command: &&Command| matches!(command, Command::PlaceOrder(_) | Command::AmendOrder(_));
        let named = self.own_ids(act).count();
        0 < named && named == self.commands().iter().filter(can).count()
    }

    /// As the exchange takes it in, from somebody who waits for the outcome.
    pub(super) fn inbound<T>(self, origin: T) -> Inbound<T> {
        match self {
            Request::One(command) => Inbound::one(origin, command),
            Request::Batch(account, changes) => Inbound::batch(origin, account, changes),
        }
    }
}

/// The client order id that a command brings.
fn brought(command: &Command) -> Option<Label> {
    match command {
        Command::PlaceOrder(order) => order.client,
        Command::AmendOrder(amendment) => amendment.client,
        _ => None,
    }
}
