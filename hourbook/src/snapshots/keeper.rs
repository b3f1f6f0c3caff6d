//! Keeper: has a snapshot made whenever so many commands were taken since the last one, by a process of its own.
//!
//! That process reads what is durable and needs memory for a whole second exchange; should it lack that, or find what it
//! reads not sound, it ends alone. The exchange itself neither waits for it nor copies anything.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use api::snapshots::{AskedSnapshot, SnapshotDesk};
use engine::stamp::Sequence;
use journal::history::reader::HistoryReader;
use journal::log::ReadError;
use persistence::history::RocksReader;
use persistence::watch::Watch;
use protocol::control::SnapshotResult;
use protocol::error::ErrorObject;
use protocol::error_code::ErrorCode;
use serde_json::Value;

use crate::screen::Screen;

/// How often it looks.
const LOOK: Duration = Duration::from_millis(100);
/// How often it looks whether the history has reached a snapshot.
const SETTLE_LOOKS: u32 = 50;
/// After a failure it waits for a part of the commands that are between two snapshots.
const RETRY_PART: u64 = 8;

/// Commands between two snapshots, unless it is said. A machine that reads back a tenth of what ours does, 170,000 a
/// second, starts within a minute.
pub(crate) const SNAPSHOT_EVERY: u64 = 10_000_000;

/// When snapshots are made, and what is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SnapshotRules {
    /// After so many commands; none is made at zero.
    pub(crate) every: u64,
    /// Whether the journal behind the older of two snapshots is dropped.
    pub(crate) drop_journal: bool,
}

/// The keeper's thread.
pub(crate) struct SnapshotKeeper {
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<Sequence>,
}

impl SnapshotKeeper {
    /// Starts it over `kept`, whose newest snapshot is after `newest`.
    pub(crate) fn start(
        kept: Kept,
        newest: Sequence,
        rules: SnapshotRules,
        screen: Screen,
    ) -> SnapshotKeeper {
        let stopping = Arc::<AtomicBool>::default();
        let stop = Arc::clone(&stopping);
        let mut keeping = Keeping { kept, newest, rules, tried: newest };
        let thread = std::thread::Builder::new().name("snapshots".into());
        let thread =
            thread.spawn(move || keeping.run(&stop, &screen)).expect("the machine has room for a thread");
        SnapshotKeeper { stopping, thread }
    }

    /// Ends it, and what it has begun. Returns after which sequence the newest snapshot is.
    pub(crate) fn stop(self) -> Sequence {
        self.stopping.store(true, Ordering::SeqCst);
        self.thread.thread().unpark();
        self.thread.join().expect("the keeper does not panic")
    }
}

/// The exchange of which snapshots are made.
pub(crate) struct Kept {
    /// Its data folder.
    pub(crate) data: PathBuf,
    /// How far its journal is.
    pub(crate) watch: Watch,
    /// Its history.
    pub(crate) history: RocksReader,
    /// Where operators ask for a snapshot.
    pub(crate) desk: Arc<SnapshotDesk>,
}

/// What the thread knows.
struct Keeping {
    kept: Kept,
    newest: Sequence,
    rules: SnapshotRules,
    /// Where the journal was when the last one was tried and failed.
    tried: Sequence,
}

impl Keeping {
    fn run(&mut self, stop: &AtomicBool, screen: &Screen) -> Sequence {
        while !stop.load(Ordering::SeqCst) {
            if let Some(asked) = self.kept.desk.take() {
                self.make_for(asked, (stop, screen));
            } else if self.is_due() && self.kept.desk.begin() {
                let last = self.kept.watch.last();
                match self.make(stop) {
                    Ok(Some((_, told))) => screen.remark(&told),
                    Ok(None) => {}
                    Err(cause) => {
                        self.tried = last;
                        screen.warn(&format!("no snapshot could be made, and the exchange goes on: {cause}"));
                    }
                }
                self.kept.desk.end();
            } else {
                std::thread::park_timeout(LOOK);
            }
        }
        // Nobody makes it any more: whoever waits is told so.
        drop(self.kept.desk.take());
        self.newest
    }

    /// Has one made that an operator asked for, and answers.
    fn make_for(&mut self, asked: AskedSnapshot, (stop, screen): (&AtomicBool, &Screen)) {
        let AskedSnapshot { reason, answer } = asked;
        let outcome = match self.make(stop) {
            Ok(Some((made, told))) => {
                screen.remark(&format!("{told}; an operator asked for it: {reason}"));
                Ok(made)
            }
            // It was stopped with the exchange.
            Ok(None) => return,
            Err(cause) => {
                screen.warn(&format!("no snapshot could be made for an operator ({reason}): {cause}"));
                Err(ErrorObject::new(ErrorCode::SnapshotFailed, cause))
            }
        };
        self.kept.desk.end();
        // Who asked may have gone.
        let _ = answer.send(outcome);
    }

    fn is_due(&self) -> bool {
        let SnapshotRules { every, .. } = self.rules;
        let since = |sequence: Sequence| self.kept.watch.last().0.saturating_sub(sequence.0);
        let again = self.tried <= self.newest || every / RETRY_PART <= since(self.tried);
        0 < every && every <= since(self.newest) && again
    }

    /// Has one made; returns what can be told of it, or nothing when it was stopped.
    fn make(&mut self, stop: &AtomicBool) -> Result<Option<(SnapshotResult, String)>, String> {
        let mut child = Command::new(program())
            .args(["--json", "snapshot", "--data"])
            .arg(&self.kept.data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("a process cannot be started: {error}"))?;
        let ended =
            wait(&mut child, stop).map_err(|error| format!("a process cannot be watched: {error}"))?;
        let Some(success) = ended else { return Ok(None) };
        let mut told = String::new();
        // What cannot be read is missing below.
        let _ = match (&mut child.stdout, &mut child.stderr) {
            (Some(out), _) if success => out.read_to_string(&mut told),
            (_, Some(error)) => error.read_to_string(&mut told),
            _ => Ok(0),
        };
        if !success {
            let cause = serde_json::from_str::<Value>(&told).ok();
            let cause = cause.and_then(|value| Some(value.get("message")?.as_str()?.to_owned()));
            return Err(cause.unwrap_or_else(|| told.trim().to_owned()));
        }
        self.take(&told).map(Some).ok_or_else(|| format!("what it says cannot be understood: {told}"))
    }

    /// Takes what the process says that has made one.
    fn take(&mut self, told: &str) -> Option<(SnapshotResult, String)> {
        let told: Value = serde_json::from_str(told).ok()?;
        let number = |name: &str| told.get(name).and_then(Value::as_u64);
        self.newest = Sequence(number("sequence")?);
        let made = SnapshotResult {
            engine_seq: self.newest.0,
            file: told.get("file")?.as_str()?.to_owned(),
            bytes: number("bytes"),
            replayed: number("replayed")?,
            ms: number("ms")?,
        };
        let older = number("older").filter(|_| self.rules.drop_journal);
        let bytes = made.bytes.unwrap_or(0);
        let mut said = format!("snapshot after command {}: {bytes} bytes in {} ms", self.newest.0, made.ms);
        // A start from the snapshot needs a history that has reached it.
        if let Err(error) = self.settle() {
            said.push_str(&format!("; {error}"));
        } else if let Some(older) = older {
            match self.kept.watch.drop_before(Sequence(older)) {
                Ok(()) => said.push_str(&format!("; the journal before command {older} is not kept")),
                Err(error) => said.push_str(&format!("; {error}")),
            }
        }
        Some((made, said))
    }

    /// Has the history written to the disk as far as the newest snapshot, which it follows at some milliseconds.
    fn settle(&self) -> Result<(), ReadError> {
        let history = &self.kept.history;
        for _ in 0..SETTLE_LOOKS {
            if self.newest <= HistoryReader::last(history) {
                return history.settle();
            }
            std::thread::park_timeout(LOOK);
        }
        let cause = format!("it has not reached command {} yet", self.newest.0);
        Err(ReadError::Failed { doing: "writing the history", cause })
    }
}

/// This program, even when another has taken its place on disk meanwhile: both must follow the same rules.
fn program() -> PathBuf {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() {
        return running;
    }
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("hourbook"))
}

/// Waits until the process ends; returns whether it succeeded, or nothing when it was ended because of `stop`.
fn wait(child: &mut Child, stop: &AtomicBool) -> std::io::Result<Option<bool>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if stop.load(Ordering::SeqCst) {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::park_timeout(LOOK);
    }
}
