//! Exchange: whatever traders do, it is sound, does what the rules say, and can be replayed.

#[path = "exchange/acts.rs"]
mod acts;
mod agreement;
#[path = "exchange/counts.rs"]
mod counts;
#[path = "exchange/model.rs"]
mod model;
#[path = "exchange/outcome.rs"]
mod outcome;
#[path = "exchange/rules.rs"]
mod rules;
#[path = "exchange/world.rs"]
mod world;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::acts::{Act, acts};
use crate::world::World;

/// The same cases in every run; `PROPTEST_RNG_SEED` tries others. A failing case is shortened for half a minute at most.
fn cases(count: u32) -> ProptestConfig {
    let config = ProptestConfig::default();
    let (cases, rng_seed) = match config.rng_seed {
        RngSeed::Random => (count, RngSeed::Fixed(1)),
        fixed => (config.cases, fixed),
    };
    ProptestConfig { cases, rng_seed, max_shrink_time: 30_000, failure_persistence: None, ..config }
}

fn check(acts: &[Act]) {
    let mut world = World::new();
    acts.iter().for_each(|act| world.act(*act));
    world.assert_replays();
}

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn every_command_follows_the_rules(acts in acts(1..120)) {
        check(&acts);
    }
}

proptest! {
    #![proptest_config(cases(10))]

    #[test]
    fn a_long_day_follows_the_rules(acts in acts(3_000..3_001)) {
        check(&acts);
    }
}
