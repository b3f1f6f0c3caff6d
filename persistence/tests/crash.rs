//! Crash: what the journal is worth after a write failed, its end was torn off, or its bytes were damaged.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use engine::command::Command;
use journal::contract::{self, Live};
use journal::log::{AppendError, CommandLog};
use journal::recovery::recover;
use persistence::store::RocksLog;
use tempfile::TempDir;

/// A journal that its process left without closing it.
struct Left {
    folder: TempDir,
    /// The write-ahead log's name.
    wal: PathBuf,
    /// Its bytes.
    bytes: Vec<u8>,
    /// How long it was before the first append, and after each.
    ends: Vec<usize>,
    /// The last sequence at each of these moments.
    acknowledged: Vec<u64>,
}

fn left() -> Left {
    let folder = TempDir::new().expect("there is a temporary folder");
    let path = folder.path().join("journal");
    let (mut log, mut live) = (RocksLog::open(&path).expect("the folder is new"), Live::default());
    let wal = newest_wal(&path);
    let mut ends = vec![read(&path.join(&wal)).len()];
    let mut acknowledged = vec![0];
    for groups in
        [&[&contract::founding()[..]][..], &[&[Command::Tick; 2], &[Command::Tick]], &[&[Command::Tick]]]
    {
        live.append(&mut log, groups).expect("the log takes what follows");
        ends.push(read(&path.join(&wal)).len());
        acknowledged.push(live.chain.last().sequence.0);
    }
    let bytes = read(&path.join(&wal));
    // Closing may write: what a crash leaves is what stands there before.
    let crashed = folder.path().join("crashed");
    copy(&path, &crashed);
    drop(log);
    Left { folder, wal, bytes, ends, acknowledged }
}

impl Left {
    /// The last sequence that is recovered when the write-ahead log is `bytes`, or why nothing is.
    fn recovered(&self, bytes: &[u8]) -> Result<u64, String> {
        let path = self.folder.path().join("tried");
        copy(&self.folder.path().join("crashed"), &path);
        fs::write(path.join(&self.wal), bytes).expect("the file is writable");
        let recovered = RocksLog::open(&path).map_err(|error| error.to_string()).and_then(|log| {
            recover(&log, &mut |_, _| ())
                .map(|recovered| recovered.last.sequence.0)
                .map_err(|error| error.to_string())
        });
        fs::remove_dir_all(&path).expect("the folder is ours");
        recovered
    }
}

fn newest_wal(path: &Path) -> PathBuf {
    let names = entries(path).map(|entry| PathBuf::from(entry.file_name()));
    let wals = names.filter(|name| name.extension().is_some_and(|extension| extension == "log"));
    wals.max().expect("there is a write-ahead log")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("the folder is new");
    for entry in entries(from) {
        fs::copy(entry.path(), to.join(entry.file_name())).expect("the file is readable");
    }
}

fn entries(path: &Path) -> impl Iterator<Item = fs::DirEntry> {
    fs::read_dir(path).expect("the folder is there").flatten()
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).expect("the file is readable")
}

#[test]
fn what_was_acknowledged_survives_a_torn_end() {
    let left = left();
    let near = |end: usize| end.saturating_sub(9)..(end + 9).min(left.bytes.len());
    let cuts = left.ends.iter().flat_map(|end| near(*end)).chain((0..=left.bytes.len()).step_by(23));
    for cut in cuts.chain([left.bytes.len()]) {
        let durable = left.ends.iter().rposition(|end| *end <= cut).unwrap();
        let recovered = left.recovered(&left.bytes[..cut]);
        assert_eq!(recovered, Ok(left.acknowledged[durable]), "cut at {cut} of {}", left.bytes.len());
    }
}

// Not noticed in here: a log that ends between two records, or that is made to look so. Both give a journal that is
// sound and too short, which the high-water mark beside the journal is for.
#[test]
fn a_damaged_byte_is_refused_or_looks_like_a_torn_end() {
    let left = left();
    let mut refused = 0;
    for at in 0..left.bytes.len() {
        let mut bytes = left.bytes.clone();
        bytes[at] ^= 1 << 7;
        match left.recovered(&bytes) {
            Ok(last) => assert!(left.acknowledged.contains(&last), "byte {at} gives {last}"),
            Err(error) => {
                assert!(error.contains("damaged"), "{error}");
                refused += 1;
            }
        }
    }
    // A length that reaches past the end is the one thing that looks torn; each append has one.
    assert!(left.bytes.len() - 3 * 7 <= refused, "{refused} of {} refused", left.bytes.len());
}

const FOLDER: &str = "JOURNAL_OF_THE_FAILED_WRITE";

// The process that fails is this test again, under a shell that lets no file grow beyond a limit.
#[test]
fn a_failed_write_is_the_last() {
    if let Some(folder) = env::var_os(FOLDER) {
        return write_until_it_fails(Path::new(&folder));
    }
    let folder = TempDir::new().unwrap();
    let limited = "trap '' XFSZ; ulimit -f 256; exec \"$0\" --exact a_failed_write_is_the_last";
    let mut process = Process::new("sh");
    process.arg("-c").arg(limited).arg(env::current_exe().unwrap()).env(FOLDER, folder.path());
    let output = process.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let acknowledged: u64 = fs::read_to_string(folder.path().join("acknowledged")).unwrap().parse().unwrap();
    let log = RocksLog::open(&folder.path().join("journal")).unwrap();
    let recovered = recover(&log, &mut |_, _| ()).unwrap().last.sequence.0;
    // The group that failed may be there or not.
    assert!(recovered == acknowledged || recovered == acknowledged + 1_000, "{recovered}, {acknowledged}");
    assert!(0 < acknowledged);
}

fn write_until_it_fails(folder: &Path) {
    let mut log = RocksLog::open(&folder.join("journal")).expect("the folder is new");
    let mut live = Live::default();
    let unknown = loop {
        let before = live.chain.last().sequence;
        assert!(before.0 < 1_000_000, "the limit is reached");
        if let Err(error) = live.append(&mut log, &[&[Command::Tick; 1_000]]) {
            fs::write(folder.join("acknowledged"), before.0.to_string()).expect("the file is short");
            assert_eq!(log.last().expect("the tip is known").expect("there is one").sequence, before);
            break error;
        }
    };
    assert!(matches!(unknown, AppendError::Unknown { .. }), "{unknown}");
    let again = live.append(&mut log, &[&[Command::Tick]]);
    assert!(matches!(again, Err(AppendError::Unknown { .. })), "a failed log takes nothing more");
}
