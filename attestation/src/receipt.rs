//! Receipt: everything that a taker keeps of one batch, so that anyone can check it, offline, for good.

use crate::assign::Assign;
use crate::beacon::{Beacon, Secret, Secrets};
use crate::calibration::Calibration;
use crate::commit::Commit;
use crate::digest::Digest;
use crate::domain::Domain;
use crate::finding::Finding;
use crate::key::PublicKey;
use crate::layout::{Reader, SEQUENCES, Writer};
use crate::leaf::Leaf;
use crate::malformed::Malformed;
use crate::ruling::Ruling;
use crate::sample::{rest, sample};
use crate::transcript::Transcript;
use crate::tree;
use crate::verdict::{Audit, Stage, Verdict};

/// The bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// What was asked.
    pub assign: Assign,
    /// By what it is judged.
    pub calibration: Calibration,
    /// What the provider swore to.
    pub commit: Commit,
    /// What was shown of the beacon.
    pub secrets: Secrets,
    /// All leaves, so that the whole tree can be computed again.
    pub leaves: Vec<Leaf>,
    /// The open sequences, in ascending order of index: at least those that the beacon drew, if the provider is honest.
    pub open: Vec<(u32, Transcript)>,
    /// What an auditor found; absent before the audit.
    pub verdict: Option<(Verdict, Vec<Finding>)>,
    /// How the exchange's arbiter decided it; absent where nobody asked it, or it has not answered.
    pub ruling: Option<Ruling>,
}

/// The bit of a number that says whether a verdict follows.
const HAS_VERDICT: u32 = 1;
/// The bit that says whether a ruling does.
const HAS_RULING: u32 = 2;

impl Receipt {
    /// What is shown when a provider has committed: nothing is drawn, open or decided yet.
    pub fn committed(assign: Assign, calibration: Calibration, commit: Commit, leaves: Vec<Leaf>) -> Receipt {
        let secrets = Secrets { exchange: None, taker: None };
        Receipt {
            assign,
            calibration,
            commit,
            secrets,
            leaves,
            open: Vec::new(),
            verdict: None,
            ruling: None,
        }
    }

    /// Reads the bytes of one, and nothing else. Whether its parts are true and fit together is checked elsewhere.
    pub fn decode(bytes: &[u8]) -> Result<Receipt, Malformed> {
        let mut reader = Reader::new("receipt", Domain::RECEIPT, bytes)?;
        let mut receipt = Receipt {
            assign: Assign::decode(reader.slice(Assign::LEN, "assign")?)?,
            calibration: Calibration::decode(reader.slice(Calibration::LEN, "calibration")?)?,
            commit: Commit::decode(reader.slice(Commit::LEN, "commit")?)?,
            secrets: Secrets { exchange: read_secret(&mut reader)?, taker: read_secret(&mut reader)? },
            leaves: read_leaves(&mut reader)?,
            open: read_open(&mut reader)?,
            verdict: None,
            ruling: None,
        };
        let parts = reader.u32("verdict")?;
        let rule = "0 for absent, 1 a verdict with its findings, 2 a ruling, 3 both";
        reader.demand(parts <= (HAS_VERDICT | HAS_RULING), "verdict", rule)?;
        if parts & HAS_VERDICT != 0 {
            receipt.verdict = Some(read_verdict(&mut reader)?);
        }
        if parts & HAS_RULING != 0 {
            receipt.ruling = Some(Ruling::decode(reader.slice(Ruling::LEN, "ruling")?)?);
        }
        reader.end()?;
        Ok(receipt)
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let writer = Writer::new(Domain::RECEIPT);
        let writer = writer.bytes(&self.assign.encode()).bytes(&self.calibration.encode());
        let writer = writer.bytes(&self.commit.encode());
        let writer = write_secret(write_secret(writer, self.secrets.exchange), self.secrets.taker);
        let writer = writer.count(self.leaves.len());
        let writer = self.leaves.iter().fold(writer, |writer, leaf| writer.bytes(&leaf.encode()));
        let writer = writer.count(self.open.len());
        let writer =
            self.open.iter().fold(writer, |writer, (index, transcript)| transcript.write(writer.u32(*index)));
        let parts = (HAS_VERDICT * u32::from(self.verdict.is_some()))
            | (HAS_RULING * u32::from(self.ruling.is_some()));
        let mut writer = writer.u32(parts);
        if let Some((verdict, findings)) = &self.verdict {
            writer = writer.bytes(&verdict.encode()).count(findings.len());
            writer = findings.iter().fold(writer, |writer, finding| writer.bytes(&finding.encode()));
        }
        if let Some(ruling) = &self.ruling {
            writer = writer.bytes(&ruling.encode());
        }
        writer.done()
    }

    /// The open sequence of this index.
    pub fn transcript(&self, index: u32) -> Option<&Transcript> {
        let place = self.open.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        self.open.get(place).map(|(_, transcript)| transcript)
    }

    /// What follows from the secrets that were shown, for this batch and root.
    pub fn beacon(&self) -> Beacon {
        Beacon::of(&self.secrets, self.assign.batch.digest(), self.commit.root)
    }

    /// The sequences that an audit of this stage looks at.
    pub fn audited(&self, stage: Stage) -> Vec<u32> {
        let drawn = sample(&self.beacon(), self.assign.rate, self.assign.count);
        match stage {
            Stage::Sample => drawn,
            Stage::Rest => rest(&drawn, self.assign.count),
        }
    }

    /// The verdict of an auditor who measured this of the sequences that a stage looks at; unsigned. What is drawn and not
    /// measured counts as unopened.
    pub fn verdict_on(&self, stage: Stage, findings: &[Finding], auditor: PublicKey) -> Verdict {
        let unopened = self.audited(stage).len().saturating_sub(findings.len());
        let audit = Audit {
            commit: self.commit.id(),
            beacon: self.beacon().digest(),
            stage,
            findings,
            unopened: u32::try_from(unopened).expect("a batch is bounded"),
            calibration: &self.calibration,
        };
        Verdict::of(&audit, auditor)
    }

    /// The root that the leaves have.
    pub fn root(&self) -> Digest {
        tree::root(&Leaf::hashes(&self.leaves, &self.assign.batch))
    }

    /// The root that the prompts have.
    pub fn inputs(&self) -> Digest {
        let hashes: Vec<Digest> = self.leaves.iter().map(|leaf| leaf.prompt).collect();
        tree::root(&hashes)
    }
}

fn read_secret(reader: &mut Reader<'_>) -> Result<Option<Secret>, Malformed> {
    match reader.u32("secrets")? {
        0 => Ok(None),
        1 => Ok(Some(Secret(reader.array("secrets")?))),
        _ => reader.refuse("secrets", "0 for missing, or 1 and 32 bytes"),
    }
}

fn write_secret(writer: Writer, secret: Option<Secret>) -> Writer {
    match secret {
        None => writer.u32(0),
        Some(secret) => writer.u32(1).bytes(&secret.0),
    }
}

fn read_leaves(reader: &mut Reader<'_>) -> Result<Vec<Leaf>, Malformed> {
    let leaves = reader.list("leaves", Leaf::LEN, SEQUENCES)?;
    let leaves = leaves.map(Leaf::decode).collect::<Result<Vec<Leaf>, Malformed>>()?;
    reader.demand(!leaves.is_empty(), "leaves", "at least 1")?;
    Ok(leaves)
}

fn read_open(reader: &mut Reader<'_>) -> Result<Vec<(u32, Transcript)>, Malformed> {
    let count = reader.u32("open")?;
    reader.demand(count <= SEQUENCES.most, "open", SEQUENCES.rule)?;
    let mut open: Vec<(u32, Transcript)> = Vec::new();
    for _ in 0..count {
        let index = reader.u32("open")?;
        let is_next = open.last().is_none_or(|(last, _)| *last < index);
        reader.demand(is_next, "open", "in ascending order of index")?;
        open.push((index, Transcript::read(reader)?));
    }
    Ok(open)
}

fn read_verdict(reader: &mut Reader<'_>) -> Result<(Verdict, Vec<Finding>), Malformed> {
    let verdict = Verdict::decode(reader.slice(Verdict::LEN, "verdict")?)?;
    let findings = reader.list("findings", Finding::LEN, SEQUENCES)?;
    Ok((verdict, findings.map(Finding::decode).collect::<Result<_, _>>()?))
}
