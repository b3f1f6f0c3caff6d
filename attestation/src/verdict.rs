//! Verdict: what an auditor found on one batch, in integers and a hash that anyone can recompute.

use crate::assign::SEQUENCES_MAX;
use crate::calibration::Calibration;
use crate::digest::Digest;
use crate::domain::Domain;
use crate::finding::Finding;
use crate::judgement::{Flags, Judgement};
use crate::key::{PublicKey, Signature};
use crate::layout::{Reader, Writer};
use crate::malformed::Malformed;
use crate::statistic::{PerStatistic, Statistic, VALUE_MAX};

/// What an audit of one batch came to. Signed by the auditor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Who signs.
    pub auditor: PublicKey,
    /// The id of the [`Commit`](crate::commit::Commit).
    pub commit: Digest,
    /// The beacon that drew the sample; [`Digest::NONE`] when the exchange's secret is missing.
    pub beacon: Digest,
    /// Which sequences were looked at.
    pub stage: Stage,
    /// Sequences measured.
    pub measured: u32,
    /// Sequences that were asked for and not opened.
    pub unopened: u32,
    /// What the measured ones come to.
    pub judgement: Judgement,
    /// Over the measured ones, each statistic's sum in its millionths: what the sequential test takes in.
    pub sums: PerStatistic<u64>,
    /// Hash of the findings.
    pub findings: Digest,
    /// The auditor's.
    pub signature: Signature,
}

/// Which sequences an audit looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Those that the beacon drew.
    Sample,
    /// After a flag, the arbiter's: the others, fresh; all again when there are no others.
    Rest,
}

signed!(Verdict by auditor, "the auditor signs what it found");

impl Verdict {
    /// How many bytes a verdict takes.
    pub const LEN: usize = 268;

    /// The verdict on these findings; unsigned. Panics beyond 65,536 of them.
    pub fn of(audit: &Audit<'_>, auditor: PublicKey) -> Verdict {
        Verdict {
            auditor,
            commit: audit.commit,
            beacon: audit.beacon,
            stage: audit.stage,
            measured: u32::try_from(audit.findings.len()).expect("a batch is bounded"),
            unopened: audit.unopened,
            judgement: Judgement::of(audit.findings, audit.calibration),
            sums: Statistic::sums(audit.findings),
            findings: Finding::hash(audit.findings),
            signature: Signature::NONE,
        }
    }

    /// Whether nothing is flagged and everything was opened.
    pub fn is_clean(&self) -> bool {
        self.judgement.is_clean() && self.unopened == 0
    }

    /// Reads the bytes of one, and nothing else. Whether its signature is right is asked of it.
    pub fn decode(bytes: &[u8]) -> Result<Verdict, Malformed> {
        let mut reader = Reader::new("verdict", Domain::VERDICT, bytes)?;
        let verdict = Verdict {
            auditor: reader.key("auditor")?,
            commit: reader.digest("commit")?,
            beacon: reader.digest("beacon")?,
            stage: Stage::read(&mut reader)?,
            measured: reader.u32("measured")?,
            unopened: reader.u32("unopened")?,
            judgement: Judgement {
                sequences: reader.u32("flagged")?,
                batch: Verdict::read_flags(&mut reader)?,
            },
            sums: [reader.u64("sums")?, reader.u64("sums")?, reader.u64("sums")?, reader.u64("sums")?],
            findings: reader.digest("findings")?,
            signature: reader.signature()?,
        };
        let bounded =
            verdict.measured <= SEQUENCES_MAX && verdict.unopened <= SEQUENCES_MAX - verdict.measured;
        reader.demand(bounded, "unopened", "with the measured ones at most 65,536")?;
        let is_part = verdict.judgement.sequences <= verdict.measured;
        reader.demand(is_part, "flagged", "at most the measured ones")?;
        let most = u64::from(verdict.measured) * VALUE_MAX;
        let are_sums = verdict.sums.iter().all(|sum| *sum <= most);
        reader.demand(are_sums, "sums", "at most 127,000,000 for each one measured")?;
        reader.end()?;
        Ok(verdict)
    }

    fn body(&self) -> Vec<u8> {
        let writer = Writer::new(Domain::VERDICT).key(&self.auditor).digest(self.commit).digest(self.beacon);
        let writer = writer.u32(self.stage.number()).u32(self.measured).u32(self.unopened);
        let writer = writer.u32(self.judgement.sequences).u32(self.judgement.batch.bits());
        let writer = self.sums.iter().fold(writer, |writer, sum| writer.u64(*sum));
        writer.digest(self.findings).done()
    }

    fn read_flags(reader: &mut Reader<'_>) -> Result<Flags, Malformed> {
        let bits = reader.u32("batch_flags")?;
        Flags::from_bits(bits).map_or_else(|| reader.refuse("batch_flags", "bits of four statistics"), Ok)
    }
}

/// What a verdict is made of.
#[derive(Clone, Copy, Debug)]
pub struct Audit<'a> {
    /// The id of the commitment.
    pub commit: Digest,
    /// The beacon that drew the sample.
    pub beacon: Digest,
    /// Which sequences were looked at.
    pub stage: Stage,
    /// What was measured, by index.
    pub findings: &'a [Finding],
    /// How many were asked for and not opened.
    pub unopened: u32,
    /// What honest sequences look like.
    pub calibration: &'a Calibration,
}

impl Stage {
    fn number(self) -> u32 {
        match self {
            Stage::Sample => 0,
            Stage::Rest => 1,
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Stage, Malformed> {
        match reader.u32("stage")? {
            0 => Ok(Stage::Sample),
            1 => Ok(Stage::Rest),
            _ => reader.refuse("stage", "0 the sample, 1 the rest"),
        }
    }
}
