//! Traffic: orders of `ann` and `pat` that rest, trade and are canceled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use client::connection::Connection;
use client::error::ClientError;
use client::ticket::Ticket;
use protocol::add_order::AddOrder;
use protocol::cancel::CancelAll;
use protocol::order::Side;
use protocol::request::Request;
use protocol::terms::Terms;
use tokio::task::JoinHandle;

/// Orders that are sent before their replies are waited for.
const PORTION: u64 = 50;

/// Traffic that goes on until it is stopped, or the exchange is gone.
pub(crate) struct Traffic {
    stopped: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Traffic {
    /// Starts it with another seed each time.
    pub(crate) fn start(url: &str, symbol: &str, seed: u64) -> Traffic {
        let (url, symbol) = (url.to_owned(), symbol.to_owned());
        let stopped = Arc::<AtomicBool>::default();
        let stop = Arc::clone(&stopped);
        let task = tokio::spawn(async move {
            // It ends with the exchange.
            let _ = go_on(&url, &symbol, (seed, &stop)).await;
        });
        Traffic { stopped, task }
    }

    /// Ends it; all of it is answered.
    pub(crate) async fn stop(self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.task.await.unwrap();
    }
}

async fn traders(url: &str) -> Result<[Connection; 2], ClientError> {
    let [ann, pat] = [Connection::open(url).await?, Connection::open(url).await?];
    ann.login_dev("ann").await?;
    pat.login_dev("pat").await?;
    Ok([ann, pat])
}

async fn go_on(url: &str, symbol: &str, (seed, stop): (u64, &AtomicBool)) -> Result<(), ClientError> {
    let traders = traders(url).await?;
    let mut random = seed;
    while !stop.load(Ordering::SeqCst) {
        let mut tickets: Vec<Ticket> = Vec::new();
        for number in 0..PORTION {
            random = engine::index::mix64(random, number + 1);
            let trader = &traders[usize::from(random >> 60 & 3 == 0)];
            let side = if random & 1 == 0 { Side::Buy } else { Side::Sell };
            let terms = Terms::limit(format!("1.{:04}", random >> 8 & 31));
            let order = AddOrder::new(symbol, side, (1 + (random >> 20 & 7)).to_string(), terms);
            tickets.push(trader.send(&Request::AddOrder(order))?);
        }
        for ticket in tickets {
            // Some are refused: orders of one account do not meet.
            let _ = ticket.answer().await;
        }
        if random >> 40 & 3 == 0 {
            traders[0].cancel_all(CancelAll::default()).await?;
        }
    }
    Ok(())
}

/// Has `ann` place and cancel so many orders.
pub(crate) async fn trade(url: &str, symbol: &str, orders: u64) {
    let [ann, _] = traders(url).await.unwrap();
    for _ in 0..orders / PORTION {
        let terms = || Terms::limit("0.5000");
        let order = || Request::AddOrder(AddOrder::new(symbol, Side::Buy, "1", terms()));
        let tickets: Vec<Ticket> = (0..PORTION).map(|_| ann.send(&order()).unwrap()).collect();
        for ticket in tickets {
            ticket.answer().await.unwrap();
        }
        ann.cancel_all(CancelAll::default()).await.unwrap();
    }
}
