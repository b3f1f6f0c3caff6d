//! Receipts: what `receipt verify` says of one that is sound, of one that is not, and of what is no receipt.

#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../client/tests/canned/mod.rs"]
mod canned;
mod program;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use attestation::assign::{Assign, BatchId, Sampling, Schedule};
use attestation::beacon::{Secret, Secrets};
use attestation::calibration::{Calibration, NumericClass, Spread};
use attestation::commit::{Commit, Device};
use attestation::digest::Digest;
use attestation::fingerprint::Recorder;
use attestation::key::{SecretKey, Signature};
use attestation::leaf::Leaf;
use attestation::metering::Meter;
use attestation::model::model_id;
use attestation::rate::AuditRate;
use attestation::receipt::Receipt;
use attestation::ruling::{Ruled, Ruling};
use attestation::transcript::{Transcript, prompt_hash};
use attestation::tree;
use attestation::verdict::Stage;
use inference::{Decoder, Engine, Job, Model, Terms, Token};
use program::{Ran, run, run_within};
use serde_json::Value;

const BEGINS_NS: u64 = 1_795_442_400_000_000_000;
const TOKENS_MAX: u32 = 40;

fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32])
}

fn prompts() -> Vec<Vec<u32>> {
    (0..6).map(|sequence| vec![sequence + 60, 2 * sequence + 90, 300]).collect()
}

fn calibration() -> Calibration {
    Calibration {
        exchange: key(1).public(),
        model: model_id(b"tiny"),
        class: NumericClass::Exact,
        sequences: 1,
        spreads: [Spread::default(); 4],
        signature: Signature::NONE,
    }
    .signed(&key(1))
}

fn assign(slot: u32) -> Assign {
    let hashes: Vec<Digest> = prompts().iter().map(|prompt| prompt_hash(prompt)).collect();
    Assign {
        exchange: key(1).public(),
        batch: BatchId { epoch: 1, delivery: 77, slot },
        provider: key(2).public(),
        taker: key(3).public(),
        model: model_id(b"tiny"),
        calibration: calibration().id(),
        sampling: Sampling { temperature_micro: 700_000, top_k: 20, tokens_max: TOKENS_MAX },
        inputs: tree::root(&hashes),
        count: 6,
        seed: [9; 32],
        meter: Meter::new(20_000, 400_000).unwrap(),
        schedule: Schedule {
            begins_ns: BEGINS_NS,
            commit_by_ns: BEGINS_NS + 100,
            open_by_ns: BEGINS_NS + 200,
            final_ns: BEGINS_NS + 300,
        },
        rate: AuditRate::START,
        exchange_secret: Secret([5; 32]).hash(),
        taker_secret: Secret([6; 32]).hash(),
        signature: Signature::NONE,
    }
    .signed(&key(1))
}

/// What the tiny model answers under this seed.
fn transcripts(seed: [u8; 32]) -> Vec<Transcript> {
    let engine = Engine::new(Arc::new(Model::tiny()), Some(1)).unwrap();
    let width = engine.model().shape().width;
    let mut decoder = Decoder::new(&engine, Terms { seed, temperature: 700_000, top_k: 20 }, 4).unwrap();
    for (sequence, prompt) in (0..).zip(prompts()) {
        let prompt = prompt.into_iter().map(Token).collect();
        decoder.push(Job { sequence, prompt, tokens_max: TOKENS_MAX }).unwrap();
    }
    let mut parts: Vec<_> = (0..6).map(|_| (Vec::new(), Vec::new(), Recorder::new(width))).collect();
    let told = decoder.run(&mut |drawn| {
        let (answer, fingerprints, recorder) = &mut parts[usize::try_from(drawn.place.sequence).unwrap()];
        answer.push(drawn.token.0);
        fingerprints.extend(recorder.row(drawn.hidden).unwrap());
    });
    told.unwrap();
    let whole =
        |((answer, mut fingerprints, mut recorder), prompt): ((Vec<u32>, Vec<_>, Recorder), Vec<u32>)| {
            fingerprints.extend(recorder.finish());
            Transcript::new(prompt, answer, fingerprints).unwrap()
        };
    parts.into_iter().zip(prompts()).map(whole).collect()
}

/// The receipt of a provider who shows these answers, open where they were drawn.
fn receipt(slot: u32, transcripts: &[Transcript]) -> Receipt {
    let assign = assign(slot);
    let leaf = |(index, transcript)| Leaf::of(index, transcript, BEGINS_NS + 1, BEGINS_NS + 2);
    let leaves: Vec<Leaf> = (0..).zip(transcripts).map(leaf).collect();
    let hashes: Vec<Digest> = leaves.iter().map(|leaf| leaf.hash(&assign.batch)).collect();
    let commit = Commit {
        assign: assign.id(),
        previous: Digest::NONE,
        root: tree::root(&hashes),
        prompt_tokens: leaves.iter().map(|leaf| u64::from(leaf.prompt_tokens)).sum(),
        answer_tokens: leaves.iter().map(|leaf| u64::from(leaf.answer_tokens)).sum(),
        started_ns: BEGINS_NS + 1,
        finished_ns: BEGINS_NS + 9,
        device: Device::new("processor").unwrap(),
        evidence: Digest::NONE,
        signature: Signature::NONE,
    }
    .signed(&key(2));
    let secrets = Secrets { exchange: Some(Secret([5; 32])), taker: Some(Secret([6; 32])) };
    let mut receipt = Receipt { secrets, ..Receipt::committed(assign, calibration(), commit, leaves) };
    let open = |index: u32| (index, transcripts[usize::try_from(index).unwrap()].clone());
    receipt.open = receipt.audited(Stage::Sample).into_iter().map(open).collect();
    receipt
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).map(|()| path)
    }
}

fn line<'a>(files: &[&'a Path], options: &[&'a str]) -> Vec<&'a str> {
    let files = files.iter().map(|file| file.to_str().unwrap());
    ["receipt", "verify"].into_iter().chain(files).chain(options.iter().copied()).collect()
}

fn verify(files: &[&Path], options: &[&str]) -> Ran {
    run(&line(files, options))
}

/// In as much memory as a receipt may take, and the program itself.
fn verify_within(files: &[&Path], options: &[&str]) -> Ran {
    run_within(1 << 30, &line(files, options))
}

/// What failed of each receipt, and why.
fn failures(ran: &Ran) -> Vec<Vec<(String, String)>> {
    let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let failed = |receipt: &Value| {
        let checks = receipt["checks"].as_array().unwrap().iter();
        let failed = checks.filter(|check| check["outcome"] == "failed");
        failed.map(|check| (text(&check["check"]), text(&check["why"]))).collect()
    };
    shown["receipts"].as_array().unwrap().iter().map(failed).collect()
}

/// These bytes as files, verified together.
fn verify_all(receipts: impl Iterator<Item = Vec<u8>>) -> Vec<Vec<(String, String)>> {
    let folder = Folder::new();
    let keep = |(at, bytes): (usize, Vec<u8>)| folder.keep(&at.to_string(), &bytes).unwrap();
    let files: Vec<PathBuf> = receipts.enumerate().map(keep).collect();
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let ran = verify_within(&files, &["--json"]);
    assert!(ran.stderr.lines().count() <= 1 && !ran.stderr.contains("panicked"), "{}", ran.stderr);
    failures(&ran)
}

/// The checks of the first receipt that have this outcome.
fn checks(ran: &Ran, outcome: &str) -> Vec<String> {
    let shown: Value = serde_json::from_str(&ran.stdout).unwrap();
    let checks = shown["receipts"][0]["checks"].as_array().unwrap();
    let having = checks.iter().filter(|check| check["outcome"] == outcome);
    having.map(|check| check["check"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn sound_receipt_passes_with_and_without_the_model() {
    let folder = Folder::new();
    let file = folder.keep("batch.receipt", &receipt(3, &transcripts([9; 32])).encode()).unwrap();
    let ran = verify(&[&file], &["--json"]);
    assert_eq!((ran.code, checks(&ran, "failed")), (0, vec![]), "{ran:?}");
    let skipped =
        ["verdict-signature", "verdict", "model", "length", "tokens", "fingerprints", "batch", "findings"];
    assert_eq!(checks(&ran, "skipped"), skipped);
    for all in [&[][..], &["--all"]] {
        let ran = verify(&[&file], &[&["--json", "--model", "tiny"], all].concat());
        assert_eq!((ran.code, checks(&ran, "failed")), (0, vec![]), "{ran:?}");
        assert_eq!(checks(&ran, "skipped"), ["verdict-signature", "verdict", "findings"]);
    }
    let ran = verify(&[&file], &[]);
    assert!(ran.stdout.contains("slot 3 of delivery 77 (epoch 1)"), "{}", ran.stdout);
    assert!(ran.stdout.contains("tokens             skipped  no model was given"), "{}", ran.stdout);
}

#[test]
fn answers_of_another_seed_fail_by_their_tokens() {
    let folder = Folder::new();
    let file = folder.keep("old.receipt", &receipt(3, &transcripts([8; 32])).encode()).unwrap();
    assert_eq!(verify(&[&file], &["--json"]).code, 0, "nothing but the model can tell");
    let ran = verify(&[&file], &["--json", "--model", "tiny"]);
    assert_eq!((ran.code, checks(&ran, "failed")), (5, vec!["tokens".to_owned(), "batch".to_owned()]));
    assert_eq!(ran.stderr.lines().count(), 1);
}

#[test]
fn failed_check_says_why() {
    let folder = Folder::new();
    let mut receipt = receipt(3, &transcripts([9; 32]));
    receipt.leaves[4].finished_ns += 1;
    let file = folder.keep("changed.receipt", &receipt.encode()).unwrap();
    let ran = verify(&[&file], &[]);
    assert_eq!(ran.code, 5);
    let line = "tree               failed   the leaves have another root than the commitment";
    assert!(ran.stdout.lines().any(|shown| shown == line), "{}", ran.stdout);
    assert_eq!(ran.stderr, "error: the receipt is not sound\n");
}

#[test]
fn exchange_is_the_one_that_was_named() {
    let folder = Folder::new();
    let file = folder.keep("one", &receipt(3, &transcripts([9; 32])).encode()).unwrap();
    let own = assign(3).exchange.to_string();
    let ran = verify(&[&file], &["--exchange", &own.to_uppercase(), "--json"]);
    assert_eq!((ran.code, failures(&ran)), (0, vec![Vec::new()]), "{ran:?}");
    assert_eq!(checks(&ran, "passed")[0], "exchange");
    let other = key(2).public().to_string();
    let ran = verify(&[&file], &["--exchange", &other, "--json"]);
    let expected = vec![vec![("exchange".to_owned(), format!("the exchange's key is not {other}"))]];
    assert_eq!((ran.code, failures(&ran)), (5, expected), "{ran:?}");
    let ran = verify(&[&file], &["--exchange", "b46d"]);
    assert!(ran.code == 2 && ran.stderr.contains("64 hexadecimal digits"), "{ran:?}");
}

#[test]
fn ruling_of_the_arbiter_is_shown() {
    let folder = Folder::new();
    let mut ruled = receipt(3, &transcripts([9; 32]));
    let exchange = ruled.assign.exchange;
    let ruling = Ruling {
        exchange,
        commit: ruled.commit.id(),
        ruled: Ruled::Inconclusive,
        signature: Signature::NONE,
    };
    ruled.ruling = Some(ruling.signed(&key(1)));
    let file = folder.keep("ruled", &ruled.encode()).unwrap();
    let ran = verify(&[&file], &[]);
    assert!(ran.code == 0 && ran.stdout.contains("ruled      inconclusive, by the arbiter"), "{ran:?}");
    assert!(ran.stdout.contains("no auditor gave one: the arbiter ruled"), "{ran:?}");
}

#[test]
fn batch_is_shown_once() {
    let folder = Folder::new();
    let transcripts = transcripts([9; 32]);
    let one = folder.keep("one.receipt", &receipt(3, &transcripts).encode()).unwrap();
    let two = folder.keep("two.receipt", &receipt(4, &transcripts).encode()).unwrap();
    assert_eq!(verify(&[&one, &two], &[]).code, 0);
    let ran = verify(&[&one, &two, &one], &[]);
    assert_eq!((ran.code, ran.stderr.as_str()), (5, "error: 1 of 3 receipts are not sound\n"));
    assert!(
        ran.stdout
            .contains("once               failed   slot 3 of delivery 77 (epoch 1) has been shown before")
    );
}

#[test]
fn what_is_no_receipt_names_field_and_rule() {
    let folder = Folder::new();
    let bytes = receipt(3, &transcripts([9; 32])).encode();
    let cut = folder.keep("cut.receipt", &bytes[..bytes.len() - 1]).unwrap();
    let ran = verify(&[&cut], &["--json"]);
    assert_eq!((ran.code, checks(&ran, "failed")), (5, vec!["bytes".to_owned()]));
    assert!(ran.stdout.contains("receipt.verdict: all its bytes are there"), "{}", ran.stdout);
    let empty = folder.keep("empty.receipt", b"").unwrap();
    let ran = verify(&[&empty], &[]);
    assert!(ran.stdout.contains("receipt.domain: the 24 bytes of this object's word"), "{}", ran.stdout);
    for (path, words) in [(folder.0.path(), "is a folder"), (&folder.0.path().join("none"), "reading")] {
        let ran = verify(&[path], &[]);
        assert!(ran.code == 5 && ran.stderr.contains(words), "{ran:?}");
    }
}

#[test]
fn receipt_cut_anywhere_names_field_and_rule() {
    let bytes = receipt(3, &transcripts([9; 32])).encode();
    let told = verify_all((0..bytes.len()).step_by(7).map(|length| bytes[..length].to_vec()));
    assert_eq!(told.len(), bytes.len().div_ceil(7));
    for (at, failed) in told.iter().enumerate() {
        let [(check, why)] = failed.as_slice() else { panic!("{failed:?}") };
        let (name, rule) = why.split_once(": ").unwrap();
        assert!(check == "bytes" && name.contains('.') && !rule.is_empty(), "cut after {}: {why}", at * 7);
    }
}

/// A signature, a hash or a rule holds every byte of a receipt.
#[test]
fn receipt_changed_anywhere_is_not_sound() {
    let bytes = receipt(3, &transcripts([9; 32])).encode();
    let changed = |at: usize| {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        bytes
    };
    for (at, failed) in verify_all((0..bytes.len()).step_by(5).map(changed)).iter().enumerate() {
        let is_caught = failed.iter().any(|(check, _)| check != "once");
        assert!(is_caught, "the byte at {} is changed: {failed:?}", at * 5);
    }
}

#[test]
fn boundless_counts_are_refused_within_bounded_memory() {
    let bytes = receipt(3, &transcripts([9; 32])).encode();
    // Behind assignment, calibration, commitment and two secrets: the count of leaves; behind these that of open sequences.
    let leaves = 24 + 464 + 256 + 280 + 36 + 36;
    let open = leaves + 4 + 6 * 148;
    let boundless = |at: usize| [&bytes[..at], &u32::MAX.to_le_bytes(), &bytes[at + 4..]].concat();
    let told = verify_all([leaves, open, open + 8].map(boundless).into_iter());
    let whys: Vec<&str> = told.iter().map(|failed| failed[0].1.as_str()).collect();
    let rules = ["receipt.leaves: at most 65,536", "receipt.open: at most 65,536"];
    assert_eq!(&whys[..2], rules);
    assert!(whys[2].contains("prompt: "), "{}", whys[2]);
}

#[test]
fn oversized_files_are_refused_within_bounded_memory() {
    let folder = Folder::new();
    let path = folder.keep("large.receipt", b"hourbook receipt 1").unwrap();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(8 << 30).unwrap();
    let endless = cfg!(target_os = "linux").then(|| Path::new("/dev/zero"));
    for path in [path.as_path()].into_iter().chain(endless) {
        let ran = verify_within(&[path], &[]);
        assert!(ran.code == 5 && ran.stdout.is_empty(), "{ran:?}");
        assert!(ran.stderr.contains("has more than 268435456 bytes: it is no receipt"), "{ran:?}");
    }
}

/// What the model cannot have read or written is a failed check, however well it is signed.
#[test]
fn impossible_tokens_and_prompts_fail_by_name() {
    let transcripts = transcripts([9; 32]);
    let with = |prompt: &[u32], answer: &[u32]| {
        let change = |transcript: &Transcript| {
            let prompt = if prompt.is_empty() { transcript.prompt() } else { prompt };
            let answer = if answer.is_empty() { transcript.answer() } else { answer };
            let fingerprints = transcript.fingerprints().iter().copied().cycle();
            let fingerprints = fingerprints.take(answer.len().div_ceil(32)).collect();
            Transcript::new(prompt.to_vec(), answer.to_vec(), fingerprints).unwrap()
        };
        receipt(3, &transcripts.iter().map(change).collect::<Vec<_>>()).encode()
    };
    for (bytes, why) in [
        (with(&[512], &[]), "token is 512, must be below 512"),
        (with(&[], &[600; 40]), "token is 600, must be below 512"),
        (with(&[65; 2049], &[]), "tokens, must have at most 2048"),
    ] {
        let folder = Folder::new();
        let file = folder.keep("impossible.receipt", &bytes).unwrap();
        let ran = verify_within(&[&file], &["--json", "--model", "tiny"]);
        let failed = failures(&ran).remove(0);
        let is_told = failed.iter().any(|(check, said)| check == "tokens" && said.contains(why));
        assert!(ran.code == 5 && is_told, "expected `{why}`: {failed:?}, {}", ran.stderr);
    }
}

#[test]
fn another_model_is_refused_by_name() {
    let folder = Folder::new();
    let mut receipt = receipt(3, &transcripts([9; 32]));
    receipt.assign.model = Digest([7; 32]);
    let file = folder.keep("other.receipt", &receipt.encode()).unwrap();
    let ran = verify(&[&file], &["--json", "--model", "tiny"]);
    assert!(checks(&ran, "failed").contains(&"model".to_owned()), "{ran:?}");
    let ran = verify(&[&file], &["--model", "nowhere.gguf"]);
    assert!(ran.code == 5 && ran.stderr.contains("nowhere.gguf"), "{ran:?}");
}
