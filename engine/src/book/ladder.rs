//! Ladder: one side's prices, best to worst.
//!
//! A trie over the bits of the price, six at a time, grown only as high as the prices in it need. A leaf holds 64
//! neighbouring levels and a bit for each; a branch holds 64 children and a bit for each. Finding a level takes at
//! most five steps, finding the next better or worse one a bit scan per step, and a thin book costs one leaf per
//! side. Nodes of all ladders share one arena, so a level is named by leaf and place: `leaf << 6 | place`.

use crate::book::level::Level;
use crate::growth::push;
use crate::ids::{InstrumentId, index, position};
use crate::link::Link;
use crate::order::Side;
use crate::units::Price;

/// Bits of the price per node.
const BITS: u32 = 6;
/// Places in a node.
const PLACES: usize = 1 << BITS;
const MASK: u32 = (1 << BITS) - 1;

// Levels are named in 32 bits, and the height of a trie over any price is at most four branches above a leaf.
const _: () = assert!(Price::MAX.ticks() < 1 << (BITS * 5));

/// Which side of which book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
}

#[derive(Clone, Debug)]
struct Leaf {
    occupied: u64,
    /// The price's bits above the leaf's six.
    prefix: u32,
    parent: Link,
    place: Place,
    levels: [Level; PLACES],
}

#[derive(Clone, Debug)]
struct Branch {
    occupied: u64,
    parent: Link,
    children: [u32; PLACES],
}

/// Nodes of every ladder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    leaves: Vec<Leaf>,
    leaves_free: Vec<u32>,
    branches: Vec<Branch>,
    branches_free: Vec<u32>,
}

impl Nodes {
    /// The level named `level`.
    pub(crate) fn level(&self, level: u32) -> &Level {
        &self.leaves[index(level >> BITS)].levels[index(level & MASK)]
    }

    /// The level named `level`, to be changed.
    pub(crate) fn level_mut(&mut self, level: u32) -> &mut Level {
        &mut self.leaves[index(level >> BITS)].levels[index(level & MASK)]
    }

    /// The price of a level.
    pub(crate) fn price(&self, level: u32) -> Price {
        let ticks = self.leaves[index(level >> BITS)].prefix << BITS | level & MASK;
        Price::new(ticks.into()).expect("levels are entered at prices")
    }

    /// Where a level stands.
    pub(crate) fn place(&self, level: u32) -> Place {
        self.leaves[index(level >> BITS)].place
    }

    /// Bytes that all nodes take.
    pub(crate) fn bytes(&self) -> usize {
        let free = self.leaves_free.capacity() + self.branches_free.capacity();
        self.leaves.capacity() * size_of::<Leaf>()
            + self.branches.capacity() * size_of::<Branch>()
            + free * size_of::<u32>()
    }

    /// The next worse level than `level`.
    pub(crate) fn after(&self, side: Side, level: u32) -> Option<u32> {
        let leaf = &self.leaves[index(level >> BITS)];
        if let Some(place) = worse(side, leaf.occupied, level & MASK) {
            return Some(level & !MASK | place);
        }
        let mut path = leaf.prefix;
        let mut parent = leaf.parent;
        let mut height = 0;
        loop {
            let branch = &self.branches[index(parent.get()?)];
            if let Some(place) = worse(side, branch.occupied, path & MASK) {
                return Some(self.best_below(side, branch.children[index(place)], height));
            }
            path >>= BITS;
            parent = branch.parent;
            height += 1;
        }
    }

    /// The best level in the subtree of `node`, which is `height` branches above its leaves.
    fn best_below(&self, side: Side, mut node: u32, height: u32) -> u32 {
        for _ in 0..height {
            let branch = &self.branches[index(node)];
            node = branch.children[index(best(side, branch.occupied))];
        }
        node << BITS | best(side, self.leaves[index(node)].occupied)
    }

    fn new_leaf(&mut self, place: Place, prefix: u32, parent: Link) -> u32 {
        if let Some(free) = self.leaves_free.pop() {
            let leaf = &mut self.leaves[index(free)];
            (leaf.occupied, leaf.prefix, leaf.parent, leaf.place) = (0, prefix, parent, place);
            return free;
        }
        let levels = [Level::EMPTY; PLACES];
        push(&mut self.leaves, Leaf { occupied: 0, prefix, parent, place, levels });
        let leaf = position(self.leaves.len() - 1);
        assert!(leaf < 1 << (u32::BITS - BITS), "levels are named in 32 bits");
        leaf
    }

    fn new_branch(&mut self, parent: Link) -> u32 {
        if let Some(free) = self.branches_free.pop() {
            let branch = &mut self.branches[index(free)];
            (branch.occupied, branch.parent) = (0, parent);
            return free;
        }
        self.branches.push(Branch { occupied: 0, parent, children: [0; PLACES] });
        position(self.branches.len() - 1)
    }

    fn adopt(&mut self, branch: u32, place: u32, child: u32) {
        let branch = &mut self.branches[index(branch)];
        branch.occupied |= 1 << place;
        branch.children[index(place)] = child;
    }
}

/// The next worse place after `place` among those occupied.
fn worse(side: Side, occupied: u64, place: u32) -> Option<u32> {
    match side {
        Side::Ask => {
            let above = occupied & !(u64::MAX >> (63 - place));
            (above != 0).then(|| above.trailing_zeros())
        }
        Side::Bid => {
            let below = occupied & ((1 << place) - 1);
            (below != 0).then(|| 63 - below.leading_zeros())
        }
    }
}

/// The best place among those occupied, of which there is one.
fn best(side: Side, occupied: u64) -> u32 {
    match side {
        Side::Ask => occupied.trailing_zeros(),
        Side::Bid => 63 - occupied.leading_zeros(),
    }
}

/// One side's prices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ladder {
    at: Place,
    /// Bits of the price that lead from the root to a level: a leaf's, and those of the branches above it.
    span: u32,
    /// A leaf when only its bits do, else a branch; none while the side is empty.
    root: Link,
    /// Bits of the price above those.
    prefix: u32,
    /// The best level, and its price: most who ask for the price do not go on to the level.
    best: Option<(u32, Price)>,
}

impl Ladder {
    /// An empty side.
    pub(crate) const fn new(at: Place) -> Ladder {
        Ladder { at, span: BITS, root: Link::NONE, prefix: 0, best: None }
    }

    /// The best level, and its price.
    #[inline]
    pub(crate) fn best(&self) -> Option<(u32, Price)> {
        self.best
    }

    /// The level at `price`, made if there is none.
    #[inline(always)]
    pub(crate) fn enter(&mut self, nodes: &mut Nodes, price: Price) -> u32 {
        let leaf = self.leaf(nodes, price.ticks());
        let place = price.ticks() & MASK;
        let level = leaf << BITS | place;
        let node = &mut nodes.leaves[index(leaf)];
        if node.occupied & 1 << place == 0 {
            node.occupied |= 1 << place;
            node.levels[index(place)] = Level::EMPTY;
            // Better than the best so far is where an order limited at the best would not go.
            if self.best.is_none_or(|(_, best)| !self.at.side.accepts(best, price)) {
                self.best = Some((level, price));
            }
        }
        level
    }

    /// Takes an empty level out.
    pub(crate) fn leave(&mut self, nodes: &mut Nodes, level: u32) {
        if self.best.is_some_and(|(best, _)| best == level) {
            self.best = nodes.after(self.at.side, level).map(|best| (best, nodes.price(best)));
        }
        let leaf_number = level >> BITS;
        let leaf = &mut nodes.leaves[index(leaf_number)];
        leaf.occupied &= !(1 << (level & MASK));
        if leaf.occupied != 0 {
            return;
        }
        let (mut path, mut parent) = (leaf.prefix, leaf.parent);
        nodes.leaves_free.push(leaf_number);
        while let Some(number) = parent.get() {
            let branch = &mut nodes.branches[index(number)];
            branch.occupied &= !(1 << (path & MASK));
            if branch.occupied != 0 {
                return;
            }
            path >>= BITS;
            parent = branch.parent;
            nodes.branches_free.push(number);
        }
        self.root = Link::NONE;
    }

    /// The leaf for a price, made if there is none, with whatever branches it needs.
    #[inline(always)]
    fn leaf(&mut self, nodes: &mut Nodes, ticks: u32) -> u32 {
        let Some(root) = self.root.get() else {
            let root = nodes.new_leaf(self.at, ticks >> BITS, Link::NONE);
            (self.root, self.span, self.prefix) = (Link::to(root), BITS, ticks >> BITS);
            return root;
        };
        let mut node = if self.is_below(ticks) { root } else { self.raise(nodes, root, ticks) };
        let mut span = self.span;
        while BITS < span {
            span -= BITS;
            let place = above(ticks, span) & MASK;
            let branch = &nodes.branches[index(node)];
            node = if branch.occupied & 1 << place != 0 {
                branch.children[index(place)]
            } else {
                self.add_child(nodes, (node, span), ticks)
            };
        }
        node
    }

    /// Whether a price lies below the root.
    #[inline]
    fn is_below(&self, ticks: u32) -> bool {
        above(ticks, self.span) == self.prefix
    }

    /// Adds the child of a branch that the price lies below, from which so many bits lead on.
    #[cold]
    fn add_child(&self, nodes: &mut Nodes, (branch, span): (u32, u32), ticks: u32) -> u32 {
        let parent = Link::to(branch);
        let child = match span {
            BITS => nodes.new_leaf(self.at, ticks >> BITS, parent),
            _ => nodes.new_branch(parent),
        };
        nodes.adopt(branch, above(ticks, span) & MASK, child);
        child
    }

    /// Puts branches above the root until the price lies below it; returns the root.
    #[cold]
    fn raise(&mut self, nodes: &mut Nodes, mut root: u32, ticks: u32) -> u32 {
        while !self.is_below(ticks) {
            let branch = nodes.new_branch(Link::NONE);
            nodes.adopt(branch, self.prefix & MASK, root);
            match self.span {
                BITS => nodes.leaves[index(root)].parent = Link::to(branch),
                _ => nodes.branches[index(root)].parent = Link::to(branch),
            }
            (root, self.root) = (branch, Link::to(branch));
            self.prefix >>= BITS;
            self.span += BITS;
        }
        root
    }
}

/// The bits of a price above the lowest `span`, which are fewer than it has.
// Shifts by that many are checked nowhere: a check would stand in every step down a trie.
#[inline]
fn above(ticks: u32, span: u32) -> u32 {
    ticks.wrapping_shr(span)
}
