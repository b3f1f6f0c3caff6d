//! Sim: simulated worlds from the command line: the same seed is the same life, and what is typed wrong is refused.

#[path = "../../client/tests/canned/mod.rs"]
mod canned;
mod program;

use program::{Ran, run};
use serde_json::Value;

fn json(words: &[&str]) -> Value {
    let Ran { code, stdout, stderr } = run(&[words, &["--json"]].concat());
    assert_eq!((code, stderr.as_str()), (0, ""), "{words:?}: {stdout}");
    serde_json::from_str(&stdout).expect("the result is one line of JSON")
}

#[test]
fn a_seed_lives_the_same_life_again() {
    let words = ["sim", "run", "--seed", "7", "--commands", "600"];
    let held = json(&words);
    assert_eq!(held["seed"], 7);
    assert_eq!(held["fingerprint"].as_str().map(str::len), Some(32));
    assert!(600 < held["commands"].as_u64().unwrap() && 0 < held["events"].as_u64().unwrap(), "{held}");
    assert_eq!(held, json(&words));
    let other = json(&["sim", "run", "--seed", "8", "--commands", "600"]);
    assert_ne!(held["fingerprint"], other["fingerprint"]);
}

#[test]
fn a_soak_is_the_same_on_any_number_of_threads() {
    let soak = |threads| {
        let words =
            ["sim", "soak", "--seeds", "12", "--from", "3", "--commands", "200", "--threads", threads];
        let mut held = json(&words);
        for measured in ["threads", "elapsed_s", "commands_per_s"] {
            assert!(held.as_object_mut().unwrap().remove(measured).is_some(), "{measured}");
        }
        held
    };
    let one = soak("1");
    assert_eq!((&one["seeds"], &one["from"]), (&Value::from(12), &Value::from(3)));
    assert_eq!(one, soak("3"));
}

#[test]
fn a_part_of_a_life_is_shown_command_by_command() {
    let words =
        ["sim", "run", "--seed", "7", "--commands", "9", "--only", "2,4-5", "--calm", "network,schedule"];
    let Ran { code, stdout, stderr } = run(&[&words[..], &["--trace"]].concat());
    assert_eq!((code, stderr.as_str()), (0, ""));
    assert!(stdout.starts_with("#1 at 1795356000000000000: Found {"), "{stdout}");
    assert!(stdout.contains("\n    AccountOpened {"), "events stand below their command");
    let requests = stdout.lines().find(|line| line.starts_with("requests of clients")).unwrap();
    assert!(requests.ends_with(" 3"), "{requests}");
}

#[test]
fn the_kernel_is_measured() {
    let measured = json(&["bench", "sim", "--commands", "1000", "--runs", "1"]);
    assert_eq!(measured["runs"], 1);
    for rate in ["events_per_s", "events_per_s_checked", "commands_per_s", "commands_per_s_checked"] {
        assert!(0 < measured[rate].as_u64().unwrap(), "{measured}");
    }
}

#[test]
fn what_is_typed_wrong_is_refused() {
    for words in [
        &["sim", "run"][..],
        &["sim", "run", "--seed", "x"],
        &["sim", "run", "--seed", "1", "--only", "4-1"],
        &["sim", "run", "--seed", "1", "--calm", "sea"],
        &["sim", "run", "--seed", "1", "--commands", "10000001"],
        &["sim", "soak"],
        &["sim", "soak", "--seeds", "0"],
        &["sim", "soak", "--seeds", "5", "--threads", "0"],
    ] {
        assert_eq!(run(words).code, 2, "{words:?}");
    }
}
