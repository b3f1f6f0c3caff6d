//! Fan-out bench: one busy book, many who watch it, and how many messages reach them.

pub(super) mod reader;
pub(super) mod traffic;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use clap::Args;
use client::subscription;
use protocol::speed::Speed;
use serde::Serialize;
use tokio::time::sleep;

use crate::argument::{depth, speed};
use crate::command::bench::fanout::reader::{Counts, watch};
use crate::command::bench::fanout::traffic::Traffic;
use crate::command::bench::own_exchange::OwnExchange;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::table::{Align, facts};

/// How long the traffic runs before it is measured.
const WARM_UP: Duration = Duration::from_secs(1);
/// How long subscribers may take to get their snapshots.
const PATIENCE: Duration = Duration::from_secs(30);

const EXAMPLES: &str = "\
Starts an exchange of its own in this process, with its journal in the temporary folder. Subscribers connect over
loopback, read bytes, and count the messages in them by their headers. The book changes as fast as the slowest of them
reads, so that nothing is merged, or, to another depth or at another speed, some hundred thousand times a second. Every
change is durable before it is told.

Examples:
  hourbook bench fanout
  hourbook bench fanout --subscribers 1000 --depth 10 --speed 10ms --json";

/// Measure how many messages of one busy book reach its subscribers
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Fanout {
    /// Connections that watch the book
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    subscribers: u32,
    /// How long is measured
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Levels of each side that they ask for: 1, 10, 25, 100, 500, or 0 for all
    #[arg(long, value_name = "N", value_parser = depth, default_value = "0")]
    depth: u32,
    /// How often they are told: raw, 10ms, 100ms or 1s
    #[arg(long, value_parser = speed, default_value = "raw")]
    speed: Speed,
}

#[derive(Serialize)]
struct Measured {
    subscribers: u32,
    seconds: u32,
    updates_per_s: u64,
    deliveries_per_s: u64,
    bytes_per_s: u64,
    /// Snapshots among them: each stands for updates that a subscriber was too slow for.
    snapshots: u64,
}

impl Fanout {
    pub(crate) async fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let exchange = OwnExchange::start(screen).await?;
        let measured = self.measure(&exchange, screen).await;
        exchange.stop().await;
        screen.show(&measured?, Measured::text)
    }

    async fn measure(&self, exchange: &OwnExchange, screen: &Screen) -> Result<Measured, Failure> {
        let subscription = subscription::book_to(&exchange.symbol().await?, self.depth, self.speed);
        let counts: Vec<Arc<Counts>> = (0..self.subscribers).map(|_| Arc::default()).collect();
        for counts in &counts {
            tokio::spawn(watch(exchange.address(), subscription.clone(), Arc::clone(counts)));
        }
        let begun = Instant::now();
        while counts.iter().any(|counts| counts.messages.load(Ordering::Relaxed) == 0) {
            if PATIENCE < begun.elapsed() {
                return Err(Failure::connection("the subscribers got no book".to_owned()));
            }
            sleep(Duration::from_millis(10)).await;
        }
        screen.remark(&format!("{} subscribers, {} seconds ...", self.subscribers, self.seconds));
        // Of merged changes nobody can say how many have arrived.
        let waited_for =
            if self.speed == Speed::Raw && self.depth == 0 { counts.clone() } else { Vec::new() };
        let traffic = Traffic::begin(exchange.inlet(), waited_for);
        sleep(WARM_UP).await;
        let (before, begun) = (Sums::of(&counts), Instant::now());
        sleep(Duration::from_secs(self.seconds.into())).await;
        let (after, took) = (Sums::of(&counts), begun.elapsed());
        traffic.end();
        let per_s = |count: u64| {
            let rate = u128::from(count) * 1_000_000_000 / took.as_nanos().max(1);
            u64::try_from(rate).unwrap_or(u64::MAX)
        };
        Ok(Measured {
            subscribers: self.subscribers,
            seconds: self.seconds,
            updates_per_s: per_s(after.messages - before.messages) / u64::from(self.subscribers),
            deliveries_per_s: per_s(after.messages - before.messages),
            bytes_per_s: per_s(after.bytes - before.bytes),
            snapshots: after.snapshots - before.snapshots,
        })
    }
}

/// What all subscribers have received.
struct Sums {
    messages: u64,
    bytes: u64,
    snapshots: u64,
}

impl Sums {
    fn of(counts: &[Arc<Counts>]) -> Sums {
        let sum = |field: fn(&Counts) -> u64| counts.iter().map(|counts| field(counts)).sum();
        Sums {
            messages: sum(|counts| counts.messages.load(Ordering::Relaxed)),
            bytes: sum(|counts| counts.bytes.load(Ordering::Relaxed)),
            snapshots: sum(|counts| counts.snapshots.load(Ordering::Relaxed)),
        }
    }
}

impl Measured {
    fn text(&self) -> String {
        facts(
            Align::Right,
            [
                ("subscribers", self.subscribers.to_string()),
                ("updates/s", self.updates_per_s.to_string()),
                ("deliveries/s", self.deliveries_per_s.to_string()),
                ("bytes/s", self.bytes_per_s.to_string()),
                ("snapshots", self.snapshots.to_string()),
            ],
        )
    }
}
