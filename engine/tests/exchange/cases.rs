//! Cases: how many of them a property is held to, and from which seed.
//!
//! Without a word, the same cases in every run. `SOAK_SEED` begins elsewhere, and `SOAK_MINUTES` goes on with one seed
//! after another until they are over. A failing case is shortened for half a minute at most.

use std::cell::Cell;
use std::env;
use std::io::Write;
use std::time::{Duration, Instant};

use proptest::strategy::BoxedStrategy;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::acts::Act;
use crate::census::Census;
use crate::world::World;

/// A soak tells after each of so many parts of what CI does that it is alive, and does all of them at least.
const SOAK_PARTS: u32 = 4;

/// Holds an exchange to the rules, in so many cases of these acts. Returns what happened in them.
pub(crate) fn check(cases: u32, acts: &BoxedStrategy<Vec<Act>>) -> Census {
    let said = |name: &str| env::var(name).ok().map(|value| value.parse().expect("it is a whole number"));
    let first: u64 = said("SOAK_SEED").unwrap_or(1);
    match said("SOAK_MINUTES") {
        None => run(cases, first, acts),
        Some(minutes) => soak(Duration::from_secs(60 * minutes), (cases / SOAK_PARTS, first), acts),
    }
}

/// Goes on with one seed after another until the time is over.
fn soak(time: Duration, (cases, first): (u32, u64), acts: &BoxedStrategy<Vec<Act>>) -> Census {
    let (begun, mut census) = (Instant::now(), Census::default());
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("soak");
    for seed in first.. {
        census.add(&run(cases, seed, acts));
        let (spent, commands) = (begun.elapsed(), census.commands());
        let (so_far, in_all) = (spent.as_secs(), time.as_secs());
        let told = format!("{name}: seed {seed} done, {commands} commands, {so_far} of {in_all} s\n");
        // Written past the test's capture, so that it is seen while it goes on.
        std::io::stdout().write_all(told.as_bytes()).expect("there is somebody to tell");
        if time <= spent && u64::from(SOAK_PARTS) <= seed - first + 1 {
            break;
        }
    }
    census
}

fn run(cases: u32, seed: u64, acts: &BoxedStrategy<Vec<Act>>) -> Census {
    let (rng_seed, failure_persistence) = (RngSeed::Fixed(seed), None);
    let config =
        Config { cases, rng_seed, failure_persistence, max_shrink_time: 30_000, ..Config::default() };
    let census = Cell::new(Census::default());
    let held = TestRunner::new(config).run(acts, |acts| {
        let mut world = World::new();
        acts.iter().for_each(|act| world.act(*act));
        world.assert_replays();
        let mut all = census.take();
        all.add(world.census());
        census.set(all);
        Ok(())
    });
    if let Err(error) = held {
        panic!("with SOAK_SEED={seed}: {error}");
    }
    census.into_inner()
}
