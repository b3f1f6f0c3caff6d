//! Start bench: how long it takes to read a long journal back, from a snapshot and without one.

mod past;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use engine::command::Stamped;
use engine::event::Event;
use engine::ids::index;
use engine::view::View;
use journal::snapshot::Snapshot;
use node::ready::Ready;
use persistence::data::{journal_folder, snapshots};
use persistence::store::RocksLog;
use serde::Serialize;

use crate::command::bench::own_folder::folder;
use crate::command::bench::start::past::Past;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::table::{Align, facts};

/// Of so many commands, the last one is read back from the journal, and what is before it from the snapshot.
const TAIL_PART: u32 = 10;

const EXAMPLES: &str = "\
Makes the data folder of an exchange with a thousand accounts that quoted, cancelled and traded, every order under an id of
its client's, and a snapshot before the last tenth of it. Then reads it back as a start does: from the snapshot, and from
the first command. Files that were just written are read from memory, not from the disk.

Examples:
  hourbook bench start
  hourbook bench start --commands 1000000 --data /mnt/fast --json";

/// Measure how long a start takes, with a snapshot and without
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Start {
    /// Commands in the journal
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u32).range(10_000..=100_000_000))]
    commands: u32,
    /// The folder in which the data folder is while it is needed; without it the temporary folder
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// What it came to.
#[derive(Serialize)]
struct Measured {
    commands: u64,
    /// Commands after the snapshot.
    replayed: u64,
    snapshot_bytes: u64,
    start_s: f64,
    replay_s: f64,
}

impl Start {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let folder = folder(self.data.as_deref())?;
        let data = folder.path();
        let mut past = Past::begin(data)?;
        let tail = self.commands / TAIL_PART;
        let mut said = Instant::now();
        past.go_on(index(self.commands - tail), &mut |done| say(screen, &mut said, done))?;
        let snapshot_bytes = past.keep(data)?;
        past.go_on(index(tail), &mut |done| say(screen, &mut said, done))?;
        let (commands, state) = past.end();
        screen.remark("starting from the snapshot ...");
        let (replayed, again, started) = start(data, true)?;
        screen.remark("starting from the first command ...");
        let (_, whole, replayed_all) = start(data, false)?;
        if state != again || state != whole {
            return Err(Failure::local("what was read back is not what was written".to_owned()));
        }
        let (start_s, replay_s) = (started.as_secs_f64(), replayed_all.as_secs_f64());
        screen.show(&Measured { commands, replayed, snapshot_bytes, start_s, replay_s }, Measured::text)
    }
}

fn say(screen: &Screen, said: &mut Instant, done: u64) {
    if Duration::from_secs(1) <= said.elapsed() {
        *said = Instant::now();
        screen.remark(&format!("{done} commands written"));
    }
}

/// Reads an exchange back as a start does. Returns how many commands were replayed, the state hash, and how long it took.
fn start(data: &Path, with_snapshot: bool) -> Result<(u64, String, Duration), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::local(error.to_string());
    let begun = Instant::now();
    let log = RocksLog::open(&journal_folder(data)).map_err(|error| failed(&error))?;
    let newest = if with_snapshot {
        let newest = snapshots(data).newest(&mut |_| {}).map_err(|error| failed(&error))?;
        newest.ok_or_else(|| Failure::local("the snapshot that was written cannot be read".to_owned()))?
    } else {
        Snapshot::default()
    };
    let ready = Ready::resume(log, newest, &mut |_: &Stamped, _: &[Event], _: &View| {})
        .map_err(|error| failed(&error))?;
    let took = begun.elapsed();
    Ok((ready.commands(), ready.state_hash().to_string(), took))
}

impl Measured {
    fn text(&self) -> String {
        facts(
            Align::Right,
            [
                ("commands", self.commands.to_string()),
                ("replayed after the snapshot", self.replayed.to_string()),
                ("snapshot, bytes", self.snapshot_bytes.to_string()),
                ("start from the snapshot, s", format!("{:.3}", self.start_s)),
                ("start without it, s", format!("{:.3}", self.replay_s)),
            ],
        )
    }
}
