//! Snapshot: makes one of an exchange, while it runs or not.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::command::caught::caught;
use crate::command::serve::Saying;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::snapshots::{Made, make};
use crate::table::{Align, facts};

const EXAMPLES: &str = "\
A snapshot is the exchange as it was after a command, so that a start need not read the whole journal. This reads the
newest one and what the journal has after it, checks the whole exchange, and writes another; two are kept. The journal is
opened read-only, beside a running exchange or without one. A running exchange does the same by itself (hourbook serve
--snapshot-every). It needs as much memory as the exchange, and runs at the lowest priority.

Examples:
  hourbook snapshot --data data
  hourbook snapshot --data data --json";

/// Make a snapshot, so that the next start is fast
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Snapshot {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// What was made. `bytes` is absent when there was nothing new.
#[derive(Serialize)]
struct Told {
    sequence: u64,
    file: String,
    replayed: u64,
    bytes: Option<u64>,
    older: Option<u64>,
    ms: u128,
}

impl Snapshot {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        yield_to_others();
        let mut saying = Saying::new("reading", screen);
        let made =
            caught(|| make(&self.data, &mut |told| saying.hear(&told)).map_err(|error| error.to_string()));
        let Made { sequence, file, replayed, bytes, older, ms } = made.map_err(Failure::local)?;
        let older = older.map(|older| older.0);
        let sequence = sequence.0;
        screen.show(&Told { sequence, file, replayed, bytes, older, ms }, Told::text)
    }
}

impl Told {
    fn text(&self) -> String {
        let Told { sequence, file, replayed, bytes, older, ms } = self;
        let made = bytes.map_or("was there already".to_owned(), |bytes| format!("{bytes} bytes in {ms} ms"));
        let older = older.map_or("-".to_owned(), |older| older.to_string());
        facts(
            Align::Left,
            [
                ("after command", sequence.to_string()),
                ("replayed", replayed.to_string()),
                ("snapshot", made),
                ("file", file.clone()),
                ("older one kept", older),
            ],
        )
    }
}

/// Whoever trades comes first: for time, and for memory when there is too little.
fn yield_to_others() {
    #[cfg(unix)]
    // Without it, it only takes more from the others.
    let _ = rustix::process::nice(19);
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}
