//! Sampler: the seed alone decides, as docs/inference.md says, and margins say how far another token was.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use inference::{Engine, Model, Place, Terms, Token};

/// The scores of a state's tokens, written down once more: the higher logit first, `logit / T - ln(-ln u)`.
fn scores(logits: &[f32], terms: Terms, place: Place) -> Vec<(u32, f64)> {
    let mut all: Vec<(u32, f32)> = (0..).zip(logits.iter().copied()).collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all.truncate(usize::try_from(terms.top_k).expect("it is small"));
    let score = |(token, logit): (u32, f32)| {
        let message = [place.sequence, place.position, token].map(u32::to_le_bytes).concat();
        let hash = blake3::keyed_hash(&terms.seed, &message);
        let drawn = u64::from_le_bytes(*hash.as_bytes().first_chunk().expect("it has 32 bytes")) >> 11;
        let uniform = (double(drawn) + 0.5) / double(1 << 53);
        let temperature = f64::from(terms.temperature) / 1e6;
        (token, f64::from(logit) / temperature - libm::log(-libm::log(uniform)))
    };
    all.into_iter().map(score).collect()
}

#[allow(clippy::as_conversions, reason = "exact: at most 53 bits")]
fn double(number: u64) -> f64 {
    number as f64
}

#[test]
fn highest_score_is_drawn_and_margins_are_what_lacks() {
    let model = Arc::new(Model::tiny());
    let engine = Engine::new(model.clone(), Some(1)).unwrap();
    let tokens = model.question("What is a gate?").unwrap();
    for (temperature, top_k) in [(1_000_000, 50), (300_000, 5), (1, 512), (5_000_000, 512), (700_000, 1)] {
        let terms = Terms { seed: [9; 32], temperature, top_k };
        let mut take = |at: usize, _: &[f32], logits: &inference::Logits<'_>| {
            let place = Place { sequence: 7, position: u32::try_from(at).unwrap() };
            let values: Vec<f32> = logits.values().collect();
            assert_eq!(values.len(), 512);
            let scores = scores(&values, terms, place);
            let (token, best) =
                scores.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0))).unwrap();
            assert_eq!(terms.draw(logits, place), Token(token), "state {at}, temperature {temperature}");
            for (token, score) in &scores {
                let margin = (best - score) * 1e6;
                assert!(
                    (margin
                        - f64::from(
                            u32::try_from(terms.margin(logits, place, Token(*token)).min(1 << 31)).unwrap()
                        ))
                    .abs()
                        <= 1.0
                        || margin > 2e9
                );
            }
        };
        engine.read(&tokens, 1, &mut take).unwrap();
    }
}

#[test]
fn token_below_the_choice_is_further_away() {
    let model = Arc::new(Model::tiny());
    let engine = Engine::new(model, Some(1)).unwrap();
    let terms = |top_k| Terms { seed: [9; 32], temperature: 1_000_000, top_k };
    let mut take = |_: usize, _: &[f32], logits: &inference::Logits<'_>| {
        let place = Place { sequence: 0, position: 0 };
        let mut all: Vec<(u32, f32)> = (0..).zip(logits.values()).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1));
        let lowest = Token(all[511].0);
        let lacks = (f64::from(all[9].1) - f64::from(all[511].1)) * 1e6;
        let margin = |terms: Terms| terms.margin(logits, place, lowest);
        assert!(0.0 < lacks && lacks <= f64::from(u32::try_from(margin(terms(10))).unwrap()) + 1.0);
        assert_eq!(terms(10).margin(logits, place, Token(512)), u64::MAX, "no such token");
    };
    engine.read(&[Token(65)], 1, &mut take).unwrap();
}

#[test]
fn temperature_zero_takes_the_highest_logit() {
    let engine = Engine::new(Arc::new(Model::tiny()), Some(1)).unwrap();
    let terms = |seed| Terms { seed: [seed; 32], temperature: 0, top_k: 50 };
    let mut take = |at: usize, _: &[f32], logits: &inference::Logits<'_>| {
        let highest = (0..)
            .zip(logits.values())
            .fold((0, f32::NEG_INFINITY), |best, one| if best.1 < one.1 { one } else { best });
        for seed in [0, 1] {
            let place = Place { sequence: 0, position: u32::try_from(at).unwrap() };
            assert_eq!(terms(seed).draw(logits, place), Token(highest.0));
        }
    };
    engine.read(&[Token(65), Token(66), Token(300)], 1, &mut take).unwrap();
}

#[test]
fn every_part_of_the_place_and_seed_matters() {
    let engine = Engine::new(Arc::new(Model::tiny()), Some(1)).unwrap();
    let draws = |seed: u8, sequence: u32| {
        let terms = Terms { seed: [seed; 32], temperature: 5_000_000, top_k: 512 };
        let mut drawn = Vec::new();
        let mut take = |_: usize, _: &[f32], logits: &inference::Logits<'_>| {
            drawn = (0..20).map(|position| terms.draw(logits, Place { sequence, position })).collect();
        };
        engine.read(&[Token(65)], 1, &mut take).unwrap();
        drawn
    };
    assert_eq!(draws(1, 1), draws(1, 1));
    assert_ne!(draws(1, 1), draws(2, 1));
    assert_ne!(draws(1, 1), draws(1, 2));
    let one = draws(1, 1);
    assert!(one.iter().any(|token| *token != one[0]), "positions matter");
}

/// Of three equal logits the two lower tokens are the choice, whatever the seed says of the third: one of them is drawn.
#[test]
fn equal_logits_at_the_border_leave_the_lower_tokens() {
    let terms = Terms { seed: [3; 32], temperature: 1_000_000, top_k: 2 };
    let drawn = |position: u32| {
        let margin = |token| terms.margin_of_values(&[1.0; 3], Place { sequence: 0, position }, Token(token));
        [0, 1].map(|token| margin(token) == 0)
    };
    let drawn: Vec<[bool; 2]> = (0..40).map(drawn).collect();
    assert!(drawn.iter().all(|[first, second]| first != second), "one is drawn at each place: {drawn:?}");
    assert!(drawn.contains(&[true, false]) && drawn.contains(&[false, true]));
}
