//! Wire bench: how long an order takes from here to its durable reply, one after the other.

use std::time::Instant;

use clap::Args;
use client::connection::Connection;
use protocol::add_order::AddOrder;
use protocol::instrument::MarketState;
use protocol::order::{OrderName, OrderStatus, Side};
use protocol::terms::Terms;
use serde::Serialize;

use crate::command::bench::own_exchange::OwnExchange;
use crate::failure::Failure;
use crate::latency::Latencies;
use crate::options::Options;
use crate::screen::Screen;
use crate::table::{Align, facts};

/// Orders before those that count, at most.
const WARM_UP_MAX: u32 = 500;

/// The lowest price there is: the order rests and meets nobody.
const PRICE: &str = "0.0001";

const EXAMPLES: &str = "\
One client sends an order, waits for its reply, which is sent when the order is durable, and cancels it; then the next.
Only the way of the order is measured, from before it is encoded until its reply is decoded. The orders buy one lot at
0.0001 CU, so that they rest; the account needs a little CU. Without --url it starts an exchange of its own in this
process, with its journal in the temporary folder, and connects to that over loopback.

Examples:
  hourbook bench wire
  hourbook --url ws://127.0.0.1:9400/ws/v1 --key ann.key bench wire --orders 20000 --json";

/// Measure the way of an order to its durable reply
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Wire {
    /// Orders that are measured
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    orders: u32,
    /// The market; the first open one without it
    #[arg(long)]
    symbol: Option<String>,
}

#[derive(Serialize)]
struct Measured {
    orders: u32,
    p50_us: u64,
    p99_us: u64,
    p999_us: u64,
}

impl Wire {
    pub(crate) async fn run(self, options: &Options, screen: &mut Screen) -> Result<(), Failure> {
        let measured = if options.named_address().is_some() {
            let connection = options.login().await?;
            let measured = self.measure(&connection).await?;
            connection.close().await;
            measured
        } else {
            let exchange = OwnExchange::start(screen).await?;
            let measured = self.measure(exchange.connection()).await;
            exchange.stop().await;
            measured?
        };
        screen.show(&measured, Measured::text)
    }

    /// Sends the orders over a connection that is logged in.
    async fn measure(&self, connection: &Connection) -> Result<Measured, Failure> {
        let symbol = match &self.symbol {
            Some(symbol) => symbol.clone(),
            None => first_open(connection).await?,
        };
        let order = resting(symbol);
        for _ in 0..self.orders.div_ceil(10).min(WARM_UP_MAX) {
            place_and_cancel(connection, &order, &mut Latencies::default()).await?;
        }
        let mut latencies = Latencies::default();
        for _ in 0..self.orders {
            place_and_cancel(connection, &order, &mut latencies).await?;
        }
        let [p50_us, p99_us, p999_us] = latencies.quantiles([500, 990, 999]);
        Ok(Measured { orders: self.orders, p50_us, p99_us, p999_us })
    }
}

async fn first_open(connection: &Connection) -> Result<String, Failure> {
    let listed = connection.instruments().await?.instruments;
    let open = listed.into_iter().find(|instrument| instrument.state == MarketState::Open);
    open.map(|instrument| instrument.symbol).ok_or_else(|| {
        Failure::usage("no market is open".to_owned()).advise("list one with `hourbook market add`")
    })
}

fn resting(symbol: String) -> AddOrder {
    AddOrder::new(symbol, Side::Buy, "1", Terms::limit(PRICE))
}

async fn place_and_cancel(
    connection: &Connection,
    order: &AddOrder,
    latencies: &mut Latencies,
) -> Result<(), Failure> {
    let order = order.clone();
    let sent = Instant::now();
    let placed = connection.add_order(order).await?;
    latencies.add(sent.elapsed());
    if placed.status != OrderStatus::Open {
        let message = format!("someone sells at {PRICE}, and the order did not rest");
        return Err(Failure::usage(message).advise("name a market with higher prices with --symbol"));
    }
    connection.cancel_order(OrderName::OrderId(placed.order_id)).await?;
    Ok(())
}

impl Measured {
    fn text(&self) -> String {
        let us = |latency: u64| format!("{latency} us");
        facts(
            Align::Right,
            [
                ("orders", self.orders.to_string()),
                ("p50", us(self.p50_us)),
                ("p99", us(self.p99_us)),
                ("p99.9", us(self.p999_us)),
            ],
        )
    }
}
