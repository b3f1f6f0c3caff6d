//! Run: one seed.

use clap::{Args, ValueEnum};
use serde::Serialize;
use simulator::kernel::kept::Kept;
use simulator::kernel::trial::{Calm, Counts, Trial};

use super::Length;
use super::finding::{Finding, quietly};
use crate::failure::Failure;
use crate::screen::Screen;
use crate::table::{Align, facts};

const EXAMPLES: &str = "\
One seed says everything that happens: what clients and operators ask, a tenth of it wrong; which messages are lost,
doubled and late; how long syncs take and which fail; when the process dies, and what its disk then has. The stages
that step are those of `hourbook serve`. Everything that is told is foretold by a model, reckoned again by an auditor,
and must be durable; at the end the journal must give the same exchange again. The fingerprint is a hash over all
events: the same seed has the same one in every build of one version.

A run in which something does not hold is made shorter, and the command line that does it again is printed. Exits with
5 then.

Examples:
  hourbook sim run --seed 7
  hourbook sim run --seed 7 --commands 120 --trace
  hourbook sim run --seed 7 --commands 120 --only 3,17-20,118 --calm network,schedule";

/// Live through one seed
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Run {
    /// What everything is chosen by
    #[arg(long, value_name = "S")]
    seed: u64,
    #[command(flatten)]
    length: Length,
    /// Do only these: numbers and ranges, such as 3,17-20
    #[arg(long, value_name = "LIST", value_parser = kept)]
    only: Option<Kept>,
    /// Leave less to chance
    #[arg(long, value_name = "PARTS", value_delimiter = ',')]
    calm: Vec<Part>,
    /// Show every command with its events
    #[arg(long)]
    trace: bool,
}

/// What can go its usual way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Every message arrives once
    Network,
    /// Every stage steps at once
    Schedule,
}

/// A run that held.
#[derive(Debug, Serialize)]
struct Held {
    seed: u64,
    fingerprint: String,
    commands: u64,
    events: u64,
    batches: u64,
    batches_refused: u64,
    requests: u64,
    sent: u64,
    busy: u64,
    crashes: u64,
    syncs_failed: u64,
    journals_damaged: u64,
    disconnects: u64,
    clock_jumps: u64,
}

fn kept(text: &str) -> Result<Kept, String> {
    Kept::parse(text).ok_or_else(|| "numbers and ranges with commas between them, such as 3,17-20".to_owned())
}

impl Run {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let calm = Calm {
            network: self.calm.contains(&Part::Network),
            schedule: self.calm.contains(&Part::Schedule),
        };
        let kept = self.only.unwrap_or_default();
        let trial =
            Trial { acts: self.length.commands, kept, calm, trace: self.trace, ..Trial::new(self.seed) };
        let (lived, trace) = quietly(|| trial.traced());
        if self.trace {
            screen.show(&trace, |trace| trace.join("\n"))?;
        }
        match lived {
            Ok(counts) => screen.show(&Held::of(self.seed, &counts), Held::text),
            Err(failure) => {
                let trial = Trial { trace: false, ..trial };
                quietly(|| Finding::of(&trial, failure, screen)).show(screen)
            }
        }
    }
}

impl Held {
    fn of(seed: u64, counts: &Counts) -> Held {
        Held {
            seed,
            fingerprint: counts.fingerprint.to_string(),
            commands: counts.commands,
            events: counts.events,
            batches: counts.batches,
            batches_refused: counts.batches_refused,
            requests: counts.asked,
            sent: counts.sent,
            busy: counts.busy,
            crashes: counts.crashes,
            syncs_failed: counts.failed_syncs,
            journals_damaged: counts.damages,
            disconnects: counts.disconnects,
            clock_jumps: counts.clock_jumps,
        }
    }

    fn text(&self) -> String {
        facts(
            Align::Right,
            [
                ("fingerprint", self.fingerprint.clone()),
                ("commands in the journal", self.commands.to_string()),
                ("  events that they came to", self.events.to_string()),
                ("atomic batches done", self.batches.to_string()),
                ("  refused", self.batches_refused.to_string()),
                ("requests of clients", self.requests.to_string()),
                ("  sent", self.sent.to_string()),
                ("  turned away by a full inlet", self.busy.to_string()),
                ("crashes", self.crashes.to_string()),
                ("  because a sync failed", self.syncs_failed.to_string()),
                ("journals damaged, and refused", self.journals_damaged.to_string()),
                ("connections lost", self.disconnects.to_string()),
                ("jumps of the clock", self.clock_jumps.to_string()),
            ],
        )
    }
}
