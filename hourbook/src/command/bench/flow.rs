//! Flow benches: how fast the book alone, or a whole exchange, is on a recorded flow, and whether it trades what it should.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use simulator::bench::{BenchReport, Comparison, book, exchange, handles};
use simulator::flow::Flow;

use crate::failure::Failure;
use crate::screen::Screen;
use crate::table::{Align, facts};

const EXAMPLES: &str = "\
FLOW has records of 32 bytes, little-endian: kind, side, account, zero, order id, price, quantity. When FLOW.json lies
beside it, the trades are compared with the hash in it; exits with 5 when they differ.

Examples:
  hourbook bench book flow.bin
  hourbook bench book flow.bin --handles --json";

const EXCHANGE_EXAMPLES: &str = "\
A thousand bonded accounts trade one window: holds, fees, limits, client order ids, every event. Self-trade prevention is
off, because the flow matches accounts with themselves. FLOW is as for `bench book`.

Examples:
  hourbook bench exchange flow.bin
  hourbook bench exchange flow.bin --json";

/// Measure the book alone, on a recorded flow
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Book {
    /// The flow
    flow: PathBuf,
    /// How often the whole flow is played; the median counts
    #[arg(long, value_name = "N", default_value_t = 5)]
    runs: usize,
    /// Orders are called by the names that the book gave them, not by ids that their clients chose
    #[arg(long)]
    handles: bool,
}

/// Measure a whole exchange, on a recorded flow
#[derive(Debug, Args)]
#[command(after_help = EXCHANGE_EXAMPLES)]
pub(crate) struct Exchange {
    /// The flow
    flow: PathBuf,
    /// How often the whole flow is played; the median counts
    #[arg(long, value_name = "N", default_value_t = 5)]
    runs: usize,
}

#[derive(Serialize)]
struct Measured<'a> {
    ops: usize,
    mops: f64,
    p50_ns: u32,
    p99_ns: u32,
    p999_ns: u32,
    trades: u64,
    traded_quantity: u64,
    tape_hash: &'a str,
    bytes_per_order: usize,
    allocations: Option<u64>,
}

impl Book {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let bench = if self.handles { handles } else { book };
        run(&self.flow, |flow| bench(flow, self.runs), screen)
    }
}

impl Exchange {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        run(&self.flow, |flow| exchange(flow, self.runs), screen)
    }
}

fn run(path: &Path, bench: impl FnOnce(&Flow) -> BenchReport, screen: &mut Screen) -> Result<(), Failure> {
    let flow = Flow::read(path).map_err(|error| Failure::local(error.to_string()))?;
    let report = bench(&flow);
    screen.show(&Measured::of(&report), |_| text(&report))?;
    match report.reference {
        Comparison::Equal | Comparison::Absent => Ok(()),
        Comparison::Different => {
            let message = format!("the trades are not those that {}.json tells", path.display());
            Err(Failure::local(message).advise("the exchange or the reference is wrong"))
        }
    }
}

impl Measured<'_> {
    fn of(report: &BenchReport) -> Measured<'_> {
        Measured {
            ops: report.ops,
            mops: report.mops,
            p50_ns: report.p50_ns,
            p99_ns: report.p99_ns,
            p999_ns: report.p999_ns,
            trades: report.trades,
            traded_quantity: report.traded_quantity,
            tape_hash: &report.tape_hash,
            bytes_per_order: report.bytes_per_order,
            allocations: report.allocations,
        }
    }
}

fn text(report: &BenchReport) -> String {
    let tape = match report.reference {
        Comparison::Equal => "equal to the reference",
        Comparison::Different => "NOT the reference's",
        Comparison::Absent => "no reference",
    };
    let ns = |latency: u32| format!("{latency} ns");
    let counted = report.allocations.map_or_else(|| "not counted".to_owned(), |count| count.to_string());
    facts(
        Align::Right,
        [
            ("operations", report.ops.to_string()),
            ("million a second", format!("{:.3}", report.mops)),
            ("  slowest of the runs", format!("{:.3}", report.mops_min)),
            ("  fastest of the runs", format!("{:.3}", report.mops_max)),
            ("p50", ns(report.p50_ns)),
            ("p99", ns(report.p99_ns)),
            ("p99.9", ns(report.p999_ns)),
            ("bytes per resting order", report.bytes_per_order.to_string()),
            ("allocations, second half", counted),
            ("trades", report.trades.to_string()),
            ("traded quantity", report.traded_quantity.to_string()),
            ("tape hash", report.tape_hash.clone()),
            ("trades are", tape.to_owned()),
        ],
    )
}
