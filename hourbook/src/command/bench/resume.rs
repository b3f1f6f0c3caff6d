//! Resume bench: how long a client that was away takes to be told all that has happened to its account.

use std::time::{Duration, Instant};

use clap::Args;
use client::error::ClientError;
use client::subscription;
use protocol::execution::{Account, Executions, Positions};
use protocol::update::Update;
use serde::Serialize;
use tokio::time::{sleep, timeout};

use crate::command::bench::fanout::traffic::Changes;
use crate::command::bench::own_exchange::OwnExchange;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::table::{Align, facts};

/// Private events of each change: what becomes of the order, and the credit that it holds.
const CHANGE_EVENTS: u32 = 2;
/// Channels that are resumed.
const CHANNELS: usize = 3;
/// How long the exchange may take for its part, or the client for a message.
const PATIENCE: Duration = Duration::from_secs(30);

const EXAMPLES: &str = "\
Starts an exchange of its own in this process, with its journal in the temporary folder, in which much happens to one
account. Then its client comes back over loopback and is told all of it, on `executions`, `account` and `positions`: once
from memory, as far as that goes back, and once from the history, after the exchange has started again. Files that were just
written are read from memory, not from the disk.

Examples:
  hourbook bench resume
  hourbook bench resume --events 1000000 --json";

/// Measure how long it takes to be told what was missed
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Resume {
    /// Private events that were missed
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    events: u32,
}

#[derive(Serialize)]
struct Measured {
    events: u64,
    memory_ms: u64,
    history_ms: u64,
}

impl Resume {
    pub(crate) async fn run(self, screen: &mut Screen) -> Result<(), Failure> {
        let mut exchange = OwnExchange::start(screen).await?;
        let away = exchange.connection().balances().await?.as_of_xseq;
        screen.remark(&format!("{} private events ...", self.events));
        self.happen(&exchange, away).await?;
        let (events, memory) = come_back(&mut exchange, away).await?;
        let mut exchange = exchange.again(screen).await?;
        let (again, history) = come_back(&mut exchange, away).await?;
        exchange.stop().await;
        if (events, events) != (self.expected(), again) {
            let message = format!("of {} events {events} and {again} were told", self.expected());
            return Err(Failure::local(message));
        }
        let [memory_ms, history_ms] =
            [memory, history].map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        screen.show(&Measured { events, memory_ms, history_ms }, Measured::text)
    }

    fn expected(&self) -> u64 {
        u64::from(self.events / CHANGE_EVENTS * CHANGE_EVENTS)
    }

    /// Has so much happen to the account, and waits until it is told.
    async fn happen(&self, exchange: &OwnExchange, before: u64) -> Result<(), Failure> {
        let (inlet, changes) = (exchange.inlet(), self.events / CHANGE_EVENTS);
        let submitting = tokio::task::spawn_blocking(move || {
            let mut traffic = Changes::default();
            (0..changes).for_each(|_| traffic.submit(&inlet));
        });
        submitting.await.expect("submitting does not panic");
        let begun = Instant::now();
        while exchange.connection().balances().await?.as_of_xseq < before + self.expected() {
            if PATIENCE < begun.elapsed() {
                return Err(Failure::local("the exchange did not go on".to_owned()));
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

/// Resumes the account's channels after `away`. Returns how many events were told, and how long that took.
async fn come_back(exchange: &mut OwnExchange, away: u64) -> Result<(u64, Duration), Failure> {
    let connection = exchange.connection_mut();
    let epoch = connection.hello().epoch.clone();
    let channels: [_; CHANNELS] =
        [subscription::executions(), subscription::account(), subscription::positions()];
    let subs = channels.map(|channel| subscription::replayed(channel, &epoch, away)).to_vec();
    let begun = Instant::now();
    let answer = connection.subscribe(subs).await?;
    if let Some(refused) = answer.subs.into_iter().find_map(|sub| sub.outcome.err()) {
        return Err(ClientError::from(refused).into());
    }
    let (mut told, mut resumed) = (0, 0);
    while resumed < CHANNELS {
        let next = timeout(PATIENCE, connection.next_update()).await;
        let late = |_| Failure::connection("what was missed is not told".to_owned());
        match next.map_err(late)?? {
            Update::Executions(Executions::Resumed(_))
            | Update::Account(Account::Resumed(_))
            | Update::Positions(Positions::Resumed(_)) => resumed += 1,
            Update::Executions(Executions::Update(_)) | Update::Account(Account::Update(_)) => told += 1,
            _ => {}
        }
    }
    Ok((told, begun.elapsed()))
}

impl Measured {
    fn text(&self) -> String {
        facts(
            Align::Right,
            [
                ("events", self.events.to_string()),
                ("from memory, ms", self.memory_ms.to_string()),
                ("from the history, ms", self.history_ms.to_string()),
            ],
        )
    }
}
