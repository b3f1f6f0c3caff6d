//! Makers: accounts that quote, and now and then take, without end.
//!
//! Each keeps a few orders near a price that wanders, and cancels its oldest before it enters another; orders are called
//! by the ids that their clients chose. About one order in sixteen takes. Some cancellations come too late, as they do.

use std::collections::VecDeque;

use engine::command::Command;
use engine::ids::{AccountId, InstrumentId, index};
use engine::label::Label;
use engine::order::{NewOrder, OrderRef, Side, TimeInForce};
use engine::units::{Lots, Price};
use simulator::bench::venue::ACCOUNTS;

/// Orders that a maker keeps open.
const QUOTES: usize = 8;
/// The price that everybody quotes around, in ticks, at first; and how far it wanders at most.
const MIDDLE: u64 = 10_000;
const WANDER: u64 = 1_000;
/// How many ticks from it orders are, at most.
const REACH: u64 = 64;

/// A source of commands, the same every time.
pub(super) struct Makers {
    random: u64,
    middle: u64,
    /// Client order ids given.
    ids: u64,
    /// Open orders by account, oldest first; some may be filled.
    quotes: Vec<VecDeque<Label>>,
}

impl Default for Makers {
    fn default() -> Makers {
        let quotes = vec![VecDeque::with_capacity(QUOTES); index(ACCOUNTS)];
        Makers { random: 0x9E37_79B9_7F4A_7C15, middle: MIDDLE, ids: 0, quotes }
    }
}

impl Iterator for Makers {
    type Item = Command;

    fn next(&mut self) -> Option<Command> {
        let number = u32::try_from(self.below(ACCOUNTS.into())).expect("it is below a number of 32 bits");
        // The venue's accounts are numbered from 1.
        let account = AccountId(number + 1);
        let quotes = &mut self.quotes[index(number)];
        if QUOTES <= quotes.len()
            && let Some(oldest) = quotes.pop_front()
        {
            return Some(Command::CancelOrder { account, order: OrderRef::Client(oldest) });
        }
        Some(Command::PlaceOrder(self.order(account, index(number))))
    }
}

impl Makers {
    fn order(&mut self, account: AccountId, quotes: usize) -> NewOrder {
        self.ids += 1;
        let client = Label::new(&self.ids.to_string()).expect("digits make a label");
        let wandered = self.middle + self.below(3) - 1;
        self.middle = wandered.clamp(MIDDLE - WANDER, MIDDLE + WANDER);
        let side = if self.below(2) == 0 { Side::Bid } else { Side::Ask };
        let takes = self.below(16) == 0;
        let away = if takes { REACH } else { 1 + self.below(REACH) };
        // Who takes a bid reaches up, who quotes one stays below.
        let up = (side == Side::Bid) == takes;
        let ticks = if up { self.middle + away } else { self.middle - away };
        let lots = 1 + self.below(8);
        let terms =
            (Lots::new(lots).expect("it is a few lots"), Price::new(ticks).expect("it is near the middle"));
        let order = NewOrder::limit(account, InstrumentId(0), side, terms);
        if takes {
            let time_in_force = TimeInForce::ImmediateOrCancel;
            return NewOrder { client: Some(client), time_in_force, ..order };
        }
        self.quotes[quotes].push_back(client);
        NewOrder { client: Some(client), ..order }
    }

    /// A number below `bound`: Marsaglia's xorshift, and the small bias of a remainder.
    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 16) % bound
    }
}
