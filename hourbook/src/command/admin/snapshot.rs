//! Snapshot: has a running exchange make one, and waits until it is there.

use std::time::Duration;

use clap::Args;
use client::settings::Settings;
use protocol::control::Snapshot as WireSnapshot;

use crate::argument;
use crate::failure::Failure;
use crate::options::Options;
use crate::screen::Screen;

/// How long a snapshot may take.
const PATIENCE: Duration = Duration::from_secs(3_600);

const EXAMPLES: &str = "\
The exchange goes on meanwhile: a process of its own reads the journal beside it, checks the whole exchange and writes the
snapshot, at the lowest priority. One is made at a time. Needs an operator's key; beside the data folder, `hourbook snapshot`
does the same.

Examples:
  hourbook --key data/operator.key admin snapshot --reason before-upgrade";

/// Have a snapshot made, so that the next start is fast
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Snapshot {
    /// Why, 1 to 20 of A-Z a-z 0-9 _ -; the exchange says it where it runs
    #[arg(long, value_parser = argument::label)]
    reason: String,
}

impl Snapshot {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let settings = Settings { timeout: PATIENCE, ..Settings::default() };
        let connection = options.login_admin_with(settings).await?;
        let made = connection.snapshot(WireSnapshot { reason: self.reason }).await?;
        connection.close().await;
        screen.show(&made, |made| {
            let size = made.bytes.map_or("was there already".to_owned(), |bytes| {
                format!("{bytes} bytes in {} ms, {} commands read back", made.ms, made.replayed)
            });
            format!("snapshot {} after command {}: {size}", made.file, made.engine_seq)
        })
    }
}
