//! Pace: streams that are told at the beginning of each interval, if something has changed in the one before.
//!
//! While nothing changes nothing is due, so an idle exchange sleeps. Time comes from the stage.

use engine::stamp::Time;
use protocol::speed::Speed;

/// A stream's place in the table of streams.
pub(super) type Key = usize;

/// Streams of one pace.
#[derive(Debug)]
pub(super) struct Pace {
    /// Nanoseconds.
    interval: u64,
    /// When those that wait are told.
    due: Option<Time>,
    waiting: Vec<Key>,
}

impl Pace {
    /// A pace of so many milliseconds.
    pub(super) fn new(milliseconds: u64) -> Pace {
        Pace { interval: milliseconds * Time::SECOND / 1_000, due: None, waiting: Vec::new() }
    }

    /// Something of a stream that does not wait yet has changed.
    pub(super) fn wait(&mut self, stream: Key, now: Time) {
        let next = Time((now.0 / self.interval + 1) * self.interval);
        self.due.get_or_insert(next);
        self.waiting.push(stream);
    }

    /// When the next are told.
    pub(super) fn due(&self) -> Option<Time> {
        self.due
    }

    /// Those whose time has come. A time that lies further ahead than an interval was set by a clock that has gone back
    /// since: it has come.
    pub(super) fn take(&mut self, now: Time) -> Vec<Key> {
        let come = self.due.is_some_and(|due| due <= now || now.after(self.interval) < due);
        if !come {
            return Vec::new();
        }
        self.due = None;
        std::mem::take(&mut self.waiting)
    }
}

/// The paces of all speeds but raw.
#[derive(Debug)]
pub(super) struct Paces([Pace; 3]);

impl Default for Paces {
    fn default() -> Paces {
        Paces(
            [Speed::Ms10, Speed::Ms100, Speed::S1]
                .map(|speed| Pace::new(speed.milliseconds().expect("only raw has no interval"))),
        )
    }
}

impl Paces {
    /// Something of a stream that does not wait yet has changed. One of raw speed waits for the shortest interval.
    pub(super) fn wait(&mut self, stream: Key, speed: Speed, now: Time) {
        let place = match speed {
            Speed::Raw | Speed::Ms10 => 0,
            Speed::Ms100 => 1,
            Speed::S1 => 2,
        };
        self.0[place].wait(stream, now);
    }

    /// When the next are told.
    pub(super) fn due(&self) -> Option<Time> {
        self.0.iter().filter_map(Pace::due).min()
    }

    /// Those whose time has come.
    pub(super) fn take(&mut self, now: Time) -> Vec<Key> {
        self.0.iter_mut().flat_map(|pace| pace.take(now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_at_the_next_boundary_and_then_nothing_is_due() {
        let mut pace = Pace::new(10);
        let ms = |count: u64| Time(count * 1_000_000);
        assert_eq!(pace.due(), None);
        pace.wait(3, ms(1_234));
        pace.wait(4, ms(1_239));
        assert_eq!(pace.due(), Some(ms(1_240)));
        assert!(pace.take(ms(1_239)).is_empty());
        assert_eq!(pace.take(ms(1_240)), [3, 4]);
        assert_eq!((pace.due(), pace.take(ms(2_000))), (None, Vec::new()));
        pace.wait(3, ms(1_240));
        assert_eq!(pace.due(), Some(ms(1_250)), "a change at the boundary waits for the next");
    }

    #[test]
    fn a_clock_that_goes_back_delays_nothing_by_more_than_an_interval() {
        let mut pace = Pace::new(1_000);
        pace.wait(3, Time::from_seconds(7_200));
        assert_eq!(pace.take(Time::from_seconds(3_600)), [3]);
    }
}
