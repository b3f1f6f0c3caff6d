//! Backup: copies the journal of a data folder elsewhere, beside a running exchange or without one.

use std::path::PathBuf;

use clap::Args;
use persistence::backup::{BackupRefusal, back_up};
use serde::Serialize;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::screen::Screen;
use crate::server::copy_keys;
use crate::table::{Align, facts};

const EXAMPLES: &str = "\
Reads the journal as `hourbook verify` does, without asking the exchange: it may run, or not. Every record is checked against the
chain. Snapshots, and what providers, takers and auditors have shown, are copied with it. A folder that holds an earlier backup of the same journal gets only what is new; an interrupted backup is gone on with. The
keys of the operator and of the exchange are copied too, so keep a backup as safe as the data folder.

Examples:
  hourbook backup /mnt/other/hourbook --data data
  hourbook backup /mnt/other/hourbook --json";

/// Copy the journal elsewhere, while the exchange runs or not
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Backup {
    /// The backup's folder, made if there is none
    dir: PathBuf,
    /// The data folder
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
}

/// A backup that was made.
#[derive(Serialize)]
struct Made {
    dir: PathBuf,
    commands: u64,
    records_copied: u64,
    evidence_copied: u64,
    epoch: String,
}

impl Backup {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let failed = |error: String| Failure::local(error);
        let mut progress = Progress::of(screen, "copying");
        let copied = back_up(&self.data, &self.dir, &mut |last| progress.reached(last));
        let copied = match copied {
            // Evidence is of use only with the key that signed it, and the journal without both.
            Err(error) if !matches!(error.refusal, BackupRefusal::Evidence(_)) => {
                return Err(failed(error.to_string()));
            }
            copied => copied,
        };
        copy_keys(&self.data, &self.dir)
            .map_err(|error| failed(format!("copying the keys failed: {error}")))?;
        let copied = copied.map_err(|error| failed(error.to_string()))?;
        let made = Made {
            dir: self.dir,
            commands: copied.mark.tip.sequence.0,
            records_copied: copied.records,
            evidence_copied: copied.evidence,
            epoch: format!("{:016x}", copied.mark.epoch),
        };
        screen.show(&made, Made::text)
    }
}

impl Made {
    fn text(&self) -> String {
        facts(
            Align::Left,
            [
                ("backup", self.dir.display().to_string()),
                ("commands", self.commands.to_string()),
                ("records copied now", self.records_copied.to_string()),
                ("evidence copied now", self.evidence_copied.to_string()),
                ("epoch", self.epoch.clone()),
            ],
        )
    }
}
