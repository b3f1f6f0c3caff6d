//! Evidence: bytes are read as one of the objects of an attestation, or as evidence of trusted hardware.
//!
//! Whatever they are, nothing panics, and what is read is written again as the same bytes. What is a whole receipt is asked every
//! question that takes no model. `attestation/tests/fuzz.rs` compiles this very file.

use std::collections::BTreeMap;

use attestation::assign::{Assign, BatchId};
use attestation::calibration::Calibration;
use attestation::check::without_model;
use attestation::commit::Commit;
use attestation::digest::Digest;
use attestation::finding::Finding;
use attestation::fingerprint::{Fingerprint, distance};
use attestation::judgement::Judgement;
use attestation::key::SecretKey;
use attestation::leaf::Leaf;
use attestation::opening::Opening;
use attestation::receipt::Receipt;
use attestation::statistic::Statistic;
use attestation::tee::nvidia::{NvidiaEvidence, ServiceKey};
use attestation::tee::tdx::TdxEvidence;
use attestation::tee::{Challenge, Measurements};
use attestation::transcript::Transcript;
use attestation::verdict::Verdict;

/// Certificates of the sample quote, beside which quotes are read.
const COLLATERAL: &str = include_str!("../../attestation/tests/samples/tdx_quote_collateral.json");
/// When they were good.
const NOW: u64 = 1_750_809_600;

/// The first byte says what the others are read as.
pub fn evidence(data: &[u8]) {
    let Some((kind, bytes)) = data.split_first() else { return };
    match kind % 12 {
        0 => same(bytes, Assign::decode(bytes).map(|assign| assign.encode())),
        1 => same(bytes, Calibration::decode(bytes).map(|calibration| calibration.encode())),
        2 => same(bytes, Commit::decode(bytes).map(|commit| commit.encode())),
        3 => same(bytes, Leaf::decode(bytes).map(|leaf| leaf.encode())),
        4 => same(bytes, Transcript::decode(bytes).map(|transcript| transcript.encode())),
        5 => same(bytes, Opening::decode(bytes).map(opened)),
        6 => same(bytes, Finding::decode(bytes).map(|finding| measured(&finding))),
        7 => same(bytes, Verdict::decode(bytes).map(|verdict| verdict.encode())),
        8 => same(bytes, Receipt::decode(bytes).map(|receipt| questioned(&receipt))),
        9 => same(bytes, Fingerprint::decode(bytes).map(|fingerprint| compared(&fingerprint))),
        10 => quote(bytes),
        _ => token(bytes),
    }
}

/// What is read is written again as the same bytes.
fn same<E>(bytes: &[u8], written: Result<Vec<u8>, E>) {
    if let Ok(written) = written {
        assert_eq!(written, bytes, "there is one way to write an object");
    }
}

fn opened(opening: Opening) -> Vec<u8> {
    let count = opening.leaf.index.saturating_add(7);
    let _root = opening.root(&BatchId { epoch: 1, delivery: 1, slot: 1 }, count);
    opening.encode()
}

fn measured(finding: &Finding) -> Vec<u8> {
    Statistic::ALL.iter().for_each(|statistic| assert!(statistic.of(finding) <= 127_000_000));
    finding.encode()
}

fn questioned(receipt: &Receipt) -> Vec<u8> {
    let _checked = without_model(receipt);
    if let Some((_, findings)) = &receipt.verdict {
        let _judgement = Judgement::of(findings, &receipt.calibration);
    }
    receipt.encode()
}

fn compared(fingerprint: &Fingerprint) -> Vec<u8> {
    let states: Vec<f32> = (0..640_u16).map(f32::from).collect();
    let distance = distance(&[*fingerprint], &states, 20).expect("these are finite");
    assert!(distance.mismatches <= distance.activations);
    fingerprint.bytes().to_vec()
}

fn challenge() -> Challenge {
    Challenge { provider: SecretKey::from_bytes(&[2; 32]).public(), nonce: [7; 32], now_s: NOW }
}

fn quote(bytes: &[u8]) {
    let evidence = TdxEvidence { quote: bytes, collateral: COLLATERAL };
    let checked = evidence.check(&challenge(), &Measurements::default(), &["UpToDate"]);
    assert!(checked.is_err(), "nobody made a quote for this challenge");
}

fn token(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let key = ServiceKey { id: "k", point: &[1; 96] };
    let evidence = NvidiaEvidence { overall: text, gpus: BTreeMap::from([("GPU-0", text)]) };
    let checked =
        evidence.check(&challenge(), &[key], &Measurements { known: &[Digest::NONE], revoked: &[] });
    assert!(checked.is_err(), "nobody signed this token");
}
