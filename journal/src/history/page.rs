//! Page: what becomes one value of the history: events of one account, or trades of one instrument.

use engine::ids::index;
use engine::stamp::{Sequence, Stamp};

use crate::history::{PrivateEvent, Trade, codec};

/// Bytes after which a page is full and its owner gets another, so that no reader has to take in much for little.
const PAGE_BYTES: usize = 32 << 10;

/// Pages by owner.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// By owner, the place of the page that is written on, counted from 1; 0 when there is none.
    places: Vec<usize>,
    pages: Vec<Page>,
    /// How many of the pages are in use.
    used: usize,
}

/// What becomes one value.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) owner: u32,
    /// The number of its first item.
    pub(super) first: u64,
    /// The number of the item that would continue the last run.
    next: u64,
    /// The command of the last run.
    command: Sequence,
    /// Where the last run begins.
    run: usize,
    pub(super) bytes: Vec<u8>,
}

impl Page {
    /// An empty page, in memory that was used before.
    fn begin((owner, first): (u32, u64), mut bytes: Vec<u8>) -> Page {
        bytes.clear();
        bytes.push(codec::FORMAT_VERSION);
        Page { owner, first, bytes, ..Page::default() }
    }

    /// The bytes to which the item of this number is to be appended.
    fn next(&mut self, number: u64, stamp: Stamp) -> &mut Vec<u8> {
        let goes_on = self.command == stamp.sequence && self.next == number;
        if !goes_on || !codec::count_up(&mut self.bytes, self.run) {
            (self.run, self.command) = (self.bytes.len(), stamp.sequence);
            codec::begin_run(&mut self.bytes, number, stamp);
        }
        self.next = number + 1;
        &mut self.bytes
    }
}

/// The value that holds `events`, which are of one account and in order.
pub fn of_events(events: &[PrivateEvent]) -> Vec<u8> {
    let mut page = Page::begin((0, 0), Vec::new());
    events.iter().for_each(|event| codec::event(page.next(event.xseq.0, event.stamp), &event.what));
    page.bytes
}

/// The value that holds `trades`, which are of one instrument and in order.
pub fn of_trades(trades: &[Trade]) -> Vec<u8> {
    let mut page = Page::begin((0, 0), Vec::new());
    trades.iter().for_each(|trade| codec::trade(page.next(trade.trade.0, trade.stamp), trade));
    page.bytes
}

impl Pages {
    /// The bytes to which the owner's item of this number is to be appended.
    pub(super) fn next(&mut self, (owner, number): (u32, u64), stamp: Stamp) -> &mut Vec<u8> {
        let place = index(owner);
        if self.places.len() <= place {
            self.places.resize(place + 1, 0);
        }
        let old = self.places[place].checked_sub(1).filter(|page| self.pages[*page].bytes.len() < PAGE_BYTES);
        let at = old.unwrap_or_else(|| {
            self.places[place] = self.used + 1;
            self.open(owner, number)
        });
        self.pages[at].next(number, stamp)
    }

    /// Takes a page into use; returns its place.
    fn open(&mut self, owner: u32, first: u64) -> usize {
        if self.pages.len() == self.used {
            self.pages.push(Page::default());
        }
        let page = &mut self.pages[self.used];
        *page = Page::begin((owner, first), std::mem::take(&mut page.bytes));
        self.used += 1;
        self.used - 1
    }

    pub(super) fn pages(&self) -> impl Iterator<Item = &Page> {
        self.pages[..self.used].iter()
    }

    pub(super) fn clear(&mut self) {
        for page in &self.pages[..self.used] {
            self.places[index(page.owner)] = 0;
        }
        self.used = 0;
    }
}
