//! Replay: each rule of the driver, on a sample of a few lines, and what is said of malformed files.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;

use simulator::lobster::Sample;
use simulator::replay::{Fault, ReplayReport, replay};
use tempfile::TempDir;

const MESSAGES: &str = "X_2026-01-01_34200000_34260000_message_2.csv";
const BOOKS: &str = "X_2026-01-01_34200000_34260000_orderbook_2.csv";

/// A message, and the book after it: ask, size, bid, size, of the best two levels.
const LINES: &[(&str, &str)] = &[
    // What rests before: 7 at 103; 4 at 99; and at 100 as much as the first message brings.
    ("34200.1,1,11,5,100,1", "103,7,100,5,9999999999,0,99,4"),
    ("34200.2,1,12,3,100,1", "103,7,100,8,9999999999,0,99,4"),
    // One aggressor, who meets a hidden order between two visible ones.
    ("34200.3,4,11,5,100,1", "103,7,100,3,9999999999,0,99,4"),
    ("34200.3,5,0,9,101,1", "103,7,100,3,9999999999,0,99,4"),
    ("34200.3,4,12,1,100,1", "103,7,100,2,9999999999,0,99,4"),
    // An order that is older than it came: it stands before 12.
    ("34200.4,1,10,2,100,1", "103,7,100,4,9999999999,0,99,4"),
    ("34200.5,4,10,2,100,1", "103,7,100,2,9999999999,0,99,4"),
    // A fill out of turn, 13 before 12. Then a line of another kind, which ends the run.
    ("34200.6,1,13,4,100,1", "103,7,100,6,9999999999,0,99,4"),
    ("34200.7,4,13,3,100,1", "103,7,100,3,9999999999,0,99,4"),
    ("34200.7,4,12,1,100,1", "103,7,100,2,9999999999,0,99,4"),
    // Orders never shown: one is part of what rested before, of the other there is nothing.
    ("34200.7,2,1,1,99,1", "103,7,100,2,9999999999,0,99,3"),
    ("34200.7,4,12,1,100,1", "103,7,100,1,9999999999,0,99,3"),
    ("34200.8,3,2,6,90,1", "103,7,100,1,9999999999,0,99,3"),
    ("34200.8,7,0,0,-1,-1", "103,7,100,1,9999999999,0,99,3"),
    // 104 leaves the two best levels, is deleted there, and stays with us as a ghost.
    ("34200.9,1,20,5,104,-1", "103,7,100,1,104,5,99,3"),
    ("34201.0,1,21,6,102,-1", "102,6,100,1,103,7,99,3"),
    ("34201.1,3,21,6,102,-1", "103,7,100,1,9999999999,0,99,3"),
    // So 105 is outside with us, and not there.
    ("34201.2,1,22,8,105,-1", "103,7,100,1,105,8,99,3"),
    ("34201.2,1,24,1,105,-1", "103,7,100,1,105,9,99,3"),
    ("34201.3,3,3,7,103,-1", "105,9,100,1,9999999999,0,99,3"),
    // The ghost takes the fill of 22, and has to give it back.
    ("34201.4,4,22,1,105,-1", "105,8,100,1,9999999999,0,99,3"),
    // A bid at 104 shows that there is no such order.
    ("34201.5,1,23,2,104,1", "105,8,104,2,9999999999,0,100,1"),
    // A difference that nothing explains.
    ("34201.6,2,23,1,104,1", "105,8,104,9,9999999999,0,100,1"),
    // 24 was deleted unseen too, and was outside from the beginning.
    ("34201.7,3,22,7,105,-1", "9999999999,0,104,1,9999999999,0,100,1"),
];

fn write(folder: &Path, name: &str, lines: &[&str]) {
    fs::write(folder.join(name), lines.join("\n") + "\n").unwrap();
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), MESSAGES, &LINES.iter().map(|line| line.0).collect::<Vec<_>>());
    write(folder.path(), BOOKS, &LINES.iter().map(|line| line.1).collect::<Vec<_>>());
    folder
}

#[test]
fn driver_keeps_its_rules() {
    let sample = Sample::read(folder().path()).unwrap();
    let report = replay(&sample, &mut |_| {}).unwrap();
    let expected = ReplayReport {
        messages: 24,
        tops_total: 23,
        tops_equal: 19,
        tops_unexplained: 1,
        depths_total: 23,
        depths_equal: 16,
        aggressors_total: 5,
        aggressors_equal: 3,
        aggressors_unequal: vec![8, 20],
        repairs: 3,
        late_ids: 1,
        fill_repairs: 2,
        ghosts: 1,
        unseen: 1,
        commands: report.commands,
        elapsed_ms: report.elapsed_ms,
        fingerprint: report.fingerprint.clone(),
    };
    assert_eq!(report, expected);
    let again = replay(&sample, &mut |_| {}).unwrap();
    assert_eq!((again.fingerprint, again.commands), (report.fingerprint, report.commands));
}

#[test]
fn narrow_and_wide_book_lie_side_by_side() {
    let folder = folder();
    let narrow = |line: &str| line.split(',').take(4).collect::<Vec<_>>().join(",");
    let lines: Vec<String> = LINES.iter().map(|line| narrow(line.1)).collect();
    write(folder.path(), BOOKS, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    write(
        folder.path(),
        "X_first_orderbook_2.csv",
        &LINES.iter().take(5).map(|line| line.1).collect::<Vec<_>>(),
    );
    let report = replay(&Sample::read(folder.path()).unwrap(), &mut |_| {}).unwrap();
    assert_eq!((report.tops_total, report.tops_equal), (23, 19));
    assert_eq!((report.depths_total, report.depths_equal), (4, 4));
}

#[test]
fn malformed_lines_are_named() {
    let cases = [
        (MESSAGES, 3, "1,2,3", "message_2.csv:3: the line: expected 6 fields"),
        (MESSAGES, 2, "x,1,12,3,100,1", "message_2.csv:2: time: expected seconds after midnight"),
        (MESSAGES, 2, "34200.0,1,12,3,100,1", "message_2.csv:2: time: expected a time not before"),
        (MESSAGES, 2, "34200.2,8,12,3,100,1", "type: expected a number from 1 to 7, found \"8\""),
        (MESSAGES, 2, "34200.2,1,0,3,100,1", "order id: expected a whole number above zero, found \"0\""),
        (MESSAGES, 2, "34200.2,1,12,0,100,1", "size: expected a whole number from 1 to 10,000,000"),
        (
            MESSAGES,
            2,
            "34200.2,1,12,3,-5,1",
            "price: expected a whole number from 1 to 1,000,000,000, found \"-5\"",
        ),
        (MESSAGES, 2, "34200.2,1,12,3,100,0", "direction: expected 1 (buy) or -1 (sell), found \"0\""),
        (BOOKS, 4, "103,7,100", "orderbook_2.csv:4: the line: expected four fields for each level"),
        (BOOKS, 4, "103,7,x,8", "orderbook_2.csv:4: bid price 1: expected a whole number"),
        (BOOKS, 4, "103,7,100,8,104,0,99,4", "orderbook_2.csv:4: ask size 2: expected a whole number"),
    ];
    for (name, line, text, expected) in cases {
        let folder = folder();
        let path = folder.path().join(name);
        let good = fs::read_to_string(&path).unwrap();
        let mut lines: Vec<&str> = good.lines().collect();
        lines[line - 1] = text;
        write(folder.path(), name, &lines);
        let error = Sample::read(folder.path()).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn missing_files_are_named() {
    let expect = |folder: &TempDir, expected: &str| {
        let error = Sample::read(folder.path()).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    };
    let short = folder();
    write(short.path(), BOOKS, &["103,7,100,5"]);
    expect(&short, "1 rows for 24 messages");
    let no_book = folder();
    fs::remove_file(no_book.path().join(BOOKS)).unwrap();
    expect(&no_book, "0 files named *_orderbook_*.csv");
    let two_days = folder();
    write(two_days.path(), "Y_message_2.csv", &["1.0,1,1,1,1,1"]);
    expect(&two_days, "2 files named *_message_*.csv");
    let nameless = folder();
    fs::rename(nameless.path().join(MESSAGES), nameless.path().join("X_message_all.csv")).unwrap();
    expect(&nameless, "the name should end in the number of levels");
    let empty = folder();
    fs::write(empty.path().join(MESSAGES), "").unwrap();
    expect(&empty, "no line in it");
    assert!(Sample::read(&empty.path().join("none")).is_err());
}

#[test]
fn contradictions_stop_the_replay() {
    let crossed = folder();
    write(crossed.path(), BOOKS, &LINES.iter().map(|_| "103,7,103,8").collect::<Vec<_>>());
    let error = replay(&Sample::read(crossed.path()).unwrap(), &mut |_| {}).unwrap_err();
    assert_eq!((error.message, error.fault), (0, Fault::Crossed));
    let cases = [
        ("34200.2,1,11,3,100,1", Fault::EnteredTwice(11), "order 11 is entered but rests already"),
        ("34200.2,3,11,5,101,1", Fault::Elsewhere(11), "order 11 rests at another price or side"),
    ];
    for (line, fault, text) in cases {
        let folder = folder();
        write(folder.path(), MESSAGES, &[LINES[0].0, line]);
        write(folder.path(), BOOKS, &[LINES[0].1, LINES[1].1]);
        let error = replay(&Sample::read(folder.path()).unwrap(), &mut |_| {}).unwrap_err();
        assert_eq!((error.message, error.fault), (1, fault));
        assert!(error.to_string().contains(text) && error.to_string().contains("line 2"), "{error}");
    }
}
