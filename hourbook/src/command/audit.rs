//! Audit: measures what providers opened, and says whether the model computes it.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use attestation::key::SecretKey;
use clap::{Args, Subcommand};
use client::connection::Connection;
use client::key_file;
use client::subscription;
use protocol::delivery::SlotName;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::auditor::Auditor;
use crate::delivering::entry::{Entry, Part};
use crate::delivering::examiner::{Examiner, Measured, Ruled};
use crate::delivering::line::Line;
use crate::delivering::log::Log;
use crate::delivering::stop::Stop;
use crate::delivering::{audits_of, keep_on};
use crate::failure::Failure;
use crate::interrupts::Interrupts;
use crate::options::Options;
use crate::screen::Screen;
use crate::word::word;

const EXAMPLES: &str = "\
An auditor whom the operator allowed (hourbook admin auditor) is drawn by lot to look at slots of others. It reads what the provider
opened with the reference engine, and says under its own key what it found. Needs a key with the scopes read and provide.

With --arbiter it decides instead what auditors flagged, nobody audited, or a side disputes: it measures all that is open once
more. That takes an operator's key.

Examples:
  hourbook --key eve.key audit run
  hourbook --key eve.key audit run --model models/smollm2-135m-instruct.gguf
  hourbook --key data/operator.key audit run --arbiter";

/// How often what waits is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// Audit what others deliver
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    Run(Run),
}

/// Audit slots as they are drawn, until Ctrl-C
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Run {
    /// A model file, or the model that is built in
    #[arg(long, value_name = "FILE", default_value = "tiny")]
    model: PathBuf,
    /// Decide as the arbiter what auditors leave open
    #[arg(long)]
    arbiter: bool,
    /// End when the process that started this one ends
    #[arg(long)]
    with_parent: bool,
}

impl Audit {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let Audit::Run(run) = self;
        // Findings are signed.
        let secret = key_file::read(&options.key_path()?)?;
        let key = SecretKey::from_bytes(secret.bytes());
        let examiner = Examiner { model: Arc::new(Auditor::open(&run.model)?), key };
        let url = if run.arbiter { options.admin_address()? } else { options.address() };
        let mut interrupts = Interrupts::expect()?.with_parent(run.with_parent);
        let (log, part) = (Log::on(screen), if run.arbiter { Part::Arbiter } else { Part::Auditor });
        keep_on(&mut interrupts, &log, async || {
            let entry = Entry { url: &url, secret: &secret, part, model: &examiner.model };
            let connection = entry.open().await?;
            log.say(&Line::Connected { url: url.clone() });
            match run.arbiter {
                true => rule(connection, &examiner, &log).await,
                false => audit(connection, &examiner, &log).await,
            }
        })
        .await
        .map(|_| ())
    }
}

/// Audits what it is drawn for, until the connection breaks.
async fn audit(mut connection: Connection, examiner: &Examiner, log: &Log) -> Result<Infallible, Stop> {
    connection.subscribe_one(subscription::deliveries()).await?;
    let mut waiting: BTreeSet<SlotName> = BTreeSet::new();
    let mut look = interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            update = connection.next_update() => waiting.extend(audits_of(&update?)),
            _ = look.tick() => {
                for slot in waiting.clone() {
                    let line = match examiner.audit(&connection, slot).await {
                        Ok(None) => continue,
                        Ok(Some(Measured { sequences, is_clean })) => {
                            Line::Audited { slot, sequences, clean: is_clean }
                        }
                        Err(error) => Line::skipped(slot, error)?,
                    };
                    waiting.remove(&slot);
                    log.say(&line);
                }
            }
        }
    }
}

/// Decides what waits for the arbiter, until the connection breaks.
async fn rule(connection: Connection, examiner: &Examiner, log: &Log) -> Result<Infallible, Stop> {
    let mut skipped_before: BTreeSet<SlotName> = BTreeSet::new();
    loop {
        for case in connection.cases().await?.cases {
            if skipped_before.contains(&case.slot) {
                continue;
            }
            let line = match examiner.rule(&connection, &case).await {
                Ok(None) => continue,
                Ok(Some(Ruled { outcome, sequences })) => {
                    Line::Ruled { slot: case.slot, sequences, outcome: word(outcome) }
                }
                Err(error) => {
                    skipped_before.insert(case.slot);
                    Line::skipped(case.slot, error)?
                }
            };
            log.say(&line);
        }
        sleep(LOOK).await;
    }
}
