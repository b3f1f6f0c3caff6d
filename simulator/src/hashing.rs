//! Hashing: tables in whose order nothing is told, hashed by one multiplication a word. Their keys come from our own
//! random numbers, so nobody chooses them to collide.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use engine::index::mix128;

/// A table.
pub(crate) type Table<K, V> = HashMap<K, V, BuildHasherDefault<WordHasher>>;

/// Folds words one after another.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct WordHasher {
    hash: u64,
}

impl WordHasher {
    fn fold(&mut self, first: u64, second: u64) {
        self.hash = mix128(self.hash, (first, second));
    }
}

impl Hasher for WordHasher {
    fn finish(&self) -> u64 {
        self.hash
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.fold(u64::from_le_bytes(word), u64::try_from(chunk.len()).expect("it is small"));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.fold(number.into(), 0);
    }

    fn write_u32(&mut self, number: u32) {
        self.fold(number.into(), 0);
    }

    fn write_u64(&mut self, number: u64) {
        self.fold(number, 0);
    }

    fn write_u128(&mut self, number: u128) {
        let half = |half: u128| u64::try_from(half & u128::from(u64::MAX)).expect("it is half of it");
        self.fold(half(number), half(number >> 64));
    }

    fn write_usize(&mut self, number: usize) {
        self.fold(u64::try_from(number).expect("a place fits in a word"), 0);
    }

    fn write_isize(&mut self, number: isize) {
        self.fold(number.cast_unsigned().try_into().expect("a place fits in a word"), 0);
    }
}
