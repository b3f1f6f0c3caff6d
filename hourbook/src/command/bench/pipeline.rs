//! Pipeline bench: what the exchange takes without sockets, from a producer's hand to the durable answer.

mod run;
mod tally;

use std::path::PathBuf;

use clap::Args;
use engine::command::Command;
use serde::Serialize;
use simulator::bench::venue;
use simulator::flow::Flow;

use crate::command::bench::makers::Makers;
use crate::command::bench::own_folder::folder;
use crate::command::bench::pipeline::run::{Keeps, Pace, measure};
use crate::failure::Failure;
use crate::screen::Screen;

/// Commands a second that are offered, run by run.
const OFFERED: [u32; 3] = [10_000, 100_000, 500_000];
/// How long they are offered at most, in seconds.
const SECONDS_MAX: u32 = 5;

const EXAMPLES: &str = "\
Every run founds an exchange of its own, with a thousand bonded accounts, and writes its journal to the disk. Three runs
offer commands on a schedule that waits for nothing; every command is timed from when it was due, whenever it could be
handed over. The last run hands over as many as are taken. An answer counts when it is durable.

Examples:
  hourbook bench pipeline
  hourbook bench pipeline --history
  hourbook bench pipeline --deliveries
  hourbook bench pipeline --flow flow.bin --data /mnt/fast --json";

/// Measure what the exchange takes without sockets, every command durable
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Pipeline {
    /// A recorded flow; without it market makers quote
    #[arg(long)]
    flow: Option<PathBuf>,
    /// The folder in which the journals are while they are needed; without it the temporary folder
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Commands of a run, at most; those on a schedule end after five seconds too
    #[arg(long, value_name = "N", default_value_t = 2_000_000, value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    commands: u32,
    /// Keep the journal's mark and the history too, as `hourbook serve` does
    #[arg(long)]
    history: bool,
    /// With over ten thousand deliveries under way, in slots of five seconds
    #[arg(long)]
    deliveries: bool,
}

/// What one run came to.
#[derive(Serialize)]
struct Line {
    commands_per_s: u64,
    offered: Option<u32>,
    p50_us: u64,
    p99_us: u64,
    /// Deliveries that were under way, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    deliveries: Option<u64>,
}

impl Pipeline {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let commands = self.commands()?;
        let keeps = if self.history { Keeps::Everything } else { Keeps::Journal };
        let paces = OFFERED.map(Pace::Offered).into_iter().chain([Pace::Saturated]);
        for pace in paces {
            let commands = &commands[..commands.len().min(most(pace))];
            screen.remark(&format!("{} commands, {pace} ...", commands.len()));
            let folder = folder(self.data.as_deref())?;
            let measured = measure(folder.path(), commands, (pace, keeps, self.deliveries))?;
            let commands_per_s = measured.commands_per_s();
            let [p50_us, p99_us] = measured.latencies.quantiles([500, 990]);
            let offered = match pace {
                Pace::Offered(rate) => Some(rate),
                Pace::Saturated => None,
            };
            let deliveries = self.deliveries.then_some(measured.deliveries);
            screen.show(&Line { commands_per_s, offered, p50_us, p99_us, deliveries }, Line::text)?;
        }
        Ok(())
    }

    /// All commands of a run, made before any is timed.
    fn commands(&self) -> Result<Vec<Command>, Failure> {
        let most = engine::ids::index(self.commands);
        let Some(path) = &self.flow else { return Ok(Makers::default().take(most).collect()) };
        let flow = Flow::read(path).map_err(|error| Failure::local(error.to_string()))?;
        Ok(venue::commands(&flow).take(most).collect())
    }
}

/// How many commands a run has at most.
fn most(pace: Pace) -> usize {
    match pace {
        Pace::Offered(rate) => engine::ids::index(rate * SECONDS_MAX),
        Pace::Saturated => usize::MAX,
    }
}

impl Line {
    fn text(&self) -> String {
        let offered = self.offered.map_or("saturated".to_owned(), |rate| format!("{rate} offered"));
        let Line { commands_per_s, p50_us, p99_us, .. } = self;
        format!("{offered:>15}  {commands_per_s:>9} commands/s  p50 {p50_us:>7} us  p99 {p99_us:>7} us")
    }
}
