//! Agenda: what happens next. Everything outside the stages has its time here; of what is due at one time, what was
//! entered first comes first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Nanoseconds of the kernel's own time, which never goes back.
pub(super) type Nanos = u64;

/// Things to come.
#[derive(Debug)]
pub(super) struct Agenda<T> {
    /// Time, serial number, place of the thing.
    queue: BinaryHeap<Reverse<(Nanos, u64, usize)>>,
    things: Vec<Option<T>>,
    free: Vec<usize>,
    entered: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Agenda<T> {
        Agenda { queue: BinaryHeap::new(), things: Vec::new(), free: Vec::new(), entered: 0 }
    }
}

impl<T> Agenda<T> {
    /// Enters something that happens at `time`.
    pub(super) fn enter(&mut self, time: Nanos, thing: T) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.things.push(None);
            self.things.len() - 1
        });
        self.things[place] = Some(thing);
        self.entered += 1;
        self.queue.push(Reverse((time, self.entered, place)));
    }

    /// When the next thing happens.
    pub(super) fn next(&self) -> Option<Nanos> {
        self.queue.peek().map(|Reverse((time, ..))| *time)
    }

    /// The next thing.
    pub(super) fn take(&mut self) -> Option<T> {
        let Reverse((_, _, place)) = self.queue.pop()?;
        self.free.push(place);
        self.things[place].take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_come_in_order_of_time_then_entry() {
        let mut agenda = Agenda::default();
        for (time, thing) in [(5, "d"), (1, "a"), (3, "b"), (3, "c")] {
            agenda.enter(time, thing);
        }
        assert_eq!(agenda.next(), Some(1));
        let taken: Vec<_> = std::iter::from_fn(|| agenda.take()).collect();
        assert_eq!(taken, ["a", "b", "c", "d"]);
        agenda.enter(9, "e");
        assert_eq!((agenda.next(), agenda.take(), agenda.take()), (Some(9), Some("e"), None));
    }
}
