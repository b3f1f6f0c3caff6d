//! Exchange: whatever traders do, it is sound, does what the rules say, and can be replayed.

#[path = "exchange/acts.rs"]
mod acts;
mod agreement;
#[path = "exchange/model.rs"]
mod model;
#[path = "exchange/rules.rs"]
mod rules;
#[path = "exchange/world.rs"]
mod world;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::acts::{Act, acts};
use crate::world::World;

/// The same cases in every run; `PROPTEST_RNG_SEED` tries others.
fn cases(count: u32) -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if config.rng_seed == RngSeed::Random {
        (config.rng_seed, config.cases) = (RngSeed::Fixed(1), count);
    }
    config
}

fn check(acts: &[Act]) {
    let mut world = World::new();
    acts.iter().for_each(|act| world.act(*act));
    world.assert_replays();
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn every_command_follows_the_rules(acts in acts(1..120)) {
        check(&acts);
    }
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn a_long_day_follows_the_rules(acts in acts(3_000..3_001)) {
        check(&acts);
    }
}
