//! Merging: neighbouring tokens become one, the pair with the earliest turn first, of equals the leftmost.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::token::Token;

/// Which pairs become one: the pair's turn, and the token that it becomes.
pub(crate) type Merges = HashMap<(u32, u32), (u32, u32)>;

/// A token that may yet be merged, and its living neighbours.
struct Part {
    token: u32,
    before: Option<usize>,
    after: Option<usize>,
    is_merged: bool,
}

/// Merges the tokens of a piece until no pair is on the list. A piece of n bytes takes time in the order of n log n.
pub(crate) fn merge(singles: impl Iterator<Item = u32>, merges: &Merges, tokens: &mut Vec<Token>) {
    let mut parts: Vec<Part> = Vec::new();
    for (at, token) in singles.enumerate() {
        let part = Part { token, before: at.checked_sub(1), after: Some(at + 1), is_merged: false };
        parts.push(part);
    }
    if let Some(last) = parts.last_mut() {
        last.after = None;
    }
    let mut pairs = BinaryHeap::new();
    let consider = |parts: &[Part], left: Option<usize>, pairs: &mut BinaryHeap<_>| {
        let left = left?;
        let right = parts[left].after?;
        let pair = (parts[left].token, parts[right].token);
        let (turn, becomes) = merges.get(&pair)?;
        pairs.push(Reverse((*turn, left, right, pair, *becomes)));
        Some(())
    };
    for at in 0..parts.len() {
        consider(&parts, Some(at), &mut pairs);
    }
    while let Some(Reverse((_, left, right, pair, becomes))) = pairs.pop() {
        // One of the two may have been merged with another since.
        let is_current = !parts[left].is_merged
            && !parts[right].is_merged
            && parts[left].after == Some(right)
            && (parts[left].token, parts[right].token) == pair;
        if !is_current {
            continue;
        }
        parts[left].token = becomes;
        parts[right].is_merged = true;
        parts[left].after = parts[right].after;
        if let Some(after) = parts[left].after {
            parts[after].before = Some(left);
        }
        let before = parts[left].before;
        consider(&parts, before, &mut pairs);
        consider(&parts, Some(left), &mut pairs);
    }
    tokens.extend(parts.iter().filter(|part| !part.is_merged).map(|part| Token(part.token)));
}

#[cfg(test)]
mod tests {
    use super::{Merges, merge};

    /// The rule as it is told: look for the earliest turn, leftmost, over and over.
    fn plainly(mut tokens: Vec<u32>, merges: &Merges) -> Vec<u32> {
        loop {
            let pairs = tokens.windows(2).enumerate();
            let found = pairs.filter_map(|(at, pair)| Some((merges.get(&(pair[0], pair[1]))?, at))).min();
            let Some(((_, becomes), at)) = found else { return tokens };
            tokens.splice(at..at + 2, [*becomes]);
        }
    }

    #[test]
    fn merging_follows_the_turns() {
        let list =
            [((0, 1), 2), ((1, 1), 3), ((2, 3), 4), ((0, 0), 5), ((5, 5), 6), ((2, 0), 7), ((7, 4), 8)];
        let merges: Merges =
            list.iter().zip(0..).map(|((pair, becomes), turn)| (*pair, (turn, *becomes))).collect();
        for number in 0..4096_u32 {
            let singles: Vec<u32> = (0..12).map(|bit| number >> bit & 1).collect();
            let mut tokens = Vec::new();
            merge(singles.iter().copied(), &merges, &mut tokens);
            let merged: Vec<u32> = tokens.iter().map(|token| token.0).collect();
            assert_eq!(merged, plainly(singles.clone(), &merges), "of {singles:?}");
        }
    }
}
