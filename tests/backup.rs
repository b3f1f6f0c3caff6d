//! Backup: copied beside a running exchange, restored as another history, exported for other programs.
#![allow(clippy::explicit_write, reason = "what is skipped is said though the test passes")]
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../settlement/tests/fixture/mod.rs"]
mod fixture;
#[path = "process/mod.rs"]
mod process;
#[path = "damage/slot.rs"]
mod slot;

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use engine::delivery::slot::SlotState;
use engine::event::Event;
use journal::recovery::recover;
use parquet::file::reader::{FileReader, SerializedFileReader};
use persistence::data::Glance;
use process::{Serving, failure, json, run};
use serde_json::Value;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A data folder in which a demo has traded.
fn traded(data: &Path) {
    let demo = ["demo", "--data", text(data), "--listen", "127.0.0.1:0", "--fills", "20", "--json"];
    let output = run(&demo);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_backup_becomes_another_history() {
    let folder = tempfile::tempdir().unwrap();
    let [data, to, again] = ["data", "backup", "again"].map(|name| folder.path().join(name));
    traded(&data);
    let serving = Serving::start(&data);
    let made = json(&["backup", text(&to), "--data", text(&data)]);
    // A window may have opened or closed since.
    assert!(serving.recovered <= made["commands"].as_u64().unwrap(), "{made}");
    let epoch = json(&["ping", "--url", &serving.url])["epoch"].clone();
    assert_eq!(made["epoch"], epoch);
    json(&["--url", &serving.url, "--as", "after", "balance"]);
    let more = json(&["backup", text(&to), "--data", text(&data)]);
    assert!(made["commands"].as_u64() < more["commands"].as_u64(), "{made} {more}");
    assert!(more["records_copied"].as_u64().unwrap() < 10, "only what is new: {more}");
    let taken = failure(&["restore", text(&to), "--data", text(&data)]);
    assert!(taken.0 == 5 && taken.1.contains("overwrites nothing"), "{taken:?}");
    serving.kill();
    fs::remove_dir_all(&data).unwrap();

    let restored = json(&["restore", text(&to), "--data", text(&again)]);
    assert_eq!(restored["commands"], more["commands"]);
    assert_ne!(restored["epoch"], epoch);
    let verified = json(&["verify", "--data", text(&again)]);
    assert_eq!((&verified["state_hash"], &verified["epoch"]), (&restored["state_hash"], &restored["epoch"]));
    let serving = Serving::start(&again);
    let url = serving.url.as_str();
    assert_eq!(json(&["ping", "--url", url])["epoch"], restored["epoch"]);
    // Of those that there are, one whose gate is far.
    let listed = json(&["--url", url, "instruments"])["instruments"].as_array().unwrap().clone();
    let open = listed.iter().filter(|listed| listed["state"] == "open");
    let last = open.max_by_key(|listed| listed["gate"].as_str().unwrap().to_owned()).unwrap();
    let symbol = last["symbol"].as_str().unwrap().to_owned();
    let buy = ["--url", url, "--as", "you", "buy", &symbol, "1", "--price", "0.0001"];
    let halted = failure(&buy);
    assert!(halted.0 == 1 && halted.1.contains("MARKET_HALTED"), "{halted:?}");
    let key = again.join("operator.key");
    let open = ["--url", url, "--key", text(&key), "admin", "mode", "venue", "open", "--reason", "all-clear"];
    json(&open);
    json(&buy);
    serving.interrupt();

    // What an operator has opened stays open.
    let serving = Serving::start(&again);
    json(&["--url", &serving.url, "--as", "you", "buy", &symbol, "1", "--price", "0.0001"]);
    serving.interrupt();
    let verified = json(&["verify", "--data", text(&again)]);
    assert_eq!((&verified["sound"], &verified["history"]), (&true.into(), &verified["commands"]));
}

/// Slots go on where the backup has them; without their evidence nobody can know how they ended.
#[test]
fn slots_under_way_are_restored_with_their_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let [data, to, again, without] =
        ["data", "backup", "again", "without"].map(|name| folder.path().join(name));
    slot::make(&data);
    let serving = Serving::start(&data);
    let made = json(&["backup", text(&to), "--data", text(&data)]);
    assert_eq!(made["evidence_copied"], 2);
    let more = json(&["backup", text(&to), "--data", text(&data)]);
    assert_eq!(more["evidence_copied"], 0, "only what is new");
    serving.kill();
    json(&["restore", text(&to), "--data", text(&again)]);
    assert_eq!(json(&["verify", "--data", text(&again)])["evidence"], 2);
    Serving::start(&again).interrupt();
    assert_eq!(slot::states(&again), [SlotState::Committed, SlotState::Opened]);

    fs::remove_dir_all(to.join("evidence")).unwrap();
    json(&["restore", text(&to), "--data", text(&without)]);
    let unsound = failure(&["verify", "--data", text(&without)]);
    assert!(unsound.0 == 5 && unsound.1.contains("the evidence is not: of delivery 0"), "{unsound:?}");
    Serving::start(&without).interrupt();
    assert!(slot::states(&without).into_iter().all(slot::is_ruled));
}

#[test]
fn a_backup_is_not_served() {
    let folder = tempfile::tempdir().unwrap();
    let [data, to] = ["data", "backup"].map(|name| folder.path().join(name));
    Serving::start(&data).interrupt();
    json(&["backup", text(&to), "--data", text(&data)]);
    let refused = failure(&["serve", "--data", text(&to), "--listen", "127.0.0.1:0"]);
    assert!(refused.0 == 5 && refused.1.contains("hourbook restore"), "{refused:?}");
    assert!(!to.join("journal").exists(), "nothing was changed");
}

#[test]
fn exports_say_what_the_journal_says() {
    let folder = tempfile::tempdir().unwrap();
    let [data, lines, table] =
        ["data", "journal.jsonl", "trades.parquet"].map(|name| folder.path().join(name));
    traded(&data);
    let glance = Glance::at(&data).unwrap();
    let (mut commands, mut rejected, mut trades) = (Vec::new(), 0, Vec::new());
    recover(&glance.log, &mut |stamped, events| {
        commands.push(stamped.stamp);
        rejected += events.iter().filter(|event| matches!(event, Event::Rejected { .. })).count();
        for event in events {
            if let Event::Traded { trade, price, lots, maker, taker, .. } = *event {
                trades.push((stamped.stamp, trade, price, lots, maker, taker));
            }
        }
    })
    .unwrap();
    assert!(20 <= trades.len());

    let said = json(&["export", "journal", text(&lines), "--data", text(&data)]);
    assert_eq!(said["commands"].as_u64(), Some(u64::try_from(commands.len()).unwrap()));
    let written = fs::read_to_string(&lines).unwrap();
    let objects: Vec<Value> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), commands.len());
    for (object, stamp) in objects.iter().zip(&commands) {
        assert_eq!(object["sequence"].as_u64(), Some(stamp.sequence.0));
        assert_eq!(object["time"], stamp.time.0.to_string());
    }
    assert_eq!(objects[0]["command"], "found");
    assert_eq!(objects.iter().filter(|object| object["rejected"].is_string()).count(), rejected);
    let part = folder.path().join("part.jsonl");
    json(&["export", "journal", text(&part), "--data", text(&data), "--from", "10"]);
    let tail: Vec<&str> = written.lines().skip(9).collect();
    assert!(fs::read_to_string(&part).unwrap().lines().eq(tail));
    let again = failure(&["export", "journal", text(&lines), "--data", text(&data)]);
    assert!(again.0 == 5 && again.1.contains("choose another name"), "{again:?}");

    let said = json(&["export", "trades", text(&table), "--data", text(&data)]);
    assert_eq!(said["trades"].as_u64(), Some(u64::try_from(trades.len()).unwrap()));
    let reader = SerializedFileReader::new(File::open(&table).unwrap()).unwrap();
    let rows: Vec<Value> = reader.get_row_iter(None).unwrap().map(|row| fields(&row.unwrap())).collect();
    assert_eq!(rows.len(), trades.len());
    for (row, (stamp, trade, price, lots, maker, taker)) in rows.iter().zip(&trades) {
        assert_eq!(
            (row["sequence"].as_u64(), row["trade_id"].as_u64()),
            (Some(stamp.sequence.0), Some(trade.0))
        );
        assert_eq!(row["price"].as_str().unwrap().replace('.', "").parse(), Ok(price.ticks()));
        assert_eq!(row["qty"].as_u64(), Some(lots.count().into()));
        assert_eq!(row["maker_order"], maker.to_string());
        assert_eq!(row["taker_order"], taker.to_string());
        assert!(["maker", "taker", "symbol"].iter().all(|name| row[*name] != ""), "{row}");
    }
    read_elsewhere(&table, trades.len());
}

/// A row by the names of its columns.
fn fields(row: &parquet::record::Row) -> Value {
    use parquet::record::Field;
    let value = |field: &Field| match field {
        Field::Str(text) => Value::from(text.as_str()),
        Field::Long(number) => Value::from(*number),
        Field::Decimal(_) => Value::from(field.to_string()),
        other => Value::from(other.to_string()),
    };
    row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect()
}

/// Lets another program count the rows, if there is one here.
fn read_elsewhere(table: &Path, rows: usize) {
    let programs = [
        ("pyarrow", "import pyarrow.parquet, sys; print(pyarrow.parquet.read_table(sys.argv[1]).num_rows)"),
        ("duckdb", "import duckdb, sys; print(duckdb.read_parquet(sys.argv[1]).count('*').fetchone()[0])"),
    ];
    for (name, program) in programs {
        let there = Command::new("python3").args(["-c", &format!("import {name}")]).output();
        if there.is_ok_and(|output| output.status.success()) {
            let output = Command::new("python3").args(["-c", program, text(table)]).output().unwrap();
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), rows.to_string(), "{name}");
            return;
        }
    }
    let skipped = "skipped: reading Parquet elsewhere: python3 has neither pyarrow nor duckdb";
    writeln!(std::io::stderr(), "{skipped}").unwrap();
}
