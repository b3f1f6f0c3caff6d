//! Api: the exchange over websocket.
//!
//! [`gateway`] has the sockets: one session per connection, which decodes, checks and converts. [`feed`] is the
//! publisher's end: it answers and tells what is durable. Nothing but rings lies between them.

pub mod budget;
pub mod clearing;
pub mod config;
pub mod convert;
pub mod feed;
pub mod frame;
pub mod gateway;
pub mod group;
pub mod limits;
pub mod metrics;
pub mod origin;
pub mod outbox;
pub mod question;
pub mod snapshots;
