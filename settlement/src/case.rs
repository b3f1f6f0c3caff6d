//! Case: what was shown of one slot so far: the commitment, then the sample, the openings and a verdict, and what is not of the
//! sample once the arbiter asks for it.
//!
//! Every step asks all that can be asked without the model, so that whoever audits or keeps a receipt finds nothing wrong but what
//! the model alone can tell.

use attestation::assign::Assign;
use attestation::beacon::{Secret, SecretHash, Secrets};
use attestation::calibration::Calibration;
use attestation::check::{Check, Outcome, without_model};
use attestation::commit::Commit;
use attestation::digest::Digest;
use attestation::finding::Finding;
use attestation::key::PublicKey;
use attestation::leaf::Leaf;
use attestation::opening::Opening;
use attestation::receipt::Receipt;
use attestation::verdict::{Stage, Verdict};

use crate::refusal::Refusal;

/// A receipt of an assignment and the commitment to it, with all its leaves.
///
/// # Errors
/// When anything of it does not fit.
pub fn committed(
    (assign, calibration): (Assign, Calibration),
    commit: &[u8],
    leaves: &[impl AsRef<[u8]>],
) -> Result<Receipt, Refusal> {
    let commit = Commit::decode(commit)?;
    let leaves = leaves.iter().map(|leaf| Leaf::decode(leaf.as_ref()));
    let leaves = leaves.collect::<Result<Vec<Leaf>, _>>()?;
    let receipt = Receipt::committed(assign, calibration, commit, leaves);
    if receipt.leaves.is_empty() {
        let why = "there are no leaves: one for each sequence".to_owned();
        return Err(Refusal::Failed { check: Check::Count, why });
    }
    // Nothing is drawn yet, so nothing has to be open.
    check(&receipt, |asked| asked != Check::Openings)?;
    Ok(receipt)
}

/// Whether the sample waits for the taker's half of the beacon: the taker has committed to one, and nothing is drawn yet.
pub fn awaits_taker(receipt: &Receipt) -> bool {
    receipt.secrets.exchange.is_none() && receipt.assign.taker_secret != SecretHash(Digest::NONE)
}

/// Whether the taker had a half of the beacon, and the sample was drawn without it: who did not show it may not dispute.
pub fn drawn_without_taker(receipt: &Receipt) -> bool {
    let Secrets { exchange, taker } = receipt.secrets;
    exchange.is_some() && taker.is_none() && receipt.assign.taker_secret != SecretHash(Digest::NONE)
}

/// Checks what a taker shows as its half of the beacon.
///
/// # Errors
/// When it is not the one that the taker committed to.
pub fn check_taker_secret(receipt: &Receipt, secret: Secret) -> Result<(), Refusal> {
    if secret.hash() == receipt.assign.taker_secret {
        return Ok(());
    }
    let why = "the taker's is not the one it committed to".to_owned();
    Err(Refusal::Failed { check: Check::Secrets, why })
}

/// The same once the secrets are shown: its sample is drawn.
pub fn drawn(receipt: Receipt, secrets: Secrets) -> Receipt {
    Receipt { secrets, ..receipt }
}

/// The same with these sequences open, of those that a stage looks at.
///
/// # Errors
/// When one is not of the stage, or is not what was committed to.
pub fn opened(mut receipt: Receipt, stage: Stage, openings: &[impl AsRef<[u8]>]) -> Result<Receipt, Refusal> {
    let sample = receipt.audited(stage);
    let (batch, count) = (receipt.assign.batch, receipt.assign.count);
    for opening in openings {
        let opening = Opening::decode(opening.as_ref())?;
        let sequence = opening.leaf.index;
        if sample.binary_search(&sequence).is_err() {
            return Err(Refusal::NotDrawn { sequence });
        }
        let is_of_commit = opening.commit == receipt.commit.id();
        if !is_of_commit || opening.root(&batch, count) != Some(receipt.commit.root) {
            return Err(Refusal::Foreign { sequence });
        }
        match receipt.open.binary_search_by_key(&sequence, |(index, _)| *index) {
            Ok(place) => receipt.open[place].1 = opening.transcript,
            Err(place) => receipt.open.insert(place, (sequence, opening.transcript)),
        }
    }
    Ok(receipt)
}

/// How many of the sequences that a stage looks at are not open.
pub fn closed(receipt: &Receipt, stage: Stage) -> usize {
    receipt.audited(stage).into_iter().filter(|index| receipt.transcript(*index).is_none()).count()
}

/// The same with what an auditor with this key found.
///
/// # Errors
/// When the verdict does not follow from its findings, or is another's.
pub fn judged(
    receipt: Receipt,
    auditor: &PublicKey,
    (verdict, findings): (&[u8], &[impl AsRef<[u8]>]),
) -> Result<Receipt, Refusal> {
    let verdict = Verdict::decode(verdict)?;
    if verdict.auditor != *auditor {
        return Err(Refusal::OtherKey);
    }
    let findings = findings.iter().map(|finding| Finding::decode(finding.as_ref()));
    let findings = findings.collect::<Result<Vec<Finding>, _>>()?;
    let receipt = Receipt { verdict: Some((verdict, findings)), ..receipt };
    check(&receipt, |_| true)?;
    Ok(receipt)
}

fn check(receipt: &Receipt, is_asked: impl Fn(Check) -> bool) -> Result<(), Refusal> {
    for checked in without_model(receipt) {
        match checked.outcome {
            Outcome::Failed(why) if is_asked(checked.check) => {
                return Err(Refusal::Failed { check: checked.check, why });
            }
            _ => {}
        }
    }
    Ok(())
}
