//! Window: the best levels of a book as the listeners of a stream of limited depth have them.

use engine::order::Side;
use engine::units::{Price, Volume};
use engine::view::depth::Depth;

/// Changed levels up to which each is looked at alone. With more, the whole window is compared.
const FEW: usize = 16;

/// A level with its lots; none removes it.
pub(super) type Row = (Price, Volume);

/// The best levels of one side, best first, at most so many.
#[derive(Clone, Debug)]
pub(super) struct Window {
    side: Side,
    levels_max: usize,
    told: Vec<Row>,
}

impl Window {
    /// The window as it is now.
    pub(super) fn new(side: Side, levels_max: usize, depth: &Depth) -> Window {
        Window { side, levels_max, told: depth.levels(side).take(levels_max).collect() }
    }

    /// Which side it shows.
    pub(super) fn side(&self) -> Side {
        self.side
    }

    /// Follows the book, in which nothing but the levels at `touched` has changed. Returns what a listener has to be told,
    /// best first: levels that changed, entered or left.
    pub(super) fn follow(&mut self, touched: &[Price], depth: &Depth) -> Vec<Row> {
        if touched.len() <= FEW { self.follow_few(touched, depth) } else { self.compare(depth) }
    }

    /// Compares with the whole book.
    pub(super) fn compare(&mut self, depth: &Depth) -> Vec<Row> {
        let now: Vec<Row> = depth.levels(self.side).take(self.levels_max).collect();
        let before = std::mem::replace(&mut self.told, now);
        difference(self.side, &before, &self.told)
    }

    fn follow_few(&mut self, touched: &[Price], depth: &Depth) -> Vec<Row> {
        // Beyond the last level of a full window there are levels that the listeners do not know.
        let edge = self.told.last().filter(|_| self.told.len() == self.levels_max).map(|(price, _)| *price);
        // What the listeners have where something may be different now.
        let mut known: Vec<Row> = Vec::new();
        for price in touched.iter().copied() {
            if edge.is_some_and(|edge| is_better(self.side, edge, price)) {
                continue;
            }
            let lots = depth.at(self.side, price);
            match self.find(price) {
                Ok(place) => {
                    note(&mut known, self.told[place]);
                    if lots.is_zero() {
                        self.told.remove(place);
                    } else {
                        self.told[place].1 = lots;
                    }
                }
                Err(place) if !lots.is_zero() => {
                    note(&mut known, (price, Volume::ZERO));
                    self.told.insert(place, (price, lots));
                }
                Err(_) => {}
            }
        }
        while self.levels_max < self.told.len()
            && let Some(left) = self.told.pop()
        {
            note(&mut known, left);
        }
        if let Some(edge) = edge {
            let missing = self.levels_max - self.told.len();
            for row in depth.worse(self.side, edge).take(missing) {
                note(&mut known, (row.0, Volume::ZERO));
                self.told.push(row);
            }
        }
        let changed = known.into_iter().filter_map(|(price, before)| {
            let now = self.find(price).map_or(Volume::ZERO, |place| self.told[place].1);
            (now != before).then_some((price, now))
        });
        let mut changed: Vec<Row> = changed.collect();
        changed.sort_by(|one, other| order(self.side, one.0, other.0));
        changed
    }

    fn find(&self, price: Price) -> Result<usize, usize> {
        self.told.binary_search_by(|(told, _)| order(self.side, *told, price))
    }
}

/// Keeps what was known of a price first.
fn note(known: &mut Vec<Row>, row: Row) {
    if known.iter().all(|(price, _)| *price != row.0) {
        known.push(row);
    }
}

/// What turns one list of levels, best first, into another.
pub(super) fn difference(side: Side, before: &[Row], now: &[Row]) -> Vec<Row> {
    let mut changed = Vec::new();
    let (mut old, mut new) = (before.iter().peekable(), now.iter().peekable());
    loop {
        let ordering = match (old.peek(), new.peek()) {
            (None, None) => return changed,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(old), Some(new)) => order(side, old.0, new.0),
        };
        match ordering {
            std::cmp::Ordering::Less => changed.extend(old.next().map(|(price, _)| (*price, Volume::ZERO))),
            std::cmp::Ordering::Greater => changed.extend(new.next()),
            std::cmp::Ordering::Equal => {
                let (old, new) = (old.next(), new.next());
                changed.extend(new.filter(|_| old != new));
            }
        }
    }
}

/// Best first.
fn order(side: Side, one: Price, other: Price) -> std::cmp::Ordering {
    match side {
        Side::Bid => other.cmp(&one),
        Side::Ask => one.cmp(&other),
    }
}

fn is_better(side: Side, one: Price, other: Price) -> bool {
    order(side, one, other).is_lt()
}

#[cfg(test)]
mod tests {
    use engine::ids::InstrumentId;
    use engine::units::Lots;
    use engine::view::depth::LevelChange;

    use super::*;

    fn below(random: &mut u64, bound: u64) -> u64 {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        (*random >> 16) % bound
    }

    /// Lots join or leave a level somewhere; the level that it was.
    fn change(random: &mut u64, side: Side, depth: &mut Depth) -> Price {
        let price = Price::new(1 + below(random, 40)).unwrap();
        let there = depth.at(side, price).count();
        let joined = there == 0 || below(random, 2) == 0;
        // Half of what leaves leaves the level empty.
        let most = if joined || below(random, 2) == 0 { there.max(1) } else { there };
        let lots = if joined { 1 + below(random, 9) } else { most };
        let lots = Lots::new(lots.min(there.max(lots))).unwrap();
        depth.apply(&LevelChange { instrument: InstrumentId(0), side, price, lots, joined });
        price
    }

    /// A listener that applies what it is told.
    fn apply(book: &mut Vec<Row>, side: Side, told: &[Row]) {
        for (price, lots) in told {
            book.retain(|(known, _)| known != price);
            book.extend((!lots.is_zero()).then_some((*price, *lots)));
        }
        book.sort_by(|one, other| order(side, one.0, other.0));
    }

    #[test]
    fn a_listener_has_the_best_levels_whatever_changes() {
        let mut random = 42;
        for side in [Side::Bid, Side::Ask] {
            for levels_max in [1, 3, 10, 100] {
                let mut depth = Depth::default();
                let mut window = Window::new(side, levels_max, &depth);
                let mut book = Vec::new();
                for step in 0..3_000 {
                    let changes = if step % 50 == 0 { 40 } else { 1 + below(&mut random, 4) };
                    let mut touched: Vec<Price> =
                        (0..changes).map(|_| change(&mut random, side, &mut depth)).collect();
                    touched.sort_unstable();
                    touched.dedup();
                    let told = window.follow(&touched, &depth);
                    apply(&mut book, side, &told);
                    let best: Vec<Row> = depth.levels(side).take(levels_max).collect();
                    assert_eq!(book, best, "{side:?} to {levels_max} levels, step {step}");
                    assert!(told.is_sorted_by(|one, other| order(side, one.0, other.0).is_lt()));
                }
            }
        }
    }

    #[test]
    fn what_is_out_of_sight_is_not_told() {
        let mut depth = Depth::default();
        let mut add = |ticks: u64| {
            let (instrument, price) = (InstrumentId(0), Price::new(ticks).unwrap());
            let lots = Lots::new(1).unwrap();
            depth.apply(&LevelChange { instrument, side: Side::Bid, price, lots, joined: true });
            (price, depth.clone())
        };
        let ((_, first), (low, second)) = (add(10), add(5));
        let mut window = Window::new(Side::Bid, 1, &first);
        assert_eq!(window.follow(&[low], &second), []);
    }
}
