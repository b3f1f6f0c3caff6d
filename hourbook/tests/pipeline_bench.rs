//! Pipeline bench: a line for each run, the saturated one last, from makers or from a recorded flow.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../client/tests/canned/mod.rs"]
mod canned;
mod program;

use std::fs;

use program::{Ran, run};
use serde_json::Value;

/// Checks what a run of the bench printed with `--json`.
fn assert_lines(ran: &Ran) {
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let lines: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let offered: Vec<Option<u64>> = lines.iter().map(|line| line["offered"].as_u64()).collect();
    assert_eq!(offered, [Some(10_000), Some(100_000), Some(500_000), None]);
    for line in &lines {
        let keys: Vec<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["commands_per_s", "offered", "p50_us", "p99_us"]);
        let [rate, p50, p99] =
            ["commands_per_s", "p50_us", "p99_us"].map(|key| line[key].as_u64().expect("a whole number"));
        assert!(0 < rate && 0 < p50 && p50 <= p99, "{line}");
        // No schedule is overtaken.
        assert!(line["offered"].as_u64().is_none_or(|offered| rate <= offered), "{line}");
    }
    assert!(lines[3]["offered"].is_null());
}

#[test]
fn makers_are_measured_and_leave_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let words = ["bench", "pipeline", "--commands", "3000", "--data", data];
    assert_lines(&run(&[&words[..], &["--json"]].concat()));
    let Ran { code, stdout, .. } = run(&words);
    assert_eq!((code, stdout.lines().count()), (0, 4), "{stdout}");
    assert!(stdout.lines().last().unwrap().contains("saturated"), "{stdout}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn recorded_flow_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("flow.bin");
    let record = |kind: u8, side: u8, order: u64, quantity: u64| {
        let head = [kind, side, 7, 0, 0, 0, 0, 0];
        [head, order.to_le_bytes(), 100_u64.to_le_bytes(), quantity.to_le_bytes()].concat()
    };
    // Each buys five, sells three, and cancels what is left; now and then what is not there.
    let round = |round: u64| {
        let id = 10 * round;
        let [buy, sell] = [record(0, 0, id, 5), record(2, 1, id + 1, 3)];
        [buy, sell, record(1, 0, id, 0), record(1, 0, id + 5, 0)].concat()
    };
    fs::write(&path, (0..500).flat_map(round).collect::<Vec<u8>>()).unwrap();
    let path = path.to_str().unwrap();
    assert_lines(&run(&["bench", "pipeline", "--flow", path, "--json"]));
}

#[test]
fn folder_that_is_not_there_is_5() {
    let Ran { code, stdout, stderr } = run(&["bench", "pipeline", "--data", "/nowhere/at/all"]);
    assert_eq!((code, stdout.as_str()), (5, ""));
    assert!(stderr.contains("a temporary folder cannot be made"), "{stderr}");
}
