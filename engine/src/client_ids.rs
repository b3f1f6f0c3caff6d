//! Client order ids: what became of each one, so that a command that is sent again has one outcome.
//!
//! One directory leads from an id to its open order, or to what became of it. Ids whose orders have ended, or were refused,
//! are kept: of each account the last [`WINDOW`], and no more than [`IDS_MAX`] together with the open ones. When the venue is full, whoever
//! brings another id forgets his own oldest; the last [`RESERVE`] places are for accounts with fewer than [`FEW`].

use crate::book::arena::ORDERS_MAX;
use crate::directory::{Directory, NUMBERS_MAX, Spot};
use crate::ending::FirstOutcome;
use crate::growth::push;
use crate::ids::{AccountId, OrderId, index, position};
use crate::image::reader::ImageReader;
use crate::image::writer::ImageWriter;
use crate::image::{Image, Taken};
use crate::index::{SLOTS_MAX, mix128};
use crate::label::Label;
use crate::link::Link;
use crate::processor::{prefetch, prefetch_behind};
use crate::reject::RejectReason;
use crate::units::Lots;

/// How many ids that are done are remembered of an account.
pub const WINDOW: u32 = 65_536;
/// How many ids are remembered in all, those of open orders included.
pub const IDS_MAX: u32 = 8_000_000;
/// How many of those are kept for accounts that have few.
pub const RESERVE: u32 = 1_000_000;
/// What counts as few.
pub const FEW: u32 = 1_024;

/// An id that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// The client's id.
    pub client: Label,
    /// A hash over what was asked under it.
    pub body: u64,
    /// The order, unless it was refused.
    pub order: Option<OrderId>,
    /// What became of it.
    pub outcome: FirstOutcome,
    /// Lots that had traded then.
    pub filled: Lots,
}

/// What is kept of an id that is done.
#[derive(Clone, Copy, Debug)]
struct Record {
    client: Label,
    body: u64,
    /// Any order when it was refused.
    order: OrderId,
    outcome: FirstOutcome,
    filled: Lots,
    account: AccountId,
    /// The account's next younger record; the next free one when this one is free.
    next: Link,
}

// Millions of them are kept.
const _: () = assert!(size_of::<Record>() == 48);

impl Record {
    const BLANK: Record = Record {
        client: Label::SHORTEST,
        body: 0,
        order: OrderId::new(0, 0),
        outcome: FirstOutcome::Open,
        filled: Lots::ZERO,
        account: AccountId::OPERATOR,
        next: Link::NONE,
    };

    fn remembered(&self) -> Remembered {
        let &Record { client, body, order, outcome, filled, .. } = self;
        let order = match outcome {
            FirstOutcome::Rejected(_) => None,
            FirstOutcome::Open | FirstOutcome::Ended(_) => Some(order),
        };
        Remembered { client, body, order, outcome, filled }
    }
}

/// An account's records, oldest first.
#[derive(Clone, Copy, Debug)]
struct Window {
    oldest: Link,
    youngest: Link,
    length: u32,
}

impl Window {
    const EMPTY: Window = Window { oldest: Link::NONE, youngest: Link::NONE, length: 0 };
}

/// What an id leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The open order in this slot.
    Open(u32),
    /// It is done.
    Done(Remembered),
}

/// Set in numbers that the directory holds of records; those of open orders' slots are below it.
const DONE: u32 = SLOTS_MAX;

const _: () = assert!(IDS_MAX < DONE && ORDERS_MAX <= DONE && DONE + IDS_MAX <= NUMBERS_MAX);

/// Every id that is open, or done and remembered.
#[derive(Clone, Debug)]
pub struct ClientIds {
    records: Vec<Record>,
    free: Link,
    windows: Vec<Window>,
    /// How many ids belong to open orders.
    open: u32,
    directory: Directory,
    /// Keys the hashes over ids that clients choose.
    seed: u64,
}

impl Default for ClientIds {
    fn default() -> ClientIds {
        let (records, windows, directory) = (Vec::new(), Vec::new(), Directory::default());
        ClientIds { records, free: Link::NONE, windows, open: 0, directory, seed: 0 }
    }
}

impl ClientIds {
    /// Makes room for so many ids, so that none waits for memory. `of_open` gives the owner and the id of the open order in
    /// a slot.
    pub(crate) fn reserve(&mut self, ids: u32, of_open: impl Fn(u32) -> (AccountId, Label)) {
        let ids = ids.min(IDS_MAX);
        self.directory.reserve(ids, rehash(&self.records, self.seed, of_open));
        let records = self.records.len();
        self.records.resize(index(ids).max(records), Record::BLANK);
        self.records.truncate(records);
    }

    /// Keys the hashes. Only while nothing is remembered.
    pub(crate) fn set_seed(&mut self, seed: u64) {
        assert!(self.directory.is_empty(), "the seed is set before the first order");
        self.seed = seed;
    }

    /// The hash of an account's id.
    #[inline]
    pub(crate) fn hash(&self, account: AccountId, client: Label) -> u64 {
        hash(self.seed, account, client)
    }

    /// A hash over what is asked under an id.
    pub(crate) fn body(&self, words: [u64; 6]) -> u64 {
        let [a, b, c, d, e, f] = words;
        let seed = self.seed;
        let halves = (mix128(seed, (a, b)), mix128(!seed, (c, d)));
        mix128(mix128(seed.rotate_left(17), (e, f)), halves)
    }

    /// Asks for what a search under `hash` begins with.
    #[inline]
    pub(crate) fn prefetch(&self, hash: u64) {
        self.directory.prefetch(hash);
    }

    /// What an account's id leads to, whose hash this is. `is_open` says whether the open order in a slot has it.
    #[inline(always)]
    pub(crate) fn find(
        &self,
        hash: u64,
        (account, client): (AccountId, Label),
        is_open: impl Fn(u32) -> bool + Copy,
    ) -> Option<Found> {
        let number = self.directory.find(hash, is_named(&self.records, (account, client), is_open))?;
        if number < DONE {
            return Some(Found::Open(number));
        }
        Some(Found::Done(self.records[index(number - DONE)].remembered()))
    }

    fn window(&self, account: AccountId) -> Window {
        self.windows.get(index(account.0)).copied().unwrap_or(Window::EMPTY)
    }

    /// Whether another id of the account can be taken.
    #[inline]
    pub(crate) fn has_room(&self, account: AccountId) -> bool {
        self.is_below_bound(account) || 0 < self.window(account).length
    }

    /// Whether so many other ids of the account can be taken, one after another.
    pub(crate) fn has_room_for(&self, account: AccountId, more: u32) -> bool {
        let used = self.directory.len().saturating_add(more);
        used < IDS_MAX - RESERVE || more <= self.window(account).length
    }

    #[inline]
    fn is_below_bound(&self, account: AccountId) -> bool {
        let used = self.directory.len();
        used < IDS_MAX - RESERVE || (used < IDS_MAX && self.window(account).length < FEW)
    }

    /// Makes room for another id of the account, which [`ClientIds::has_room`] has promised.
    #[inline(always)]
    fn make_room(&mut self, account: AccountId) {
        if !self.is_below_bound(account) {
            self.forget_oldest(account);
        }
    }

    /// Enters a number. `of_open` gives the owner and the id of the open order in a slot.
    #[inline(always)]
    fn insert(&mut self, hash: u64, number: u32, of_open: impl Fn(u32) -> (AccountId, Label)) {
        let rehash = rehash(&self.records, self.seed, of_open);
        // Orders that are open are near already; there are few beside those that are done.
        let ask = |number: u32| prefetch(&self.records, index(number.saturating_sub(DONE)));
        self.directory.insert((hash, number), rehash, ask);
    }

    /// Enters the id of the order in `slot`, for which there is room. `of_open` gives the owner and the id of the open
    /// order in any slot.
    #[inline(always)]
    pub(crate) fn open(
        &mut self,
        account: AccountId,
        (hash, slot): (u64, u32),
        of_open: impl Fn(u32) -> (AccountId, Label),
    ) {
        self.make_room(account);
        self.open += 1;
        self.insert(hash, slot, of_open);
    }

    /// The order in `slot` has ended, or goes by another id: remembers what became of its id, which is entered under this hash,
    /// perhaps there.
    #[inline(always)]
    pub(crate) fn close(
        &mut self,
        entered: (u64, Spot),
        (account, slot): (AccountId, u32),
        remembered: Remembered,
    ) {
        let number = self.record(account, remembered);
        self.open -= 1;
        self.directory.replace(entered, (slot, number));
    }

    /// Remembers what became of an id that never led to an open order, for which there is room. `of_open` gives the owner
    /// and the id of the open order in any slot.
    #[inline(always)]
    pub(crate) fn remember(
        &mut self,
        hash: u64,
        (account, remembered): (AccountId, Remembered),
        of_open: impl Fn(u32) -> (AccountId, Label),
    ) {
        self.make_room(account);
        let number = self.record(account, remembered);
        self.insert(hash, number, of_open);
    }

    /// Records what became of an id, as the account's youngest; returns the number that the directory holds of it.
    // Taken apart where it is put together: handed over in memory, it would be read before it is written out.
    #[inline(always)]
    fn record(&mut self, account: AccountId, remembered: Remembered) -> u32 {
        if self.windows.len() <= index(account.0) {
            self.windows.resize(index(account.0) + 1, Window::EMPTY);
        }
        if self.windows[index(account.0)].length == WINDOW {
            self.forget_oldest(account);
        }
        let Remembered { client, body, order, outcome, filled } = remembered;
        let order = order.unwrap_or(OrderId::new(0, 0));
        let record = Record { client, body, order, outcome, filled, account, next: Link::NONE };
        let slot = match self.free.get() {
            Some(slot) => {
                self.free = self.records[index(slot)].next;
                self.records[index(slot)] = record;
                slot
            }
            None => {
                let slot = position(self.records.len());
                push(&mut self.records, record);
                slot
            }
        };
        let window = &mut self.windows[index(account.0)];
        match window.youngest.get() {
            Some(youngest) => self.records[index(youngest)].next = Link::to(slot),
            None => window.oldest = Link::to(slot),
        }
        window.youngest = Link::to(slot);
        window.length += 1;
        DONE | slot
    }

    /// Forgets the account's oldest id, of which there is one; asks for what it takes to forget the next ones.
    #[inline(never)]
    fn forget_oldest(&mut self, account: AccountId) {
        let window = &mut self.windows[index(account.0)];
        let slot = window.oldest.get().expect("an account that forgets remembers something");
        let Record { client, next, .. } = self.records[index(slot)];
        window.oldest = next;
        window.length -= 1;
        if next == Link::NONE {
            window.youngest = Link::NONE;
        }
        self.records[index(slot)].next = self.free;
        self.free = Link::to(slot);
        self.directory.remove(hash(self.seed, account, client), DONE | slot);
        self.prefetch_oldest(account, next);
    }

    /// Asks for where the account's oldest record is entered, and for the record after that.
    // That one was asked for when the last was forgotten; who forgets at all does so with every order.
    #[inline]
    fn prefetch_oldest(&self, account: AccountId, oldest: Link) {
        let Some(slot) = oldest.get() else { return };
        let Record { client, next, .. } = self.records[index(slot)];
        self.directory.prefetch(self.hash(account, client));
        prefetch(&self.records, next.get().map_or(0, index));
    }

    /// Bytes that the directory takes for an id, open or done: all of it shared out among all ids that it leads to.
    pub fn bytes_per_id(&self) -> usize {
        self.directory.bytes().div_ceil(self.len().max(1))
    }

    /// How many ids lead somewhere.
    pub fn len(&self) -> usize {
        index(self.directory.len())
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.directory.is_empty()
    }

    /// How many ids belong to open orders.
    pub fn opened(&self) -> u32 {
        self.open
    }

    /// The slot of the open order that an id likely leads to, and where it is entered. Any when it leads to none.
    #[inline(always)]
    pub(crate) fn glance(&self, hash: u64) -> (Spot, u32) {
        self.directory.glance(hash)
    }

    /// Asks for where the next id that ends will be recorded.
    #[inline(always)]
    pub(crate) fn prefetch_record(&self) {
        prefetch_behind(&self.records, AHEAD);
    }

    /// What is remembered of an account, oldest first.
    pub fn of(&self, account: AccountId) -> impl Iterator<Item = Remembered> {
        let record = |link: Link| link.get().map(|slot| &self.records[index(slot)]);
        let oldest = record(self.window(account).oldest);
        std::iter::successors(oldest, move |last| record(last.next)).map(Record::remembered)
    }

    /// I11: panics unless every id that is done is found, once, under its hash.
    pub fn assert_sound(&self) {
        let mut length = index(self.open);
        for number in 0..position(self.windows.len()) {
            let account = AccountId(number);
            for remembered in self.of(account) {
                let client = remembered.client;
                let found = self.find(self.hash(account, client), (account, client), |_| false);
                assert_eq!(found, Some(Found::Done(remembered)), "an id has one outcome");
                length += 1;
            }
        }
        assert_eq!(length, self.len(), "whatever is remembered belongs to an account");
    }
}

/// The hash under which a number was entered.
fn rehash(records: &[Record], seed: u64, of_open: impl Fn(u32) -> (AccountId, Label)) -> impl Fn(u32) -> u64 {
    move |number| {
        let (account, client) = match number.checked_sub(DONE) {
            None => of_open(number),
            Some(slot) => (records[index(slot)].account, records[index(slot)].client),
        };
        hash(seed, account, client)
    }
}

/// Says whether what the directory leads to has this name.
#[inline]
fn is_named(
    records: &[Record],
    (account, client): (AccountId, Label),
    is_open: impl Fn(u32) -> bool + Copy,
) -> impl Fn(u32) -> bool + Copy {
    move |number| {
        if number < DONE {
            return is_open(number);
        }
        let record = &records[index(number - DONE)];
        record.client == client && record.account == account
    }
}

/// An odd number whose bits are spread.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The hash of an account's id under a seed.
#[inline]
pub(crate) fn hash(seed: u64, account: AccountId, client: Label) -> u64 {
    let (upper, lower) = client.halves();
    // Whoever knows neither seed nor hash can choose no two pairs that collide; the last step spreads what differs over
    // the upper bits, which choose the home.
    let owner = (u64::from(account.0) ^ seed).wrapping_mul(SPREAD);
    mix128(seed, (upper ^ owner, lower)).wrapping_mul(SPREAD)
}

/// Remembers a refusal.
pub(crate) fn refused(client: Label, body: u64, reason: RejectReason) -> Remembered {
    let outcome = FirstOutcome::Rejected(reason);
    Remembered { client, body, order: None, outcome, filled: Lots::ZERO }
}

fields!(Remembered { client, body, order, outcome, filled });

/// How many ids ahead of the one that is entered memory is asked for.
const AHEAD: usize = 16;

/// Where an id is recorded cannot be seen: put are those of each account, oldest first.
impl ClientIds {
    /// Puts what is remembered of so many accounts.
    pub(crate) fn put(&self, to: &mut ImageWriter<'_>, accounts: usize) {
        // Those of open orders stand in the orders.
        let ClientIds { records: _, free: _, windows: _, open: _, directory: _, seed } = self;
        seed.put(to);
        for account in (0..position(accounts)).map(AccountId) {
            let Window { oldest: _, youngest: _, length } = self.window(account);
            length.put(to);
            self.of(account).for_each(|remembered| remembered.put(to));
        }
    }

    /// Takes what is remembered of so many accounts, with room for the ids of so many open orders, which are entered behind
    /// it.
    pub(crate) fn take(from: &mut ImageReader<'_>, accounts: usize, orders: u32) -> Taken<ClientIds> {
        let mut ids = ClientIds { seed: u64::take(from)?, ..ClientIds::default() };
        for account in (0..position(accounts)).map(AccountId) {
            let length = from.length()?;
            from.check(length <= index(WINDOW), "an account's ids are no more than are remembered")?;
            for _ in 0..length {
                let remembered = Remembered::take(from)?;
                let refused = matches!(remembered.outcome, FirstOutcome::Rejected(_));
                let done = remembered.outcome != FirstOutcome::Open && refused == remembered.order.is_none();
                from.check(done, "an id that is done was refused, or its order has ended")?;
                ids.record(account, remembered);
            }
            from.check(ids.records.len() <= index(IDS_MAX), "no more ids are remembered than may be")?;
        }
        let all = position(ids.records.len()) + orders;
        // No more are entered than may be: what is twice as large does not grow soon.
        ids.directory.reserve((2 * all).min(IDS_MAX), |_| unreachable!("an empty directory hashes nothing"));
        ids.index_records(from)?;
        Ok(ids)
    }

    /// Enters all records, asking for memory well before it is needed.
    fn index_records(&mut self, from: &ImageReader<'_>) -> Taken<()> {
        let hash_of = |record: &Record| hash(self.seed, record.account, record.client);
        for (number, record) in self.records.iter().enumerate() {
            if let Some(ahead) = self.records.get(number + AHEAD) {
                self.directory.prefetch(hash_of(ahead));
            }
            let same = is_named(&self.records, (record.account, record.client), |_| false);
            let is_new = self.directory.enter_new(hash_of(record), DONE | position(number), same);
            from.check(is_new, "an id is remembered once")?;
        }
        Ok(())
    }

    /// Enters the id of the open order in `slot`, unless it is in already, or as many are as may be. `is_open` is as in
    /// [`ClientIds::find`]. Returns whether it did.
    pub(crate) fn enter_open(
        &mut self,
        (hash, slot): (u64, u32),
        name: (AccountId, Label),
        is_open: impl Fn(u32) -> bool + Copy,
    ) -> bool {
        let same = is_named(&self.records, name, is_open);
        let is_new = self.directory.len() < IDS_MAX && self.directory.enter_new(hash, slot, same);
        self.open += u32::from(is_new);
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Has as many ids that are done as need no reserve.
    const RICH: AccountId = AccountId(1);
    /// Has one fewer.
    const POOR: AccountId = AccountId(2);
    /// Has none that is done.
    const NEW: AccountId = AccountId(3);

    /// The owner and the id of the open order in a slot: its number in 20 characters.
    fn opened(slot: u32) -> (AccountId, Label) {
        (NEW, Label::from_raw(20 << 120 | u128::from(slot)).unwrap())
    }

    fn client(number: u32) -> Label {
        Label::new(&format!("id-{number}")).unwrap()
    }

    /// Remembers ids of an account with these numbers.
    fn remember(ids: &mut ClientIds, account: AccountId, numbers: std::ops::Range<u32>) {
        for number in numbers {
            let hash = ids.hash(account, client(number));
            let remembered = refused(client(number), 0, RejectReason::LotsZero);
            ids.remember(hash, (account, remembered), opened);
        }
    }

    fn knows(ids: &ClientIds, account: AccountId, number: u32) -> bool {
        let found = ids.find(ids.hash(account, client(number)), (account, client(number)), |_| false);
        matches!(found, Some(Found::Done(_)))
    }

    /// A venue in which orders of other accounts are open until it has so many ids in all.
    fn venue(all: u32) -> ClientIds {
        let mut ids = ClientIds::default();
        ids.set_seed(7);
        remember(&mut ids, RICH, 0..FEW);
        remember(&mut ids, POOR, 0..FEW - 1);
        fill(&mut ids, all);
        ids
    }

    /// Opens orders of other accounts until there are so many ids in all.
    fn fill(ids: &mut ClientIds, all: u32) {
        for slot in ids.opened()..all - (position(ids.len()) - ids.opened()) {
            ids.open(NEW, (ids.hash(NEW, opened(slot).1), slot), opened);
        }
        assert_eq!(ids.len(), index(all));
    }

    #[test]
    fn the_last_places_are_for_those_who_have_few() {
        let mut ids = venue(IDS_MAX - RESERVE - 1);
        remember(&mut ids, RICH, FEW..FEW + 1);
        assert!(knows(&ids, RICH, 0), "below the reserve nobody forgets");
        remember(&mut ids, RICH, FEW + 1..FEW + 3);
        assert!(
            !knows(&ids, RICH, 1) && knows(&ids, RICH, 2),
            "who has many forgets his oldest, and no other"
        );
        assert_eq!(ids.len(), index(IDS_MAX - RESERVE));
        remember(&mut ids, POOR, FEW - 1..FEW);
        assert!(knows(&ids, POOR, 0), "who has few forgets nothing");
        remember(&mut ids, POOR, FEW..FEW + 1);
        assert!(!knows(&ids, POOR, 0) && knows(&ids, POOR, 1), "now he has as many");
        assert!(ids.has_room(NEW));
        fill(&mut ids, IDS_MAX);
        assert!(!ids.has_room(NEW), "who has none to forget has no room");
        remember(&mut ids, POOR, FEW + 1..FEW + 2);
        assert!(
            ids.has_room(POOR) && !knows(&ids, POOR, 1) && knows(&ids, POOR, 2),
            "who has forgets his own"
        );
        assert_eq!(ids.len(), index(IDS_MAX));
        ids.assert_sound();
    }

    #[test]
    fn when_the_venue_is_full_who_has_few_forgets_too() {
        let mut ids = ClientIds::default();
        remember(&mut ids, POOR, 0..3);
        fill(&mut ids, IDS_MAX);
        ids.open(POOR, (ids.hash(NEW, opened(IDS_MAX).1), IDS_MAX), opened);
        assert!(!knows(&ids, POOR, 0) && knows(&ids, POOR, 1), "an open order's id takes its place");
        remember(&mut ids, POOR, 3..5);
        assert!(!knows(&ids, POOR, 2) && knows(&ids, POOR, 3) && knows(&ids, POOR, 4));
        assert_eq!((ids.len(), ids.of(POOR).count()), (index(IDS_MAX), 2));
        ids.assert_sound();
    }

    #[test]
    fn a_full_window_forgets_its_oldest() {
        let mut ids = ClientIds::default();
        remember(&mut ids, POOR, 0..1);
        remember(&mut ids, RICH, 0..WINDOW + 3);
        assert!(!knows(&ids, RICH, 2) && knows(&ids, RICH, 3), "the last ones are remembered");
        assert!(knows(&ids, POOR, 0), "each account has a window of its own");
        assert_eq!(ids.of(RICH).count(), index(WINDOW));
        ids.assert_sound();
    }
}
