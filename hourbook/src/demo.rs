//! Demo: a small market that trades by itself, through the same websocket as everyone.
//!
//! Makers and takers are ordinary clients. Prices come from listed GPU prices; see `gpu_prices.csv`.

mod children;
pub(crate) mod delivery;
mod maker;
mod prices;
mod random;
pub(crate) mod setup;
mod taker;
mod tape;

use std::time::Duration;

use client::error::ClientError;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::demo::children::Children;
use crate::demo::delivery::Setting;
use crate::failure::Failure;

/// Providers that quote both sides.
const MAKERS: [&str; 3] = ["maker-north", "maker-south", "maker-west"];
/// Accounts that buy hours and sell some of them again.
const TAKERS: [&str; 4] = ["taker-lab", "taker-chat", "taker-train", "taker-trade"];
/// The account left for whoever watches.
pub(crate) const VISITOR: &str = "you";
/// How long after a lost connection a participant ends.
const ENOUGH: Duration = Duration::from_millis(50);

/// The participants of a running demo.
pub(crate) struct Demo {
    tasks: JoinSet<Result<(), ClientError>>,
    stop: watch::Sender<bool>,
    fills: watch::Receiver<u64>,
    deliveries: watch::Receiver<u64>,
    /// End with it.
    _children: Children,
}

impl Demo {
    /// Starts makers, takers and the tape against the exchange at `url`, and those who deliver.
    pub(crate) fn start(url: &str, json: bool, setting: Setting) -> Result<Demo, Failure> {
        let (stop, stopping) = watch::channel(false);
        let (count, fills) = watch::channel(0);
        let (told, deliveries) = watch::channel(0);
        let (children, said) = setting.start()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(tape::print(url.to_owned(), json, (count, stopping.clone())));
        for (number, name) in (0..).zip(MAKERS) {
            tasks.spawn(maker::run(url.to_owned(), name, number, stopping.clone()));
        }
        for (number, name) in (0..).zip(TAKERS) {
            tasks.spawn(taker::run(url.to_owned(), name, number, stopping.clone()));
        }
        tasks.spawn(delivery::ask(setting, json, said, (told, stopping)));
        Ok(Demo { tasks, stop, fills, deliveries, _children: children })
    }

    /// Waits until a participant fails.
    pub(crate) async fn failed(&mut self) -> ClientError {
        loop {
            match self.tasks.join_next().await {
                Some(Ok(Err(error))) => return error,
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Waits until so many fills were printed, or so many deliveries told.
    pub(crate) fn printed(&self, fills: u64, deliveries: u64) -> impl Future<Output = ()> + use<> {
        let (fills, deliveries) = (counted(&self.fills, fills), counted(&self.deliveries, deliveries));
        async move {
            tokio::select! {
                () = fills => {}
                () = deliveries => {}
            }
        }
    }

    /// Stops everyone; returns how many fills were printed.
    pub(crate) async fn stop(mut self) -> u64 {
        self.stop.send_replace(true);
        while tokio::time::timeout(ENOUGH, self.tasks.join_next()).await.is_ok_and(|joined| joined.is_some())
        {
        }
        *self.fills.borrow()
    }
}

/// Waits until a count has come to `enough`.
fn counted(count: &watch::Receiver<u64>, enough: u64) -> impl Future<Output = ()> + use<> {
    let mut count = count.clone();
    async move {
        // The count lives as long as whoever counts; without it, its failure is what ends the demo.
        if count.wait_for(|count| enough <= *count).await.is_err() {
            std::future::pending().await
        }
    }
}

/// Waits until everyone is to stop.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Without whoever could say so, it is time too.
    let _ = stop.wait_for(|stop| *stop).await;
}
