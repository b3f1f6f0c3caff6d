//! Client: how a program talks to the exchange over `hourbook.v1`.
//!
//! [`connection::Connection`] opens the socket, logs in and makes calls, many at a time. What the exchange sends
//! unasked waits in a bounded queue for [`connection::Connection::next_update`]. A [`book_feed::BookFeed`] keeps one
//! market's book and checks it against the exchange's own checksum after every message. [`streams::Streams`] keeps any
//! streams, public and private, and goes on when the connection breaks.

pub mod book;
pub mod book_feed;
mod call;
pub mod chain;
pub mod connection;
pub mod error;
pub mod identity;
mod in_flight;
pub mod key_file;
pub mod level;
pub mod link;
pub mod secret;
pub mod settings;
mod socket;
pub mod streams;
pub mod subscription;
pub mod ticket;
