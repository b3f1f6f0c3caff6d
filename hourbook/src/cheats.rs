//! Cheats: providers who cheat, each in a way of its own, and honest ones, before the same auditor.
//!
//! Batches are assigned, computed, committed, drawn and opened as in a delivery, and their receipts are asked what
//! `hourbook receipt verify` asks. Everything follows from fixed seeds, so a model gives the same report on every machine.

mod cheat;
mod forger;
mod honest;
mod play;
mod provider;
#[cfg(test)]
mod wire;

use std::sync::Arc;

use attestation::calibration::{NumericClass, Spread};
use attestation::check::{Check, Checked, Consumed};
use attestation::finding::Finding;
use attestation::judgement::Flags;
use attestation::receipt::Receipt;
use attestation::statistic::Statistic;
use attestation::transcript::Transcript;
use inference::{Alteration, Invalid};
use serde::Serialize;

use crate::auditor::{Auditor, Extent, check};
use crate::cheats::cheat::{CHEATS, Cheat};
use crate::cheats::honest::{Shape, judge, measure_honest};
use crate::cheats::play::{Play, Size};

/// Batches in which a provider cheats before he counts as not caught.
const BATCHES_MAX: u32 = 8;

/// How much is played.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    /// Sequences of a batch, 2 to 16.
    pub(crate) sequences: usize,
    /// Tokens of an answer.
    pub(crate) tokens_max: u32,
    /// Batches from which honest noise is measured.
    pub(crate) calibrating: u32,
    /// Honest batches that are judged.
    pub(crate) honest: u32,
    /// Whether anybody cheats.
    pub(crate) with_cheats: bool,
}

/// What became of everybody.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// Ways to cheat.
    pub(crate) cheats: usize,
    /// Those that a check caught.
    pub(crate) caught: usize,
    /// Honest batches.
    pub(crate) honest: u32,
    /// Those that a check failed for.
    pub(crate) flagged: u32,
    /// What honest sequences of another kernel may be, by statistic: as measured, with room for accidents of rounding.
    pub(crate) calibration: Vec<Measured>,
    /// Each way.
    pub(crate) table: Vec<Row>,
}

/// How one statistic is spread among honest sequences, in millionths.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    pub(crate) statistic: &'static str,
    pub(crate) mean: u64,
    pub(crate) deviation: u64,
    pub(crate) most: u64,
}

/// A way to cheat, and what became of it.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) cheat: &'static str,
    /// The check that failed first; absent when none did.
    pub(crate) caught_by: Option<&'static str>,
    /// How many batches it took.
    pub(crate) batches: u32,
    /// Every other check that failed.
    pub(crate) also: Vec<&'static str>,
    /// What was measured over all sequences; absent where nothing was computed in another way.
    pub(crate) measured: Option<Numbers>,
}

/// Means over all sequences of a batch.
#[derive(Debug, Serialize)]
pub(crate) struct Numbers {
    /// Activations that do not match, in parts per million.
    pub(crate) mismatches_ppm: u64,
    /// Distance of those that match, in millionths of a unit of the last place.
    pub(crate) ulps_micro: u64,
    /// Margin of a token, in micro-nats.
    pub(crate) margin_micronats: u64,
    /// Tokens that are equal, in parts per million.
    pub(crate) equal_ppm: u64,
    /// Sequences that flag by themselves.
    pub(crate) flagged: usize,
    /// Of so many.
    pub(crate) sequences: usize,
}

/// What a provider shows of a batch.
pub(crate) struct Shown {
    pub(crate) receipt: Receipt,
    /// What it committed to, where a model computed something; to measure all of it, drawn or not.
    pub(crate) computed: Option<Vec<Transcript>>,
}

/// Plays everything. `tell` is told how far it is.
pub(crate) fn play(auditor: &Auditor, scope: &Scope, tell: &mut dyn FnMut(&str)) -> Result<Report, Invalid> {
    let size = Size { sequences: scope.sequences, tokens_max: scope.tokens_max };
    let exact = Play::new(auditor, size);
    let mut tolerant = Play::new(auditor, size);
    let reordered = Arc::new(auditor.again().altered(Alteration::Reordered)?);
    tell("measuring honest noise");
    let noise = measure_honest(&exact, &auditor.engine().on(reordered.clone()), scope.calibrating)?;
    tolerant.calibrate(NumericClass::F32, &noise);
    let mut table = Vec::new();
    let cheats = if scope.with_cheats { &CHEATS[..] } else { &[] };
    for (number, (cheat, cheated)) in (1_000..).step_by(1_000).zip(cheats) {
        tell(cheat);
        table.push(row(&tolerant, cheat, *cheated, number)?);
    }
    let mut flagged = 0;
    for number in 0..scope.honest {
        if number.is_multiple_of(20) {
            tell(&format!("honest batch {number} of {}", scope.honest));
        }
        let (play, model) =
            if number.is_multiple_of(2) { (&exact, auditor.model()) } else { (&tolerant, &reordered) };
        flagged += u32::from(!judge(play, model, Shape::of(number))?);
    }
    Ok(Report {
        cheats: table.len(),
        caught: table.iter().filter(|row| row.caught_by.is_some()).count(),
        honest: scope.honest,
        flagged,
        calibration: Statistic::ALL.into_iter().zip(tolerant.spreads()).map(Measured::of).collect(),
        table,
    })
}

impl Measured {
    fn of((statistic, spread): (Statistic, &Spread)) -> Measured {
        let Spread { mean, deviation, most } = *spread;
        Measured { statistic: statistic.name(), mean, deviation, most }
    }
}

/// Batch after batch, until a check fails. What is measured is the first.
fn row(play: &Play<'_>, cheat: &'static str, cheated: Cheat, number: u64) -> Result<Row, Invalid> {
    let (mut measured, mut names) = (None, Vec::new());
    let mut batches = 0;
    while names.is_empty() && batches < BATCHES_MAX {
        let mut consumed = Consumed::default();
        let shown = cheated(play, number + u64::from(batches), &mut consumed)?;
        let failed = failed(&check(&shown.receipt, &mut consumed, Some(play.auditor), Extent::Drawn));
        names = failed.into_iter().map(Check::name).collect();
        let measure = |transcripts: Vec<Transcript>| numbers(play, &shown.receipt, &transcripts);
        measured = measured.or_else(|| shown.computed.map(measure));
        batches += 1;
    }
    let (caught_by, also) = (names.first().copied(), names.into_iter().skip(1).collect());
    Ok(Row { cheat, caught_by, batches, also, measured })
}

/// The checks that failed, in the order in which they are asked.
fn failed(checked: &[Checked]) -> Vec<Check> {
    checked.iter().filter(|checked| checked.is_failed()).map(|checked| checked.check).collect()
}

/// Measures all that was computed, whatever was drawn.
fn numbers(play: &Play<'_>, receipt: &Receipt, transcripts: &[Transcript]) -> Numbers {
    let measure = |(index, transcript): (u32, &Transcript)| {
        play.auditor.measure(&receipt.assign, index, transcript).expect("a cheat shows tokens of the model")
    };
    let findings: Vec<Finding> = (0..).zip(transcripts).map(measure).collect();
    let sum = |number: fn(&Finding) -> u64| -> u64 { findings.iter().map(number).sum() };
    let activations = sum(|finding| u64::from(finding.distance.activations));
    let matches = activations - sum(|finding| u64::from(finding.distance.mismatches));
    let tokens = sum(|finding| u64::from(finding.margins.tokens));
    let is_flagged = |finding: &&Finding| {
        let alone = Flags::of_sequence(finding, &play.calibration);
        finding.has_wrong_end || alone.any()
    };
    let mean = |sum: u64, count: u64| (sum * 1_000_000).checked_div(count).unwrap_or_default();
    Numbers {
        mismatches_ppm: mean(activations - matches, activations),
        ulps_micro: mean(sum(|finding| finding.distance.ulps), matches),
        margin_micronats: sum(|finding| finding.margins.micronats) / tokens,
        equal_ppm: mean(sum(|finding| u64::from(finding.margins.equal)), tokens),
        flagged: findings.iter().filter(is_flagged).count(),
        sequences: findings.len(),
    }
}
