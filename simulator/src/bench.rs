//! Bench: how fast a book or a whole exchange is on a flow, and whether it trades what it should.
//!
//! Passes that do not disturb each other, each on an empty book. Throughput: block by block between two looks at the
//! clock, several times over. Latency: with a look at the clock after every record, less what the look costs. Memory:
//! what is allocated when most orders rest. Allocations: how many there are in the second half of the flow, when
//! whatever grows has grown.

mod handles;
mod pit;
pub mod venue;

use std::time::{Duration, Instant};

use engine::exchange::foresight::FORESIGHT;
use serde::Serialize;

use crate::bench::handles::{HandlePit, named};
use crate::bench::pit::Pit;
use crate::bench::venue::Venue;
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

/// What a book or an exchange did on a flow.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BenchReport {
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
    /// Bytes for each resting order when most rest: all that is allocated for orders, prices and indexes, in use or not,
    /// when no room was made ahead. The exchange's directory of client order ids leads to those that are done too: an order
    /// has the share that every id has.
    pub bytes_per_order: usize,
    /// Allocations while the second half of the flow was played. `None`: this build does not count.
    pub allocations: Option<u64>,
    /// Trades.
    pub trades: u64,
    /// Lots traded.
    pub traded_quantity: u64,
    /// The hash of all trades, 16 hexadecimal digits.
    pub tape_hash: String,
    /// Whether that is what the reference beside the flow says.
    pub reference: Comparison,
}

/// Records that are played between two looks at the clock.
const BLOCK: usize = 256;
/// Records after those that are made ready with them, for who looks ahead, as the core stage does.
const AHEAD: usize = FORESIGHT;

/// What a flow is played to.
pub(crate) trait Stand: Sized {
    /// A record as the flow has it, or as a first pass over it has changed it.
    type Step;
    /// The same, ready to be carried out.
    type Asked;

    /// Empty, but for what every run needs, and with room for the flow.
    fn open() -> Self;
    /// The same, with no room but what it makes itself as it needs it.
    fn open_lean() -> Self {
        Self::open()
    }
    /// Makes a record ready. This costs no time that is measured.
    fn ready(step: &Self::Step) -> Self::Asked;
    /// Carries out one record. `ahead` are those after it, as far as they are ready.
    fn play(&mut self, asked: &Self::Asked, ahead: &[Self::Asked]);
    /// Notes what was told since the last time. This costs no time that is measured.
    fn note(&mut self, block: &[Self::Asked]);
    /// What traded.
    fn tape(&self) -> Tape;
    /// Bytes that orders and all that leads to them take.
    fn bytes(&self) -> usize;
    /// How many orders rest.
    fn open_orders(&self) -> u32;
}

/// Plays `flow` to an empty book, `runs` times (at least once) for throughput and once for latency. Orders are called by
/// the ids that their clients chose.
pub fn book(flow: &Flow, runs: usize) -> BenchReport {
    measure::<Pit>(flow, &flow.steps, runs)
}

/// The same, but orders are called by the names that the book gave them.
pub fn handles(flow: &Flow, runs: usize) -> BenchReport {
    measure::<HandlePit>(flow, &named(flow), runs)
}

/// Plays `flow` to a whole exchange.
pub fn exchange(flow: &Flow, runs: usize) -> BenchReport {
    measure::<Venue>(flow, &flow.steps, runs)
}

fn measure<S: Stand>(flow: &Flow, steps: &[S::Step], runs: usize) -> BenchReport {
    let (first, tape) = throughput::<S>(steps);
    let mut times = vec![first];
    for _ in 1..runs {
        let (time, again) = throughput::<S>(steps);
        assert_eq!(again, tape, "a flow trades alike every time");
        times.push(time);
    }
    times.sort_unstable();
    let clock_ns = clock();
    let (latencies, again) = latency::<S>(steps, clock_ns);
    assert_eq!(again, tape, "a flow trades alike under measurement");
    let mops = |time: &Duration| mops(steps.len(), *time);
    BenchReport {
        ops: steps.len(),
        runs: times.len(),
        mops: mops(&times[times.len() / 2]),
        mops_min: mops(&times[times.len() - 1]),
        mops_max: mops(&times[0]),
        p50_ns: quantile(&latencies, 500),
        p99_ns: quantile(&latencies, 990),
        p999_ns: quantile(&latencies, 999),
        clock_ns,
        bytes_per_order: bytes_per_order::<S>(steps),
        allocations: allocations::<S>(steps),
        trades: tape.trades,
        traded_quantity: tape.lots,
        tape_hash: tape.to_string(),
        reference: compare(flow, &tape),
    }
}

/// Records that are ready.
struct Block<'a, A> {
    /// To be played, and some after them.
    ready: &'a [A],
    /// How many are to be played.
    length: usize,
}

impl<A> Block<'_, A> {
    /// Each record to be played, with those after it.
    fn each(&self) -> impl Iterator<Item = (&A, &[A])> {
        self.ready[..self.length].iter().enumerate().map(|(place, asked)| (asked, &self.ready[place + 1..]))
    }
}

/// Plays all steps to `stand`, block by block. `play` carries out a block.
fn blocks<S: Stand>(
    mut stand: S,
    steps: &[S::Step],
    mut play: impl FnMut(&mut S, &Block<'_, S::Asked>),
) -> S {
    let mut steps = steps.iter();
    let mut ready = Vec::with_capacity(BLOCK + AHEAD);
    loop {
        ready.extend(steps.by_ref().take(BLOCK + AHEAD - ready.len()).map(S::ready));
        let length = BLOCK.min(ready.len());
        if length == 0 {
            return stand;
        }
        play(&mut stand, &Block { ready: &ready, length });
        stand.note(&ready[..length]);
        ready.drain(..length);
    }
}

fn throughput<S: Stand>(steps: &[S::Step]) -> (Duration, Tape) {
    let mut time = Duration::ZERO;
    let stand = blocks(S::open(), steps, |stand, block| {
        let begun = Instant::now();
        play_all(stand, block);
        time += begun.elapsed();
    });
    (time, stand.tape())
}

/// How long each record took, sorted, each less `clock_ns`.
fn latency<S: Stand>(steps: &[S::Step], clock_ns: u32) -> (Vec<u32>, Tape) {
    // Written once before: a page fault in every thousandth record would be most of what the tail shows.
    let mut latencies = vec![u32::MAX; steps.len()];
    let mut slots = latencies.iter_mut();
    let stand = blocks(S::open(), steps, |stand, block| {
        let mut before = Instant::now();
        for ((asked, ahead), latency) in block.each().zip(&mut slots) {
            stand.play(asked, ahead);
            let after = Instant::now();
            *latency = nanos(after - before).saturating_sub(clock_ns);
            before = after;
        }
    });
    latencies.sort_unstable();
    (latencies, stand.tape())
}

/// Bytes for each order when most rest: all that is allocated then, in use or not.
fn bytes_per_order<S: Stand>(steps: &[S::Step]) -> usize {
    let (mut most, mut bytes) = (0, 0);
    blocks(S::open_lean(), steps, |stand, block| {
        for (asked, ahead) in block.each() {
            stand.play(asked, ahead);
            if most < stand.open_orders() {
                (most, bytes) = (stand.open_orders(), stand.bytes());
            }
        }
    });
    bytes / engine::ids::index(most.max(1))
}

/// How often memory is asked for while the second half of the flow is played.
#[cfg(feature = "count-allocations")]
fn allocations<S: Stand>(steps: &[S::Step]) -> Option<u64> {
    let (mut played, mut count) = (0, 0);
    blocks(S::open(), steps, |stand, block| {
        let info = allocation_counter::measure(|| play_all(stand, block));
        if steps.len() <= 2 * played {
            count += info.count_total;
        }
        played += block.length;
    });
    Some(count)
}

#[cfg(not(feature = "count-allocations"))]
fn allocations<S: Stand>(_: &[S::Step]) -> Option<u64> {
    None
}

fn play_all<S: Stand>(stand: &mut S, block: &Block<'_, S::Asked>) {
    for (asked, ahead) in block.each() {
        stand.play(asked, ahead);
    }
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
