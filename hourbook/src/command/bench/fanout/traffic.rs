//! Traffic: orders that change one book, as fast as the slowest of its subscribers reads every change.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use api::origin::Origin;
use engine::command::Command;
use engine::ids::{AccountId, InstrumentId};
use engine::label::Label;
use engine::order::{NewOrder, OrderRef, Side};
use engine::units::{Lots, Price};
use node::inlet::{Inbound, Inlet};
use tokio::sync::oneshot;

use crate::command::bench::fanout::reader::Counts;

/// Changes that may be on their way to the slowest subscriber. It must hide the time of one way through the server,
/// and stay below what the server lets wait for a client.
const AHEAD_MAX: u64 = 2_048;
/// Commands submitted before the subscribers are looked at again.
const BURST: u64 = 64;
/// How long to wait for the slowest.
const PAUSE: Duration = Duration::from_micros(200);
/// Orders that rest at a time.
const RESTING: usize = 64;
/// Prices that they rest at, in ticks: those below this one.
const HIGHEST: u64 = 10_000;
const PRICES: u64 = 40;
/// The account that measures: the first after the operator's.
const ACCOUNT: AccountId = AccountId(1);

/// A thread that places and cancels orders in the first instrument.
pub(super) struct Traffic {
    ended: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Traffic {
    /// Without subscribers to wait for, some hundred thousand changes a second.
    pub(super) fn begin(inlet: Inlet<Origin>, counts: Vec<Arc<Counts>>) -> Traffic {
        let ended = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&ended);
        let thread = thread::spawn(move || submit(&inlet, &counts, &until));
        Traffic { ended, thread }
    }

    pub(super) fn end(self) {
        self.ended.store(true, Ordering::SeqCst);
        self.thread.join().expect("the traffic does not panic");
    }
}

fn submit(inlet: &Inlet<Origin>, counts: &[Arc<Counts>], until: &AtomicBool) {
    let slowest = || counts.iter().map(|counts| counts.messages.load(Ordering::Relaxed)).min().unwrap_or(0);
    let begun = slowest();
    let mut changes = Changes::default();
    while !until.load(Ordering::SeqCst) {
        if counts.is_empty() {
            thread::sleep(PAUSE);
        } else if AHEAD_MAX < changes.made.saturating_sub(slowest() - begun) {
            thread::sleep(PAUSE);
            continue;
        }
        (0..BURST).for_each(|_| changes.submit(inlet));
    }
}

/// Commands of which each changes one level, and the account's credit.
#[derive(Default)]
pub(in crate::command::bench) struct Changes {
    made: u64,
    ids: u64,
    resting: VecDeque<Label>,
}

impl Changes {
    /// Hands in the next one, as soon as there is room.
    pub(in crate::command::bench) fn submit(&mut self, inlet: &Inlet<Origin>) {
        let command = self.next();
        let inbound = || Inbound::one(Origin::Inform(oneshot::channel().0), command);
        while inlet.submit(inbound()).is_err() {
            thread::sleep(PAUSE);
        }
    }

    fn next(&mut self) -> Command {
        self.made += 1;
        if RESTING <= self.resting.len()
            && let Some(oldest) = self.resting.pop_front()
        {
            return Command::CancelOrder { account: ACCOUNT, order: OrderRef::Client(oldest) };
        }
        self.ids += 1;
        let client = Label::new(&self.ids.to_string()).expect("digits make a label");
        self.resting.push_back(client);
        let price = Price::new(HIGHEST - self.ids * 7 % PRICES).expect("it is near the highest");
        let lots = Lots::new(1 + self.ids % 9).expect("it is a few lots");
        let order = NewOrder::limit(ACCOUNT, InstrumentId(0), Side::Bid, (lots, price));
        Command::PlaceOrder(NewOrder { client: Some(client), ..order })
    }
}
