//! Local: commands that need no exchange: keys, journals, flows.

#[path = "../../client/tests/canned/mod.rs"]
mod canned;
mod program;

use std::fs;
use std::path::Path;

use engine::command::Command;
use engine::outcome::OutcomeHash;
use engine::sequencer::Sequencer;
use engine::stamp::{Sequence, Time};
use journal::chain::Chain;
use journal::contract::{self, Live};
use journal::log::CommandLog;
use journal::sealed::SealedRecords;
use persistence::data::{DataFolder, Opening};
use persistence::store::RocksLog;
use program::{Ran, run};
use serde_json::Value;

/// What a command says as JSON, with its exit code.
fn json(words: &[&str]) -> (i32, Value, String) {
    let Ran { code, stdout, stderr } = run(&[words, &["--json"]].concat());
    (code, serde_json::from_str(&stdout).expect("the result is JSON"), stderr)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary paths are UTF-8")
}

/// The journal of a new data folder.
fn opened(folder: &Path) -> RocksLog {
    let opening = Opening { reserve_bytes: 1 << 20, accept_end: None, epoch: 7, tell: Box::new(|_| {}) };
    DataFolder::open(folder, opening).expect("a new folder opens").log
}

/// A data folder whose journal has a founding and some ticks.
fn data() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let mut log = opened(folder.path());
    let mut live = Live::default();
    live.append(&mut log, &[&contract::founding()[..]]).expect("the journal takes a record");
    live.append(&mut log, &[&[Command::Tick; 100][..]]).expect("the journal takes a record");
    folder
}

#[test]
fn keys_are_made_once_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ann.key");
    let (code, made, _) = json(&["keys", "new", text(&path)]);
    let keys: Vec<&String> = made.as_object().unwrap().keys().collect();
    assert_eq!(
        (code, keys),
        (
            0,
            vec!["file", "key_id", "public_key"]
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
                .iter()
                .collect()
        )
    );
    let (_, shown, _) = json(&["keys", "show", text(&path)]);
    assert_eq!(shown, made);
    let [id, public] = ["key_id", "public_key"].map(|name| made[name].as_str().unwrap());
    let Ran { stdout, .. } = run(&["keys", "show", text(&path)]);
    assert_eq!(stdout, format!("public key  {public}\nkey id      {id}\n"));
    let Ran { code, stderr, .. } = run(&["keys", "new", text(&path)]);
    assert_eq!(code, 5);
    assert!(stderr.contains("is there already; choose another name"), "{stderr}");
}

#[test]
fn sound_journal_is_verified() {
    let folder = data();
    let (code, verdict, stderr) = json(&["verify", "--data", text(folder.path())]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert_eq!((&verdict["commands"], &verdict["sound"]), (&103.into(), &true.into()));
    assert_eq!((&verdict["mark"], &verdict["epoch"]), (&0.into(), &"0000000000000007".into()));
    assert_eq!(verdict.as_object().unwrap().len(), 11);
    for hash in ["state_hash", "outcome_hash"] {
        assert_eq!(verdict[hash].as_str().map(str::len), Some(32), "{verdict}");
    }
    let Ran { stdout, .. } = run(&["verify", "--data", text(folder.path())]);
    let lines: Vec<&str> = stdout.lines().map(|line| line.split("  ").next().unwrap_or_default()).collect();
    let facts = [
        "commands",
        "journal from",
        "replayed from",
        "state hash",
        "outcome hash",
        "snapshots",
        "marked",
        "history",
        "evidence",
        "epoch",
        "sound",
    ];
    assert_eq!(lines, facts, "{stdout}");
}

#[test]
fn journal_with_another_outcome_is_5() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = opened(folder.path());
    let mut sequencer = Sequencer::default();
    let commands = contract::founding().map(|command| sequencer.stamp(Time::from_seconds(1), command));
    let mut records = SealedRecords::default();
    Chain::default().seal(&commands, OutcomeHash::from_value(7), &mut records);
    log.append(Sequence(0), &records).unwrap();
    drop(log);
    let (code, verdict, stderr) = json(&["verify", "--data", text(folder.path())]);
    assert_eq!(
        (code, &verdict["sound"], &verdict["state_hash"]),
        (5, &false.into(), &Value::Null),
        "{stderr}"
    );
    assert_eq!(verdict.as_object().unwrap().len(), 11);
    let failure: Value = serde_json::from_str(&stderr).unwrap();
    let message = failure["message"].as_str().unwrap();
    assert!(message.contains("did something else than it did live"), "{message}");
}

#[test]
fn absent_journal_is_5() {
    let folder = tempfile::tempdir().unwrap();
    let Ran { code, stdout, stderr } = run(&["verify", "--data", text(folder.path())]);
    assert_eq!((code, stdout.as_str()), (5, ""));
    assert!(stderr.starts_with("error: there is no journal in "), "{stderr}");
}

#[test]
fn a_start_is_measured_and_leaves_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["bench", "start", "--commands", "20000", "--data", text(folder.path())];
    let (code, report, stderr) = json(&words);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let keys: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["commands", "replay_s", "replayed", "snapshot_bytes", "start_s"]);
    let number = |name: &str| report[name].as_u64().unwrap();
    // The venue is set up with 3,002 commands, and ticks list its window.
    assert!((23_002..23_010).contains(&number("commands")) && number("replayed") == 2_000, "{report}");
    assert!(10_000 < number("snapshot_bytes"), "{report}");
    assert!(0.0 < report["start_s"].as_f64().unwrap() && 0.0 < report["replay_s"].as_f64().unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn flow_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flow.bin");
    // A seller of 5 at 100, a buyer of 3 at 100.
    let record = |side: u8, order: u64, quantity: u64| {
        let head = [0, side, 0, 0, 0, 0, 0, 0];
        [head, order.to_le_bytes(), 100_u64.to_le_bytes(), quantity.to_le_bytes()].concat()
    };
    fs::write(&path, [record(1, 1, 5), record(0, 2, 3)].concat()).unwrap();
    let (code, report, _) = json(&["bench", "book", text(&path), "--runs", "1"]);
    let keys: Vec<String> = report.as_object().unwrap().keys().cloned().collect();
    let [counted, timed, traded] = [
        ["allocations", "bytes_per_order"].as_slice(),
        &["mops", "ops", "p50_ns", "p999_ns", "p99_ns"],
        &["tape_hash", "traded_quantity", "trades"],
    ];
    let expected = [counted, timed, traded].concat();
    assert_eq!((code, keys), (0, expected.into_iter().map(str::to_owned).collect()));
    assert_eq!(
        (&report["ops"], &report["trades"], &report["traded_quantity"]),
        (&2.into(), &1.into(), &3.into())
    );

    fs::write(folder.path().join("flow.bin.json"), r#"{"tape_hash":"0000000000000000","trades":1}"#).unwrap();
    let (code, _, stderr) = json(&["bench", "book", text(&path), "--runs", "1"]);
    assert_eq!(code, 5);
    assert!(stderr.contains("the trades are not those that "), "{stderr}");
}

#[test]
fn recorded_flow_is_replayed() {
    let folder = tempfile::tempdir().unwrap();
    let messages = "34200.1,1,11,5,1000000,-1\n34200.2,1,12,7,990000,1\n34200.3,4,11,5,1000000,-1\n";
    let books = "1000000,5,-9999999999,0\n1000000,5,990000,7\n9999999999,0,990000,7\n";
    fs::write(folder.path().join("X_message_1.csv"), messages).unwrap();
    fs::write(folder.path().join("X_orderbook_1.csv"), books).unwrap();
    let Ran { code, stdout, stderr } = run(&["replay", "lobster", text(folder.path()), "--json"]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let expected = r#"{"messages":3,"tops_total":2,"tops_equal":2,"tops_unexplained":0,"aggressors_total":1,"aggressors_equal":1,"repairs":0}"#;
    assert_eq!(stdout, format!("{expected}\n"));
    let Ran { stdout, .. } = run(&["replay", "lobster", text(folder.path())]);
    assert!(stdout.starts_with("messages                      3\n"), "{stdout}");
}
