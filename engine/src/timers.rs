//! Timers: what falls due. Only ticks fire them, in order of (due, kind, id).
//!
//! A heap whose entries have up to four children each; no entry comes after its children. Timers that can be taken back
//! are found by their order's slot or their account's number. Setting, taking back and firing cost the logarithm of how
//! many are set, and allocate nothing once the lists have grown.
//!
//! Invariant: the heap holds such a timer exactly where the list of its kind says, and the list names no other place.

use crate::ids::{AccountId, ClassId, InstrumentId, MarketId, index, position};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{CHOICE, Image, Taken};
use crate::link::Link;
use crate::stamp::Time;

/// What a timer does when it fires. Kinds due at the same time fire in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// Ends an order that is good till a date, in this slot.
    Expiry(u32),
    /// Cancels an account's orders unless it says in time that it lives.
    DeadMan(AccountId),
    /// Computes a class's reference rate: before gates, whose deliveries go by the last rate until then.
    Reference(ClassId),
    /// Closes an instrument's gate.
    Gate(InstrumentId),
    /// Lists and opens a market's next windows.
    Roll(MarketId),
    /// Lays out an instrument's deliveries.
    Draw(InstrumentId),
    /// Brings an instrument's deliveries past a deadline.
    Deadline(InstrumentId),
    /// Ends an instrument whose window is over.
    Settle(InstrumentId),
    /// Goes on cancelling every order of the venue.
    Purge,
}

impl Timer {
    /// Which list says where the timer is in the heap, and where in that list. None for kinds that are never taken back.
    const fn home(self) -> Option<(usize, usize)> {
        match self {
            Timer::Expiry(slot) => Some((0, index(slot))),
            Timer::DeadMan(account) => Some((1, index(account.0))),
            Timer::Gate(_)
            | Timer::Reference(_)
            | Timer::Roll(_)
            | Timer::Draw(_)
            | Timer::Deadline(_)
            | Timer::Settle(_)
            | Timer::Purge => None,
        }
    }
}

type Entry = (Time, Timer);

/// Four entries are as long as a cache line, so the children of an entry lie in two at the most.
const CHILDREN_MAX: usize = 4;

/// Every timer that is set.
#[derive(Clone, Debug, Default)]
pub struct Timers {
    heap: Vec<Entry>,
    /// Places in the heap: of expiries by slot, and of dead men's timers by account.
    places: [Vec<Link>; 2],
}

impl Timers {
    /// Sets a timer. An expiry replaces the one of the same slot, a dead man's timer that of the same account; a timer
    /// of another kind is not yet set for `due`.
    pub fn set(&mut self, due: Time, timer: Timer) {
        let entry = (due, timer);
        let at = self.place(timer).unwrap_or_else(|| {
            self.heap.push(entry);
            self.heap.len() - 1
        });
        self.sift(entry, at);
    }

    /// Takes back an expiry or a dead man's timer, if it is set.
    pub fn unset(&mut self, timer: Timer) {
        assert!(timer.home().is_some(), "only expiries and dead men's timers are taken back");
        if let Some(at) = self.place(timer) {
            self.remove(at);
        }
    }

    /// When an expiry or a dead man's timer falls due, if it is set.
    pub fn due_of(&self, timer: Timer) -> Option<Time> {
        assert!(timer.home().is_some(), "only expiries and dead men's timers are found");
        self.place(timer).map(|at| self.heap[at].0)
    }

    /// Takes the first timer, if it is due at `now`.
    pub fn take_due(&mut self, now: Time) -> Option<(Time, Timer)> {
        self.next_due().filter(|due| *due <= now)?;
        Some(self.remove(0))
    }

    /// When the next timer falls due.
    pub fn next_due(&self) -> Option<Time> {
        self.heap.first().map(|(due, _)| *due)
    }

    /// Every timer, in the order in which they fire. Sorts a copy.
    pub fn iter(&self) -> impl Iterator<Item = (Time, Timer)> {
        let mut sorted = self.heap.clone();
        sorted.sort_unstable();
        sorted.into_iter()
    }

    /// Panics unless no entry comes after its children, and heap and lists agree on every place.
    pub fn assert_sound(&self) {
        for at in 1..self.heap.len() {
            assert!(self.heap[parent(at)] <= self.heap[at], "no timer comes after its children");
        }
        let mut homes = 0;
        for (at, (_, timer)) in self.heap.iter().enumerate() {
            if timer.home().is_some() {
                assert_eq!(self.place(*timer), Some(at), "a timer is where its list says");
                homes += 1;
            }
        }
        let listed = self.places.iter().flatten().filter(|link| link.get().is_some()).count();
        assert_eq!(listed, homes, "lists name no timer that is not set");
    }

    /// Where in the heap a timer that can be taken back is.
    fn place(&self, timer: Timer) -> Option<usize> {
        let (list, number) = timer.home()?;
        self.places[list].get(number)?.get().map(index)
    }

    fn remove(&mut self, at: usize) -> Entry {
        let removed = self.heap.swap_remove(at);
        if let Some(last) = self.heap.get(at) {
            self.sift(*last, at);
        }
        self.note(removed.1, Link::NONE);
        removed
    }

    /// Puts an entry where it belongs: to `at`, or up or down from there. What `at` held is lost.
    fn sift(&mut self, entry: Entry, mut at: usize) {
        while 0 < at && entry < self.heap[parent(at)] {
            self.put(self.heap[parent(at)], at);
            at = parent(at);
        }
        while let Some(child) = self.first_child(at)
            && self.heap[child] < entry
        {
            self.put(self.heap[child], at);
            at = child;
        }
        self.put(entry, at);
    }

    fn first_child(&self, at: usize) -> Option<usize> {
        let first = at * CHILDREN_MAX + 1;
        let end = self.heap.len().min(first + CHILDREN_MAX);
        (first..end).min_by_key(|child| self.heap[*child])
    }

    fn put(&mut self, entry: Entry, at: usize) {
        self.heap[at] = entry;
        self.note(entry.1, Link::to(position(at)));
    }

    /// Notes where a timer is now, if it can be taken back.
    fn note(&mut self, timer: Timer, place: Link) {
        let Some((list, number)) = timer.home() else { return };
        let places = &mut self.places[list];
        if places.len() <= number {
            places.resize(number + 1, Link::NONE);
        }
        places[number] = place;
    }
}

const fn parent(at: usize) -> usize {
    (at - 1) / CHILDREN_MAX
}

impl Image for Timer {
    fn put(&self, to: &mut ImageWriter<'_>) {
        let (kind, number): (u8, u32) = match *self {
            Timer::Expiry(slot) => (1, slot),
            Timer::DeadMan(account) => (2, account.0),
            Timer::Reference(class) => (3, class.0),
            Timer::Gate(instrument) => (4, instrument.0),
            Timer::Roll(market) => (5, market.0),
            Timer::Draw(instrument) => (6, instrument.0),
            Timer::Deadline(instrument) => (7, instrument.0),
            Timer::Settle(instrument) => (8, instrument.0),
            Timer::Purge => (9, 0),
        };
        (kind, number).put(to);
    }

    fn take(from: &mut ImageReader<'_>) -> Taken<Timer> {
        let broken = from.fault(CHOICE);
        Ok(match <(u8, u32)>::take(from)? {
            (1, slot) => Timer::Expiry(slot),
            (2, account) => Timer::DeadMan(AccountId(account)),
            (3, class) => Timer::Reference(ClassId(class)),
            (4, instrument) => Timer::Gate(InstrumentId(instrument)),
            (5, market) => Timer::Roll(MarketId(market)),
            (6, instrument) => Timer::Draw(InstrumentId(instrument)),
            (7, instrument) => Timer::Deadline(InstrumentId(instrument)),
            (8, instrument) => Timer::Settle(InstrumentId(instrument)),
            (9, 0) => Timer::Purge,
            _ => return Err(broken),
        })
    }
}

impl Timers {
    pub(crate) fn put_all(&self, to: &mut ImageWriter<'_>) {
        // In order of firing: where in the heap a timer stands cannot be seen.
        let Timers { heap, places: _ } = self;
        to.length(heap.len());
        self.iter().for_each(|entry| entry.put(to));
    }

    /// Takes timers of which all have what they are about: `is_known` says so.
    pub(crate) fn take_all(from: &mut ImageReader<'_>, is_known: impl Fn(Timer) -> bool) -> Taken<Timers> {
        let heap = Vec::<Entry>::take(from)?;
        from.check(heap.is_sorted_by(|one, other| one < other), "timers ascend in order of firing")?;
        from.check(heap.iter().all(|(_, timer)| is_known(*timer)), "a timer is about something")?;
        let mut timers = Timers::default();
        for (at, (_, timer)) in heap.iter().enumerate() {
            from.check(timers.place(*timer).is_none(), "an order and an account have one timer each")?;
            timers.note(*timer, Link::to(position(at)));
        }
        // Ascending, it is a heap.
        Ok(Timers { heap, ..timers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::mix64;

    /// What the lists have and where they are: neither changes while nothing is allocated.
    fn memory(timers: &Timers) -> ([usize; 3], [*const Entry; 1], [*const Link; 2]) {
        let Timers { heap, places: [expiries, dead_men] } = timers;
        (
            [heap.capacity(), expiries.capacity(), dead_men.capacity()],
            [heap.as_ptr()],
            [expiries.as_ptr(), dead_men.as_ptr()],
        )
    }

    /// Sets, replaces, takes back or fires one timer.
    fn churn(timers: &mut Timers, step: u64) {
        let random = mix64(step, 0x5EED);
        let number = u32::try_from(random >> 8 & 0x1FF).expect("nine bits are few");
        let timer = if random & 16 == 0 { Timer::Expiry(number) } else { Timer::DeadMan(AccountId(number)) };
        match random & 15 {
            0..=7 => timers.set(Time(step + (random >> 32 & 0xFFFF)), timer),
            8..=11 => timers.unset(timer),
            12..=13 => drop(timers.take_due(Time(step))),
            _ => {
                if let Some((due, timer)) = timers.take_due(Time(u64::MAX)) {
                    timers.set(due.after(1), timer);
                }
            }
        }
    }

    #[test]
    fn lists_that_have_grown_never_move() {
        let mut timers = Timers::default();
        for number in 0..1 << 9 {
            timers.set(Time(number.into()), Timer::Expiry(number));
            timers.set(Time(number.into()), Timer::DeadMan(AccountId(number)));
        }
        let grown = memory(&timers);
        (0..100_000).for_each(|step| churn(&mut timers, step));
        timers.assert_sound();
        assert_eq!(memory(&timers), grown);
        while timers.take_due(Time(u64::MAX)).is_some() {}
        assert_eq!(memory(&timers), grown);
    }
}
