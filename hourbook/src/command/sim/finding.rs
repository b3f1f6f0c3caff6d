//! Finding: a run in which something did not hold: made shorter, and told so that it can be run again.

use std::time::{Duration, Instant};

use serde::Serialize;
use simulator::kernel::kept::Kept;
use simulator::kernel::shrink::{Shrunk, shrink};
use simulator::kernel::trial::{self, Trial};

use crate::failure::Failure;
use crate::screen::Screen;

/// How often long work says how far it is.
pub(super) const PROGRESS: Duration = Duration::from_secs(1);
/// How many of the last commands are shown.
const LAST: usize = 4;

/// What did not hold, and how to see it again.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    seed: u64,
    /// After which command of the journal.
    command: u64,
    invariant: String,
    what: String,
    /// Acts that the shortest run does.
    acts: usize,
    /// Runs that it took to shorten it.
    runs: u32,
    /// The command line that does it again.
    again: String,
    /// The last commands of the shortest run, with their events.
    #[serde(skip)]
    last: Vec<String>,
}

impl Finding {
    /// What a failed run comes to, made as short as can be.
    pub(super) fn of(trial: &Trial, failure: trial::Failure, screen: &Screen) -> Finding {
        screen.remark(&format!("seed {}: {failure}\nmaking it shorter ...", trial.seed));
        let mut said = Instant::now();
        let shrunk = shrink(trial, failure, &mut |shrinking| {
            if PROGRESS <= said.elapsed() {
                said = Instant::now();
                screen.remark(&format!("{} acts left after {} runs", shrinking.acts, shrinking.runs));
            }
        });
        let Shrunk { trial, failure, runs } = shrunk;
        let (_, trace) = Trial { trace: true, ..trial.clone() }.traced();
        let last = trace[trace.len().saturating_sub(LAST)..].to_vec();
        let acts = match &trial.kept {
            Kept::All => engine::ids::index(u32::try_from(trial.acts).unwrap_or(u32::MAX)),
            Kept::Only(acts) => acts.len(),
        };
        Finding {
            seed: trial.seed,
            command: failure.violation.sequence.0,
            invariant: failure.violation.invariant.to_string(),
            what: failure.violation.what,
            acts,
            runs,
            again: again(&trial),
            last,
        }
    }

    /// Shows it, and fails.
    pub(super) fn show(&self, screen: &mut Screen) -> Result<(), Failure> {
        screen.show(self, Finding::text)?;
        Err(Failure::local(format!("something did not hold: seed {}", self.seed))
            .advise(format!("see it again: {}", self.again)))
    }

    fn text(&self) -> String {
        let Finding { seed, command, invariant, what, acts, runs, .. } = self;
        let mut text =
            format!("seed {seed}, {acts} acts left after {runs} runs. The last of what was told:\n\n");
        self.last.iter().for_each(|entry| text += &format!("{entry}\n"));
        text + &format!("\ncommand {command}: {invariant}: {what}\n")
    }
}

/// The command line that runs a trial.
pub(super) fn again(trial: &Trial) -> String {
    let mut line = format!("hourbook sim run --seed {} --commands {}", trial.seed, trial.acts);
    // Without any act there is nothing to choose from.
    if trial.kept != Kept::All && 0 < trial.acts {
        line += &format!(" --only {}", trial.kept);
    }
    let parts = [(trial.calm.network, "network"), (trial.calm.schedule, "schedule")];
    let calm: Vec<&str> = parts.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
    if !calm.is_empty() {
        line += &format!(" --calm {}", calm.join(","));
    }
    line
}

/// Does `work` without saying what is asserted in vain: that is told as a finding.
pub(super) fn quietly<R>(work: impl FnOnce() -> R) -> R {
    let say = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let done = work();
    std::panic::set_hook(say);
    done
}
