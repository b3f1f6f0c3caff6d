//! Restore: makes a data folder of a backup.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use journal::recovery::resume;
use persistence::backup::restore;
use persistence::data::snapshots;
use persistence::store::RocksLog;
use serde::Serialize;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::screen::Screen;
use crate::server::copy_keys;
use crate::table::{Align, facts};

const EXAMPLES: &str = "\
Copies the snapshots, the records and the evidence, checks their chain, and applies every command again before the folder takes its name: where
the beginning of the journal was dropped, those after the oldest snapshot. Overwrites nothing. Slots whose deadlines passed
meanwhile end by the rules at the next start; what was assigned and not committed to is assigned anew. What
the exchange did after the backup is gone, so the history is another one from there on: clients are told of a new epoch, and the
venue is halted until an operator opens it (hourbook admin mode venue open --reason R).

Examples:
  hourbook restore /mnt/other/hourbook --data data
  hourbook serve --data data";

/// Make a data folder of a backup
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Restore {
    /// The backup's folder
    dir: PathBuf,
    /// The data folder, which must be new or empty
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// A data folder that was restored.
#[derive(Serialize)]
struct Restored {
    data: PathBuf,
    commands: u64,
    state_hash: String,
    epoch: String,
}

impl Restore {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let failed = |error: String| Failure::local(error);
        let epoch = getrandom::u64()
            .map_err(|error| failed(format!("the machine has no random numbers: {error}")))?;
        let mut state_hash = None;
        let mut replay = |folder: &Path, journal: &RocksLog| {
            let mut progress = Progress::of(screen, "applying");
            let base = snapshots(folder).base(journal).map_err(io::Error::other)?.unwrap_or_default();
            let (base, _) = base.recovered();
            let recovered = resume(journal, base, &mut |stamped, _| progress.reached(stamped.stamp.sequence));
            let recovered = recovered.map_err(io::Error::other)?;
            state_hash = Some(recovered.exchange.state_hash().to_string());
            copy_keys(&self.dir, folder)
        };
        let mut progress = Progress::of(screen, "copying");
        let restored =
            restore((&self.dir, &self.data), epoch, &mut replay, &mut |last| progress.reached(last));
        let mark = restored.map_err(|error| failed(error.to_string()))?.mark;
        let restored = Restored {
            data: self.data,
            commands: mark.tip.sequence.0,
            state_hash: state_hash.unwrap_or_default(),
            epoch: format!("{:016x}", mark.epoch),
        };
        screen.show(&restored, Restored::text)
    }
}

impl Restored {
    fn text(&self) -> String {
        facts(
            Align::Left,
            [
                ("data", self.data.display().to_string()),
                ("commands", self.commands.to_string()),
                ("state hash", self.state_hash.clone()),
                ("new epoch", self.epoch.clone()),
            ],
        )
    }
}
