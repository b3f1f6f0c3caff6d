//! Data folder: a journal that is not what its mark says is refused, and how to go on is said.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

use engine::command::Command;
use engine::stamp::Sequence;
use journal::contract::{self, Live};
use journal::keeper::Keeper;
use journal::log::CommandLog;
use journal::mark::{Mark, MarkError};
use persistence::data::{DataFolder, JOURNAL, MARK, Opening, snapshots};
use persistence::data_error::DataRefusal;
use persistence::mark_file::{Found, MarkFile};
use tempfile::TempDir;

fn opening(accept_end: Option<u64>, epoch: u64) -> Opening {
    Opening { reserve_bytes: 1 << 20, accept_end: accept_end.map(Sequence), epoch, tell: Box::new(|_| {}) }
}

fn open(path: &Path) -> Result<DataFolder, DataRefusal> {
    DataFolder::open(path, opening(None, 2)).map_err(|error| error.refusal)
}

/// A folder with three records of 3, 2 and 1 commands, marked, beside copies of its journal after each.
struct World {
    _folder: TempDir,
    data: PathBuf,
    copies: Vec<PathBuf>,
}

fn world() -> World {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let DataFolder { mut log, mut keeper, .. } = DataFolder::open(&data, opening(None, 1)).unwrap();
    let (mut live, mut copies) = (Live::default(), Vec::new());
    for (place, group) in
        [&contract::founding()[..], &[Command::Tick; 2], &[Command::Tick]].iter().enumerate()
    {
        live.append(&mut log, &[group]).unwrap();
        let copied = folder.path().join(place.to_string());
        copy(&data.join(JOURNAL), &copied);
        copies.push(copied);
        keeper.mark(log.last().unwrap().unwrap()).unwrap();
    }
    World { _folder: folder, data, copies }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn put(journal: &Path, data: &Path) {
    fs::remove_dir_all(data.join(JOURNAL)).unwrap();
    copy(journal, &data.join(JOURNAL));
}

fn end(log: &impl CommandLog) -> u64 {
    log.last().unwrap().unwrap().sequence.0
}

fn mark(data: &Path) -> Mark {
    match MarkFile::read(&data.join(MARK)).unwrap() {
        Found::Mark(_, mark) => mark,
        none => panic!("{none:?}"),
    }
}

#[test]
fn a_journal_that_was_cut_between_records_is_refused() {
    let world = world();
    assert_eq!(end(&open(&world.data).unwrap().log), 6);
    put(&world.copies[1], &world.data);
    let refused = DataFolder::open(&world.data, opening(None, 2)).unwrap_err();
    let short = MarkError::Short { marked: Sequence(6), end: Sequence(5) };
    assert_eq!(refused.refusal, DataRefusal::Mark(short));
    let said = refused.to_string();
    assert!(said.contains("1 commands are missing") && said.contains("--accept-end 5"), "{said}");
    assert!(said.contains("hourbook restore"), "{said}");
    assert_eq!(mark(&world.data).tip.sequence, Sequence(6), "nothing was changed");
}

#[test]
fn a_cut_journal_is_accepted_only_by_its_own_end() {
    let world = world();
    put(&world.copies[1], &world.data);
    for other in [4, 6] {
        let refused = DataFolder::open(&world.data, opening(Some(other), 2)).unwrap_err();
        assert!(matches!(refused.refusal, DataRefusal::Mark(MarkError::Short { .. })), "{refused}");
    }
    let DataFolder { log, mut keeper, .. } = DataFolder::open(&world.data, opening(Some(5), 2)).unwrap();
    assert_eq!((end(&log), keeper.epoch(), keeper.cut().is_open()), (5, 2, true));
    let expected = Mark { tip: log.last().unwrap().unwrap(), epoch: 2, cut: true };
    assert_eq!(mark(&world.data), expected);
    keeper.cut().close();
    keeper.mark(expected.tip).unwrap();
    assert_eq!(mark(&world.data), Mark { cut: false, ..expected });
    drop((log, keeper));
    // The next start is an ordinary one, and the option has to go.
    let again = open(&world.data).unwrap();
    assert_eq!((again.keeper.epoch(), again.keeper.cut().is_open()), (2, false));
    drop(again);
    let refused = DataFolder::open(&world.data, opening(Some(5), 3)).unwrap_err();
    assert_eq!(refused.refusal, DataRefusal::NothingToAccept { end: Sequence(5) });
}

#[test]
fn a_lost_or_damaged_mark_is_refused_and_half_of_one_is_enough() {
    let world = world();
    let file = world.data.join(MARK);
    let sound = fs::read(&file).unwrap();
    let newer = if sound[8] < sound[4_096 + 8] { 4_096 } else { 0 };
    for (slots, expected) in [
        (vec![newer], Ok(6)),
        (vec![4_096 - newer], Ok(6)),
        (vec![0, 4_096], Err(DataRefusal::MarkDamaged { end: Sequence(6) })),
    ] {
        let mut bytes = sound.clone();
        slots.iter().for_each(|slot| bytes[slot + 20] ^= 4);
        fs::write(&file, bytes).unwrap();
        assert_eq!(open(&world.data).map(|opened| end(&opened.log)), expected, "slots {slots:?}");
    }
    for length in [0, 10, 4_000] {
        fs::write(&file, vec![0; length]).unwrap();
        assert_eq!(open(&world.data).unwrap_err(), DataRefusal::MarkDamaged { end: Sequence(6) });
    }
    fs::remove_file(&file).unwrap();
    assert_eq!(open(&world.data).unwrap_err(), DataRefusal::MarkMissing { end: Sequence(6) });
    assert!(!file.exists(), "nothing was changed");
    // Of two snapshots one knows more than the journal.
    let snapshots = snapshots(&world.data);
    fs::create_dir(snapshots.path()).unwrap();
    for name in ["00000000000000000006", "00000000000000000009"] {
        fs::write(snapshots.path().join(name).with_extension("snapshot"), "").unwrap();
    }
    let accepted = DataFolder::open(&world.data, opening(Some(6), 9)).unwrap();
    assert_eq!(snapshots.list().unwrap(), [Sequence(6)]);
    assert!(snapshots.path().join("00000000000000000009.set-aside").exists(), "it is kept");
    assert_eq!((accepted.keeper.epoch(), end(&accepted.log)), (9, 6));
}

#[test]
fn another_journal_is_refused_and_cannot_be_accepted() {
    let (world, folder) = (world(), TempDir::new().unwrap());
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    let mut opened = DataFolder::open(&other, opening(None, 5)).unwrap();
    Live::default().append(&mut opened.log, &[&[Command::Tick; 5], &[Command::Tick; 9]]).unwrap();
    drop(opened);
    put(&other.join(JOURNAL), &world.data);
    for accept in [None, Some(14)] {
        let refused = DataFolder::open(&world.data, opening(accept, 2)).unwrap_err();
        assert_eq!(refused.refusal, DataRefusal::Mark(MarkError::Other { marked: Sequence(6) }));
        assert!(!refused.to_string().contains("--accept-end"), "{refused}");
    }
}

#[test]
fn a_journal_may_reach_further_than_its_mark() {
    let world = world();
    let mut opened = open(&world.data).unwrap();
    let mut live = Live::default();
    live.seal(&contract::founding(), &mut Default::default());
    live.seal(&[Command::Tick; 2], &mut Default::default());
    live.seal(&[Command::Tick], &mut Default::default());
    live.append(&mut opened.log, &[&[Command::Tick; 7]]).unwrap();
    drop(opened);
    assert_eq!(end(&open(&world.data).unwrap().log), 13);
    assert_eq!(mark(&world.data).tip.sequence, Sequence(6));
}

#[test]
fn an_interrupted_first_start_is_finished() {
    let world = world();
    let fresh = world.data.with_file_name("fresh");
    fs::create_dir(&fresh).unwrap();
    drop(open(&fresh).unwrap());
    fs::remove_file(fresh.join(MARK)).unwrap();
    fs::write(fresh.join("MARK.new"), "half").unwrap();
    assert_eq!(open(&fresh).unwrap().keeper.epoch(), 2);
    assert!(!fresh.join("MARK.new").exists());
}

#[test]
fn the_ballast_is_made_once_there_is_room_for_it() {
    let folder = TempDir::new().unwrap();
    for _ in 0..2 {
        let mut opened = open(folder.path()).unwrap();
        assert_eq!((opened.keeper.is_low(), opened.keeper.is_low()), (Ok(false), Ok(false)));
        assert_eq!(fs::metadata(folder.path().join("BALLAST")).unwrap().len(), 1 << 20);
    }
    let all = Opening { reserve_bytes: u64::MAX / 8, ..opening(None, 2) };
    fs::remove_file(folder.path().join("BALLAST")).unwrap();
    let mut opened = DataFolder::open(folder.path(), all).unwrap();
    assert_eq!(opened.keeper.is_low(), Ok(true), "no disk has so much room");
    assert!(!folder.path().join("BALLAST").exists());
}
