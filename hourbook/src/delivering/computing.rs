//! Computing: answers of a model to the prompts of a batch, with their fingerprints.

use attestation::assign::Assign;
use attestation::fingerprint::{Fingerprint, Recorder};
use attestation::transcript::Transcript;
use inference::{Decoder, Engine, Invalid, Job, Terms, Token};

use crate::auditor::terms;

/// Computes with the assignment's own terms, so many sequences at once.
pub(crate) fn compute(
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
pub(crate) struct Order {
    pub(crate) terms: Terms,
    pub(crate) tokens_max: u32,
    pub(crate) running_max: usize,
}

/// Computes with terms of one's own.
pub(crate) fn compute_with(
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

/// A transcript of these parts, which fit together.
pub(crate) fn with(prompt: &[u32], answer: &[u32], fingerprints: Vec<Fingerprint>) -> Transcript {
    Transcript::new(prompt.to_vec(), answer.to_vec(), fingerprints)
        .expect("there is a fingerprint for 32 tokens")
}

/// An answer in the making.
pub(crate) struct Kept {
    answer: Vec<u32>,
    fingerprints: Vec<Fingerprint>,
    recorder: Recorder,
}

impl Kept {
    pub(crate) fn new(width: usize) -> Kept {
        Kept { answer: Vec::new(), fingerprints: Vec::new(), recorder: Recorder::new(width) }
    }

    pub(crate) fn take(&mut self, token: Token, hidden: &[f32]) {
        self.answer.push(token.0);
        self.fingerprints.extend(self.recorder.row(hidden).expect("a model computes numbers"));
    }

    pub(crate) fn transcript(mut self, prompt: &[Token]) -> Transcript {
        self.fingerprints.extend(self.recorder.finish());
        with(&numbers(prompt), &self.answer, self.fingerprints)
    }
}

/// The numbers of tokens, as transcripts have them.
pub(crate) fn numbers(tokens: &[Token]) -> Vec<u32> {
    tokens.iter().map(|token| token.0).collect()
}
