//! Shrink: makes a failing run shorter, as long as the same does not hold.
//!
//! Acts are left out, half of them at a time, then a quarter, down to single ones (delta debugging, Zeller 1999); what is
//! left to chance is made calm. Because every choice depends on its own name alone, what is left does what it did.

use crate::kernel::kept::Kept;
use crate::kernel::trial::{Calm, Failure, Trial};

/// Runs of one shrinking at the most.
pub const RUNS_MAX: u32 = 4_000;

/// How far shrinking is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shrinking {
    /// Runs so far.
    pub runs: u32,
    /// Acts that are left.
    pub acts: usize,
}

/// The shortest run that was found to fail in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrunk {
    /// The run.
    pub trial: Trial,
    /// What does not hold in it.
    pub failure: Failure,
    /// How many runs it took.
    pub runs: u32,
}

/// Shortens `trial`, which failed with `failure`. `progress` is told of every run.
pub fn shrink(trial: &Trial, failure: Failure, progress: &mut dyn FnMut(Shrinking)) -> Shrunk {
    shrink_with(&|trial| trial.run().err(), (trial, failure), progress)
}

/// The same, with another way to find out how a run fails.
fn shrink_with(
    fails: &dyn Fn(&Trial) -> Option<Failure>,
    (trial, failure): (&Trial, Failure),
    progress: &mut dyn FnMut(Shrinking),
) -> Shrunk {
    let acts = (0..failure.acts).filter(|act| trial.kept.keeps(*act)).collect();
    // It may have failed in the time before the next act.
    let trial = &Trial { acts: trial.acts.min(failure.acts + 1), ..trial.clone() };
    let mut shrinker = Shrinker { fails, best: (trial.clone(), failure), runs: 0, progress };
    shrinker.shorten(acts);
    let Shrinker { best: (trial, failure), runs, .. } = shrinker;
    Shrunk { trial, failure, runs }
}

struct Shrinker<'a> {
    fails: &'a dyn Fn(&Trial) -> Option<Failure>,
    best: (Trial, Failure),
    runs: u32,
    progress: &'a mut dyn FnMut(Shrinking),
}

impl Shrinker<'_> {
    fn shorten(&mut self, acts: Vec<u64>) {
        self.try_acts(acts);
        self.calm_down();
        let mut size = self.acts().len().div_ceil(2);
        while 0 < size && self.runs < RUNS_MAX {
            let shorter = self.leave_out(size);
            // Single acts are tried until none can be left out.
            size = if size == 1 && shorter { 1 } else { size / 2 };
        }
        self.end_early();
        self.calm_down();
    }

    fn acts(&self) -> &[u64] {
        match &self.best.0.kept {
            Kept::All => &[],
            Kept::Only(acts) => acts,
        }
    }

    /// Leaves out as many stretches of this length as can be, the last ones first. Returns whether there were any.
    fn leave_out(&mut self, size: usize) -> bool {
        let before = self.acts().len();
        let mut end = before;
        while 0 < end && self.runs < RUNS_MAX {
            let start = end.saturating_sub(size);
            let mut acts = self.acts().to_vec();
            acts.drain(start..end);
            self.try_acts(acts);
            end = start.min(self.acts().len());
        }
        self.acts().len() < before
    }

    fn try_acts(&mut self, acts: Vec<u64>) {
        let trial = Trial { kept: Kept::Only(acts), ..self.best.0.clone() };
        self.try_trial(trial);
    }

    /// Ends after the last act that is done.
    fn end_early(&mut self) {
        let acts = self.acts().last().map_or(0, |last| last + 1);
        if acts < self.best.0.acts {
            self.try_trial(Trial { acts, ..self.best.0.clone() });
        }
    }

    /// Makes calm what can be.
    fn calm_down(&mut self) {
        for part in [Calm { network: true, schedule: false }, Calm { network: false, schedule: true }] {
            let calm = self.best.0.calm;
            let calmer =
                Calm { network: calm.network || part.network, schedule: calm.schedule || part.schedule };
            if calmer != calm {
                self.try_trial(Trial { calm: calmer, ..self.best.0.clone() });
            }
        }
    }

    /// Keeps a run if it fails in the same way.
    fn try_trial(&mut self, trial: Trial) {
        self.runs += 1;
        if let Some(failure) = (self.fails)(&trial)
            && failure.violation.invariant == self.best.1.violation.invariant
        {
            self.best = (trial, failure);
        }
        let acts = self.acts().len();
        (self.progress)(Shrinking { runs: self.runs, acts });
    }
}

#[cfg(test)]
mod tests {
    use engine::stamp::Sequence;

    use super::*;
    use crate::invariants::finding::{Invariant, Violation};

    fn failure(invariant: Invariant, acts: u64) -> Failure {
        let violation = Violation { sequence: Sequence(1), invariant, what: String::new() };
        Failure { violation, acts }
    }

    #[test]
    fn only_what_makes_it_fail_is_left() {
        // Fails when both of these are done and messages are late; without the first, in another way.
        let fails = |trial: &Trial| {
            let [first, second] = [17, 3_000].map(|act| trial.kept.keeps(act) && act < trial.acts);
            match (first, second && !trial.calm.network) {
                (true, true) => Some(failure(Invariant::Credit, trial.acts)),
                (false, true) => Some(failure(Invariant::Owed, trial.acts)),
                _ => None,
            }
        };
        let mut said = Vec::new();
        let found = (&Trial::new(5), failure(Invariant::Credit, 4_000));
        let shrunk = shrink_with(&fails, found, &mut |shrinking| said.push(shrinking));
        assert_eq!(shrunk.trial.kept, Kept::Only(vec![17, 3_000]));
        assert_eq!(shrunk.trial.calm, Calm { network: false, schedule: true });
        assert_eq!((shrunk.trial.seed, shrunk.trial.acts), (5, 3_001));
        assert_eq!(shrunk.failure.violation.invariant, Invariant::Credit);
        assert!(shrunk.runs < 200, "it takes {} runs", shrunk.runs);
        assert_eq!(said.last(), Some(&Shrinking { runs: shrunk.runs, acts: 2 }));
    }

    #[test]
    fn what_needs_no_act_at_all_is_left_with_none() {
        let found = (&Trial::new(5), failure(Invariant::Durable, 4_000));
        let shrunk = shrink_with(&|_| Some(failure(Invariant::Durable, 0)), found, &mut |_| {});
        assert_eq!((shrunk.trial.kept, shrunk.trial.acts), (Kept::Only(Vec::new()), 0));
    }

    #[test]
    fn shrinking_ends() {
        // Every act is needed.
        let fails = |trial: &Trial| match &trial.kept {
            Kept::Only(acts) if acts.len() < 9_000 => None,
            _ => Some(failure(Invariant::Credit, trial.acts)),
        };
        let found = (&Trial { acts: 9_000, ..Trial::new(5) }, failure(Invariant::Credit, 9_000));
        let shrunk = shrink_with(&fails, found, &mut |_| {});
        assert!(shrunk.runs <= RUNS_MAX + 2, "it takes {} runs", shrunk.runs);
    }
}
