//! Cache: keys and values of the positions that a sequence has so far, in pages of 32 positions.
//!
//! A page has for each layer and each head of keys first the keys, a lane a position, then the values, a lane a value:
//! both are tiles that a product can take as they are.

use crate::lanes::{LANES, Lanes, ZERO};
use crate::shape::Shape;

/// Keys and values of one sequence.
#[derive(Debug)]
pub(crate) struct Cache {
    pages: Vec<Box<[Lanes]>>,
    positions: usize,
    positions_max: usize,
    key_heads: usize,
    head_width: usize,
    page_lanes: usize,
}

/// One head of keys and values, in one layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyHead {
    pub(crate) layer: usize,
    pub(crate) head: usize,
}

impl Cache {
    /// An empty cache, for at most as many positions as the model has.
    pub(crate) fn new(shape: &Shape) -> Cache {
        Cache {
            pages: Vec::new(),
            positions: 0,
            positions_max: shape.context,
            key_heads: shape.key_heads,
            head_width: shape.head_width,
            page_lanes: shape.layers * shape.key_heads * 2 * shape.head_width,
        }
    }

    /// Positions that are computed.
    pub(crate) fn positions(&self) -> usize {
        self.positions
    }

    /// Positions that there is room for.
    pub(crate) fn room(&self) -> usize {
        self.positions_max - self.positions
    }

    /// Makes room for so many more positions, which count once they are computed: see `commit`.
    pub(crate) fn reserve(&mut self, count: usize) {
        assert!(count <= self.room(), "a sequence stays within the model's context");
        let pages = (self.positions + count).div_ceil(LANES);
        let page = || vec![ZERO; self.page_lanes].into_boxed_slice();
        self.pages.resize_with(pages, page);
    }

    /// The next positions are computed in every layer.
    pub(crate) fn commit(&mut self, count: usize) {
        self.positions += count;
        assert!(self.positions <= self.pages.len() * LANES, "only what was reserved is committed");
    }

    /// Puts one position's key in place.
    pub(crate) fn set_key(&mut self, head: KeyHead, at: usize, key: impl Iterator<Item = Lanes>) {
        let from = self.offset(head);
        let columns = &mut self.pages[at / LANES][from..][..self.head_width];
        for (column, value) in columns.iter_mut().zip(key.flatten()) {
            column[at % LANES] = value;
        }
    }

    /// Puts one position's value in place.
    pub(crate) fn set_value(&mut self, head: KeyHead, at: usize, value: impl Iterator<Item = Lanes>) {
        let from = self.offset(head) + self.head_width;
        let tiles = &mut self.pages[at / LANES][from..][..self.head_width];
        for (tile, lanes) in tiles.chunks_exact_mut(LANES).zip(value) {
            tile[at % LANES] = lanes;
        }
    }

    /// The keys of a page: a column for each of a key's numbers, a lane a position.
    pub(crate) fn keys(&self, head: KeyHead, page: usize) -> &[Lanes] {
        &self.pages[page][self.offset(head)..][..self.head_width]
    }

    /// 32 neighbouring numbers of a page's values: a column a position, a lane a number.
    pub(crate) fn values(&self, head: KeyHead, page: usize, panel: usize) -> &[Lanes] {
        let from = self.offset(head) + self.head_width + panel * LANES;
        &self.pages[page][from..][..LANES]
    }

    fn offset(&self, head: KeyHead) -> usize {
        (head.layer * self.key_heads + head.head) * 2 * self.head_width
    }
}
