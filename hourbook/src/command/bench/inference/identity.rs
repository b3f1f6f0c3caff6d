//! Identity: whether answers and hidden states are the same however they are computed.

use std::sync::Arc;

use inference::{Decoder, Engine, Instructions, Invalid, Job, Model, Token};

use crate::command::bench::inference::run::TERMS;

/// Prompts and tokens of each that are compared. Plain instructions are slow.
const PROMPTS_MAX: usize = 4;
const TOKENS: u32 = 16;

/// What one sequence came to: its tokens, and the bits of the hidden states that they were drawn from.
type Answer = Vec<(Token, Vec<u32>)>;

/// Whether every way of computing comes to the same.
pub(super) fn is_identical(model: &Arc<Model>, prompts: &[Vec<Token>]) -> Result<bool, Invalid> {
    let prompts = &prompts[..prompts.len().min(PROMPTS_MAX)];
    let engine = Engine::with(model.clone(), Some(1), Instructions::PORTABLE)?;
    let expected = answers(&engine, prompts, 1)?;
    for instructions in Instructions::all() {
        for (threads, at_once) in [(1, prompts.len()), (2, 3), (5, prompts.len())] {
            let engine = Engine::with(model.clone(), Some(threads), instructions)?;
            if answers(&engine, prompts, at_once)? != expected {
                return Ok(false);
            }
        }
        let engine = Engine::with(model.clone(), None, instructions)?;
        for (prompt, answer) in prompts.iter().zip(&expected) {
            if !is_read_back(&engine, prompt, answer)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn answers(engine: &Engine, prompts: &[Vec<Token>], at_once: usize) -> Result<Vec<Answer>, Invalid> {
    let mut decoder = Decoder::new(engine, TERMS, at_once.max(1))?;
    for (sequence, prompt) in (0..).zip(prompts) {
        decoder.push(Job { sequence, prompt: prompt.clone(), tokens_max: TOKENS })?;
    }
    let mut answers = vec![Answer::new(); prompts.len()];
    decoder.run(&mut |drawn| {
        let at = usize::try_from(drawn.place.sequence).expect("it is an index");
        answers[at].push((drawn.token, bits(drawn.hidden)));
    })?;
    Ok(answers)
}

/// Whether reading prompt and answer at once comes to the states that the answer was drawn from.
fn is_read_back(engine: &Engine, prompt: &[Token], answer: &Answer) -> Result<bool, Invalid> {
    let tokens: Vec<Token> = prompt.iter().copied().chain(answer.iter().map(|(token, _)| *token)).collect();
    let mut is_same = true;
    engine.read(&tokens, prompt.len(), &mut |at, hidden, _| {
        is_same &= answer.get(at).is_none_or(|(_, drawn_from)| *drawn_from == bits(hidden));
    })?;
    Ok(is_same)
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}
