//! Foresight: commands that come soon are looked at, so that what they need is near when they come.
//!
//! It changes nothing and decides nothing: what was seen of a command is believed only where it is seen to be so. Half of
//! a command's time was waiting for the lines of memory that it leads to: its client order id, its order, whom it trades
//! with, and their ids, positions and obligations. Each of those leads to the next, so a command is looked at several
//! times, and each time asks for what the last one found.
//!
//! Every command is looked at alike, whatever its kind: what is asked for in vain costs less than a branch that nobody
//! can predict. So what a command names comes beside it, as a [`Hint`].

use crate::book::Books;
use crate::client_ids::ClientIds;
use crate::directory::Spot;
use crate::exchange::Exchange;
use crate::exchange::hint::{Entered, Hint};
use crate::ids::AccountId;
use crate::label::Label;
use crate::ledger::Ledger;
use crate::open_order::OpenOrders;
use crate::position::PositionRow;

/// How many commands ahead one should be shown to [`Exchange::foresee`].
pub const FORESIGHT: usize = 24;
/// How many commands are remembered.
const SIGHTS: usize = 32;
/// So many commands are shown before the buckets of their ids are asked for, all at once: a bucket lies on a page of its own,
/// mostly, and the processor finds several pages in the time of one.
const GROUP: usize = 16;
/// How many commands later each look is: what was asked for has come by then.
const FIND: usize = GROUP + 1;
const FOLLOW: usize = FIND + 2;
const FINISH: usize = FOLLOW + 2;
/// How many of the orders that an incoming one meets are looked at.
const MAKERS_MAX: usize = 4;

const _: () = assert!(FINISH < FORESIGHT && FORESIGHT < SIGHTS && SIGHTS.is_multiple_of(GROUP));
// Places go round: `before` takes them so.
const _: () = assert!(SIGHTS.is_power_of_two());

/// Where what is seen leads.
#[derive(Clone, Copy)]
struct Sought<'a> {
    ids: &'a ClientIds,
    orders: &'a OpenOrders,
    books: &'a Books,
    ledger: &'a Ledger,
}

/// The last few commands that were shown, and what they led to.
#[derive(Clone, Debug)]
pub(super) struct Foresight {
    /// One after another, round and round; those from `SIGHTS` on are of nothing.
    sights: Box<[Sight; 2 * SIGHTS]>,
    next: usize,
    /// Which one is of the command that is being applied: one of nothing when that was not shown.
    present: usize,
}

impl Default for Foresight {
    fn default() -> Foresight {
        Foresight { sights: Box::new([Sight::NOTHING; 2 * SIGHTS]), next: 0, present: SIGHTS }
    }
}

/// What is seen of a command. All that it leads to is likely, and nothing certain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sight {
    hint: Hint,
    /// The hash of its id.
    hash: u64,
    /// Where the id stands, and the order that it leads to.
    spot: Spot,
    order: u32,
    /// The account's position, if it meets any order.
    row: PositionRow,
    /// Slots of the orders that are met, and their owners' positions.
    makers: [(u32, PositionRow); MAKERS_MAX],
    /// How many those are.
    met: usize,
}

impl Exchange {
    /// Asks for what a command that comes soon will need.
    #[inline]
    pub fn foresee(&mut self, soon: &Hint) {
        let Exchange { client_ids: ids, orders, books, ledger, foresight, .. } = self;
        foresight.look(Sought { ids, orders, books, ledger }, soon);
    }

    /// The hash of an account's client order id, and where it may be entered.
    #[inline(always)]
    pub(super) fn entered(&self, account: AccountId, client: Label) -> (u64, Spot) {
        match self.foresight.seen(account, client) {
            Some(sight) => (sight.hash, sight.spot),
            None => (self.client_ids.hash(account, client), Spot::NONE),
        }
    }
}

impl Foresight {
    #[inline(always)]
    fn look(&mut self, sought: Sought<'_>, soon: &Hint) {
        let at = self.next % SIGHTS;
        self.next = at + 1;
        self.sights[at].begin(sought, soon);
        if self.next.is_multiple_of(GROUP) {
            for sight in &self.sights[self.next - GROUP..self.next] {
                sought.ids.prefetch(sight.hash);
            }
        }
        self.sights[before(at, FIND)].find(sought);
        let (third, last) = (&mut self.sights[before(at, FOLLOW)], before(at, FINISH));
        if 0 < third.met {
            third.follow(sought);
        }
        if 0 < self.sights[last].met {
            self.sights[last].finish(sought);
        }
    }

    /// The command that is carried out now was shown before the last `later`, or never.
    #[inline(always)]
    pub(super) fn attend(&mut self, later: Option<usize>) {
        self.present = match later {
            Some(later) if later < SIGHTS => before(self.next, later + 1),
            _ => SIGHTS,
        };
    }

    /// What was seen of the command that is applied now, if it is of this id.
    #[inline(always)]
    pub(super) fn seen(&self, account: AccountId, client: Label) -> Option<&Sight> {
        let sight = &self.sights[self.present % (2 * SIGHTS)];
        (sight.hint.client == client && sight.hint.account == account).then_some(sight)
    }
}

/// The place so many before one.
#[inline]
fn before(place: usize, looks: usize) -> usize {
    place.wrapping_sub(looks) % SIGHTS
}

impl Sight {
    const NOTHING: Sight = Sight {
        hint: Hint::NOTHING,
        hash: 0,
        spot: Spot::NONE,
        order: 0,
        row: PositionRow(0),
        makers: [(0, PositionRow(0)); MAKERS_MAX],
        met: 0,
    };

    /// The order to which the id is likely to lead.
    #[inline(always)]
    pub(super) fn order(&self) -> u32 {
        self.order
    }

    /// First: which id it is; asks for the account, and for where the next id that ends is recorded.
    #[inline(always)]
    fn begin(&mut self, sought: Sought<'_>, soon: &Hint) {
        let &Hint { account, client, .. } = soon;
        self.hint = *soon;
        self.hash = sought.ids.hash(account, client);
        sought.ledger.accounts.prefetch(account);
        sought.ids.prefetch_record();
    }

    /// Second: asks for the order that is named, and for the orders that are met.
    #[inline(always)]
    fn find(&mut self, sought: Sought<'_>) {
        (self.spot, self.order) = sought.ids.glance(self.hash);
        sought.orders.prefetch(self.order);
        sought.books.prefetch(self.order);
        let Entered { instrument, side, limit, .. } = self.hint.entered;
        self.met = 0;
        if sought.books.meets(instrument, (side, limit)) {
            self.meet(sought);
        }
    }

    #[inline(never)]
    fn meet(&mut self, sought: Sought<'_>) {
        let Entered { instrument, side, limit, lots } = self.hint.entered;
        for (maker, seen) in sought.books.met(instrument, (side, limit), lots).zip(&mut self.makers) {
            seen.0 = maker;
            self.met += 1;
            sought.orders.prefetch(maker);
        }
    }

    /// Third, of an order that meets others: asks for where their ids are, for their owners, and for the oldest and
    /// the youngest obligations of all who trade.
    #[inline(never)]
    fn follow(&mut self, sought: Sought<'_>) {
        for (maker, row) in &mut self.makers[..self.met] {
            let (owner, (position, client)) = (sought.books.owner(*maker), sought.orders.glance(*maker));
            sought.ledger.accounts.prefetch(owner);
            sought.ids.prefetch(sought.ids.hash(owner, client.unwrap_or(Label::SHORTEST)));
            sought.ledger.prefetch_obligation(position);
            *row = position;
        }
        let row = sought.ledger.positions.find(self.hint.account, self.hint.entered.instrument);
        self.row = row.unwrap_or(PositionRow(0));
        sought.ledger.prefetch_obligation(self.row);
    }

    /// Last, of such an order: asks for the obligations that follow those.
    #[inline(never)]
    fn finish(&self, sought: Sought<'_>) {
        sought.ledger.prefetch_obligation_after(self.row);
        for &(_, row) in &self.makers[..self.met] {
            sought.ledger.prefetch_obligation_after(row);
        }
    }
}
