//! Sim: how many events a second the simulator's kernel lives through, checked and hardly checked.

use std::time::Instant;

use clap::Args;
use serde::Serialize;
use simulator::kernel::trial::{Checks, Counts, Life, Trial};

use crate::failure::Failure;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Plain order flow, orders and cancellations, goes from clients over the simulated network through the node's own stages
to the simulated disk and back, on one thread. `events_per_s`: everything is checked once in 1,024 commands.
`events_per_s_checked`: every event is foretold by the model and reckoned by the auditor as well. Medians of the runs.

Examples:
  hourbook bench sim
  hourbook bench sim --commands 100000 --json";

/// Measure the simulator's kernel
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Sim {
    /// Commands of a run
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1_000..=10_000_000))]
    commands: u64,
    /// Runs of each kind
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..=999))]
    runs: u16,
}

#[derive(Debug, Serialize)]
struct Measured {
    commands: u64,
    events: u64,
    runs: u16,
    events_per_s: u64,
    events_per_s_checked: u64,
    commands_per_s: u64,
    commands_per_s_checked: u64,
}

impl Sim {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let (counts, sampled) = self.measure(Checks::Sampled)?;
        let (again, full) = self.measure(Checks::Full)?;
        assert_eq!(counts.fingerprint, again.fingerprint, "checks change nothing");
        let rate = |count: u64, nanos: u128| u64::try_from(u128::from(count) * 1_000_000_000 / nanos.max(1));
        let rate = |count: u64, nanos: u128| rate(count, nanos).unwrap_or(u64::MAX);
        let measured = Measured {
            commands: counts.commands,
            events: counts.events,
            runs: self.runs,
            events_per_s: rate(counts.events, sampled),
            events_per_s_checked: rate(counts.events, full),
            commands_per_s: rate(counts.commands, sampled),
            commands_per_s_checked: rate(counts.commands, full),
        };
        screen.show(&measured, Measured::text)
    }

    /// Runs it so often; returns what happened, and how many nanoseconds the median run took.
    fn measure(&self, checks: Checks) -> Result<(Counts, u128), Failure> {
        let trial = Trial { acts: self.commands, life: Life::Plain, checks, ..Trial::new(1) };
        let mut last = Counts::default();
        let mut times = Vec::new();
        for _ in 0..self.runs {
            let begun = Instant::now();
            last = trial.run().map_err(|failure| Failure::local(failure.to_string()))?;
            times.push(begun.elapsed().as_nanos());
        }
        times.sort_unstable();
        Ok((last, times[times.len() / 2]))
    }
}

impl Measured {
    fn text(&self) -> String {
        let Measured { events_per_s, events_per_s_checked, commands_per_s, commands_per_s_checked, .. } =
            self;
        format!(
            "checked now and then  {events_per_s:>9} events/s  {commands_per_s:>9} commands/s\n\
             checked every time    {events_per_s_checked:>9} events/s  {commands_per_s_checked:>9} commands/s"
        )
    }
}
