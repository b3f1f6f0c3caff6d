//! Soak: many worlds hold. `SIM_SEEDS` says how many, `SIM_FROM` the first.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::time::{Duration, Instant};

use simulator::kernel::shrink::shrink;
use simulator::kernel::soak::Soak;
use simulator::kernel::trial::Trial;

/// How many seeds, unless `SIM_SEEDS` says otherwise.
const SEEDS: u64 = 250;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is a whole number, not {text:?}")))
}

#[test]
fn many_worlds_hold() {
    let (asked, from) = (number("SIM_SEEDS"), number("SIM_FROM").unwrap_or(0));
    let seeds = asked.unwrap_or(SEEDS);
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let soak = Soak { first: Trial::new(from), seeds, threads: u16::try_from(threads).unwrap() };
    let (begun, mut said) = (Instant::now(), Instant::now());
    let soaked = soak.run(&mut |soaking| {
        if asked.is_some() && Duration::from_secs(10) <= said.elapsed() {
            said = Instant::now();
            eprintln!("soak: {} of {seeds} seeds after {} s", soaking.seeds, begun.elapsed().as_secs());
        }
    });
    if let Err(failed) = soaked {
        eprintln!("seed {}: {}", failed.trial.seed, failed.failure);
        let shortest = shrink(&failed.trial, failed.failure, &mut |_| {});
        let Trial { seed, acts, kept, calm, .. } = &shortest.trial;
        panic!("{}\nsim run --seed {seed} --commands {acts} --only {kept} ({calm:?})", shortest.failure);
    }
}
