//! Play: batches as an exchange assigns them, and the receipts that providers make of them.

use attestation::assign::{Assign, BatchId, Sampling, Schedule};
use attestation::beacon::{Secret, Secrets};
use attestation::calibration::{Calibration, NumericClass, Spread};
use attestation::commit::{Commit, Device};
use attestation::digest::Digest;
use attestation::finding::Finding;
use attestation::key::{SecretKey, Signature};
use attestation::leaf::Leaf;
use attestation::metering::Meter;
use attestation::rate::AuditRate;
use attestation::receipt::Receipt;
use attestation::statistic::PerStatistic;
use attestation::transcript::{Transcript, prompt_hash};
use attestation::tree;
use attestation::verdict::Stage;
use inference::{Engine, Invalid, Token};

use crate::auditor::Auditor;
use crate::delivering::computing::numbers;

const SECOND_NS: u64 = 1_000_000_000;
/// 2026-11-23T14Z.
const BEGINS_NS: u64 = 1_795_442_400 * SECOND_NS;
/// Of the tokens, which are few in the model that is built in.
const TOP_K: u32 = 40;

/// What prompts are made of: enough that no two of a batch begin alike.
const TEXTS: [&str; 16] = [
    "The wind turned north in the night, and by morning",
    "A loan is repaid in twelve parts. After the first,",
    "To sharpen a chisel, begin with the flat side:",
    "Dear neighbours, on Saturday the water will be",
    "There are three reasons why bridges are tested before",
    "She opened the ledger at the last page and read",
    "Boil the rice until it is soft, then add",
    "Most comets come from far beyond the planets, where",
    "If the train is late again we shall have to",
    "The court found that the contract had been",
    "An engine that idles uses fuel, so the driver",
    "In the old town the streets are named after",
    "Write a short note to your teacher and explain",
    "The price of copper rose for the fourth week because",
    "Bees find their way by the sun and by",
    "Before you call the function, check that the list",
];

/// Who takes part. Each signs with a key of its own.
pub(super) struct Party {
    pub(super) exchange: SecretKey,
    pub(super) provider: SecretKey,
    pub(super) taker: SecretKey,
    pub(super) auditor: SecretKey,
}

/// Batches of one model.
pub(super) struct Play<'a> {
    pub(super) auditor: &'a Auditor,
    pub(super) party: Party,
    pub(super) size: Size,
    pub(super) calibration: Calibration,
    /// What an exchange has assigned, as batch 0; without it batches are made here.
    given: Option<(Assign, Vec<Vec<Token>>)>,
}

/// How large batches are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// At most 16.
    pub(super) sequences: usize,
    pub(super) tokens_max: u32,
}

impl<'a> Play<'a> {
    /// With a calibration that allows nothing.
    pub(super) fn new(auditor: &'a Auditor, size: Size) -> Play<'a> {
        let key = |byte| SecretKey::from_bytes(&[byte; 32]);
        let party = Party { exchange: key(1), provider: key(2), taker: key(3), auditor: key(4) };
        let calibration = Calibration {
            exchange: party.exchange.public(),
            model: auditor.id(),
            class: NumericClass::Exact,
            sequences: 1,
            spreads: [Spread::default(); 4],
            signature: Signature::NONE,
        };
        let calibration = calibration.signed(&party.exchange);
        Play { auditor, party, size, calibration, given: None }
    }

    /// Of one batch that an exchange has assigned to whoever has this key.
    #[cfg(test)]
    pub(super) fn given(auditor: &'a Auditor, given: (Assign, Vec<Vec<Token>>), key: SecretKey) -> Play<'a> {
        let size = Size { sequences: given.1.len(), tokens_max: given.0.sampling.tokens_max };
        let play = Play::new(auditor, size);
        let party = Party { provider: key, ..play.party };
        Play { party, given: Some(given), ..play }
    }

    /// The same, judged by what honest sequences of a class were measured to be.
    pub(super) fn calibrate(&mut self, class: NumericClass, findings: &[Finding]) {
        self.calibration = Calibration {
            class,
            sequences: u32::try_from(findings.len()).expect("so many are not measured"),
            spreads: Spread::of(class, findings),
            ..self.calibration.clone()
        }
        .signed(&self.party.exchange);
    }

    /// How honest ones are spread.
    pub(super) fn spreads(&self) -> &PerStatistic<Spread> {
        &self.calibration.spreads
    }

    /// The prompts of a batch.
    pub(super) fn prompts(&self) -> Result<Vec<Vec<Token>>, Invalid> {
        if let Some((_, prompts)) = &self.given {
            return Ok(prompts.clone());
        }
        let tokenizer = self.auditor.engine().model().tokenizer();
        TEXTS.iter().take(self.size.sequences).map(|text| tokenizer.encode(text)).collect()
    }

    /// What the exchange assigns: batch `number`, with a seed of its own.
    pub(super) fn assign(&self, number: u64, prompts: &[Vec<Token>]) -> Assign {
        let batch = BatchId { epoch: 1, delivery: number / 12, slot: slot(number) };
        match &self.given {
            Some((assign, _)) if number == 0 => return assign.clone(),
            // Another batch of the same delivery.
            Some((assign, _)) => return Assign { batch, seed: batch.digest().0, ..assign.clone() },
            None => {}
        }
        let secrets = secrets(&batch);
        let hashes: Vec<Digest> = prompts.iter().map(|prompt| prompt_hash(&numbers(prompt))).collect();
        let commits_to = |secret: Option<Secret>| secret.expect("both sides have one").hash();
        Assign {
            exchange: self.party.exchange.public(),
            batch,
            provider: self.party.provider.public(),
            taker: self.party.taker.public(),
            model: self.auditor.id(),
            calibration: self.calibration.id(),
            sampling: Sampling {
                temperature_micro: 1_000_000,
                top_k: TOP_K,
                tokens_max: self.size.tokens_max,
            },
            inputs: tree::root(&hashes),
            count: u32::try_from(prompts.len()).expect("a batch is bounded"),
            seed: Secret::of_exchange(&[7; 32], batch.digest()).0,
            meter: Meter::new(1_000, 10_000).expect("a token counts for something"),
            schedule: Schedule {
                begins_ns: BEGINS_NS,
                commit_by_ns: BEGINS_NS + 600 * SECOND_NS,
                open_by_ns: BEGINS_NS + 900 * SECOND_NS,
                final_ns: BEGINS_NS + 4_500 * SECOND_NS,
            },
            rate: AuditRate::START,
            exchange_secret: commits_to(secrets.exchange),
            taker_secret: commits_to(secrets.taker),
            signature: Signature::NONE,
        }
        .signed(&self.party.exchange)
    }

    /// What becomes of a batch whose provider shows these transcripts: committed, drawn, and open where it was drawn.
    pub(super) fn receipt(&self, assign: &Assign, transcripts: &[Transcript]) -> Receipt {
        let Schedule { begins_ns, commit_by_ns, .. } = assign.schedule;
        // A second of each ten minutes: the whole batch is done in half of the time there is.
        let step = (commit_by_ns - begins_ns) / 600;
        let start = |index: u32| begins_ns + u64::from(index) * step;
        let leaf = |(index, transcript): (u32, &Transcript)| {
            Leaf::of(index, transcript, start(index), start(index) + step)
        };
        let commit = Commit {
            assign: assign.id(),
            previous: Digest::NONE,
            root: Digest::NONE,
            prompt_tokens: 0,
            answer_tokens: 0,
            started_ns: begins_ns,
            finished_ns: begins_ns + 300 * step,
            device: Device::new("processor").expect("it is printable"),
            evidence: Digest::NONE,
            signature: Signature::NONE,
        };
        let leaves = (0..).zip(transcripts).map(leaf).collect();
        let unsigned = Receipt::committed(assign.clone(), self.calibration.clone(), commit, leaves);
        let receipt = Receipt { secrets: secrets(&assign.batch), ..unsigned };
        let mut receipt = self.committed(receipt);
        self.open(&mut receipt, transcripts);
        receipt
    }

    /// Commits to the leaves as they are.
    pub(super) fn committed(&self, mut receipt: Receipt) -> Receipt {
        let (prompt_tokens, answer_tokens) = Leaf::totals(&receipt.leaves);
        let commit = Commit { root: receipt.root(), prompt_tokens, answer_tokens, ..receipt.commit };
        receipt.commit = commit.signed(&self.party.provider);
        receipt
    }

    /// Opens what was drawn.
    pub(super) fn open(&self, receipt: &mut Receipt, transcripts: &[Transcript]) {
        let drawn = receipt.audited(Stage::Sample).into_iter();
        let at = |index: u32| transcripts.get(usize::try_from(index).ok()?);
        receipt.open = drawn.filter_map(|index| Some((index, at(index)?.clone()))).collect();
    }

    /// With the verdict of an auditor who found this.
    pub(super) fn judged(&self, mut receipt: Receipt, findings: Vec<Finding>) -> Receipt {
        let auditor = &self.party.auditor;
        let verdict = receipt.verdict_on(Stage::Sample, &findings, auditor.public()).signed(auditor);
        receipt.verdict = Some((verdict, findings));
        receipt
    }

    /// The model on another engine.
    pub(super) fn engine(&self) -> &Engine {
        self.auditor.engine()
    }
}

fn slot(number: u64) -> u32 {
    u32::try_from(number % 12).expect("a remainder of 12 fits")
}

fn secrets(batch: &BatchId) -> Secrets {
    let secret = |node: u8| Some(Secret::of_exchange(&[node; 32], batch.digest()));
    Secrets { exchange: secret(5), taker: secret(6) }
}
