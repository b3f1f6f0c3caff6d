//! Office: what the exchange asks of a provider in a slot, signed, and its half of the beacon.
//!
//! Everything follows from one secret and the batch's name, so that a crash loses nothing, and nobody knows a seed before its slot.

use attestation::assign::{Assign, BatchId, Sampling, Schedule};
use attestation::beacon::{Secret, SecretHash};
use attestation::calibration::Calibration;
use attestation::digest::Digest;
use attestation::key::{PublicKey, SecretKey, Signature};
use attestation::metering::Meter;
use attestation::rate::AuditRate;
use attestation::ruling::{Ruled, Ruling};
use attestation::transcript::prompt_hash;
use attestation::tree;

use crate::job::{Job, Part};
use crate::measured::Measured;

/// Tokens of a prompt of the reference batch.
const REFERENCE_PROMPT_TOKENS: usize = 8;
/// The most sequences of one slot, so that its commitment fits into one message.
const SEQUENCES_MAX: u64 = 256;
/// Slots of a delivery.
const SLOTS: usize = 12;
/// Among how many of the likeliest tokens the reference batch draws.
const REFERENCE_TOP_K: u32 = 40;

/// The model that is delivered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelTerms {
    /// What it is called.
    pub name: String,
    /// Hash of its file.
    pub id: Digest,
    /// How many tokens it knows.
    pub vocabulary: u32,
    /// The longest text it reads, in tokens.
    pub context: u32,
    /// How many sequences one lot computes in a slot.
    pub sequences: u32,
    /// The longest answer of the reference batch, in tokens.
    pub tokens_max: u32,
}

/// Who asks in the exchange's name.
#[derive(Debug)]
pub struct Office {
    key: SecretKey,
    /// The exchange's halves of beacons follow from it.
    secrets: [u8; 32],
    /// The seeds of batches do.
    seeds: [u8; 32],
    /// The prompts of reference batches do.
    prompts: [u8; 32],
    epoch: u64,
    model: ModelTerms,
    calibration: Calibration,
}

/// What a slot is.
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    /// The delivery's number.
    pub delivery: u32,
    /// Its slot, 0 to 11.
    pub slot: u8,
    /// Whose commitment counts.
    pub provider: PublicKey,
    /// How many lots are delivered.
    pub lots: u64,
    /// How long the slot is, in nanoseconds.
    pub slot_nanos: u64,
    /// Its deadlines.
    pub schedule: Schedule,
    /// What the taker wants done, and the part of it that falls to this slot.
    pub job: Option<(&'a Job, Part)>,
    /// How many are audited.
    pub rate: AuditRate,
}

/// What a slot asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Signed by the exchange.
    pub assign: Assign,
    /// Its prompts, in order.
    pub prompts: Vec<Vec<u32>>,
}

impl Office {
    /// The office of an exchange with this secret key, whose journal has this epoch, for deliveries with this model, of which so much
    /// is known of honest providers.
    pub fn new(secret: &[u8; 32], epoch: u64, model: ModelTerms, measured: &Measured) -> Office {
        let key = SecretKey::from_bytes(secret);
        let derived = |purpose: u8| Secret::of_exchange(secret, Digest([purpose; 32])).0;
        let calibration = Calibration {
            exchange: key.public(),
            model: model.id,
            class: measured.class,
            sequences: measured.sequences,
            spreads: measured.spreads,
            signature: Signature::NONE,
        };
        let calibration = calibration.signed(&key);
        let [secrets, seeds, prompts] = [1, 2, 3].map(derived);
        Office { key, secrets, seeds, prompts, epoch, model, calibration }
    }

    /// By what answers are judged.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// The model that is delivered with.
    pub fn model(&self) -> &ModelTerms {
        &self.model
    }

    /// The epoch in whose name it asks.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The exchange's half of a batch's beacon.
    pub fn secret(&self, batch: &BatchId) -> Secret {
        Secret::of_exchange(&self.secrets, batch.digest())
    }

    /// What the arbiter decided of a commitment, signed.
    pub fn rule(&self, commit: Digest, ruled: Ruled) -> Ruling {
        let exchange = self.key.public();
        Ruling { exchange, commit, ruled, signature: Signature::NONE }.signed(&self.key)
    }

    /// The part of a job that falls to a slot of a delivery of so many lots, when its taker's earlier deliveries of the window have
    /// these lots.
    pub fn part(&self, earlier: &[u64], (lots, slot): (u64, u8)) -> Part {
        let room = |lots| usize::try_from(self.room(lots)).expect("a batch is bounded");
        let rooms: usize = earlier.iter().map(|lots| room(*lots)).sum();
        let slot = usize::from(slot);
        Part { place: earlier.len() * SLOTS + slot, skipped: rooms * SLOTS + room(lots) * slot }
    }

    /// How many sequences so many lots compute in a slot.
    pub fn room(&self, lots: u64) -> u32 {
        let room = lots.saturating_mul(self.model.sequences.into()).clamp(1, SEQUENCES_MAX);
        u32::try_from(room).expect("a batch is bounded")
    }

    /// The batch of a slot: the part of the taker's job that falls to it, or the reference batch of that name, which may be of an
    /// earlier epoch.
    pub fn prompts(&self, work: &Work<'_>, batch: &BatchId) -> Vec<Vec<u32>> {
        match self.asked(work) {
            Some((_, _, prompts)) => prompts.to_vec(),
            None => self.reference(work.lots, batch),
        }
    }

    /// The taker's job and the part of it that is done in a slot, if any is left for it.
    fn asked<'a>(&self, work: &Work<'a>) -> Option<(&'a Job, Part, &'a [Vec<u32>])> {
        let room = usize::try_from(self.room(work.lots)).expect("a batch is bounded");
        let (job, part) = work.job?;
        let prompts = job.prompts(part, room);
        (!prompts.is_empty()).then_some((job, part, prompts))
    }

    /// What a slot asks for.
    pub fn assign(&self, work: &Work<'_>) -> Assignment {
        let batch = self.batch(work);
        let prompts = self.prompts(work, &batch);
        let asked = self.asked(work);
        let taker_secret = asked.and_then(|(job, part, _)| job.secret_hash(part));
        let job = asked.map(|(job, _, _)| job);
        let sampling = job.map_or(self.sampling(), |job| job.sampling);
        let hashes: Vec<Digest> = prompts.iter().map(|prompt| prompt_hash(prompt)).collect();
        let assign = Assign {
            exchange: self.key.public(),
            batch,
            provider: work.provider,
            taker: job.map_or(self.key.public(), |job| job.taker),
            model: self.model.id,
            calibration: self.calibration.id(),
            sampling,
            inputs: tree::root(&hashes),
            count: u32::try_from(prompts.len()).expect("a batch is bounded"),
            seed: Secret::of_exchange(&self.seeds, batch.digest()).0,
            meter: meter(work, &prompts, sampling.tokens_max),
            schedule: work.schedule,
            rate: work.rate,
            exchange_secret: self.secret(&batch).hash(),
            // Where the taker has no half, the exchange's alone draws, at four times the rate.
            taker_secret: taker_secret.unwrap_or(SecretHash(Digest::NONE)),
            signature: Signature::NONE,
        };
        Assignment { assign: assign.signed(&self.key), prompts }
    }

    fn batch(&self, work: &Work<'_>) -> BatchId {
        BatchId { epoch: self.epoch, delivery: work.delivery.into(), slot: work.slot.into() }
    }

    fn sampling(&self) -> Sampling {
        Sampling { temperature_micro: 1_000_000, top_k: REFERENCE_TOP_K, tokens_max: self.model.tokens_max }
    }

    /// Prompts that nobody can know before the slot.
    fn reference(&self, lots: u64, batch: &BatchId) -> Vec<Vec<u32>> {
        let batch = batch.digest();
        let prompt = |index: u32| {
            let mut name = batch.0;
            name.iter_mut().zip(index.to_le_bytes()).for_each(|(byte, part)| *byte ^= part);
            let drawn = Secret::of_exchange(&self.prompts, Digest(name)).0;
            let words = drawn.chunks_exact(4).map(|four| four.try_into().expect("four bytes"));
            let tokens = words.map(|four| u32::from_le_bytes(four) % self.model.vocabulary);
            tokens.take(REFERENCE_PROMPT_TOKENS).collect()
        };
        (0..self.room(lots)).map(prompt).collect()
    }
}

/// What a token counts for, so that the whole batch with its longest answers counts for the whole slot.
fn meter(work: &Work<'_>, prompts: &[Vec<u32>], tokens_max: u32) -> Meter {
    let wide = |count: usize| u64::try_from(count).expect("a batch is bounded");
    let tokens: u64 = prompts.iter().map(|prompt| wide(prompt.len()) + u64::from(tokens_max)).sum();
    let each = work.slot_nanos.saturating_mul(work.lots).div_ceil(tokens).clamp(1, Meter::TOKEN_NS_MAX);
    Meter::new(each, each).expect("a token counts for something, within bounds")
}
