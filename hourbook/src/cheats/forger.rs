//! Forger: every way to show something else than what was computed.

use attestation::assign::Assign;
use attestation::beacon::Secret;
use attestation::check::Consumed;
use attestation::finding::Finding;
use attestation::fingerprint::Distance;
use attestation::key::SecretKey;
use attestation::margin::Margins;
use attestation::rate::AuditRate;
use attestation::receipt::Receipt;
use attestation::transcript::Transcript;
use attestation::verdict::Stage;
use inference::{Alteration, Invalid};

use crate::cheats::Shown;
use crate::cheats::cheat::{Batch, engine};
use crate::cheats::play::Play;

/// An honest receipt, changed.
fn changed(play: &Play<'_>, number: u64, change: impl FnOnce(&mut Receipt)) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let mut receipt = play.receipt(&batch.assign, &batch.compute(play.engine())?);
    change(&mut receipt);
    Ok(Shown { receipt, computed: None })
}

/// An honest receipt of another assignment, which the exchange has signed; the provider commits to it.
fn reassigned(play: &Play<'_>, number: u64, change: impl FnOnce(Assign) -> Assign) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let assign = change(batch.assign.clone()).signed(&play.party.exchange);
    let receipt = play.receipt(&assign, &batch.compute(play.engine())?);
    Ok(Shown { receipt, computed: None })
}

pub(super) fn twice(play: &Play<'_>, number: u64, consumed: &mut Consumed) -> Result<Shown, Invalid> {
    changed(play, number, |receipt| {
        consumed.check(&receipt.assign.batch);
    })
}

pub(super) fn foreign_commitment(play: &Play<'_>, number: u64, _: &mut Consumed) -> Result<Shown, Invalid> {
    let other = changed(play, number + 500, |_| ())?.receipt;
    changed(play, number, |receipt| {
        receipt.commit = other.commit;
        receipt.leaves = other.leaves;
        play.open(receipt, &[]);
    })
}

pub(super) fn foreign_leaves(play: &Play<'_>, number: u64, _: &mut Consumed) -> Result<Shown, Invalid> {
    let other = changed(play, number + 500, |_| ())?.receipt;
    changed(play, number, |receipt| {
        receipt.leaves = other.leaves;
        let root = other.commit.root;
        receipt.commit = play.committed(receipt.clone()).commit;
        receipt.commit.root = root;
        receipt.commit = receipt.commit.clone().signed(&play.party.provider);
        receipt.open = other.open;
    })
}

pub(super) fn forged_commitment(play: &Play<'_>, number: u64, _: &mut Consumed) -> Result<Shown, Invalid> {
    let somebody = SecretKey::from_bytes(&[99; 32]);
    changed(play, number, |receipt| receipt.commit = receipt.commit.clone().signed(&somebody))
}

pub(super) fn changed_assignment(play: &Play<'_>, number: u64, _: &mut Consumed) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let mut assign = batch.assign.clone();
    assign.seed = [0; 32];
    let batch = Batch { assign, ..batch };
    let transcripts = batch.compute(play.engine())?;
    Ok(Shown { receipt: play.receipt(&batch.assign, &transcripts), computed: None })
}

pub(super) fn loosened_calibration(play: &Play<'_>, number: u64, _: &mut Consumed) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let cheap = batch.compute(&engine(play, Alteration::Whole { bits: 4 })?)?;
    let mut receipt = play.receipt(&batch.assign, &cheap);
    for spread in &mut receipt.calibration.spreads {
        (spread.mean, spread.deviation, spread.most) = (100_000_000, 100_000_000, 100_000_000);
    }
    Ok(Shown { receipt, computed: None })
}

pub(super) fn lowered_rate(play: &Play<'_>, number: u64, _: &mut Consumed) -> Result<Shown, Invalid> {
    let rate = AuditRate::new(12_345).expect("it is a rate");
    reassigned(play, number, |assign| Assign { rate, ..assign })
}

pub(super) fn closed(play: &Play<'_>, number: u64, _: &mut Consumed) -> Result<Shown, Invalid> {
    changed(play, number, |receipt| receipt.open.truncate(receipt.open.len() - 1))
}

/// Commits to cheap answers, and shows honest ones where it is asked.
pub(super) fn recomputed(play: &Play<'_>, number: u64, _: &mut Consumed) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let cheap = batch.compute(&engine(play, Alteration::Whole { bits: 4 })?)?;
    let honest = batch.compute(play.engine())?;
    let mut receipt = play.receipt(&batch.assign, &cheap);
    play.open(&mut receipt, &honest);
    Ok(Shown { receipt, computed: None })
}

/// The taker and the provider try secrets until the beacon spares the first sequence.
pub(super) fn chosen_secret(play: &Play<'_>, number: u64, _: &mut Consumed) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let transcripts = batch.compute(play.engine())?;
    let mut receipt = play.receipt(&batch.assign, &transcripts);
    let mut spares_the_first = |byte: u8| {
        receipt.secrets.taker = Some(Secret([byte; 32]));
        receipt.audited(Stage::Sample).first() != Some(&0)
    };
    assert!((0..=u8::MAX).any(&mut spares_the_first), "most beacons do not draw the first");
    play.open(&mut receipt, &transcripts);
    Ok(Shown { receipt, computed: None })
}

pub(super) fn padded_bill(play: &Play<'_>, number: u64, _: &mut Consumed) -> Result<Shown, Invalid> {
    changed(play, number, |receipt| {
        receipt.commit.answer_tokens += 1_000;
        receipt.commit = receipt.commit.clone().signed(&play.party.provider);
    })
}

pub(super) fn left_out(play: &Play<'_>, number: u64, _: &mut Consumed) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let mut transcripts = batch.compute(play.engine())?;
    transcripts.pop();
    Ok(Shown { receipt: play.receipt(&batch.assign, &transcripts), computed: None })
}

pub(super) fn early(play: &Play<'_>, number: u64, _: &mut Consumed) -> Result<Shown, Invalid> {
    changed(play, number, |receipt| {
        receipt.commit.started_ns -= 1;
        receipt.commit = receipt.commit.clone().signed(&play.party.provider);
    })
}

/// The auditor signs what an honest provider would have had.
pub(super) fn bribed(play: &Play<'_>, number: u64, _: &mut Consumed) -> Result<Shown, Invalid> {
    let batch = Batch::new(play, number)?;
    let cheap = batch.compute(&engine(play, Alteration::Whole { bits: 4 })?)?;
    let receipt = play.receipt(&batch.assign, &cheap);
    let findings = invented(&receipt, 0);
    Ok(Shown { receipt: play.judged(receipt, findings), computed: None })
}

/// The auditor signs what a cheat would have had.
pub(super) fn slandered(play: &Play<'_>, number: u64, _: &mut Consumed) -> Result<Shown, Invalid> {
    changed(play, number, |receipt| {
        let findings = invented(receipt, 64);
        *receipt = play.judged(receipt.clone(), findings);
    })
}

/// Findings with so many mismatches, about everything that is open.
fn invented(receipt: &Receipt, mismatches: u32) -> Vec<Finding> {
    let invent = |(index, transcript): &(u32, Transcript)| {
        let tokens = transcript.answer_tokens();
        Finding {
            index: *index,
            distance: Distance { activations: 128, mismatches, ulps: 0 },
            margins: Margins { tokens, equal: tokens, ..Margins::default() },
            has_wrong_end: false,
        }
    };
    receipt.open.iter().map(invent).collect()
}
