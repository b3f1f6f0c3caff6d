//! Corners: what random commands do not reach: bounds, portions, gates without a tick, and states that look alike.

#![allow(clippy::unwrap_used, reason = "a test")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a test that takes much memory says whether it runs"
)]

#[path = "corners/bounds.rs"]
mod bounds;
#[path = "corners/gates.rs"]
mod gates;
#[path = "corners/ids.rs"]
mod ids;
#[path = "corners/images.rs"]
mod images;
#[path = "corners/portions.rs"]
mod portions;
#[path = "corners/stakes.rs"]
mod stakes;
#[path = "corners/states.rs"]
mod states;
#[path = "corners/venue.rs"]
mod venue;
