//! Case: evidence of a slot grows step by step, and each step takes the honest and names what is wrong with the rest.
#![allow(clippy::unwrap_used, reason = "a test")]

mod fixture;

use attestation::beacon::{Secret, Secrets};
use attestation::check::Check;
use attestation::digest::Digest;
use attestation::key::Signature;
use attestation::rate::AuditRate;
use attestation::receipt::Receipt;
use attestation::tree;
use attestation::verdict::Stage;
use fixture::{SECOND, Shown, auditor, office, provider, shown, taker, verdict, work};
use settlement::case;
use settlement::job::{Job, Part};
use settlement::office::{Assignment, Work};
use settlement::refusal::Refusal;

fn given() -> Assignment {
    office(1).assign(&work())
}

/// What is shown, taken or refused.
fn committed(given: &Assignment, shown: &Shown) -> Result<Receipt, Refusal> {
    let from = (given.assign.clone(), office(1).calibration().clone());
    case::committed(from, &shown.commit.encode(), &shown.leaf_bytes())
}

fn honest() -> Shown {
    shown(&given(), &provider())
}

/// A receipt whose sample is drawn.
fn drawn() -> Receipt {
    let receipt = committed(&given(), &honest()).unwrap();
    let exchange = office(1).secret(&receipt.assign.batch);
    case::drawn(receipt, Secrets { exchange: Some(exchange), taker: None })
}

/// A receipt in which all that was drawn is open.
fn opened() -> Receipt {
    let receipt = drawn();
    let openings = openings(&receipt, &receipt.audited(Stage::Sample));
    case::opened(receipt, Stage::Sample, &openings).unwrap()
}

fn openings(receipt: &Receipt, sample: &[u32]) -> Vec<Vec<u8>> {
    sample.iter().map(|index| honest().opening(&receipt.assign, *index).encode()).collect()
}

/// The question that refused it.
fn failed<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Check {
    match result {
        Err(Refusal::Failed { check, why }) => {
            assert!(!why.is_empty());
            check
        }
        other => panic!("{other:?}"),
    }
}

/// The commitment after it was changed, signed again.
fn changed(change: impl Fn(&mut Shown)) -> Result<Receipt, Refusal> {
    let mut shown = honest();
    change(&mut shown);
    shown.commit.signature = Signature::NONE;
    shown.commit = shown.commit.signed(&provider());
    committed(&given(), &shown)
}

#[test]
fn honest_evidence_is_taken_at_every_step() {
    let receipt = drawn();
    assert!(receipt.open.is_empty());
    assert_ne!(case::closed(&receipt, Stage::Sample), 0, "every batch is looked into");
    let receipt = opened();
    assert_eq!(case::closed(&receipt, Stage::Sample), 0);
    let (said, findings) = verdict(&receipt, &auditor(), 0);
    let findings: Vec<Vec<u8>> = findings.iter().map(|finding| finding.encode()).collect();
    let judged = case::judged(receipt, &auditor().public(), (&said.encode(), &findings)).unwrap();
    assert!(judged.verdict.as_ref().unwrap().0.is_clean());
    assert_eq!(Receipt::decode(&judged.encode()), Ok(judged), "what is kept is read again");
}

#[test]
fn a_commitment_of_another_key_or_assignment_is_refused() {
    assert_eq!(failed(committed(&given(), &shown(&given(), &taker()))), Check::CommitSignature);
    let other = office(1).assign(&Work { slot: 4, ..work() });
    assert_eq!(failed(committed(&given(), &shown(&other, &provider()))), Check::Assignment);
    let mut unsigned = honest();
    unsigned.commit.signature = Signature::NONE;
    assert_eq!(failed(committed(&given(), &unsigned)), Check::CommitSignature);
}

#[test]
fn work_of_before_the_slot_or_after_its_deadline_is_refused() {
    let early = changed(|shown| shown.commit.started_ns = fixture::BEGINS_NS - 1);
    assert_eq!(failed(early), Check::Schedule);
    let late = changed(|shown| shown.commit.finished_ns = fixture::BEGINS_NS + 601 * SECOND);
    assert_eq!(failed(late), Check::Schedule);
}

#[test]
fn leaves_are_those_that_were_committed_to() {
    assert_eq!(failed(changed(|shown| shown.leaves.clear())), Check::Count);
    assert_eq!(failed(changed(|shown| shown.leaves.truncate(7))), Check::Count);
    assert_eq!(failed(changed(|shown| shown.leaves.swap(0, 1))), Check::Count);
    assert_eq!(failed(changed(|shown| shown.leaves[1].answer_tokens -= 1)), Check::Tree);
    assert_eq!(failed(changed(|shown| shown.commit.root = Digest([7; 32]))), Check::Tree);
    assert_eq!(failed(changed(|shown| shown.commit.answer_tokens += 1)), Check::Totals);
    let other_prompt = changed(|shown| {
        shown.leaves[2].prompt = Digest([7; 32]);
        let hashes: Vec<Digest> = shown.leaves.iter().map(|leaf| leaf.hash(&given().assign.batch)).collect();
        shown.commit.root = tree::root(&hashes);
    });
    assert_eq!(failed(other_prompt), Check::Inputs);
}

#[test]
fn bytes_that_are_no_evidence_are_refused_by_name() {
    let from = || (given().assign, office(1).calibration().clone());
    let none: [&[u8]; 0] = [];
    let refused = |result: Result<Receipt, Refusal>| match result {
        Err(Refusal::Malformed(malformed)) => malformed.object,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(case::committed(from(), b"no", &none)), "commit");
    assert_eq!(refused(case::committed(from(), &honest().commit.encode(), &[b"no"])), "leaf");
    assert_eq!(refused(case::opened(drawn(), Stage::Sample, &[b"no"])), "opening");
    let key = auditor().public();
    assert_eq!(refused(case::judged(opened(), &key, (b"no", &none))), "verdict");
}

#[test]
fn only_what_was_drawn_is_opened() {
    // Of whom much was found clean, one in a hundred is drawn, four times that without the taker.
    let given = office(1).assign(&Work { rate: AuditRate::of_clean(u64::MAX), ..work() });
    let receipt = committed(&given, &shown(&given, &provider())).unwrap();
    let exchange = office(1).secret(&receipt.assign.batch);
    let receipt = case::drawn(receipt, Secrets { exchange: Some(exchange), taker: None });
    let sample = receipt.audited(Stage::Sample);
    let other = (0..receipt.assign.count).find(|index| !sample.contains(index)).unwrap();
    let refused = case::opened(
        receipt.clone(),
        Stage::Sample,
        &[shown(&given, &provider()).opening(&given.assign, other).encode()],
    );
    assert_eq!(refused, Err(Refusal::NotDrawn { sequence: other }));
}

#[test]
fn what_was_not_drawn_is_opened_to_the_arbiter() {
    let given = office(1).assign(&Work { rate: AuditRate::of_clean(u64::MAX), ..work() });
    let receipt = committed(&given, &shown(&given, &provider())).unwrap();
    let exchange = office(1).secret(&receipt.assign.batch);
    let receipt = case::drawn(receipt, Secrets { exchange: Some(exchange), taker: None });
    let opening = |index: &u32| shown(&given, &provider()).opening(&given.assign, *index).encode();
    let (sample, rest) = (receipt.audited(Stage::Sample), receipt.audited(Stage::Rest));
    let all = |of: &[u32]| of.iter().map(opening).collect::<Vec<_>>();
    let receipt = case::opened(receipt, Stage::Sample, &all(&sample)).unwrap();
    assert_eq!(case::closed(&receipt, Stage::Rest), rest.len());
    let drawn_before = case::opened(receipt.clone(), Stage::Rest, &all(&sample));
    assert_eq!(drawn_before, Err(Refusal::NotDrawn { sequence: sample[0] }));
    let receipt = case::opened(receipt, Stage::Rest, &all(&rest)).unwrap();
    assert_eq!((case::closed(&receipt, Stage::Sample), case::closed(&receipt, Stage::Rest)), (0, 0));
    assert_eq!(receipt.open.len(), receipt.leaves.len());
}

#[test]
fn a_taker_shows_the_half_that_it_committed_to() {
    let half = Secret::of_taker(&[3; 32], "S", 0);
    let prompts = vec![vec![1, 2]; 8];
    let sampling = given().assign.sampling;
    let job = Job { taker: taker().public(), sampling, prompts, secret_hashes: vec![half.hash()] };
    let asked = office(1).assign(&Work { job: Some((&job, Part { place: 0, skipped: 0 })), ..work() });
    let receipt = committed(&asked, &shown(&asked, &provider())).unwrap();
    assert!(case::awaits_taker(&receipt) && !case::drawn_without_taker(&receipt));
    assert_eq!(case::check_taker_secret(&receipt, half), Ok(()));
    let other = Secret::of_taker(&[3; 32], "S", 1);
    let refused = case::check_taker_secret(&receipt, other);
    assert!(matches!(refused, Err(Refusal::Failed { check: Check::Secrets, .. })), "{refused:?}");

    let exchange = Some(office(1).secret(&receipt.assign.batch));
    let whole = case::drawn(receipt.clone(), Secrets { exchange, taker: Some(half) });
    assert!(!case::awaits_taker(&whole) && !case::drawn_without_taker(&whole));
    let alone = case::drawn(receipt, Secrets { exchange, taker: None });
    assert!(!case::awaits_taker(&alone) && case::drawn_without_taker(&alone));
    assert!(whole.audited(Stage::Sample).len() < alone.audited(Stage::Sample).len(), "four times as many");

    // Who has none is not waited for, and has kept nothing back.
    let without = committed(&given(), &honest()).unwrap();
    assert!(!case::awaits_taker(&without) && !case::drawn_without_taker(&drawn()));
}

#[test]
fn an_opening_is_what_was_committed_to() {
    let receipt = drawn();
    let sequence = receipt.audited(Stage::Sample)[0];
    let right = honest().opening(&receipt.assign, sequence);
    let mut other_commit = right.clone();
    other_commit.commit = Digest([7; 32]);
    let mut other_leaf = right.clone();
    other_leaf.leaf.finished_ns += 1;
    let mut other_path = right.clone();
    other_path.path[0] = Digest([7; 32]);
    for wrong in [other_commit, other_leaf, other_path] {
        let refused = case::opened(receipt.clone(), Stage::Sample, &[wrong.encode()]);
        assert_eq!(refused, Err(Refusal::Foreign { sequence }));
    }
    assert!(case::opened(receipt, Stage::Sample, &[right.encode()]).is_ok());
}

#[test]
fn a_sample_is_opened_in_parts_and_again() {
    let sample = drawn().audited(Stage::Sample);
    let mut receipt = drawn();
    for (place, index) in sample.iter().enumerate().rev() {
        let opening = openings(&receipt, &[*index]);
        receipt = case::opened(receipt, Stage::Sample, &opening).unwrap();
        assert_eq!(case::closed(&receipt, Stage::Sample), place, "one less is closed");
        let again = case::opened(receipt.clone(), Stage::Sample, &opening).unwrap();
        assert_eq!(again, receipt, "the same again changes nothing");
    }
    assert_eq!(receipt, opened(), "the order is of no matter");
}

#[test]
fn a_verdict_is_its_auditors_own_and_follows_from_its_findings() {
    let judge = |signer: &attestation::key::SecretKey,
                 change: &dyn Fn(&mut Vec<attestation::finding::Finding>)| {
        let (said, mut findings) = verdict(&opened(), signer, 0);
        change(&mut findings);
        let findings: Vec<Vec<u8>> = findings.iter().map(|finding| finding.encode()).collect();
        case::judged(opened(), &auditor().public(), (&said.encode(), &findings))
    };
    assert_eq!(judge(&taker(), &|_| {}), Err(Refusal::OtherKey));
    assert_eq!(failed(judge(&auditor(), &|findings| findings[0].distance.ulps = 9)), Check::Verdict);
    assert_eq!(failed(judge(&auditor(), &|findings| findings.truncate(1))), Check::Verdict);
    let (mut said, findings) = verdict(&opened(), &auditor(), 0);
    said.signature = Signature::NONE;
    let findings: Vec<Vec<u8>> = findings.iter().map(|finding| finding.encode()).collect();
    let unsigned = case::judged(opened(), &auditor().public(), (&said.encode(), &findings));
    assert_eq!(failed(unsigned), Check::VerdictSignature);
}

#[test]
fn a_verdict_on_what_is_not_open_is_refused() {
    let (said, findings) = verdict(&opened(), &auditor(), 0);
    let findings: Vec<Vec<u8>> = findings.iter().map(|finding| finding.encode()).collect();
    let early = case::judged(drawn(), &auditor().public(), (&said.encode(), &findings));
    assert_eq!(failed(early), Check::Openings);
}

#[test]
fn an_auditor_who_found_something_is_heard() {
    let (said, findings) = verdict(&opened(), &auditor(), 1_000);
    let findings: Vec<Vec<u8>> = findings.iter().map(|finding| finding.encode()).collect();
    let judged = case::judged(opened(), &auditor().public(), (&said.encode(), &findings)).unwrap();
    assert!(!judged.verdict.unwrap().0.is_clean());
}
