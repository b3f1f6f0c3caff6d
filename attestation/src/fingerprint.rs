//! Fingerprint: 258 bytes that say what a model computed while it wrote 32 tokens, and how far that is from another computation.
//!
//! Of the last hidden states that chose those tokens, the 128 activations of largest magnitude are kept as bf16: position
//! and value. The values are not listed. They are the values of a polynomial at the positions, and the fingerprint is its 128
//! coefficients, so whoever has no activations of their own to look up learns nothing from it. Whoever has them evaluates it at
//! their own largest positions: near values say that the same was computed, whatever the kernel, and any other computation gives
//! noise. The method is TOPLOC's (Ong et al., 2025, arXiv:2501.16007), with the congruence modulo a prime below 2^16.
//!
//! Bytes: the modulus of positions (2 bytes, from 32,769 to 65,497), then the coefficients modulo 65,497 (2 bytes each), that of
//! the constant first. Fewer than 128 activations leave the highest coefficients zero.

mod polynomial;
mod selection;

use std::fmt;

use crate::fingerprint::polynomial::{PRIME, Polynomial};
use crate::fingerprint::selection::Selection;
use crate::layout::Reader;
use crate::malformed::Malformed;

/// Tokens that one fingerprint covers.
pub const CHUNK_TOKENS: usize = 32;
/// Activations that one fingerprint keeps.
pub const ACTIVATIONS: u32 = 128;
/// The farthest that an activation may be and still match, in units of its last place: less than doubled or halved.
pub const ULPS_MAX: u64 = 127;

const COEFFICIENTS: usize = 128;
const MODULUS_MIN: u16 = 32_769;

/// Says what was computed for up to 32 tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; Fingerprint::LEN]);

/// How far a fingerprint is from an auditor's own activations, or several from theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Distance {
    /// Activations compared.
    pub activations: u32,
    /// Those of another sign, or of a magnitude that differs by a factor of two or more: TOPLOC's exponent mismatches, but for
    /// neighbours across a power of two.
    pub mismatches: u32,
    /// How far the others are, in units of the last place of a bf16, added up: the distance of mantissas.
    pub ulps: u64,
}

/// Takes in hidden states, one row per token, and gives a fingerprint for every 32 of them.
#[derive(Clone, Debug)]
pub struct Recorder {
    width: u32,
    rows: u32,
    selection: Selection,
}

/// A hidden state holds what is no number, or one without bound. An honest model gives none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFinite;

/// How many fingerprints so many tokens have.
pub fn chunks(tokens: usize) -> usize {
    tokens.div_ceil(CHUNK_TOKENS)
}

/// The fingerprints of hidden states, `width` numbers for each token. Panics unless they fill whole rows of 1 to 65,536.
pub fn fingerprints(hidden: &[f32], width: usize) -> Result<Vec<Fingerprint>, NotFinite> {
    assert!(hidden.len().is_multiple_of(width), "hidden states fill whole rows");
    let mut recorder = Recorder::new(width);
    let mut done = Vec::new();
    for row in hidden.chunks_exact(width) {
        done.extend(recorder.row(row)?);
    }
    done.extend(recorder.finish());
    Ok(done)
}

/// How far these fingerprints are from hidden states of the auditor's own. Panics as [`fingerprints`] does, and unless there is
/// one fingerprint for every 32 rows.
pub fn distance(given: &[Fingerprint], hidden: &[f32], width: usize) -> Result<Distance, NotFinite> {
    assert!(hidden.len().is_multiple_of(width), "hidden states fill whole rows");
    assert_eq!(given.len(), chunks(hidden.len() / width), "there is one fingerprint for every 32 rows");
    if !are_finite(hidden) {
        return Err(NotFinite);
    }
    let mut distance = Distance::default();
    for (given, rows) in given.iter().zip(hidden.chunks(CHUNK_TOKENS * width)) {
        let mut selection = Selection::default();
        selection.take(rows, 0);
        given.compare(selection, &mut distance);
    }
    Ok(distance)
}

impl Fingerprint {
    /// How many bytes a fingerprint takes.
    pub const LEN: usize = 258;

    /// Reads the bytes of one, and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Fingerprint, Malformed> {
        let mut reader = Reader::bare("fingerprint", bytes);
        let fingerprint = Fingerprint(reader.array("coefficients")?);
        reader.end()?;
        let (modulus, polynomial) = fingerprint.parts();
        let is_modulus = (MODULUS_MIN..=PRIME).contains(&modulus);
        reader.demand(is_modulus, "modulus", "32,769 to 65,497")?;
        let are_reduced = polynomial.coefficients().iter().all(|coefficient| *coefficient < u32::from(PRIME));
        reader.demand(are_reduced, "coefficients", "each below 65,497")?;
        Ok(fingerprint)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; Fingerprint::LEN] {
        &self.0
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    fn of(selection: Selection) -> Fingerprint {
        let chosen = selection.finish();
        let modulus = injective_modulus(&chosen);
        let points: Vec<(u32, u32)> =
            chosen.iter().map(|kept| (kept.position % u32::from(modulus), u32::from(kept.bf16))).collect();
        let polynomial = Polynomial::through(&points);
        let mut bytes = [0; Fingerprint::LEN];
        let (first, rest) = bytes.split_at_mut(2);
        first.copy_from_slice(&modulus.to_le_bytes());
        for (pair, coefficient) in rest.chunks_exact_mut(2).zip(polynomial.coefficients()) {
            let coefficient = u16::try_from(*coefficient).expect("coefficients are below 2^16");
            pair.copy_from_slice(&coefficient.to_le_bytes());
        }
        Fingerprint(bytes)
    }

    fn compare(&self, selection: Selection, distance: &mut Distance) {
        let (modulus, polynomial) = self.parts();
        let chosen = selection.finish();
        let positions: Vec<u32> = chosen.iter().map(|kept| kept.position % u32::from(modulus)).collect();
        for (kept, given) in chosen.iter().zip(polynomial.values(&positions)) {
            distance.activations += 1;
            let given = u16::try_from(given).expect("values are below 2^16");
            match ulps(kept.bf16, given) {
                Some(ulps) => distance.ulps += ulps,
                None => distance.mismatches += 1,
            }
        }
    }

    fn parts(&self) -> (u16, Polynomial) {
        let (modulus, rest) = self.0.split_first_chunk().expect("258 bytes begin with 2");
        let coefficient = |pair: &[u8]| u32::from(u16::from_le_bytes(pair.try_into().expect("pairs have 2")));
        let mut pairs = rest.chunks_exact(2).map(coefficient);
        let coefficients = std::array::from_fn(|_| pairs.next().expect("258 bytes are 129 pairs"));
        (u16::from_le_bytes(*modulus), Polynomial::new(coefficients))
    }
}

impl Recorder {
    /// For hidden states of this width: 1 to 65,536, or it panics.
    pub fn new(width: usize) -> Recorder {
        assert!((1..=65_536).contains(&width), "a hidden state has 1 to 65,536 numbers");
        let width = u32::try_from(width).expect("it was bounded above");
        Recorder { width, rows: 0, selection: Selection::default() }
    }

    /// Takes in the hidden state that chose one token; gives a fingerprint after every 32nd. Panics if it has another width.
    pub fn row(&mut self, row: &[f32]) -> Result<Option<Fingerprint>, NotFinite> {
        assert_eq!(u32::try_from(row.len()), Ok(self.width), "rows have the width of the model");
        if !are_finite(row) {
            return Err(NotFinite);
        }
        self.selection.take(row, self.rows * self.width);
        self.rows += 1;
        let is_full = usize::try_from(self.rows) == Ok(CHUNK_TOKENS);
        Ok(if is_full { self.finish() } else { None })
    }

    /// The fingerprint of what has come since the last one; `None` if nothing has.
    pub fn finish(&mut self) -> Option<Fingerprint> {
        let selection = std::mem::take(&mut self.selection);
        let has_rows = std::mem::take(&mut self.rows) != 0;
        has_rows.then(|| Fingerprint::of(selection))
    }
}

/// All are looked at, so that the loop has no branch.
fn are_finite(activations: &[f32]) -> bool {
    activations.iter().fold(true, |all, activation| all & activation.is_finite())
}

/// The largest modulus by which no two positions fall together; the prime, should there be none, and then a position that falls
/// on a larger one is left out.
fn injective_modulus(chosen: &[selection::Kept]) -> u16 {
    if chosen.iter().all(|kept| kept.position < u32::from(PRIME)) {
        return PRIME;
    }
    let mut last_seen_at = vec![0_u16; usize::from(PRIME) + 1];
    let is_injective = |modulus: &u16| {
        chosen.iter().all(|kept| {
            let remainder = kept.position % u32::from(*modulus);
            let place = usize::try_from(remainder).expect("a remainder is an index");
            std::mem::replace(&mut last_seen_at[place], *modulus) != *modulus
        })
    };
    (MODULUS_MIN..=PRIME).rev().find(is_injective).unwrap_or(PRIME)
}

/// How many units of the last place lie between two bf16 values; `None` when their signs differ, or more than 127 lie between.
fn ulps(own: u16, given: u16) -> Option<u64> {
    let is_same_sign = (own ^ given) & 0x8000 == 0;
    let distance = u64::from(own.abs_diff(given));
    (is_same_sign && distance <= ULPS_MAX).then_some(distance)
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}
