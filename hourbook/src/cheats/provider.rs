//! Provider: computes answers and their fingerprints otherwise than was asked.

use attestation::assign::Assign;
use attestation::fingerprint::fingerprints;
use attestation::transcript::Transcript;
use inference::{Engine, Invalid, Place, Token};

use crate::auditor::terms;
use crate::delivering::computing::{Kept, with};

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
