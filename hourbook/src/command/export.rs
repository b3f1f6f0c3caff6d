//! Export: the journal as JSON lines, trades as Parquet.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use engine::event::Event;
use engine::stamp::{Sequence, Stamp};
use engine::view::View;
use journal::recovery::resume;
use persistence::data::Glance;
use serde::Serialize;

use crate::export::command_json::{object, side};
use crate::export::trades_file::{Row, TradesFile};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::screen::Screen;

const EXAMPLES: &str = "\
Reads the journal as `hourbook verify` does, beside a running exchange or without one, and applies every command again; where its
beginning was dropped, from the oldest snapshot on. Nothing is overwritten; a file is there whole or not at all.

journal: an object a line for each command: `sequence`, `time` in nanoseconds, `command` and its fields; `rejected` says why one
changed nothing. trades: one row for each trade, with a DECIMAL price and a TIMESTAMP in UTC.

Examples:
  hourbook export journal journal.jsonl --data data --from 1000
  hourbook export trades trades.parquet --data data";

/// Write the journal or the trades for other programs
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Export {
    /// Write every command as a line of JSON
    #[command(after_help = EXAMPLES)]
    Journal(Journal),
    /// Write every trade as a row of Parquet
    #[command(after_help = EXAMPLES)]
    Trades(Target),
}

/// From where to where.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// The file, which must be new
    file: PathBuf,
    /// The data folder
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
}

/// Which commands, and from where to where.
#[derive(Debug, Args)]
pub(crate) struct Journal {
    #[command(flatten)]
    target: Target,
    /// The first command to write
    #[arg(long, value_name = "COMMAND", default_value_t = 1)]
    from: u64,
}

/// A file that was written.
#[derive(Serialize)]
struct Written {
    file: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    commands: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trades: Option<u64>,
}

impl Export {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let written = match self {
            Export::Journal(Journal { target, from }) => {
                let commands = Some(target.journal(Sequence(from), screen)?);
                Written { file: target.file, commands, trades: None }
            }
            Export::Trades(target) => {
                let trades = Some(target.trades(screen)?);
                Written { file: target.file, commands: None, trades }
            }
        };
        screen.show(&written, Written::text)
    }
}

impl Target {
    /// Writes the commands from `from` on; returns how many.
    fn journal(&self, from: Sequence, screen: &Screen) -> Result<u64, Failure> {
        let mut lines = std::io::BufWriter::new(self.begin()?);
        let (mut written, mut outcome) = (0, Ok(()));
        self.replay(screen, |stamped, events, _| {
            if stamped.stamp.sequence < from || outcome.is_err() {
                return;
            }
            let rejected = match *events {
                [Event::Rejected { reason }] => Some(reason),
                _ => None,
            };
            written += 1;
            outcome = writeln!(lines, "{}", object(stamped, rejected));
        })?;
        let flushed = outcome.and_then(|()| lines.into_inner().map_err(|error| error.into_error()));
        let synced = flushed.and_then(|file| file.sync_all());
        synced.map_err(|error| self.failed(&error.to_string()))?;
        self.finish()?;
        Ok(written)
    }

    /// Writes all trades; returns how many.
    fn trades(&self, screen: &Screen) -> Result<u64, Failure> {
        let failed = |error: parquet::errors::ParquetError| self.failed(&error.to_string());
        let mut file = TradesFile::begin(self.begin()?).map_err(failed)?;
        let (mut written, mut outcome) = (0, Ok(()));
        self.replay(screen, |stamped, events, view| {
            for row in events.iter().filter_map(|event| row(stamped.stamp, event, view)) {
                if outcome.is_ok() {
                    outcome = file.add(row);
                    written += 1;
                }
            }
        })?;
        outcome.and_then(|()| file.finish()).map_err(failed)?;
        self.finish()?;
        Ok(written)
    }

    /// Applies all commands again; `see` sees each with what came of it and the view just after.
    fn replay(
        &self,
        screen: &Screen,
        mut see: impl FnMut(&engine::command::Stamped, &[Event], &View),
    ) -> Result<(), Failure> {
        let glance = Glance::at(&self.data).map_err(|error| Failure::local(error.to_string()))?;
        let base = glance.snapshots().base(&glance.log).map_err(|error| Failure::local(error.to_string()))?;
        let (base, mut view) = base.unwrap_or_default().recovered();
        if Sequence(0) < base.last.sequence {
            screen.warn(&format!(
                "the beginning of the journal was dropped: what is written begins after command {}",
                base.last.sequence.0
            ));
        }
        let mut progress = Progress::of(screen, "exporting");
        let recovered = resume(&glance.log, base, &mut |stamped, events| {
            view.fold(stamped.stamp, events);
            see(stamped, events, &view);
            progress.reached(stamped.stamp.sequence);
        });
        recovered.map(|_| ()).map_err(|error| Failure::local(error.to_string()))
    }

    /// The file that takes its name when it is whole.
    fn begin(&self) -> Result<File, Failure> {
        if self.file.exists() {
            let message = format!("{} is there already; choose another name", self.file.display());
            return Err(Failure::local(message));
        }
        File::create(self.part()).map_err(|error| self.failed(&error.to_string()))
    }

    fn finish(&self) -> Result<(), Failure> {
        fs::rename(self.part(), &self.file).map_err(|error| self.failed(&error.to_string()))
    }

    fn part(&self) -> PathBuf {
        let mut name = self.file.as_os_str().to_owned();
        name.push(".part");
        PathBuf::from(name)
    }

    fn failed(&self, cause: &str) -> Failure {
        // What is half written is of no use to anybody.
        let _ = fs::remove_file(self.part());
        Failure::local(format!("writing {} failed: {cause}", Path::new(&self.file).display()))
    }
}

impl Written {
    fn text(&self) -> String {
        let file = self.file.display();
        match (self.commands, self.trades) {
            (Some(commands), _) => format!("{commands} commands in {file}"),
            (None, trades) => format!("{} trades in {file}", trades.unwrap_or_default()),
        }
    }
}

/// The row of an event, if it is a trade. An order stays in the view until its slot is used again, by a later command.
fn row(stamp: Stamp, event: &Event, view: &View) -> Option<Row> {
    let Event::Traded { instrument, trade, price, lots, maker, taker, taker_side } = *event else {
        return None;
    };
    let owner = |order| {
        let account = view.order(order).and_then(|order| view.account(order.account));
        account.map(|account| account.name.to_string()).unwrap_or_default()
    };
    Some(Row {
        symbol: view.instrument(instrument)?.symbol.to_string(),
        trade_id: trade.0,
        sequence: stamp.sequence.0,
        time: stamp.time.0,
        price: price.ticks(),
        qty: lots.count(),
        taker_side: side(taker_side),
        maker_order: maker.to_string(),
        taker_order: taker.to_string(),
        maker: owner(maker),
        taker: owner(taker),
    })
}
