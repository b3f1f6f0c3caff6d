//! Provider: computes answers and their fingerprints, honestly or not.

use attestation::assign::Assign;
use attestation::fingerprint::{Fingerprint, Recorder, fingerprints};
use attestation::transcript::Transcript;
use inference::{Decoder, Engine, Invalid, Job, Place, Terms, Token};

use crate::auditor::terms;
use crate::cheats::play::numbers;

/// Computes with the assignment's own terms, so many sequences at once.
pub(super) fn compute(
    engine: &Engine,
    assign: &Assign,
    prompts: &[Vec<Token>],
    running_max: usize,
) -> Result<Vec<Transcript>, Invalid> {
    compute_with(
        engine,
        &Order { terms: terms(assign), tokens_max: assign.sampling.tokens_max, running_max },
        prompts,
    )
}

/// How answers are computed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    pub(super) terms: Terms,
    pub(super) tokens_max: u32,
    pub(super) running_max: usize,
}

/// Computes with terms of one's own.
pub(super) fn compute_with(
    engine: &Engine,
    order: &Order,
    prompts: &[Vec<Token>],
) -> Result<Vec<Transcript>, Invalid> {
    let width = engine.model().shape().width;
    let mut kept: Vec<Kept> = prompts.iter().map(|_| Kept::new(width)).collect();
    let mut decoder = Decoder::new(engine, order.terms, order.running_max)?;
    for (sequence, prompt) in (0..).zip(prompts) {
        decoder.push(Job { sequence, prompt: prompt.clone(), tokens_max: order.tokens_max })?;
    }
    decoder.run(&mut |drawn| {
        let sequence = usize::try_from(drawn.place.sequence).expect("it is an index");
        kept[sequence].take(drawn.token, drawn.hidden);
    })?;
    Ok(kept.into_iter().zip(prompts).map(|(kept, prompt)| kept.transcript(prompt)).collect())
}

/// Computes each token from the last `window` tokens only.
pub(super) fn compute_in_window(
    engine: &Engine,
    assign: &Assign,
    prompts: &[Vec<Token>],
    window: usize,
) -> Result<Vec<Transcript>, Invalid> {
    let terms = terms(assign);
    let one = |(sequence, prompt): (u32, &Vec<Token>)| {
        let mut tokens = prompt.clone();
        let mut kept = Kept::new(engine.model().shape().width);
        for position in 0..assign.sampling.tokens_max {
            let seen = &tokens[tokens.len().saturating_sub(window)..];
            let mut drawn = None;
            engine.read(seen, seen.len(), &mut |_, hidden, logits| {
                let token = terms.draw(logits, Place { sequence, position });
                kept.take(token, hidden);
                drawn = Some(token);
            })?;
            let token = drawn.expect("a token follows what was read");
            if engine.model().tokenizer().is_end(token) {
                break;
            }
            tokens.push(token);
        }
        Ok(kept.transcript(prompt))
    };
    (0..).zip(prompts).map(one).collect()
}

/// Answers from elsewhere, with the fingerprints that an engine has when it reads them at once.
pub(super) fn prefill(engine: &Engine, answers: &[Transcript]) -> Result<Vec<Transcript>, Invalid> {
    let width = engine.model().shape().width;
    let one = |transcript: &Transcript| {
        let (prompt, answer) = (transcript.prompt(), transcript.answer());
        let before = answer.split_last().map_or(answer, |(_, before)| before);
        let tokens: Vec<Token> = prompt.iter().chain(before).map(|token| Token(*token)).collect();
        let mut hidden = Vec::new();
        engine.read(&tokens, prompt.len(), &mut |_, state, _| hidden.extend_from_slice(state))?;
        let fingerprints = fingerprints(&hidden, width).expect("a model computes numbers");
        Ok(with(prompt, answer, fingerprints))
    };
    answers.iter().map(one).collect()
}

/// A transcript of these parts, which fit together.
pub(super) fn with(prompt: &[u32], answer: &[u32], fingerprints: Vec<Fingerprint>) -> Transcript {
    Transcript::new(prompt.to_vec(), answer.to_vec(), fingerprints)
        .expect("there is a fingerprint for 32 tokens")
}

/// An answer in the making.
struct Kept {
    answer: Vec<u32>,
    fingerprints: Vec<Fingerprint>,
    recorder: Recorder,
}

impl Kept {
    fn new(width: usize) -> Kept {
        Kept { answer: Vec::new(), fingerprints: Vec::new(), recorder: Recorder::new(width) }
    }

    fn take(&mut self, token: Token, hidden: &[f32]) {
        self.answer.push(token.0);
        self.fingerprints.extend(self.recorder.row(hidden).expect("a model computes numbers"));
    }

    fn transcript(mut self, prompt: &[Token]) -> Transcript {
        self.fingerprints.extend(self.recorder.finish());
        with(&numbers(prompt), &self.answer, self.fingerprints)
    }
}
