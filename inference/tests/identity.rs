//! Identity: the same bits, whoever computes, and however the work is cut.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use inference::{Decoder, Engine, Instructions, Job, Model, Place, Terms, Token};

const TERMS: Terms = Terms { seed: [7; 32], temperature: 1_000_000, top_k: 50 };

/// A sequence's tokens, and the hidden state each was drawn from.
type Answer = Vec<(Token, Vec<u32>)>;

fn jobs(model: &Model) -> Vec<Job> {
    let texts =
        ["To be", "An order rests until the gate.", "x", "The price of an hour, and who pays it: 1,000 CU."];
    let lengths = [40, 7, 65, 33];
    let job = |((text, length), sequence): ((&str, u32), u32)| {
        let prompt =
            model.tokenizer().encode(&text.repeat(usize::try_from(sequence).unwrap() * 2 + 1)).unwrap();
        Job { sequence, prompt, tokens_max: length }
    };
    texts.into_iter().zip(lengths).zip(0..).map(job).collect()
}

fn answer(engine: &Engine, jobs: &[Job], at_once: usize) -> Vec<Answer> {
    let mut decoder = Decoder::new(engine, TERMS, at_once).unwrap();
    jobs.iter().for_each(|job| decoder.push(job.clone()).unwrap());
    let mut answers = vec![Answer::new(); jobs.len()];
    decoder
        .run(&mut |drawn| {
            let at = usize::try_from(drawn.place.sequence).unwrap();
            assert_eq!(answers[at].len(), usize::try_from(drawn.place.position).unwrap());
            answers[at].push((drawn.token, bits(drawn.hidden)));
        })
        .unwrap();
    answers
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// What is asked, and what one thread answers with plain instructions, one sequence after the other.
fn expected(model: &Arc<Model>) -> (Vec<Job>, Vec<Answer>) {
    let engine = Engine::with(model.clone(), Some(1), Instructions::PORTABLE).unwrap();
    let jobs = jobs(model);
    let answers = answer(&engine, &jobs, 1);
    (jobs, answers)
}

#[test]
fn threads_change_nothing() {
    let model = Arc::new(Model::tiny());
    let (jobs, answers) = expected(&model);
    for threads in [1, 2, 5] {
        let engine = Engine::new(model.clone(), Some(threads)).unwrap();
        assert_eq!(engine.threads(), threads);
        assert!(answer(&engine, &jobs, 4) == answers, "with {threads} threads");
    }
}

#[test]
fn company_changes_nothing() {
    let model = Arc::new(Model::tiny());
    let (mut jobs, answers) = expected(&model);
    let engine = Engine::new(model.clone(), Some(2)).unwrap();
    for at_once in 1..=5 {
        assert!(answer(&engine, &jobs, at_once) == answers, "with {at_once} at once");
    }
    jobs.reverse();
    assert!(answer(&engine, &jobs, 3) == answers, "in another order");
}

#[test]
fn instructions_change_nothing() {
    let model = Arc::new(Model::tiny());
    let (jobs, answers) = expected(&model);
    for instructions in Instructions::all() {
        let engine = Engine::with(model.clone(), Some(2), instructions).unwrap();
        assert!(answer(&engine, &jobs, 4) == answers, "with {instructions}");
        eprintln!("{instructions}: the same");
    }
}

#[test]
fn reading_at_once_is_the_same_as_step_by_step() {
    let model = Arc::new(Model::tiny());
    let (jobs, answers) = expected(&model);
    let engine = Engine::new(model.clone(), Some(2)).unwrap();
    for (job, answer) in jobs.iter().zip(&answers) {
        let tokens: Vec<Token> =
            job.prompt.iter().copied().chain(answer.iter().map(|(token, _)| *token)).collect();
        let mut count = 0;
        let mut take = |at: usize, hidden: &[f32], logits: &inference::Logits<'_>| {
            assert_eq!(at, count);
            count += 1;
            // The state after the last token has drawn nothing yet.
            let Some((token, drawn_from)) = answer.get(at) else { return };
            assert_eq!(&bits(hidden), drawn_from, "state {at} of sequence {}", job.sequence);
            let place = Place { sequence: job.sequence, position: u32::try_from(at).unwrap() };
            assert_eq!(TERMS.draw(logits, place), *token);
            assert_eq!(TERMS.margin(logits, place, *token), 0);
        };
        engine.read(&tokens, job.prompt.len(), &mut take).unwrap();
        assert_eq!(count, answer.len() + 1);
    }
}
