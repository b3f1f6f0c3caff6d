//! Soak: many seeds, on all cores.

use std::thread;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;
use simulator::kernel::soak::{Soaked, Soaking};
use simulator::kernel::trial::Trial;

use super::Length;
use super::finding::{Finding, PROGRESS, quietly};
use crate::failure::Failure;
use crate::screen::Screen;
use crate::table::{Align, facts};

const EXAMPLES: &str = "\
Each seed is what `hourbook sim run --seed S` does. The fingerprint is over those of all seeds in order, whatever the
number of threads. The first seed in which something does not hold ends it: it is made shorter and printed, with the
command line that does it again. Exits with 5 then.

Examples:
  hourbook sim soak --seeds 1000
  hourbook sim soak --seeds 10000 --from 20000 --commands 5000 --json";

/// Live through many seeds
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Soak {
    /// How many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    seeds: u64,
    /// The first
    #[arg(long, value_name = "S", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=u64::MAX / 2))]
    from: u64,
    #[command(flatten)]
    length: Length,
    /// At once; without it one for each core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

/// All seeds held.
#[derive(Debug, Serialize)]
struct Held {
    seeds: u64,
    from: u64,
    fingerprint: String,
    commands: u64,
    events: u64,
    batches: u64,
    crashes: u64,
    journals_damaged: u64,
    threads: u16,
    elapsed_s: u64,
    commands_per_s: u64,
}

impl Soak {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let cores =
            thread::available_parallelism().map_or(1, |cores| u16::try_from(cores.get()).unwrap_or(u16::MAX));
        let threads = self.threads.unwrap_or(cores);
        let first = Trial { acts: self.length.commands, ..Trial::new(self.from) };
        let soak = simulator::kernel::soak::Soak { first, seeds: self.seeds, threads };
        let (begun, mut said) = (Instant::now(), Instant::now());
        let soaked = quietly(|| {
            soak.run(&mut |soaking| {
                if PROGRESS <= said.elapsed() {
                    said = Instant::now();
                    screen.remark(&self.progress(soaking, begun.elapsed()));
                }
            })
        });
        match soaked {
            Ok(soaked) => screen.show(&self.held(&soaked, (threads, begun.elapsed())), Held::text),
            Err(failed) => {
                quietly(|| Finding::of(&failed.trial, failed.failure.clone(), screen)).show(screen)
            }
        }
    }

    fn held(&self, soaked: &Soaked, (threads, elapsed): (u16, Duration)) -> Held {
        Held {
            seeds: self.seeds,
            from: self.from,
            fingerprint: soaked.fingerprint.to_string(),
            commands: soaked.commands,
            events: soaked.events,
            batches: soaked.batches,
            crashes: soaked.crashes,
            journals_damaged: soaked.damages,
            threads,
            elapsed_s: elapsed.as_secs(),
            commands_per_s: per_second(soaked.commands, elapsed),
        }
    }

    fn progress(&self, soaking: Soaking, passed: Duration) -> String {
        let done = soaking.seeds;
        let left = passed.as_secs() * self.seeds.saturating_sub(done) / done.max(1);
        let rate = per_second(soaking.commands, passed);
        format!("{done} of {} seeds, {rate} commands/s, {left} s left", self.seeds)
    }
}

fn per_second(count: u64, time: Duration) -> u64 {
    let nanos = time.as_nanos().max(1);
    u64::try_from(u128::from(count) * 1_000_000_000 / nanos).unwrap_or(u64::MAX)
}

impl Held {
    fn text(&self) -> String {
        facts(
            Align::Right,
            [
                ("seeds", self.seeds.to_string()),
                ("fingerprint", self.fingerprint.clone()),
                ("commands in the journals", self.commands.to_string()),
                ("  events that they came to", self.events.to_string()),
                ("atomic batches, done or refused", self.batches.to_string()),
                ("crashes", self.crashes.to_string()),
                ("journals damaged, and refused", self.journals_damaged.to_string()),
                ("commands/s", self.commands_per_s.to_string()),
            ],
        )
    }
}
