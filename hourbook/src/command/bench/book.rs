//! Book bench: how fast the book alone is on a recorded flow, and whether it trades what it should.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use simulator::bench::{BookReport, Comparison, book};
use simulator::flow::Flow;

use crate::failure::Failure;
use crate::screen::Screen;
use crate::table::{Align, facts};

const EXAMPLES: &str = "\
FLOW has records of 32 bytes, little-endian: kind, side, account, zero, order id, price, quantity. When FLOW.json lies
beside it, the trades are compared with the hash in it; exits with 5 when they differ.

Examples:
  hourbook bench book flow.bin
  hourbook bench book flow.bin --json";

/// Measure the book alone, on a recorded flow
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Book {
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
}

impl Book {
    pub(crate) fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let flow = Flow::read(&self.flow).map_err(|error| Failure::local(error.to_string()))?;
        let report = book(&flow, self.runs);
        screen.show(&Measured::of(&report), |_| text(&report))?;
        match report.reference {
            Comparison::Equal | Comparison::Absent => Ok(()),
            Comparison::Different => {
                let message = format!("the trades are not those that {}.json tells", self.flow.display());
                Err(Failure::local(message).advise("the book or the reference is wrong"))
            }
        }
    }
}

impl Measured<'_> {
    fn of(report: &BookReport) -> Measured<'_> {
        Measured {
            ops: report.ops,
            mops: report.mops,
            p50_ns: report.p50_ns,
            p99_ns: report.p99_ns,
            p999_ns: report.p999_ns,
            trades: report.trades,
            traded_quantity: report.traded_quantity,
            tape_hash: &report.tape_hash,
        }
    }
}

fn text(report: &BookReport) -> String {
    let tape = match report.reference {
        Comparison::Equal => "equal to the reference",
        Comparison::Different => "NOT the reference's",
        Comparison::Absent => "no reference",
    };
    let ns = |latency: u32| format!("{latency} ns");
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
            ("trades", report.trades.to_string()),
            ("traded quantity", report.traded_quantity.to_string()),
            ("tape hash", report.tape_hash.clone()),
            ("trades are", tape.to_owned()),
        ],
    )
}
