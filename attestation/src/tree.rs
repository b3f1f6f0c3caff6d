//! Tree: a SHA-256 Merkle tree whose root binds every leaf, their order and their number.
//!
//! As in RFC 6962, a leaf is hashed behind the byte 0 and a node behind the byte 1, so that no node can pass for a leaf, and the
//! left half of n leaves is the largest power of two below n. The root is the byte 2, n in 8 bytes, and the top node.

use crate::digest::Digest;
use crate::layout::PATH;

const LEAF: u8 = 0;
const NODE: u8 = 1;
const ROOT: u8 = 2;

/// The hash of a leaf's bytes within one batch: what is above it in the tree.
pub(crate) fn leaf_hash(batch: Digest, leaf: &[u8]) -> Digest {
    Digest::of_tagged(LEAF, &[&batch.0, leaf])
}

/// The root over these leaf hashes. Panics without any, or with more than 65,536.
pub fn root(leaves: &[Digest]) -> Digest {
    let count = u32::try_from(leaves.len()).expect("a tree is bounded");
    seal(top(leaves), count)
}

/// The hashes beside the way from leaf `index` up to the top, the lowest first. Panics if there is no such leaf.
pub fn path(leaves: &[Digest], index: usize) -> Vec<Digest> {
    assert!(index < leaves.len(), "a path begins at a leaf");
    let mut beside = Vec::new();
    let (mut part, mut index) = (leaves, index);
    while 1 < part.len() {
        let (left, right) = part.split_at(left_half(part.len()));
        if index < left.len() {
            beside.push(top(right));
            part = left;
        } else {
            beside.push(top(left));
            index -= left.len();
            part = right;
        }
    }
    beside.reverse();
    beside
}

/// The root that a leaf hash and the hashes beside its way lead to; `None` if a tree of `count` has no such way.
pub fn root_from_path(leaf: Digest, index: u32, count: u32, beside: &[Digest]) -> Option<Digest> {
    let way = way(index, count)?;
    if way.len() != beside.len() {
        return None;
    }
    let step = |below: Digest, (is_left, beside): (&bool, &Digest)| {
        if *is_left { node(below, *beside) } else { node(*beside, below) }
    };
    Some(seal(way.iter().rev().zip(beside).fold(leaf, step), count))
}

/// From the top down, whether the way to a leaf goes left.
fn way(index: u32, count: u32) -> Option<Vec<bool>> {
    if count <= index || 1 << PATH.most < count {
        return None;
    }
    let mut turns = Vec::new();
    let (mut index, mut count) = (index, count);
    while 1 < count {
        let left = 1 << (count - 1).ilog2();
        turns.push(index < left);
        (index, count) = if index < left { (index, left) } else { (index - left, count - left) };
    }
    Some(turns)
}

fn left_half(count: usize) -> usize {
    1 << (count - 1).ilog2()
}

fn top(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => panic!("a tree has leaves"),
        [leaf] => *leaf,
        more => {
            let (left, right) = more.split_at(left_half(more.len()));
            node(top(left), top(right))
        }
    }
}

fn node(left: Digest, right: Digest) -> Digest {
    Digest::of_tagged(NODE, &[&left.0, &right.0])
}

fn seal(top: Digest, count: u32) -> Digest {
    Digest::of_tagged(ROOT, &[&u64::from(count).to_le_bytes(), &top.0])
}

#[cfg(test)]
mod tests {
    use super::{leaf_hash, path, root, root_from_path};
    use crate::digest::Digest;

    fn leaves(count: u32) -> Vec<Digest> {
        (0..count).map(|index| leaf_hash(Digest::NONE, &index.to_le_bytes())).collect()
    }

    #[test]
    fn every_leaf_has_one_way_to_the_root() {
        for count in 1..=70 {
            let leaves = leaves(count);
            for (index, leaf) in (0..).zip(&leaves) {
                let beside = path(&leaves, usize::try_from(index).unwrap());
                assert_eq!(
                    root_from_path(*leaf, index, count, &beside),
                    Some(root(&leaves)),
                    "{index} of {count}"
                );
                assert_ne!(root_from_path(*leaf, index, count + 1, &beside), Some(root(&leaves)));
                let elsewhere = root_from_path(*leaf, (index + 1) % (count + 1), count, &beside);
                assert_ne!(elsewhere, Some(root(&leaves)), "{index} of {count}");
                let longer = [beside.as_slice(), &[Digest::NONE]].concat();
                assert_eq!(root_from_path(*leaf, index, count, &longer), None);
            }
        }
    }

    #[test]
    fn node_does_not_pass_for_a_leaf() {
        let four = leaves(4);
        let two = [super::top(&four[..2]), super::top(&four[2..])];
        assert_eq!(super::top(&two), super::top(&four), "the same top");
        assert_ne!(root(&two), root(&four), "but the number of leaves is bound in");
        assert_ne!(leaf_hash(four[0], &four[1].0), super::node(four[0], four[1]));
    }

    #[test]
    fn order_and_batch_are_bound_in() {
        let three = leaves(3);
        let turned = [three[1], three[0], three[2]];
        assert_ne!(root(&turned), root(&three));
        assert_ne!(leaf_hash(Digest([1; 32]), b"leaf"), leaf_hash(Digest([2; 32]), b"leaf"));
    }

    #[test]
    fn ways_in_trees_that_cannot_be_are_none() {
        assert_eq!(root_from_path(Digest::NONE, 0, 0, &[]), None);
        assert_eq!(root_from_path(Digest::NONE, 5, 5, &[]), None);
        assert_eq!(root_from_path(Digest::NONE, 0, u32::MAX, &[Digest::NONE; 32]), None);
    }
}
