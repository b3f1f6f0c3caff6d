//! Check: what is asked of a receipt, one question at a time, each with a name.

use std::collections::BTreeSet;
use std::fmt;

use crate::assign::BatchId;
use crate::finding::Finding;
use crate::judgement::{Flags, Judgement};
use crate::leaf::Leaf;
use crate::receipt::Receipt;
use crate::ruling::Ruling;
use crate::statistic::Statistic;
use crate::verdict::Verdict;

/// A question, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Has this batch been shown only once?
    Once,
    /// Did the exchange sign the assignment?
    AssignSignature,
    /// Is the calibration the one of the assignment, for its model, and signed by the exchange?
    Calibration,
    /// Did the provider that was assigned sign the commitment?
    CommitSignature,
    /// Is the commitment for this assignment?
    Assignment,
    /// Is the rate of audits one that the rules give?
    Rate,
    /// Was the work done after it was assigned, and before it was due?
    Schedule,
    /// Is there one leaf for each sequence, in order?
    Count,
    /// Do the leaves have the root that was committed to?
    Tree,
    /// Are the prompts those that were assigned?
    Inputs,
    /// Do the leaves add up to what was committed to, within the limits?
    Totals,
    /// Are the secrets those that were committed to?
    Secrets,
    /// Is every sequence open that the beacon drew?
    Openings,
    /// Is each open sequence the one of its leaf?
    Transcripts,
    /// Did the auditor sign the verdict?
    VerdictSignature,
    /// Does the verdict follow from its findings, and are they about this batch's sample?
    Verdict,
    /// Did the exchange sign the ruling, and is it about this commitment?
    Ruling,
    /// Is the model at hand the one that was assigned?
    Model,
    /// Does each answer end where it may?
    Length,
    /// Are the tokens those that the model would have chosen?
    Tokens,
    /// Are the fingerprints those of the model?
    Fingerprints,
    /// Are all measured sequences together like honest ones?
    Batch,
    /// Does the verdict say the same as what was measured here?
    Findings,
}

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Yes.
    Passed,
    /// No, because.
    Failed(String),
    /// It was not asked, because.
    Skipped(&'static str),
}

/// A question and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The question.
    pub check: Check,
    /// Its answer.
    pub outcome: Outcome,
}

/// Batches whose receipts have been shown. A batch is consumed once.
#[derive(Clone, Debug, Default)]
pub struct Consumed(BTreeSet<BatchId>);

impl Check {
    /// Its name, as the command line says it.
    pub fn name(self) -> &'static str {
        match self {
            Check::Once => "once",
            Check::AssignSignature => "assign-signature",
            Check::Calibration => "calibration",
            Check::CommitSignature => "commit-signature",
            Check::Assignment => "assignment",
            Check::Rate => "rate",
            Check::Schedule => "schedule",
            Check::Count => "count",
            Check::Tree => "tree",
            Check::Inputs => "inputs",
            Check::Totals => "totals",
            Check::Secrets => "secrets",
            Check::Openings => "openings",
            Check::Transcripts => "transcripts",
            Check::VerdictSignature => "verdict-signature",
            Check::Verdict => "verdict",
            Check::Ruling => "ruling",
            Check::Model => "model",
            Check::Length => "length",
            Check::Tokens => "tokens",
            Check::Fingerprints => "fingerprints",
            Check::Batch => "batch",
            Check::Findings => "findings",
        }
    }
}

impl Checked {
    /// Whether the answer is no.
    pub fn is_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }

    /// A question that was not asked.
    pub fn skipped(check: Check, reason: &'static str) -> Checked {
        Checked { check, outcome: Outcome::Skipped(reason) }
    }

    /// A question whose answer is yes exactly if nothing is against it.
    pub fn unless(check: Check, against: Option<String>) -> Checked {
        Checked { check, outcome: against.map_or(Outcome::Passed, Outcome::Failed) }
    }
}

impl Consumed {
    /// Takes in a batch; fails if it has been shown before.
    pub fn check(&mut self, batch: &BatchId) -> Checked {
        let against = (!self.0.insert(*batch)).then(|| format!("{batch} has been shown before"));
        Checked::unless(Check::Once, against)
    }
}

/// Asks everything that takes no model.
pub fn without_model(receipt: &Receipt) -> Vec<Checked> {
    let Receipt { assign, calibration, commit, .. } = receipt;
    let is_calibration = calibration.id() == assign.calibration
        && calibration.model == assign.model
        && calibration.exchange == assign.exchange
        && calibration.is_signed();
    let mut checked = vec![
        yes(Check::AssignSignature, assign.is_signed(), "the exchange has not signed this assignment"),
        yes(Check::Calibration, is_calibration, "it is not the exchange's for this assignment and its model"),
        yes(
            Check::CommitSignature,
            commit.is_signed_by(&assign.provider),
            "the provider has not signed this commitment",
        ),
        yes(Check::Assignment, commit.assign == assign.id(), "the commitment is for another assignment"),
        yes(Check::Rate, assign.rate.is_by_the_rule(), "no provider has this rate"),
        Checked::unless(Check::Schedule, against_schedule(receipt)),
        Checked::unless(Check::Count, against_count(receipt)),
        yes(Check::Tree, receipt.root() == commit.root, "the leaves have another root than the commitment"),
        yes(Check::Inputs, receipt.inputs() == assign.inputs, "the prompts are not those that were assigned"),
        Checked::unless(Check::Totals, against_totals(receipt)),
        Checked::unless(Check::Secrets, against_secrets(receipt)),
        Checked::unless(Check::Openings, against_openings(receipt)),
        Checked::unless(Check::Transcripts, against_transcripts(receipt)),
    ];
    checked.extend(of_verdict(receipt));
    checked.extend(receipt.ruling.as_ref().map(|ruling| of_ruling(receipt, ruling)));
    checked
}

fn of_verdict(receipt: &Receipt) -> [Checked; 2] {
    let Some((verdict, findings)) = &receipt.verdict else {
        return [Check::VerdictSignature, Check::Verdict]
            .map(|check| Checked::skipped(check, no_verdict(receipt)));
    };
    [
        yes(Check::VerdictSignature, verdict.is_signed(), "the auditor has not signed this verdict"),
        Checked::unless(Check::Verdict, against_verdict(receipt, verdict, findings)),
    ]
}

/// Asked only where there is one: most batches need none.
fn of_ruling(receipt: &Receipt, ruling: &Ruling) -> Checked {
    let is_its = ruling.exchange == receipt.assign.exchange && ruling.commit == receipt.commit.id();
    yes(Check::Ruling, is_its && ruling.is_signed(), "it is not the exchange's, about this commitment")
}

fn no_verdict(receipt: &Receipt) -> &'static str {
    match receipt.ruling {
        None => "there is no verdict yet",
        Some(_) => "no auditor gave one: the arbiter ruled",
    }
}

/// Asks what takes the model: judges what was measured with it, by index.
pub fn with_model(receipt: &Receipt, findings: &[Finding]) -> Vec<Checked> {
    let calibration = &receipt.calibration;
    let first_of = |is_against: &dyn Fn(&Finding) -> Option<String>| findings.iter().find_map(is_against);
    let flagged = |of_fingerprints: bool| {
        first_of(&|finding| {
            let flags = Flags::of_sequence(finding, calibration);
            let is_flagged = |statistic: &Statistic| {
                statistic.is_of_fingerprints() == of_fingerprints && flags.has(*statistic)
            };
            let statistic = Statistic::ALL.into_iter().find(is_flagged)?;
            let (value, index) = (statistic.of(finding), finding.index);
            Some(format!("sequence {index} has {} {value}: more than any honest one", statistic.name()))
        })
    };
    let misended = first_of(&|finding| {
        finding.has_wrong_end.then(|| format!("sequence {} ends elsewhere than it may", finding.index))
    });
    vec![
        Checked::unless(Check::Length, misended),
        Checked::unless(Check::Tokens, flagged(false)),
        Checked::unless(Check::Fingerprints, flagged(true)),
        Checked::unless(Check::Batch, against_batch(receipt, findings)),
        agreement(receipt, findings),
    ]
}

fn yes(check: Check, holds: bool, otherwise: &str) -> Checked {
    Checked::unless(check, (!holds).then(|| otherwise.to_owned()))
}

fn against_schedule(receipt: &Receipt) -> Option<String> {
    let (schedule, commit) = (&receipt.assign.schedule, &receipt.commit);
    if commit.started_ns < schedule.begins_ns {
        return Some("it was begun before it was assigned".to_owned());
    }
    if schedule.commit_by_ns < commit.finished_ns {
        return Some("it was done after it was due".to_owned());
    }
    let is_outside =
        |leaf: &&Leaf| leaf.started_ns < commit.started_ns || commit.finished_ns < leaf.finished_ns;
    let leaf = receipt.leaves.iter().find(is_outside)?;
    Some(format!("sequence {} was not computed within the time that was committed to", leaf.index))
}

fn against_count(receipt: &Receipt) -> Option<String> {
    let (count, assigned) = (receipt.leaves.len(), receipt.assign.count);
    if u32::try_from(count) != Ok(assigned) {
        return Some(format!("there are {count} leaves for {assigned} sequences"));
    }
    let misplaced = (0..).zip(&receipt.leaves).find(|(place, leaf)| *place != leaf.index);
    misplaced.map(|(place, leaf)| format!("leaf {place} is of sequence {}", leaf.index))
}

fn against_totals(receipt: &Receipt) -> Option<String> {
    let (prompt_tokens, answer_tokens) = Leaf::totals(&receipt.leaves);
    if prompt_tokens != receipt.commit.prompt_tokens {
        return Some("prompts have other tokens than were committed to".to_owned());
    }
    if answer_tokens != receipt.commit.answer_tokens {
        return Some("answers have other tokens than were committed to".to_owned());
    }
    let most = receipt.assign.sampling.tokens_max;
    let longer = receipt.leaves.iter().find(|leaf| most < leaf.answer_tokens)?;
    Some(format!("the answer of sequence {} is longer than was asked", longer.index))
}

fn against_secrets(receipt: &Receipt) -> Option<String> {
    let (assign, secrets) = (&receipt.assign, &receipt.secrets);
    if secrets.exchange.is_some_and(|secret| secret.hash() != assign.exchange_secret) {
        return Some("the exchange's is not the one it committed to".to_owned());
    }
    if secrets.taker.is_some_and(|secret| secret.hash() != assign.taker_secret) {
        return Some("the taker's is not the one it committed to".to_owned());
    }
    None
}

fn against_openings(receipt: &Receipt) -> Option<String> {
    let drawn = receipt.audited(crate::verdict::Stage::Sample);
    let closed: Vec<u32> =
        drawn.iter().copied().filter(|index| receipt.transcript(*index).is_none()).collect();
    let first = closed.first()?;
    Some(format!(
        "{} of {} sequences that were drawn are not open, {first} the first",
        closed.len(),
        drawn.len()
    ))
}

fn against_transcripts(receipt: &Receipt) -> Option<String> {
    receipt.open.iter().find_map(|(index, transcript)| {
        let leaf = usize::try_from(*index).ok().and_then(|place| receipt.leaves.get(place));
        let Some(leaf) = leaf else {
            return Some(format!("sequence {index} is open and has no leaf"));
        };
        let is_its = Leaf::of(leaf.index, transcript, leaf.started_ns, leaf.finished_ns) == *leaf;
        (!is_its).then(|| format!("what is open of sequence {index} is not what was committed to"))
    })
}

fn against_verdict(receipt: &Receipt, verdict: &Verdict, findings: &[Finding]) -> Option<String> {
    let audited = receipt.audited(verdict.stage);
    let measured: Vec<u32> = findings.iter().map(|finding| finding.index).collect();
    if !measured.is_sorted_by(|left, right| left < right)
        || !measured.iter().all(|index| audited.binary_search(index).is_ok())
    {
        return Some("it measures sequences that were not drawn, or one twice".to_owned());
    }
    let follows = receipt.verdict_on(verdict.stage, findings, verdict.auditor);
    let follows = Verdict { signature: verdict.signature, ..follows };
    (follows != *verdict).then(|| "it does not follow from its findings on this commitment".to_owned())
}

fn against_batch(receipt: &Receipt, findings: &[Finding]) -> Option<String> {
    let flags = Flags::of_batch(findings, &receipt.calibration);
    let statistic = Statistic::ALL.into_iter().find(|statistic| flags.has(*statistic))?;
    let count = findings.len();
    Some(format!("{} of {count} sequences together: beyond nine deviations of honest ones", statistic.name()))
}

fn agreement(receipt: &Receipt, findings: &[Finding]) -> Checked {
    let Some((verdict, _)) = &receipt.verdict else {
        return Checked::skipped(Check::Findings, no_verdict(receipt));
    };
    let audited = receipt.audited(verdict.stage);
    let ours: Vec<Finding> =
        findings.iter().filter(|finding| audited.binary_search(&finding.index).is_ok()).copied().collect();
    let is_clean = Judgement::of(&ours, &receipt.calibration).is_clean();
    let word = |is_clean: bool| if is_clean { "clean" } else { "flagged" };
    let against = (is_clean != verdict.judgement.is_clean()).then(|| {
        let [theirs, ours] = [verdict.judgement.is_clean(), is_clean].map(word);
        format!("the verdict says {theirs}, what was measured here says {ours}")
    });
    Checked::unless(Check::Findings, against)
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "slot {} of delivery {} (epoch {})", self.slot, self.delivery, self.epoch)
    }
}
