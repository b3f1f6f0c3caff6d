//! Archive: what has happened to accounts before what is kept in memory, asked of a history.
//!
//! The publisher waits for no disk. It asks, goes on, and takes what was read in one of its next rounds. So many portions are
//! read at a time, in the order in which they were asked for; each connection has one portion per stream on its way.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use engine::event::PrivateSequence;
use engine::ids::AccountId;
use engine::stamp::Sequence;
use journal::history::PrivateEvent;
use journal::history::reader::HistoryReader;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

use crate::config::{ARCHIVE_READS_MAX, REPLAY_MOMENTS_MAX};
use crate::feed::moments::TooOld;
use crate::feed::pace::Key;

/// A connection, and which of its streams.
type Who = (u64, Key);

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// Whose events.
    pub(super) owner: AccountId,
    /// Those after this one.
    pub(super) after: PrivateSequence,
    /// The last command that was told then: a history that has it lacks nothing that comes later.
    pub(super) told: Sequence,
    /// From where on the events are in memory.
    pub(super) too_old: TooOld,
}

/// Why there is nothing to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// The history begins later.
    Gone(TooOld),
    /// It could not be read.
    Failed,
}

/// The next events, without a gap. There are none when the history has not reached them yet.
type Read = Result<Vec<PrivateEvent>, Unread>;

/// A history that is read for the publisher.
pub(super) struct Archive {
    history: Arc<dyn HistoryReader>,
    runtime: Handle,
    /// Who waits for a place, in turn.
    waiting: VecDeque<(Who, Asked)>,
    /// Who waits, or is read for.
    known: BTreeSet<Who>,
    reading: Vec<(Who, Asked, oneshot::Receiver<Read>)>,
    /// Accounts whose first events the history does not have, and from where on it has them.
    begins: HashMap<AccountId, TooOld>,
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

impl Archive {
    /// An archive that reads on threads of the runtime it is made in.
    pub(super) fn new(history: Arc<dyn HistoryReader>) -> Archive {
        Archive {
            history,
            runtime: Handle::current(),
            waiting: VecDeque::new(),
            known: BTreeSet::new(),
            reading: Vec::new(),
            begins: HashMap::new(),
        }
    }

    /// Whether an account may be told what came after `after`, as far as is known.
    ///
    /// # Errors
    /// From where on it may, when the history was found to begin later.
    pub(super) fn check(&self, owner: AccountId, after: PrivateSequence) -> Result<(), TooOld> {
        let begin = self.begins.get(&owner).filter(|begin| after < begin.oldest);
        begin.map_or(Ok(()), |begin| Err(*begin))
    }

    /// Asks for the next portion, unless one is on its way.
    pub(super) fn ask(&mut self, who: Who, asked: Asked) {
        if self.known.insert(who) {
            self.waiting.push_back((who, asked));
            self.go_on(|_| true);
        }
    }

    /// Begins to read for those whose turn it is, and who still wait.
    pub(super) fn go_on(&mut self, waits: impl Fn(Who) -> bool) {
        while self.reading.len() < ARCHIVE_READS_MAX
            && let Some((who, asked)) = self.waiting.pop_front()
        {
            if !waits(who) {
                self.known.remove(&who);
                continue;
            }
            let (history, (answer, found)) = (Arc::clone(&self.history), oneshot::channel());
            self.reading.push((who, asked, found));
            // Whoever asked may have stopped.
            self.runtime.spawn_blocking(move || drop(answer.send(read(&*history, asked))));
        }
    }

    /// What was read since.
    pub(super) fn take(&mut self) -> Vec<(Who, Asked, Read)> {
        let mut taken = Vec::new();
        for (who, asked, mut found) in std::mem::take(&mut self.reading) {
            let read = match found.try_recv() {
                Err(TryRecvError::Empty) => {
                    self.reading.push((who, asked, found));
                    continue;
                }
                Err(TryRecvError::Closed) => Err(Unread::Failed),
                Ok(read) => read,
            };
            self.known.remove(&who);
            if let Err(Unread::Gone(too_old)) = read {
                self.begins.insert(asked.owner, too_old);
            }
            taken.push((who, asked, read));
        }
        taken
    }
}

/// Reads the next portion. Waits for the disk.
fn read(history: &dyn HistoryReader, Asked { owner, after, told, too_old }: Asked) -> Read {
    // Asked first: what is written while the events are read lacks nothing either.
    let is_there = told <= history.last();
    let mut events = history.events(owner, after, REPLAY_MOMENTS_MAX).map_err(|_| Unread::Failed)?;
    match events.first() {
        Some(first) if first.xseq.0 != after.0 + 1 => {
            Err(Unread::Gone(TooOld { oldest: PrivateSequence(first.xseq.0 - 1) }))
        }
        None if is_there => Err(Unread::Gone(too_old)),
        _ => {
            let follow = (after.0 + 1..).zip(&events).take_while(|(xseq, event)| event.xseq.0 == *xseq);
            let count = follow.count();
            events.truncate(count);
            Ok(events)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use engine::ids::{InstrumentId, TradeId};
    use engine::stamp::{Stamp, Time};
    use engine::symbol::Symbol;
    use journal::history::{Trade, What};
    use journal::log::ReadError;

    use super::*;

    /// A history of one account, of which every read waits until it is let go on.
    #[derive(Default)]
    struct Slow {
        numbers: Vec<u64>,
        last: u64,
        gate: Mutex<()>,
        most: Mutex<usize>,
    }

    impl HistoryReader for Slow {
        fn last(&self) -> Sequence {
            Sequence(self.last)
        }

        fn begin(&self) -> Sequence {
            Sequence(0)
        }

        fn events(
            &self,
            account: AccountId,
            after: PrivateSequence,
            max: usize,
        ) -> Result<Vec<PrivateEvent>, ReadError> {
            drop(self.gate.lock().expect("nobody panics"));
            let mut most = self.most.lock().expect("nobody panics");
            *most = max.max(*most);
            let later = self.numbers.iter().filter(|number| after.0 < **number).take(max);
            Ok(later.map(|number| event(account, *number)).collect())
        }

        fn fills(&self, _: AccountId, _: PrivateSequence, _: usize) -> Result<Vec<PrivateEvent>, ReadError> {
            Ok(Vec::new())
        }

        fn fills_before(
            &self,
            _: AccountId,
            _: PrivateSequence,
            _: usize,
        ) -> Result<Vec<PrivateEvent>, ReadError> {
            Ok(Vec::new())
        }

        fn trades(&self, _: InstrumentId, _: TradeId, _: usize) -> Result<Vec<Trade>, ReadError> {
            Ok(Vec::new())
        }

        fn symbol(&self, _: InstrumentId) -> Result<Option<Symbol>, ReadError> {
            Ok(None)
        }
    }

    fn event(account: AccountId, number: u64) -> PrivateEvent {
        let stamp = Stamp { sequence: Sequence(number), time: Time(number) };
        PrivateEvent { account, xseq: PrivateSequence(number), stamp, what: What::TimerFired }
    }

    fn asked(after: u64, told: u64) -> Asked {
        let too_old = TooOld { oldest: PrivateSequence(90) };
        Asked { owner: AccountId(1), after: PrivateSequence(after), told: Sequence(told), too_old }
    }

    fn told(history: &Slow, asked: Asked) -> Result<Vec<u64>, Unread> {
        read(history, asked).map(|events| events.iter().map(|event| event.xseq.0).collect())
    }

    #[test]
    fn a_portion_goes_on_from_what_was_told_and_has_no_gap() {
        let gone = |oldest| Err(Unread::Gone(TooOld { oldest: PrivateSequence(oldest) }));
        let history = Slow { numbers: vec![4, 5, 6, 8, 9], last: 50, ..Slow::default() };
        assert_eq!(told(&history, asked(3, 50)), Ok(vec![4, 5, 6]), "what follows a gap is left");
        assert_eq!(told(&history, asked(5, 50)), Ok(vec![6]));
        assert_eq!(told(&history, asked(2, 50)), gone(3), "it begins later");
        assert_eq!(told(&history, asked(2, 51)), gone(3), "also while it is behind");
        // After the last one it has: it is behind, or never had what came.
        assert_eq!(told(&history, asked(9, 51)), Ok(vec![]));
        assert_eq!(told(&history, asked(9, 50)), gone(90));
    }

    #[test]
    fn a_portion_is_bounded() {
        let history = Slow { numbers: (1..=10_000).collect(), last: 50, ..Slow::default() };
        assert_eq!(told(&history, asked(0, 50)).map(|told| told.len()), Ok(REPLAY_MOMENTS_MAX));
        assert_eq!(*history.most.lock().expect("nobody panics"), REPLAY_MOMENTS_MAX);
    }

    /// What was read, once anything was.
    async fn taken(archive: &mut Archive) -> Vec<(u64, usize)> {
        loop {
            let taken = archive.take();
            if !taken.is_empty() {
                let read =
                    taken.into_iter().map(|((session, _), _, read)| (session, read.expect("it can").len()));
                return read.collect();
            }
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn so_many_are_read_for_at_a_time_each_in_turn_and_only_who_waits() {
        let history = Arc::new(Slow { numbers: vec![1, 2], last: 50, ..Slow::default() });
        let mut archive = Archive::new(Arc::<Slow>::clone(&history));
        let gate = history.gate.lock().expect("nobody panics");
        let others = u64::try_from(ARCHIVE_READS_MAX).expect("it is small");
        for session in 0..others + 3 {
            archive.ask((session, 0), asked(0, 50));
            // Once is enough.
            archive.ask((session, 0), asked(1, 50));
        }
        assert_eq!((archive.reading.len(), archive.waiting.len()), (ARCHIVE_READS_MAX, 3));
        assert!(archive.take().is_empty(), "nobody waits for the disk here");
        drop(gate);
        let mut told = Vec::new();
        while told.len() < ARCHIVE_READS_MAX + 2 {
            told.extend(taken(&mut archive).await);
            // One of those in the queue has left.
            archive.go_on(|(session, _)| session != others + 1);
            assert!(archive.reading.len() <= ARCHIVE_READS_MAX);
        }
        told.sort_unstable();
        let expected = (0..others + 3).filter(|session| *session != others + 1).map(|session| (session, 2));
        assert!(told.into_iter().eq(expected));
        assert!(archive.known.is_empty() && archive.waiting.is_empty());
        // Whoever was told may ask again.
        archive.ask((0, 0), asked(1, 50));
        assert_eq!(taken(&mut archive).await, [(0, 1)]);
    }
}
