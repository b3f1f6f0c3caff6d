//! Protocol: the wire types of `hourbook.v1` and their text.
//!
//! One JSON object is one message: a client sends requests, the server answers each with a reply
//! and pushes updates. Requests are read strictly (an unknown field is an error with a
//! suggestion), replies and updates leniently (what a client does not know, it ignores).
//! Nothing here reads a clock, a socket or a file.

pub mod account;
pub mod add_order;
pub mod amend;
pub mod batch;
pub mod blob;
pub mod book;
pub mod call;
pub mod cancel;
pub mod candle;
pub mod channel;
pub mod checksum;
pub mod close;
pub mod control;
pub mod decimal;
pub mod delivery;
pub mod dry_run;
pub mod error;
pub mod error_code;
pub mod evidence;
pub mod execution;
mod fields;
pub mod fixing;
pub mod heartbeat;
pub mod instrument;
pub mod key;
pub mod look;
pub mod message;
pub mod name;
pub mod operator;
pub mod order;
pub mod payment;
pub mod provider;
pub mod public;
pub mod query;
pub mod queue;
pub mod quote;
pub mod reply;
pub mod request;
pub mod request_id;
pub mod session;
pub mod settlement;
pub mod signature;
pub mod speed;
pub mod status;
pub mod subscription;
pub mod suggest;
pub mod terms;
pub mod ticker;
pub mod time;
pub mod trades;
pub mod update;
pub mod venue;
pub mod written;
