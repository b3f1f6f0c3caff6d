//! Job: it is kept as it was given, and is no larger than the model and the bounds allow.
#![allow(clippy::unwrap_used, reason = "a test")]

use attestation::assign::Sampling;
use attestation::beacon::Secret;
use attestation::key::SecretKey;
use settlement::job::{Job, PROMPT_TOKENS_MAX, PROMPTS_MAX, Part};
use settlement::refusal::Refusal;

const VOCABULARY: u32 = 512;
const CONTEXT: u32 = 128;
const PER_LOT: u32 = 4;

fn job(prompts: Vec<Vec<u32>>, tokens_max: u32) -> Job {
    let taker = SecretKey::from_bytes(&[3; 32]).public();
    let sampling = Sampling { temperature_micro: 700_000, top_k: 5, tokens_max };
    Job { taker, sampling, prompts, secret_hashes: Vec::new() }
}

fn refused(job: &Job, context: u32) -> &'static str {
    match job.check((VOCABULARY, context), PER_LOT) {
        Err(Refusal::JobTooLarge { field, rule }) => {
            assert!(!rule.is_empty());
            field
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn bytes_give_back_what_was_kept() {
    for prompts in [vec![vec![1]], vec![vec![1, 2, 3], vec![], vec![u32::MAX]], vec![]] {
        for secrets in 0..3 {
            let secret_hashes = (0..secrets).map(|byte| Secret([byte; 32]).hash()).collect();
            let job = Job { secret_hashes, ..job(prompts.clone(), 9) };
            assert_eq!(Job::decode(&job.encode()), Ok(job));
        }
    }
}

#[test]
fn other_bytes_are_no_job() {
    let bytes = job(vec![vec![1, 2, 3], vec![4]], 9).encode();
    for end in 0..bytes.len() {
        assert!(Job::decode(&bytes[..end]).is_err(), "cut to {end} bytes");
    }
    assert!(Job::decode(&[bytes.as_slice(), &[0]].concat()).is_err(), "one byte more");
    let many = bytes;
    for count in [44..48, 48..52] {
        let mut more = many.clone();
        more[count].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(Job::decode(&more).is_err(), "more secrets or prompts than there are");
    }
}

#[test]
fn what_the_model_takes_is_taken() {
    assert_eq!(job(vec![vec![511]], 1).check((VOCABULARY, CONTEXT), PER_LOT), Ok(()));
    assert_eq!(job(vec![vec![0; 64]; 3], 64).check((VOCABULARY, CONTEXT), PER_LOT), Ok(()));
    assert_eq!(job(vec![vec![0; PROMPT_TOKENS_MAX]], 512).check((VOCABULARY, 8_192), PER_LOT), Ok(()));
    assert_eq!(job(vec![vec![0]; PROMPTS_MAX], 1).check((VOCABULARY, CONTEXT), PER_LOT), Ok(()));
}

#[test]
fn what_is_beyond_it_is_refused_by_name() {
    assert_eq!(refused(&job(vec![], 1), CONTEXT), "prompts");
    assert_eq!(refused(&job(vec![vec![0]; PROMPTS_MAX + 1], 1), CONTEXT), "prompts");
    assert_eq!(refused(&job(vec![vec![0], vec![]], 1), CONTEXT), "prompts");
    assert_eq!(refused(&job(vec![vec![0; 65]], 64), CONTEXT), "prompts");
    assert_eq!(refused(&job(vec![vec![0; PROMPT_TOKENS_MAX + 1]], 1), 8_192), "prompts");
    assert_eq!(refused(&job(vec![vec![0, VOCABULARY]], 1), CONTEXT), "prompts");
    assert_eq!(refused(&job(vec![vec![0]], 0), CONTEXT), "tokens_max");
    assert_eq!(refused(&job(vec![vec![0]], 65), CONTEXT), "tokens_max");
    assert_eq!(refused(&job(vec![vec![0]], 513), 8_192), "tokens_max");
}

#[test]
fn there_is_one_secret_for_each_slot_that_works_on_it() {
    let with = |prompts: usize, secrets: usize| {
        let secret_hashes = vec![Secret([1; 32]).hash(); secrets];
        Job { secret_hashes, ..job(vec![vec![0]; prompts], 1) }
    };
    for (prompts, secrets) in [(1, 1), (4, 1), (5, 2), (5, 0)] {
        assert_eq!(with(prompts, secrets).check((VOCABULARY, CONTEXT), PER_LOT), Ok(()));
    }
    for (prompts, secrets) in [(1, 2), (4, 2), (5, 3)] {
        assert_eq!(refused(&with(prompts, secrets), CONTEXT), "secret_hashes");
    }
    let part = |place| Part { place, skipped: 0 };
    assert_eq!(with(5, 2).secret_hash(part(1)), Some(Secret([1; 32]).hash()));
    assert_eq!(with(5, 2).secret_hash(part(2)), None);
}

#[test]
fn parts_are_in_order_and_leave_nothing_out() {
    let job = job((0..10).map(|token| vec![token]).collect(), 1);
    let parts: Vec<&[Vec<u32>]> =
        (0..4).map(|place| job.prompts(Part { place, skipped: 4 * place }, 4)).collect();
    assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [4, 4, 2, 0]);
    assert_eq!(parts.concat(), job.prompts);
    assert!(job.prompts(Part { place: 0, skipped: usize::MAX }, usize::MAX).is_empty());
}
