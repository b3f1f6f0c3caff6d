//! Exchange: whatever traders do, it is sound, does what the rules say, and can be replayed.

#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "the engine has no clock; a soak has one"
)]

#[path = "exchange/acts.rs"]
mod acts;
#[path = "../../simulator/src/agreement.rs"]
mod agreement;
#[path = "exchange/cases.rs"]
mod cases;
#[path = "exchange/census.rs"]
mod census;
#[path = "../../simulator/src/model.rs"]
mod model;
#[path = "exchange/outcome.rs"]
mod outcome;
#[path = "exchange/reborn.rs"]
mod reborn;
#[path = "exchange/requests.rs"]
mod requests;
#[path = "exchange/stage.rs"]
mod stage;
#[path = "exchange/world.rs"]
mod world;

use proptest::strategy::Strategy;

use crate::acts::{busy, delivered, hostile};
use crate::cases::check;

#[test]
fn every_command_follows_the_rules() {
    check(2_000, &hostile(20..250).boxed()).assert_complete(&["ReferencePublished Some"]);
}

#[test]
fn deliveries_follow_the_rules() {
    check(300, &delivered(400..900).boxed()).assert_delivered();
}

#[test]
fn a_busy_day_follows_the_rules() {
    check(20, &busy(2_000..3_000).boxed()).assert_seen(&[
        "DeliveryDrawn within a group",
        "InstrumentSettled",
        "ReferencePublished Some",
        "ReferencePublished None",
    ]);
}
