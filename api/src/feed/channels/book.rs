//! Book: price levels, to a depth.

use std::sync::Arc;

use engine::ids::InstrumentId;
use engine::order::Side;
use engine::units::{Price, Volume};
use engine::view::View;
use engine::view::depth::Depth;
use protocol::book::{Book, BookData, BookUpdate, CheckpointData, Level};
use protocol::checksum;
use protocol::decimal::{self, Scale};
use protocol::update::Update;
use protocol::written::Data;

use crate::config::{CHECKPOINT_UPDATES, TOUCHED_MAX};
use crate::convert::{order, symbol};
use crate::feed::channels::{Link, Told, depth};
use crate::feed::image::Image;
use crate::feed::level_move::LevelMove;
use crate::feed::window::{Row, Window};

/// About how many bytes a level is as text.
pub(in crate::feed) const LEVEL_BYTES: usize = 20;
/// Sides of a book, asks first, as messages have them.
const SIDES: [Side; 2] = [Side::Ask, Side::Bid];

/// What the listeners of a book have.
#[derive(Debug)]
pub(in crate::feed) struct BookState {
    levels: Option<u16>,
    /// The levels that they have, asks first; without a limit these are all there are but for the touched.
    windows: Option<[Window; 2]>,
    /// Levels that have changed since the last message and what they were then, sorted. Bounded: with more, the whole
    /// book is told.
    touched: Vec<(Side, Price, Volume)>,
    too_many: bool,
    /// Messages since the last checkpoint.
    updates: u32,
}

impl BookState {
    pub(super) fn new(levels: Option<u16>, instrument: InstrumentId, view: &View) -> BookState {
        let depth = depth(view, instrument);
        let windows = levels.map(|levels| SIDES.map(|side| Window::new(side, levels.into(), depth)));
        BookState { levels, windows, touched: Vec::new(), too_many: false, updates: 0 }
    }

    /// Notes what a command has changed.
    pub(in crate::feed) fn note(&mut self, moves: &[LevelMove]) {
        for moved in moves {
            let known = self.touched.binary_search_by_key(&(moved.side, moved.price), |row| (row.0, row.1));
            if let Err(place) = known {
                self.touched.insert(place, (moved.side, moved.price, moved.before));
            }
        }
        if TOUCHED_MAX < self.touched.len() {
            self.touched.clear();
            self.too_many = true;
        }
    }

    /// Tells what was noted.
    pub(super) fn tell(&mut self, link: Link, instrument: InstrumentId, view: &View) -> Told {
        let depth = depth(view, instrument);
        let [asks, bids] = match (&mut self.windows, std::mem::take(&mut self.too_many)) {
            (Some([asks, bids]), true) => [asks, bids].map(|window| window.compare(depth)),
            (Some([asks, bids]), false) => [asks, bids].map(|window| {
                let side = window.side();
                let touched = self.touched.iter().filter(|row| row.0 == side).map(|row| row.1);
                window.follow(&touched.collect::<Vec<Price>>(), depth)
            }),
            (None, true) => {
                self.touched.clear();
                self.updates += 1;
                return Told::Whole(image(None, instrument, view));
            }
            (None, false) => SIDES.map(|side| changed(&self.touched, side, depth)),
        };
        self.touched.clear();
        if asks.is_empty() && bids.is_empty() {
            return Told::Nothing;
        }
        self.updates += 1;
        let data = data(&asks, &bids, crc(depth, self.levels));
        Told::Update(Box::new(update(link, symbol::text(view, instrument), data)))
    }

    /// Whether this was the first message since the last checkpoint, so that the next one falls due with time.
    pub(in crate::feed) fn awaits_checkpoint(&self) -> bool {
        self.updates == 1
    }

    /// Whether anything was told since the last checkpoint, which is now.
    pub(super) fn begins_checkpoint(&mut self) -> bool {
        0 < std::mem::take(&mut self.updates)
    }

    /// A checksum of all that the listeners have, who have been told all.
    pub(super) fn checkpoint(&self, instrument: InstrumentId, view: &View) -> Arc<Image> {
        let rows = rows(self.levels, depth(view, instrument));
        Image::new(LEVEL_BYTES, move || {
            let [asks, bids] = &rows;
            let crc_full = checksum::all(asks.iter().map(plain), bids.iter().map(plain));
            Data::of(&CheckpointData { crc_full })
        })
    }

    /// Whether so much has been told that a checkpoint is due.
    pub(in crate::feed) fn needs_checkpoint(&self) -> bool {
        CHECKPOINT_UPDATES <= self.updates
    }
}

/// The book as it is now.
pub(super) fn image(levels: Option<u16>, instrument: InstrumentId, view: &View) -> Arc<Image> {
    let depth = depth(view, instrument);
    let (rows, crc) = (rows(levels, depth), crc(depth, levels));
    let bytes = rows.iter().map(|side| side.len() * LEVEL_BYTES).sum::<usize>() + LEVEL_BYTES;
    Image::new(bytes, move || Data::of(&data(&rows[0], &rows[1], crc)))
}

/// A message that leads from one state to another.
pub(in crate::feed) fn update(link: Link, symbol: String, data: BookData) -> Update {
    let Link { stream, seq, prev_seq, ts, conflated } = link;
    Update::Book(Book::Update(BookUpdate { stream, symbol, seq, prev_seq, ts, conflated, data }))
}

/// Levels and the checksum that they lead to.
pub(in crate::feed) fn data(asks: &[Row], bids: &[Row], crc: u32) -> BookData {
    let side = |rows: &[Row]| rows.iter().map(level).collect();
    BookData { asks: side(asks), bids: side(bids), crc }
}

/// The checksum of a book to a depth.
pub(in crate::feed) fn crc(depth: &Depth, levels: Option<u16>) -> u32 {
    let most = levels.map_or(usize::MAX, usize::from);
    let [asks, bids] = SIDES.map(|side| depth.levels(side).take(most));
    checksum::book(asks.map(|row| plain(&row)), bids.map(|row| plain(&row)))
}

/// The levels of both sides to a depth, asks first.
pub(in crate::feed) fn rows(levels: Option<u16>, depth: &Depth) -> [Vec<Row>; 2] {
    SIDES.map(|side| depth.levels(side).take(levels.map_or(usize::MAX, usize::from)).collect())
}

/// A level as messages have it.
pub(super) fn level(row: &Row) -> Level {
    Level { price: order::price_text(row.0), qty: decimal::print(row.1.count(), Scale::Quantity) }
}

fn plain(row: &Row) -> (u64, u64) {
    (row.0.ticks().into(), row.1.count())
}

/// What has changed on a side, best first.
fn changed(touched: &[(Side, Price, Volume)], side: Side, depth: &Depth) -> Vec<Row> {
    let of_side = touched.iter().filter(|row| row.0 == side);
    let changed = of_side.filter_map(|(side, price, before)| {
        let now = depth.at(*side, *price);
        (now != *before).then_some((*price, now))
    });
    let mut changed: Vec<Row> = changed.collect();
    if side == Side::Bid {
        changed.reverse();
    }
    changed
}
