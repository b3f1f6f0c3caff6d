//! Fingerprints: near computations are near, others are far, whatever the width.

#![allow(clippy::unwrap_used, reason = "a test")]

mod fixture;

use attestation::fingerprint::{Distance, Fingerprint, NotFinite, Recorder, distance, fingerprints};
use fixture::{WIDTH, hidden};

/// Noise between -1 and 1 out of a counter.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        let [low, high, ..] = mixed.to_le_bytes();
        f32::from(i16::from_le_bytes([low, high])) / 32_768.0
    }

    fn states(&mut self, rows: usize, width: usize) -> Vec<f32> {
        (0..rows * width).map(|_| self.next() * 8.0).collect()
    }
}

#[test]
fn own_states_are_at_no_distance() {
    for (rows, width) in [(1, 64), (3, 1), (31, 64), (32, 576), (33, 576), (96, 576), (64, 8_192)] {
        let states = Noise(7).states(rows, width);
        let given = fingerprints(&states, width).unwrap();
        assert_eq!(given.len(), rows.div_ceil(32));
        let found = distance(&given, &states, width).unwrap();
        let chunk = |rows: usize| u32::try_from((rows * width).min(128)).unwrap();
        let activations = (0..rows).step_by(32).map(|first| chunk((rows - first).min(32))).sum();
        assert_eq!(found, Distance { activations, mismatches: 0, ulps: 0 }, "{rows} of {width}");
    }
}

#[test]
fn recorder_gives_the_same_row_by_row() {
    let states = Noise(3).states(70, 16);
    let mut recorder = Recorder::new(16);
    let mut given: Vec<Fingerprint> =
        states.chunks(16).filter_map(|row| recorder.row(row).unwrap()).collect();
    given.extend(recorder.finish());
    assert_eq!(given, fingerprints(&states, 16).unwrap());
    assert_eq!(recorder.finish(), None, "nothing has come since");
}

#[test]
fn rounding_is_near_and_another_computation_is_far() {
    let width = 576;
    let states = Noise(1).states(96, width);
    let given = fingerprints(&states, width).unwrap();
    let mut noise = Noise(2);
    let mut nudged =
        |size: f32| -> Vec<f32> { states.iter().map(|state| state * (1.0 + size * noise.next())).collect() };
    let near = distance(&given, &nudged(1e-6), width).unwrap();
    assert!(near.mismatches <= 2 && near.ulps <= 2, "{near:?}");
    let rounded = distance(&given, &nudged(1e-2), width).unwrap();
    assert!(near.ulps + 100 < rounded.ulps, "{rounded:?}");
    let other = distance(&given, &Noise(9).states(96, width), width).unwrap();
    assert!(other.activations * 9 / 10 < other.mismatches, "{other:?}");
}

#[test]
fn neighbours_across_a_power_of_two_match() {
    let below = [1.992_187_5_f32; 4];
    let given = fingerprints(&below, 4).unwrap();
    let above = distance(&given, &[2.0; 4], 4).unwrap();
    assert_eq!(above, Distance { activations: 4, mismatches: 0, ulps: 4 });
    let doubled = distance(&given, &[3.984_375; 4], 4).unwrap();
    assert_eq!(doubled, Distance { activations: 4, mismatches: 4, ulps: 0 });
    let turned = distance(&given, &[-1.992_187_5; 4], 4).unwrap();
    assert_eq!(turned.mismatches, 4);
}

#[test]
fn signs_tell_a_number_from_what_is_none() {
    // The constant 0x7fff, which is no number, lies beside -0 when signs are not looked at.
    let mut constant = [0; Fingerprint::LEN];
    constant[..4].copy_from_slice(&[0xd9, 0xff, 0xff, 0x7f]);
    let given = Fingerprint::decode(&constant).unwrap();
    let found = distance(&[given], &[-0.0; 4], 4).unwrap();
    assert_eq!(found, Distance { activations: 4, mismatches: 4, ulps: 0 });
}

#[test]
fn what_is_no_number_has_no_fingerprint() {
    for spoiled in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut states = hidden(0, 4);
        let given = fingerprints(&states, WIDTH).unwrap();
        states[13] = spoiled;
        assert_eq!(fingerprints(&states, WIDTH), Err(NotFinite));
        assert_eq!(distance(&given, &states, WIDTH), Err(NotFinite));
    }
}

#[test]
fn bytes_are_canonical() {
    let given = fingerprints(&hidden(0, 32), WIDTH).unwrap()[0];
    assert_eq!(Fingerprint::decode(given.bytes()), Ok(given));
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = given.bytes().to_vec();
        change(&mut bytes);
        Fingerprint::decode(&bytes).unwrap_err().to_string()
    };
    let modulus = "fingerprint.modulus: 32,769 to 65,497";
    assert_eq!(refused(&|bytes| bytes[..2].copy_from_slice(&32_768_u16.to_le_bytes())), modulus);
    assert_eq!(refused(&|bytes| bytes[..2].copy_from_slice(&65_498_u16.to_le_bytes())), modulus);
    let coefficient = |bytes: &mut Vec<u8>| bytes[256..].copy_from_slice(&65_497_u16.to_le_bytes());
    assert_eq!(refused(&coefficient), "fingerprint.coefficients: each below 65,497");
    assert_eq!(refused(&|bytes| bytes.truncate(257)), "fingerprint.coefficients: all its bytes are there");
    assert_eq!(refused(&|bytes| bytes.push(0)), "fingerprint.end: nothing follows the last field");
}
