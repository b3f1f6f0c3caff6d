//! Engine: the exchange as a function of its journal.
//!
//! Commands go in with their [`stamp::Stamp`], events come out. Nothing in here knows a clock, a thread, a file,
//! a socket or a random number. Start reading at [`exchange::Exchange::apply`].

// First, because the nouns below say with its macros what their images are.
#[macro_use]
pub mod image;

pub mod account;
pub mod book;
pub mod class;
pub mod client_ids;
pub mod command;
pub mod control;
pub mod delivery;
mod directory;
pub mod ending;
pub mod event;
pub mod exchange;
pub mod fees;
pub mod growth;
pub mod ids;
pub mod index;
pub mod instrument;
pub mod key;
pub mod label;
pub mod ledger;
mod link;
pub mod market;
pub mod obligation;
pub mod open_order;
pub mod order;
pub mod order_filter;
pub mod outcome;
pub mod payment;
pub mod position;
mod processor;
pub mod provider;
pub mod reference_rate;
pub mod reject;
pub mod sequencer;
pub mod stamp;
pub mod symbol;
pub mod timers;
pub mod units;
pub mod view;
