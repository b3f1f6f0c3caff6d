//! Run: a prompt that is read, and prompts that are answered at once.

use std::time::{Duration, Instant};

use attestation::fingerprint::Recorder;
use inference::{Decoder, Engine, Invalid, Job, Model, Terms, Token};

use crate::command::bench::inference::Rate;

/// Tokens of the prompt that is read.
const READ_TOKENS: usize = 512;
/// Tokens of each prompt that is answered.
pub(super) const PROMPT_TOKENS: usize = 32;
/// Steps that are timed.
pub(super) const STEPS: u32 = 64;

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

/// Prompts that are answered at once, a step a token. With the proof, tokens are drawn by the seed and every 32 get a
/// fingerprint; without it the highest logit is taken.
struct Writing<'a> {
    decoder: Decoder<'a>,
    recorders: Option<Vec<Recorder>>,
}

impl<'a> Writing<'a> {
    /// With all prompts read. Of a model that never ends an answer.
    fn new(engine: &'a Engine, prompts: &[Vec<Token>], with_proof: bool) -> Result<Writing<'a>, Invalid> {
        let terms = if with_proof { TERMS } else { Terms { temperature: 0, ..TERMS } };
        let mut decoder = Decoder::new(engine, terms, prompts.len())?;
        for (sequence, prompt) in (0..).zip(prompts) {
            decoder.push(Job { sequence, prompt: prompt.clone(), tokens_max: u32::MAX })?;
        }
        let recorder = |_| Recorder::new(engine.model().shape().width);
        let mut writing =
            Writing { decoder, recorders: with_proof.then(|| prompts.iter().map(recorder).collect()) };
        while writing.step()? < prompts.len() {}
        Ok(writing)
    }

    /// How many tokens were drawn.
    fn step(&mut self) -> Result<usize, Invalid> {
        let Writing { decoder, recorders } = self;
        let mut drawn_now = 0;
        decoder.step(&mut |drawn| {
            drawn_now += 1;
            if let Some(recorders) = recorders {
                let at = usize::try_from(drawn.place.sequence).expect("it is an index");
                let fingerprint = recorders[at].row(drawn.hidden);
                std::hint::black_box(fingerprint.expect("the engine gives finite states only"));
            }
        })?;
        Ok(drawn_now)
    }

    fn timed_step(&mut self) -> Result<Duration, Invalid> {
        let started = Instant::now();
        self.step()?;
        Ok(started.elapsed())
    }
}

/// Answers all prompts twice, without the proof and with it, a step of the one and a step of the other in turn: whatever
/// else the machine does meets both. How long each step took, without and with.
pub(super) fn write(engine: &Engine, prompts: &[Vec<Token>]) -> Result<[Vec<Duration>; 2], Invalid> {
    let mut plain = Writing::new(engine, prompts, false)?;
    let mut proven = Writing::new(engine, prompts, true)?;
    let mut taken = [const { Vec::new() }; 2];
    for _ in 0..STEPS {
        taken[0].push(plain.timed_step()?);
        taken[1].push(proven.timed_step()?);
    }
    Ok(taken)
}
