//! Run: a prompt that is read, and prompts that are answered at once.

use std::time::Instant;

use attestation::fingerprint::Recorder;
use inference::{Decoder, Engine, Invalid, Job, Model, Terms, Token};

use crate::command::bench::inference::Rate;

/// Tokens of the prompt that is read.
const READ_TOKENS: usize = 512;
/// Tokens of each prompt that is answered.
pub(super) const PROMPT_TOKENS: usize = 32;
/// Steps that are timed.
const STEPS: u32 = 64;

const TEXT: &str = "An exchange lists one instrument for every hour in which a machine can be rented. Whoever sells an hour \
owes it; whoever buys it may use it or sell it on. Before the hour begins, the gate closes and each seller learns whom to serve. ";

/// With these tokens are drawn.
pub(super) const TERMS: Terms =
    Terms { seed: *b"hourbook measures how fast it is", temperature: 1_000_000, top_k: 50 };

/// So many prompts, each a text from another place on.
pub(super) fn prompts(model: &Model, count: u32) -> Result<Vec<Vec<Token>>, Invalid> {
    let tokens = model.tokenizer().encode(&TEXT.repeat(8))?;
    Ok((0..count).map(|_| &tokens).zip(0..).map(|(tokens, at)| rotated(tokens, at, PROMPT_TOKENS)).collect())
}

fn rotated(tokens: &[Token], from: usize, count: usize) -> Vec<Token> {
    tokens.iter().cycle().skip(from).take(count).copied().collect()
}

/// Reads a long prompt at once.
pub(super) fn prefill(engine: &Engine, prompt: &[Token]) -> Result<Rate, Invalid> {
    let tokens = rotated(prompt, 0, READ_TOKENS);
    let started = Instant::now();
    engine.read(&tokens, tokens.len(), &mut |_, _, _| ())?;
    Ok(Rate { tokens: u32::try_from(tokens.len()).unwrap_or(u32::MAX), taken: started.elapsed() })
}

/// Answers all prompts at once, a step a token. With the proof, tokens are drawn by the seed and every 32 get a fingerprint;
/// without it the highest logit is taken. Answers that end make room for the same prompt again.
pub(super) fn decode(engine: &Engine, prompts: &[Vec<Token>], with_proof: bool) -> Result<Rate, Invalid> {
    let terms = if with_proof { TERMS } else { Terms { temperature: 0, ..TERMS } };
    let mut decoder = Decoder::new(engine, terms, prompts.len())?;
    for (sequence, prompt) in (0..).zip(prompts) {
        decoder.push(Job { sequence, prompt: prompt.clone(), tokens_max: STEPS + 1 })?;
    }
    let width = engine.model().shape().width;
    let mut recorders: Vec<Recorder> = prompts.iter().map(|_| Recorder::new(width)).collect();
    let (mut tokens, mut started) = (0, None);
    while !decoder.is_idle() {
        let mut drawn_now = 0;
        decoder.step(&mut |drawn| {
            drawn_now += 1;
            if with_proof {
                let at = usize::try_from(drawn.place.sequence).expect("it is an index");
                let fingerprint = recorders[at].row(drawn.hidden);
                std::hint::black_box(fingerprint.expect("the engine gives finite states only"));
            }
        })?;
        // The prompts are read before the clock starts.
        match started {
            None if drawn_now != 0 => started = Some(Instant::now()),
            None => (),
            Some(_) => tokens += drawn_now,
        }
    }
    let taken = started.map(|started| started.elapsed()).unwrap_or_default();
    Ok(Rate { tokens, taken })
}
