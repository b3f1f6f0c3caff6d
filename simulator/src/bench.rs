//! Bench: how fast the book is on a flow, and whether it trades what it should.
//!
//! Two passes that do not disturb each other. Throughput: the whole flow between two looks at the clock, several
//! times over, each time on an empty book. Latency: once more with a look at the clock after every record, less what
//! the look costs.

mod pit;

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::bench::pit::Pit;
use crate::flow::Flow;
use crate::tape::Tape;

/// How often the clock is read to learn what reading it costs.
const CLOCK_SAMPLES: usize = 1_000_001;

/// How the answer beside the flow compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// Tape and number of trades are those of the reference.
    Equal,
    /// They are not: the book or the reference is wrong.
    Different,
    /// There is no reference beside the flow.
    Absent,
}

/// What the book did on a flow.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BookReport {
    /// Records played.
    pub ops: usize,
    /// Throughput passes.
    pub runs: usize,
    /// Million records per second: the median of the runs.
    pub mops: f64,
    /// The slowest run.
    pub mops_min: f64,
    /// The fastest run.
    pub mops_max: f64,
    /// Half of all records took at most so long, in nanoseconds.
    pub p50_ns: u32,
    /// 99% of all records took at most so long.
    pub p99_ns: u32,
    /// 99.9% of all records took at most so long.
    pub p999_ns: u32,
    /// What one look at the clock takes; taken off every latency.
    pub clock_ns: u32,
    /// Trades.
    pub trades: u64,
    /// Lots traded.
    pub traded_quantity: u64,
    /// The hash of all trades, 16 hexadecimal digits.
    pub tape_hash: String,
    /// Whether that is what the reference beside the flow says.
    pub reference: Comparison,
}

/// Plays `flow` to an empty book, `runs` times (at least once) for throughput and once for latency.
pub fn book(flow: &Flow, runs: usize) -> BookReport {
    let (first, tape) = throughput(flow);
    let mut times = vec![first];
    for _ in 1..runs {
        let (time, again) = throughput(flow);
        assert_eq!(again, tape, "a flow trades alike every time");
        times.push(time);
    }
    times.sort_unstable();
    let clock_ns = clock();
    let (latencies, again) = latency(flow, clock_ns);
    assert_eq!(again, tape, "a flow trades alike under measurement");
    let mops = |time: &Duration| mops(flow.records(), *time);
    BookReport {
        ops: flow.records(),
        runs: times.len(),
        mops: mops(&times[times.len() / 2]),
        mops_min: mops(&times[times.len() - 1]),
        mops_max: mops(&times[0]),
        p50_ns: quantile(&latencies, 500),
        p99_ns: quantile(&latencies, 990),
        p999_ns: quantile(&latencies, 999),
        clock_ns,
        trades: tape.trades,
        traded_quantity: tape.lots,
        tape_hash: tape.to_string(),
        reference: compare(flow, &tape),
    }
}

fn throughput(flow: &Flow) -> (Duration, Tape) {
    let mut pit = Pit::open();
    let begun = Instant::now();
    for step in &flow.steps {
        pit.play(step);
    }
    (begun.elapsed(), pit.tape)
}

/// How long each record took, sorted, each less `clock_ns`.
fn latency(flow: &Flow, clock_ns: u32) -> (Vec<u32>, Tape) {
    let mut pit = Pit::open();
    // Written once before: a page fault in every thousandth record would be most of what the tail shows.
    let mut latencies = vec![u32::MAX; flow.records()];
    let mut before = Instant::now();
    for (step, latency) in flow.steps.iter().zip(&mut latencies) {
        pit.play(step);
        let after = Instant::now();
        *latency = nanos(after - before).saturating_sub(clock_ns);
        before = after;
    }
    latencies.sort_unstable();
    (latencies, pit.tape)
}

/// What a look at the clock costs: the median distance of two looks with nothing between them.
fn clock() -> u32 {
    let mut distances = Vec::with_capacity(CLOCK_SAMPLES);
    let mut before = Instant::now();
    for _ in 0..CLOCK_SAMPLES {
        let after = Instant::now();
        distances.push(nanos(after - before));
        before = after;
    }
    distances.sort_unstable();
    quantile(&distances, 500)
}

fn nanos(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos()).unwrap_or(u32::MAX)
}

/// The least value that at least `per_mille` of the sorted values do not exceed.
fn quantile(sorted: &[u32], per_mille: usize) -> u32 {
    let rank = (sorted.len() * per_mille).div_ceil(1_000).max(1);
    sorted[rank - 1]
}

/// Million records per second, to a thousandth.
fn mops(records: usize, time: Duration) -> f64 {
    let nanos = time.as_nanos().max(1);
    let per_milli = u128::try_from(records).expect("lengths fit in 128 bits") * 1_000_000 / nanos;
    f64::from(u32::try_from(per_milli).unwrap_or(u32::MAX)) / 1_000.0
}

fn compare(flow: &Flow, tape: &Tape) -> Comparison {
    match &flow.reference {
        None => Comparison::Absent,
        Some(reference) if reference.tape_hash == tape.to_string() && reference.trades == tape.trades => {
            Comparison::Equal
        }
        Some(_) => Comparison::Different,
    }
}
