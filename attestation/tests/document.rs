//! Document: what docs/attestation.md says of bytes is so.

#![allow(clippy::unwrap_used, reason = "a test")]

mod fixture;

use std::collections::BTreeMap;
use std::fmt::Write;

use attestation::assign::Assign;
use attestation::calibration::Calibration;
use attestation::commit::Commit;
use attestation::digest::Digest;
use attestation::finding::Finding;
use attestation::leaf::Leaf;
use attestation::malformed::Malformed;
use attestation::opening::Opening;
use attestation::receipt::Receipt;
use attestation::ruling::Ruling;
use attestation::transcript::Transcript;
use attestation::tree;
use attestation::verdict::{Stage, Verdict};
use fixture::{assign, batch, calibration, commit, leaves, receipt, ruling, secrets, transcripts};

const DOCUMENT: &str = include_str!("../../docs/attestation.md");

/// A row of an object's table.
struct Field {
    offset: Option<usize>,
    bytes: Option<usize>,
    name: String,
    rule: String,
}

/// The rows of the table below a heading.
fn fields(heading: &str) -> Vec<Field> {
    let section = DOCUMENT.split(&format!("\n### {heading}\n")).nth(1).unwrap();
    let section = section.split("\n#").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        Field {
            offset: cells[0].parse().ok(),
            bytes: cells[1].parse().ok(),
            name: cells[2].trim_matches('`').to_owned(),
            rule: cells[3].to_owned(),
        }
    })
    .collect()
}

fn opening() -> Opening {
    let hashes: Vec<Digest> = leaves().iter().map(|leaf| leaf.hash(&batch())).collect();
    let transcript = transcripts().swap_remove(1);
    Opening { commit: commit().id(), leaf: leaves()[1], transcript, path: tree::path(&hashes, 1) }
}

fn verdict() -> (Verdict, Finding) {
    let (verdict, findings) = receipt().verdict.unwrap();
    (verdict, findings[0])
}

/// Each object's bytes and how they are read, by the heading of its table.
type Decode = fn(&[u8]) -> Result<Vec<u8>, Malformed>;

fn objects() -> [(&'static str, Vec<u8>, Decode); 10] {
    let (verdict, finding) = verdict();
    [
        ("Assign", assign().encode(), |bytes| Assign::decode(bytes).map(|object| object.encode())),
        ("Calibration", calibration().encode(), |bytes| {
            Calibration::decode(bytes).map(|object| object.encode())
        }),
        ("Commit", commit().encode(), |bytes| Commit::decode(bytes).map(|object| object.encode())),
        ("Leaf", leaves()[1].encode(), |bytes| Leaf::decode(bytes).map(|object| object.encode())),
        ("Transcript", transcripts()[1].encode(), |bytes| {
            Transcript::decode(bytes).map(|object| object.encode())
        }),
        ("Opening", opening().encode(), |bytes| Opening::decode(bytes).map(|object| object.encode())),
        ("Finding", finding.encode(), |bytes| Finding::decode(bytes).map(|object| object.encode())),
        ("Verdict", verdict.encode(), |bytes| Verdict::decode(bytes).map(|object| object.encode())),
        ("Ruling", ruling().encode(), |bytes| Ruling::decode(bytes).map(|object| object.encode())),
        ("Receipt", receipt().encode(), |bytes| Receipt::decode(bytes).map(|object| object.encode())),
    ]
}

#[test]
fn vectors_are_those_of_the_document() {
    let mut found = String::new();
    for (heading, bytes, decode) in objects() {
        assert_eq!(decode(&bytes).as_ref(), Ok(&bytes), "{heading}");
        if heading != "Receipt" {
            writeln!(found, "{}:\n\n```hex\n{}\n```\n", heading.to_lowercase(), hex(&bytes)).unwrap();
        }
    }
    let facts: [(&str, String); 9] = [
        ("batch", batch().digest().to_string()),
        ("assign", assign().id().to_string()),
        ("calibration", calibration().id().to_string()),
        ("commit", commit().id().to_string()),
        ("verdict", verdict().0.id().to_string()),
        ("s_x", lines(&secrets().exchange.unwrap().0)),
        ("beacon", receipt().beacon().digest().to_string()),
        ("sample", format!("{:?}", receipt().audited(Stage::Sample))),
        ("receipt", format!("{} bytes", receipt().encode().len())),
    ];
    let names =
        ["hash of the batch", "id of the assignment", "id of the calibration", "id of the commitment"];
    let names = names.into_iter().chain(["id of the verdict", "`s_x`", "beacon", "sample", "receipt"]);
    writeln!(found, "| what | value |\n|---|---|").unwrap();
    for (name, (_, fact)) in names.zip(facts) {
        writeln!(found, "| {name} | `{fact}` |").unwrap();
    }
    let documented = DOCUMENT.split("the next begins where it ends.\n\n").nth(1).unwrap();
    if documented != found {
        eprintln!("{found}");
    }
    assert!(documented == found, "the vectors of the document are those printed above");
}

#[test]
fn tables_are_those_of_the_code() {
    for (heading, bytes, _) in objects() {
        let mut at = Some(0);
        for field in fields(heading) {
            assert_eq!(field.offset, at, "{heading}.{}", field.name);
            at = at.zip(field.bytes).map(|(at, bytes)| at + bytes);
        }
        // What has only fields of fixed size ends where the table does.
        assert_eq!(at.unwrap_or(bytes.len()), bytes.len(), "{heading}");
    }
}

/// For each field with a rule, bytes that break it: offset within the field, and what is written there.
fn breaches() -> BTreeMap<(&'static str, &'static str), (usize, Vec<u8>)> {
    let small_order = [[1].as_slice(), &[0; 31]].concat();
    let u32_of = |number: u32| (0, number.to_le_bytes().to_vec());
    let u64_of = |number: u64| (0, number.to_le_bytes().to_vec());
    let keys =
        [("Assign", "exchange"), ("Assign", "provider"), ("Assign", "taker"), ("Calibration", "exchange")];
    let keys = keys
        .into_iter()
        .chain([("Verdict", "auditor"), ("Ruling", "exchange")])
        .map(|field| (field, (0, small_order.clone())));
    let spreads =
        ["mismatches", "ulps", "margin", "unequal"].map(|name| (("Calibration", name), u64_of(100_000_000)));
    BTreeMap::from_iter(keys.chain(spreads).chain([
        (("Assign", "slot"), u32_of(12)),
        (("Assign", "temperature_micro"), u32_of(10_000_001)),
        (("Assign", "top_k"), u32_of(0)),
        (("Assign", "tokens_max"), u32_of(131_073)),
        (("Assign", "count"), u32_of(0)),
        (("Assign", "meter_prompt_ns"), u64_of(0)),
        (("Assign", "meter_answer_ns"), u64_of(1_000_000_000_000_001)),
        (("Assign", "commit_by_ns"), u64_of(fixture::BEGINS_NS)),
        (("Assign", "open_by_ns"), u64_of(fixture::BEGINS_NS + 600 * fixture::SECOND)),
        (("Assign", "final_ns"), u64_of(0)),
        (("Assign", "rate_ppm"), u32_of(9_999)),
        (("Calibration", "class"), u32_of(3)),
        (("Calibration", "sequences"), u32_of(0)),
        (("Commit", "finished_ns"), u64_of(fixture::BEGINS_NS)),
        (("Commit", "device"), (31, vec![b'x'])),
        (("Leaf", "index"), u32_of(65_536)),
        (("Leaf", "prompt_tokens"), u32_of(0)),
        (("Leaf", "answer_tokens"), u32_of(131_073)),
        (("Leaf", "finished_ns"), u64_of(0)),
        (("Finding", "index"), u32_of(65_536)),
        (("Finding", "activations"), u32_of(524_289)),
        (("Finding", "mismatches"), u32_of(321)),
        (("Finding", "ulps"), u64_of(320 * 127 + 1)),
        (("Finding", "tokens"), u32_of(131_073)),
        (("Finding", "equal"), u32_of(41)),
        (("Finding", "micronats"), u64_of(1)),
        (("Finding", "widest_micronats"), u64_of(20_000_001)),
        (("Finding", "wrong_end"), u32_of(2)),
        (("Verdict", "stage"), u32_of(2)),
        (("Verdict", "unopened"), u32_of(65_535)),
        (("Verdict", "flagged"), u32_of(3)),
        (("Verdict", "batch_flags"), u32_of(16)),
        (("Verdict", "sums"), u64_of(254_000_001)),
        (("Ruling", "outcome"), u32_of(6)),
        (("Receipt", "secrets"), u32_of(2)),
    ]))
}

#[test]
fn every_rule_of_fixed_fields_is_kept() {
    let mut breaches = breaches();
    for (heading, bytes, decode) in objects() {
        let object = heading.to_lowercase();
        for field in fields(heading) {
            let (Some(offset), false) = (field.offset, field.rule.is_empty()) else { continue };
            let breach = if field.name == "domain" {
                Some((9, vec![b'X']))
            } else {
                breaches
                    .extract_if(.., |(object, name), _| *object == heading && *name == field.name)
                    .next()
                    .map(|found| found.1)
            };
            // What holds other objects, or lists, is asked below.
            let Some((within, breach)) = breach else {
                assert!(["Opening", "Receipt", "Transcript"].contains(&heading), "{object}.{}", field.name);
                continue;
            };
            let mut broken = bytes.clone();
            broken[offset + within..][..breach.len()].copy_from_slice(&breach);
            let expected = format!("{object}.{}: {}", field.name, field.rule);
            assert_eq!(decode(&broken).map_err(|error| error.to_string()), Err(expected));
        }
    }
    assert!(breaches.is_empty(), "every breach is of a field in the document: {:?}", breaches.keys());
}

#[test]
fn cut_and_lengthened_objects_are_refused() {
    for (heading, bytes, decode) in objects() {
        for length in 0..bytes.len() {
            let error = decode(&bytes[..length]).unwrap_err();
            assert!(
                ["all its bytes are there", "the 24 bytes of this object's word"].contains(&error.rule),
                "{error}"
            );
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        let error = decode(&longer).unwrap_err().to_string();
        assert_eq!(error, format!("{}.end: nothing follows the last field", heading.to_lowercase()));
    }
}

#[test]
fn numbers_that_multiply_are_bounded_first() {
    let (_, finding) = verdict();
    let mut bytes = finding.encode();
    // Two tokens differ, by the widest margin that can be written.
    let equal = 24 + 4 + 4 + 4 + 8 + 4;
    bytes[equal..][..4].copy_from_slice(&38_u32.to_le_bytes());
    bytes[equal + 12..][..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let refused = Finding::decode(&bytes).unwrap_err().to_string();
    assert_eq!(refused, "finding.widest_micronats: at most 20,000,000");
}

#[test]
fn every_byte_counts() {
    for (heading, bytes, decode) in objects() {
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 0x40;
            // Either it is refused, or it is another object, written the same way.
            if let Ok(written) = decode(&changed) {
                assert_eq!(written, changed, "{heading}, byte {place}");
            }
        }
    }
}

#[test]
fn lists_are_bounded_before_they_are_read() {
    let refused = |bytes: &[u8], decode: Decode, offset: usize, count: u32| {
        let mut broken = bytes.to_vec();
        broken[offset..][..4].copy_from_slice(&count.to_le_bytes());
        decode(&broken).unwrap_err().to_string()
    };
    let [.., (_, transcript, read_transcript), _, _, _, _, (_, receipt, read_receipt)] = objects();
    assert_eq!(refused(&transcript, read_transcript, 24, u32::MAX), "transcript.prompt: at most 131,072");
    assert_eq!(
        refused(&transcript, read_transcript, 24, 131_072),
        "transcript.prompt: all its bytes are there"
    );
    assert_eq!(refused(&transcript, read_transcript, 24, 0), "transcript.answer: all its bytes are there");
    let leaves = 24 + 464 + 256 + 280 + 36 + 36;
    assert_eq!(refused(&receipt, read_receipt, leaves, 65_537), "receipt.leaves: at most 65,536");
    assert_eq!(refused(&receipt, read_receipt, leaves, 65_536), "receipt.leaves: all its bytes are there");
    let open = leaves + 4 + 3 * 148;
    assert_eq!(refused(&receipt, read_receipt, open, 65_537), "receipt.open: at most 65,536");
    assert_eq!(refused(&receipt, read_receipt, open + 4, 9), "receipt.open: in ascending order of index");
}

fn lines(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// 64 bytes a line.
fn hex(bytes: &[u8]) -> String {
    bytes.chunks(64).map(lines).collect::<Vec<_>>().join("\n")
}
