//! Group: what commands add to the history, gathered so that much is written at once.
//!
//! Each account and instrument that something happened to has a page, which becomes one value. The memory is used again.

use engine::event::{Event, PrivateSequence};
use engine::ids::{AccountId, InstrumentId, TradeId, index};
use engine::market::MarketSpec;
use engine::stamp::{Sequence, Stamp};
use engine::view::View;
use engine::view::orders::OrderView;

use crate::history::codec;
use crate::history::key::Key;
use crate::history::page::Pages;
use crate::history::redeeming::Redeeming;
use crate::history::{OrderChange, PrivateEvent, Trade, What};

/// Commands after which a group should be written.
pub const GROUP_COMMANDS_MAX: usize = 16_384;

/// What commands add to the history.
#[derive(Debug, Default)]
pub struct HistoryGroup {
    /// Settings of each market, from which symbols are made.
    markets: Vec<MarketSpec>,
    redeeming: Redeeming,
    events: Pages,
    fills: Pages,
    trades: Pages,
    symbols: Vec<(InstrumentId, Vec<u8>)>,
    commands: usize,
    last: Sequence,
}

impl HistoryGroup {
    /// An empty group, which goes on after the last command of `view`.
    pub fn after(view: &View) -> HistoryGroup {
        let markets = view.markets().iter().map(|market| market.spec).collect();
        HistoryGroup {
            markets,
            redeeming: Redeeming::of(view),
            last: view.stamp().sequence,
            ..HistoryGroup::default()
        }
    }

    /// The same, of a history that begins there: it names what is listed already.
    pub fn beginning(view: &View) -> HistoryGroup {
        let listed = view.instruments();
        let symbols =
            listed.map(|(instrument, listed)| (instrument, codec::symbol(&listed.symbol))).collect();
        HistoryGroup { symbols, ..HistoryGroup::after(view) }
    }

    /// The last command that is in the history once the group is.
    pub const fn last(&self) -> Sequence {
        self.last
    }

    /// Panics unless the group is not empty and goes on after `last`.
    pub fn assert_follows(&self, last: Sequence) {
        let commands = u64::try_from(self.commands).expect("lengths fit in 64 bits");
        assert!(0 < commands, "only what holds something is written");
        assert_eq!(self.last.0 - commands, last.0, "the history has no gaps");
    }

    /// Whether it holds no command.
    pub const fn is_empty(&self) -> bool {
        self.commands == 0
    }

    /// Whether it should be written.
    pub const fn is_full(&self) -> bool {
        GROUP_COMMANDS_MAX <= self.commands
    }

    /// Takes in the events of the next command. `orders` gives what [`crate::history::note_order`] noted of them.
    ///
    /// # Panics
    /// Unless the command is the next one, and the orders are those of its events.
    pub fn fold<'a>(
        &mut self,
        stamp: Stamp,
        events: &[Event],
        orders: &mut impl Iterator<Item = &'a OrderView>,
    ) {
        assert_eq!(stamp.sequence, self.last.next(), "the history has no gaps");
        self.last = stamp.sequence;
        self.commands += 1;
        for event in events {
            match *event {
                Event::MarketAdded { spec, .. } => self.markets.push(spec),
                Event::InstrumentListed { instrument, market, start } => {
                    let symbol = self.markets[index(market.0)].symbol(start);
                    self.symbols.push((instrument, codec::symbol(&symbol)));
                }
                Event::Traded { .. } => self.trade(stamp, event),
                _ => self.private(stamp, event, orders),
            }
        }
    }

    fn trade(&mut self, stamp: Stamp, event: &Event) {
        let Event::Traded { instrument, trade, price, lots, maker, taker, taker_side } = *event else {
            return;
        };
        let told = Trade { instrument, trade, stamp, price, lots, maker, taker, taker_side };
        codec::trade(self.trades.next((instrument.0, trade.0), stamp), &told);
    }

    fn private<'a>(&mut self, stamp: Stamp, event: &Event, orders: &mut impl Iterator<Item = &'a OrderView>) {
        self.redeeming.fold(event);
        let order = |_| *orders.next().expect("every order that changed was noted");
        let Some(told) = PrivateEvent::of(stamp, event, order, |account| self.redeeming.at(account)) else {
            return;
        };
        let PrivateEvent { account, xseq, what, .. } = told;
        if matches!(what, What::Order { change: OrderChange::Executed(_), .. }) {
            codec::event(self.fills.next((account.0, xseq.0), stamp), &what);
        }
        codec::event(self.events.next((account.0, xseq.0), stamp), &what);
    }

    /// Where everything goes.
    pub fn entries(&self) -> impl Iterator<Item = (Key, &[u8])> {
        let events = self
            .events
            .pages()
            .map(|page| (Key::Events(AccountId(page.owner), PrivateSequence(page.first)), page));
        let fills = self
            .fills
            .pages()
            .map(|page| (Key::Fills(AccountId(page.owner), PrivateSequence(page.first)), page));
        let trades = self
            .trades
            .pages()
            .map(|page| (Key::Trades(InstrumentId(page.owner), TradeId(page.first)), page));
        let symbols =
            self.symbols.iter().map(|(instrument, bytes)| (Key::Symbol(*instrument), bytes.as_slice()));
        events.chain(fills).chain(trades).map(|(key, page)| (key, page.bytes.as_slice())).chain(symbols)
    }

    /// Forgets what it holds and keeps the memory.
    pub fn clear(&mut self) {
        [&mut self.events, &mut self.fills, &mut self.trades].into_iter().for_each(Pages::clear);
        self.symbols.clear();
        self.commands = 0;
    }
}
