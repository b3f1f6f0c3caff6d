//! Job: what a taker wants done in a window that it holds: prompts, in tokens of the model, and how answers are drawn.
//!
//! Prompts are handed out in order: each slot of each of the taker's deliveries of the window takes as many as it has room for.
//! A slot for which none is left runs the reference batch. With each part the taker may commit to its half of the beacon that
//! draws what is audited of it.

use attestation::assign::Sampling;
use attestation::beacon::SecretHash;
use attestation::digest::Digest;
use attestation::key::PublicKey;
use attestation::malformed::Malformed;

use crate::refusal::Refusal;

/// The longest prompt, in tokens.
pub const PROMPT_TOKENS_MAX: usize = 512;
/// The longest answer, in tokens.
pub const ANSWER_TOKENS_MAX: u32 = 512;
/// The most prompts of one job.
pub const PROMPTS_MAX: usize = 65_536;
const HEAD: usize = 52;

/// What a taker wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Who checks the answers.
    pub taker: PublicKey,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// In tokens.
    pub prompts: Vec<Vec<u32>>,
    /// What commits to the taker's halves of beacons: of the first slot that works on it, of the second, and so on.
    pub secret_hashes: Vec<SecretHash>,
}

/// Which part of a job a slot does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Of all slots that the taker has in the window, in order of delivery, which this one is: from 0.
    pub place: usize,
    /// How many prompts the slots before it take.
    pub skipped: usize,
}

impl Job {
    /// Checks it against what the model takes, in slots of so many prompts for each lot.
    ///
    /// # Errors
    /// Names the field and its rule.
    pub fn check(&self, (vocabulary, context): (u32, u32), per_lot: u32) -> Result<(), Refusal> {
        let refuse = |field, rule: String| Err(Refusal::JobTooLarge { field, rule });
        if self.prompts.is_empty() || PROMPTS_MAX < self.prompts.len() {
            return refuse("prompts", format!("a job has 1 to {PROMPTS_MAX} prompts"));
        }
        let slots = self.prompts.len().div_ceil(usize::try_from(per_lot).unwrap_or(usize::MAX));
        if slots < self.secret_hashes.len() {
            let rule = format!(
                "{} prompts take {slots} slots at the most, with one secret each",
                self.prompts.len()
            );
            return refuse("secret_hashes", rule);
        }
        let most = ANSWER_TOKENS_MAX.min(context / 2);
        if !(1..=most).contains(&self.sampling.tokens_max) {
            return refuse("tokens_max", format!("an answer has 1 to {most} tokens"));
        }
        for (place, prompt) in self.prompts.iter().enumerate() {
            let room = usize::try_from(context - self.sampling.tokens_max).unwrap_or(usize::MAX);
            let most = PROMPT_TOKENS_MAX.min(room);
            if !(1..=most).contains(&prompt.len()) {
                return refuse(
                    "prompts",
                    format!("prompt {place} has {} tokens, and 1 to {most} may be", prompt.len()),
                );
            }
            if let Some(token) = prompt.iter().find(|token| vocabulary <= **token) {
                let rule = format!("prompt {place} has token {token}, and the model has {vocabulary}");
                return refuse("prompts", rule);
            }
        }
        Ok(())
    }

    /// The prompts of one slot that has room for so many.
    pub fn prompts(&self, part: Part, room: usize) -> &[Vec<u32>] {
        let from = part.skipped.min(self.prompts.len());
        let to = from.saturating_add(room).min(self.prompts.len());
        &self.prompts[from..to]
    }

    /// What commits to the taker's half of one slot's beacon, if it has one.
    pub fn secret_hash(&self, part: Part) -> Option<SecretHash> {
        self.secret_hashes.get(part.place).copied()
    }

    /// Its bytes, as they are kept.
    pub fn encode(&self) -> Vec<u8> {
        let Sampling { temperature_micro, top_k, tokens_max } = self.sampling;
        let mut bytes = Vec::with_capacity(HEAD);
        bytes.extend(self.taker.bytes());
        [temperature_micro, top_k, tokens_max, word(self.secret_hashes.len()), word(self.prompts.len())]
            .into_iter()
            .for_each(|number| bytes.extend(number.to_le_bytes()));
        self.secret_hashes.iter().for_each(|hash| bytes.extend(hash.0.0));
        for prompt in &self.prompts {
            bytes.extend(word(prompt.len()).to_le_bytes());
            prompt.iter().for_each(|token| bytes.extend(token.to_le_bytes()));
        }
        bytes
    }

    /// Reads what [`Job::encode`] wrote.
    ///
    /// # Errors
    /// When the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Result<Job, Malformed> {
        let malformed = Malformed { object: "job", field: "prompts", rule: "as it was kept" };
        Job::read(bytes).ok_or(malformed)
    }

    fn read(bytes: &[u8]) -> Option<Job> {
        let (taker, mut rest) = bytes.split_first_chunk::<32>()?;
        let from = &mut rest;
        let sampling =
            Sampling { temperature_micro: next(from)?, top_k: next(from)?, tokens_max: next(from)? };
        let (hashes, count) = (next(from)?, next(from)?);
        let secret_hashes = (0..hashes).map(|_| {
            let (hash, after) = from.split_first_chunk::<32>()?;
            *from = after;
            Some(SecretHash(Digest(*hash)))
        });
        let secret_hashes = secret_hashes.collect::<Option<Vec<SecretHash>>>()?;
        let mut prompts = Vec::new();
        for _ in 0..count {
            let length = next(from)?;
            prompts.push((0..length).map(|_| next(from)).collect::<Option<Vec<u32>>>()?);
        }
        if !rest.is_empty() {
            return None;
        }
        Some(Job { taker: PublicKey::from_bytes(taker)?, sampling, prompts, secret_hashes })
    }
}

fn next(from: &mut &[u8]) -> Option<u32> {
    let (number, after) = from.split_first_chunk::<4>()?;
    *from = after;
    Some(u32::from_le_bytes(*number))
}

fn word(count: usize) -> u32 {
    u32::try_from(count).expect("a job is bounded")
}
