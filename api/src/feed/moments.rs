//! Moments: what has happened to accounts, as far back as there is room, for those who come back.
//!
//! One ring for all accounts, so that how long one may have been away does not depend on who else is busy with it: it is as
//! long for everybody. Of each account the ring has the last events without a gap. What is older is asked of a history, in
//! the same portions.

use std::collections::{HashMap, VecDeque};

use engine::event::{Event, PrivateSequence};
use engine::ids::AccountId;
use engine::stamp::Stamp;
use engine::view::View;
use journal::history::{OrderChange, PrivateEvent, What};
use protocol::channel::Channel;

use crate::config::MOMENTS_MAX;

/// The moment that is asked for is older than what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooOld {
    /// From here on an account can be told everything that came after.
    pub(super) oldest: PrivateSequence,
}

/// The event, if it is somebody's. The view has it folded in, and not the next one.
pub(super) fn moment(stamp: Stamp, event: &Event, view: &View) -> Option<PrivateEvent> {
    let order = |order| *view.order(order).expect("events name orders that the view knows");
    let redeeming =
        |account| view.account(account).expect("events name accounts that the view knows").redeeming;
    PrivateEvent::of(stamp, event, order, redeeming)
}

/// The order that was accepted, with what else it said, if `event` says that: the very next one does.
pub(super) fn completed(accepted: PrivateEvent, event: &Event, view: &View) -> PrivateEvent {
    match *event {
        Event::OrderTerms { order, .. } => {
            let order = *view.order(order).expect("events name orders that the view knows");
            PrivateEvent { what: What::Order { change: OrderChange::Accepted, order }, ..accepted }
        }
        _ => accepted,
    }
}

/// Whether it is told on a private channel.
pub(super) fn is_on(moment: &PrivateEvent, channel: Channel) -> bool {
    match moment.what {
        What::Order { .. } => channel == Channel::Executions,
        What::Position { .. } => matches!(channel, Channel::Account | Channel::Positions),
        What::Balance { .. }
        | What::TimerSet(_)
        | What::TimerFired
        | What::RedemptionBegun { .. }
        | What::RedemptionEnded { .. } => channel == Channel::Account,
        What::Delivery(_) => channel == Channel::Deliveries,
    }
}

/// Moments of all accounts.
#[derive(Debug, Default)]
pub(super) struct Moments {
    /// The oldest first.
    ring: VecDeque<PrivateEvent>,
    /// How many there were before those.
    dropped: u64,
    /// Where each account's are, counted from the very first.
    places: HashMap<AccountId, VecDeque<u64>>,
}

impl Moments {
    /// Remembers what has happened last.
    pub(super) fn note(&mut self, moment: PrivateEvent) {
        if self.ring.len() == MOMENTS_MAX {
            self.drop_oldest();
        }
        let place = self.dropped + wide(self.ring.len());
        self.places.entry(moment.account).or_default().push_back(place);
        self.ring.push_back(moment);
    }

    fn drop_oldest(&mut self) {
        let Some(oldest) = self.ring.pop_front() else { return };
        self.dropped += 1;
        let own = self.places.get_mut(&oldest.account).expect("every moment has a place");
        own.pop_front();
        if own.is_empty() {
            self.places.remove(&oldest.account);
        }
    }

    /// What happened to an account after `after`, at most `max`, the oldest first. `last` is its last private event.
    pub(super) fn after(
        &self,
        (account, last): (AccountId, PrivateSequence),
        after: PrivateSequence,
        max: usize,
    ) -> Result<impl Iterator<Item = &PrivateEvent>, TooOld> {
        let own = self.places.get(&account);
        let kept = own.map_or(0, |own| wide(own.len()));
        // The account's events have no gaps.
        let oldest = last.0 - kept;
        if after.0 < oldest {
            return Err(TooOld { oldest: PrivateSequence(oldest) });
        }
        let skipped = usize::try_from(after.0 - oldest).unwrap_or(usize::MAX);
        let places = own.into_iter().flatten().skip(skipped).take(max);
        Ok(places
            .map(|place| &self.ring[usize::try_from(place - self.dropped).expect("the ring is in memory")]))
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).expect("lengths fit 64 bits")
}

#[cfg(test)]
mod tests {
    use engine::stamp::{Sequence, Time};

    use super::*;

    fn moment(account: u32, xseq: u64) -> PrivateEvent {
        let (account, xseq) = (AccountId(account), PrivateSequence(xseq));
        let stamp = Stamp { sequence: Sequence(xseq.0), time: Time(xseq.0) };
        PrivateEvent { account, xseq, stamp, what: What::TimerFired }
    }

    fn told(moments: &Moments, (account, last): (u32, u64), after: u64, max: usize) -> Result<Vec<u64>, u64> {
        let who = (AccountId(account), PrivateSequence(last));
        let found = moments.after(who, PrivateSequence(after), max);
        found.map(|found| found.map(|moment| moment.xseq.0).collect()).map_err(|TooOld { oldest }| oldest.0)
    }

    #[test]
    fn each_account_is_told_what_came_after() {
        let mut moments = Moments::default();
        for number in 1..=6 {
            moments.note(moment(1, 40 + number));
            moments.note(moment(2, number));
        }
        assert_eq!(told(&moments, (1, 46), 43, 99), Ok(vec![44, 45, 46]));
        assert_eq!(told(&moments, (1, 46), 43, 2), Ok(vec![44, 45]));
        assert_eq!(told(&moments, (1, 46), 46, 99), Ok(vec![]));
        assert_eq!(told(&moments, (1, 46), 40, 1), Ok(vec![41]));
        assert_eq!(told(&moments, (1, 46), 39, 99), Err(40), "what came before was not noted");
        assert_eq!(told(&moments, (2, 6), 0, 1), Ok(vec![1]));
        assert_eq!(told(&moments, (3, 0), 0, 1), Ok(vec![]));
        assert_eq!(told(&moments, (3, 9), 9, 1), Ok(vec![]), "it has missed nothing");
        assert_eq!(told(&moments, (3, 9), 8, 1), Err(9));
    }

    #[test]
    fn the_oldest_make_room() {
        let mut moments = Moments::default();
        moments.note(moment(1, 1));
        for number in 1..=wide(MOMENTS_MAX) {
            moments.note(moment(2, number));
        }
        assert_eq!(moments.ring.len(), MOMENTS_MAX);
        assert_eq!(told(&moments, (1, 1), 0, 1), Err(1));
        assert_eq!(moments.places.len(), 1);
        moments.note(moment(2, wide(MOMENTS_MAX) + 1));
        assert_eq!(told(&moments, (2, wide(MOMENTS_MAX) + 1), 1, 1), Ok(vec![2]));
        assert_eq!(told(&moments, (2, wide(MOMENTS_MAX) + 1), 0, 1), Err(1));
    }
}
