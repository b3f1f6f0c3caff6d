//! Checksum: the number by which a client proves that its book is ours.
//!
//! CRC-32 (zlib) of the text `tick:lot,` for each ask from the best, then `|`, then each bid from
//! the best; at most ten levels a side.

use std::fmt::{self, Write};

use crc32fast::Hasher;

/// Levels of each side that count.
pub const LEVELS: usize = 10;

/// The checksum of a book, both sides best first as `(ticks, lots)`. A stream of smaller depth
/// gives only the levels it has.
pub fn book(asks: impl IntoIterator<Item = (u64, u64)>, bids: impl IntoIterator<Item = (u64, u64)>) -> u32 {
    let mut text = Digest(Hasher::new());
    text.side(asks);
    text.0.update(b"|");
    text.side(bids);
    text.0.finalize()
}

/// The checksum of all levels, over the same text without a limit.
pub fn all(asks: impl IntoIterator<Item = (u64, u64)>, bids: impl IntoIterator<Item = (u64, u64)>) -> u32 {
    let mut text = Digest(Hasher::new());
    text.levels(asks);
    text.0.update(b"|");
    text.levels(bids);
    text.0.finalize()
}

/// Text on its way into the checksum, so that none of it is stored.
struct Digest(Hasher);

impl Digest {
    fn side(&mut self, levels: impl IntoIterator<Item = (u64, u64)>) {
        self.levels(levels.into_iter().take(LEVELS));
    }

    fn levels(&mut self, levels: impl IntoIterator<Item = (u64, u64)>) {
        for (ticks, lots) in levels {
            write!(self, "{ticks}:{lots},").expect("a hasher takes any text");
        }
    }
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{all, book};

    #[test]
    fn checksum_matches_the_published_vectors() {
        let first = book([(10_000, 8), (10_024, 16)], [(9_988, 24), (9_960, 8)]);
        assert_eq!(first, 3_109_968_985);
        let bid_added = book([(10_000, 8), (10_024, 16)], [(9_994, 8), (9_988, 24), (9_960, 8)]);
        assert_eq!(bid_added, 234_089_859);
        let ask_taken = book([(10_024, 16)], [(9_994, 8), (9_988, 24), (9_960, 8)]);
        assert_eq!(ask_taken, 2_348_126_232);
    }

    #[test]
    fn checksum_stops_after_ten_levels() {
        let levels = |count| (1..=count).map(|ticks: u64| (ticks, 1));
        assert_eq!(book(levels(10), levels(10)), book(levels(11), levels(300)));
        assert_ne!(book(levels(9), levels(10)), book(levels(10), levels(10)));
        assert_eq!(all(levels(10), levels(10)), book(levels(10), levels(10)));
        assert_ne!(all(levels(11), levels(10)), all(levels(10), levels(10)));
    }
}
