//! Replay: plays a recorded stretch of another exchange to ours and compares.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Subcommand;
use serde::Serialize;
use simulator::lobster::Sample;
use simulator::replay::{Progress, ReplayReport, replay};

use crate::failure::Failure;
use crate::screen::Screen;
use crate::table::{Align, facts};

/// How often a long replay says how far it is.
const PROGRESS: Duration = Duration::from_secs(1);

const EXAMPLES: &str = "\
DIR holds NASDAQ messages and order books as LOBSTER writes them (*_message_N.csv, *_orderbook_N.csv). Our exchange
matches by itself; its best prices are compared with the recorded ones after every message, and every fill with the
recorded fill.

Examples:
  hourbook replay lobster samples/aapl
  hourbook replay lobster samples/aapl --json";

/// Play a recorded stretch of another exchange to ours and compare
#[derive(Debug, Subcommand)]
pub(crate) enum Replay {
    /// Play NASDAQ messages in LOBSTER's format
    #[command(after_help = EXAMPLES)]
    Lobster {
        /// The folder of the sample
        dir: PathBuf,
    },
}

#[derive(Serialize)]
struct Compared {
    messages: usize,
    tops_total: usize,
    tops_equal: usize,
    tops_unexplained: usize,
    aggressors_total: usize,
    aggressors_equal: usize,
    repairs: usize,
}

impl Replay {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let Replay::Lobster { dir } = self;
        let sample = Sample::read(&dir).map_err(|error| Failure::local(error.to_string()))?;
        let mut said = Instant::now();
        let mut progress = |progress: Progress| {
            if PROGRESS <= said.elapsed() {
                said = Instant::now();
                screen.remark(&format!("{} of {} messages", progress.done, progress.total));
            }
        };
        let report = replay(&sample, &mut progress).map_err(|error| Failure::local(error.to_string()))?;
        screen.show(&Compared::of(&report), Compared::text)
    }
}

impl Compared {
    fn of(report: &ReplayReport) -> Compared {
        Compared {
            messages: report.messages,
            tops_total: report.tops_total,
            tops_equal: report.tops_equal,
            tops_unexplained: report.tops_unexplained,
            aggressors_total: report.aggressors_total,
            aggressors_equal: report.aggressors_equal,
            repairs: report.repairs,
        }
    }

    fn text(&self) -> String {
        facts(
            Align::Right,
            [
                ("messages", self.messages.to_string()),
                ("best prices compared", self.tops_total.to_string()),
                ("  equal", self.tops_equal.to_string()),
                ("  different without a reason", self.tops_unexplained.to_string()),
                ("aggressors compared", self.aggressors_total.to_string()),
                ("  equal in every fill", self.aggressors_equal.to_string()),
                ("levels put right", self.repairs.to_string()),
            ],
        )
    }
}
