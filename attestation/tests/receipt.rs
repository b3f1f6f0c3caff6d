//! Receipt: what is asked of one, and that each question fails for its own reason.

#![allow(clippy::unwrap_used, reason = "a test")]

mod fixture;

use attestation::assign::{Assign, BatchId, Schedule};
use attestation::beacon::{Secret, Secrets};
use attestation::calibration::Calibration;
use attestation::check::{Check, Checked, Consumed, Outcome, with_model, without_model};
use attestation::commit::Commit;
use attestation::digest::Digest;
use attestation::finding::Finding;
use attestation::fingerprint::Distance;
use attestation::key::{SecretKey, Signature};
use attestation::margin::Margins;
use attestation::opening::Opening;
use attestation::rate::AuditRate;
use attestation::receipt::Receipt;
use attestation::ruling::{Ruled, Ruling};
use attestation::transcript::Transcript;
use attestation::tree;
use attestation::verdict::{Stage, Verdict};
use fixture::{SECOND, audited, auditor, batch, commit, exchange, finding, provider, receipt, ruling};

fn failed(checked: &[Checked]) -> Vec<Check> {
    checked.iter().filter(|checked| checked.is_failed()).map(|checked| checked.check).collect()
}

/// What fails once `spoil` has changed the honest receipt.
fn failed_after(spoil: impl FnOnce(&mut Receipt)) -> Vec<Check> {
    let mut receipt = receipt();
    spoil(&mut receipt);
    failed(&without_model(&receipt))
}

/// The same, with commitment and verdict signed again, as a provider who cheats would.
fn failed_after_signing(spoil: impl FnOnce(&mut Receipt)) -> Vec<Check> {
    let mut receipt = receipt();
    spoil(&mut receipt);
    receipt.commit = receipt.commit.signed(&provider());
    failed(&without_model(&audited(receipt)))
}

fn reassigned(change: impl FnOnce(Assign) -> Assign) -> Vec<Check> {
    failed_after_signing(|receipt| {
        receipt.assign = change(receipt.assign.clone()).signed(&exchange());
        receipt.commit.assign = receipt.assign.id();
    })
}

#[test]
fn honest_receipt_passes() {
    let receipt = receipt();
    let checked = without_model(&receipt);
    assert!(checked.iter().all(|checked| checked.outcome == Outcome::Passed), "{checked:?}");
    assert_eq!(Receipt::decode(&receipt.encode()), Ok(receipt.clone()));
    let findings: Vec<Finding> = receipt.audited(Stage::Sample).into_iter().map(finding).collect();
    assert_eq!(failed(&with_model(&receipt, &findings)), []);
}

#[test]
fn receipt_without_verdict_says_so() {
    let receipt = Receipt { verdict: None, ..receipt() };
    let skipped: Vec<Check> = without_model(&receipt)
        .into_iter()
        .filter(|checked| matches!(checked.outcome, Outcome::Skipped(_)))
        .map(|checked| checked.check)
        .collect();
    assert_eq!(skipped, [Check::VerdictSignature, Check::Verdict]);
    assert_eq!(Receipt::decode(&receipt.encode()), Ok(receipt));
}

#[test]
fn ruling_stands_in_for_a_verdict_and_is_the_exchanges_about_this_commitment() {
    let ruled = |ruling| Receipt { verdict: None, ruling: Some(ruling), ..receipt() };
    let sound = ruled(ruling());
    assert_eq!(Receipt::decode(&sound.encode()), Ok(sound.clone()));
    let checked = without_model(&sound);
    assert_eq!(checked.last().unwrap(), &Checked { check: Check::Ruling, outcome: Outcome::Passed });
    let skipped =
        |checked: &&Checked| checked.outcome == Outcome::Skipped("no auditor gave one: the arbiter ruled");
    assert_eq!(checked.iter().filter(skipped).count(), 2, "{checked:?}");
    let both = Receipt { ruling: Some(ruling()), ..receipt() };
    assert_eq!(Receipt::decode(&both.encode()), Ok(both.clone()));
    assert_eq!(failed(&without_model(&both)), []);
    // Of another exchange, about something else, or changed after it was signed.
    let other = SecretKey::from_bytes(&[8; 32]);
    let foreign = Ruling { exchange: other.public(), ..ruling() }.signed(&other);
    let elsewhere = Ruling { commit: Digest([1; 32]), ..ruling() }.signed(&exchange());
    let changed = Ruling { ruled: Ruled::Rejected, ..ruling() };
    for wrong in [foreign, elsewhere, changed] {
        assert_eq!(failed(&without_model(&ruled(wrong))), [Check::Ruling]);
    }
    // Cut anywhere, with a verdict and without, it is refused.
    for whole in [sound, both].map(|receipt| receipt.encode()) {
        for length in whole.len() - Ruling::LEN - 8..whole.len() {
            assert!(Receipt::decode(&whole[..length]).is_err(), "{length}");
        }
        assert!(Receipt::decode(&[whole.as_slice(), &[0]].concat()).is_err());
    }
    let mut neither = Receipt { verdict: None, ..receipt() }.encode();
    let place = neither.len() - 4;
    neither[place] = 4;
    assert_eq!(
        Receipt::decode(&neither).unwrap_err().to_string(),
        "receipt.verdict: 0 for absent, 1 a verdict with its findings, 2 a ruling, 3 both"
    );
}

#[test]
fn signatures_are_asked_for() {
    let forged = |signature: &mut Signature| signature.0[0] ^= 1;
    assert_eq!(failed_after(|receipt| forged(&mut receipt.assign.signature)), [Check::AssignSignature]);
    assert_eq!(failed_after(|receipt| forged(&mut receipt.commit.signature)), [Check::CommitSignature]);
    let verdict = |receipt: &mut Receipt| forged(&mut receipt.verdict.as_mut().unwrap().0.signature);
    assert_eq!(failed_after(verdict), [Check::VerdictSignature]);
    assert_eq!(failed_after(|receipt| forged(&mut receipt.calibration.signature)), [Check::Calibration]);
    let by_another = |receipt: &mut Receipt| {
        receipt.commit = receipt.commit.clone().signed(&SecretKey::from_bytes(&[8; 32]));
    };
    assert_eq!(failed_after(by_another), [Check::CommitSignature]);
}

#[test]
fn calibration_is_the_one_that_was_assigned() {
    let looser = |receipt: &mut Receipt| {
        let mut calibration = receipt.calibration.clone();
        calibration.spreads[1].most += 1;
        receipt.calibration = calibration.signed(&exchange());
    };
    assert_eq!(failed_after(looser), [Check::Calibration]);
    let other_model = reassigned(|assign| Assign { model: Digest([0xbb; 32]), ..assign });
    assert_eq!(other_model, [Check::Calibration]);
    let own = failed_after_signing(|receipt| {
        let key = SecretKey::from_bytes(&[8; 32]);
        let calibration = Calibration { exchange: key.public(), ..receipt.calibration.clone() };
        receipt.calibration = calibration.signed(&key);
        let assign = Assign { calibration: receipt.calibration.id(), ..receipt.assign.clone() };
        receipt.assign = assign.signed(&exchange());
        receipt.commit.assign = receipt.assign.id();
    });
    assert_eq!(own, [Check::Calibration], "signed by somebody else");
}

#[test]
fn commitment_is_for_this_assignment() {
    let foreign = failed_after_signing(|receipt| receipt.commit.assign = Digest([7; 32]));
    assert_eq!(foreign, [Check::Assignment]);
    // The same sequences again, for the next slot: the commitment names the old one, and leaves are bound to their batch.
    let again = failed_after_signing(|receipt| {
        let batch = BatchId { slot: 4, ..batch() };
        receipt.assign = Assign { batch, ..receipt.assign.clone() }.signed(&exchange());
        receipt.commit.assign = receipt.assign.id();
    });
    assert_eq!(again, [Check::Tree]);
}

#[test]
fn rate_is_by_the_rule() {
    let rate = AuditRate::new(10_001).unwrap();
    assert_eq!(reassigned(|assign| Assign { rate, ..assign }), [Check::Rate]);
}

#[test]
fn work_is_done_in_time() {
    let early = failed_after_signing(|receipt| receipt.commit.started_ns -= 1);
    assert_eq!(early, [Check::Schedule]);
    let late = reassigned(|assign| {
        let schedule = Schedule { commit_by_ns: assign.schedule.begins_ns + 3 * SECOND, ..assign.schedule };
        Assign { schedule, ..assign }
    });
    assert_eq!(late, [Check::Schedule]);
    let narrower = failed_after_signing(|receipt| receipt.commit.finished_ns -= 2 * SECOND);
    assert_eq!(narrower, [Check::Schedule], "a leaf is outside");
}

#[test]
fn every_sequence_has_its_leaf() {
    let fewer = failed_after(|receipt| receipt.leaves.truncate(2));
    assert!(fewer.contains(&Check::Count) && fewer.contains(&Check::Tree), "{fewer:?}");
    let turned = failed_after(|receipt| receipt.leaves.swap(0, 1));
    assert!(turned.contains(&Check::Count) && turned.contains(&Check::Inputs), "{turned:?}");
}

/// Commits to the leaves as they are.
fn recommit(receipt: &mut Receipt) {
    receipt.commit.root = receipt.root();
    receipt.commit.prompt_tokens = receipt.leaves.iter().map(|leaf| u64::from(leaf.prompt_tokens)).sum();
    receipt.commit.answer_tokens = receipt.leaves.iter().map(|leaf| u64::from(leaf.answer_tokens)).sum();
}

#[test]
fn prompts_are_those_that_were_assigned() {
    let wrong = failed_after_signing(|receipt| {
        let (_, transcript) = &mut receipt.open[1];
        let fingerprints = transcript.fingerprints().to_vec();
        *transcript = Transcript::new(vec![1, 2, 3], transcript.answer().to_vec(), fingerprints).unwrap();
        let leaf = &mut receipt.leaves[1];
        *leaf = attestation::leaf::Leaf::of(1, transcript, leaf.started_ns, leaf.finished_ns);
        recommit(receipt);
    });
    assert_eq!(wrong, [Check::Inputs]);
}

#[test]
fn leaves_add_up() {
    assert_eq!(failed_after_signing(|receipt| receipt.commit.prompt_tokens += 1), [Check::Totals]);
    assert_eq!(failed_after_signing(|receipt| receipt.commit.answer_tokens += 1), [Check::Totals]);
    let longer = reassigned(|mut assign| {
        assign.sampling.tokens_max = 39;
        assign
    });
    assert_eq!(longer, [Check::Totals], "an answer of 40 tokens where 39 were asked");
}

#[test]
fn secrets_are_those_that_were_committed_to() {
    for change in [
        Secrets { exchange: Some(Secret([0; 32])), ..fixture::secrets() },
        Secrets { taker: Some(Secret([0; 32])), ..fixture::secrets() },
    ] {
        assert_eq!(failed_after_signing(|receipt| receipt.secrets = change), [Check::Secrets]);
    }
    for change in [
        Secrets { exchange: None, ..fixture::secrets() },
        Secrets { taker: None, ..fixture::secrets() },
        Secrets { exchange: None, taker: None },
    ] {
        assert_eq!(failed_after_signing(|receipt| receipt.secrets = change), [], "missing is no lie");
    }
}

#[test]
fn drawn_sequences_are_open() {
    let drawn = receipt().audited(Stage::Sample);
    for index in 0..3 {
        let closed = failed_after(|receipt| receipt.open.retain(|(open, _)| *open != index));
        let expected: &[Check] = if drawn.contains(&index) { &[Check::Openings] } else { &[] };
        assert_eq!(closed, expected, "sequence {index} of {drawn:?}");
    }
    assert!(drawn.len() < 3, "the sample is a part: {drawn:?}");
}

#[test]
fn what_is_open_is_what_was_committed_to() {
    let prettier = failed_after(|receipt| {
        let (_, transcript) = &mut receipt.open[2];
        let mut answer = transcript.answer().to_vec();
        answer[7] += 1;
        let fingerprints = transcript.fingerprints().to_vec();
        *transcript = Transcript::new(transcript.prompt().to_vec(), answer, fingerprints).unwrap();
    });
    assert_eq!(prettier, [Check::Transcripts]);
    let beyond = failed_after(|receipt| receipt.open[2].0 = 3);
    assert!(beyond.contains(&Check::Transcripts), "{beyond:?}");
}

/// What fails once the verdict and its findings are changed, and signed by the auditor.
fn with_verdict(change: impl FnOnce(&mut Verdict, &mut Vec<Finding>)) -> Vec<Check> {
    failed_after(|receipt| {
        let (verdict, findings) = receipt.verdict.as_mut().unwrap();
        change(verdict, findings);
        *verdict = verdict.clone().signed(&auditor());
    })
}

#[test]
fn verdict_follows_from_its_findings() {
    assert_eq!(with_verdict(|_, _| ()), []);
    assert_eq!(with_verdict(|verdict, _| verdict.commit = Digest::NONE), [Check::Verdict]);
    assert_eq!(with_verdict(|verdict, _| verdict.beacon = Digest::NONE), [Check::Verdict]);
    assert_eq!(with_verdict(|verdict, _| verdict.unopened += 1), [Check::Verdict]);
    assert_eq!(with_verdict(|verdict, _| verdict.sums[1] += 1), [Check::Verdict]);
    assert_eq!(with_verdict(|verdict, _| verdict.judgement.sequences += 1), [Check::Verdict]);
    assert_eq!(with_verdict(|_, findings| findings[0].distance.ulps += 1), [Check::Verdict]);
    assert_eq!(with_verdict(|_, findings| findings.clear()), [Check::Verdict]);
    assert_eq!(with_verdict(|_, findings| findings.push(findings[0])), [Check::Verdict]);
    let elsewhere = |_: &mut Verdict, findings: &mut Vec<Finding>| {
        findings[0].index = (0..3).find(|index| !receipt().audited(Stage::Sample).contains(index)).unwrap();
    };
    assert_eq!(with_verdict(elsewhere), [Check::Verdict]);
}

#[test]
fn second_stage_looks_at_the_others() {
    let mut receipt = receipt();
    let [sample, rest] = [Stage::Sample, Stage::Rest].map(|stage| receipt.audited(stage));
    assert!(sample.iter().all(|index| !rest.contains(index)), "{sample:?} {rest:?}");
    let findings: Vec<Finding> = rest.into_iter().map(finding).collect();
    let audit = attestation::verdict::Audit {
        commit: receipt.commit.id(),
        beacon: receipt.beacon().digest(),
        stage: Stage::Rest,
        findings: &findings,
        unopened: 0,
        calibration: &receipt.calibration,
    };
    let verdict = Verdict::of(&audit, auditor().public()).signed(&auditor());
    receipt.verdict = Some((verdict, findings));
    assert_eq!(failed(&without_model(&receipt)), []);
}

#[test]
fn measured_sequences_are_judged_by_name() {
    let receipt = receipt();
    let honest: Vec<Finding> = receipt.audited(Stage::Sample).into_iter().map(finding).collect();
    let judged = |change: &dyn Fn(&mut Finding)| {
        let mut findings = honest.clone();
        change(&mut findings[0]);
        failed(&with_model(&receipt, &findings))
    };
    let differs = judged(&|finding| {
        finding.margins =
            Margins { equal: 0, micronats: 9_000_000, widest_micronats: 9_000_000, ..finding.margins };
    });
    assert_eq!(differs, [Check::Tokens, Check::Batch, Check::Findings]);
    let activations = honest[0].distance.activations;
    let other =
        judged(&|finding| finding.distance = Distance { activations, mismatches: activations, ulps: 0 });
    assert_eq!(other, [Check::Fingerprints, Check::Batch, Check::Findings]);
    let short = judged(&|finding| finding.has_wrong_end = true);
    assert_eq!(short, [Check::Length, Check::Findings]);
}

#[test]
fn batch_is_shown_once() {
    let mut consumed = Consumed::default();
    assert!(!consumed.check(&batch()).is_failed());
    assert!(consumed.check(&batch()).is_failed());
    for other in
        [BatchId { slot: 4, ..batch() }, BatchId { delivery: 78, ..batch() }, BatchId { epoch: 2, ..batch() }]
    {
        assert!(!consumed.check(&other).is_failed());
    }
}

#[test]
fn opening_leads_to_the_root() {
    let receipt = receipt();
    let hashes: Vec<Digest> = receipt.leaves.iter().map(|leaf| leaf.hash(&batch())).collect();
    for (index, transcript) in &receipt.open {
        let place = usize::try_from(*index).unwrap();
        let opening = Opening {
            commit: commit().id(),
            leaf: receipt.leaves[place],
            transcript: transcript.clone(),
            path: tree::path(&hashes, place),
        };
        assert_eq!(Opening::decode(&opening.encode()), Ok(opening.clone()));
        assert_eq!(opening.root(&batch(), 3), Some(commit().root));
        assert_ne!(opening.root(&BatchId { slot: 4, ..batch() }, 3), Some(commit().root));
        assert_ne!(opening.root(&batch(), 4), Some(commit().root));
        let (_, other) = &receipt.open[(place + 1) % 3];
        let other = Opening { transcript: other.clone(), ..opening };
        assert_eq!(other.root(&batch(), 3), None, "the transcript is not the leaf's");
    }
}

#[test]
fn commitments_form_a_chain() {
    let first = commit();
    let second = Commit { previous: first.id(), ..commit() }.signed(&provider());
    assert_ne!(second.id(), first.id());
    assert!(second.is_signed_by(&provider().public()));
}
