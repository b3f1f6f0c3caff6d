//! Assign: what the exchange asks of a provider for one delivery in one slot, and under which rules it is checked.

use crate::beacon::SecretHash;
use crate::digest::Digest;
use crate::domain::Domain;
use crate::key::{PublicKey, Signature};
use crate::layout::{Reader, SEQUENCES, Writer};
use crate::malformed::Malformed;
use crate::metering::Meter;
use crate::rate::AuditRate;

/// The work of one delivery in one slot: an attested batch to be. Signed by the exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assign {
    /// Who signs.
    pub exchange: PublicKey,
    /// Which batch this is.
    pub batch: BatchId,
    /// Who computes it.
    pub provider: PublicKey,
    /// For whom.
    pub taker: PublicKey,
    /// Hash of the model's manifest.
    pub model: Digest,
    /// Hash of the signed [`Calibration`](crate::calibration::Calibration) by which it is judged.
    pub calibration: Digest,
    /// How tokens are chosen.
    pub sampling: Sampling,
    /// Root of the tree of prompts.
    pub inputs: Digest,
    /// How many sequences: 1 to 65,536.
    pub count: u32,
    /// Drawn for this batch alone; the sampler's randomness follows from it.
    pub seed: [u8; 32],
    /// What the work counts for.
    pub meter: Meter,
    /// Until when what must have happened.
    pub schedule: Schedule,
    /// How many of a million sequences are audited.
    pub rate: AuditRate,
    /// Commits the exchange to its half of the beacon.
    pub exchange_secret: SecretHash,
    /// Commits the taker to the other half.
    pub taker_secret: SecretHash,
    /// The exchange's.
    pub signature: Signature,
}

/// Names one batch: no other has this epoch, delivery and slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BatchId {
    /// The journal's epoch.
    pub epoch: u64,
    /// The delivery's number within it.
    pub delivery: u64,
    /// The slot of the delivery, 0 to 11.
    pub slot: u32,
}

/// How tokens are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampling {
    /// Temperature in millionths, at most 10,000,000; 0 takes the likeliest token.
    pub temperature_micro: u32,
    /// Among how many of the likeliest tokens: 1 to 65,536.
    pub top_k: u32,
    /// The longest answer, in tokens: 1 to 131,072.
    pub tokens_max: u32,
}

/// Deadlines in nanoseconds since 1970 UTC, each later than the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The slot begins: nothing may have been computed before.
    pub begins_ns: u64,
    /// The commitment must be journaled.
    pub commit_by_ns: u64,
    /// The audited leaves must be open.
    pub open_by_ns: u64,
    /// The window of disputes closes.
    pub final_ns: u64,
}

/// The slots of a delivery.
pub const SLOTS: u32 = 12;
/// The highest temperature, in millionths.
pub const TEMPERATURE_MICRO_MAX: u32 = 10_000_000;
/// The most tokens the sampler chooses among.
pub const TOP_K_MAX: u32 = 65_536;
/// The longest answer and the longest prompt, in tokens.
pub const TOKENS_MAX: u32 = crate::layout::TOKENS.most;
/// The most sequences of a batch.
pub const SEQUENCES_MAX: u32 = SEQUENCES.most;

signed!(Assign by exchange, "the exchange signs what it assigns");

impl Assign {
    /// How many bytes an assignment takes.
    pub const LEN: usize = 464;

    /// Reads the bytes of one, and nothing else. Whether its signature is right is asked of it.
    pub fn decode(bytes: &[u8]) -> Result<Assign, Malformed> {
        let mut reader = Reader::new("assign", Domain::ASSIGN, bytes)?;
        let assign = Assign {
            exchange: reader.key("exchange")?,
            batch: BatchId::read(&mut reader)?,
            provider: reader.key("provider")?,
            taker: reader.key("taker")?,
            model: reader.digest("model")?,
            calibration: reader.digest("calibration")?,
            sampling: Sampling::read(&mut reader)?,
            inputs: reader.digest("inputs")?,
            count: reader.u32("count")?,
            seed: reader.array("seed")?,
            meter: Meter::read(&mut reader)?,
            schedule: Schedule::read(&mut reader)?,
            rate: AuditRate::read(&mut reader)?,
            exchange_secret: SecretHash(reader.digest("exchange_secret")?),
            taker_secret: SecretHash(reader.digest("taker_secret")?),
            signature: reader.signature()?,
        };
        reader.demand((1..=SEQUENCES_MAX).contains(&assign.count), "count", "1 to 65,536")?;
        reader.end()?;
        Ok(assign)
    }

    fn body(&self) -> Vec<u8> {
        let writer = Writer::new(Domain::ASSIGN).key(&self.exchange);
        let writer = self.batch.write(writer).key(&self.provider).key(&self.taker);
        let writer = writer.digest(self.model).digest(self.calibration);
        let writer = self.sampling.write(writer).digest(self.inputs).u32(self.count).bytes(&self.seed);
        let writer = self.rate.write(self.schedule.write(self.meter.write(writer)));
        writer.digest(self.exchange_secret.0).digest(self.taker_secret.0).done()
    }
}

impl BatchId {
    /// The hash that leaves, beacons and secrets are bound to.
    pub fn digest(&self) -> Digest {
        let parts: [&[u8]; 3] =
            [&self.epoch.to_le_bytes(), &self.delivery.to_le_bytes(), &self.slot.to_le_bytes()];
        Digest::of(Domain::BATCH, &parts)
    }

    fn read(reader: &mut Reader<'_>) -> Result<BatchId, Malformed> {
        let batch = BatchId {
            epoch: reader.u64("epoch")?,
            delivery: reader.u64("delivery")?,
            slot: reader.u32("slot")?,
        };
        reader.demand(batch.slot < SLOTS, "slot", "0 to 11")?;
        Ok(batch)
    }

    fn write(&self, writer: Writer) -> Writer {
        writer.u64(self.epoch).u64(self.delivery).u32(self.slot)
    }
}

impl Sampling {
    fn read(reader: &mut Reader<'_>) -> Result<Sampling, Malformed> {
        let sampling = Sampling {
            temperature_micro: reader.u32("temperature_micro")?,
            top_k: reader.u32("top_k")?,
            tokens_max: reader.u32("tokens_max")?,
        };
        let warm = sampling.temperature_micro <= TEMPERATURE_MICRO_MAX;
        reader.demand(warm, "temperature_micro", "at most 10,000,000")?;
        reader.demand((1..=TOP_K_MAX).contains(&sampling.top_k), "top_k", "1 to 65,536")?;
        reader.demand((1..=TOKENS_MAX).contains(&sampling.tokens_max), "tokens_max", "1 to 131,072")?;
        Ok(sampling)
    }

    fn write(&self, writer: Writer) -> Writer {
        writer.u32(self.temperature_micro).u32(self.top_k).u32(self.tokens_max)
    }
}

impl Schedule {
    fn read(reader: &mut Reader<'_>) -> Result<Schedule, Malformed> {
        let schedule = Schedule {
            begins_ns: reader.u64("begins_ns")?,
            commit_by_ns: reader.u64("commit_by_ns")?,
            open_by_ns: reader.u64("open_by_ns")?,
            final_ns: reader.u64("final_ns")?,
        };
        reader.demand(schedule.begins_ns < schedule.commit_by_ns, "commit_by_ns", "after begins_ns")?;
        reader.demand(schedule.commit_by_ns < schedule.open_by_ns, "open_by_ns", "after commit_by_ns")?;
        reader.demand(schedule.open_by_ns < schedule.final_ns, "final_ns", "after open_by_ns")?;
        Ok(schedule)
    }

    fn write(&self, writer: Writer) -> Writer {
        writer.u64(self.begins_ns).u64(self.commit_by_ns).u64(self.open_by_ns).u64(self.final_ns)
    }
}
