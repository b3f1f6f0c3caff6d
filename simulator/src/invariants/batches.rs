//! Batches: changes of one account, which the last of them carries out: all of them in turn, or none.

use engine::command::Command;
use engine::event::Event;
use engine::ids::{AccountId, index};
use engine::order::NewOrder;
use engine::reject::RejectReason;

use crate::invariants::auditor::Auditor;
use crate::invariants::finding::Invariant;
use crate::invariants::identities::order_body;

/// The most changes of a batch.
const CHANGES_MAX: usize = 32;

/// A batch whose changes are coming.
#[derive(Clone, Debug)]
pub(super) struct Coming {
    account: AccountId,
    count: usize,
    changes: Vec<Command>,
}

/// What the ids of a batch say about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    New,
    /// All were used for the same: it was sent before.
    Repeated,
    /// This one was used for something else, or only some were used.
    Conflict(u8),
}

impl Auditor {
    /// Takes note of a command that announces a batch, or is the next change of one. Returns all changes once the last has
    /// come, none while they come, and nothing when the command stands alone.
    pub(super) fn gather(&mut self, events: &[Event]) -> Option<(AccountId, Vec<Command>)> {
        if let Some(mut coming) = self.coming.take() {
            if self.is_change_of(coming.account) {
                coming.changes.push(self.command);
                if coming.changes.len() == coming.count {
                    return Some((coming.account, coming.changes));
                }
                let account = coming.account;
                self.coming = Some(coming);
                self.expect_silence(events);
                return Some((account, Vec::new()));
            }
            let what = format_args!("{:?} comes between the changes of a batch", self.command);
            self.findings.report(Invariant::Events, what);
        }
        if let Command::Batch { account, count } = self.command
            && count != 0
        {
            self.coming = Some(Coming { account, count: count.into(), changes: Vec::new() });
            self.expect_silence(events);
        }
        None
    }

    fn is_change_of(&self, batch: AccountId) -> bool {
        match self.command {
            Command::PlaceOrder(ref order) => order.account == batch,
            Command::CancelOrder { account, .. } => account == batch,
            _ => false,
        }
    }

    /// Nothing is told of a batch before its last change.
    fn expect_silence(&mut self, events: &[Event]) {
        let what = format_args!("a batch is not whole yet, and told is {events:?}");
        self.findings.expect(events.is_empty(), Invariant::Events, what);
    }

    /// All changes of a batch have come.
    pub(super) fn close_batch(&mut self, account: AccountId, changes: &[Command], events: &[Event]) {
        let is_known = index(account.0) < self.owners.len();
        let known = if is_known { self.known(account, changes) } else { Known::New };
        if let [Event::BatchRefused { op, reason }] = *events {
            return self.batch_refused((account, known), changes, (op, reason));
        }
        let possible = is_known && changes.len() <= CHANGES_MAX && !matches!(known, Known::Conflict(_));
        let what = format_args!("a batch that cannot be was done: {known:?}, {changes:?}");
        self.findings.expect(possible, Invariant::Identity, what);
        let mut steps = events.chunk_by(|_, next| !matches!(next, Event::BatchStep { .. }));
        for (op, change) in (0_u8..).zip(changes) {
            let step = steps.next().unwrap_or_default();
            let told = step.first() == Some(&Event::BatchStep { op });
            let what = format_args!("change {op} of a batch comes to {step:?}");
            self.findings.expect(told, Invariant::Events, what);
            self.command = *change;
            self.step((change, known), step.get(1..).unwrap_or_default(), events.len());
        }
        let more = steps.next();
        let what = format_args!("a batch of {} changes tells more: {more:?}", changes.len());
        self.findings.expect(more.is_none(), Invariant::Events, what);
    }

    /// One change of a batch was made, or had been.
    fn step(&mut self, (change, known): (&Command, Known), events: &[Event], all: usize) {
        if known == Known::Repeated && matches!(change, Command::CancelOrder { .. }) {
            let what = format_args!("a batch that was sent again comes to {events:?}");
            return self.findings.expect(events.is_empty(), Invariant::Identity, what);
        }
        let taken = events.iter().filter(|event| match change {
            Command::PlaceOrder(_) if known == Known::Repeated => {
                matches!(event, Event::OrderRepeated { .. })
            }
            Command::PlaceOrder(_) => matches!(event, Event::OrderAccepted { .. }),
            _ => matches!(event, Event::OrderCanceled { .. }),
        });
        let once = taken.count() == 1;
        let what = format_args!("a change of a batch, {change:?}, comes to {events:?}");
        self.findings.expect(once, Invariant::Events, what);
        self.carry_out(events, all);
    }

    /// A batch was refused: nothing has happened, and that is an outcome of each of its ids.
    fn batch_refused(
        &mut self,
        (account, known): (AccountId, Known),
        changes: &[Command],
        (op, reason): (u8, RejectReason),
    ) {
        let conflict = RejectReason::ClientOrderIdConflict;
        let expected = match known {
            Known::New => reason != conflict,
            Known::Repeated => false,
            Known::Conflict(place) => (place, conflict) == (op, reason),
        };
        let what = format_args!("the ids of a batch are {known:?}, and it is refused for {op}: {reason:?}");
        self.findings.expect(expected || self.identities.is_full(), Invariant::Identity, what);
        let Some((before, [fault, ..])) = changes.split_at_checked(op.into()) else {
            let many = CHANGES_MAX < changes.len() && reason == RejectReason::BatchInvalid;
            let what = format_args!("a batch of {} changes is refused for {op}", changes.len());
            return self.findings.expect(many, Invariant::Events, what);
        };
        let open = |change: &Command| match *change {
            Command::CancelOrder { account, order } => self.open(account, order),
            _ => None,
        };
        let named = open(fault).filter(|named| before.iter().all(|change| open(change) != Some(*named)));
        let unknown = reason == RejectReason::OrderUnknown && named.is_some();
        let what = format_args!("{named:?} is open, but said to be unknown");
        self.findings.expect(!unknown, Invariant::Identity, what);
        let forgotten = [RejectReason::AccountUnknown, RejectReason::VenueFull, conflict].contains(&reason);
        if forgotten {
            return;
        }
        for (place, order) in orders(changes) {
            let reason = if place == op { reason } else { RejectReason::BatchRefused };
            if let Some(client) = order.client {
                self.identities.refuse(account, client, (reason, order_body(order)));
            }
        }
    }

    fn known(&self, account: AccountId, changes: &[Command]) -> Known {
        let (mut new, mut used, mut unnamed) = (Vec::new(), 0, 0);
        for (op, order) in orders(changes) {
            let Some(client) = order.client else {
                unnamed += 1;
                continue;
            };
            match self.identities.find(account, client) {
                Some(first) if first.body == order_body(order) => used += 1,
                None if !new.contains(&client) => new.push(client),
                _ => return Known::Conflict(op),
            }
        }
        match (used, new.len() + unnamed) {
            (0, _) => Known::New,
            (_, 0) => Known::Repeated,
            _ => Known::Conflict(0),
        }
    }
}

/// The orders among the changes of a batch, with their places.
fn orders(changes: &[Command]) -> impl Iterator<Item = (u8, &NewOrder)> {
    (0_u8..).zip(changes).filter_map(|(op, change)| match change {
        Command::PlaceOrder(order) => Some((op, order)),
        _ => None,
    })
}
